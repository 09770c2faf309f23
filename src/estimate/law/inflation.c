/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/law/inflation.h"

#include <math.h>
#include <stdbool.h>

#define SCALES	  ((size_t)NOON_INFLATION_SCALES)
#define CHANCE	  3.0 /* standard errors of a variance that are chance */
#define GROW_MOST 2.0

struct noon_inflation noon_inflation_none(void)
{
	struct noon_inflation v = {.n = 1, .long_run = 1.0};

	v.at[0] = 1.0;
	return v;
}

/* Blocks of 2^k values under way, and the moments of those that are full: about the first one, for
 * a sum of squares of large numbers would lose its digits. */
struct scale {
	double half; /* the first half of a block, its mean */
	bool has_half;
	double first; /* mean of the first full block */
	double n, sum, squares;
};

static void add(struct scale *scale, double x)
{
	for (size_t k = 0; k < SCALES; k++) {
		struct scale *s = &scale[k];
		double d;

		if (s->n < 1.0)
			s->first = x;
		d = x - s->first;
		s->n += 1.0;
		s->sum += d;
		s->squares += d * d;
		if (!s->has_half) {
			s->half = x;
			s->has_half = true;
			return;
		}
		s->has_half = false;
		x = (s->half + x) / 2.0;
	}
}

static double variance(const struct scale *s)
{
	const double mean = s->sum / s->n;

	return fmax(s->squares / s->n - mean * mean, 0.0) * s->n / fmax(s->n - 1.0, 1.0);
}

struct noon_inflation noon_inflation_of(const int64_t *rtt_ns, size_t n, struct noon_score score)
{
	struct noon_inflation v = noon_inflation_none();
	struct scale scale[SCALES] = {{.n = 0.0}};
	double var, grown = 1.0;
	bool counts = false;

	for (size_t i = 0; i < n; i++)
		add(scale, score.of(score.arg, (double)rtt_ns[i]));
	var = n > 1 ? variance(&scale[0]) : 0.0;
	if (!(var > 0.0))
		return v;
	for (; v.n < SCALES && scale[v.n].n >= NOON_INFLATION_BLOCKS; v.n++) {
		const double blocks = scale[v.n].n;
		const double seen = variance(&scale[v.n]) / var * ldexp(1.0, (int)v.n);

		counts = counts || seen > 1.0 + CHANCE * sqrt(2.0 / blocks);
		v.at[v.n] = fmax(v.at[v.n - 1], counts ? seen : 1.0);
		grown = v.at[v.n] / v.at[v.n - 1];
	}
	v.long_run = v.at[v.n - 1] * fmin(grown, GROW_MOST);
	return v;
}

double noon_inflation_at(const struct noon_inflation *v, double m)
{
	size_t k = 0;

	while (k < v->n && ldexp(1.0, (int)k) < m)
		k++;
	return fmin(k < v->n ? v->at[k] : v->long_run, fmax(m, 1.0));
}

struct noon_inflation noon_inflation_worse(const struct noon_inflation *a,
					   const struct noon_inflation *b)
{
	const struct noon_inflation *longer = a->n >= b->n ? a : b;
	struct noon_inflation v = *longer;

	for (size_t k = 0; k < v.n; k++) {
		const double m = ldexp(1.0, (int)k);

		v.at[k] = fmax(noon_inflation_at(a, m), noon_inflation_at(b, m));
	}
	v.long_run = fmax(a->long_run, b->long_run);
	return v;
}
