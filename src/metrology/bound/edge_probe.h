/* SPDX-License-Identifier: Apache-2.0
 *
 * When to ask a service whose stamps have a coarse resolution, so that each answer halves what is
 * not known of its offset.
 *
 * An answer says whether the server read its clock before or after its next edge, where the stamp
 * changes. A request that arrives as the edge would be for the middle of the bracket decides
 * which half is true. log2(resolution / round trip) requests give the offset within a round trip.
 */
#ifndef NOON_METROLOGY_EDGE_PROBE_H
#define NOON_METROLOGY_EDGE_PROBE_H

#include "base/err.h"
#include "base/time.h"

struct noon_edge_probe {
	noon_dur lower, upper; /**< x = T(S) - T(C) lies between these, ns, lower <= upper;
				*   INT64_MIN and INT64_MAX: nothing is known */
	noon_dur resolution;   /**< of the stamps, ns, > 0 */
	noon_time edge;	  /**< T(S) of any edge; the others are multiples of the resolution off */
	noon_dur rtt_min; /**< shortest round trip seen, ns, >= 0 */
	noon_dur rtt_typical; /**< median round trip, ns, >= rtt_min */
	noon_time now;	      /**< T(C) */
	noon_time last; /**< last request sent, T(C), <= now; NOON_TIME_FIRST: there was none */
	noon_dur gap;	/**< shortest time between two requests, ns, >= 0 */
	double unit;	/**< random, uniform in [0, 1): spreads the requests around the edge */
};

/**
 * Say when to send the next request.
 *
 * At the server it is aimed at the middle of what can be improved: the bracket is never narrower
 * than the round trips that made it, so the part of it that is not known is what exceeds rtt_min,
 * whatever the asymmetry. Near the end requests go on to fall on both sides of the edge, spread
 * over what is left and the usual variation of the round trip, so that the luckiest of each side
 * meet. While less than an edge is known, they are spread over all phases.
 *
 * @param[out] ret_tq  T(C), not before now, not before last + gap, and less than one resolution
 *                     after the later of these; saturated; untouched unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  a member is outside its range, or the bracket is empty
 */
NOON_MUST_USE noon_err noon_edge_probe_next(const struct noon_edge_probe *p, noon_time *ret_tq);

#endif
