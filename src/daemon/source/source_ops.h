/* SPDX-License-Identifier: Apache-2.0
 *
 * A configured source, and the table of functions that each protocol fills in for it.
 *
 * A new kind of source is a file with such a table, a member of `struct noon_daemon_source`, and a
 * line in source.c that chooses it.
 */
#ifndef NOON_DAEMON_SOURCE_OPS_H
#define NOON_DAEMON_SOURCE_OPS_H

#include <jansson.h>

#include "daemon/config/config.h"
#include "daemon/keys/ptp_pair_keys.h"
#include "daemon/serve/ptp_ports.h"
#include "daemon/source/guarding.h"
#include "daemon/source/identity.h"
#include "engine/engine.h"
#include "link/ke_link.h"
#include "link/ntp_link.h"
#include "link/ptp_receiver_link.h"

struct noon_daemon_source;

/** Services that the daemon provides to a source. */
struct noon_source_host {
	struct noon_loop *loop;
	struct noon_clock *clock;
	const struct noon_hwstamp *hw; /**< NULL: none */
	struct noon_engine *engine;
	struct noon_rng *rng;
	const char *state_dir;
	const unsigned *ke_done;     /**< key exchanges that succeeded so far, all sources */
	unsigned no_cert_time_check; /**< until this many, certificate times do not count */
	/** An exchange of the source is about to be processed; false: discard it, since the clock
	 *  was disrupted meanwhile. */
	bool (*on_exchange)(void *arg, const struct noon_daemon_source *s);
	/** The engine was updated: findings are in `out`. */
	void (*on_event)(void *arg, struct noon_actions *out);
	void (*on_ke)(void *arg); /**< a key exchange succeeded */
	/** Tell TAI - UTC, s; false if it is not known. */
	bool (*tai)(void *arg, int16_t *ret);
	void *arg;
};

/** Statistics of a source's exchanges for the operator. */
struct noon_source_traffic {
	struct noon_addr peer; /**< len 0: not known yet */
	uint64_t sent;
	const struct noon_counters *counters; /**< of the answers; borrowed */
};

/** Operations of a protocol for its sources. All are required except `open`, `poll_soon`, `tell`
 * and `save`, which may be NULL. All but open and start are called only for started sources. */
struct noon_source_ops {
	/** Open sockets that need privileges. Errors are logged. */
	noon_err (*open)(struct noon_daemon_source *s, struct noon_ptp_ports *ports);
	/** Initialise and start: s->index is set on success. Errors are logged. */
	noon_err (*start)(struct noon_daemon_source *s);
	/** Once a second. */
	void (*tick)(struct noon_daemon_source *s);
	/** The engine wants all sources soon: take the time of the next request from it. */
	void (*poll_soon)(struct noon_daemon_source *s);
	/** The machine was suspended, and the engine has dropped its data: drop outstanding
	 *  requests. */
	void (*resumed)(struct noon_daemon_source *s);
	/** After each event: the state of the clock. */
	void (*tell)(struct noon_daemon_source *s, const struct noon_reading *r);
	/** Save state for the next run. */
	void (*save)(struct noon_daemon_source *s);
	/** Release everything that open and start created. */
	void (*stop)(struct noon_daemon_source *s);
	/** Return the identity, as far as it is known. */
	void (*identity)(const struct noon_daemon_source *s, struct noon_source_identity *ret);
	/** Return the reference identifier of a server that follows it (RFC 5905, 7.3).
	 *  @param last  its newest good exchange */
	uint32_t (*ref_id)(const struct noon_daemon_source *s, const struct noon_sample *last);
	void (*traffic)(const struct noon_daemon_source *s, struct noon_source_traffic *ret);
	/** Add the protocol's own part to the status: "nts" and "ptp". */
	void (*status)(const struct noon_daemon_source *s, json_t *o);
};

/** A source that speaks NTP. */
struct noon_ntp_source {
	struct noon_ntp_link link;
	struct noon_daemon_tunnel *tunnel; /**< borrowed; NULL: none */
	struct noon_ke_link ke;
	struct noon_tls_ctx *tls;	/**< client's; NULL without NTS */
	uint8_t trust[NOON_TLS_DIGEST]; /**< noon_store_trust() of tls */
	int64_t ke_at; /**< CLOCK_BOOTTIME of the key exchange of the session, ns */
	uint64_t ke_ok;
	uint64_t ke_failed;
	bool ke_warned;	  /**< the failure in `ke_why` has been logged */
	char ke_why[320]; /**< result of the last key exchange */
};

/** A source that is a PTP transmitter. */
struct noon_ptp_source {
	struct noon_ptp_receiver_link *link;
	struct noon_daemon_ptp_port *port; /**< borrowed */
	struct noon_ptp_keys *keys;	   /**< borrowed; NULL: none */
	struct noon_ptp_taker taker;	   /**< of keys from exchanges; zero: none */
};

struct noon_daemon_source {
	const struct noon_config_source *conf;
	const struct noon_source_ops *ops;
	const struct noon_source_host *host;
	uint32_t index; /**< in the engine */
	bool up;	/**< start succeeded */
	union {
		struct noon_ntp_source ntp;
		struct noon_ptp_source ptp;
	} u;				 /**< of the ops */
	struct noon_daemon_guard *guard; /**< NULL: none */
	struct noon_cycle *cycle;	 /**< with another source; owned; NULL: none */
	struct noon_resolve *resolve;
	struct noon_timer retry;		       /**< of the resolution */
	struct noon_actions events;		       /**< findings to be reported to the host */
	const struct noon_daemon_source *duplicate_of; /**< the same machine, which votes; NULL */
	const char *duplicate_why;		       /**< static; valid with duplicate_of */
	bool told_stamps; /**< the log says whether the stamps are the program's own */
	unsigned misses;  /**< in a row, for resolving again */
};

/** Return the identity, as far as it is known. */
static inline struct noon_source_identity
noon_daemon_source_identity(const struct noon_daemon_source *s)
{
	struct noon_source_identity id = {.has_key = false};

	s->ops->identity(s, &id);
	return id;
}

/** Pass an exchange to the engine and the host: for the ops. Says once in the log if its stamps are
 *  not the kernel's. `sent` and `received` name the messages that have them. */
void noon_source_take_sample(struct noon_daemon_source *s, const struct noon_sample *x,
			     const char *sent, const char *received);

/** An exchange was missed: report it to the engine and the host. */
void noon_source_take_miss(struct noon_daemon_source *s);

#endif
