/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests per address: a token bucket in a table of fixed size.
 *
 * The place of an address is a keyed hash, so an attacker cannot make the table grow, nor aim at
 * somebody's bucket without knowing the key. An address that takes the place of another starts with
 * a full bucket: the table protects against a few busy clients, not against forged floods, which
 * gain nothing because a reply is never longer than its request. One request in NOON_RATE_KISS of
 * those over the limit is told so (RFC 5905, section 7.4), the rest are dropped.
 */
#ifndef NOON_PROTO_RATE_LIMIT_H
#define NOON_PROTO_RATE_LIMIT_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/rng.h"
#include "base/time.h"

#define NOON_RATE_SLOTS 4096
#define NOON_RATE_KISS	16

enum noon_rate_verdict { NOON_RATE_PASS, NOON_RATE_TELL, NOON_RATE_DROP };

struct noon_rate_slot {
	uint64_t tag;	/**< hash of the address that used it last */
	noon_time last; /**< when tokens were counted last */
	float tokens;
	uint32_t over; /**< requests over the limit in a row */
};

struct noon_rate_limit {
	double per_s; /**< 0: everything passes */
	double burst;
	uint64_t key[2];
	struct noon_rate_slot slot[NOON_RATE_SLOTS];
};

/** Set up; per_s >= 0, burst >= 1. */
void noon_rate_limit_init(struct noon_rate_limit *r, struct noon_rng *rng, double per_s,
			  double burst);
/** Count one request of an address (its bytes without the port) at `now`. */
enum noon_rate_verdict noon_rate_limit_ask(struct noon_rate_limit *r, struct noon_bytes addr,
					   noon_time now);

#endif
