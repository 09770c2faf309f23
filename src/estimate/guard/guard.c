/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/guard/guard.h"

#include <math.h>
#include <string.h>

/* Of the distance that is an alarm: up to it values spread as the law does. */
#define SAME_SHAPE 0.6

static uint32_t bit(enum noon_statistic s)
{
	return UINT32_C(1) << s;
}

static void empty(struct noon_guard_batch *b)
{
	memset(b, 0, sizeof(*b));
	b->least_ns = HUGE_VAL;
}

static void new_batch(struct noon_guard *g)
{
	empty(&g->batch);
	g->batch_lost = 0;
	g->gated = 0;
}

void noon_guard_reset(struct noon_guard *g)
{
	new_batch(g);
	empty(&g->whole);
	g->active = 0;
	g->found = 0;
	g->found_before = 0;
	memset(g->up, 0, sizeof(g->up));
	memset(g->level, 0, sizeof(g->level));
	g->low = g->rank = g->rank_low = (struct noon_guard_sum){0};
	g->block_up = g->block_low = g->block_rise = 0.0;
	g->block_n = 0;
	noon_step_reset(&g->step);
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

double noon_guard_delay_ns(const struct noon_guard *g)
{
	const uint32_t silent = bit(NOON_STATISTIC_GATE) | bit(NOON_STATISTIC_LOSS);
	double most = 0.0;

	if (!noon_guard_is_alarmed(g))
		return 0.0;
	if (!(g->active & ~silent))
		return HUGE_VAL;
	for (unsigned s = 0; s < NOON_STATISTICS; s++)
		if (g->active & ~silent & UINT32_C(1) << s)
			most = fmax(most, fabs(g->delay_ns[s]));
	return most;
}

/* Take note of a statistic beyond its limit, and tell it if it is new. */
static void note(struct noon_guard *g, const struct noon_guard_alarm *a,
		 struct noon_guard_news *ret)
{
	g->found |= bit(a->statistic);
	g->delay_ns[a->statistic] = a->delay_ns;
	if (g->active & bit(a->statistic))
		return;
	g->active |= bit(a->statistic);
	ret->alarm[ret->n++] = *a;
}

/* Compare a statistic of n values with its two limits. */
static void look(struct noon_guard *g, enum noon_statistic s, double value, uint32_t n,
		 double delay, struct noon_guard_news *ret)
{
	const struct noon_guard_limit *l = &g->plan->limit[s];
	const struct noon_guard_alarm a = {
		.statistic = s,
		.value = value,
		.limit = value < l->low ? l->low : l->high,
		.samples = n,
		.delay_ns = delay,
	};

	if (value < l->low || value > l->high)
		note(g, &a, ret);
}

/* D+: how far the batch lies above the calibrated law at most. */
static double ks(const struct noon_law *law, const struct noon_guard_batch *b)
{
	double f0 = 0, most = 0;
	uint32_t below = 0;

	for (size_t i = 0; i < law->n; i++) {
		f0 += law->p[i];
		below += b->count[i];
		most = fmax(most, f0 - (double)below / (double)b->n);
	}
	return most;
}

/* Sums that have been beyond their limit since they were 0, a bit per statistic: what they tell of
 * is not over yet. */
static uint32_t standing(const struct noon_guard *g)
{
	uint32_t ret = 0;

	for (size_t i = 0; i < NOON_GUARD_REFS; i++)
		ret |= g->up[i].stands ? bit(NOON_STATISTIC_CUSUM) : 0;
	for (size_t i = 0; i < NOON_GUARD_LEVELS; i++)
		ret |= g->level[i].stands ? bit(NOON_STATISTIC_EXCEEDANCE) : 0;
	ret |= g->low.stands ? bit(NOON_STATISTIC_CUSUM_LOW) : 0;
	ret |= g->rank.stands ? bit(NOON_STATISTIC_CONFORMAL) : 0;
	return ret | (g->rank_low.stands ? bit(NOON_STATISTIC_CONFORMAL_LOW) : 0);
}

static const uint32_t of_long = UINT32_C(1) << NOON_STATISTIC_MEAN_LONG |
				UINT32_C(1) << NOON_STATISTIC_VARIANCE_LONG |
				UINT32_C(1) << NOON_STATISTIC_KS_LONG;

/* One quiet batch may be chance: few held packets leave some batches alone. So what was found in
 * this batch or the one before it goes on, and the sums that stand. `mask`: those that end now. */
static void settle(struct noon_guard *g, uint32_t mask)
{
	g->active &= ~mask | g->found | g->found_before | standing(g);
	g->found_before = (g->found_before & ~mask) | (g->found & mask);
	g->found &= ~mask;
}

/* End the statistics of long batches when what has come of the next one is nearer to what is
 * expected than to the limit: another long batch would be long to wait. */
static void ease(struct noon_guard *g)
{
	const struct noon_guard_plan *p = g->plan;
	const struct noon_guard_batch *b = &g->whole;
	const struct noon_guard_limit *spread = &p->limit[NOON_STATISTIC_VARIANCE_LONG];
	const double n = (double)b->n, variance = b->sum_sq / n;
	uint32_t over = 0;

	if (!(g->active & of_long) || b->n < 2 * p->batch)
		return;
	if (b->sum / n < (p->limit[NOON_STATISTIC_MEAN_LONG].high - p->centre_ns) / 2.0)
		over |= bit(NOON_STATISTIC_MEAN_LONG);
	if (variance > (spread->low + p->spread_ns2) / 2.0 &&
	    variance < (spread->high + p->spread_ns2) / 2.0)
		over |= bit(NOON_STATISTIC_VARIANCE_LONG);
	/* D+ of few values is large by chance. */
	if (b->n >= 4 * p->batch &&
	    ks(&p->law, b) < p->limit[NOON_STATISTIC_KS_LONG].high * (2.0 / 3.0))
		over |= bit(NOON_STATISTIC_KS_LONG);
	g->active &= ~over;
	g->found_before &= ~over;
}

static void end_batch(struct noon_guard *g, struct noon_guard_news *ret)
{
	const struct noon_guard_batch *b = &g->batch;
	const double n = (double)b->n, shift = b->sum / n;
	const double above_least = b->least_ns - g->plan->law.least_ns;
	uint32_t was_found;

	g->batch_mean_ns = g->plan->centre_ns + shift;
	g->batches++;
	look(g, NOON_STATISTIC_MEAN, g->batch_mean_ns, b->n, shift, ret);
	look(g, NOON_STATISTIC_MEAN_LOW, g->batch_mean_ns, b->n, shift, ret);
	look(g, NOON_STATISTIC_MINIMUM, b->least_ns, b->n, above_least, ret);
	look(g, NOON_STATISTIC_VARIANCE, b->sum_sq / n, b->n, shift, ret);
	look(g, NOON_STATISTIC_KS, ks(&g->plan->law, b), b->n, shift, ret);
	was_found = g->found_before & ~of_long;
	settle(g, ~of_long);
	if (was_found != 0 && (g->found_before & ~of_long) == 0)
		empty(&g->whole); /* it may be over: what comes now decides */
	ease(g);
	new_batch(g);
}

static void end_long(struct noon_guard *g, struct noon_guard_news *ret)
{
	const struct noon_guard_batch *b = &g->whole;
	const double n = (double)b->n, shift = b->sum / n;

	look(g, NOON_STATISTIC_MEAN_LONG, g->plan->centre_ns + shift, b->n, shift, ret);
	look(g, NOON_STATISTIC_VARIANCE_LONG, b->sum_sq / n, b->n, shift, ret);
	look(g, NOON_STATISTIC_KS_LONG, ks(&g->plan->law, b), b->n, shift, ret);
	settle(g, of_long);
	empty(&g->whole);
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

/* Whether a sum comes back as fast as it rises; that of rare values does not. */
static bool is_symmetric(enum noon_statistic s)
{
	return s == NOON_STATISTIC_CUSUM || s == NOON_STATISTIC_CUSUM_LOW;
}

/* A sum after its step, which added n values with a rise. Beyond its limit it is held there: it
 * keeps telling that the change goes on, and needs no longer to come back than it took to get
 * there. One that comes back slowly starts again from 0 when it has not been there for half as long
 * as it took. */
static void follow(struct noon_guard *g, enum noon_statistic which, double h, double rise,
		   uint32_t n, struct noon_guard_sum *u, struct noon_guard_news *ret)
{
	struct noon_guard_alarm a;

	if (u->s <= 0.0 || (u->stands && !is_symmetric(which) && u->quiet > u->took / 2)) {
		*u = (struct noon_guard_sum){0};
		return;
	}
	if (u->n < UINT32_MAX - n) {
		u->rise += rise;
		u->n += n;
		u->quiet += n;
	}
	if (u->s <= h)
		return;
	a = (struct noon_guard_alarm){which, u->s, h, u->n, u->rise / (double)u->n};
	note(g, &a, ret);
	u->s = h;
	u->took = u->stands ? u->took : u->n;
	u->stands = true;
	u->quiet = 0;
}

/* The law may lie higher than the campaign says by the room, or lower. */
static void follow_shifts(struct noon_guard *g, double x, struct noon_guard_news *ret)
{
	const struct noon_guard_plan *p = g->plan;
	const double rise = x - p->centre_ns;

	for (size_t i = 0; i < p->refs; i++) {
		g->up[i].s = noon_cusum_step(&p->cusum[i], g->up[i].s, x - p->room_ns);
		follow(g, NOON_STATISTIC_CUSUM, p->cusum[i].h, rise, 1, &g->up[i], ret);
	}
	if (p->has_low) {
		g->low.s = noon_cusum_step(&p->low, g->low.s, x + p->room_ns);
		follow(g, NOON_STATISTIC_CUSUM_LOW, p->low.h, rise, 1, &g->low, ret);
	}
	for (size_t i = 0; i < NOON_GUARD_LEVELS; i++) {
		const struct noon_guard_level *l = &p->level[i];

		g->level[i].s = fmax(g->level[i].s + (x > l->level_ns ? l->up : l->down), 0.0);
		follow(g, NOON_STATISTIC_EXCEEDANCE, l->h, rise, 1, &g->level[i], ret);
	}
}

static size_t place_of(double sum, uint32_t n)
{
	return (size_t)fmin(sum / n * NOON_GUARD_RANKS, NOON_GUARD_RANKS - 1.0);
}

static void follow_ranks(struct noon_guard *g, double x, struct noon_guard_news *ret)
{
	const struct noon_guard_plan *p = g->plan;
	const struct noon_guard_ranks *r = &p->ranks;

	g->block_up += noon_guard_rank(p, x - p->moved_ns);
	g->block_low += noon_guard_rank(p, x + p->moved_ns);
	g->block_rise += x - p->centre_ns;
	if (++g->block_n < r->block)
		return;
	g->rank.s = fmax(g->rank.s, 0.0) + r->up[place_of(g->block_up, g->block_n)];
	follow(g, NOON_STATISTIC_CONFORMAL, r->h, g->block_rise, g->block_n, &g->rank, ret);
	g->rank_low.s = fmax(g->rank_low.s, 0.0) + r->low[place_of(g->block_low, g->block_n)];
	follow(g, NOON_STATISTIC_CONFORMAL_LOW, r->h, g->block_rise, g->block_n, &g->rank_low, ret);
	g->block_up = g->block_low = g->block_rise = 0.0;
	g->block_n = 0;
}

static void put(const struct noon_guard_plan *p, struct noon_guard_batch *b, double x)
{
	const double d = fmin(x, p->cap_ns) - p->centre_ns;
	const double square = fmin(x, p->top_ns) - p->centre_ns;

	b->n++;
	b->sum += d;
	b->sum_sq += square * square;
	b->least_ns = fmin(b->least_ns, x);
	b->count[cell_of(&p->law, x)]++;
}

/* Look for a change of route while the alarm lasts. */
static void look_for_step(struct noon_guard *g, double x)
{
	const struct noon_guard_plan *p = g->plan;

	if (noon_guard_is_alarmed(g))
		noon_step_take(&g->step, &p->law, x, p->batch, p->batch * NOON_GUARD_LONG / 2,
			       p->limit[NOON_STATISTIC_KS_LONG].high * SAME_SHAPE,
			       p->room_ns + p->law.step_ns);
	else if (g->step.n > 0 || g->step.is_known)
		noon_step_reset(&g->step);
}

bool noon_guard_take(struct noon_guard *g, noon_dur rtt, struct noon_guard_news *ret)
{
	const struct noon_guard_plan *p = g->plan;
	const double x = (double)rtt;

	ret->n = 0;
	g->seen++;
	put(p, &g->batch, x);
	put(p, &g->whole, x);
	if (x > p->gate_ns) {
		g->gated++;
		look(g, NOON_STATISTIC_GATE, g->gated, g->batch.n, x - p->centre_ns, ret);
	}
	follow_shifts(g, x, ret);
	if (p->ranks.block > 0)
		follow_ranks(g, x, ret);
	if (g->batch.n >= p->batch)
		end_batch(g, ret);
	if (g->whole.n >= p->batch * NOON_GUARD_LONG)
		end_long(g, ret);
	look_for_step(g, x);
	return ret->n > 0;
}

bool noon_guard_miss(struct noon_guard *g, struct noon_guard_news *ret)
{
	ret->n = 0;
	g->lost++;
	if (g->batch_lost < UINT32_MAX)
		g->batch_lost++;
	look(g, NOON_STATISTIC_LOSS, g->batch_lost, g->batch.n, 0, ret);
	return ret->n > 0;
}
