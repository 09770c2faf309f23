/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/edge/edge_window.h"

#include <assert.h>
#include <string.h>

void noon_edge_window_init(struct noon_edge_window *w, size_t size)
{
	assert(size >= 1 && size <= NOON_EDGE_WINDOW_MAX);
	w->size = size;
	w->n = 0;
	w->next = 0;
}

/* Return how many of the sorted values are smaller than v. */
static size_t below(const struct noon_edge_window *w, int32_t v)
{
	size_t lo = 0, hi = w->n;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (w->sorted[mid] < v)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void take_out(struct noon_edge_window *w, int32_t v)
{
	const size_t at = below(w, v);

	w->n--;
	memmove(&w->sorted[at], &w->sorted[at + 1], (w->n - at) * sizeof(w->sorted[0]));
}

static void put_in(struct noon_edge_window *w, int32_t v)
{
	const size_t at = below(w, v);

	memmove(&w->sorted[at + 1], &w->sorted[at], (w->n - at) * sizeof(w->sorted[0]));
	w->sorted[at] = v;
	w->n++;
}

void noon_edge_window_add(struct noon_edge_window *w, noon_dur v)
{
	assert(v >= -NOON_EDGE_WINDOW_VALUE_MAX && v <= NOON_EDGE_WINDOW_VALUE_MAX);
	if (w->n == w->size)
		take_out(w, w->ring[w->next]);
	put_in(w, (int32_t)v);
	w->ring[w->next] = (int32_t)v;
	w->next = (w->next + 1) % w->size;
}

noon_dur noon_edge_window_rank(const struct noon_edge_window *w, size_t k)
{
	assert(k >= 1 && k <= w->n);
	return w->sorted[k - 1];
}

noon_dur noon_edge_window_median(const struct noon_edge_window *w)
{
	const noon_dur low = noon_edge_window_rank(w, (w->n + 1) / 2);
	const noon_dur high = noon_edge_window_rank(w, w->n / 2 + 1);

	return low + (high - low) / 2;
}

/* The values nearest to the median lie around it in the sorted order: take them from there
 * outwards, the nearer side first. */
noon_dur noon_edge_window_mad(const struct noon_edge_window *w)
{
	const noon_dur median = noon_edge_window_median(w);
	size_t left = (w->n + 1) / 2; /* values to the left that are not taken yet */
	size_t right = left;	      /* index of the next one to the right */
	noon_dur distance = 0;

	for (size_t taken = 0; taken < w->n / 2 + 1; taken++) {
		const noon_dur l = left > 0 ? median - w->sorted[left - 1] : NOON_DUR_MAX;
		const noon_dur r = right < w->n ? w->sorted[right] - median : NOON_DUR_MAX;

		if (l <= r)
			left--;
		else
			right++;
		distance = l <= r ? l : r;
	}
	return distance;
}

noon_dur noon_edge_window_outer(const struct noon_edge_window *w, size_t k)
{
	size_t first = 0, end = w->n; /* those that are not taken yet */
	noon_dur distance = 0;

	assert(k >= 1 && k <= w->n);
	for (size_t taken = 0; taken < k; taken++) {
		const noon_dur l = noon_dur_abs(w->sorted[first]);
		const noon_dur r = noon_dur_abs(w->sorted[end - 1]);

		if (l >= r)
			first++;
		else
			end--;
		distance = l >= r ? l : r;
	}
	return distance;
}
