/* SPDX-License-Identifier: Apache-2.0
 *
 * The queries of the engine that only read: readings and reports; and the shift of a leap second,
 * which has to touch every offset that they could read.
 */
#include <assert.h>

#include "engine/bound.h"
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

static uint32_t count(uint32_t bits)
{
	uint32_t n = 0;

	for (; bits; bits &= bits - 1)
		n++;
	return n;
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
		.void_after = NOON_TIME_FIRST,
		.fresh_until = e->fresh_until,
		.leap = e->vote.leap,
		.findings = findings_of(e),
		.voting = count(e->vote.voters),
		.liars = e->vote.liars,
	};
	if (e->has_cert) {
		noon_bound_at(&e->cert, line, ret);
		ret->void_after = noon_bound_until(&e->cert, line, h, e->conf.alert_limit);
		within = ret->bound <= e->conf.alert_limit;
	}
	ret->state = noon_latch_state(&e->latch, within, noon_time_before(h, e->fresh_until));
}

static void report_data(const struct noon_source *s, const struct noon_line *line, noon_time now,
			struct noon_source_report *ret)
{
	const struct noon_sample *x = &s->last;
	const struct noon_interval in = noon_cert_at(&s->cert, now);
	const noon_time mid = noon_time_add(x->t1, noon_time_diff(x->t4, x->t1) / 2);
	const noon_dur corr = noon_line_at(line, now);

	ret->has_data = true;
	ret->offset = noon_sat_sub(noon_sample_offset(x) - (s->conf.m_f - s->conf.m_r) / 2,
				   noon_line_at(line, mid));
	ret->lower = noon_sat_sub(in.lo, corr);
	ret->upper = noon_sat_sub(in.hi, corr);
	ret->rtt = noon_sample_rtt(x);
	ret->age = noon_time_diff(now, s->last_good);
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
		report_data(s, &e->discipline.line, now, ret);
}

void noon_engine_conditions(const struct noon_engine *e, uint32_t source,
			    struct noon_conditions *ret)
{
	assert(source < NOON_SOURCES_MAX && e->source[source].in_use);
	noon_conditions_of(&e->source[source], e->guard[source], e->conf.alert_limit, ret);
}

static void shift_cert(struct noon_cert *c, noon_dur d)
{
	c->theta.lo = noon_sat_add(c->theta.lo, d);
	c->theta.hi = noon_sat_add(c->theta.hi, d);
}

void noon_engine_on_leap(struct noon_engine *e, noon_dur d, noon_time now)
{
	struct noon_line *line = &e->discipline.line;

	if (noon_time_before(e->now, now))
		e->now = now;
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		struct noon_source *s = &e->source[i];

		noon_window_shift(&s->window, d);
		for (size_t k = 0; k < s->points.n; k++)
			s->points.p[k].theta = noon_sat_add(s->points.p[k].theta, d);
		s->fit.theta = noon_sat_add(s->fit.theta, d);
		s->last.t2 = noon_time_add(s->last.t2, d);
		s->last.t3 = noon_time_add(s->last.t3, d);
		shift_cert(&s->cert, d);
		s->above.theta = noon_sat_add(s->above.theta, d);
		s->below.theta = noon_sat_add(s->below.theta, d);
	}
	shift_cert(&e->vote.cert, d);
	shift_cert(&e->cert, d);
	line->corr0 = noon_sat_add(line->corr0, d);
	line->steps++;
}
