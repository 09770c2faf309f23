/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/guard/guard.h"

#include <math.h>
#include <string.h>

static uint32_t bit(enum noon_statistic s)
{
	return UINT32_C(1) << s;
}

static void new_batch(struct noon_guard *g)
{
	g->n = 0;
	g->batch_lost = 0;
	g->sum = 0;
	g->sum_sq = 0;
	g->least_ns = HUGE_VAL;
	g->gated = 0;
	memset(g->count, 0, sizeof(g->count));
}

void noon_guard_reset(struct noon_guard *g)
{
	new_batch(g);
	g->active = 0;
	g->found = 0;
	g->found_before = 0;
	memset(g->up, 0, sizeof(g->up));
	g->low = (struct noon_guard_sum){0};
}

void noon_guard_init(struct noon_guard *g, const struct noon_guard_plan *plan)
{
	memset(g, 0, sizeof(*g));
	g->plan = plan;
	g->batch_mean_ns = (double)NAN;
	noon_guard_reset(g);
}

bool noon_guard_is_alarmed(const struct noon_guard *g)
{
	return (g->active & ~bit(NOON_STATISTIC_LOSS)) != 0;
}

/* Take note of a statistic beyond its limit, and tell it if it is new. */
static void note(struct noon_guard *g, const struct noon_guard_alarm *a,
		 struct noon_guard_news *ret)
{
	g->found |= bit(a->statistic);
	if (g->active & bit(a->statistic))
		return;
	g->active |= bit(a->statistic);
	ret->alarm[ret->n++] = *a;
}

/* Compare a statistic of the batch with its two limits. */
static void look_batch(struct noon_guard *g, enum noon_statistic s, double value, double delay,
		       struct noon_guard_news *ret)
{
	const struct noon_guard_limit *l = &g->plan->limit[s];
	const struct noon_guard_alarm a = {
		.statistic = s,
		.value = value,
		.limit = value < l->low ? l->low : l->high,
		.samples = g->n,
		.delay_ns = delay,
	};

	if (value < l->low || value > l->high)
		note(g, &a, ret);
}

/* D+: how far the batch lies above the calibrated law at most. */
static double ks(const struct noon_guard *g)
{
	const struct noon_law *law = &g->plan->law;
	double f0 = 0, most = 0;
	uint32_t below = 0;

	for (size_t i = 0; i < law->n; i++) {
		f0 += law->p[i];
		below += g->count[i];
		most = fmax(most, f0 - (double)below / (double)g->n);
	}
	return most;
}

/* CUSUMs that have been beyond their limit since they were 0, a bit per statistic: what they tell
 * of is not over yet. */
static uint32_t standing(const struct noon_guard *g)
{
	uint32_t ret = g->low.stands ? bit(NOON_STATISTIC_CUSUM_LOW) : 0;

	for (size_t i = 0; i < NOON_GUARD_REFS; i++)
		if (g->up[i].stands)
			ret |= bit(NOON_STATISTIC_CUSUM);
	return ret;
}

static void end_batch(struct noon_guard *g, struct noon_guard_news *ret)
{
	const double n = (double)g->n;
	const double shift = g->sum / n;

	g->batch_mean_ns = g->plan->centre_ns + shift;
	g->batches++;
	look_batch(g, NOON_STATISTIC_MEAN, g->batch_mean_ns, shift, ret);
	look_batch(g, NOON_STATISTIC_MEAN_LOW, g->batch_mean_ns, shift, ret);
	look_batch(g, NOON_STATISTIC_MINIMUM, g->least_ns, g->least_ns - g->plan->law.least_ns,
		   ret);
	look_batch(g, NOON_STATISTIC_VARIANCE, g->sum_sq / n, shift, ret);
	look_batch(g, NOON_STATISTIC_KS, ks(g), shift, ret);
	/* One quiet batch may be chance: few held packets leave some batches alone. */
	g->active &= g->found | g->found_before | standing(g);
	g->found_before = g->found;
	g->found = 0;
	new_batch(g);
}

/* The cell below: where the law shares a value between two cells, the batch has it in the lower
 * one, so that the comparison errs on the quiet side. */
static size_t cell_of(const struct noon_law *law, double x)
{
	const double at = (x - law->x0_ns) / law->step_ns;

	if (!(at >= 1.0))
		return 0;
	return at >= (double)law->n ? law->n - 1 : (size_t)at;
}

/* One CUSUM. Beyond its limit it is held there: it keeps telling that the change goes on, and
 * needs no longer to come back than it took to get there. */
static void follow(struct noon_guard *g, const struct noon_cusum *c, enum noon_statistic which,
		   double x, struct noon_guard_sum *u, struct noon_guard_news *ret)
{
	struct noon_guard_alarm a;

	u->s = noon_cusum_step(c, u->s, x);
	if (u->s <= 0.0) {
		*u = (struct noon_guard_sum){0};
		return;
	}
	if (u->n < UINT32_MAX) {
		u->rise += x - g->plan->centre_ns;
		u->n++;
	}
	if (u->s <= c->h)
		return;
	a = (struct noon_guard_alarm){which, u->s, c->h, u->n, u->rise / (double)u->n};
	note(g, &a, ret);
	u->s = c->h;
	u->stands = true;
}

bool noon_guard_take(struct noon_guard *g, noon_dur rtt, struct noon_guard_news *ret)
{
	const struct noon_guard_plan *p = g->plan;
	const double x = (double)rtt;
	const double d = fmin(x, p->top_ns) - p->centre_ns;

	ret->n = 0;
	g->seen++;
	g->n++;
	g->sum += d;
	g->sum_sq += d * d;
	g->least_ns = fmin(g->least_ns, x);
	g->count[cell_of(&p->law, x)]++;
	if (x > p->gate_ns) {
		g->gated++;
		look_batch(g, NOON_STATISTIC_GATE, g->gated, x - p->centre_ns, ret);
	}
	for (size_t i = 0; i < p->refs; i++)
		follow(g, &p->cusum[i], NOON_STATISTIC_CUSUM, x, &g->up[i], ret);
	if (p->has_low)
		follow(g, &p->low, NOON_STATISTIC_CUSUM_LOW, x, &g->low, ret);
	if (g->n >= p->batch)
		end_batch(g, ret);
	return ret->n > 0;
}

bool noon_guard_miss(struct noon_guard *g, struct noon_guard_news *ret)
{
	ret->n = 0;
	g->lost++;
	if (g->batch_lost < UINT32_MAX)
		g->batch_lost++;
	look_batch(g, NOON_STATISTIC_LOSS, g->batch_lost, 0, ret);
	return ret->n > 0;
}
