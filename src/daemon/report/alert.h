/* SPDX-License-Identifier: Apache-2.0
 *
 * How people are told that something changed: a line in the log, and the operator's command.
 */
#ifndef NOON_DAEMON_ALERT_H
#define NOON_DAEMON_ALERT_H

#include "daemon/core/daemon.h"

/** The state is about to change to that of r; d->state is still the old one. */
void noon_alert_state(struct noon_daemon *d, const struct noon_reading *r);

/** A finding says why the state is what it is: the hook is told again. */
void noon_alert_finding(struct noon_daemon *d, const struct noon_reading *r);

/** Log once that the alert limit is out of reach, and what would help; again only after an ok. */
void noon_alert_limit(struct noon_daemon *d, const struct noon_reading *r);

/** Receivers that PTP transmitters of ours watch went into alarm or out of it. */
void noon_alert_receivers(struct noon_daemon *d, const struct noon_reading *r);

/** Look after the command that runs; once a second. */
void noon_alert_tend(struct noon_daemon *d);

#endif
