/* SPDX-License-Identifier: Apache-2.0
 *
 * Kernel randomness as a struct noon_rng: for nonces, keys and ports.
 *
 * Nothing is buffered: each call of fill() is one getrandom(). Buffered bytes would be used twice
 * after a virtual machine was cloned or restored from a snapshot; the kernel detects that and
 * reseeds itself (vmgenid), a program cannot.
 */
#ifndef NOON_PLATFORM_ENTROPY_H
#define NOON_PLATFORM_ENTROPY_H

#include "base/rng.h"

struct noon_entropy {
	struct noon_rng rng; /**< pass &rng; first member */
};

/** Initialise; draws nothing. */
void noon_entropy_init(struct noon_entropy *e);
void noon_entropy_fini(struct noon_entropy *e);

#endif
