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

/*@ // A cursor is sound: never past its end, what is left of it may be read or written, and the
    // cursor itself is not among those bytes.
    predicate rd_ok{L}(struct noon_rd *rd) =
      \valid(rd) && \base_addr(rd->p) == \base_addr(rd->end) && rd->p <= rd->end &&
      rd->end - rd->p <= PTRDIFF_MAX && \valid_read(rd->p + (0 .. (rd->end - rd->p) - 1)) &&
      \separated(rd, rd->p + (0 .. (rd->end - rd->p) - 1));
    predicate wr_ok{L}(struct noon_wr *wr) =
      \valid(wr) && \base_addr(wr->start) == \base_addr(wr->p) == \base_addr(wr->end) &&
      wr->start <= wr->p <= wr->end && wr->end - wr->start <= PTRDIFF_MAX &&
      \valid(wr->start + (0 .. (wr->end - wr->start) - 1)) &&
      \separated(wr, wr->start + (0 .. (wr->end - wr->start) - 1));
    // One step from A to B: over n bytes, or the cursor stays where it was.
    predicate rd_step{A, B}(struct noon_rd *rd, integer n, noon_err err) =
      \at(rd->end, B) == \at(rd->end, A) &&
      (n <= \at(rd->end - rd->p, A)
	? err == NOON_OK && \at(rd->p, B) == \at(rd->p, A) + n
	: err == NOON_ERR_SHORT && \at(rd->p, B) == \at(rd->p, A));
    predicate wr_step{A, B}(struct noon_wr *wr, integer n, noon_err err) =
      \at(wr->start, B) == \at(wr->start, A) && \at(wr->end, B) == \at(wr->end, A) &&
      (n <= \at(wr->end - wr->p, A)
	? err == NOON_OK && \at(wr->p, B) == \at(wr->p, A) + n
	: err == NOON_ERR_FULL && \at(wr->p, B) == \at(wr->p, A)); */

/*@ assigns \nothing;
    ensures \result.p == (uint8_t *)p && \result.n == n; */
static inline struct noon_bytes noon_bytes_of(const void *p, size_t n)
{
	return (struct noon_bytes){p, n};
}

/*@ assigns \nothing;
    ensures \result.p == (uint8_t *)p && \result.end == (uint8_t *)p + n; */
static inline struct noon_rd noon_rd_over(const void *p, size_t n)
{
	/* NULL + 0 is not defined. */
	return (struct noon_rd){p, n == 0 ? p : (const uint8_t *)p + n};
}

/*@ assigns \nothing;
    ensures \result.p == b.p && \result.end == b.p + b.n; */
static inline struct noon_rd noon_rd_bytes(struct noon_bytes b)
{
	return noon_rd_over(b.p, b.n);
}

/*@ requires rd_ok(rd);
    assigns \nothing;
    ensures \result == rd->end - rd->p; */
static inline size_t noon_rd_left(const struct noon_rd *rd)
{
	return (size_t)(rd->end - rd->p);
}

/*@ requires rd_ok(rd) && \valid(ret);
    requires \separated(ret, rd, rd->p + (0 .. (rd->end - rd->p) - 1));
    assigns *rd, *ret;
    ensures rd_ok(rd) && rd_step{Pre, Post}(rd, 1, \result);
    ensures \result != NOON_OK ==> *ret == \old(*ret); */
NOON_MUST_USE noon_err noon_rd_u8(struct noon_rd *rd, uint8_t *ret);
/*@ requires rd_ok(rd) && \valid(ret);
    requires \separated(ret, rd, rd->p + (0 .. (rd->end - rd->p) - 1));
    assigns *rd, *ret;
    ensures rd_ok(rd) && rd_step{Pre, Post}(rd, 2, \result);
    ensures \result != NOON_OK ==> *ret == \old(*ret); */
NOON_MUST_USE noon_err noon_rd_u16(struct noon_rd *rd, uint16_t *ret);
/*@ requires rd_ok(rd) && \valid(ret);
    requires \separated(ret, rd, rd->p + (0 .. (rd->end - rd->p) - 1));
    assigns *rd, *ret;
    ensures rd_ok(rd) && rd_step{Pre, Post}(rd, 4, \result);
    ensures \result != NOON_OK ==> *ret == \old(*ret); */
NOON_MUST_USE noon_err noon_rd_u32(struct noon_rd *rd, uint32_t *ret);
/*@ requires rd_ok(rd) && \valid(ret);
    requires \separated(ret, rd, rd->p + (0 .. (rd->end - rd->p) - 1));
    assigns *rd, *ret;
    ensures rd_ok(rd) && rd_step{Pre, Post}(rd, 8, \result);
    ensures \result != NOON_OK ==> *ret == \old(*ret); */
NOON_MUST_USE noon_err noon_rd_u64(struct noon_rd *rd, uint64_t *ret);
/*@ requires rd_ok(rd) && \valid(ret);
    requires \separated(ret, rd, rd->p + (0 .. (rd->end - rd->p) - 1));
    assigns *rd, *ret;
    ensures rd_ok(rd) && rd_step{Pre, Post}(rd, n, \result);
    ensures \result != NOON_OK ==> *ret == \old(*ret);
    ensures \result == NOON_OK ==> ret->p == \old(rd->p) && ret->n == n; */
/** Borrow the next n bytes. */
NOON_MUST_USE noon_err noon_rd_take(struct noon_rd *rd, size_t n, struct noon_bytes *ret);

/*@ assigns \nothing;
    ensures \result.start == \result.p == (uint8_t *)p && \result.end == (uint8_t *)p + n; */
static inline struct noon_wr noon_wr_over(void *p, size_t n)
{
	return (struct noon_wr){p, p, (uint8_t *)p + n};
}

/*@ requires wr_ok(wr);
    assigns \nothing;
    ensures \result == wr->p - wr->start; */
static inline size_t noon_wr_len(const struct noon_wr *wr)
{
	return (size_t)(wr->p - wr->start);
}

/*@ requires wr_ok(wr);
    assigns \nothing;
    ensures \result == wr->end - wr->p; */
static inline size_t noon_wr_room(const struct noon_wr *wr)
{
	return (size_t)(wr->end - wr->p);
}

/*@ requires wr_ok(wr);
    assigns \nothing;
    ensures \result.p == wr->start && \result.n == wr->p - wr->start; */
static inline struct noon_bytes noon_wr_written(const struct noon_wr *wr)
{
	return (struct noon_bytes){wr->start, noon_wr_len(wr)};
}

/*@ requires wr_ok(wr);
    assigns wr->p, wr->p[0 .. 0];
    ensures wr_ok(wr) && wr_step{Pre, Post}(wr, 1, \result);
    ensures \result != NOON_OK ==> \forall integer i; 0 <= i < 1 ==> wr->p[i] == \old(wr->p[i]); */
NOON_MUST_USE noon_err noon_wr_u8(struct noon_wr *wr, uint8_t v);
/*@ requires wr_ok(wr);
    assigns wr->p, wr->p[0 .. 1];
    ensures wr_ok(wr) && wr_step{Pre, Post}(wr, 2, \result);
    ensures \result != NOON_OK ==> \forall integer i; 0 <= i < 2 ==> wr->p[i] == \old(wr->p[i]); */
NOON_MUST_USE noon_err noon_wr_u16(struct noon_wr *wr, uint16_t v);
/*@ requires wr_ok(wr);
    assigns wr->p, wr->p[0 .. 3];
    ensures wr_ok(wr) && wr_step{Pre, Post}(wr, 4, \result);
    ensures \result != NOON_OK ==> \forall integer i; 0 <= i < 4 ==> wr->p[i] == \old(wr->p[i]); */
NOON_MUST_USE noon_err noon_wr_u32(struct noon_wr *wr, uint32_t v);
/*@ requires wr_ok(wr);
    assigns wr->p, wr->p[0 .. 7];
    ensures wr_ok(wr) && wr_step{Pre, Post}(wr, 8, \result);
    ensures \result != NOON_OK ==> \forall integer i; 0 <= i < 8 ==> wr->p[i] == \old(wr->p[i]); */
NOON_MUST_USE noon_err noon_wr_u64(struct noon_wr *wr, uint64_t v);
/*@ requires wr_ok(wr);
    requires \valid_read(b.p + (0 .. b.n - 1));
    requires \separated(b.p + (0 .. b.n - 1), wr, wr->start + (0 .. (wr->end - wr->start) - 1));
    assigns wr->p, wr->p[0 .. b.n - 1];
    ensures wr_ok(wr) && wr_step{Pre, Post}(wr, b.n, \result);
    ensures \result != NOON_OK ==> \forall integer i; 0 <= i < b.n ==> wr->p[i] == \old(wr->p[i]);
    ensures \result == NOON_OK ==> \forall integer i; 0 <= i < b.n ==> \old(wr->p)[i] == b.p[i]; */
NOON_MUST_USE noon_err noon_wr_put(struct noon_wr *wr, struct noon_bytes b);
/*@ requires wr_ok(wr);
    assigns wr->p, wr->p[0 .. n - 1];
    ensures wr_ok(wr) && wr_step{Pre, Post}(wr, n, \result);
    ensures \result != NOON_OK ==> \forall integer i; 0 <= i < n ==> wr->p[i] == \old(wr->p[i]);
    ensures \result == NOON_OK ==> \forall integer i; 0 <= i < n ==> \old(wr->p)[i] == 0; */
NOON_MUST_USE noon_err noon_wr_zeros(struct noon_wr *wr, size_t n);

/*@ requires \valid_read((uint8_t *)a + (0 .. n - 1)) && \valid_read((uint8_t *)b + (0 .. n - 1));
    assigns \nothing;
    ensures \result <==>
      \forall integer i; 0 <= i < n ==> ((uint8_t *)a)[i] == ((uint8_t *)b)[i]; */
/** Compare in time that depends on n only; for tags, unique identifiers and other secrets. */
bool noon_equal_ct(const void *a, const void *b, size_t n);

/** Overwrite with zeros in a way that the compiler keeps; for secrets. */
void noon_wipe(void *p, size_t n);

#endif
