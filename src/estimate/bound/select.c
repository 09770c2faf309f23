/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/bound/select.h"

#include <assert.h>
#include <stdbool.h>

/* One end of one interval. */
struct end {
	int64_t at;
	bool is_start;
};

/* Starts come before ends at the same place: intervals are closed. */
static bool comes_before(struct end a, struct end b)
{
	return a.at < b.at || (a.at == b.at && a.is_start && !b.is_start);
}

static void insert(struct end *ends, size_t n, struct end e)
{
	size_t i = n;

	for (; i > 0 && comes_before(e, ends[i - 1]); i--)
		ends[i] = ends[i - 1];
	ends[i] = e;
}

/* Take the bits of the intervals that touch the region out of `outside`. */
static uint32_t without_touching(const struct noon_interval *iv, size_t n,
				 struct noon_interval region, uint32_t outside)
{
	for (size_t i = 0; i < n; i++)
		if (!noon_interval_is_empty(noon_interval_meet(iv[i], region)))
			outside &= ~(UINT32_C(1) << i);
	return outside;
}

noon_err noon_select(const struct noon_interval *iv, size_t n, size_t f, struct noon_interval *ret,
		     uint32_t *ret_false)
{
	struct end ends[2 * NOON_SELECT_MAX];
	struct noon_interval hull = {INT64_MAX, INT64_MIN};
	uint32_t outside = (uint32_t)((UINT64_C(1) << n) - 1);
	size_t cover = 0, most = 0;
	int64_t start = 0;

	assert(n >= 1 && n <= NOON_SELECT_MAX);
	if (n <= f)
		return NOON_ERR_RANGE;
	for (size_t i = 0; i < n; i++) {
		assert(!noon_interval_is_empty(iv[i]));
		insert(ends, 2 * i, (struct end){iv[i].lo, true});
		insert(ends, 2 * i + 1, (struct end){iv[i].hi, false});
	}
	for (size_t i = 0; i < 2 * n; i++) {
		if (ends[i].is_start && ++cover == n - f)
			start = ends[i].at;
		most = cover > most ? cover : most;
		if (!ends[i].is_start && cover-- == n - f) {
			const struct noon_interval region = {start, ends[i].at};

			hull.lo = hull.lo < region.lo ? hull.lo : region.lo;
			hull.hi = hull.hi > region.hi ? hull.hi : region.hi;
			outside = without_touching(iv, n, region, outside);
		}
	}
	if (noon_interval_is_empty(hull) || most <= f)
		return NOON_ERR_EMPTY;
	*ret = hull;
	*ret_false = outside;
	return NOON_OK;
}
