/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything is done at a point t of the tilted law, where the mean is K'(t) away from the
 * middle: a value of x is turned into its t once, and quantiles are looked for among the t.
 */
#include "estimate/guard/threshold.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#define TURNS	100
#define NEAR	0.05  /* standard deviations; nearer to the mean the correction is interpolated */
#define FAR	1e6   /* of t, times the standard deviation: beyond it the law is one atom */
#define FLAT	1e-13 /* share of the variance that is left there */
#define SQRT_2	1.41421356237309504880
#define PHI_0	0.39894228040143267794 /* 1 / sqrt(2 pi) */
#define P_LEAST 1e-300
#define BELOW	1e-3 /* ns */
#define BROKEN	0.1  /* share of the normal tail: less than it, and the correction has failed */

static double phi(double w)
{
	return PHI_0 * exp(-w * w / 2.0);
}

static double upper(double w)
{
	return 0.5 * erfc(w / SQRT_2);
}

double noon_normal_isf(double p)
{
	const double small = fmax(fmin(p, 1.0 - p), P_LEAST);
	double z = sqrt(fmax(-2.0 * log(2.0 * small), 0.0));

	/* Newton on the logarithm of the tail, which is concave. */
	for (int i = 0; i < TURNS; i++) {
		const double q = upper(z);
		const double step = q / phi(z) * log(q / small);

		z += step;
		if (fabs(step) < 1e-14 * (1.0 + fabs(z)))
			break;
	}
	return p < 0.5 ? z : -z;
}

/* The logarithm is taken of small differences: near t = 0 every term counts by expm1. */
static double k_near(const struct noon_law *law, double mean, double t)
{
	double sum = 0.0;

	for (size_t i = 0; i < law->n; i++) {
		if (law->p[i] > 0.0)
			sum += law->p[i] *
			       expm1(t * (law->x0_ns + law->step_ns * (double)i - mean));
	}
	return log1p(sum);
}

static double k_of_law(const void *of, double t, double *ret_k1, double *ret_k2)
{
	const struct noon_law *law = of;
	double mean, var, k;

	(void)noon_law_cgf(law, 0.0, &mean, &var);
	k = noon_law_cgf(law, t, ret_k1, ret_k2) - t * mean;
	*ret_k1 -= mean;
	if (fabs(t) * law->step_ns * (double)law->n < 0.5)
		k = k_near(law, mean, t);
	return k;
}

struct noon_cgf noon_cgf_of_law(const struct noon_law *law)
{
	struct noon_cgf k = {.k = k_of_law, .of = law};
	size_t from = 0, to = law->n - 1;
	double var;

	while (from < to && law->p[from] <= 0.0)
		from++;
	while (to > from && law->p[to] <= 0.0)
		to--;
	(void)noon_law_cgf(law, 0.0, &k.mean_ns, &var);
	k.sd_ns = sqrt(var);
	k.least_ns = law->x0_ns + law->step_ns * (double)from;
	k.most_ns = law->x0_ns + law->step_ns * (double)to;
	return k;
}

/* A point of the tilted law of a mean of n. */
struct saddle {
	double x;    /* K'(t), from the mean */
	double k2;   /* K''(t) */
	double w, u; /* of Lugannani and Rice */
};

static struct saddle saddle_at(const struct noon_cgf *k, double n, double t)
{
	struct saddle s;
	const double kt = k->k(k->of, t, &s.x, &s.k2);

	s.w = copysign(sqrt(fmax(2.0 * n * (t * s.x - kt), 0.0)), t);
	s.u = t * sqrt(n * s.k2);
	return s;
}

static double correction(const struct noon_cgf *k, double n, double t)
{
	const struct saddle s = saddle_at(k, n, t);

	return 1.0 / s.u - 1.0 / s.w;
}

/* Both tails of the mean at t: P(mean > x), P(mean <= x). */
struct tails {
	double above, below;
	struct saddle s;
};

static struct tails tails_at(const struct noon_cgf *k, double n, double t)
{
	const double near = NEAR / (k->sd_ns * sqrt(n));
	const double v = t / near;
	struct tails r = {.s = saddle_at(k, n, t)};
	double c;

	if (fabs(v) < 1.0) {
		/* 1/u - 1/w is smooth there but the difference of two large numbers. */
		const double a1 = correction(k, n, near), b1 = correction(k, n, -near);
		const double a2 = correction(k, n, 2.0 * near);
		const double b2 = correction(k, n, -2.0 * near);
		const double even1 = (a1 + b1) / 2.0, even2 = (a2 + b2) / 2.0;
		const double odd1 = (a1 - b1) / 2.0, odd2 = (a2 - b2) / 2.0;

		c = (4.0 * even1 - even2) / 3.0 + (even2 - even1) / 3.0 * v * v +
		    (8.0 * odd1 - odd2) / 6.0 * v + (odd2 - 2.0 * odd1) / 6.0 * v * v * v;
	} else {
		c = 1.0 / r.s.u - 1.0 / r.s.w;
	}
	r.above = fmin(fmax(upper(r.s.w) + phi(r.s.w) * c, 0.0), 1.0);
	r.below = fmin(fmax(upper(-r.s.w) - phi(r.s.w) * c, 0.0), 1.0);
	return r;
}

/* A search for t between two that enclose it. */
struct search {
	double lo, hi, t, most;
};

static struct search search_from(const struct noon_cgf *k, double t)
{
	const double most = FAR / k->sd_ns;
	const struct search s = {-most, most, fmin(fmax(t, -most), most), most};

	return s;
}

/* Move on by a step of Newton; halve the interval where that leaves it, widen slowly where an
 * end is still at infinity. Return whether t has settled. */
static bool search_next(struct search *s, bool too_high, double step)
{
	double t = s->t + step;

	if (too_high)
		s->hi = s->t;
	else
		s->lo = s->t;
	if (!(t > s->lo && t < s->hi)) {
		const bool open = s->t < 0.0 ? s->lo <= -s->most : s->hi >= s->most;

		t = open ? 4.0 * s->t : (s->lo + s->hi) / 2.0;
		t = fmin(fmax(t, s->lo), s->hi);
	}
	if (fabs(t - s->t) <= 4.0 * DBL_EPSILON * fabs(t))
		return true;
	s->t = t;
	return false;
}

double noon_cgf_tilt(const struct noon_cgf *k, double x_ns)
{
	const double x = x_ns - k->mean_ns;
	const double var = k->sd_ns * k->sd_ns;
	struct search s = search_from(k, x / var);

	for (int i = 0; i < TURNS; i++) {
		double k1, k2;

		(void)k->k(k->of, s.t, &k1, &k2);
		if (fabs(k1 - x) <= 1e-14 * k->sd_ns)
			break;
		/* Only an atom is left. It is the end of the way if x is there or beyond; a far
		 * one may be all that is left at the first guess. */
		if (k2 < FLAT * var && (s.t > 0.0 ? k1 <= x : k1 >= x))
			break;
		if (search_next(&s, k1 > x, (x - k1) / k2))
			break;
	}
	return s.t;
}

/* The correction takes almost all of a normal tail away: so few values of so skewed a law are
 * beyond Lugannani and Rice. The tail may come out as nothing, and not be monotonic. Chernoff's
 * bound exp(-w^2/2) holds always. */
static bool is_broken(const struct tails *r)
{
	return r->above < BROKEN * upper(r->s.w) || r->below < BROKEN * upper(-r->s.w);
}

/* Return t where Chernoff's bound of the tail is p, above the mean or below it. */
static double chernoff_tilt(const struct noon_cgf *k, double n, double p, bool above)
{
	const double want = -2.0 * log(p);
	double lo = 0.0, hi = FAR / k->sd_ns;

	for (int i = 0; i < TURNS; i++) {
		const double mid = (lo + hi) / 2.0;
		const double w = saddle_at(k, n, above ? mid : -mid).w;

		if (w * w < want)
			lo = mid;
		else
			hi = mid;
	}
	return above ? hi : -hi;
}

double noon_mean_sf(const struct noon_cgf *k, double n, double x_ns)
{
	struct tails r;
	double t;

	if (x_ns < k->least_ns)
		return 1.0;
	if (x_ns >= k->most_ns)
		return 0.0;
	t = noon_cgf_tilt(k, x_ns);
	r = tails_at(k, n, t);
	if (r.s.k2 >= FLAT * k->sd_ns * k->sd_ns) {
		if (!is_broken(&r))
			return r.above;
		return t > 0.0 ? exp(-r.s.w * r.s.w / 2.0) : r.above;
	}
	/* Only the atom at the end of the support is left: w^2/2 = -n ln P(X = end). */
	return t > 0.0 ? exp(-r.s.w * r.s.w / 2.0) : 1.0 - exp(-r.s.w * r.s.w / 2.0);
}

double noon_mean_isf(const struct noon_cgf *k, double n, double p)
{
	const double z = noon_normal_isf(p);
	struct search s;
	struct tails r;
	bool is_flat;

	if (!(k->sd_ns > 0.0))
		return k->mean_ns;
	s = search_from(k, z / (k->sd_ns * sqrt(n)));
	for (int i = 0; i < TURNS; i++) {
		double slope, miss;

		r = tails_at(k, n, s.t);
		if (r.s.k2 < FLAT * k->sd_ns * k->sd_ns)
			break;
		slope = fmax(phi(r.s.w), DBL_MIN) * sqrt(n * r.s.k2);
		/* The logarithm of the smaller tail is the one that bends little. */
		if (p < 0.5)
			miss = r.above * log(fmax(r.above, P_LEAST) / p);
		else
			miss = -r.below * log(fmax(r.below, P_LEAST) / (1.0 - p));
		if (fabs(miss) <= 1e-13 * fmin(p, 1.0 - p) ||
		    search_next(&s, miss < 0.0, miss / slope))
			break;
	}
	r = tails_at(k, n, s.t);
	is_flat = r.s.k2 < FLAT * k->sd_ns * k->sd_ns;
	/* The atom at the bottom alone has more than 1 - p: it has to count as above. */
	if (s.t < 0.0 && is_flat && (p >= 0.5 || exp(-r.s.w * r.s.w / 2.0) >= 1.0 - p))
		return k->least_ns - BELOW;
	if (is_broken(&r) || (p < 0.5 && s.t < 0.0 && is_flat))
		r.s = saddle_at(k, n, chernoff_tilt(k, n, fmin(p, 1.0 - p), p < 0.5));
	return fmin(fmax(k->mean_ns + r.s.x, k->least_ns), k->most_ns);
}

noon_err noon_mean_test_of(const struct noon_cgf *k, double n, double delta_ns, double p_d,
			   double inflation, double cal_sd_ns, struct noon_mean_test *ret)
{
	const double own = fmax(n / inflation, 1.0); /* a mean holds one value at least */

	if (!(n >= 1.0 && n <= 1e12) || !(delta_ns > 0.0 && delta_ns < 1e18) ||
	    !(p_d > 0.0 && p_d < 1.0) || !(inflation >= 1.0 && inflation < 1e9) ||
	    !(cal_sd_ns >= 0.0 && cal_sd_ns < 1e18))
		return NOON_ERR_RANGE;
	ret->n = n;
	ret->delta_ns = delta_ns;
	ret->p_d = p_d;
	ret->lambda_ns =
		delta_ns + noon_mean_isf(k, own, p_d) - noon_normal_isf(1.0 - p_d) * cal_sd_ns;
	ret->p_fa = noon_mean_sf(k, own, ret->lambda_ns);
	return NOON_OK;
}

noon_err noon_mean_test_size(const struct noon_cgf *k, double delta_ns, double p_d, double p_fa,
			     double inflation, double cal_sd_ns, unsigned n_max,
			     struct noon_mean_test *ret)
{
	struct noon_mean_test at;
	unsigned lo = 0, hi = 1; /* lo is too few, hi is not yet known to be */

	if (!(p_fa > 0.0 && p_fa < 1.0) || n_max < 1)
		return NOON_ERR_RANGE;
	for (;;) {
		const noon_err err =
			noon_mean_test_of(k, hi, delta_ns, p_d, inflation, cal_sd_ns, &at);

		if (err != NOON_OK)
			return err;
		if (at.p_fa <= p_fa)
			break;
		if (hi == n_max)
			return NOON_ERR_NOT_FOUND;
		lo = hi;
		hi = hi > n_max / 2 ? n_max : 2 * hi;
	}
	*ret = at;
	while (hi - lo > 1) {
		const unsigned mid = lo + (hi - lo) / 2;
		const noon_err err =
			noon_mean_test_of(k, mid, delta_ns, p_d, inflation, cal_sd_ns, &at);

		if (err != NOON_OK)
			return err;
		if (at.p_fa > p_fa) {
			lo = mid;
		} else {
			hi = mid;
			*ret = at;
		}
	}
	return NOON_OK;
}
