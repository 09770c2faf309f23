/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading an input of a fuzz target as numbers and pieces; an input that has ended reads as zeros.
 */
#ifndef NOON_FUZZ_INPUT_H
#define NOON_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *p;
	size_t n;
};

static inline struct noon_bytes input_take(struct input *in, size_t n)
{
	const size_t k = n < in->n ? n : in->n;
	const struct noon_bytes b = noon_bytes_of(in->p, k);

	in->p += k;
	in->n -= k;
	return b;
}

static inline uint64_t input_u(struct input *in, size_t bytes)
{
	const struct noon_bytes b = input_take(in, bytes);
	uint64_t v = 0;

	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}

static inline uint8_t input_u8(struct input *in)
{
	return (uint8_t)input_u(in, 1);
}

static inline uint16_t input_u16(struct input *in)
{
	return (uint16_t)input_u(in, 2);
}

static inline int32_t input_i32(struct input *in)
{
	return (int32_t)(uint32_t)input_u(in, 4);
}

static inline int64_t input_i64(struct input *in)
{
	return (int64_t)input_u(in, 8);
}

#endif
