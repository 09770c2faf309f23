/* SPDX-License-Identifier: Apache-2.0
 *
 * Years are taken to begin in March: then the day that comes and goes is the last one, and the
 * lengths of the months repeat every five (153 days).
 */
#include "base/calendar.h"

#include <assert.h>

#define DAYS_PER_ERA   INT64_C(146097) /* 400 years */
#define MARCH_OF_0000  INT64_C(719468) /* days from 0000-03-01 to 1970-01-01 */
#define YEARS_PER_ERA  400
#define DAYS_PER_4_Y   1460
#define DAYS_PER_100_Y 36524

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t noon_calendar_days(int32_t year, unsigned month, unsigned day)
{
	const int64_t y = (int64_t)year - (month <= 2);
	const int64_t era = floor_div(y, YEARS_PER_ERA);
	const int64_t of_era = y - era * YEARS_PER_ERA;
	const int64_t month_from_march = month > 2 ? (int64_t)month - 3 : (int64_t)month + 9;
	const int64_t of_year = (153 * month_from_march + 2) / 5 + day - 1;

	assert(month >= 1 && month <= 12);
	return era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
	       MARCH_OF_0000;
}

static void date_of(int64_t days, struct noon_calendar *c)
{
	const int64_t z = days + MARCH_OF_0000;
	const int64_t era = floor_div(z, DAYS_PER_ERA);
	const int64_t d = z - era * DAYS_PER_ERA;
	const int64_t y =
		(d - d / DAYS_PER_4_Y + d / DAYS_PER_100_Y - d / (DAYS_PER_ERA - 1)) / 365;
	const int64_t of_year = d - (365 * y + y / 4 - y / 100);
	const int64_t m = (5 * of_year + 2) / 153;

	c->day = (uint8_t)(of_year - (153 * m + 2) / 5 + 1);
	c->month = (uint8_t)(m < 10 ? m + 3 : m - 9);
	c->year = (int32_t)(y + era * YEARS_PER_ERA + (c->month <= 2));
}

struct noon_calendar noon_calendar_of(noon_time t)
{
	const int64_t s = floor_div(t.ns, NOON_NS_PER_SEC);
	const int64_t days = floor_div(s, NOON_S_PER_DAY);
	const int64_t of_day = s - days * NOON_S_PER_DAY;
	/* s seconds are too many ns where t is the earliest time there is. */
	const int64_t ns = t.ns % NOON_NS_PER_SEC;
	struct noon_calendar c = {
		.hour = (uint8_t)(of_day / 3600),
		.minute = (uint8_t)(of_day / 60 % 60),
		.second = (uint8_t)(of_day % 60),
		.ns = (uint32_t)(ns < 0 ? ns + NOON_NS_PER_SEC : ns),
	};

	date_of(days, &c);
	return c;
}

bool noon_calendar_time(const struct noon_calendar *c, noon_time *ret)
{
	struct noon_calendar back;
	int64_t more = (int64_t)c->ns;
	int64_t days;
	int64_t s;
	int64_t ns;

	if (c->year < 1600 || c->year > 2300 || c->month < 1 || c->month > 12 || c->day < 1 ||
	    c->day > 31 || c->hour > 23 || c->minute > 59 || c->second > 59 ||
	    c->ns >= NOON_NS_PER_SEC)
		return false;
	days = noon_calendar_days(c->year, c->month, c->day);
	date_of(days, &back);
	s = days * NOON_S_PER_DAY + (int64_t)c->hour * 3600 + (int64_t)c->minute * 60 + c->second;
	if (s < 0) { /* towards zero: the first second of all begins before INT64_MIN */
		s++;
		more -= NOON_NS_PER_SEC;
	}
	if (back.day != c->day || __builtin_mul_overflow(s, NOON_NS_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, more, &ns))
		return false;
	*ret = (noon_time){ns};
	return true;
}

bool noon_calendar_is_first(int64_t days)
{
	struct noon_calendar c;

	date_of(days, &c);
	return c.day == 1;
}
