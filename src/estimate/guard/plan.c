/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/guard/plan.h"

#include <assert.h>
#include <math.h>

#define MOST	 1e9   /* round trips that are looked for */
#define CAL_PER	 100.0 /* round trips of a calibration for one of a decision */
#define STEPS	 24    /* of a search, by the logarithm */
#define SCAN	 16
#define FINE	 1e-3
#define ROUNDING 1e-9

static bool within(double v, double least, double most)
{
	return v >= least && v <= most;
}

noon_err noon_plan_check(const struct noon_plan_conf *c)
{
	if (!within(c->limit_ns, 1e-3, 1e15) || !within(c->period_s, 1e-6, 1e9) ||
	    !within(c->clock, 0.0, 1.0) || !within(c->server_ns, 0.0, 1e15) ||
	    !within(c->stamp_ns, 0.0, 1e15) || !within(c->rate_hz, 1e-9, 1e9))
		return NOON_ERR_RANGE;
	if (!(c->p_d > 0.0 && c->p_d < 1.0) || !(c->p_fa > 0.0 && c->p_fa < 1.0) ||
	    !within(c->inflation, 1.0, 1e9) || !within(c->fastest_ns, 0.0, 1e15))
		return NOON_ERR_RANGE;
	for (int i = 0; i < 2; i++) {
		if (!within(c->minimum_ns[i], 0.0, 1e15) ||
		    !within(c->propagation_ns[i], c->minimum_ns[i] * (1.0 - ROUNDING), 1e15))
			return NOON_ERR_RANGE;
	}
	if (!within(c->path_err_ns, 0.0, 1e15))
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

static double count_of(const struct noon_plan_conf *c)
{
	return floor(c->rate_hz * c->period_s * (1.0 + ROUNDING));
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

/* The channel has been checked. */
static void load_law(struct noon_plan_work *w, const struct noon_plan_conf *c, bool one_way)
{
	const struct noon_channel ch = channel_of(c);
	noon_err err = NOON_OK;

	if (c->law != NULL)
		w->law = *c->law;
	else if (one_way)
		err = noon_law_of_one_way(&ch, &w->law);
	else
		err = noon_law_of_channel(&ch, &w->law);
	assert(!err);
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
	size_t k;

	if (x_ns < law->x0_ns)
		return 1.0;
	if (u >= (double)law->n)
		return 0.0;
	k = (size_t)u;
	return fmin(q->w->tail[k] - (u - (double)k) * law->p[k], 1.0);
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

static void judge_bound(struct noon_plan_work *w, const struct noon_plan_conf *c,
			struct noon_plan_verdict *v)
{
	struct queues q = load_queues(w, c, v->left_ns, true);

	v->delta_ns = 2.0 * v->left_ns + c->minimum_ns[0] + c->minimum_ns[1] -
		      (c->law != NULL ? c->law->least_ns : longest_ns(c));
	if (v->delta_ns <= 0.0) {
		v->binding = NOON_PLAN_EXCESS;
		v->need = v->need_single = HUGE_VAL;
		return;
	}
	v->need = need_of_bound(&q, c->p_fa);
	v->p_fail = v->have > 0.0 ? p_wide(&q, v->have) : 1.0;
	v->feasible = v->need <= v->have;
	q = load_queues(w, c, v->left_ns, false);
	v->need_single = need_of_bound(&q, c->p_fa);
}

/* ---- the tests ---- */

static void judge_mean(const struct noon_plan_conf *c, struct noon_plan_verdict *v)
{
	const struct noon_channel ch = channel_of(c);
	const struct noon_cgf k =
		c->law != NULL ? noon_cgf_of_law(c->law) : noon_cgf_of_channel(&ch);
	const double cal_sd = c->law != NULL && c->law->count > 0
				      ? k.sd_ns * sqrt(c->inflation / (double)c->law->count)
				      : 0.0;
	struct noon_mean_test t;

	v->need = HUGE_VAL;
	if (noon_mean_test_size(&k, v->delta_ns, c->p_d, c->p_fa, c->inflation, cal_sd,
				(unsigned)MOST, &t) == NOON_OK) {
		v->need = t.n;
		v->lambda_ns = t.lambda_ns;
		v->n_cal = CAL_PER * t.n;
	}
	v->p_fail = 1.0;
	if (noon_mean_test_of(&k, v->have, v->delta_ns, c->p_d, c->inflation, cal_sd, &t) ==
	    NOON_OK) {
		v->lambda_ns = t.lambda_ns;
		v->p_fail = t.p_fa;
	}
	v->feasible = v->need <= v->have;
}

/* One false alarm in p_fa of all periods is one in have / p_fa round trips. */
static void judge_cusum(struct noon_plan_work *w, const struct noon_plan_conf *c,
			struct noon_plan_verdict *v)
{
	v->need = HUGE_VAL;
	v->p_fail = 1.0;
	if (v->have < 1.0)
		return;
	v->arl0 = fmin(v->have / c->inflation / c->p_fa, 1e17);
	load_law(w, c, false);
	if (noon_cusum_design(&w->chain, &w->law, v->delta_ns, fmax(v->arl0, 2.0), c->stamp_ns,
			      &w->cusum))
		return;
	v->h = w->cusum.h;
	v->arl0 = w->cusum.arl0 * c->inflation;
	if (noon_cusum_within(&w->chain, &w->cusum, &w->law, v->delta_ns, c->p_d, &v->need))
		return;
	v->need = ceil(v->need * c->inflation);
	v->n_cal = CAL_PER * v->need;
	v->p_fail = fmin(v->have / v->arl0, 1.0);
	v->feasible = v->need <= v->have;
}

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

static void judge_test(struct noon_plan_work *w, const struct noon_plan_conf *c,
		       enum noon_plan_way way, struct noon_plan_verdict *v)
{
	v->delta_ns = shift_ns(c, v);
	if (v->delta_ns <= 0.0)
		v->binding = NOON_PLAN_UNCERTAIN;
	else if (way == NOON_PLAN_MEAN)
		judge_mean(c, v);
	else
		judge_cusum(w, c, v);
}

void noon_plan_judge(struct noon_plan_work *w, const struct noon_plan_conf *c,
		     enum noon_plan_way way, struct noon_plan_verdict *ret)
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
		judge_bound(w, c, &v);
	} else {
		/* By as much as that it is wrong without an adversary (IV-A3). */
		v.left_ns = fmin(v.left_ns, v.budget_ns - c->path_err_ns);
		judge_test(w, c, way, &v);
	}
	*ret = v;
}

/* ---- changes ---- */

/* Return the field of a parameter that is one. */
static double *field_of(struct noon_plan_conf *c, enum noon_plan_param param)
{
	switch (param) {
	case NOON_PLAN_LIMIT:
		return &c->limit_ns;
	case NOON_PLAN_PERIOD:
		return &c->period_s;
	case NOON_PLAN_CLOCK:
		return &c->clock;
	case NOON_PLAN_SERVER:
		return &c->server_ns;
	case NOON_PLAN_STAMP:
		return &c->stamp_ns;
	case NOON_PLAN_RATE:
		return &c->rate_hz;
	case NOON_PLAN_P_D:
		return &c->p_d;
	case NOON_PLAN_P_FA:
		return &c->p_fa;
	case NOON_PLAN_PATH_ERR:
		return &c->path_err_ns;
	case NOON_PLAN_FASTEST:
		return &c->fastest_ns;
	case NOON_PLAN_P_IDLE:
		return &c->channel.p_idle;
	case NOON_PLAN_PACKET:
		return &c->channel.packet_bytes;
	case NOON_PLAN_LINK_RATE:
		return &c->channel.rate_bps;
	case NOON_PLAN_SURPLUS:
	case NOON_PLAN_LENGTH:
	case NOON_PLAN_ROUTERS:
		break;
	}
	assert(false); /* those are not one field each */
	return NULL;
}

double noon_plan_get(const struct noon_plan_conf *c, enum noon_plan_param param)
{
	struct noon_plan_conf copy = *c;

	if (param == NOON_PLAN_ROUTERS)
		return c->channel.routers;
	if (param == NOON_PLAN_SURPLUS)
		return c->propagation_ns[0] + c->propagation_ns[1] - c->minimum_ns[0] -
		       c->minimum_ns[1];
	if (param == NOON_PLAN_LENGTH)
		return c->propagation_ns[0];
	return *field_of(&copy, param);
}

static void scale_path(struct noon_plan_conf *c, double factor)
{
	c->fastest_ns *= factor;
	for (int i = 0; i < 2; i++) {
		c->minimum_ns[i] *= factor;
		c->propagation_ns[i] *= factor;
	}
}

static void set(struct noon_plan_conf *c, enum noon_plan_param param, double v)
{
	const double was = noon_plan_get(c, NOON_PLAN_SURPLUS);

	if (param == NOON_PLAN_ROUTERS) {
		c->channel.routers = (unsigned)fmax(floor(v), 1.0);
	} else if (param == NOON_PLAN_SURPLUS) {
		/* The minima come closer to what is there. */
		for (int i = 0; i < 2 && was > 0.0; i++)
			c->minimum_ns[i] = c->propagation_ns[i] -
					   (c->propagation_ns[i] - c->minimum_ns[i]) * v / was;
	} else if (param == NOON_PLAN_LENGTH) {
		scale_path(c, v / fmax(c->propagation_ns[0], 1e-9));
	} else {
		*field_of(c, param) = v;
	}
}

/* The way a parameter helps. */
struct direction {
	double end;
	bool linear; /* interpolation; else geometric */
};

static struct direction direction_of(const struct noon_plan_conf *c, enum noon_plan_param param)
{
	const double v = noon_plan_get(c, param);

	switch (param) {
	case NOON_PLAN_LIMIT:
	case NOON_PLAN_RATE:
		return (struct direction){v * 1e6, false};
	case NOON_PLAN_LINK_RATE:
		return (struct direction){v * 1e4, false};
	case NOON_PLAN_P_FA:
		return (struct direction){0.5, false};
	case NOON_PLAN_PACKET:
		return (struct direction){fmin(v, 64.0), false};
	case NOON_PLAN_FASTEST:
		return (struct direction){fmax(fmax(c->propagation_ns[0], c->propagation_ns[1]), v),
					  true};
	case NOON_PLAN_ROUTERS:
		return (struct direction){1.0, true};
	case NOON_PLAN_P_D:
		return (struct direction){0.5, true};
	case NOON_PLAN_P_IDLE:
		return (struct direction){0.999, true};
	case NOON_PLAN_CLOCK:
	case NOON_PLAN_SERVER:
	case NOON_PLAN_STAMP:
	case NOON_PLAN_SURPLUS:
	case NOON_PLAN_PATH_ERR:
	case NOON_PLAN_LENGTH:
	case NOON_PLAN_PERIOD:
		break;
	}
	return (struct direction){0.0, true};
}

static double towards(double from, struct direction d, double part)
{
	if (d.linear)
		return from + (d.end - from) * part;
	return from * pow(d.end / from, part);
}

static bool works(struct noon_plan_work *w, const struct noon_plan_conf *c, enum noon_plan_way way,
		  enum noon_plan_param param, double value)
{
	struct noon_plan_conf changed = *c;
	struct noon_plan_verdict v;

	set(&changed, param, value);
	if (noon_plan_check(&changed) != NOON_OK)
		return false;
	noon_plan_judge(w, &changed, way, &v);
	return v.feasible;
}

static bool may_change(const struct noon_plan_conf *c, enum noon_plan_way way,
		       enum noon_plan_param param)
{
	if (param >= NOON_PLAN_LENGTH && c->law != NULL)
		return false;
	if (way == NOON_PLAN_BOUND)
		return param != NOON_PLAN_P_D;
	if (way == NOON_PLAN_CUSUM && param == NOON_PLAN_P_D)
		return false;
	return param != NOON_PLAN_SURPLUS;
}

/* The period cuts both ways: less drift, but fewer round trips. The nearest value is taken. */
static noon_err change_period(struct noon_plan_work *w, const struct noon_plan_conf *c,
			      enum noon_plan_way way, double *ret)
{
	for (int i = 1; i <= 2 * SCAN; i++) {
		const double factor = pow(2.0, i / 2.0);
		const double near = pow(2.0, (i - 1) / 2.0);

		for (int up = 0; up < 2; up++) {
			double bad = c->period_s * (up != 0 ? near : 1.0 / near);
			double good = c->period_s * (up != 0 ? factor : 1.0 / factor);

			if (!works(w, c, way, NOON_PLAN_PERIOD, good))
				continue;
			for (int k = 0; k < STEPS / 3; k++) {
				const double mid = sqrt(bad * good);

				if (works(w, c, way, NOON_PLAN_PERIOD, mid))
					good = mid;
				else
					bad = mid;
			}
			*ret = good;
			return NOON_OK;
		}
	}
	return NOON_ERR_NOT_FOUND;
}

noon_err noon_plan_change(struct noon_plan_work *w, const struct noon_plan_conf *c,
			  enum noon_plan_way way, enum noon_plan_param param, double *ret)
{
	const double from = noon_plan_get(c, param);
	const struct direction d = direction_of(c, param);
	double bad = 0.0, good = 1.0, value;

	if (!may_change(c, way, param))
		return NOON_ERR_NOT_FOUND;
	if (param == NOON_PLAN_PERIOD)
		return change_period(w, c, way, ret);
	if (!works(w, c, way, param, d.end))
		return NOON_ERR_NOT_FOUND;
	for (int i = 0; i < STEPS && good - bad > FINE * good; i++) {
		const double mid = (bad + good) / 2.0;

		if (works(w, c, way, param, towards(from, d, mid)))
			good = mid;
		else
			bad = mid;
	}
	value = towards(from, d, good);
	*ret = param == NOON_PLAN_ROUTERS ? floor(value) : value;
	return NOON_OK;
}
