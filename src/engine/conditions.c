/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/conditions.h"

#include <math.h>

#include "estimate/guard/baseline.h"

/* Stamps count as fine when their error is below this share of the limit: e << L. */
#define STAMP_SHARE 10

const char *noon_met_word(enum noon_met met)
{
	switch (met) {
	case NOON_MET_YES:
		return "met";
	case NOON_MET_NO:
		return "not-met";
	case NOON_MET_NOT_RELIED:
		return "not-relied-upon";
	case NOON_MET_UNKNOWN:
		break;
	}
	return "unknown";
}

static void set(struct noon_conditions *c, unsigned number, enum noon_met met, const char *why)
{
	c->met[number - 1] = met;
	c->why[number - 1] = why;
}

static void judge_1(const struct noon_source *s, struct noon_conditions *c)
{
	if (!s->has_cert)
		set(c, 1, NOON_MET_UNKNOWN, "no exchange yet");
	else if (!s->last.authenticated)
		set(c, 1, NOON_MET_NO, "unauthenticated times feed the estimate");
	else
		set(c, 1, NOON_MET_YES, "requests and replies are authenticated");
}

/* Return the half-width that the source alone leaves now. */
static noon_dur half_of(const struct noon_source *s, noon_time now)
{
	return noon_interval_half(noon_cert_at(&s->cert, now));
}

/* Return how far the middle may be off when an attacker has the fastest path there can be. */
static noon_dur half_with_hidden(const struct noon_source *s, noon_time now)
{
	const noon_dur mid = noon_interval_mid(noon_cert_at(&s->cert, now));
	const struct noon_interval wide = noon_cert_at(&s->wide, now);
	const noon_dur below = noon_sat_sub(mid, wide.lo);
	const noon_dur above = noon_sat_sub(wide.hi, mid);

	return below > above ? below : above;
}

/* Return what the delays exceed the minima by, halved: B less all that is not delay. */
static noon_dur excess_of(const struct noon_cert *c)
{
	const noon_dur other = c->lo.drift / 2 + c->hi.drift / 2 + c->lo.server_err / 2 +
			       c->hi.server_err / 2 + c->lo.stamp_err / 2 + c->hi.stamp_err / 2;
	const noon_dur excess = noon_sat_sub(noon_interval_half(c->theta), other);

	return excess > 0 ? excess : 0;
}

static noon_dur shortening_of(const struct noon_source *s)
{
	const noon_dur mean = s->conf.m_f / 2 + s->conf.m_r / 2;
	const noon_dur over = noon_sat_add(excess_of(&s->cert), mean) - s->conf.light;

	return s->has_cert && over > 0 ? over : 0;
}

/* Minima that no path can be faster than: whatever an attacker shortens is inside the bound. */
static void judge_2_without_hidden(const struct noon_source *s, noon_dur limit,
				   struct noon_conditions *c)
{
	if (c->shortening >= limit)
		set(c, 2, NOON_MET_NO,
		    "the path may be shortened by more than the limit (RTT/2 - D/c), which is "
		    "inside the bound: the limit cannot be met on this path");
	else if (s->conf.m_f == 0 && s->conf.m_r == 0)
		set(c, 2, NOON_MET_NOT_RELIED,
		    "no minimum is assumed: the path may be shortened by up to RTT/2 - D/c, which "
		    "is inside the bound");
	else
		set(c, 2, NOON_MET_YES,
		    "the minima are those of light on the straight line: what the path may be "
		    "shortened by is inside the bound");
}

/* Minima above light: what they exceed it by is no part of the bound, so the two together have to
 * stay within the limit. An attacker advances one leg by it and delays the other. */
static void judge_2_with_hidden(const struct noon_source *s,
				const struct noon_conditions_conf *conf, struct noon_conditions *c)
{
	if (c->hidden_advance < conf->limit && !s->has_cert)
		set(c, 2, NOON_MET_UNKNOWN, "no exchange yet");
	else if (c->hidden_advance < conf->limit && half_with_hidden(s, conf->now) <= conf->limit)
		set(c, 2, NOON_MET_YES,
		    "the bound and what a faster path than the one assumed could hide are within "
		    "the limit together");
	else if (c->hidden_known)
		set(c, 2, NOON_MET_NO,
		    "the bound and what a faster path than the one assumed could hide are above "
		    "the limit together");
	else
		set(c, 2, NOON_MET_NO,
		    "without the distance all of the minima may hide a faster path, which with the "
		    "bound is above the limit");
}

static void judge_2(const struct noon_source *s, const struct noon_conditions_conf *conf,
		    struct noon_conditions *c)
{
	const struct noon_hidden hidden = noon_source_hidden(&s->conf);

	c->hidden_advance = hidden.f > hidden.r ? hidden.f : hidden.r;
	c->hidden_known = c->hidden_advance == 0 || s->conf.light > 0;
	c->shortening = shortening_of(s);
	if (c->hidden_advance == 0)
		judge_2_without_hidden(s, conf->limit, c);
	else
		judge_2_with_hidden(s, conf, c);
}

/* Interval from one exchange to the next. */
static double poll_s(const struct noon_source *s)
{
	return exp2((double)s->schedule.poll);
}

/* What the errors of the model and of the stamps leave unknown of the round trip. */
static noon_dur uncertainty_of(const struct noon_source *s, const struct noon_guard *guard,
			       noon_time now)
{
	/* Without a baseline the model is m_f + m_r, and what exceeds it is the error. */
	if (!guard)
		return noon_sat_add(half_of(s, now), half_of(s, now)) > NOON_DUR_MAX / 2
			       ? NOON_DUR_MAX
			       : 4 * half_of(s, now);
	return noon_dur_from_s(2e-9 * (guard->plan->model_ns + (double)s->last.stamp_err));
}

static noon_dur drift_of(const struct noon_source *s, noon_dur span)
{
	const struct noon_rate r = s->cert.rate;

	return noon_dur_scale_out(span, (r.max - r.min) / 2.0);
}

static void measure_3(const struct noon_source *s, const struct noon_guard *guard,
		      const struct noon_conditions_conf *conf, struct noon_conditions *c)
{
	noon_dur left;

	c->uncertainty = s->has_cert ? uncertainty_of(s, guard, conf->now) : NOON_DUR_MAX;
	if (!guard || !s->has_cert)
		return;
	c->shift = noon_dur_from_s(guard->plan->conf.shift_ns * 1e-9);
	c->batch = noon_dur_from_s((double)guard->plan->batch * poll_s(s));
	left = noon_sat_sub(conf->limit, s->last.server_err + s->last.stamp_err);
	left = noon_sat_sub(left, drift_of(s, c->batch));
	left = noon_sat_sub(left, c->hidden_advance);
	c->shift_allowed = left > 0 ? 2 * left : 0;
}

static void judge_3_by_guard(const struct noon_source *s, const struct noon_guard *guard,
			     const struct noon_conditions_conf *conf, struct noon_conditions *c)
{
	if (noon_guard_is_alarmed(guard))
		set(c, 3, NOON_MET_NO,
		    "the guard has an alarm: round-trip times are not those of the baseline");
	else if (!guard->plan->feasible)
		set(c, 3, NOON_MET_NO,
		    "round-trip times vary too much to find a shift of guard-shift in a batch");
	else if (!noon_baseline_suits(guard->plan->conf.interval_s, poll_s(s)))
		set(c, 3, NOON_MET_NO,
		    "the baseline was recorded at another interval than that of the polls");
	else if (c->batch > conf->max_age)
		set(c, 3, NOON_MET_NO, "a batch of round-trip times takes longer than max-age");
	else if (c->shift > c->shift_allowed)
		set(c, 3, NOON_MET_NO,
		    "guard-shift is above what the limit leaves, 2 (limit - server - stamps - "
		    "drift over a batch - hidden): a smaller shift would do harm");
	else
		set(c, 3, NOON_MET_YES,
		    "a batch of round-trip times shows a shift that could do harm");
}

static void judge_3(const struct noon_source *s, const struct noon_guard *guard,
		    const struct noon_conditions_conf *conf, struct noon_conditions *c)
{
	measure_3(s, guard, conf, c);
	if (!s->has_cert)
		set(c, 3, NOON_MET_UNKNOWN, "no exchange yet");
	else if (!s->last.authenticated)
		set(c, 3, NOON_MET_NO, "round-trip times are not authenticated");
	else if (s->last.replayable)
		set(c, 3, NOON_MET_NO,
		    "replies are not bound to a fresh nonce: a replay would be measured as a round "
		    "trip");
	else if (s->last.stamp_err > conf->limit / STAMP_SHARE)
		set(c, 3, NOON_MET_NO, "time stamps are too coarse for the limit");
	else if (conf->declared)
		set(c, 3, NOON_MET_NO, "the source declares an attack on the path");
	else if (guard)
		judge_3_by_guard(s, guard, conf, c);
	else if (half_of(s, conf->now) <= conf->limit)
		set(c, 3, NOON_MET_YES,
		    "no baseline, but the bound is within the limit: it compares round-trip times "
		    "with the minima");
	else
		set(c, 3, NOON_MET_NO,
		    "no baseline, and round-trip times exceed the minima by more than the limit "
		    "allows");
}

void noon_conditions_of(const struct noon_source *s, const struct noon_guard *guard,
			const struct noon_conditions_conf *conf, struct noon_conditions *ret)
{
	*ret = (struct noon_conditions){.hidden_advance = 0};
	judge_1(s, ret);
	judge_2(s, conf, ret);
	judge_3(s, guard, conf, ret);
	ret->sufficient = ret->uncertainty < conf->limit;
	for (unsigned i = 0; i < NOON_CONDITIONS; i++)
		ret->sufficient = ret->sufficient && (ret->met[i] == NOON_MET_YES ||
						      ret->met[i] == NOON_MET_NOT_RELIED);
}
