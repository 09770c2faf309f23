/* SPDX-License-Identifier: Apache-2.0
 *
 * Looks at the machine for signs that it was paused, migrated or given another clock, as often as
 * the daemon runs. What the signs mean is for daemon/core/disruption.h.
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
	bool told_writing;	 /**< that it is, for too long */
	bool vmclock_off; /**< it is none any more; it stays mapped, since workers look too */
	char source[NOON_CLOCKSOURCE_MAX]; /**< as last read; "": not known */
};

/** Open what there is; what cannot be used is logged. Before privileges are dropped. */
void noon_machine_watch_open(struct noon_machine_watch *w, const struct noon_config_clock *conf);

/** Look. Returns true if the machine was disrupted since the last look. */
bool noon_machine_watch_look(struct noon_machine_watch *w, struct noon_disruption_seen *ret);

/** Say that there will be another look within `within` ns of the last one. */
void noon_machine_watch_expect(struct noon_machine_watch *w, noon_dur within);

/** Close; fine for one that was never opened, if it is all zeros. */
void noon_machine_watch_close(struct noon_machine_watch *w);

#endif
