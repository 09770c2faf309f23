/* SPDX-License-Identifier: Apache-2.0
 *
 * How people are told that something changed: a line in the log, and the operator's command.
 */
#ifndef NOON_DAEMON_ALERT_H
#define NOON_DAEMON_ALERT_H

#include "daemon/report/limits.h"
#include "engine/clock/reading.h"
#include "platform/hook.h"

/** Receivers that transmitters of ours watch. */
struct noon_alert_receivers {
	uint32_t findings;		 /**< of all of them together, bit per finding */
	char alarmed[NOON_HOOK_VAR_MAX]; /**< names of those in alarm, each with a blank after it */
};

struct noon_alert {
	struct noon_hook hook;
	noon_dur alert_limit;
	enum noon_state state; /**< last one told */
	noon_time told_at;     /**< monotonic: last line about the state */
	bool told_limit;       /**< the log says that the alert limit is out of reach */
};

/** @param hook  path of the operator's command; "": none */
void noon_alert_init(struct noon_alert *a, const char *hook, noon_dur alert_limit);

/** The state is that of r from now on, and was a->state. */
void noon_alert_state(struct noon_alert *a, const struct noon_reading *r,
		      const struct noon_alert_receivers *of);

/** A finding says why the state is what it is: the hook is told again. */
void noon_alert_finding(struct noon_alert *a, const struct noon_reading *r,
			const struct noon_alert_receivers *of);

/** Log once that the alert limit is out of reach, and what would help; again only after an ok. */
void noon_alert_limit(struct noon_alert *a, const struct noon_limits_input *in);

/** Receivers that PTP transmitters of ours watch went into alarm or out of it. */
void noon_alert_receivers_changed(struct noon_alert *a, const struct noon_reading *r,
				  const struct noon_alert_receivers *of);

/** Look after the command that runs; once a second. */
void noon_alert_tend(struct noon_alert *a);

/** Kill what runs. */
void noon_alert_fini(struct noon_alert *a);

#endif
