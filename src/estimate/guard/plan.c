/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/guard/plan.h"

#include <assert.h>
#include <float.h>
#include <math.h>

#define MOST	   1e9	 /* round trips that are looked for */
#define CAL_PER	   100.0 /* round trips of a calibration for one of a decision */
#define ROUNDING   1e-9
#define SQRT_2_3   0.81649658092772603273
#define ABOVE_MEAN 0.7 /* a quantile beyond 1 - 1/e, and with it beyond the mean */

static bool within(double v, double least, double most)
{
	return v >= least && v <= most;
}

static double count_of(const struct noon_plan_conf *c)
{
	return floor(c->rate_hz * c->period_s * (1.0 + ROUNDING));
}

noon_err noon_plan_check(const struct noon_plan_conf *c)
{
	if (!within(c->limit_ns, 1e-3, 1e15) || !within(c->period_s, 1e-6, 1e9) ||
	    !within(c->clock, 0.0, 1.0) || !within(c->server_ns, 0.0, 1e15) ||
	    !within(c->stamp_ns, 0.0, 1e15) || !within(c->rate_hz, 1e-9, 1e9))
		return NOON_ERR_RANGE;
	if (!within(c->p_d, NOON_PLAN_P_LEAST, NOON_PLAN_P_D_MOST) ||
	    !within(c->p_fa, NOON_PLAN_P_LEAST, 1.0 - DBL_EPSILON) ||
	    !within(c->inflation, 1.0, 1e9) || !within(c->fastest_ns, 0.0, 1e15))
		return NOON_ERR_RANGE;
	for (int i = 0; i < 2; i++) {
		if (!within(c->minimum_ns[i], 0.0, 1e15) ||
		    !within(c->propagation_ns[i], c->minimum_ns[i] * (1.0 - ROUNDING), 1e15))
			return NOON_ERR_RANGE;
	}
	if (!within(c->path_err_ns, 0.0, 1e15) || !(count_of(c) / c->p_fa < NOON_CUSUM_ARL0_MAX))
		return NOON_ERR_RANGE;
	return c->law == NULL ? noon_channel_check(&c->channel) : NOON_OK;
}

double noon_plan_budget_ns(const struct noon_plan_conf *c)
{
	return c->limit_ns - c->server_ns - c->stamp_ns - c->clock * c->period_s * 1e9;
}

double noon_plan_hidden_ns(const struct noon_plan_conf *c, enum noon_plan_way way)
{
	const double *taken = way == NOON_PLAN_BOUND ? c->minimum_ns : c->propagation_ns;

	return fmax(fmax(taken[0], taken[1]) - c->fastest_ns, 0.0);
}

/* The channel with its propagation; what the tests know of the path. */
static struct noon_channel channel_of(const struct noon_plan_conf *c)
{
	struct noon_channel ch = c->channel;

	ch.fixed_ns = c->propagation_ns[0] + c->propagation_ns[1];
	return ch;
}

/* ---- the bound ---- */

/* A measured law has round trips only: then `one_way` is false and the whole is in one piece. */
struct queues {
	const struct noon_plan_work *w;
	bool one_way;
	double room_ns; /* both ways together, for the bound to stay within the budget */
};

static bool same(double a, double b)
{
	return !(a < b) && !(a > b);
}

static bool is_loaded(const struct noon_plan_work *w, const struct noon_channel *c, bool one_way)
{
	const struct noon_channel *of = &w->of;

	return w->loaded && w->one_way == one_way && of->routers == c->routers &&
	       same(of->p_idle, c->p_idle) && same(of->packet_bytes, c->packet_bytes) &&
	       same(of->rate_bps, c->rate_bps);
}

static void make_law(struct noon_plan_work *w, const struct noon_channel *c, bool one_way)
{
	const noon_err err =
		one_way ? noon_law_of_one_way(c, &w->law) : noon_law_of_channel(c, &w->law);

	assert(!err);
	w->of = *c;
	w->one_way = one_way;
	w->loaded = true;
}

/* Propagation only shifts the law of round trips; it is not in that of one way. */
static void shift_law(struct noon_plan_work *w, double fixed_ns)
{
	const double by = w->one_way ? 0.0 : fixed_ns - w->of.fixed_ns;

	w->of.fixed_ns = fixed_ns;
	w->law.x0_ns += by;
	w->law.mean_ns += by;
	w->law.least_ns += by;
	w->law.most_ns += by;
}

/* The channel has been checked. */
static void load_law(struct noon_plan_work *w, const struct noon_plan_conf *c, bool one_way)
{
	const struct noon_channel ch = channel_of(c);

	if (c->law != NULL) {
		w->law = *c->law;
		w->loaded = false;
	} else if (is_loaded(w, &ch, one_way)) {
		shift_law(w, ch.fixed_ns);
	} else {
		make_law(w, &ch, one_way);
	}
}

/* The share of values that a calibration of so many has not seen; they may be anything. */
static double unseen(const struct noon_law *law)
{
	return law->count > 0 ? 1.0 / (double)law->count : 0.0;
}

/* What the propagation takes at most; a measured law contains it. */
static double longest_ns(const struct noon_plan_conf *c)
{
	return c->propagation_ns[0] + c->propagation_ns[1] + 2.0 * c->path_err_ns;
}

static struct queues load_queues(struct noon_plan_work *w, const struct noon_plan_conf *c,
				 double left_ns, bool one_way)
{
	struct queues q = {.w = w, .one_way = one_way && c->law == NULL};

	load_law(w, c, q.one_way);
	/* The half-width is (round trip - m_f - m_r)/2; stamps are in the budget. */
	q.room_ns = 2.0 * left_ns + c->minimum_ns[0] + c->minimum_ns[1];
	if (q.one_way)
		q.room_ns -= longest_ns(c);
	else if (c->law == NULL)
		q.room_ns -= 2.0 * c->path_err_ns;
	w->tail[w->law.n] = 0.0;
	for (size_t k = w->law.n; k-- > 0;)
		w->tail[k] = w->tail[k + 1] + w->law.p[k];
	return q;
}

/* Return P(one value > x), between lattice points by continuity, the first one an atom. */
static double above(const struct queues *q, double x_ns)
{
	const struct noon_law *law = &q->w->law;
	const double u = fmax((x_ns - law->x0_ns) / law->step_ns + 0.5, 1.0);
	const double rare = unseen(law);
	size_t k;

	if (x_ns < law->x0_ns)
		return 1.0;
	if (u >= (double)law->n)
		return rare;
	k = (size_t)u;
	return fmin(rare + (1.0 - rare) * (q->w->tail[k] - (u - (double)k) * law->p[k]), 1.0);
}

/* Return P(the bound is wider than the budget) with n round trips: exactly, by convolving the
 * laws of the two minima; or by the smallest round trip alone. */
static double p_wide(const struct queues *q, double n)
{
	const struct noon_law *law = &q->w->law;
	double sum, before = 1.0;

	if (!q->one_way)
		return pow(above(q, q->room_ns), n);
	if (q->room_ns < 0.0)
		return 1.0;
	sum = pow(above(q, q->room_ns), n);
	for (size_t k = 0; k < law->n; k++) {
		const double x = law->step_ns * (double)k;
		const double after = pow(q->w->tail[k + 1], n);

		if (x > q->room_ns || before <= 0.0)
			break;
		sum += (before - after) * pow(above(q, q->room_ns - x), n);
		before = after;
	}
	return fmin(sum, 1.0);
}

static double need_of_bound(const struct queues *q, double p_fa)
{
	double lo = 0.0, hi = 1.0;

	while (p_wide(q, hi) > p_fa) {
		lo = hi;
		hi *= 2.0;
		if (hi > MOST)
			return HUGE_VAL;
	}
	while (hi - lo > 1.0) {
		const double mid = floor((lo + hi) / 2.0);

		if (p_wide(q, mid) > p_fa)
			lo = mid;
		else
			hi = mid;
	}
	return hi;
}

static double least_p(double p)
{
	return fmax(p, NOON_PLAN_P_LEAST);
}

/* Return by what factor a probability is below its limit, as a logarithm. */
static double log_below(double p, double limit)
{
	return log(limit) - log(least_p(p));
}

static double p_wide_of(struct noon_plan_work *w, const struct noon_plan_conf *c,
			const struct noon_plan_verdict *v)
{
	const struct queues q = load_queues(w, c, v->left_ns, true);

	return v->have > 0.0 ? p_wide(&q, fmin(v->have, MOST)) : 1.0;
}

static void judge_bound(struct noon_plan_work *w, const struct noon_plan_conf *c,
			struct noon_plan_verdict *v)
{
	struct queues q = load_queues(w, c, v->left_ns, true);

	v->need = need_of_bound(&q, c->p_fa);
	v->p_fail = least_p(p_wide_of(w, c, v));
	v->feasible = v->need <= v->have;
	q = load_queues(w, c, v->left_ns, false);
	v->need_single = need_of_bound(&q, c->p_fa);
}

/* ---- the mean test ---- */

/* What the mean test rests on. */
struct basis {
	struct noon_cgf k;
	double cal_sd; /* standard error of the calibrated mean, ns */
};

/* `ch` is borrowed. The error is that of the mean that is tested: of the cells, where what is far
 * out counts as the last one. */
static struct basis basis_of(const struct noon_plan_conf *c, const struct noon_channel *ch)
{
	struct basis b = {.k = c->law != NULL ? noon_cgf_of_law(c->law) : noon_cgf_of_channel(ch)};

	if (c->law != NULL && c->law->count > 0)
		b.cal_sd = b.k.sd_ns * sqrt(c->inflation / (double)c->law->count);
	return b;
}

/* Return false alarms with the round trips there are, and the threshold. */
static double p_fa_of(const struct noon_plan_conf *c, const struct basis *b,
		      const struct noon_plan_verdict *v, double *ret_lambda_ns)
{
	const double n = fmin(v->have, MOST);
	double rare = 0.0;
	struct noon_mean_test t;

	if (noon_mean_test_of(&b->k, n, v->delta_ns, c->p_d, c->inflation, b->cal_sd, &t))
		return 1.0;
	*ret_lambda_ns = t.lambda_ns;
	/* Beyond all that was measured: as often as all of a batch may be values never seen. */
	if (c->law != NULL)
		rare = pow(unseen(c->law), fmax(n / c->inflation, 1.0));
	return fmax(t.p_fa, rare);
}

static void judge_mean(const struct noon_plan_conf *c, struct noon_plan_verdict *v)
{
	const struct noon_channel ch = channel_of(c);
	const struct basis b = basis_of(c, &ch);
	const double rare = c->law != NULL ? unseen(c->law) : 0.0;
	struct noon_mean_test t;

	if (noon_mean_test_size(&b.k, v->delta_ns, c->p_d, c->p_fa, c->inflation, b.cal_sd,
				(unsigned)MOST, &t) == NOON_OK) {
		v->need = t.n;
		if (rare > 0.0)
			v->need = fmax(t.n, ceil(c->inflation * log(c->p_fa) / log(rare)));
		v->lambda_ns = t.lambda_ns;
		v->n_cal = CAL_PER * v->need;
	}
	v->p_fail = least_p(p_fa_of(c, &b, v, &v->lambda_ns));
	/* Where the search missed by one what rounds the other way. */
	if (v->p_fail <= c->p_fa)
		v->need = fmin(v->need, v->have);
	v->feasible = v->need <= v->have;
}

/* ---- the CUSUM ---- */

/* Return the round trips from one false alarm to the next, without their correlation: one alarm in
 * p_fa of all periods. */
static double arl0_of(const struct noon_plan_conf *c, const struct noon_plan_verdict *v)
{
	return fmax(v->have / c->inflation / c->p_fa, 2.0);
}

/* `stamp_ns` bounds the error of one difference, T2 - T1 or T4 - T3, and as such it is taken from
 * the limit. The smoothing of the density wants a standard deviation: that of an error which is
 * uniform within +-e is e / sqrt(3), and a round trip has two of them. */
static double stamp_sd_ns(const struct noon_plan_conf *c)
{
	return c->stamp_ns * SQRT_2_3;
}

/* Return fewer round trips than any test needs that finds such a shift with p_d and alarms without
 * one with p_fa. With the affinity A = sum sqrt(f0 f1) of the two laws, n independent values have
 * A^n, and a decision cannot lower what it has: A^n <= sqrt(p_fa p_d) + sqrt((1 - p_fa)(1 - p_d)).
 */
static double least_need(const struct noon_law *law, double delta_ns, double p_d, double p_fa)
{
	const double u = delta_ns / law->step_ns;
	const size_t i = u < (double)law->n ? (size_t)u : law->n;
	const double f = u - floor(u);
	double sum = 0.0;

	for (size_t k = i; k < law->n; k++) {
		const double near = law->p[k - i], far = k > i ? law->p[k - i - 1] : 0.0;

		sum += sqrt(law->p[k] * ((1.0 - f) * near + f * far));
	}
	if (sum <= 0.0 || sum >= 1.0)
		return sum <= 0.0 ? 0.0 : HUGE_VAL;
	return log(sqrt(p_fa * p_d) + sqrt((1.0 - p_fa) * (1.0 - p_d))) / log(sum);
}

/* Tune the CUSUM into w->cusum, and return the quantile of its delay. `S` is at 0 when an attack
 * begins: wherever else it is, the attack is found no later.
 * With `hurry`, HUGE_VAL or a guess as soon as it is certain to be more than there are. */
static double need_of_cusum(struct noon_plan_work *w, const struct noon_plan_conf *c,
			    const struct noon_plan_verdict *v, bool hurry)
{
	const double arl0 = arl0_of(c, v), own = v->have / c->inflation;
	double need;

	load_law(w, c, false);
	if (hurry && least_need(&w->law, v->delta_ns, c->p_d, own / arl0) > own)
		return HUGE_VAL;
	w->cusum.h = w->cusum.arl0 = 0.0;
	if (noon_cusum_design(&w->chain, &w->law, v->delta_ns, arl0, stamp_sd_ns(c), &w->cusum))
		return HUGE_VAL;
	/* The quantile is between the mean and -ln(1 - p_d) / p_d times it (Barlow, Proschan). */
	if (hurry && c->p_d > ABOVE_MEAN && w->cusum.add > own + 1.0)
		return w->cusum.add * c->inflation * sqrt(-log1p(-c->p_d) / c->p_d);
	if (noon_cusum_within(&w->chain, &w->cusum, &w->law, v->delta_ns, c->p_d, &need))
		return HUGE_VAL;
	need = ceil(need * c->inflation);
	return need <= MOST ? need : HUGE_VAL;
}

static void judge_cusum(struct noon_plan_work *w, const struct noon_plan_conf *c,
			struct noon_plan_verdict *v)
{
	if (v->have < 1.0)
		return;
	v->need = need_of_cusum(w, c, v, false);
	v->h = w->cusum.h;
	v->arl0 = w->cusum.arl0 * c->inflation;
	if (v->need > MOST)
		return;
	v->n_cal = CAL_PER * v->need;
	v->p_fail = least_p(fmin(v->have / v->arl0, 1.0));
	v->feasible = v->need <= v->have;
}

/* ---- the verdict ---- */

/* Return the rise of the round trip that goes with harm (docs/theory.md, (21) and (22)).
 *
 * Let one leg be advanced by s' and the other delayed by x, and the model be wrong by e_AB and
 * e_BA. Known one way, harm is x + e_AB > G, and the round trip rises by x - s' + e_AB + e_BA; by
 * the midpoint it is (x + s' + e_AB - e_BA) / 2 > G. The true path does not undercut the fastest
 * one, so s' <= s + e_BA, with s the hidden advance of the model. The least rise is then G - s or 2
 * (G - s), with the error of the path in place of s where that is larger. A round trip that was not
 * measured may be above its model by 2 e, which must be no alarm. */
static double shift_ns(const struct noon_plan_conf *c, const struct noon_plan_verdict *v)
{
	const double shift = v->left_ns * (c->midpoint ? 2.0 : 1.0);

	return c->law != NULL ? shift : shift - 2.0 * c->path_err_ns;
}

/* Return what is left for each way, and what it fails on already. */
static struct noon_plan_verdict begin(const struct noon_plan_conf *c, enum noon_plan_way way)
{
	struct noon_plan_verdict v = {
		.budget_ns = noon_plan_budget_ns(c),
		.drift_ns = c->clock * c->period_s * 1e9,
		.hidden_ns = noon_plan_hidden_ns(c, way),
		.have = count_of(c),
		.need = HUGE_VAL,
		.p_fail = 1.0,
		.binding = NOON_PLAN_EXCHANGES,
	};

	v.left_ns = v.budget_ns - v.hidden_ns;
	if (v.budget_ns <= 0.0) {
		v.binding = NOON_PLAN_BUDGET;
	} else if (v.left_ns <= 0.0) {
		v.binding = NOON_PLAN_PATH;
	} else if (way == NOON_PLAN_BOUND) {
		v.delta_ns = 2.0 * v.left_ns + c->minimum_ns[0] + c->minimum_ns[1] -
			     (c->law != NULL ? c->law->least_ns : longest_ns(c));
		if (v.delta_ns <= 0.0) {
			v.binding = NOON_PLAN_EXCESS;
			v.need_single = HUGE_VAL;
		}
	} else {
		/* By as much as that it is wrong without an adversary (IV-A3). */
		v.left_ns = fmin(v.left_ns, v.budget_ns - c->path_err_ns);
		v.delta_ns = shift_ns(c, &v);
		if (v.delta_ns <= 0.0)
			v.binding = NOON_PLAN_UNCERTAIN;
	}
	return v;
}

void noon_plan_judge(struct noon_plan_work *w, const struct noon_plan_conf *c,
		     enum noon_plan_way way, struct noon_plan_verdict *ret)
{
	*ret = begin(c, way);
	if (ret->binding != NOON_PLAN_EXCHANGES)
		return;
	if (way == NOON_PLAN_BOUND)
		judge_bound(w, c, ret);
	else if (way == NOON_PLAN_MEAN)
		judge_mean(c, ret);
	else
		judge_cusum(w, c, ret);
}

double noon_plan_margin(struct noon_plan_work *w, const struct noon_plan_conf *c,
			enum noon_plan_way way)
{
	const struct noon_channel ch = channel_of(c);
	struct noon_plan_verdict v = begin(c, way);
	struct basis b;

	if (v.binding != NOON_PLAN_EXCHANGES || v.have < 1.0)
		return -HUGE_VAL;
	if (way == NOON_PLAN_BOUND)
		return log_below(p_wide_of(w, c, &v), c->p_fa);
	if (way == NOON_PLAN_CUSUM)
		return log(v.have / need_of_cusum(w, c, &v, true));
	b = basis_of(c, &ch);
	return log_below(p_fa_of(c, &b, &v, &v.lambda_ns), c->p_fa);
}
