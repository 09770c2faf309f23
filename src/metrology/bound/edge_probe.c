/* SPDX-License-Identifier: Apache-2.0
 *
 * Let a be the edge, a reading of S, less tq, a reading of C, and f how long the request needs to
 * the server's clock. S reads tq + f + x there: the stamp is from before the edge where x + f < a,
 * and then x <= upper = a. Else x >= lower = a - rtt. So z = x + f is searched in [lower + rtt,
 * upper]: its middle is that of the bracket plus rtt / 2, and its width is that of the bracket less
 * rtt. This holds for any f between 0 and rtt.
 */
#include "metrology/bound/edge_probe.h"

#include <stdbool.h>

#include "metrology/bound/wide.h"

static bool is_valid(const struct noon_edge_probe *p)
{
	return p->lower <= p->upper && p->resolution > 0 && p->rtt_min >= 0 &&
	       p->rtt_typical >= p->rtt_min && p->gap >= 0 && p->last.ns <= p->now.ns &&
	       p->unit >= 0.0 && p->unit < 1.0;
}

static noon_wide least(noon_wide a, noon_wide b)
{
	return a < b ? a : b;
}

static noon_wide most(noon_wide a, noon_wide b)
{
	return a > b ? a : b;
}

/* a modulo m, 0 <= result < m */
static noon_wide modulo(noon_wide a, noon_wide m)
{
	const noon_wide r = a % m;

	return r < 0 ? r + m : r;
}

/* How far around the middle the requests are spread: by a part of what is not known, so that it is
 * nearly halved, and near the end by a part of the variation of the round trips, so that requests
 * go on to fall on both sides of the edge. Simulated brackets were the shortest with these parts.
 */
static noon_wide spread(const struct noon_edge_probe *p, noon_wide unknown)
{
	const noon_wide variation = p->rtt_typical - p->rtt_min;

	return most(least(unknown / 4, p->rtt_typical / 2), variation / 8 + p->rtt_typical / 64);
}

noon_err noon_edge_probe_next(const struct noon_edge_probe *p, noon_time *ret_tq)
{
	noon_time soonest;
	noon_wide width, before;

	if (!is_valid(p))
		return NOON_ERR_RANGE;
	soonest = noon_time_add(p->last, p->last.ns == NOON_TIME_FIRST.ns ? 0 : p->gap);
	if (noon_time_before(soonest, p->now))
		soonest = p->now;
	width = (noon_wide)p->upper - p->lower;
	if (width >= 2 * (noon_wide)p->resolution) {
		before = (noon_wide)((double)p->resolution * p->unit);
		*ret_tq = noon_time_add(soonest, noon_wide_saturate(before % p->resolution));
		return NOON_OK;
	}
	/* The middle of z is the next a. */
	before = ((noon_wide)p->lower + p->upper + p->rtt_min) / 2 +
		 (noon_wide)((double)spread(p, width - p->rtt_min) * (p->unit - 0.5));
	*ret_tq = noon_time_add(soonest, noon_wide_saturate(modulo(p->edge.ns - before - soonest.ns,
								   p->resolution)));
	return NOON_OK;
}
