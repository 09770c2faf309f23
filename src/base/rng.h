/* SPDX-License-Identifier: Apache-2.0
 *
 * Randomness handed in by the caller.
 *
 * The table has one function. platform/entropy.h fills it from the kernel (for secrets and
 * nonces); noon_rng_seeded() fills it from xoshiro256** (for simulations and tests: a seed
 * replays a whole day, and it must never feed a secret in a real daemon).
 */
#ifndef NOON_BASE_RNG_H
#define NOON_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct noon_rng {
	void (*fill)(struct noon_rng *rng, void *p, size_t n); /**< cannot fail */
	uint64_t s[4]; /**< state of the seeded generator; free for other fillers */
};

/** Write n random bytes to p. */
static inline void noon_rng_fill(struct noon_rng *rng, void *p, size_t n)
{
	rng->fill(rng, p, n);
}

#define NOON_RNG_DRAWN_MAX 160

/** Bytes drawn at once for several values of one message: a draw from the kernel is a system call.
 *  Must not outlive the message: what is kept longer may be given out twice (platform/entropy.h).
 */
struct noon_rng_drawn {
	struct noon_rng rng;   /**< hand out &rng; first member */
	struct noon_rng *from; /**< what is drawn beyond p comes from here */
	size_t used;
	size_t n;
	uint8_t p[NOON_RNG_DRAWN_MAX];
};

/** Draw n bytes, or as many as there is room for. End with noon_rng_drawn_fini(). */
void noon_rng_draw(struct noon_rng_drawn *d, struct noon_rng *from, size_t n);
/** Wipe. */
void noon_rng_drawn_fini(struct noon_rng_drawn *d);

/** Return a uniform 64-bit value. */
uint64_t noon_rng_u64(struct noon_rng *rng);

/** Return a uniform value in [0, 1) with 53 bits. */
double noon_rng_unit(struct noon_rng *rng);

/** Return a standard Gaussian value (polar method). */
double noon_rng_gauss(struct noon_rng *rng);

/** Return an exponential value of mean 1. */
double noon_rng_exp(struct noon_rng *rng);

/** Return a generator that repeats for a seed; xoshiro256** seeded by SplitMix64. */
struct noon_rng noon_rng_seeded(uint64_t seed);

#endif
