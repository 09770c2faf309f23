/* SPDX-License-Identifier: Apache-2.0
 *
 * When does an announced leap second take effect?
 *
 * NTP announces it during the day (RFC 5905, section 7.3); it happens at the end of the last day
 * of a UTC month. The UTC count then repeats a second (insertion) or leaves one out (deletion).
 * An announcement that is still there after the event, or on any other day, does nothing.
 */
#ifndef NOON_DAEMON_LEAP_H
#define NOON_DAEMON_LEAP_H

#include <stdbool.h>

#include "base/sample.h"
#include "base/time.h"

struct noon_leap_watch {
	noon_time due;	/**< UTC at which to act; NOON_TIME_NEVER if nothing is announced */
	noon_dur shift; /**< of the UTC count at `due`: -1 s inserted, +1 s deleted */
	noon_time done; /**< the last one acted upon */
};

void noon_leap_watch_init(struct noon_leap_watch *w);

/** Take note of what the sources announce at `utc`. */
void noon_leap_watch_announce(struct noon_leap_watch *w, enum noon_leap leap, noon_time utc);

/** Tell whether the leap takes effect now; once for each. @param[out] ret_shift  ns */
bool noon_leap_watch_take(struct noon_leap_watch *w, noon_time utc, noon_dur *ret_shift);

/**
 * Tell when a count of seconds may mean two instants or none: the second before the end of the day
 * of the leap second, by the count, which is gone through twice (insertion) or not at all.
 *
 * @param[out] ret_from   NOON_TIME_NEVER: no leap second is or was announced
 * @param[out] ret_until  NOON_TIME_NEVER until the leap second has been taken
 */
void noon_leap_watch_window(const struct noon_leap_watch *w, noon_time *ret_from,
			    noon_time *ret_until);

#endif
