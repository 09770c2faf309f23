/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/clock/discipline.h"

#include <math.h>

/* Share of a source's certified half-width that stands for its unknown asymmetry, as a
 * standard deviation. */
#define ASYMMETRY 0.25

/* Standard deviations of a fit within which it holds what it is of. */
#define KNOWN 3.0

/* Sums of a weighted mean. */
struct mean {
	double w;
	double wx;
};

static void mean_add(struct mean *m, double x, double var)
{
	m->w += 1.0 / var;
	m->wx += x / var;
}

uint32_t noon_goal_of(const struct noon_source *s, uint32_t steer, const struct noon_cert *c,
		      noon_freq rate_now, noon_time h, struct noon_goal *ret)
{
	const struct noon_interval in = noon_cert_at(c, h);
	const noon_dur mid = noon_interval_mid(in);
	struct mean theta = {0}, rate = {0};
	uint32_t used = 0;

	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		const struct noon_fit *fit = &s[i].fit;
		const double age_ns = (double)noon_time_diff(h, fit->h);
		double own, sd;

		if (!(steer >> i & 1) || !s[i].has_fit)
			continue;
		used |= UINT32_C(1) << i;
		own = (double)noon_interval_half(noon_cert_at(&s[i].cert, h)) * ASYMMETRY;
		sd = noon_fit_sd_ns(fit, noon_time_diff(h, fit->h));
		mean_add(&theta,
			 (double)noon_sat_sub(fit->theta, mid) +
				 age_ns * (fit->has_rate ? fit->rate : rate_now),
			 sd * sd + own * own + 1.0);
		if (fit->has_rate)
			mean_add(&rate, fit->rate, fit->rate_sd * fit->rate_sd + 1e-24);
	}
	ret->theta = noon_sat_add(mid, theta.w > 0.0 ? noon_dur_scale(1, theta.wx / theta.w) : 0);
	ret->theta = ret->theta > in.lo ? ret->theta : in.lo;
	ret->theta = ret->theta < in.hi ? ret->theta : in.hi;
	ret->rate = noon_rate_clamp(c->rate, rate.w > 0.0 ? rate.wx / rate.w : rate_now);
	return used;
}

struct noon_goal noon_goal_hold(const struct noon_cert *c, const struct noon_line *line,
				noon_time h)
{
	const struct noon_interval in = noon_cert_at(c, h);
	struct noon_goal g = {
		.theta = noon_line_at(line, h),
		.rate = noon_rate_clamp(c->rate, line->rate),
	};

	g.theta = g.theta > in.lo ? g.theta : in.lo;
	g.theta = g.theta < in.hi ? g.theta : in.hi;
	return g;
}

void noon_doubt_begin(struct noon_doubt *d, const struct noon_source *s, uint32_t used, noon_time h)
{
	double best = HUGE_VAL;

	if (d->is_on)
		return;
	*d = (struct noon_doubt){.is_on = true, .since = h, .width_ns = HUGE_VAL};
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		const double sd = noon_fit_sd_ns(&s[i].fit, noon_time_diff(h, s[i].fit.h));

		if (!(used >> i & 1) || !s[i].fit.has_rate || !(sd < best))
			continue;
		best = sd;
		d->fit = s[i].fit;
	}
	if (best < HUGE_VAL) {
		d->sd_ns = best;
		d->width_ns = KNOWN * best;
	}
}

struct noon_goal noon_goal_doubted(struct noon_doubt *d, const struct noon_cert *c,
				   const struct noon_line *line, const struct noon_goal *estimate,
				   noon_dur doubt, noon_time h)
{
	const double band = (double)doubt,
		     sd = noon_fit_sd_ns(&d->fit, noon_time_diff(h, d->fit.h));
	const double off = (double)noon_sat_sub(estimate->theta, noon_line_at(line, h));
	struct noon_line to = *line;
	double lo, hi;

	d->width_ns += KNOWN * fmax(sd - d->sd_ns, 0.0);
	d->sd_ns = sd;
	lo = fmax(-d->width_ns, off - band);
	hi = fmin(d->width_ns, off + band);
	if (doubt == NOON_DUR_MAX)
		return noon_goal_hold(c, line, h);
	if (lo > hi) { /* the line knew less than it believed */
		lo = off - band;
		hi = off + band;
	}
	d->width_ns = (hi - lo) / 2.0;
	to.corr0 = noon_sat_add(noon_line_at(line, h), noon_dur_scale(1, (lo + hi) / 2.0));
	to.h0 = to.slew_end = h;
	return noon_goal_hold(c, &to, h);
}

void noon_discipline_slew(struct noon_discipline *d, noon_time h, const struct noon_goal *goal,
			  noon_dur horizon)
{
	const noon_dur corr = noon_line_at(&d->line, h);
	const double todo_ns = (double)noon_sat_sub(goal->theta, corr);
	const double span_ns = fmax((double)horizon, fabs(todo_ns) / d->slew_rate);

	d->line.h0 = h;
	d->line.corr0 = corr;
	d->line.rate = goal->rate;
	d->line.slew = todo_ns / span_ns;
	d->line.slew_end = noon_time_add(h, noon_dur_from_s(span_ns * 1e-9));
}

void noon_discipline_step(struct noon_discipline *d, noon_time h, const struct noon_goal *goal)
{
	d->line = (struct noon_line){
		.h0 = h,
		.corr0 = goal->theta,
		.rate = goal->rate,
		.slew_end = h,
		.steps = d->line.steps + 1,
	};
}
