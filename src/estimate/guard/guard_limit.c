/* SPDX-License-Identifier: Apache-2.0
 *
 * Limits of the statistics of batches.
 */
#include <math.h>
#include <string.h>

#include "estimate/guard/guard_priv.h"

#define LOSSES_MOST 10000000 /* counted for a limit */
#define SHARE_MOST  0.5

/* ---- counts ---- */

/* Return the smallest k with P(binomial(n, p) > k) <= alpha. */
static double binomial_limit(unsigned n, double p, double alpha)
{
	const double odds = p / (1.0 - p);
	double log_pmf = (double)n * log(p); /* of n, and then downwards */
	double tail = 0;

	if (p <= 0.0)
		return 0;
	for (unsigned k = n; k > 0; k--) {
		tail += exp(log_pmf);
		if (tail > alpha)
			return (double)k;
		log_pmf += log((double)k / (double)(n - k + 1)) - log(odds);
	}
	return 0;
}

/* Return the smallest k with P(more than k are lost before n come) <= alpha, at a loss of p: a
 * batch lasts until it has its values, however many are lost meanwhile. */
static double loss_limit(unsigned n, double p, double alpha)
{
	double log_pmf = (double)n * log1p(-p); /* of k */
	unsigned k = 0;

	if (p <= 0.0)
		return 0;
	for (; k < LOSSES_MOST; k++) {
		const double next = p * (double)(n + k + 1) / ((double)k + 2.0);

		/* From here on each is at most `next` of the one before. */
		log_pmf += log(p * (double)(n + k) / ((double)k + 1.0));
		if (next < 1.0 && exp(log_pmf) / (1.0 - next) <= alpha)
			break;
	}
	return (double)k;
}

static double count_above(const struct noon_guard_plan *p, const struct noon_campaign *c)
{
	double n = 0.0;

	if (c == NULL)
		return p->law.beyond * (double)p->law.count;
	for (size_t i = 0; i < c->n; i++)
		n += (double)c->rtt_ns[i] > p->gate_ns ? 1.0 : 0.0;
	return n;
}

/* Above the gate is what lies as far above the top of the law as its upper hundredth is wide: no
 * single value of a campaign can move it. As many as were seen there are expected. They come in
 * groups: each counts for as many as the inflation says. */
static void limit_gate(struct noon_guard_making *m, const struct noon_campaign *c)
{
	struct noon_guard_plan *p = m->p;
	const double own = ceil(noon_guard_own(m, &m->tail, p->batch));
	double count = (double)p->law.count;

	p->gate_ns = p->law.most_ns + NOON_GUARD_Z_STAMP * p->conf.noise_ns + m->moved;
	if (p->law.count > 0) {
		p->gate_ns = p->top_ns + NOON_GUARD_Z_STAMP * p->conf.noise_ns + m->moved +
			     (p->top_ns - noon_law_quantile(&p->law, 0.99));
		p->gate_share =
			fmin(noon_guard_share_at_most(&p->law, &m->tail, count_above(p, c) / count),
			     SHARE_MOST);
	}
	p->limit[NOON_STATISTIC_GATE] = (struct noon_guard_limit){
		-HUGE_VAL,
		floor(binomial_limit((unsigned)own, p->gate_share, m->alpha) * p->batch / own)};
}

static struct noon_guard_limit limit_ks(const struct noon_guard_making *m, double n, double alpha)
{
	const double law = 1.0 / noon_guard_worth(&m->p->law, &m->rank);
	const double own = noon_guard_own(m, &m->rank, n);

	return (struct noon_guard_limit){-HUGE_VAL, sqrt(-log(alpha) / 2.0 * (1.0 / own + law))};
}

/* ---- moments ---- */

static double square(const void *arg, double rtt_ns)
{
	const struct noon_guard_plan *p = arg;
	const double d = fmin(rtt_ns, p->top_ns) - p->centre_ns;

	return d * d;
}

/* Compute the law of Y = (X - centre)^2: the mean squared deviation is the mean of Y. */
static void square_law(const struct noon_guard_plan *p, const struct noon_law *of,
		       struct noon_law *ret)
{
	double most = 0.0, mean = 0.0;

	memset(ret, 0, sizeof(*ret));
	for (size_t k = 0; k < of->n; k++)
		if (of->p[k] > 0.0)
			most = fmax(most, square(p, of->x0_ns + of->step_ns * (double)k));
	ret->n = NOON_LAW_MAX;
	ret->step_ns = fmax(most, 1e-9) / (double)(NOON_LAW_MAX - 1);
	ret->most_ns = most;
	for (size_t k = 0; k < of->n; k++) {
		const double y = square(p, of->x0_ns + of->step_ns * (double)k);
		const double u = fmin(y / ret->step_ns, (double)(NOON_LAW_MAX - 1));
		const size_t i = (size_t)fmin(u, (double)(NOON_LAW_MAX - 2));

		ret->p[i] += of->p[k] * (1.0 - (u - (double)i));
		ret->p[i + 1] += of->p[k] * (u - (double)i);
		mean += of->p[k] * y;
	}
	ret->mean_ns = mean;
}

/* Set both sides of the variance of n values. */
static void limit_variance(struct noon_guard_making *m, const struct noon_inflation *v, double n,
			   double alpha, struct noon_guard_limit *ret)
{
	struct noon_guard_plan *p = m->p;
	const double own = noon_guard_own(m, v, n);
	const double worth = noon_guard_worth(&p->law, v);
	const double stamps = p->conf.noise_ns * p->conf.noise_ns;
	struct noon_mean_law of;
	double room;

	noon_law_doubted(&p->law, NOON_LAW_HEAVIER, p->top_ns, noon_guard_worth(&p->law, &m->tail),
			 &m->w->light);
	square_law(p, &m->w->light, &m->w->square);
	of = noon_mean_law_of(&m->w->square, &m->w->convolve);
	room = NOON_GUARD_Z_COUNT * of.cgf.sd_ns / sqrt(worth);
	ret->high = noon_mean_law_isf(&of, own, alpha) + room + stamps + m->moved * m->moved;
	square_law(p, &p->law, &m->w->square);
	p->spread_ns2 = m->w->square.mean_ns;
	of = noon_mean_law_of(&m->w->square, &m->w->convolve);
	room = NOON_GUARD_Z_COUNT * of.cgf.sd_ns / sqrt(worth);
	ret->low = noon_mean_law_isf(&of, own, 1.0 - alpha) - room;
}

static void limit_means(struct noon_guard_making *m, double alpha_long)
{
	struct noon_guard_plan *p = m->p;
	const double n = p->batch, whole = n * NOON_GUARD_LONG;
	const double own = noon_guard_own(m, &m->mean, n);
	const double own_long = noon_guard_own(m, &m->mean, whole);
	double *high = &p->limit[NOON_STATISTIC_MEAN].high;

	/* p_d wants lambda low; where the batch is too small for both, p_fa is kept. */
	*high = p->mean.lambda_ns;
	if (p->mean.p_fa > m->alpha)
		*high = fmax(*high, noon_mean_law_isf(&m->heavy, own, m->alpha) + p->room_ns);
	p->limit[NOON_STATISTIC_MEAN].low = -HUGE_VAL;
	p->limit[NOON_STATISTIC_MEAN_LOW] = (struct noon_guard_limit){
		noon_mean_law_isf(&m->light, own, 1.0 - m->alpha) - p->room_ns, HUGE_VAL};
	p->limit[NOON_STATISTIC_MEAN_LONG] = (struct noon_guard_limit){
		-HUGE_VAL, noon_mean_law_isf(&m->heavy, own_long, alpha_long) + p->room_ns};
}

/* U_model of the statistic that leads (docs/theory.md, (10) to (12)): what the law leaves open of
 * an honest batch, but for its share of p_fa, and what the calibration may be wrong by. */
static double model_of(const struct noon_guard_making *m)
{
	const struct noon_guard_plan *p = m->p;
	const double own = noon_guard_own(m, &m->mean, p->batch);
	double least;

	if (p->leads == NOON_STATISTIC_MEAN)
		return fmax(noon_mean_law_isf(&m->heavy, own, m->alpha) - p->centre_ns,
			    p->centre_ns - noon_mean_law_isf(&m->light, own, 1.0 - m->alpha)) +
		       p->room_ns;
	/* The smallest of n is above x with (1 - F(x))^n. */
	least = noon_law_quantile(
			&p->law, 1.0 - pow(m->alpha, 1.0 / noon_guard_own(m, &m->rank, p->batch))) -
		p->law.least_ns;
	if (p->law.count > 0)
		least += noon_law_quantile(&p->law, 0.01) - p->law.least_ns;
	return least + p->law.step_ns + m->moved;
}

void noon_guard_set_limits(struct noon_guard_making *m, const struct noon_campaign *c)
{
	struct noon_guard_plan *p = m->p;
	/* A long batch ends that much more seldom. */
	const double alpha_long = fmin(m->alpha * NOON_GUARD_LONG, 0.1);
	const double whole = (double)p->batch * NOON_GUARD_LONG;
	const struct noon_inflation v = noon_guard_inflation(p, c, (struct noon_score){square, p});

	limit_means(m, alpha_long);
	p->model_ns = model_of(m);
	p->limit[NOON_STATISTIC_KS] = limit_ks(m, p->batch, m->alpha);
	p->limit[NOON_STATISTIC_KS_LONG] = limit_ks(m, whole, alpha_long);
	limit_gate(m, c);
	p->limit[NOON_STATISTIC_LOSS] = (struct noon_guard_limit){
		-HUGE_VAL, loss_limit(p->batch, p->conf.base_loss, m->alpha)};
	/* These overwrite the lighter law. */
	limit_variance(m, &v, p->batch, m->alpha, &p->limit[NOON_STATISTIC_VARIANCE]);
	limit_variance(m, &v, whole, alpha_long, &p->limit[NOON_STATISTIC_VARIANCE_LONG]);
}
