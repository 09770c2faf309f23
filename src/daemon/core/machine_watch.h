/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks whether the machine was paused, migrated or given another clock, as often as the daemon
 * runs. daemon/core/disruption.h evaluates the signs.
 */
#ifndef NOON_DAEMON_MACHINE_WATCH_H
#define NOON_DAEMON_MACHINE_WATCH_H

#include "daemon/config/config.h"
#include "daemon/core/disruption.h"

struct noon_machine_watch {
	const struct noon_config_clock *conf; /**< borrowed */
	struct noon_vmclock vmclock;
	struct noon_disruption disruption;
	noon_time source_at;	 /**< monotonic: when the clock source is read again */
	noon_time writing_since; /**< monotonic: the VM clock is being written; NOON_TIME_NEVER */
	bool told_writing;	 /**< this has lasted too long */
	bool vmclock_off; /**< it is invalid now; it stays mapped, since workers read it too */
	char source[NOON_CLOCKSOURCE_MAX]; /**< as last read; "": not known */
};

/** Open what exists; failures are logged. Before privileges are dropped. */
void noon_machine_watch_open(struct noon_machine_watch *w, const struct noon_config_clock *conf);

/** Check. Returns true if the machine was disrupted since the last check. */
bool noon_machine_watch_look(struct noon_machine_watch *w, struct noon_disruption_seen *ret);

/** Record that the next check is due `within` ns after the last one. */
void noon_machine_watch_expect(struct noon_machine_watch *w, noon_dur within);

/** Close; fine for one that was never opened, if it is all zeros. */
void noon_machine_watch_close(struct noon_machine_watch *w);

#endif
