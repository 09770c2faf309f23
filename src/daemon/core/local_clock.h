/* SPDX-License-Identifier: Apache-2.0
 *
 * A clock without sources: declared correct by configuration, until there is a sign that it lost
 * time.
 */
#ifndef NOON_DAEMON_LOCAL_CLOCK_H
#define NOON_DAEMON_LOCAL_CLOCK_H

#include "daemon/core/machine_watch.h"
#include "engine/clock/leap.h"
#include "platform/clock/clock.h"

struct noon_local_clock {
	struct noon_leap_plan leap; /**< as the kernel has it */
	bool lost_time;		    /**< a virtual clock lost time in a suspension, or may have */
};

void noon_local_clock_init(struct noon_local_clock *l);

/** Text for the ledger of the time-stamp authority: static, NULL where there is none. */
struct noon_local_clock_seen {
	const char *stepped;
	const char *disrupted;
};

/** Check once a second: leap seconds of the kernel, steps, suspension, disruption. Logs what is
 *  new. */
struct noon_local_clock_seen noon_local_clock_check(struct noon_local_clock *l,
						    struct noon_clock *c,
						    struct noon_machine_watch *machine);

#endif
