/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/bound/select.h"

#include <assert.h>
#include <stdbool.h>

/* One end of one interval. */
struct end {
	int64_t at;
	bool is_start;
};

/*@ logic integer beyond = INT64_MAX + 1; // whatever starts or ends has done so before it
    predicate before(struct end a, struct end b) =
      a.at < b.at || (a.at == b.at && a.is_start != 0 && b.is_start == 0);
    predicate sorted{L}(struct end *e, integer n) =
      \forall integer a, b; 0 <= a < b < n ==> e[a].at <= e[b].at &&
	(e[a].at == e[b].at && e[a].is_start == 0 ==> e[b].is_start == 0);
    // Behind x: the start of what does not reach down to it, the end of what may hold it.
    predicate behind(struct end a, integer x) = a.is_start != 0 ? x < a.at : x <= a.at; */

/*@ // Among the first n ends: intervals that start at x or before it, and those that end before it.
    axiomatic Ends {
      logic integer started{L}(struct end *e, integer n, integer x) reads e[0 .. n - 1];
      logic integer ended{L}(struct end *e, integer n, integer x) reads e[0 .. n - 1];
      predicate count_end{L}(struct end *e, integer n, integer next) =
	(\forall integer x; started(e, next, x) ==
	  started(e, n, x) + (e[n].is_start != 0 && e[n].at <= x ? 1 : 0)) &&
	(\forall integer x; ended(e, next, x) ==
	  ended(e, n, x) + (e[n].is_start == 0 && e[n].at < x ? 1 : 0));
      axiom no_start{L}: \forall struct end *e, integer x; started(e, 0, x) == 0;
      axiom no_end{L}: \forall struct end *e, integer x; ended(e, 0, x) == 0;
      axiom ends{L}: \forall struct end *e, integer n, next;
	0 <= n < next <= n + 1 ==> count_end(e, n, next);
    } */

/*@ assigns \nothing;
    ensures \result <==> before(a, b); */
/* Starts come before ends at the same place: intervals are closed. */
static bool comes_before(struct end a, struct end b)
{
	return a.at < b.at || (a.at == b.at && a.is_start && !b.is_start);
}

/*@ requires n < 2 * NOON_SELECT_MAX && \valid(ends + (0 .. n)) && sorted(ends, n);
    assigns ends[0 .. n];
    ensures sorted(ends, n + 1);
    ensures \forall integer x; started(ends, n + 1, x) ==
      started{Pre}(ends, n, x) + (e.is_start != 0 && e.at <= x ? 1 : 0);
    ensures \forall integer x; ended(ends, n + 1, x) ==
      ended{Pre}(ends, n, x) + (e.is_start == 0 && e.at < x ? 1 : 0); */
static void insert(struct end *ends, size_t n, struct end e)
{
	size_t i = n;

	/*@ loop invariant 0 <= i <= n;
	    loop invariant \forall integer k; 0 <= k < i ==>
	      ends[k].at == \at(ends[k].at, Pre) && ends[k].is_start == \at(ends[k].is_start, Pre);
	    loop invariant \forall integer k, m; i <= m < k <= m + 1 <= n ==>
	      ends[k].at == \at(ends[m].at, Pre) && ends[k].is_start == \at(ends[m].is_start, Pre);
	    loop invariant \forall integer a, b; 0 <= a < b <= n && a != i && b != i ==>
	      ends[a].at <= ends[b].at &&
	      (ends[a].at == ends[b].at && ends[a].is_start == 0 ==> ends[b].is_start == 0);
	    loop invariant \forall integer k; i < k <= n ==> e.at < ends[k].at ||
	      (e.at == ends[k].at && e.is_start != 0 && ends[k].is_start == 0);
	    loop assigns i, ends[1 .. n];
	    loop variant i; */
	for (; i > 0 && comes_before(e, ends[i - 1]); i--)
		ends[i] = ends[i - 1];
	ends[i] = e;
	/*@ assert order: sorted(ends, n + 1); */
	/*@ assert kept: \forall integer k; 0 <= k < i ==>
	      ends[k].at == \at(ends[k].at, Pre) &&
	      ends[k].is_start == \at(ends[k].is_start, Pre); */
	/*@ assert moved: \forall integer k, m; i <= m < k <= m + 1 <= n ==>
	      ends[k].at == \at(ends[m].at, Pre) &&
	      ends[k].is_start == \at(ends[m].is_start, Pre); */
	/*@ ghost
	    size_t j = 0;
	    /@ loop invariant 0 <= j <= i;
	       loop invariant \forall integer x; started(ends, j, x) == started{Pre}(ends, j, x);
	       loop invariant \forall integer x; ended(ends, j, x) == ended{Pre}(ends, j, x);
	       loop assigns j;
	       loop variant i - j; @/
	    for (; j < i; j++) {
	      /@ assert count_end(ends, j, j + 1) && count_end{Pre}(ends, j, j + 1); @/
	    }
	    /@ assert count_end(ends, i, i + 1); @/
	    /@ loop invariant i <= j <= n;
	       loop invariant \forall integer x; started(ends, j + 1, x) ==
		 started{Pre}(ends, j, x) + (e.is_start != 0 && e.at <= x ? 1 : 0);
	       loop invariant \forall integer x; ended(ends, j + 1, x) ==
		 ended{Pre}(ends, j, x) + (e.is_start == 0 && e.at < x ? 1 : 0);
	       loop assigns j;
	       loop variant n - j; @/
	    for (; j < n; j++) {
	      /@ assert count_end(ends, j + 1, j + 2) && count_end{Pre}(ends, j, j + 1); @/
	    } */
}

/*@ requires n <= NOON_SELECT_MAX && \valid_read(iv + (0 .. n - 1));
    assigns \nothing; */
/* Take the bits of the intervals that touch the region out of `outside`. */
static uint32_t without_touching(const struct noon_interval *iv, size_t n,
				 struct noon_interval region, uint32_t outside)
{
	/*@ loop invariant 0 <= i <= n;
	    loop assigns i, outside;
	    loop variant n - i; */
	for (size_t i = 0; i < n; i++)
		if (!noon_interval_is_empty(noon_interval_meet(iv[i], region)))
			outside &= ~(UINT32_C(1) << i);
	return outside;
}

/* Most of its lines are what the provers need between the statements. */
/* NOLINTNEXTLINE(readability-function-size) */
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
	/*@ loop invariant 0 <= i <= n && sorted(&ends[0], 2 * i);
	    loop invariant \forall integer x; started(&ends[0], 2 * i, x) -
	      ended(&ends[0], 2 * i, x) == i - excluding{Pre}(iv, i, x);
	    loop invariant \forall integer x, y; y <= x + 1 ==>
	      ended(&ends[0], 2 * i, y) <= started(&ends[0], 2 * i, x);
	    loop invariant excluding{Pre}(iv, i, beyond) == i;
	    loop assigns i, ends[0 .. 2 * n - 1];
	    loop variant n - i; */
	for (size_t i = 0; i < n; i++) {
		assert(!noon_interval_is_empty(iv[i]));
		/*@ assert count_interval{Pre}(iv, i, i + 1); */
		insert(ends, 2 * i, (struct end){iv[i].lo, true});
		insert(ends, 2 * i + 1, (struct end){iv[i].hi, false});
	}
	/*@ ghost
	    /@ loop invariant 0 <= j <= 2 * n;
	       // Where no more start up to x, their number stays; what has ended stays ended.
	       loop invariant \forall integer x, k; 0 <= k <= j &&
		 (\forall integer m; k <= m < j ==> ends[m].is_start == 0 || ends[m].at > x) ==>
		 started(&ends[0], j, x) == started(&ends[0], k, x);
	       loop invariant \forall integer x, k; 0 <= k <= j ==>
		 ended(&ends[0], k, x) <= ended(&ends[0], j, x);
	       loop assigns j;
	       loop variant 2 * n - j; @/
	    for (size_t j = 0; j < 2 * n; j++) {
	      /@ assert count_end(&ends[0], j, j + 1); @/
	    }
	    /@ assert starts_over: \forall integer x, k; 0 <= k <= 2 * n &&
		 (\forall integer m; k <= m < 2 * n ==> ends[m].is_start == 0 || ends[m].at > x) ==>
		 started(&ends[0], 2 * n, x) == started(&ends[0], k, x); @/
	    /@ assert ends_stay: \forall integer x, k; 0 <= k <= 2 * n ==>
		 ended(&ends[0], k, x) <= ended(&ends[0], 2 * n, x); @/ */
	/*@ loop invariant 0 <= i <= 2 * n && cover <= i;
	    // All that started and has not ended is open.
	    loop invariant open:
	      cover == started(&ends[0], i, beyond) - ended(&ends[0], i, beyond);
	    loop invariant all_started: \forall integer x; (i == 0 || ends[i - 1].at <= x) ==>
	      started(&ends[0], i, x) == started(&ends[0], i, beyond);
	    loop invariant all_ended: \forall integer x; (i == 0 || !behind(ends[i - 1], x)) ==>
	      ended(&ends[0], i, x) == ended(&ends[0], i, beyond);
	    loop invariant most: \forall integer x;
	      started(&ends[0], i, x) - ended(&ends[0], i, x) <= most;
	    // A point that is covered often enough is in the hull once it is passed, or in what is
	    // still open.
	    loop invariant start: cover >= n - f ==> i > 0 && start <= ends[i - 1].at;
	    loop invariant covered: \forall integer x; i > 0 && behind(ends[i - 1], x) &&
	      started(&ends[0], i, x) - ended(&ends[0], i, x) >= n - f ==>
	      (cover >= n - f && start <= x) || hull.lo <= x <= hull.hi;
	    loop assigns i, cover, most, start, hull, outside;
	    loop variant 2 * n - i; */
	for (size_t i = 0; i < 2 * n; i++) {
		/*@ assert count_end(&ends[0], i, i + 1); */
		/*@ assert step: cover + (ends[i].is_start != 0 ? 1 : -1) ==
		      started(&ends[0], i + 1, beyond) - ended(&ends[0], i + 1, beyond); */
		/*@ assert next: i > 0 ==> ends[i - 1].at <= ends[i].at && (ends[i - 1].at ==
		      ends[i].at && ends[i - 1].is_start == 0 ==> ends[i].is_start == 0); */
		/*@ assert no_start: ends[i].is_start == 0 ==> \forall integer m; i <= m < 2 * n ==>
		      ends[m].is_start == 0 || ends[m].at > ends[i].at; */
		/*@ assert later: ends[i].is_start == 0 ==>
		      started(&ends[0], 2 * n, ends[i].at) == started(&ends[0], i, ends[i].at); */
		/*@ assert stays: ended(&ends[0], i + 1, ends[i].at + 1) <=
		      ended(&ends[0], 2 * n, ends[i].at + 1); */
		/*@ assert paired: ended(&ends[0], 2 * n, ends[i].at + 1) <=
		      started(&ends[0], 2 * n, ends[i].at); */
		/*@ assert one_open: ends[i].is_start == 0 ==> cover >= 1; */
		/*@ assert unchanged: \forall integer x; behind(ends[i], x) ==>
		      started(&ends[0], i + 1, x) == started(&ends[0], i, x) &&
		      ended(&ends[0], i + 1, x) == ended(&ends[0], i, x); */
		/*@ assert not_first: \forall integer x; behind(ends[i], x) &&
		      started(&ends[0], i, x) - ended(&ends[0], i, x) >= n - f ==> i > 0; */
		/*@ assert between: \forall integer x; i > 0 && !behind(ends[i - 1], x) &&
		      started(&ends[0], i, x) - ended(&ends[0], i, x) >= n - f ==>
		      cover >= n - f && start <= x; */
		/*@ assert covered_here: \forall integer x; behind(ends[i], x) &&
		      started(&ends[0], i, x) - ended(&ends[0], i, x) >= n - f ==>
		      (cover >= n - f && start <= x) || hull.lo <= x <= hull.hi; */
		/*@ assert as_often: \forall integer x; behind(ends[i], x) &&
		      started(&ends[0], i + 1, x) - ended(&ends[0], i + 1, x) >= n - f ==>
		      started(&ends[0], i, x) - ended(&ends[0], i, x) >= n - f; */
		/*@ assert covered_after: \forall integer x; behind(ends[i], x) &&
		      started(&ends[0], i + 1, x) - ended(&ends[0], i + 1, x) >= n - f ==>
		      (cover >= n - f && start <= x) || hull.lo <= x <= hull.hi; */
		if (ends[i].is_start && ++cover == n - f)
			start = ends[i].at;
		most = cover > most ? cover : most;
		if (!ends[i].is_start && cover-- == n - f) {
			const struct noon_interval region = {start, ends[i].at};

			hull.lo = hull.lo < region.lo ? hull.lo : region.lo;
			hull.hi = hull.hi > region.hi ? hull.hi : region.hi;
			/*@ assert closed: \forall integer x; start <= x <= ends[i].at ==>
			      hull.lo <= x <= hull.hi; */
			outside = without_touching(iv, n, region, outside);
		}
		/*@ assert kept_hull: \forall integer x;
		      \at(hull.lo, LoopCurrent) <= x <= \at(hull.hi, LoopCurrent) ==>
		      hull.lo <= x <= hull.hi; */
		/*@ assert kept_start: \forall integer x; behind(ends[i], x) &&
		      \at(cover, LoopCurrent) >= n - f && \at(start, LoopCurrent) <= x ==>
		      (cover >= n - f && start <= x) || hull.lo <= x <= hull.hi; */
		/*@ assert covered_on: \forall integer x; behind(ends[i], x) &&
		      started(&ends[0], i + 1, x) - ended(&ends[0], i + 1, x) >= n - f ==>
		      (cover >= n - f && start <= x) || hull.lo <= x <= hull.hi; */
	}
	if (noon_interval_is_empty(hull) || most <= f)
		return NOON_ERR_EMPTY;
	*ret = hull;
	*ret_false = outside;
	return NOON_OK;
}
