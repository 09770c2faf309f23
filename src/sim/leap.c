/* SPDX-License-Identifier: Apache-2.0
 *
 * A leap second that is announced and comes: the count of UTC repeats the last second of a month or
 * skips it, while true time goes on.
 */
#include "sim/world_priv.h"

#define START	     ((noon_time){INT64_C(1790000000) * NOON_NS_PER_SEC})
#define END_OF_MONTH ((noon_time){INT64_C(1790812800) * NOON_NS_PER_SEC}) /* 2026-10-01 */
#define ANNOUNCED    NOON_S(86400) /* before, as servers do (RFC 5905, section 7.3) */

/* The count at which it takes effect. */
static noon_time instant_of(const struct noon_scenario *s)
{
	return noon_time_add(END_OF_MONTH, s->leap == NOON_LEAP_DELETE ? -NOON_NS_PER_SEC : 0);
}

noon_time noon_sim_start(const struct noon_scenario *s)
{
	return s->leap == NOON_LEAP_NONE ? START : noon_time_add(instant_of(s), -s->leap_at);
}

noon_dur noon_sim_leap_shift(const struct noon_world *w, noon_time count)
{
	if (w->s->leap == NOON_LEAP_NONE || noon_time_before(count, instant_of(w->s)))
		return 0;
	return w->s->leap == NOON_LEAP_INSERT ? -NOON_NS_PER_SEC : NOON_NS_PER_SEC;
}

enum noon_leap noon_sim_leap_said(const struct noon_world *w, uint32_t node, noon_time t)
{
	const noon_dur since = noon_time_diff(t, w->start);
	const bool comes = w->s->leap != NOON_LEAP_NONE && since < w->s->leap_at &&
			   since >= w->s->leap_at - ANNOUNCED;

	for (size_t i = 0; i < w->s->attacks; i++) {
		const struct noon_sim_attack *a = &w->s->attack[i];

		if (a->kind == NOON_ATTACK_LIE && a->misannounce &&
		    noon_sim_is_about(a, node, since))
			return comes ? NOON_LEAP_NONE : NOON_LEAP_INSERT;
	}
	return comes ? w->s->leap : NOON_LEAP_NONE;
}
