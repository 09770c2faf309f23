/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/leap.h"

#include <time.h>

#define DAY NOON_S(86400)

void noon_leap_watch_init(struct noon_leap_watch *w)
{
	*w = (struct noon_leap_watch){.due = NOON_TIME_NEVER, .done = NOON_TIME_FIRST};
}

/* Midnight at the end of the day of `utc`. */
static noon_time next_midnight(noon_time utc)
{
	const int64_t day = utc.ns / DAY - (utc.ns % DAY < 0);

	return (noon_time){(day + 1) * DAY};
}

static bool is_month_begin(noon_time midnight)
{
	const time_t s = midnight.ns / NOON_NS_PER_SEC;
	struct tm tm;

	return gmtime_r(&s, &tm) != NULL && tm.tm_mday == 1;
}

void noon_leap_watch_announce(struct noon_leap_watch *w, enum noon_leap leap, noon_time utc)
{
	const bool announced = leap == NOON_LEAP_INSERT || leap == NOON_LEAP_DELETE;
	const noon_time midnight = next_midnight(utc);

	/* After the event the count is back before midnight, or servers still say it: not twice. */
	if (!announced || !is_month_begin(midnight) || midnight.ns == w->done.ns) {
		w->due = NOON_TIME_NEVER;
		return;
	}
	/* An inserted second is the one after 23:59:59; a deleted one is 23:59:59 itself. */
	w->shift = leap == NOON_LEAP_INSERT ? -NOON_S(1) : NOON_S(1);
	w->due = leap == NOON_LEAP_INSERT ? midnight : noon_time_add(midnight, -NOON_S(1));
}

bool noon_leap_watch_take(struct noon_leap_watch *w, noon_time utc, noon_dur *ret_shift)
{
	if (noon_time_is_never(w->due) || noon_time_before(utc, w->due))
		return false;
	*ret_shift = w->shift;
	w->done = w->shift < 0 ? w->due : noon_time_add(w->due, NOON_S(1));
	w->due = NOON_TIME_NEVER;
	return true;
}

void noon_leap_watch_window(const struct noon_leap_watch *w, noon_time *ret_from,
			    noon_time *ret_until)
{
	const bool due = !noon_time_is_never(w->due);
	noon_time midnight = w->done;

	if (due)
		midnight = w->shift < 0 ? w->due : noon_time_add(w->due, NOON_S(1));
	*ret_until = due ? NOON_TIME_NEVER : midnight;
	*ret_from = midnight.ns == NOON_TIME_FIRST.ns ? NOON_TIME_NEVER
						      : noon_time_add(midnight, -NOON_S(1));
}
