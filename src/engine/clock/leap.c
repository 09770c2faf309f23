/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/clock/leap.h"

#include "base/calendar.h"

#define DAY NOON_S(NOON_S_PER_DAY)

void noon_leap_plan_init(struct noon_leap_plan *p)
{
	*p = (struct noon_leap_plan){.from = NOON_TIME_NEVER, .done = NOON_TIME_FIRST};
}

noon_dur noon_leap_shift(enum noon_leap leap)
{
	switch (leap) {
	case NOON_LEAP_INSERT:
		return -NOON_S(1);
	case NOON_LEAP_DELETE:
		return NOON_S(1);
	case NOON_LEAP_NONE:
	case NOON_LEAP_UNKNOWN:
		break;
	}
	return 0;
}

static int64_t day_of(noon_time utc)
{
	return utc.ns / DAY - (utc.ns % DAY < 0);
}

static noon_time midnight_of(int64_t day)
{
	return noon_time_add((noon_time){0}, day * DAY);
}

noon_dur noon_leap_list_month(const struct noon_leap_list *list, noon_time utc, bool *ret_known)
{
	struct noon_calendar c = noon_calendar_of(utc);
	noon_time end;

	c.year += c.month == 12;
	c.month = (uint8_t)(c.month % 12 + 1);
	end = midnight_of(noon_calendar_days(c.year, c.month, 1));
	*ret_known = noon_time_before(end, list->until);
	return *ret_known && end.ns == list->next.ns ? list->shift : 0;
}

/* The last midnight at which a month began, not after `utc`. */
static noon_time month_of(noon_time utc)
{
	const struct noon_calendar c = noon_calendar_of(utc);

	return midnight_of(noon_calendar_days(c.year, c.month, 1));
}

bool noon_leap_is_near(noon_time utc, noon_dur margin)
{
	return month_of(noon_time_add(utc, -margin)).ns !=
		       month_of(noon_time_add(utc, margin)).ns ||
	       month_of(utc).ns == utc.ns;
}

bool noon_leap_is_between(noon_time a, noon_time b)
{
	return month_of(a).ns < month_of(b).ns;
}

/* What will happen at the coming midnight. */
static void decide(const struct noon_leap_vote *vote, const struct noon_leap_list *list,
		   noon_time midnight, noon_dur *ret_shift, bool *ret_disputed)
{
	const bool listed = noon_time_before(midnight, list->until);

	if (listed)
		*ret_shift = midnight.ns == list->next.ns ? list->shift : 0;
	else
		*ret_shift = noon_leap_shift(vote->leap);
	*ret_disputed = !listed && vote->disputed;
}

void noon_leap_plan_announce(struct noon_leap_plan *p, const struct noon_leap_vote *vote,
			     const struct noon_leap_list *list, struct noon_interval utc)
{
	const int64_t day = day_of((noon_time){utc.lo}) + 1;
	const noon_time midnight = midnight_of(day);
	noon_dur shift;
	bool disputed;

	if (!noon_time_is_never(p->from) && utc.hi >= p->from.ns)
		return;
	p->from = NOON_TIME_NEVER;
	/* After the event the count is back before midnight, or servers still say it: not twice. */
	if (!noon_calendar_is_first(day) || midnight.ns == p->done.ns)
		return;
	decide(vote, list, midnight, &shift, &disputed);
	if (shift == 0 && !disputed)
		return;
	/* An inserted second is the one after 23:59:59; a deleted one is 23:59:59 itself. */
	p->shift = disputed ? 0 : shift;
	p->from = shift < 0 ? midnight : noon_time_add(midnight, -NOON_S(1));
	p->until = p->from;
	if (disputed) {
		p->from = noon_time_add(midnight, -NOON_S(1));
		p->until = noon_time_add(midnight, NOON_S(1));
	}
}

/* The midnight that the plan is about. */
static noon_time midnight(const struct noon_leap_plan *p)
{
	return p->shift < 0 ? p->from : noon_time_add(p->from, NOON_S(1));
}

enum noon_leap_act noon_leap_plan_take(struct noon_leap_plan *p, noon_time earliest,
				       noon_dur *ret_shift)
{
	if (noon_time_is_never(p->from) || noon_time_before(earliest, p->until))
		return NOON_LEAP_ACT_NONE;
	p->done = midnight(p);
	p->from = NOON_TIME_NEVER;
	if (p->shift == 0)
		return NOON_LEAP_ACT_FORGET;
	*ret_shift = p->shift;
	return NOON_LEAP_ACT_SHIFT;
}

bool noon_leap_plan_cover(const struct noon_leap_plan *p, struct noon_interval *utc)
{
	int64_t least;

	if (noon_time_is_never(p->from) || utc->hi < p->from.ns)
		return false;
	if (p->shift == 0) {
		utc->lo = noon_sat_sub(utc->lo, NOON_S(1));
		utc->hi = noon_sat_add(utc->hi, NOON_S(1));
		return true;
	}
	/* Before the leap UTC is in [lo, hi]; after it, in what of [lo, hi] is not before `from`,
	 * shifted. */
	least = noon_sat_add(utc->lo > p->from.ns ? utc->lo : p->from.ns, p->shift);
	utc->lo = least < utc->lo ? least : utc->lo;
	utc->hi = p->shift > 0 ? noon_sat_add(utc->hi, p->shift) : utc->hi;
	return true;
}

void noon_leap_plan_window(const struct noon_leap_plan *p, noon_time *ret_from,
			   noon_time *ret_until)
{
	const bool due = !noon_time_is_never(p->from);
	const noon_time end = due ? midnight(p) : p->done;

	*ret_until = due ? NOON_TIME_NEVER : end;
	*ret_from = end.ns == NOON_TIME_FIRST.ns ? NOON_TIME_NEVER : noon_time_add(end, -NOON_S(1));
}
