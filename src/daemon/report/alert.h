/* SPDX-License-Identifier: Apache-2.0
 *
 * Notification of changes: a line in the log, and the operator's command.
 */
#ifndef NOON_DAEMON_ALERT_H
#define NOON_DAEMON_ALERT_H

#include "daemon/report/limits.h"
#include "engine/clock/reading.h"
#include "platform/hook.h"

/** Receivers watched by our transmitters. */
struct noon_alert_receivers {
	uint32_t findings;		 /**< of all of them together, bit per finding */
	char alarmed[NOON_HOOK_VAR_MAX]; /**< names of those in alarm, each followed by a blank */
};

struct noon_alert {
	struct noon_hook hook;
	noon_dur alert_limit;
	enum noon_state state; /**< last one reported */
	noon_time told_at;     /**< monotonic: last line about the state */
	bool told_limit;       /**< the log says that the alert limit is unreachable */
};

/** @param hook  path of the operator's command; "": none */
void noon_alert_init(struct noon_alert *a, const char *hook, noon_dur alert_limit);

/** The state is now that of r, and was a->state. */
void noon_alert_state(struct noon_alert *a, const struct noon_reading *r,
		      const struct noon_alert_receivers *of);

/** A finding explains the state: the hook is run again. */
void noon_alert_finding(struct noon_alert *a, const struct noon_reading *r,
			const struct noon_alert_receivers *of);

/** Log once that the alert limit is unreachable, and what would help; again only after an ok. */
void noon_alert_limit(struct noon_alert *a, const struct noon_limits_input *in);

/** A receiver watched by our PTP transmitters entered or left alarm. */
void noon_alert_receivers_changed(struct noon_alert *a, const struct noon_reading *r,
				  const struct noon_alert_receivers *of);

/** Supervise the running command; once a second. */
void noon_alert_tend(struct noon_alert *a);

/** Kill the running command. */
void noon_alert_fini(struct noon_alert *a);

#endif
