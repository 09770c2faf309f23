/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/law/law.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#define FEW_FROM 20	/* values from which one may be called far out */
#define FEW_PART 1000.0 /* one in so many may share the last cell, and one more */

#define TAIL	0.05 /* mass at an end that counts as its tail */
#define LOWEST	0.01 /* the lowest values reach as far again */
#define Z_DOUBT 3.0  /* standard errors granted to a share that was counted */

static void moments_of(const int64_t *x, size_t n, struct noon_law *law)
{
	double mean = 0.0, m2 = 0.0, m3 = 0.0;

	/* Relative to the first: a mean of large numbers would lose the nanoseconds. */
	for (size_t i = 0; i < n; i++)
		mean += ((double)x[i] - (double)x[0]) / (double)n;
	for (size_t i = 0; i < n; i++) {
		const double d = (double)x[i] - (double)x[0] - mean;

		m2 += d * d / (double)n;
		m3 += d * d * d / (double)n;
	}
	law->mean_ns = (double)x[0] + mean;
	law->sd_ns = sqrt(m2 * (double)n / (double)(n - 1));
	law->skewness = m2 > 0.0 ? m3 / (m2 * sqrt(m2)) : 0.0;
}

/* Share a mass between the two cells beside it, so that the mean stays. */
static void put(struct noon_law *law, double x_ns, double mass)
{
	const double u = fmax((x_ns - law->x0_ns) / law->step_ns, 0.0);
	const size_t last = law->n - 1;
	size_t k;

	if (u >= (double)last) {
		law->p[last] += mass;
		law->beyond += u > (double)last + 1e-9 ? mass : 0.0;
		return;
	}
	k = (size_t)u;
	law->p[k] += mass * (1.0 - (u - (double)k));
	law->p[k + 1] += mass * (u - (double)k);
}

static void fill(struct noon_law *law, const int64_t *x, size_t n)
{
	memset(law->p, 0, sizeof(law->p));
	law->beyond = 0.0;
	for (size_t i = 0; i < n; i++)
		put(law, (double)x[i], 1.0 / (double)n);
}

/* Return the first cell with not more than `few` of the mass above it. */
static size_t cell_below(const struct noon_law *law, double few)
{
	double above = 0.0;
	size_t k = law->n - 1;

	while (k > 0 && above + law->p[k] <= few)
		above += law->p[k--];
	return k;
}

static void lay_cells(struct noon_law *law, double span, double least_step)
{
	law->step_ns = fmax(least_step, span / (double)(NOON_LAW_MAX - 1));
	law->n = (size_t)ceil(span / law->step_ns * (1.0 - DBL_EPSILON)) + 1;
	assert(law->n <= NOON_LAW_MAX);
}

noon_err noon_law_of_samples(const int64_t *rtt_ns, size_t n, double least_step,
			     struct noon_law *ret)
{
	const double few = n < FEW_FROM ? 0.0 : (floor((double)n / FEW_PART) + 1.0) / (double)n;
	int64_t least, most;
	double span;

	assert(least_step > 0.0);
	if (n < 2)
		return NOON_ERR_EMPTY;
	least = most = rtt_ns[0];
	for (size_t i = 0; i < n; i++) {
		least = rtt_ns[i] < least ? rtt_ns[i] : least;
		most = rtt_ns[i] > most ? rtt_ns[i] : most;
	}
	if (least < 0)
		return NOON_ERR_RANGE;
	ret->count = n;
	ret->least_ns = ret->x0_ns = (double)least;
	ret->most_ns = (double)most;
	moments_of(rtt_ns, n, ret);
	span = (double)most - (double)least;
	lay_cells(ret, span, least_step);
	fill(ret, rtt_ns, n);
	/* Each turn at least halves the span, and a step of least_step ends it. */
	while (ret->step_ns > least_step) {
		const size_t k = cell_below(ret, few * (1.0 + 1e-9));

		if (k >= NOON_LAW_MAX / 4)
			break;
		span = 2.0 * (double)(k + 1) * ret->step_ns;
		lay_cells(ret, span, least_step);
		fill(ret, rtt_ns, n);
	}
	return NOON_OK;
}

double noon_law_top_ns(const struct noon_law *law)
{
	return law->x0_ns + law->step_ns * (double)(law->n - 1);
}

/* A share of `mass` that n values have shown may be larger by this. */
static double doubt_of(const struct noon_law *law, double mass, double n)
{
	return Z_DOUBT * sqrt(mass / n) + Z_DOUBT / (double)law->count;
}

/* Lay the cells of a law from x0 to a last value, as fine as those of another where they fit. */
static void lay_like(const struct noon_law *from, double x0_ns, double last_ns,
		     struct noon_law *ret)
{
	*ret = (struct noon_law){.x0_ns = x0_ns, .count = from->count};
	ret->least_ns = x0_ns;
	ret->most_ns = last_ns;
	lay_cells(ret, fmax(last_ns - x0_ns, 0.0), from->step_ns);
}

static void set_moments(struct noon_law *law)
{
	double m1 = 0.0, m2 = 0.0, m3 = 0.0;

	for (size_t k = 0; k < law->n; k++)
		m1 += law->p[k] * (double)k;
	for (size_t k = 0; k < law->n; k++) {
		const double d = (double)k - m1;

		m2 += law->p[k] * d * d;
		m3 += law->p[k] * d * d * d;
	}
	law->mean_ns = law->x0_ns + law->step_ns * m1;
	law->sd_ns = law->step_ns * sqrt(m2);
	law->skewness = m2 > 0.0 ? m3 / (m2 * sqrt(m2)) : 0.0;
}

static void make_heavier(const struct noon_law *law, double cap_ns, double n, struct noon_law *ret)
{
	const size_t last = law->n - 1;
	double above = 1.0; /* as doubted, of the cell under way and all beyond it */
	double seen = 1.0;

	for (size_t k = 0; k <= last; k++) {
		const double next_seen = k == last ? law->beyond : fmax(seen - law->p[k], 0.0);
		double next = next_seen;

		if (next_seen <= TAIL)
			next += doubt_of(law, next_seen, n);
		next = fmin(next, above);
		put(ret, law->x0_ns + law->step_ns * (double)k, above - next);
		above = next;
		seen = next_seen;
	}
	put(ret, cap_ns, above);
}

static void make_lighter(const struct noon_law *law, double n, struct noon_law *ret)
{
	double below = 0.0, seen = 0.0; /* below the cell under way */

	for (size_t k = 0; k < law->n; k++) {
		const double x = law->x0_ns + law->step_ns * (double)k;
		double next;

		seen = fmin(seen + law->p[k], 1.0);
		next = seen;
		if (seen <= TAIL)
			next += doubt_of(law, seen, n);
		else if (seen >= 1.0 - TAIL)
			next += Z_DOUBT * sqrt((1.0 - seen) / n);
		next = k + 1 == law->n ? 1.0 : fmin(fmax(next, below), 1.0);
		put(ret, x, next - below);
		below = next;
	}
}

void noon_law_doubted(const struct noon_law *law, enum noon_law_doubt doubt, double cap_ns,
		      double n, struct noon_law *ret)
{
	const double top = fmin(noon_law_top_ns(law), cap_ns);
	const double reach = noon_law_quantile(law, LOWEST) - law->least_ns;
	double unseen = 0.0;

	if (law->count == 0) {
		*ret = *law;
		return;
	}
	if (doubt == NOON_LAW_HEAVIER) {
		lay_like(law, law->x0_ns, cap_ns, ret);
		make_heavier(law, cap_ns, n, ret);
	} else {
		/* The three values below the least come off the rest. */
		lay_like(law, law->x0_ns - reach, top, ret);
		make_lighter(law, n, ret);
		unseen = fmin(Z_DOUBT / (double)law->count, TAIL);
		for (size_t k = 0; k < ret->n; k++)
			ret->p[k] *= 1.0 - unseen;
		put(ret, ret->x0_ns, unseen);
	}
	set_moments(ret);
}

double noon_law_cdf(const struct noon_law *law, double x_ns)
{
	const double u = (x_ns - law->x0_ns) / law->step_ns + 0.5;
	double sum = 0.0;
	size_t k;

	if (x_ns < law->least_ns)
		return 0.0;
	if (x_ns >= law->most_ns || u >= (double)law->n)
		return 1.0;
	k = (size_t)fmax(u, 0.0);
	for (size_t i = 0; i < k; i++)
		sum += law->p[i];
	sum += law->p[k] * (u - (double)k);
	return fmin(fmax(sum, 0.0), 1.0);
}

double noon_law_quantile(const struct noon_law *law, double p)
{
	double sum = 0.0, x;
	size_t k = 0;

	if (p <= 0.0)
		return law->least_ns;
	if (p >= 1.0)
		return law->most_ns;
	while (k + 1 < law->n && sum + law->p[k] < p)
		sum += law->p[k++];
	x = law->x0_ns + law->step_ns * ((double)k - 0.5);
	if (law->p[k] > 0.0)
		x += law->step_ns * fmin((p - sum) / law->p[k], 1.0);
	return fmin(fmax(x, law->least_ns), law->most_ns);
}

/* Sums of p, p d, p d^2 times exp(t (x - top)), d = x - middle, over the cells with mass. */
struct tilted {
	double s0, s1, s2;
};

/* The weights come from a recurrence that only shrinks: from the end that t favours. */
static struct tilted tilt(const struct noon_law *law, double t, size_t from, size_t to)
{
	const double r = exp(-fabs(t) * law->step_ns);
	struct tilted s = {0.0, 0.0, 0.0};
	double w = 1.0;

	for (size_t i = 0; i <= to - from && w > DBL_MIN; i++) {
		const size_t k = t > 0.0 ? to - i : from + i;
		const double d = (double)k - (double)(t > 0.0 ? to : from);
		const double pw = law->p[k] * w;

		s.s0 += pw;
		s.s1 += pw * d;
		s.s2 += pw * d * d;
		w *= r;
	}
	return s;
}

double noon_law_cgf(const struct noon_law *law, double t, double *ret_k1, double *ret_k2)
{
	size_t from = 0, to = law->n - 1;
	double end, m, var = 0.0;
	struct tilted s;

	while (from < to && law->p[from] <= 0.0)
		from++;
	while (to > from && law->p[to] <= 0.0)
		to--;
	s = tilt(law, t, from, to);
	end = law->x0_ns + law->step_ns * (double)(t > 0.0 ? to : from);
	m = s.s1 / s.s0;
	var = fmax(s.s2 / s.s0 - m * m, 0.0);
	*ret_k1 = end + law->step_ns * m;
	*ret_k2 = law->step_ns * law->step_ns * var;
	return t * end + log(s.s0);
}
