/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tunnel/padding.h"

bool noon_padding_is_sound(const struct noon_padding *p)
{
	if (p->min > NOON_PADDING_MAX)
		return false;
	return p->mode != NOON_PADDING_RANDOM || (p->min <= p->max && p->max <= NOON_PADDING_MAX);
}

/* A whole number in [0, n], uniform: a remainder alone would prefer small ones. */
static size_t uniform(struct noon_rng *rng, size_t n)
{
	const uint64_t range = (uint64_t)n + 1;
	const uint64_t usable = UINT64_MAX - UINT64_MAX % range;
	uint64_t v = noon_rng_u64(rng);

	/* The chance of one more draw is below 2^-53. */
	for (int i = 0; v >= usable && i < 8; i++)
		v = noon_rng_u64(rng);
	return (size_t)(v % range);
}

noon_err noon_padding_len(const struct noon_padding *p, size_t n, struct noon_rng *rng, size_t *ret)
{
	switch (p->mode) {
	case NOON_PADDING_NONE:
		*ret = 0;
		return NOON_OK;
	case NOON_PADDING_RANDOM:
		*ret = p->min + uniform(rng, p->max - p->min);
		return NOON_OK;
	case NOON_PADDING_CONSTANT:
		*ret = p->min;
		return NOON_OK;
	case NOON_PADDING_CELL:
		break;
	}
	if (n > p->min)
		return NOON_ERR_RANGE;
	*ret = p->min - n;
	return NOON_OK;
}
