/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan of a guard: which statistic leads, and how large a batch it needs. Each statistic has
 * its share of the demanded false-alarm probability and a law of its own under f0, from which its
 * threshold follows.
 */
#include <math.h>
#include <string.h>

#include "estimate/guard/guard_priv.h"

/* Statistics that share p_fa: MEAN, MEAN_LOW, MINIMUM, both sides of VARIANCE, KS, GATE, MEAN_LONG,
 * both sides of VARIANCE_LONG, KS_LONG, CUSUMs, EXCEEDANCEs, CONFORMAL on both sides, LOSS. */
#define SHARES 15

#define CLIPPED 0.002 /* share of the values, at most, that a shift lifts above the cap */
#define REFUTED 0.02  /* false alarms of a whole campaign that refute its model */
#define STRAIN	1.5   /* more correlation, as often as that refutes it */
#define STRAINS 8
#define OFFSETS 4 /* of the batches that are looked at */

const char *noon_statistic_word(enum noon_statistic s)
{
	static const char *const word[] = {
#define NOON_STATISTIC_WORD(name, text) [NOON_STATISTIC_##name] = (text),
		NOON_STATISTIC_LIST(NOON_STATISTIC_WORD)
#undef NOON_STATISTIC_WORD
	};

	return (unsigned)s < NOON_STATISTICS ? word[s] : "unknown";
}

struct noon_guard_conf noon_guard_conf_default(void)
{
	return (struct noon_guard_conf){.p_d = 0.999, .p_fa = 1e-6, .inflation = 1.0};
}

static bool conf_is_good(const struct noon_guard_conf *c)
{
	return c->shift_ns > 0 && c->shift_ns < 1e18 && c->p_d >= 0.5 && c->p_d < 1.0 &&
	       c->p_fa >= NOON_GUARD_P_FA_MIN && c->p_fa <= 0.1 && c->noise_ns >= 0.0 &&
	       c->noise_ns < 1e18 && c->inflation >= 1.0 && c->inflation <= 1e6 &&
	       c->base_loss >= 0.0 && c->base_loss < 1.0 && c->interval_s >= 0.0 &&
	       (c->batch_max == 0 ||
		(c->batch_max >= NOON_GUARD_BATCH_MIN && c->batch_max <= NOON_GUARD_BATCH_MAX));
}

/* ---- what a campaign is worth ---- */

double noon_guard_own(const struct noon_guard_making *m, const struct noon_inflation *v, double n)
{
	const double by = fmax(noon_inflation_at(v, n), m->p->conf.inflation);

	return fmax(n / (by * m->strain), 1.0);
}

struct noon_inflation noon_guard_inflation(const struct noon_guard_plan *p,
					   const struct noon_campaign *c, struct noon_score score)
{
	struct noon_inflation v = noon_inflation_none();

	if (c != NULL)
		v = noon_inflation_of(c->rtt_ns, c->n, score);
	v.long_run = fmax(v.long_run, p->conf.inflation);
	return v;
}

double noon_guard_worth(const struct noon_law *law, const struct noon_inflation *v)
{
	return law->count > 0 ? (double)law->count / v->long_run : HUGE_VAL;
}

double noon_guard_share_at_most(const struct noon_law *law, const struct noon_inflation *v,
				double share)
{
	const double n = noon_guard_worth(law, v);

	return fmin(share + NOON_GUARD_Z_COUNT * (sqrt(share * (1.0 - share) / n) + 1.0 / n), 1.0);
}

static double clipped(const void *arg, double rtt_ns)
{
	return fmin(rtt_ns, ((const struct noon_guard_plan *)arg)->cap_ns);
}

double noon_guard_rank(const struct noon_guard_plan *p, double rtt_ns)
{
	const double u = (rtt_ns - p->law.x0_ns) / p->law.step_ns + 0.5;
	size_t k;

	if (!(u > 0.0))
		return 0.0;
	if (u >= (double)p->law.n)
		return 1.0;
	k = (size_t)u;
	return fmin(p->ranks.below[k] + p->law.p[k] * (u - (double)k), 1.0);
}

static double rank_of(const void *arg, double rtt_ns)
{
	return noon_guard_rank(arg, rtt_ns);
}

static double is_above(const void *arg, double rtt_ns)
{
	return rtt_ns > *(const double *)arg ? 1.0 : 0.0;
}

/* Where the mean clips its values: so far out that the shift shows in nearly all of them, and no
 * farther, for a rare large value must not weigh more than it has to. A law that is known is not
 * clipped. */
static double cap_of(const struct noon_guard_plan *p)
{
	const double shift = p->conf.shift_ns;

	if (p->law.count == 0)
		return p->top_ns + shift;
	return fmin(fmax(noon_law_quantile(&p->law, 0.5) + 2.0 * shift,
			 noon_law_quantile(&p->law, 1.0 - CLIPPED) + shift),
		    p->top_ns + shift);
}

static void set_centre(struct noon_guard_making *m)
{
	struct noon_guard_plan *p = m->p;
	double mean = 0.0, square = 0.0;

	for (size_t k = 0; k < p->law.n; k++) {
		const double x = p->law.x0_ns + p->law.step_ns * (double)k;
		const double d = fmin(x, p->cap_ns) - p->law.x0_ns;

		mean += p->law.p[k] * d;
		square += p->law.p[k] * d * d;
	}
	p->centre_ns = p->law.x0_ns + mean;
	m->cal_sd = sqrt(fmax(square - mean * mean, 0.0) * m->strain /
			 noon_guard_worth(&p->law, &m->mean));
}

/* A path may be white but for rare states of load: a variance does not feel them, an alarm does.
 * So whatever is looked at counts as correlated as the values far out are. */
static struct noon_inflation worse(const struct noon_guard_making *m, struct noon_inflation v)
{
	return noon_inflation_worse(&m->tail, &v);
}

/* What the statistics have in common: clipping, correlation, room, and the law as far out as the
 * campaign leaves it open. */
static void prepare(struct noon_guard_making *m, const struct noon_campaign *c)
{
	struct noon_guard_plan *p = m->p;
	const double q99 = noon_law_quantile(&p->law, 0.99);
	const double q999 = noon_law_quantile(&p->law, 0.999);
	double n;

	for (size_t k = 0; k < p->law.n; k++)
		p->ranks.below[k + 1] = p->ranks.below[k] + p->law.p[k];
	p->top_ns = noon_law_top_ns(&p->law);
	p->cap_ns = cap_of(p);
	m->tail = noon_guard_inflation(p, c, (struct noon_score){is_above, &q99});
	m->tail = worse(m, noon_guard_inflation(p, c, (struct noon_score){is_above, &q999}));
	m->mean = worse(m, noon_guard_inflation(p, c, (struct noon_score){clipped, p}));
	m->rank = worse(m, noon_guard_inflation(p, c, (struct noon_score){rank_of, p}));
	n = noon_guard_worth(&p->law, &m->tail);
	noon_law_doubted(&p->law, NOON_LAW_HEAVIER, p->cap_ns, n, &m->w->heavy);
	/* What the shift lifts above the cap counts as the cap. */
	noon_law_doubted(&p->law, NOON_LAW_LIGHTER, p->cap_ns - p->conf.shift_ns, n, &m->w->light);
	m->heavy = noon_mean_law_of(&m->w->heavy, &m->w->convolve);
	m->light = noon_mean_law_of(&m->w->light, &m->w->convolve);
	set_centre(m);
	m->moved = c != NULL ? c->moved_ns : 0.0;
	p->room_ns = NOON_GUARD_Z_COUNT * m->cal_sd + m->moved;
}

/* ---- the batch ---- */

/* The mean test for a batch. p_d holds where the calibrated mean is too large, p_fa where it is too
 * small by the room. */
static struct noon_mean_test mean_test(const struct noon_guard_making *m, unsigned n)
{
	const struct noon_guard_conf *c = &m->p->conf;
	const double own = noon_guard_own(m, &m->mean, n);
	struct noon_mean_test t = {.n = n, .delta_ns = c->shift_ns, .p_d = c->p_d};

	t.lambda_ns = c->shift_ns + noon_mean_law_isf(&m->light, own, c->p_d) -
		      noon_normal_isf(1.0 - c->p_d) * m->cal_sd - m->moved;
	t.p_fa = noon_mean_law_sf(&m->heavy, own, t.lambda_ns - m->p->room_ns);
	return t;
}

/* Whether the smallest of n values is above the edge as seldom as is wanted. */
static bool minimum_is_enough(const struct noon_guard_making *m, double n)
{
	return noon_guard_own(m, &m->rank, n) * log1p(-m->p->bottom) <= log(m->alpha);
}

static bool mean_is_enough(const struct noon_guard_making *m, double n)
{
	return mean_test(m, (unsigned)n).p_fa <= m->alpha;
}

/* Return the smallest n up to `most` that is enough; inf if none is. */
static double smallest(const struct noon_guard_making *m, double most,
		       bool (*is_enough)(const struct noon_guard_making *m, double n))
{
	double lo = 0.0, hi = 1.0; /* lo is too few */

	while (!is_enough(m, hi)) {
		if (hi >= most)
			return HUGE_VAL;
		lo = hi;
		hi = fmin(2.0 * hi, most);
	}
	while (hi - lo > 1.0) {
		const double mid = floor((lo + hi) / 2.0);

		if (is_enough(m, mid))
			hi = mid;
		else
			lo = mid;
	}
	return hi;
}

/* The bottom mass that a shift by delta leaves empty, less what the calibration may be wrong by.
 * The values jitter by the stamps, and the path moves. Below the least value of a campaign others
 * may come: as far as the lowest hundredth reaches, as with the gate at the other end. */
static double bottom_mass(const struct noon_guard_making *m, double *ret_edge)
{
	const struct noon_guard_conf *c = &m->p->conf;
	const struct noon_law *law = &m->p->law;
	double a, n;

	*ret_edge = law->least_ns + c->shift_ns - NOON_GUARD_Z_STAMP * c->noise_ns - m->moved;
	if (law->count > 0)
		*ret_edge -= noon_law_quantile(law, 0.01) - law->least_ns;
	a = noon_law_cdf(law, *ret_edge - m->moved);
	n = noon_guard_worth(law, &m->rank);
	a -= NOON_GUARD_Z_COUNT * sqrt(a * (1.0 - a) / n);
	if (law->count > 0)
		a = fmin(a, 1.0 - NOON_GUARD_Z_COUNT / n);
	return fmin(fmax(a, 0.0), 1.0);
}

/* Choose the statistic that needs fewer values, and the batch (theory, section 3.2). */
static void choose(struct noon_guard_making *m)
{
	struct noon_guard_plan *p = m->p;
	const double most = p->conf.batch_max > 0 ? p->conf.batch_max : NOON_GUARD_BATCH_MAX;
	double edge, need;

	p->bottom = bottom_mass(m, &edge);
	p->needs_minimum = smallest(m, 1e9, minimum_is_enough);
	p->needs_mean = smallest(m, most, mean_is_enough);
	p->leads = p->needs_minimum <= p->needs_mean ? NOON_STATISTIC_MINIMUM : NOON_STATISTIC_MEAN;
	p->regime = p->leads == NOON_STATISTIC_MINIMUM ? NOON_REGIME_EDGE : NOON_REGIME_BELL;
	need = fmin(p->needs_mean, p->needs_minimum);
	p->feasible = need <= most;
	p->batch = p->feasible ? (unsigned)fmax(need, NOON_GUARD_BATCH_MIN) : (unsigned)most;
	p->mean = mean_test(m, p->batch);
	p->groups = m->tail.long_run;
	p->inflation = p->batch / noon_guard_own(m, &m->mean, p->batch);
	/* Too few values for its share of p_fa? Then the minimum never alarms. */
	p->limit[NOON_STATISTIC_MINIMUM] =
		(struct noon_guard_limit){-HUGE_VAL, p->needs_minimum > p->batch ? HUGE_VAL : edge};
}

/* Whether batches of the campaign itself pass limits that they pass once in 50 campaigns, if the
 * model is right. No variance tells how often a state of load lasts three times as long as usual.
 */
static bool is_refuted(const struct noon_guard_making *m, const struct noon_campaign *c)
{
	struct noon_guard_making trial = *m;
	struct noon_guard *g = &m->w->replay;
	const double p_fa = REFUTED * m->p->batch / (double)c->n;
	struct noon_guard_news news;

	m->w->trial = *m->p;
	trial.p = &m->w->trial;
	trial.alpha = fmax(p_fa, m->p->conf.p_fa) / SHARES;
	trial.p->mean.p_fa = HUGE_VAL; /* the limit by p_fa, not the one by p_d */
	trial.p->mean.lambda_ns = -HUGE_VAL;
	noon_guard_set_limits(&trial, c);
	for (size_t k = 0; k < OFFSETS; k++) {
		noon_guard_init(g, trial.p);
		for (size_t i = k * m->p->batch / OFFSETS; i < c->n; i++)
			if (noon_guard_take(g, c->rtt_ns[i], &news))
				return true;
	}
	return false;
}

noon_err noon_guard_plan_make(struct noon_guard_work *w, const struct noon_law *law,
			      const struct noon_guard_conf *conf, struct noon_guard_plan *ret)
{
	struct noon_guard_making m = {.w = w, .p = ret, .alpha = conf->p_fa / SHARES, .strain = 1};
	const struct noon_campaign *c = conf->campaign;

	if (!conf_is_good(conf) || law->n == 0 || !(law->sd_ns >= 0.0))
		return NOON_ERR_RANGE;
	memset(ret, 0, sizeof(*ret));
	ret->conf = *conf;
	ret->conf.campaign = NULL;
	ret->law = *law;
	for (int i = 0;; i++) {
		prepare(&m, c);
		choose(&m);
		noon_guard_set_limits(&m, c);
		if (c == NULL || i == STRAINS || !is_refuted(&m, c))
			break;
		m.strain *= STRAIN;
	}
	noon_guard_set_sums(&m, c);
	return NOON_OK;
}

size_t noon_guard_plan_needed(const struct noon_guard_plan *p, const struct noon_campaign *c)
{
	const size_t batches = noon_campaign_needed(c, p->batch);
	/* The least campaign has ten values above the 99th percentile; where they come in groups,
	 * ten groups: fewer do not tell how long and how often a state of load is. */
	const double groups = ceil(p->groups * NOON_CAMPAIGN_MIN);

	return (double)batches < groups ? (size_t)groups : batches;
}

noon_err noon_guard_plan_judged(struct noon_guard_work *w, const struct noon_law *law,
				const struct noon_guard_conf *conf, struct noon_guard_plan *ret,
				size_t *ret_needed)
{
	const struct noon_campaign *c = conf->campaign;
	noon_err err;

	if (noon_campaign_drifts(c, conf->shift_ns))
		return NOON_ERR_STATE;
	err = noon_guard_plan_make(w, law, conf, ret);
	if (err)
		return err;
	*ret_needed = noon_guard_plan_needed(ret, c);
	return c->n < *ret_needed ? NOON_ERR_EMPTY : NOON_OK;
}
