/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a time-stamp authority's tokens get their time and number: one reading of the clock and one
 * serial number at a time, so that with a policy of ordering both ascend together.
 *
 * All calls may come from any thread.
 */
#ifndef NOON_DAEMON_TSA_REGISTER_H
#define NOON_DAEMON_TSA_REGISTER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/serve/served.h"
#include "proto/tsa/tsa.h"

struct noon_tsa_register {
	const struct noon_tsa_conf *conf;
	struct noon_served *served;
	noon_dur local_bound; /**< |error| of a clock without sources, by decree; 0: it has no time
			       */
	pthread_mutex_t lock; /**< of all below */
	noon_time last;	      /**< genTime of the last token of a policy with ordering */
	uint64_t next;	      /**< counter; next == end: none left */
	uint64_t end;
	uint64_t spare_next; /**< the block after it */
	uint64_t spare_end;
};

void noon_tsa_register_init(struct noon_tsa_register *g, const struct noon_tsa_conf *conf,
			    struct noon_served *served, noon_dur local_bound);
void noon_tsa_register_fini(struct noon_tsa_register *g);

/** Read the clock as tokens do. */
struct noon_tsa_clock noon_tsa_register_clock(struct noon_tsa_register *g);

/** UTC as far as it is known: for the books. */
noon_time noon_tsa_register_now(struct noon_tsa_register *g);

/** genTime of the last token of a policy with ordering. */
noon_time noon_tsa_register_last(struct noon_tsa_register *g);

/** Read the clock, judge it for the policy, and take a number.
 *  @param[out] ret_counter  of the serial number; untouched if refused */
struct noon_tsa_refusal noon_tsa_register_take(struct noon_tsa_register *g, size_t policy,
					       struct noon_tsa_date *ret_date,
					       uint64_t *ret_counter);

/** Tell whether another block of numbers should be reserved. */
bool noon_tsa_register_wants(struct noon_tsa_register *g);
/** Give it a block: counters first to first + n - 1. */
void noon_tsa_register_give(struct noon_tsa_register *g, uint64_t first, uint64_t n);

#endif
