/* SPDX-License-Identifier: Apache-2.0
 *
 * Leap seconds: exchanges around one, and the shift of everything that is known once it has passed.
 */
#include "engine/engine_priv.h"

/* A server shifts its count within its own error of the leap, some a moment later; so does what
 * turns the time of PTP into UTC. */
#define LEAP_MARGIN NOON_S(2)

/* UTC at h, whatever path an attacker has, ns since 1970. */
static struct noon_interval utc_at(const struct noon_engine *e, noon_time h)
{
	const struct noon_interval theta = noon_cert_at(&e->wide, h);

	return (struct noon_interval){noon_time_add(h, theta.lo).ns, noon_time_add(h, theta.hi).ns};
}

void noon_engine_announce_leap(struct noon_engine *e)
{
	noon_leap_plan_announce(&e->leap, &e->leap_vote, &e->leap_list, utc_at(e, e->now));
}

void noon_engine_tend_leap(struct noon_engine *e)
{
	enum noon_leap_act act;
	noon_dur shift = 0;

	if (!e->has_cert)
		return;
	act = noon_leap_plan_take(&e->leap, (noon_time){utc_at(e, e->now).lo}, &shift);
	/* What was measured since a contradiction may be of either count. */
	if (act == NOON_LEAP_ACT_SHIFT && e->recovery.open)
		act = NOON_LEAP_ACT_FORGET;
	switch (act) {
	case NOON_LEAP_ACT_SHIFT:
		noon_engine_shift(e, shift);
		e->leap_shift = shift;
		e->leaps++;
		e->leap_vote = (struct noon_leap_vote){NOON_LEAP_NONE, false};
		e->leap_at = e->now;
		break;
	case NOON_LEAP_ACT_FORGET:
		noon_engine_forget(e);
		noon_engine_raise(e, NOON_FINDING_LEAP, e->now, 0, 0);
		e->leap_at = e->now;
		return;
	case NOON_LEAP_ACT_NONE:
		break;
	}
	noon_engine_announce_leap(e);
}

/* Whether an exchange may have one of its ends before a leap second and the other after it, or a
 * server that has not carried it out yet. As long as nothing is agreed, the server's own stamps
 * have to tell. */
bool noon_engine_may_straddle(const struct noon_engine *e, const struct noon_sample *x)
{
	const noon_dur margin = noon_sat_add(LEAP_MARGIN, x->server_err);

	if (!e->has_cert || e->recovery.open)
		return noon_leap_is_near(x->t2, margin) || noon_leap_is_near(x->t3, margin);
	if (e->leap_at.ns != NOON_TIME_FIRST.ns &&
	    noon_time_before(noon_time_min(x->t1, x->t4), noon_time_add(e->leap_at, margin)))
		return true;
	return !noon_time_is_never(e->leap.from) &&
	       noon_sat_add(utc_at(e, e->now).hi, margin) >= e->leap.from.ns;
}

/* As long as nothing is agreed, nobody says whether a leap second lies between two exchanges of a
 * source: it begins again with each month. */
void noon_engine_turn_month(const struct noon_engine *e, struct noon_source *s,
			    const struct noon_sample *x)
{
	if (!e->has_cert && s->has_cert && noon_leap_is_between(s->last.t3, x->t3))
		noon_source_restart(s);
}

/* An announcement that the list contradicts is a finding; it counts for nothing. */
void noon_engine_judge_leap(struct noon_engine *e, uint32_t i)
{
	const noon_dur said = noon_leap_shift(e->source[i].last.leap);
	const noon_time utc = e->source[i].last.t3;
	bool known = false;
	const noon_dur listed = noon_leap_list_month(&e->leap_list, utc, &known);

	if (known && said != 0 && said != listed)
		noon_engine_raise_source(e, i, NOON_FINDING_LEAP, said, listed);
	else
		noon_findings_clear(&e->of_source[i], NOON_FINDING_LEAP);
}

/* Whether a leap second is due that the recent exchanges may be on either side of: it was planned
 * by the time of the past. */
bool noon_engine_crosses_leap(const struct noon_engine *e)
{
	const struct noon_cert *c = &e->recovery.trial.wide;
	const noon_dur latest = noon_time_add(e->now, noon_cert_at(c, e->now).hi).ns;

	return !noon_time_is_never(e->leap.from) &&
	       noon_sat_add(latest, LEAP_MARGIN) >= e->leap.from.ns;
}

/* When a leap second that is due will certainly have taken effect. */
noon_time noon_engine_leap_deadline(const struct noon_engine *e)
{
	noon_dur left;

	if (!e->has_cert || noon_time_is_never(e->leap.from))
		return NOON_TIME_NEVER;
	left = noon_sat_sub(e->leap.until.ns, utc_at(e, e->now).lo);
	left = left > 0 ? left : 0;
	left = noon_sat_add(left, noon_dur_scale_out(left, e->conf.max_rate_error) + 1);
	return noon_time_add(e->now, left);
}
