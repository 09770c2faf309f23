/* SPDX-License-Identifier: Apache-2.0 */
#include "base/histogram.h"

#include <math.h>
#include <stddef.h>

#define EXACT	   128 /* values with a bucket of their own */
#define EXACT_BITS 7
#define PER_OCTAVE 64

static size_t bucket_of(uint64_t v)
{
	unsigned octave;

	if (v < EXACT)
		return (size_t)v;
	octave = 63U - (unsigned)__builtin_clzll(v);
	return EXACT + (size_t)(octave - EXACT_BITS) * PER_OCTAVE +
	       (size_t)((v >> (octave - EXACT_BITS + 1)) - PER_OCTAVE);
}

/* The largest value of a bucket. */
static uint64_t top_of(size_t bucket)
{
	size_t octave;
	uint64_t step;

	if (bucket < EXACT)
		return bucket;
	octave = (bucket - EXACT) / PER_OCTAVE;
	step = (bucket - EXACT) % PER_OCTAVE;
	return ((PER_OCTAVE + step + 1) << (octave + 1)) - 1;
}

void noon_histogram_add(struct noon_histogram *h, noon_dur d)
{
	if (d < 0)
		d = 0;
	if (d > NOON_HISTOGRAM_MAX)
		d = NOON_HISTOGRAM_MAX;
	h->count[bucket_of((uint64_t)d)]++;
	h->n++;
	if (d > h->max)
		h->max = d;
}

noon_dur noon_histogram_quantile(const struct noon_histogram *h, double q)
{
	const double rank = ceil(q * (double)h->n);
	uint64_t seen = 0;

	for (size_t i = 0; i < NOON_HISTOGRAM_BUCKETS; i++) {
		seen += h->count[i];
		if (h->count[i] != 0 && (double)seen >= rank) {
			const noon_dur top = (noon_dur)top_of(i);

			return top < h->max ? top : h->max;
		}
	}
	return h->max;
}
