/* SPDX-License-Identifier: Apache-2.0
 *
 * Key-exchange requests of random records in random order, and the answers required of every
 * server.
 *
 * Each request has its own generator, so that one exchange of a run can be repeated.
 */
#ifndef NOON_CHECK_KE_FUZZ_H
#define NOON_CHECK_KE_FUZZ_H

#include "base/rng.h"
#include "check/check.h"

#define NOON_KE_FUZZ_MAX	2048
#define NOON_KE_FUZZ_ROUNDS_MAX 100000

/** A request. */
struct noon_ke_fuzz {
	uint8_t buf[NOON_KE_FUZZ_MAX];
	size_t n;
	bool has_end; /**< it contains a complete END: without it there is no reply to wait for */
	bool offers;  /**< one NEXT_PROTOCOL with NTPv4, one AEAD, nothing critical that is unknown,
		       * no ERROR, no WARNING, END: keys are allowed */
	bool good;    /**< no error in it, and AEAD 15 is offered: keys are required */
};

/** Make a request. The same state of the generator gives the same request. */
void noon_ke_fuzz_make(struct noon_rng *rng, struct noon_ke_fuzz *ret);

/** The check F1: conf.fuzz exchanges, the k-th (from 0) seeded by conf.seed + k. */
void noon_check_ke_fuzz(const struct noon_check *self, struct noon_target *t,
			struct noon_check_result *r);

#endif
