/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything is done at a point t of the tilted law, where the mean is K'(t) away from the
 * middle: a value of x is turned into its t once, and quantiles are looked for among the t.
 */
#include "estimate/law/threshold.h"

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
#define BENEATH 1e-3 /* ns */
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
 * beyond Lugannani and Rice. The tail may come out as nothing, and not be monotonic. */
static bool is_broken(const struct tails *r)
{
	return r->above < BROKEN * upper(r->s.w) || r->below < BROKEN * upper(-r->s.w);
}

/* The tails of a mean. Each is followed by v = side t: outwards from the mean where v > 0. */
enum side { ABOVE = 1, BELOW = -1 };

/* Return the tail of a side beyond v; where the formula fails, more than it is. Chernoff's bound
 * exp(-w^2/2) holds always beyond the mean, and nothing better than 1 before it. */
static double tail_beyond(const struct noon_cgf *k, double n, enum side side, double v)
{
	const struct tails r = tails_at(k, n, (double)side * v);
	const double chernoff = exp(-r.s.w * r.s.w / 2.0);
	const double most = v > 0.0 ? chernoff : 1.0;

	/* Only the atom at the end of the support is left: w^2/2 = -n ln P(X = end). */
	if (r.s.k2 < FLAT * k->sd_ns * k->sd_ns)
		return v > 0.0 ? chernoff : 1.0 - chernoff;
	return is_broken(&r) ? most : fmin(side == ABOVE ? r.above : r.below, most);
}

double noon_mean_sf(const struct noon_cgf *k, double n, double x_ns)
{
	if (x_ns < k->least_ns)
		return 1.0;
	if (x_ns >= k->most_ns)
		return 0.0;
	return tail_beyond(k, n, ABOVE, noon_cgf_tilt(k, x_ns));
}

/* Return v where Chernoff's bound of the tail is p; the tail itself is not larger. */
static double chernoff_tilt(const struct noon_cgf *k, double n, enum side side, double p)
{
	const double want = -2.0 * log(p);
	double lo = 0.0, hi = 1.0 / (k->sd_ns * sqrt(n));

	while (hi * k->sd_ns < FAR && pow(saddle_at(k, n, (double)side * hi).w, 2.0) < want) {
		lo = hi;
		hi *= 2.0;
	}
	for (int i = 0; i < TURNS && hi - lo > DBL_EPSILON * hi; i++) {
		const double mid = (lo + hi) / 2.0;

		if (pow(saddle_at(k, n, (double)side * mid).w, 2.0) < want)
			lo = mid;
		else
			hi = mid;
	}
	return hi;
}

/* Two v that enclose a quantile, with ln(tail / p): positive at lo, not so at hi. */
struct bracket {
	double lo, hi;
	double miss_lo, miss_hi;
};

static double miss_at(const struct noon_cgf *k, double n, enum side side, double v, double p)
{
	return log(fmax(tail_beyond(k, n, side, v), P_LEAST) / p);
}

/* Chernoff's tilt is the outer end. The inner one may lie before the mean, since a skewed law has
 * less than half of its mass beyond it. */
static struct bracket enclose(const struct noon_cgf *k, double n, enum side side, double p)
{
	struct bracket b = {.lo = 0.0, .hi = chernoff_tilt(k, n, side, p)};
	double step = 1.0 / (k->sd_ns * sqrt(n));

	b.miss_hi = fmin(miss_at(k, n, side, b.hi, p), 0.0);
	b.miss_lo = miss_at(k, n, side, b.lo, p);
	while (b.miss_lo <= 0.0 && step * k->sd_ns < FAR) {
		b.hi = b.lo;
		b.miss_hi = b.miss_lo;
		b.lo = -step;
		b.miss_lo = miss_at(k, n, side, b.lo, p);
		step *= 2.0;
	}
	return b;
}

/* Return v where the tail of a side is p: by false position (Illinois) on the logarithm, which
 * bends little. Where the tail jumps from the formula to its bound, beyond the jump. */
static double quantile_tilt(const struct noon_cgf *k, double n, enum side side, double p)
{
	struct bracket b = enclose(k, n, side, p);
	int last = 0;

	for (int i = 0; i < TURNS && b.hi - b.lo > 1e-15 * fabs(b.hi); i++) {
		const double share = i % 4 == 3 ? 0.5 : b.miss_lo / (b.miss_lo - b.miss_hi);
		const double at = b.lo + (b.hi - b.lo) * share;
		const double miss = miss_at(k, n, side, at, p);

		if (fabs(miss) <= 1e-13)
			return at;
		if (miss > 0.0) {
			b.lo = at;
			b.miss_lo = miss;
			b.miss_hi *= last > 0 ? 0.5 : 1.0;
			last = 1;
		} else {
			b.hi = at;
			b.miss_hi = miss;
			b.miss_lo *= last < 0 ? 0.5 : 1.0;
			last = -1;
		}
	}
	return b.hi;
}

double noon_mean_isf(const struct noon_cgf *k, double n, double p)
{
	const enum side side = p < 0.5 ? ABOVE : BELOW;
	const double q = fmin(p, 1.0 - p);
	struct saddle s;

	if (!(k->sd_ns > 0.0))
		return k->mean_ns;
	s = saddle_at(k, n, (double)side * quantile_tilt(k, n, side, q));
	if (s.k2 < FLAT * k->sd_ns * k->sd_ns) {
		/* Only the atom at an end is left. At the top nothing is above it; at the bottom it
		 * has to count as above if it alone has more than 1 - p. */
		if (s.x > 0.0)
			return k->most_ns;
		if (side == ABOVE || exp(-s.w * s.w / 2.0) >= q)
			return k->least_ns - BENEATH;
	}
	return fmin(fmax(k->mean_ns + s.x, k->least_ns), k->most_ns);
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
