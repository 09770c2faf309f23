/* SPDX-License-Identifier: Apache-2.0
 *
 * Thresholds of the guard. Each statistic has its share of the demanded false-alarm probability
 * and a law of its own under f0, from which the threshold follows.
 */
#include <math.h>
#include <string.h>

#include "estimate/guard/guard.h"

/* Statistics that share p_fa: all but the two that never alarm at once with their counterpart.
 * MEAN and MINIMUM, MEAN_LOW, both sides of VARIANCE, KS, GATE, CUSUMs, LOSS. */
#define SHARES 9

/* Standard errors granted to what a calibration counted. */
#define Z_COUNT 3.0
/* Standard deviations of the stamps granted to a single value. */
#define Z_STAMP 6.0

#define LOSSES_MOST 10000000 /* counted for a limit */

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

/* The mean squared deviation is the mean of Y = (X - centre)^2: the same machinery on another law.
 */
struct square {
	const struct noon_law *law;
	double centre_ns;
	double mean; /* of Y */
};

static double square_at(const struct square *q, size_t cell)
{
	const double d = q->law->x0_ns + (double)cell * q->law->step_ns - q->centre_ns;

	return d * d - q->mean;
}

static double square_cgf(const void *of, double t, double *ret_k1, double *ret_k2)
{
	const struct square *q = of;
	double top = -HUGE_VAL;
	double m0 = 0, m1 = 0, m2 = 0;

	for (size_t i = 0; i < q->law->n; i++)
		if (q->law->p[i] > 0.0)
			top = fmax(top, t * square_at(q, i));
	for (size_t i = 0; i < q->law->n; i++) {
		const double y = square_at(q, i);
		const double w = q->law->p[i] * exp(t * y - top);

		m0 += w;
		m1 += w * y;
		m2 += w * y * y;
	}
	*ret_k1 = m1 / m0;
	*ret_k2 = m2 / m0 - (m1 / m0) * (m1 / m0);
	return log(m0) + top;
}

static struct noon_cgf cgf_of_square(struct square *q)
{
	struct noon_cgf k = {.k = square_cgf, .of = q, .least_ns = HUGE_VAL};
	double m2 = 0;

	q->mean = 0;
	for (size_t i = 0; i < q->law->n; i++)
		k.mean_ns += q->law->p[i] * square_at(q, i);
	for (size_t i = 0; i < q->law->n; i++) {
		const double y = square_at(q, i);

		if (q->law->p[i] <= 0.0)
			continue;
		k.least_ns = fmin(k.least_ns, y);
		k.most_ns = fmax(k.most_ns, y);
		m2 += q->law->p[i] * (y - k.mean_ns) * (y - k.mean_ns);
	}
	k.sd_ns = sqrt(m2);
	q->mean = k.mean_ns;
	return k;
}

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

static double count_of(const struct noon_law *law)
{
	return law->count > 0 ? (double)law->count : HUGE_VAL;
}

/* The bottom mass that a shift by delta leaves empty, less what the calibration may be wrong by.
 * The values jitter by the stamps. Below the least value of a campaign others may come: as far as
 * the lowest hundredth reaches, as with the gate at the other end. */
static double bottom_mass(const struct noon_law *law, const struct noon_guard_conf *c,
			  double *ret_edge)
{
	double a;

	*ret_edge = law->least_ns + c->shift_ns - Z_STAMP * c->noise_ns;
	if (law->count > 0)
		*ret_edge -= noon_law_quantile(law, 0.01) - law->least_ns;
	a = noon_law_cdf(law, *ret_edge);
	a -= Z_COUNT * sqrt(a * (1.0 - a) / count_of(law));
	return fmin(fmax(a, 0.0), 1.0);
}

static unsigned batch_most(const struct noon_guard_conf *c)
{
	return c->batch_max > 0 ? c->batch_max : NOON_GUARD_BATCH_MAX;
}

/* What decides the batch. */
struct choice {
	enum noon_statistic leads;
	unsigned batch;
	bool feasible;
	struct noon_mean_test mean;
	double needs_mean, needs_minimum;
	double bottom;
	double edge; /* limit of the minimum */
};

/* Choose the statistic that needs fewer values, and the batch (theory, section 3.2). */
static noon_err choose(const struct noon_law *law, const struct noon_guard_conf *c,
		       const struct noon_cgf *k, double alpha, double cal_sd, struct choice *ret)
{
	const unsigned most = batch_most(c);
	const double room = Z_COUNT * cal_sd;
	double need;
	noon_err err;

	ret->bottom = bottom_mass(law, c, &ret->edge);
	ret->needs_minimum = ret->bottom >= 1.0 ? 1.0
			     : ret->bottom > 0.0
				     ? ceil(log(alpha) / log1p(-ret->bottom) * c->inflation)
				     : HUGE_VAL;
	/* The batch has to keep p_fa, too, where the calibrated mean is too small by `room`. */
	err = c->shift_ns > room ? noon_mean_test_size(k, c->shift_ns - room, c->p_d, alpha,
						       c->inflation, cal_sd, most, &ret->mean)
				 : NOON_ERR_NOT_FOUND;
	if (err && err != NOON_ERR_NOT_FOUND)
		return err;
	ret->needs_mean = err ? HUGE_VAL : ret->mean.n;
	ret->leads = ret->needs_minimum <= ret->needs_mean ? NOON_STATISTIC_MINIMUM
							   : NOON_STATISTIC_MEAN;
	need = fmin(ret->needs_mean, ret->needs_minimum);
	ret->feasible = need <= (double)most;
	ret->batch = ret->feasible ? (unsigned)fmax(need, NOON_GUARD_BATCH_MIN) : most;
	return noon_mean_test_of(k, ret->batch, c->shift_ns, c->p_d, c->inflation, cal_sd,
				 &ret->mean);
}

static void take_choice(struct noon_guard_plan *p, const struct choice *c)
{
	p->leads = c->leads;
	p->regime = c->leads == NOON_STATISTIC_MINIMUM ? NOON_REGIME_EDGE : NOON_REGIME_BELL;
	p->batch = c->batch;
	p->feasible = c->feasible;
	p->mean = c->mean;
	p->needs_mean = c->needs_mean;
	p->needs_minimum = c->needs_minimum;
	p->bottom = c->bottom;
	/* Too few values for its share of p_fa? Then the minimum never alarms. */
	p->limit[NOON_STATISTIC_MINIMUM] = (struct noon_guard_limit){
		-HUGE_VAL, c->needs_minimum > c->batch ? HUGE_VAL : c->edge};
}

static void limit_moments(struct noon_guard_plan *p, const struct noon_cgf *k, double alpha,
			  double cal_sd)
{
	struct square q = {.law = &p->law, .centre_ns = p->centre_ns};
	const struct noon_cgf square = cgf_of_square(&q);
	const double n = fmax(p->batch / p->conf.inflation, 1.0);
	const double room = Z_COUNT * cal_sd;
	const double var_room =
		Z_COUNT * square.sd_ns / sqrt(count_of(&p->law) / p->conf.inflation);
	const double stamps = p->conf.noise_ns * p->conf.noise_ns;

	/* p_d wants lambda low; where the batch is too small for both, p_fa is kept. */
	p->limit[NOON_STATISTIC_MEAN] = (struct noon_guard_limit){-HUGE_VAL, p->mean.lambda_ns};
	if (noon_mean_sf(k, n, p->mean.lambda_ns - room) > alpha)
		p->limit[NOON_STATISTIC_MEAN].high =
			fmax(p->mean.lambda_ns, noon_mean_isf(k, n, alpha) + room);
	p->limit[NOON_STATISTIC_MEAN_LOW] =
		(struct noon_guard_limit){noon_mean_isf(k, n, 1.0 - alpha) - room, HUGE_VAL};
	p->limit[NOON_STATISTIC_VARIANCE] =
		(struct noon_guard_limit){noon_mean_isf(&square, n, 1.0 - alpha) - var_room,
					  noon_mean_isf(&square, n, alpha) + var_room + stamps};
}

/* U_model of the statistic that leads (docs/theory.md, (10) to (12)): what the law leaves open of
 * an honest batch, but for its share of p_fa, and what the calibration may be wrong by. */
static double model_of(const struct noon_guard_plan *p, const struct noon_cgf *k, double alpha,
		       double cal_sd)
{
	const double n = fmax(p->batch / p->conf.inflation, 1.0);
	const double room = Z_COUNT * cal_sd;
	double least;

	if (p->leads == NOON_STATISTIC_MEAN)
		return fmax(noon_mean_isf(k, n, alpha) - p->centre_ns,
			    p->centre_ns - noon_mean_isf(k, n, 1.0 - alpha)) +
		       room;
	/* The smallest of n is above x with (1 - F(x))^n. */
	least = noon_law_quantile(&p->law, 1.0 - pow(alpha, 1.0 / n)) - p->law.least_ns;
	if (p->law.count > 0)
		least += noon_law_quantile(&p->law, 0.01) - p->law.least_ns;
	return least + p->law.step_ns;
}

static void limit_counts(struct noon_guard_plan *p, double alpha)
{
	const struct noon_guard_conf *c = &p->conf;
	const double n = p->batch / c->inflation;
	const double n_cal = count_of(&p->law);
	const double beyond = p->law.most_ns - noon_law_quantile(&p->law, 0.99);

	p->limit[NOON_STATISTIC_KS] = (struct noon_guard_limit){
		-HUGE_VAL, sqrt(-log(alpha) / 2.0 * (1.0 / n + c->inflation / n_cal))};
	p->gate_ns = p->law.most_ns + Z_STAMP * c->noise_ns;
	if (p->law.count > 0)
		p->gate_ns += beyond;
	/* Of n values none was beyond: at 95 % the share is at most 3 / n. */
	p->gate_share = p->law.count > 0 ? fmin(3.0 / n_cal, 0.5) : 0.0;
	p->limit[NOON_STATISTIC_GATE] = (struct noon_guard_limit){
		-HUGE_VAL, binomial_limit(p->batch, p->gate_share, alpha)};
	p->limit[NOON_STATISTIC_LOSS] =
		(struct noon_guard_limit){-HUGE_VAL, loss_limit(p->batch, c->base_loss, alpha)};
}

/* Several references in parallel share the run length: one tuned to a large shift is slow on a
 * small one. Correlation stretches the excursions of S as it does the variance of a mean. */
static void tune_cusums(struct noon_cusum_work *w, struct noon_guard_plan *p, double alpha)
{
	static const double share[NOON_GUARD_REFS] = {0.5, 1.0, 2.0, 4.0};
	const struct noon_guard_conf *c = &p->conf;
	const double arl0 = (NOON_GUARD_REFS + 1) * p->batch / alpha;

	for (size_t i = 0; i < NOON_GUARD_REFS; i++) {
		struct noon_cusum *to = &p->cusum[p->refs];

		if (noon_cusum_design(w, &p->law, share[i] * c->shift_ns, arl0, c->noise_ns, to))
			continue;
		to->h *= c->inflation;
		p->refs++;
	}
	p->has_low =
		noon_cusum_design(w, &p->law, -c->shift_ns, arl0, c->noise_ns, &p->low) == NOON_OK;
	if (p->has_low)
		p->low.h *= c->inflation;
	p->limit[NOON_STATISTIC_CUSUM] = (struct noon_guard_limit){-HUGE_VAL, 0};
	p->limit[NOON_STATISTIC_CUSUM_LOW] = (struct noon_guard_limit){-HUGE_VAL, 0};
}

noon_err noon_guard_plan_make(struct noon_cusum_work *w, const struct noon_law *law,
			      const struct noon_guard_conf *conf, struct noon_guard_plan *ret)
{
	const double alpha = conf->p_fa / SHARES;
	double cal_sd = 0;
	struct choice choice;
	struct noon_cgf k;
	noon_err err;

	if (!conf_is_good(conf) || law->n == 0 || !(law->sd_ns >= 0.0))
		return NOON_ERR_RANGE;
	k = noon_cgf_of_law(law);
	if (law->count > 0)
		cal_sd = law->sd_ns * sqrt(conf->inflation / (double)law->count);
	err = choose(law, conf, &k, alpha, cal_sd, &choice);
	if (err)
		return err;
	memset(ret, 0, sizeof(*ret));
	ret->conf = *conf;
	ret->law = *law;
	ret->centre_ns = k.mean_ns;
	ret->top_ns = noon_law_top_ns(law);
	take_choice(ret, &choice);
	limit_moments(ret, &k, alpha, cal_sd);
	ret->model_ns = model_of(ret, &k, alpha, cal_sd);
	limit_counts(ret, alpha);
	tune_cusums(w, ret, alpha);
	return NOON_OK;
}
