/* SPDX-License-Identifier: Apache-2.0
 *
 * Randomness of the kernel as a struct noon_rng: for nonces, keys and ports.
 *
 * Nothing is kept: each call of fill() is one getrandom(). Bytes drawn in advance would be given
 * out twice after a virtual machine was cloned or put back to a snapshot; the kernel notices that
 * and seeds itself again (vmgenid), a program cannot.
 */
#ifndef NOON_PLATFORM_ENTROPY_H
#define NOON_PLATFORM_ENTROPY_H

#include "base/rng.h"

struct noon_entropy {
	struct noon_rng rng; /**< hand out &rng; first member */
};

/** Prepare; draws nothing. */
void noon_entropy_init(struct noon_entropy *e);
void noon_entropy_fini(struct noon_entropy *e);

#endif
