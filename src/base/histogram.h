/* SPDX-License-Identifier: Apache-2.0
 *
 * Histogram of durations with a fixed relative error: log-linear, 64 buckets to the octave.
 *
 * Values below 128 are kept exactly; a larger one falls into a bucket no wider than 1/64 of it. No
 * heap: the counters are in the struct (18 KB), so it is best kept out of stack frames.
 */
#ifndef NOON_BASE_HISTOGRAM_H
#define NOON_BASE_HISTOGRAM_H

#include <stdint.h>

#include "base/time.h"

/** Exact values, then 33 octaves from 2^7 to 2^40 ns (18 minutes). */
#define NOON_HISTOGRAM_BUCKETS (128 + 33 * 64)
/** Longer durations count as this one. */
#define NOON_HISTOGRAM_MAX ((INT64_C(1) << 40) - 1)

/** All zero: empty. */
struct noon_histogram {
	uint64_t n;
	noon_dur max;
	uint64_t count[NOON_HISTOGRAM_BUCKETS];
};

/** Count a duration; a negative one counts as 0. */
void noon_histogram_add(struct noon_histogram *h, noon_dur d);

/**
 * Return the smallest duration that at least the fraction q of all does not exceed, rounded up by
 * at most 1/64 of it; 0 if empty. q = 1 gives the maximum exactly.
 */
noon_dur noon_histogram_quantile(const struct noon_histogram *h, double q);

#endif
