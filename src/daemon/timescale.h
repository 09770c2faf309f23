/* SPDX-License-Identifier: Apache-2.0
 *
 * TAI - UTC as the daemon knows it.
 */
#ifndef NOON_DAEMON_TIMESCALE_H
#define NOON_DAEMON_TIMESCALE_H

#include "daemon/config.h"

struct noon_timescale {
	bool known;
	int16_t offset; /**< TAI - UTC, s; valid when known */
	int64_t day;	/**< of UTC for which it was looked up; 0: none yet */
	bool told;	/**< that it is not known has been logged */
};

/** Look it up for `utc`: by decree of the configuration, or once a day in the list of leap seconds
 * and the kernel, since it changes at midnight only. */
void noon_timescale_find(struct noon_timescale *t, const struct noon_config *c, noon_time utc);

#endif
