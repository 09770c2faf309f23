/* SPDX-License-Identifier: Apache-2.0
 *
 * A small histogram of durations for people: ten buckets to the decade, from 1 us to 10 ms.
 *
 * The limits are the preferred numbers of the series R10 (ISO 3): 1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5,
 * 6.3, 8, each a row with a short label. For quantiles there is base/histogram, 50 times as large.
 */
#ifndef NOON_ESTIMATE_EDGE_HISTOGRAM_H
#define NOON_ESTIMATE_EDGE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

/** One below 1 us, ten in each of four decades, one from 10 ms on. */
#define NOON_EDGE_HISTOGRAM_BUCKETS 42

/** All zero: empty. */
struct noon_edge_histogram {
	uint64_t count[NOON_EDGE_HISTOGRAM_BUCKETS];
};

/** Count a duration, ns; a negative one counts as 0. O(1). */
void noon_edge_histogram_add(struct noon_edge_histogram *h, noon_dur d);

/** Return the upper limit of a bucket, ns, exclusive; it is the lower one, inclusive, of the next.
 *  NOON_DUR_MAX for the last. bucket < NOON_EDGE_HISTOGRAM_BUCKETS. */
noon_dur noon_edge_histogram_limit(size_t bucket);

/**
 * Find the buckets that are worth a row: from the first to the last that is not empty.
 * @param[out] ret_first  bucket
 * @param[out] ret_end    bucket after the last; equal to *ret_first when all are empty
 */
void noon_edge_histogram_rows(const struct noon_edge_histogram *h, size_t *ret_first,
			      size_t *ret_end);

/** Return the length of the bar of a bucket, 0..width characters: the fullest has width, and one
 *  that is not empty has at least 1. bucket < NOON_EDGE_HISTOGRAM_BUCKETS, width >= 1. */
size_t noon_edge_histogram_bar(const struct noon_edge_histogram *h, size_t bucket, size_t width);

#endif
