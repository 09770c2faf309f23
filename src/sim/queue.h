/* SPDX-License-Identifier: Apache-2.0
 *
 * Events in the order of their instants; events of the same instant in insertion order.
 */
#ifndef NOON_SIM_QUEUE_H
#define NOON_SIM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

struct noon_sim_event {
	noon_time at;  /**< true time */
	uint64_t turn; /**< set by put */
	int kind;      /**< the owner's */
	uint32_t who;  /**< the owner's */
	void *what;    /**< the owner's */
};

/** A binary heap; zeros are an empty one. */
struct noon_sim_queue {
	struct noon_sim_event *e;
	size_t n, room;
	uint64_t turns;
};

/** Put an event in; aborts when there is no memory. Cost: O(log n). */
void noon_sim_queue_put(struct noon_sim_queue *q, struct noon_sim_event e);

/** Take the next event out; false when there is none. */
bool noon_sim_queue_take(struct noon_sim_queue *q, struct noon_sim_event *ret);

/** Return the instant of the next event; NOON_TIME_NEVER when there is none. */
noon_time noon_sim_queue_next(const struct noon_sim_queue *q);

/** Free the heap; what the events point to is the owner's. */
void noon_sim_queue_fini(struct noon_sim_queue *q);

#endif
