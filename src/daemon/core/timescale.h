/* SPDX-License-Identifier: Apache-2.0
 *
 * TAI - UTC as the daemon knows it.
 */
#ifndef NOON_DAEMON_TIMESCALE_H
#define NOON_DAEMON_TIMESCALE_H

#include "base/leap.h"
#include "daemon/config/config.h"

struct noon_timescale {
	bool known;
	int16_t offset;		    /**< TAI - UTC, s; valid when known */
	struct noon_leap_list leap; /**< the list's future leap seconds */
	int64_t day;		    /**< of UTC at the lookup; 0: none yet */
	bool told;		    /**< the log says that it is not known */
};

/** Look it up for `utc`: once a day in the list of leap seconds and the kernel, since it changes at
 * midnight only. `utc_offset` of the configuration takes precedence for TAI. */
void noon_timescale_find(struct noon_timescale *t, const struct noon_config *c, noon_time utc);

#endif
