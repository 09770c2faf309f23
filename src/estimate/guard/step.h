/* SPDX-License-Identifier: Apache-2.0
 *
 * A change of route: while a guard has its alarm, have all round trips moved by one step, and do
 * they spread as calibrated?
 *
 * Then a route has changed, or somebody holds every packet for the same time: round trips cannot
 * tell the two apart. The alarm stays; what is known is what an operator has to do, a new baseline
 * under another path-id if it is a route. Until then the bound alone is what counts.
 */
#ifndef NOON_ESTIMATE_STEP_H
#define NOON_ESTIMATE_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "estimate/law/law.h"

struct noon_step {
	uint32_t n;		      /**< values since the last verdict */
	double least_ns;	      /**< of the first batch */
	double origin_ns;	      /**< where the law would begin now */
	uint32_t count[NOON_LAW_MAX]; /**< histogram of the values after it, on the law's lattice */
	bool is_known;
	double by_ns; /**< then: how far all round trips moved */
};

/** Forget everything. */
void noon_step_reset(struct noon_step *s);

/**
 * Take a round trip during an alarm. One batch tells where the law would begin, the next `values`
 * whether they spread as it does: largest distance of the two distributions, medians on each other.
 * @param distance  up to which they do, 0..1
 * @param least_by  a smaller move is none, ns
 */
void noon_step_take(struct noon_step *s, const struct noon_law *law, double rtt_ns, uint32_t batch,
		    uint32_t values, double distance, double least_by);

#endif
