/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/edge/edge_histogram.h"

#include <assert.h>

#define PER_DECADE 10

/* ISO 3, R10, in units of 10 ns. */
static const noon_dur series[PER_DECADE] = {100, 125, 160, 200, 250, 315, 400, 500, 630, 800};

noon_dur noon_edge_histogram_limit(size_t bucket)
{
	noon_dur unit = 10;

	assert(bucket < NOON_EDGE_HISTOGRAM_BUCKETS);
	if (bucket == NOON_EDGE_HISTOGRAM_BUCKETS - 1)
		return NOON_DUR_MAX;
	for (size_t decade = 0; decade < bucket / PER_DECADE; decade++)
		unit *= 10;
	return series[bucket % PER_DECADE] * unit;
}

void noon_edge_histogram_add(struct noon_edge_histogram *h, noon_dur d)
{
	size_t bucket = 0;

	while (bucket < NOON_EDGE_HISTOGRAM_BUCKETS - 1 && d >= noon_edge_histogram_limit(bucket))
		bucket++;
	h->count[bucket]++;
}

void noon_edge_histogram_rows(const struct noon_edge_histogram *h, size_t *ret_first,
			      size_t *ret_end)
{
	size_t first = 0, end = NOON_EDGE_HISTOGRAM_BUCKETS;

	while (end > 0 && h->count[end - 1] == 0)
		end--;
	while (first < end && h->count[first] == 0)
		first++;
	*ret_first = first;
	*ret_end = end;
}

size_t noon_edge_histogram_bar(const struct noon_edge_histogram *h, size_t bucket, size_t width)
{
	uint64_t most = 0;
	double length;

	assert(bucket < NOON_EDGE_HISTOGRAM_BUCKETS && width >= 1);
	for (size_t i = 0; i < NOON_EDGE_HISTOGRAM_BUCKETS; i++)
		if (h->count[i] > most)
			most = h->count[i];
	if (h->count[bucket] == 0)
		return 0;
	length = (double)h->count[bucket] / (double)most * (double)width;
	return length < 1.0 ? 1 : (size_t)length;
}
