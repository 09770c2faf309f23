/* SPDX-License-Identifier: Apache-2.0
 *
 * Agreement of n intervals of which at most f are false (Marzullo's intersection; docs/theory.md,
 * section 2).
 *
 * While at most f are false, the truth is covered by n - f or more. The result is the hull of
 * all points that are covered so often; whoever does not touch any of them is false. It holds the
 * truth for every n > f. From n = 2f + 1 on it is no wider than the honest intervals allow; with
 * fewer (the others are silent) liars can widen it, never move it off the truth.
 */
#ifndef NOON_ESTIMATE_SELECT_H
#define NOON_ESTIMATE_SELECT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "estimate/bound/interval.h"

#define NOON_SELECT_MAX 16

/*@ // How many of the first n intervals do not hold x, counted one by one.
    axiomatic Excluding {
      logic integer excluding{L}(struct noon_interval *iv, integer n, integer x)
	reads iv[0 .. n - 1];
      predicate count_interval{L}(struct noon_interval *iv, integer n, integer next) =
	\forall integer x; excluding(iv, next, x) ==
	  excluding(iv, n, x) + (iv[n].lo <= x <= iv[n].hi ? 0 : 1);
      axiom no_interval{L}:
	\forall struct noon_interval *iv, integer x; excluding(iv, 0, x) == 0;
      axiom intervals{L}: \forall struct noon_interval *iv, integer n, next;
	0 <= n < next <= n + 1 ==> count_interval(iv, n, next);
    } */

/*@ requires 1 <= n <= NOON_SELECT_MAX && \valid_read(iv + (0 .. n - 1));
    requires \valid(ret) && \valid(ret_false) && \separated(ret, ret_false, iv + (0 .. n - 1));
    requires \forall integer i; 0 <= i < n ==> iv[i].lo <= iv[i].hi;
    assigns *ret, *ret_false;
    ensures untouched: \result != NOON_OK ==> *ret == \old(*ret) && *ret_false == \old(*ret_false);
    // A truth that at most f of them exclude is in the result.
    ensures truth: \result == NOON_OK ==>
      \forall integer x; excluding{Pre}(iv, n, x) <= f ==> ret->lo <= x <= ret->hi;
    // Refused: every point is excluded by more than f, or held by at most f.
    ensures refused: \result == NOON_ERR_EMPTY ==>
      \forall integer x; excluding{Pre}(iv, n, x) > f || n - excluding{Pre}(iv, n, x) <= f;
    ensures range: \result == NOON_ERR_RANGE <==> n <= f; */
/**
 * Intersect with at most f liars.
 *
 * @param      iv         iv[n], none empty
 * @param      n          1..NOON_SELECT_MAX
 * @param      f          0 <= f < n
 * @param[out] ret        hull of the points covered by n - f intervals or more
 * @param[out] ret_false  bit i: interval i touches none of those points
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  n <= f: all of them may be false
 * @retval NOON_ERR_EMPTY  no point is covered by n - f, or none by more than f: more than f are
 *                         false, or too few agree to have an honest one among them
 */
NOON_MUST_USE noon_err noon_select(const struct noon_interval *iv, size_t n, size_t f,
				   struct noon_interval *ret, uint32_t *ret_false);

#endif
