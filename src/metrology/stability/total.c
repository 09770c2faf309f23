/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/stability/total.h"

#include <math.h>
#include <stdint.h>

#include "metrology/stability/sum.h"

size_t noon_total_scratch(size_t m)
{
	return 9 * m + 1;
}

/* Phase beyond the ends: 2 x[0] - x[-i] and 2 x[n - 1] - x[2 (n - 1) - i]. */
static double reflected(const double *x, size_t n, ptrdiff_t i)
{
	const ptrdiff_t end = (ptrdiff_t)n - 1;

	if (i < 0)
		return 2.0 * x[0] - x[-i];
	return i > end ? 2.0 * x[end] - x[2 * end - i] : x[i];
}

struct noon_deviation noon_total_allan(const struct noon_series *s, size_t m)
{
	const ptrdiff_t n = (ptrdiff_t)s->n, apart = (ptrdiff_t)m;
	struct noon_sum sum = {0};

	for (ptrdiff_t i = 1; i + 1 < n; i++) {
		const double d = reflected(s->x, s->n, i - apart) - 2.0 * s->x[i] +
				 reflected(s->x, s->n, i + apart);

		noon_sum_add(&sum, d * d);
	}
	return (struct noon_deviation){sqrt(noon_sum_value(&sum) / (2.0 * (double)(n - 2))) /
					       ((double)m * s->tau0),
				       (size_t)n - 2};
}

/** A part of 3 m values: of phase, or of frequency where step is 1. */
struct part {
	const double *x;
	size_t n;
	unsigned step; /**< 0: values are x[i]; 1: x[i + 1] - x[i] */
};

static double value(const struct part *p, size_t i)
{
	return p->step == 0 ? p->x[i] : p->x[i + 1] - p->x[i];
}

static double mean(const struct part *p, size_t from, size_t to)
{
	double sum = 0.0;

	for (size_t i = from; i < to; i++)
		sum += value(p, i);
	return sum / (double)(to - from);
}

/* Cumulative sums of the part without its slope, reflected at both ends: 3 n + 1 of them. The slope
 * is that between the means of its halves; an odd value in the middle is in neither. */
static void extend(const struct part *p, double *sums)
{
	const size_t half = p->n / 2, other = p->n - half;
	const double slope = (mean(p, other, p->n) - mean(p, 0, half)) / (double)other;
	double sum = 0.0;

	sums[0] = 0.0;
	for (size_t i = 0; i < 3 * p->n; i++) {
		const size_t k = i % p->n;
		const size_t place = i / p->n == 1 ? k : p->n - 1 - k;

		sum += value(p, place) - slope * (double)place;
		sums[i + 1] = sum;
	}
}

/* Mean square of the second differences of the means of m, over the 6 m places of an extended part.
 */
static double mean_square(const double *sums, size_t m)
{
	double sum = 0.0;

	for (size_t i = 0; i < 6 * m; i++) {
		const double d = (sums[i + 3 * m] - sums[i + 2 * m]) -
				 2.0 * (sums[i + 2 * m] - sums[i + m]) + (sums[i + m] - sums[i]);

		sum += d * d;
	}
	return sum / (6.0 * (double)m * (double)m * (double)m);
}

static struct noon_deviation over_parts(const double *x, size_t count, unsigned step, size_t m,
					double *sums, double divisor)
{
	struct noon_sum sum = {0};

	for (size_t i = 0; i < count; i++) {
		const struct part p = {x + i, 3 * m, step};

		extend(&p, sums);
		noon_sum_add(&sum, mean_square(sums, m));
	}
	return (struct noon_deviation){sqrt(noon_sum_value(&sum) / (double)count) / divisor, count};
}

struct noon_deviation noon_total_modified(const struct noon_series *s, size_t m, double *scratch)
{
	return over_parts(s->x, s->n - 3 * m + 1, 0, m, scratch, sqrt(2.0) * (double)m * s->tau0);
}

struct noon_deviation noon_total_hadamard(const struct noon_series *s, size_t m, double *scratch)
{
	return over_parts(s->x, s->n - 3 * m, 1, m, scratch, sqrt(6.0) * s->tau0);
}
