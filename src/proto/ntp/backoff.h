/* SPDX-License-Identifier: Apache-2.0
 *
 * Exponential back-off between key exchanges (RFC 8915, section 4.2 and requirement C4): the
 * first attempt at once, then 10 s, growing by 1.5 with each attempt, up to 5 days, each wait
 * made up to a tenth longer at random so that clients of a restarted server spread out.
 */
#ifndef NOON_PROTO_BACKOFF_H
#define NOON_PROTO_BACKOFF_H

#include <stdint.h>

#include "base/rng.h"
#include "base/time.h"

#define NOON_BACKOFF_MIN    NOON_S(10)
#define NOON_BACKOFF_MAX    NOON_S(5 * 86400)
#define NOON_BACKOFF_FACTOR 1.5

struct noon_backoff {
	uint32_t attempts; /**< since the last success */
	noon_time last;	   /**< instant of the latest attempt; meaningful if attempts > 0 */
	noon_time next;	   /**< earliest instant of the next attempt */
};

/** Note an attempt at `now` and choose the earliest instant of the next one. */
void noon_backoff_attempt(struct noon_backoff *b, struct noon_rng *rng, noon_time now);

/** Note that the latest attempt bore fruit: the next one may come the minimum wait after it. */
void noon_backoff_success(struct noon_backoff *b);

#endif
