/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/edge/edge_key.h"

uint8_t noon_edge_size_class(size_t bytes)
{
	size_t limit = 128;
	uint8_t class = 0;

	while (class < NOON_EDGE_SIZE_CLASSES - 1 && bytes > limit) {
		limit *= 2;
		class ++;
	}
	return class;
}

uint8_t noon_edge_gap_class(noon_dur gap)
{
	noon_dur limit = 690534; /* 2^-10.5 s */
	uint8_t class = 0;

	while (class < NOON_EDGE_GAP_CLASSES - 1 && gap > limit) {
		limit *= 4;
		class ++;
	}
	return class;
}

bool noon_edge_key_is_same(const struct noon_edge_key *a, const struct noon_edge_key *b)
{
	return a->direction == b->direction && noon_edge_key_difference(a, b) == 0;
}

unsigned noon_edge_key_difference(const struct noon_edge_key *a, const struct noon_edge_key *b)
{
	unsigned sum = 0;

	sum += a->size != b->size ? NOON_EDGE_DIFFERS_SIZE : 0;
	sum += a->association != b->association ? NOON_EDGE_DIFFERS_ASSOCIATION : 0;
	sum += a->message != b->message ? NOON_EDGE_DIFFERS_MESSAGE : 0;
	sum += a->cipher != b->cipher ? NOON_EDGE_DIFFERS_CIPHER : 0;
	sum += a->gap != b->gap ? NOON_EDGE_DIFFERS_GAP : 0;
	return sum;
}
