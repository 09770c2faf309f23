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
