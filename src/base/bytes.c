/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include <string.h>

noon_err noon_rd_take(struct noon_rd *rd, size_t n, struct noon_bytes *ret)
{
	if (noon_rd_left(rd) < n)
		return NOON_ERR_SHORT;
	*ret = noon_bytes_of(rd->p, n);
	rd->p += n;
	return NOON_OK;
}

/*@ requires n <= 8 && rd_ok(rd) && \valid(ret);
    requires \separated(ret, rd, rd->p + (0 .. (rd->end - rd->p) - 1));
    assigns *rd, *ret;
    ensures rd_ok(rd) && rd_step{Pre, Post}(rd, n, \result);
    ensures \result != NOON_OK ==> *ret == \old(*ret); */
/* Read n <= 8 bytes, big-endian. */
static noon_err rd_be(struct noon_rd *rd, size_t n, uint64_t *ret)
{
	struct noon_bytes b;
	uint64_t v = 0;
	const noon_err err = noon_rd_take(rd, n, &b);

	if (err)
		return err;
	/*@ loop invariant 0 <= i <= n;
	    loop assigns i, v;
	    loop variant n - i; */
	for (size_t i = 0; i < n; i++)
		v = v << 8 | b.p[i];
	*ret = v;
	return NOON_OK;
}

noon_err noon_rd_u8(struct noon_rd *rd, uint8_t *ret)
{
	uint64_t v;
	const noon_err err = rd_be(rd, 1, &v);

	if (!err)
		*ret = (uint8_t)v;
	return err;
}

noon_err noon_rd_u16(struct noon_rd *rd, uint16_t *ret)
{
	uint64_t v;
	const noon_err err = rd_be(rd, 2, &v);

	if (!err)
		*ret = (uint16_t)v;
	return err;
}

noon_err noon_rd_u32(struct noon_rd *rd, uint32_t *ret)
{
	uint64_t v;
	const noon_err err = rd_be(rd, 4, &v);

	if (!err)
		*ret = (uint32_t)v;
	return err;
}

noon_err noon_rd_u64(struct noon_rd *rd, uint64_t *ret)
{
	return rd_be(rd, 8, ret);
}

noon_err noon_wr_put(struct noon_wr *wr, struct noon_bytes b)
{
	if (noon_wr_room(wr) < b.n)
		return NOON_ERR_FULL;
	if (b.n > 0)
		memcpy(wr->p, b.p, b.n);
	wr->p += b.n;
	return NOON_OK;
}

noon_err noon_wr_zeros(struct noon_wr *wr, size_t n)
{
	if (noon_wr_room(wr) < n)
		return NOON_ERR_FULL;
	memset(wr->p, 0, n);
	wr->p += n;
	return NOON_OK;
}

/*@ requires 1 <= n <= 8 && wr_ok(wr);
    assigns wr->p, wr->p[0 .. n - 1];
    ensures wr_ok(wr) && wr_step{Pre, Post}(wr, n, \result);
    ensures \result != NOON_OK ==> \forall integer i; 0 <= i < n ==> wr->p[i] == \old(wr->p[i]); */
/* Write the low n <= 8 bytes of v, big-endian. */
static noon_err wr_be(struct noon_wr *wr, size_t n, uint64_t v)
{
	uint8_t b[8];

	/*@ loop invariant 0 <= i <= n;
	    loop assigns i, b[0 .. n - 1];
	    loop variant n - i; */
	for (size_t i = 0; i < n; i++)
		b[i] = (uint8_t)(v >> (8 * (n - 1 - i)) & 0xff);
	return noon_wr_put(wr, noon_bytes_of(b, n));
}

noon_err noon_wr_u8(struct noon_wr *wr, uint8_t v)
{
	return wr_be(wr, 1, v);
}

noon_err noon_wr_u16(struct noon_wr *wr, uint16_t v)
{
	return wr_be(wr, 2, v);
}

noon_err noon_wr_u32(struct noon_wr *wr, uint32_t v)
{
	return wr_be(wr, 4, v);
}

noon_err noon_wr_u64(struct noon_wr *wr, uint64_t v)
{
	return wr_be(wr, 8, v);
}

bool noon_equal_ct(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a;
	const uint8_t *y = b;
	uint8_t diff = 0;

	/*@ loop invariant 0 <= i <= n;
	    loop invariant diff == 0 <==> \forall integer k; 0 <= k < i ==> x[k] == y[k];
	    loop assigns i, diff;
	    loop variant n - i; */
	for (size_t i = 0; i < n; i++)
		diff = (uint8_t)(diff | (x[i] ^ y[i]));
	return diff == 0;
}

void noon_wipe(void *p, size_t n)
{
	if (n > 0)
		memset(p, 0, n);
	/* The barrier makes the zeros observable, so the store cannot be dropped as dead. */
	__asm__ __volatile__("" : : "r"(p) : "memory");
}
