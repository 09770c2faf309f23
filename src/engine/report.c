/* SPDX-License-Identifier: Apache-2.0
 *
 * The queries of the engine that only read: readings and reports; and the shift of a leap second,
 * which has to touch every offset that they could read.
 */
#include <assert.h>
#include <math.h>

#include "engine/clock/bound.h"
#include "engine/engine.h"

const char *noon_state_word(enum noon_state state)
{
	static const char *const word[] = {"unsynchronised", "ok", "holdover", "alarm"};

	return (unsigned)state < sizeof(word) / sizeof(word[0]) ? word[state] : "unknown";
}

const char *noon_source_verdict_word(enum noon_source_verdict verdict)
{
	static const char *const word[] = {"unused",	  "unreachable", "inconsistent",
					   "falseticker", "truechimer",	 "selected"};

	return (unsigned)verdict < sizeof(word) / sizeof(word[0]) ? word[verdict] : "unknown";
}

static uint32_t findings_of(const struct noon_engine *e)
{
	uint32_t mask = e->of_engine.active;

	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++)
		mask |= e->of_source[i].active;
	return mask;
}

/* What to tell others of the end of this month: nothing that the list contradicts. */
static enum noon_leap announced(const struct noon_engine *e)
{
	const noon_time utc = noon_time_add(e->now, noon_line_at(&e->discipline.line, e->now));
	const enum noon_leap voted = e->leap_vote.leap;
	bool known = false;
	noon_dur listed;

	if (!noon_time_is_never(e->leap.from) && e->leap.shift != 0)
		return e->leap.shift < 0 ? NOON_LEAP_INSERT : NOON_LEAP_DELETE;
	listed = noon_leap_list_month(&e->leap_list, utc, &known);
	return known && noon_leap_shift(voted) != listed ? NOON_LEAP_NONE : voted;
}

/* Around a leap second the reading covers both counts and is not ok; what is said of later ends
 * where that begins. */
static void cover_leap(const struct noon_engine *e, struct noon_reading *r)
{
	const noon_time c = noon_time_add(r->h, r->corr);
	struct noon_interval utc = {noon_time_add(c, noon_sat_sub(r->lower, r->hidden)).ns,
				    noon_time_add(c, noon_sat_add(r->upper, r->hidden)).ns};
	const noon_dur left = noon_sat_sub(e->leap.from.ns, utc.hi);
	noon_dur bound;

	if (noon_time_is_never(e->leap.from))
		return;
	if (!noon_leap_plan_cover(&e->leap, &utc)) {
		const noon_dur early = noon_dur_scale_out(left, fmax(r->upper_rate, 0.0)) + 1;
		const noon_time until = noon_time_add(r->h, noon_sat_sub(left, early));

		r->void_after = noon_time_min(r->void_after, until);
		r->rates_until = noon_time_min(r->rates_until, until);
		return;
	}
	r->lower = noon_sat_sub(utc.lo, c.ns);
	r->upper = noon_sat_sub(utc.hi, c.ns);
	bound = noon_dur_abs(r->lower) > noon_dur_abs(r->upper) ? noon_dur_abs(r->lower)
								: noon_dur_abs(r->upper);
	r->terms.leap = noon_sat_sub(bound, r->bound);
	r->bound = bound;
	r->void_after = r->h;
	r->rates_until = r->h;
}

void noon_engine_reading(const struct noon_engine *e, noon_time h, struct noon_reading *ret)
{
	const struct noon_line *line = &e->discipline.line;
	bool within = false;

	*ret = (struct noon_reading){
		.h = h,
		.corr = noon_line_at(line, h),
		.lower = -NOON_DUR_MAX,
		.upper = NOON_DUR_MAX,
		.bound = NOON_DUR_MAX,
		.to_slew = noon_line_to_slew(line, h),
		.freq_error = -line->rate,
		.rate_bound = e->conf.max_rate_error,
		.lower_rate = -e->conf.max_rate_error,
		.upper_rate = e->conf.max_rate_error,
		.rates_until = NOON_TIME_FIRST,
		.rates_drop_at = NOON_TIME_NEVER,
		.void_after = NOON_TIME_FIRST,
		.fresh_until = e->fresh_until,
		.certain = e->has_cert && !e->latch.doubt,
		.leap = announced(e),
		.findings = findings_of(e),
		.voting = noon_source_count(e->vote.voters),
		.selectable = e->vote.selectable,
		.liars = e->vote.liars,
	};
	if (e->has_cert) {
		const noon_dur wide = noon_bound_value(&e->wide, line, h);

		noon_bound_at(&e->cert, line, ret);
		ret->hidden = noon_sat_sub(wide, ret->bound);
		ret->void_after = noon_bound_until(&e->wide, line, h, e->conf.alert_limit);
		cover_leap(e, ret);
		within = noon_sat_add(ret->bound, ret->hidden) <= e->conf.alert_limit;
	}
	ret->state = noon_latch_state(&e->latch, within, noon_time_before(h, e->fresh_until));
}

noon_time noon_engine_within_until(const struct noon_engine *e, noon_time h, noon_dur limit)
{
	if (!e->has_cert)
		return NOON_TIME_FIRST;
	return noon_bound_until(&e->wide, &e->discipline.line, h, limit);
}

/* Report what a source says: now, where it contradicts what it said before. */
static void report_data(const struct noon_source *s, const struct noon_recent *recent,
			const struct noon_line *line, noon_time now, struct noon_source_report *ret)
{
	const bool use_recent = s->suspect && recent->on && recent->has;
	const struct noon_sample *x = use_recent ? &recent->last : &s->last;
	const struct noon_interval in = noon_cert_at(use_recent ? &recent->cert : &s->cert, now);
	const noon_time mid = noon_time_add(x->t1, noon_time_diff(x->t4, x->t1) / 2);
	const noon_dur corr = noon_line_at(line, now);

	ret->has_data = true;
	ret->offset = noon_sat_sub(noon_sample_offset(x) - (s->conf.m_f - s->conf.m_r) / 2,
				   noon_line_at(line, mid));
	ret->lower = noon_sat_sub(in.lo, corr);
	ret->upper = noon_sat_sub(in.hi, corr);
	ret->rtt = noon_sample_rtt(x);
	ret->age = noon_time_diff(now, use_recent ? recent->last_at : s->last_good);
	ret->last = *x;
	if (!s->has_fit)
		return;
	ret->jitter = noon_dur_from_s(s->fit.noise_ns * 1e-9);
	ret->offset_sd = noon_dur_from_s(s->fit.theta_sd_ns * 1e-9);
	ret->freq_error = s->fit.has_rate ? -s->fit.rate : 0.0;
	ret->in_fit = (uint32_t)s->fit.used;
}

void noon_engine_source_report(const struct noon_engine *e, uint32_t source, noon_time now,
			       struct noon_source_report *ret)
{
	const struct noon_source *s = source < NOON_SOURCES_MAX ? &e->source[source] : NULL;

	*ret = (struct noon_source_report){.verdict = NOON_SOURCE_UNUSED};
	if (!s || !s->in_use)
		return;
	ret->verdict = s->verdict;
	if (s->reach == 0 && s->verdict > NOON_SOURCE_INCONSISTENT)
		ret->verdict = NOON_SOURCE_UNREACHABLE;
	ret->m_f = s->conf.m_f;
	ret->m_r = s->conf.m_r;
	ret->minima = s->conf.minima;
	ret->reach = s->reach;
	ret->poll = s->schedule.poll;
	ret->n_samples = s->n_samples;
	ret->n_accepted = s->n_accepted;
	ret->in_window = (uint32_t)(s->window.lo.n + s->window.hi.n);
	if (s->has_cert)
		report_data(s, &e->recovery.recent[source], &e->discipline.line, now, ret);
}

uint32_t noon_engine_poll_requests(const struct noon_engine *e)
{
	return e->poll_requests;
}

void noon_engine_recovery(const struct noon_engine *e, noon_time now,
			  struct noon_recovery_report *ret)
{
	const struct noon_recovery *r = &e->recovery;
	const noon_dur left = noon_time_diff(r->due, now);

	*ret = (struct noon_recovery_report){
		.open = r->open,
		.left = NOON_DUR_MAX,
		.past_dropped = e->past_dropped,
		.holdover = e->drift.holdover,
		.wander = e->drift.wander,
		.raised = e->drift.wander > e->conf.wander,
	};
	if (!r->open)
		return;
	ret->cause = r->cause;
	ret->age = noon_time_diff(now, r->since);
	ret->jump = noon_recovery_jump(r, now);
	ret->seen = noon_recovery_wander(r);
	ret->agreeing = noon_source_count(r->agreeing);
	if (!noon_time_is_never(r->due))
		ret->left = left > 0 ? left : 0;
}

void noon_engine_conditions(const struct noon_engine *e, uint32_t source, noon_time now,
			    struct noon_conditions *ret)
{
	const struct noon_conditions_conf conf = {
		.limit = e->conf.alert_limit,
		.max_age = e->conf.max_age,
		.now = now,
		.declared = source < NOON_SOURCES_MAX && e->declared[source].alarm,
	};

	assert(source < NOON_SOURCES_MAX && e->source[source].in_use);
	noon_conditions_of(&e->source[source], e->guard[source], &conf, ret);
}

void noon_engine_shift(struct noon_engine *e, noon_dur d)
{
	struct noon_line *line = &e->discipline.line;

	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		struct noon_source *s = &e->source[i];

		noon_window_shift(&s->window, d);
		for (size_t k = 0; k < s->points.n; k++)
			s->points.p[k].theta = noon_sat_add(s->points.p[k].theta, d);
		s->fit.theta = noon_sat_add(s->fit.theta, d);
		s->last.t2 = noon_time_add(s->last.t2, d);
		s->last.t3 = noon_time_add(s->last.t3, d);
		noon_cert_shift(&s->cert, d);
		noon_cert_shift(&s->wide, d);
		s->above.theta = noon_sat_add(s->above.theta, d);
		s->below.theta = noon_sat_add(s->below.theta, d);
	}
	noon_cert_shift(&e->vote.cert, d);
	noon_cert_shift(&e->vote.wide, d);
	noon_cert_shift(&e->cert, d);
	noon_cert_shift(&e->wide, d);
	noon_recovery_shift(&e->recovery, e->now, d);
	line->corr0 = noon_sat_add(line->corr0, d);
	line->steps++;
}
