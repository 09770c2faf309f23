/* SPDX-License-Identifier: Apache-2.0
 *
 * When to ask a service that only stamps: around the edge of its resolution, as the last samples
 * place it.
 */
#ifndef NOON_TOOLS_EDGE_SCHEDULE_H
#define NOON_TOOLS_EDGE_SCHEDULE_H

#include "base/rng.h"
#include "metrology/bound/stamped_bound.h"

#define NOON_EDGE_SAMPLES 256 /**< that the schedule remembers */

struct noon_edge_schedule {
	struct noon_stamped sample[NOON_EDGE_SAMPLES]; /**< a ring */
	size_t n;				       /**< that were taken in all */
	size_t from;	     /**< samples before it are forgotten: they contradicted later ones */
	noon_dur resolution; /**< finest seen; 0: none yet */
	double max_rate;
	struct noon_rng *rng;
	struct noon_stamped ordered[NOON_EDGE_SAMPLES]; /**< of the computation */
	size_t scratch[2 * NOON_EDGE_SAMPLES];
	struct noon_stamped_bound
		bound; /**< of now, for progress; lower and upper may be unknown */
};

/** Take a sample. */
void noon_edge_schedule_take(struct noon_edge_schedule *e, const struct noon_stamped *s);

/** When to ask next, T(C). @param gap  shortest time between two questions, ns */
noon_time noon_edge_schedule_next(struct noon_edge_schedule *e, noon_time asked, noon_time now,
				  noon_dur gap);

#endif
