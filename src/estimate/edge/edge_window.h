/* SPDX-License-Identifier: Apache-2.0
 *
 * The most recent values of a stream, in order of arrival and sorted: exact order statistics.
 *
 * No heap: 4 KiB in the struct. A full window drops its oldest value for each new one.
 */
#ifndef NOON_ESTIMATE_EDGE_WINDOW_H
#define NOON_ESTIMATE_EDGE_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

#define NOON_EDGE_WINDOW_MAX 512
/** Largest |value| that a window holds, ns. */
#define NOON_EDGE_WINDOW_VALUE_MAX ((noon_dur)INT32_MAX)

struct noon_edge_window {
	size_t size; /**< values that it holds when full, 1..NOON_EDGE_WINDOW_MAX */
	size_t n;    /**< values in it, 0..size */
	size_t next; /**< place in ring of the next value */
	int32_t ring[NOON_EDGE_WINDOW_MAX];   /**< ns, in order of arrival */
	int32_t sorted[NOON_EDGE_WINDOW_MAX]; /**< ns, ascending */
};

/** Empty a window and set how many values it holds, 1..NOON_EDGE_WINDOW_MAX. */
void noon_edge_window_init(struct noon_edge_window *w, size_t size);

/** Add a value, |v| <= NOON_EDGE_WINDOW_VALUE_MAX; the oldest leaves a full window. O(size). */
void noon_edge_window_add(struct noon_edge_window *w, noon_dur v);

/** Return the k-th smallest value, ns; 1 <= k <= n. O(1). */
noon_dur noon_edge_window_rank(const struct noon_edge_window *w, size_t k);

/** Return the median, ns; n >= 1. The mean of the middle two, rounded down, when n is even. O(1).
 */
noon_dur noon_edge_window_median(const struct noon_edge_window *w);

/** Return the median of |v - median|, ns, >= 0; n >= 1. The larger of the middle two when n is
 * even: it feeds an uncertainty. O(n). */
noon_dur noon_edge_window_mad(const struct noon_edge_window *w);

/** Return the k-th largest |v|, ns, >= 0; 1 <= k <= n. O(k). */
noon_dur noon_edge_window_outer(const struct noon_edge_window *w, size_t k);

#endif
