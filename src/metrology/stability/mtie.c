/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/stability/mtie.h"

#include <assert.h>

/** Samples of a window that can still become its maximum, or its minimum where sign is -1: values
 *  descend, and so do their ages. A ring: positions count on and are taken modulo size. */
struct queue {
	double *value;
	double *place; /**< index of the sample, exact below 2^53 */
	size_t size, head, tail;
};

static void queue_push(struct queue *q, double value, size_t place)
{
	while (q->tail > q->head && q->value[(q->tail - 1) % q->size] <= value)
		q->tail--;
	q->value[q->tail % q->size] = value;
	q->place[q->tail % q->size] = (double)place;
	q->tail++;
}

static double queue_largest(struct queue *q, size_t oldest)
{
	while (q->place[q->head % q->size] < (double)oldest)
		q->head++;
	return q->value[q->head % q->size];
}

size_t noon_mtie_scratch(size_t n, size_t m)
{
	return m < n ? 4 * (m + 2) : 0;
}

static void slide(const double *x, size_t n, size_t m, double *scratch, struct noon_deviation *d)
{
	const size_t size = m + 2;
	struct queue up = {.value = scratch, .place = scratch + size, .size = size};
	struct queue down = {
		.value = scratch + 2 * size, .place = scratch + 3 * size, .size = size};

	for (size_t i = 0; i < n; i++) {
		double range;

		queue_push(&up, x[i], i);
		queue_push(&down, -x[i], i);
		if (i < m)
			continue;
		range = queue_largest(&up, i - m) + queue_largest(&down, i - m);
		if (range > d->value)
			d->value = range;
		d->pairs++;
	}
}

struct noon_deviation noon_mtie(const struct noon_series *s, size_t m, double *scratch)
{
	struct noon_deviation d = {0.0, 0};
	struct noon_run run = {0, 0};

	while (noon_series_run(s, run.first + run.n, &run))
		if (run.n > m)
			slide(s->x + run.first, run.n, m, scratch, &d);
	return d;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

/* Range of a window and one sample more. */
static double range(double end, double max, double min)
{
	return larger(max, end) - smaller(min, end);
}

/* Largest range of windows of length + 1 samples, from the extremes of windows of length. */
static double widest(const double *x, size_t n, size_t length, const double *max, const double *min)
{
	/* Four, so that they need not wait for each other. */
	double widest[4] = {0.0, 0.0, 0.0, 0.0};
	size_t i = 0;

	for (; i + 4 + length <= n; i += 4)
		for (size_t k = 0; k < 4; k++)
			widest[k] =
				larger(range(x[i + k + length], max[i + k], min[i + k]), widest[k]);
	for (; i + length < n; i++)
		widest[0] = larger(widest[0], range(x[i + length], max[i], min[i]));
	return larger(larger(widest[0], widest[1]), larger(widest[2], widest[3]));
}

static void octaves_of_run(const double *x, size_t n, size_t octaves, double *scratch,
			   struct noon_deviation *ret)
{
	double *max = scratch, *min = scratch + n;

	for (size_t i = 0; i < n; i++)
		max[i] = min[i] = x[i];
	for (size_t k = 0; k < octaves; k++) {
		const size_t length = (size_t)1 << k;

		if (length >= n)
			return;
		ret[k].value = larger(ret[k].value, widest(x, n, length, max, min));
		ret[k].pairs += n - length;
		/* In place: what is read was not written yet. */
		for (size_t i = 0; i + 2 * length <= n; i++) {
			max[i] = larger(max[i], max[i + length]);
			min[i] = smaller(min[i], min[i + length]);
		}
	}
}

void noon_mtie_octaves(const struct noon_series *s, size_t octaves, double *scratch,
		       struct noon_deviation *ret)
{
	struct noon_run run = {0, 0};

	assert(octaves <= NOON_MTIE_OCTAVES_MAX);
	for (size_t k = 0; k < octaves; k++)
		ret[k] = (struct noon_deviation){0.0, 0};
	while (noon_series_run(s, run.first + run.n, &run))
		octaves_of_run(s->x + run.first, run.n, octaves, scratch, ret);
}
