/* SPDX-License-Identifier: Apache-2.0
 *
 * xoshiro256** 1.0 and SplitMix64 after the public-domain descriptions of Blackman and Vigna.
 */
#include "base/rng.h"

#include <math.h>
#include <string.h>

#include "base/bytes.h"

static uint64_t rotl(uint64_t x, unsigned k)
{
	return x << k | x >> (64 - k);
}

static uint64_t next(uint64_t s[4])
{
	const uint64_t out = rotl(s[1] * 5, 7) * 9;
	const uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return out;
}

static void fill_seeded(struct noon_rng *rng, void *p, size_t n)
{
	uint8_t *out = p;

	while (n > 0) {
		const uint64_t v = next(rng->s);
		const size_t k = n < sizeof(v) ? n : sizeof(v);

		memcpy(out, &v, k);
		out += k;
		n -= k;
	}
}

struct noon_rng noon_rng_seeded(uint64_t seed)
{
	struct noon_rng rng = {.fill = fill_seeded};

	for (size_t i = 0; i < 4; i++) {
		uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		rng.s[i] = z ^ z >> 31;
	}
	return rng;
}

static void fill_drawn(struct noon_rng *rng, void *p, size_t n)
{
	struct noon_rng_drawn *d = (struct noon_rng_drawn *)(void *)rng;
	const size_t left = d->n - d->used;
	const size_t k = n < left ? n : left;

	memcpy(p, d->p + d->used, k);
	d->used += k;
	if (k < n)
		noon_rng_fill(d->from, (uint8_t *)p + k, n - k);
}

void noon_rng_draw(struct noon_rng_drawn *d, struct noon_rng *from, size_t n)
{
	d->rng = (struct noon_rng){.fill = fill_drawn};
	d->from = from;
	d->used = 0;
	d->n = n < sizeof(d->p) ? n : sizeof(d->p);
	noon_rng_fill(from, d->p, d->n);
}

void noon_rng_drawn_fini(struct noon_rng_drawn *d)
{
	noon_wipe(d, sizeof(*d));
}

uint64_t noon_rng_u64(struct noon_rng *rng)
{
	uint64_t v;

	noon_rng_fill(rng, &v, sizeof(v));
	return v;
}

double noon_rng_unit(struct noon_rng *rng)
{
	return (double)(noon_rng_u64(rng) >> 11) * 0x1p-53;
}

double noon_rng_gauss(struct noon_rng *rng)
{
	double u;
	double s;

	/* Accepts with probability pi/4: 64 refusals in a row do not happen. */
	for (int i = 0; i < 64; i++) {
		u = 2 * noon_rng_unit(rng) - 1;
		const double v = 2 * noon_rng_unit(rng) - 1;

		s = u * u + v * v;
		if (s > 0 && s < 1)
			return u * sqrt(-2 * log(s) / s);
	}
	return 0;
}

double noon_rng_exp(struct noon_rng *rng)
{
	return -log1p(-noon_rng_unit(rng));
}
