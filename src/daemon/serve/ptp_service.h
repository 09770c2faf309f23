/* SPDX-License-Identifier: Apache-2.0
 *
 * A PTP transmitter of the daemon: proto/ptp_transmitter on its port, serving the disciplined
 * clock.
 */
#ifndef NOON_DAEMON_PTP_SERVICE_H
#define NOON_DAEMON_PTP_SERVICE_H

#include "daemon/config/config.h"
#include "daemon/keys/ptp_pair_keys.h"
#include "daemon/serve/ptp_ports.h"
#include "daemon/serve/served.h"
#include "daemon/source/guarding.h"
#include "engine/clock/reading.h"
#include "engine/state.h"
#include "link/pump.h"

/** A receiver whose reports and claims are verified here. */
struct noon_ptp_watch {
	uint32_t index;			 /**< in the machine */
	struct noon_daemon_guard *guard; /**< NULL: none */
	struct noon_findings findings;
};

struct noon_ptp_service {
	const struct noon_config_ptp_transmitter *conf;
	struct noon_clock *clock;
	struct noon_served *served;
	struct noon_daemon_ptp_port *port;
	struct noon_ptp_keys *keys;  /**< borrowed; NULL: none */
	struct noon_ptp_giver giver; /**< of keys for each receiver; zero: none */
	struct noon_ptp_user user;
	struct noon_timer timer;
	struct noon_pump pump;				   /**< of the machine */
	struct noon_actions told;			   /**< findings to be reported */
	struct noon_ptp_watch watch[NOON_PTP_WATCHED_MAX]; /**< conf->n_watch of them */
	uint32_t alarms; /**< bit per watch: in alarm, as last reported */
	/** A guard or an audit found something; set before _start(). `who` is static. */
	void (*on_finding)(void *arg, const char *who, const struct noon_finding *f);
	/** `alarms` has changed; called after the findings. */
	void (*on_alarm)(void *arg);
	void *arg;
	struct noon_ptp_transmitter machine;
};

/** Open sockets and keys, read baselines. Errors are logged. @param[out] ret  to be ended with
 * _free() */
NOON_MUST_USE noon_err noon_ptp_service_new(const struct noon_config *all,
					    const struct noon_config_ptp_transmitter *conf,
					    struct noon_ptp_ports *ports,
					    struct noon_served *served,
					    struct noon_ptp_service **ret);
/** Start sending. */
NOON_MUST_USE noon_err noon_ptp_service_start(struct noon_ptp_service *s, struct noon_clock *clock,
					      struct noon_rng *rng);

/** What the transmitter announces of the clock. */
struct noon_ptp_served {
	bool has_sources;
	bool may_serve;		       /**< with sources: noon_publish_may_serve(); without: the
					*   clock is not in doubt */
	const struct noon_reading *at; /**< with sources: the reading of this moment */
	bool tai_known;
	int16_t tai_offset; /**< s */
};

/** Update, at least once a second. */
void noon_ptp_service_tell(struct noon_ptp_service *s, const struct noon_ptp_served *what);

/** Return whether the guard of a watched receiver has an alarm, or its time claim is false.
 *  @param i  < conf->n_watch */
bool noon_ptp_service_is_alarmed(const struct noon_ptp_service *s, size_t i);

/** Drop the findings of a watched receiver; `identity` NULL: of all. One that has stopped sending
 *  stays in alarm until then. Returns whether there is such a receiver. */
bool noon_ptp_service_accept(struct noon_ptp_service *s, const char *identity);

/** Reload the baselines; one that cannot be read keeps the old one. Logged. */
void noon_ptp_service_reload(struct noon_ptp_service *s, const struct noon_config *all);

/** NULL is fine. */
void noon_ptp_service_free(struct noon_ptp_service *s);

#endif
