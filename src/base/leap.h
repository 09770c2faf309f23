/* SPDX-License-Identifier: Apache-2.0
 *
 * What a list of leap seconds says of the time to come.
 */
#ifndef NOON_BASE_LEAP_H
#define NOON_BASE_LEAP_H

#include "base/time.h"

struct noon_leap_list {
	noon_time until; /**< UTC up to which it is complete; NOON_TIME_FIRST: there is none */
	noon_time next;	 /**< midnight of the next one; NOON_TIME_NEVER: none until then */
	noon_dur shift;	 /**< of the count of UTC there: -1 s inserted, +1 s deleted */
};

/** The list of who has none. */
#define NOON_LEAP_LIST_NONE ((struct noon_leap_list){NOON_TIME_FIRST, NOON_TIME_NEVER, 0})

#endif
