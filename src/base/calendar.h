/* SPDX-License-Identifier: Apache-2.0
 *
 * The Gregorian calendar of UTC, without time zones and without the C library's state.
 *
 * Days are counted as POSIX does: an inserted leap second has no number of its own here.
 */
#ifndef NOON_BASE_CALENDAR_H
#define NOON_BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

#define NOON_S_PER_DAY INT64_C(86400)

struct noon_calendar {
	int32_t year;	/**< astronomical: 2026, 0 is 1 BC */
	uint8_t month;	/**< 1..12 */
	uint8_t day;	/**< 1..31 */
	uint8_t hour;	/**< 0..23 */
	uint8_t minute; /**< 0..59 */
	uint8_t second; /**< 0..59 */
	uint32_t ns;	/**< 0..999999999 */
};

/** Split an instant; every noon_time has a date (years 1677 to 2262). */
struct noon_calendar noon_calendar_of(noon_time t);

/** Join a date. The fields are checked, February too.
 *  @param[out] ret  untouched on failure
 *  @return false if it is no date, or none that noon_time can hold */
bool noon_calendar_time(const struct noon_calendar *c, noon_time *ret);

/** Days from 1970-01-01 to a date; year in -100000..100000, month 1..12, day 1..31. */
int64_t noon_calendar_days(int32_t year, unsigned month, unsigned day);

/** Tell whether a day, counted from 1970-01-01, is the first of a month. */
bool noon_calendar_is_first(int64_t days);

#endif
