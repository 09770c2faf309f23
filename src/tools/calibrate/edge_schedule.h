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

/** Where the stamp of a service changes, on its own scale. */
struct noon_edges {
	noon_dur unit;	/**< spacing, ns, > 0 */
	noon_time edge; /**< any of them */
};

struct noon_edge_schedule {
	struct noon_stamped sample[NOON_EDGE_SAMPLES]; /**< a ring */
	size_t n;				       /**< that were taken in all */
	size_t from; /**< samples before it are forgotten: they contradicted later ones */
	struct noon_edges edges; /**< the finest seen; unit 0: none yet */
	noon_dur slack;		 /**< by which stamps may come late after an edge, most seen */
	double max_rate;
	struct noon_rng *rng;
	struct noon_stamped ordered[NOON_EDGE_SAMPLES]; /**< of the computation */
	size_t scratch[2 * NOON_EDGE_SAMPLES];
	struct noon_stamped_bound
		bound; /**< of now, for progress; lower and upper may be unknown */
};

/** Take a sample. @param edges  of its stamp; what last - first exceeds edges.unit, which is not
 *  more, is how late the service may see an edge */
void noon_edge_schedule_take(struct noon_edge_schedule *e, const struct noon_stamped *s,
			     struct noon_edges edges);

/** When to ask next, T(C). @param gap  shortest time between two questions, ns */
noon_time noon_edge_schedule_next(struct noon_edge_schedule *e, noon_time asked, noon_time now,
				  noon_dur gap);

#endif
