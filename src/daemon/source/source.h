/* SPDX-License-Identifier: Apache-2.0
 *
 * One configured source: its association, its key exchanges, its addresses.
 */
#ifndef NOON_DAEMON_SOURCE_H
#define NOON_DAEMON_SOURCE_H

#include "daemon/config/config.h"
#include "daemon/serve/ptp_ports.h"
#include "engine/engine.h"
#include "link/ke_link.h"
#include "link/ntp_link.h"
#include "link/ptp_receiver_link.h"

struct noon_daemon_source;

/** What a source needs of its daemon. */
struct noon_source_host {
	struct noon_loop *loop;
	struct noon_clock *clock;
	const struct noon_hwstamp *hw; /**< NULL: none */
	struct noon_engine *engine;
	struct noon_rng *rng;
	const char *state_dir;
	const unsigned *ke_done;     /**< key exchanges that succeeded so far, all sources */
	unsigned no_cert_time_check; /**< until this many, certificate times do not count */
	/** An exchange of the source is about to be taken in; false: it is not to be, since the
	 *  clock was disrupted while it lasted. */
	bool (*on_exchange)(void *arg, const struct noon_daemon_source *s);
	/** The engine was fed: findings are in `out`. */
	void (*on_event)(void *arg, struct noon_actions *out);
	void (*on_ke)(void *arg); /**< a key exchange succeeded */
	/** Tell TAI - UTC, s; false if it is not known. */
	bool (*tai)(void *arg, int16_t *ret);
	void *arg;
};

struct noon_daemon_source {
	const struct noon_config_source *conf;
	const struct noon_source_host *host;
	uint32_t index; /**< in the engine */
	struct noon_ntp_link ntp;
	struct noon_ke_link ke;
	struct noon_tls_ctx *tls;	/**< client's; NULL without NTS */
	uint8_t trust[NOON_TLS_DIGEST]; /**< noon_store_trust() of tls */
	int64_t ke_at; /**< CLOCK_BOOTTIME of the key exchange of the session, ns */
	struct noon_ptp_receiver_link *ptp; /**< instead of ntp and ke; NULL: it speaks NTP */
	struct noon_daemon_ptp_port *port;  /**< of ptp; borrowed */
	struct noon_ptp_keys *keys;	    /**< of ptp; borrowed, NULL: none */
	struct noon_resolve *resolve;
	struct noon_timer retry;		       /**< of the resolution */
	struct noon_actions events;		       /**< findings on their way to the host */
	bool up;				       /**< init succeeded */
	const struct noon_daemon_source *duplicate_of; /**< the same machine, which votes; NULL */
	const char *duplicate_why;		       /**< static; valid with duplicate_of */
	bool told_stamps;
	unsigned misses; /**< in a row, for resolving anew */
	uint64_t ke_ok;
	uint64_t ke_failed;
	bool ke_warned;	  /**< the failure in `ke_why` has been logged */
	char ke_why[320]; /**< how the last key exchange ended */
};

/** Open what needs privileges: the sockets and keys of PTP. Errors are logged. */
NOON_MUST_USE noon_err noon_daemon_source_open(struct noon_daemon_source *s,
					       const struct noon_config_source *conf,
					       struct noon_ptp_ports *ports);
/** Set up and start, after noon_daemon_source_open(). Errors are logged.
 *  @retval NOON_OK, NOON_ERR_* */
NOON_MUST_USE noon_err noon_daemon_source_init(struct noon_daemon_source *s,
					       const struct noon_source_host *host);
/** The engine wants all sources soon: take its word for when the next request goes out. */
void noon_daemon_source_hurry(struct noon_daemon_source *s);

/** The machine slept, and the engine has forgotten: ask anew. */
void noon_daemon_source_woke(struct noon_daemon_source *s);
/** Once a second: what time and guards say of it. */
void noon_daemon_source_tick(struct noon_daemon_source *s, uint8_t guard);
/** Save the session for the next run. */
void noon_daemon_source_save(struct noon_daemon_source *s);
void noon_daemon_source_fini(struct noon_daemon_source *s);

#endif
