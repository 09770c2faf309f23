/* SPDX-License-Identifier: Apache-2.0
 *
 * Randomness of the kernel as a struct noon_rng: for nonces, keys and ports.
 *
 * Drawn from getrandom() in blocks, so that a packet costs no system call. One per thread.
 */
#ifndef NOON_PLATFORM_ENTROPY_H
#define NOON_PLATFORM_ENTROPY_H

#include "base/rng.h"

#define NOON_ENTROPY_BLOCK 1024

struct noon_entropy {
	struct noon_rng rng; /**< hand out &rng; first member */
	size_t used;	     /**< bytes of block already given out */
	uint8_t block[NOON_ENTROPY_BLOCK];
};

/** Prepare; draws nothing yet. */
void noon_entropy_init(struct noon_entropy *e);
/** Wipe what was drawn and not used. */
void noon_entropy_fini(struct noon_entropy *e);

#endif
