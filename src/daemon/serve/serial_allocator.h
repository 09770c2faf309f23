/* SPDX-License-Identifier: Apache-2.0
 *
 * Time and number of a time-stamp authority's tokens: one reading of the clock and one serial
 * number at a time, so that with a policy of ordering both increase together.
 *
 * All calls may come from any thread.
 */
#ifndef NOON_DAEMON_SERIAL_ALLOCATOR_H
#define NOON_DAEMON_SERIAL_ALLOCATOR_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/serve/served.h"
#include "proto/tsa/tsa.h"

struct noon_serial_allocator {
	const struct noon_tsa_conf *conf;
	struct noon_served *served;
	noon_dur local_bound; /**< |error| of a clock without sources, declared by configuration; 0:
			       * no tokens
			       */
	pthread_mutex_t lock; /**< of all below */
	noon_time last;	      /**< genTime of the last token of a policy with ordering */
	uint64_t next;	      /**< counter; next == end: none left */
	uint64_t end;
	uint64_t spare_next; /**< the block after it */
	uint64_t spare_end;
};

void noon_serial_allocator_init(struct noon_serial_allocator *g, const struct noon_tsa_conf *conf,
				struct noon_served *served, noon_dur local_bound);
void noon_serial_allocator_fini(struct noon_serial_allocator *g);

/** Read the clock as for tokens. */
struct noon_tsa_clock noon_serial_allocator_clock(struct noon_serial_allocator *g);

/** UTC as far as known: for the ledger. */
noon_time noon_serial_allocator_now(struct noon_serial_allocator *g);

/** genTime of the last token of a policy with ordering. */
noon_time noon_serial_allocator_last(struct noon_serial_allocator *g);

/** Read the clock, check it against the policy, and take a number.
 *  @param[out] ret_counter  of the serial number; untouched if refused */
struct noon_tsa_refusal noon_serial_allocator_take(struct noon_serial_allocator *g, size_t policy,
						   struct noon_tsa_date *ret_date,
						   uint64_t *ret_counter);

/** Tell whether another block of numbers should be reserved. */
bool noon_serial_allocator_wants(struct noon_serial_allocator *g);
/** Give it a block: counters first to first + n - 1. */
void noon_serial_allocator_give(struct noon_serial_allocator *g, uint64_t first, uint64_t n);

#endif
