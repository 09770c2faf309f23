/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#define OFFSET_BASIS_32 UINT32_C(0x811c9dc5)
#define PRIME_32	UINT32_C(0x01000193)
#define OFFSET_BASIS_64 UINT64_C(0xcbf29ce484222325)
#define PRIME_64	UINT64_C(0x00000100000001b3)

uint32_t noon_hash32(struct noon_bytes b)
{
	uint32_t h = OFFSET_BASIS_32;

	for (size_t i = 0; i < b.n; i++)
		h = (h ^ b.p[i]) * PRIME_32;
	return h;
}

uint64_t noon_hash64(struct noon_bytes b)
{
	uint64_t h = OFFSET_BASIS_64;

	for (size_t i = 0; i < b.n; i++)
		h = (h ^ b.p[i]) * PRIME_64;
	return h;
}
