/* SPDX-License-Identifier: Apache-2.0
 *
 * Borrowed byte strings, and two cursors: rd reads big-endian values, wr writes them.
 *
 * A cursor never moves past its end. A read or write that does not fit returns
 * NOON_ERR_SHORT (rd) or NOON_ERR_FULL (wr), leaves the cursor where it was and its output
 * untouched.
 */
#ifndef NOON_BASE_BYTES_H
#define NOON_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct noon_bytes {
	const uint8_t *p; /**< borrowed; may be NULL when n is 0 */
	size_t n;	  /**< bytes */
};

struct noon_rd {
	const uint8_t *p; /**< next byte; borrowed */
	const uint8_t *end;
};

struct noon_wr {
	uint8_t *start; /**< borrowed */
	uint8_t *p;	/**< next byte to write */
	uint8_t *end;
};

static inline struct noon_bytes noon_bytes_of(const void *p, size_t n)
{
	return (struct noon_bytes){p, n};
}

static inline struct noon_rd noon_rd_over(const void *p, size_t n)
{
	/* NULL + 0 is not defined. */
	return (struct noon_rd){p, n == 0 ? p : (const uint8_t *)p + n};
}

static inline struct noon_rd noon_rd_bytes(struct noon_bytes b)
{
	return noon_rd_over(b.p, b.n);
}

static inline size_t noon_rd_left(const struct noon_rd *rd)
{
	return (size_t)(rd->end - rd->p);
}

NOON_MUST_USE noon_err noon_rd_u8(struct noon_rd *rd, uint8_t *ret);
NOON_MUST_USE noon_err noon_rd_u16(struct noon_rd *rd, uint16_t *ret);
NOON_MUST_USE noon_err noon_rd_u32(struct noon_rd *rd, uint32_t *ret);
NOON_MUST_USE noon_err noon_rd_u64(struct noon_rd *rd, uint64_t *ret);
/** Borrow the next n bytes. */
NOON_MUST_USE noon_err noon_rd_take(struct noon_rd *rd, size_t n, struct noon_bytes *ret);

static inline struct noon_wr noon_wr_over(void *p, size_t n)
{
	return (struct noon_wr){p, p, (uint8_t *)p + n};
}

static inline size_t noon_wr_len(const struct noon_wr *wr)
{
	return (size_t)(wr->p - wr->start);
}

static inline size_t noon_wr_room(const struct noon_wr *wr)
{
	return (size_t)(wr->end - wr->p);
}

static inline struct noon_bytes noon_wr_written(const struct noon_wr *wr)
{
	return (struct noon_bytes){wr->start, noon_wr_len(wr)};
}

NOON_MUST_USE noon_err noon_wr_u8(struct noon_wr *wr, uint8_t v);
NOON_MUST_USE noon_err noon_wr_u16(struct noon_wr *wr, uint16_t v);
NOON_MUST_USE noon_err noon_wr_u32(struct noon_wr *wr, uint32_t v);
NOON_MUST_USE noon_err noon_wr_u64(struct noon_wr *wr, uint64_t v);
NOON_MUST_USE noon_err noon_wr_put(struct noon_wr *wr, struct noon_bytes b);
NOON_MUST_USE noon_err noon_wr_zeros(struct noon_wr *wr, size_t n);

/** Compare in time that depends on n only; for tags, unique identifiers and other secrets. */
bool noon_equal_ct(const void *a, const void *b, size_t n);

/** Overwrite with zeros in a way that the compiler keeps; for secrets. */
void noon_wipe(void *p, size_t n);

#endif
