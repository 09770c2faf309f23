/* SPDX-License-Identifier: Apache-2.0
 *
 * The Distinguished Encoding Rules (ITU-T X.690, section 10), as far as time-stamping needs them:
 * identifiers of one byte, definite lengths in their shortest form, up to 4 bytes.
 *
 * Reading is strict: what is not DER is NOON_ERR_FORMAT, so every message has one encoding, and
 * leaves the cursor where it was. Values borrow from the buffer.
 *
 * Writing goes backwards, from the end of a buffer to its start: when the header of a value is
 * written its length is known. Write the last member of a sequence first. A writer that has run out
 * of room stays full: check noon_der_wr_ok() once at the end.
 */
#ifndef NOON_WIRE_DER_H
#define NOON_WIRE_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

enum noon_der_tag {
	NOON_DER_BOOLEAN = 0x01,
	NOON_DER_INTEGER = 0x02,
	NOON_DER_BIT_STRING = 0x03,
	NOON_DER_OCTET_STRING = 0x04,
	NOON_DER_NULL = 0x05,
	NOON_DER_OID = 0x06,
	NOON_DER_UTF8_STRING = 0x0c,
	NOON_DER_GENERALIZED_TIME = 0x18,
	NOON_DER_SEQUENCE = 0x30,
	NOON_DER_SET = 0x31,
	NOON_DER_CONTEXT = 0x80,      /**< [0], primitive; add the number */
	NOON_DER_CONTEXT_CONS = 0xa0, /**< [0], constructed; add the number */
};

#define NOON_OID_MAX	  128 /**< bytes of an encoded object identifier that are looked at */
#define NOON_OID_TEXT_MAX 512 /**< bytes of one in dots, zero included */

/** Return the tag of the next value, or -1 at the end. */
int noon_der_peek(const struct noon_rd *rd);

/** Read the next value, whatever it is.
 *  @param[out] ret_tag    its identifier byte
 *  @param[out] ret_value  its contents, borrowed
 *  @retval NOON_OK, NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_der_any(struct noon_rd *rd, uint8_t *ret_tag,
				    struct noon_bytes *ret_value);

/** Read a value that must have this tag. @retval NOON_OK, NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_der_get(struct noon_rd *rd, uint8_t tag, struct noon_bytes *ret);

/** Read a constructed value that must have this tag; *ret_in is a cursor over what is in it. */
NOON_MUST_USE noon_err noon_der_enter(struct noon_rd *rd, uint8_t tag, struct noon_rd *ret_in);

/** Read a whole value, header and contents, that must have this tag. */
NOON_MUST_USE noon_err noon_der_whole(struct noon_rd *rd, uint8_t tag, struct noon_bytes *ret);

/** Read an INTEGER, or one with an implicit tag: its contents in two's complement, shortest form.
 */
NOON_MUST_USE noon_err noon_der_integer(struct noon_rd *rd, uint8_t tag, struct noon_bytes *ret);

/** Read an INTEGER >= 0 that fits. @retval NOON_OK, NOON_ERR_FORMAT, NOON_ERR_RANGE (cursor stays)
 */
NOON_MUST_USE noon_err noon_der_u64(struct noon_rd *rd, uint8_t tag, uint64_t *ret);

/** Read a BOOLEAN: 0x00 or 0xff. */
NOON_MUST_USE noon_err noon_der_bool(struct noon_rd *rd, bool *ret);

/** Read an OBJECT IDENTIFIER; every number of it is in its shortest form. */
NOON_MUST_USE noon_err noon_der_oid(struct noon_rd *rd, struct noon_bytes *ret);

/** Compare contents. */
bool noon_bytes_equal(struct noon_bytes a, struct noon_bytes b);

/** Write the contents of an object identifier from its dots ("1.2.840.113549").
 *  @param[out] out  at least NOON_OID_MAX bytes
 *  @retval NOON_OK
 *  @retval NOON_ERR_FORMAT  not numbers with dots, or the first two are impossible
 *  @retval NOON_ERR_RANGE   a number over 2^64 - 1, or too long */
NOON_MUST_USE noon_err noon_oid_parse(const char *text, uint8_t *out, size_t *ret_n);

/** Write an object identifier with dots; n >= NOON_OID_TEXT_MAX. Numbers over 2^64 - 1 and
 *  malformed ones give "?". */
void noon_oid_format(struct noon_bytes oid, char *out, size_t n);

struct noon_der_wr {
	uint8_t *start;
	uint8_t *p; /**< first byte written so far */
	uint8_t *end;
	bool full;
};

static inline struct noon_der_wr noon_der_wr_over(void *p, size_t n)
{
	uint8_t *const start = p;

	return (struct noon_der_wr){start, start + n, start + n, false};
}

/** Tell whether everything written so far had room. */
static inline bool noon_der_wr_ok(const struct noon_der_wr *w)
{
	return !w->full;
}

/** Bytes written so far: a mark for noon_der_wrap(). */
static inline size_t noon_der_wr_len(const struct noon_der_wr *w)
{
	return (size_t)(w->end - w->p);
}

/** What was written; borrowed from the buffer. Empty if it was full. */
struct noon_bytes noon_der_wr_written(const struct noon_der_wr *w);

/** Put bytes that are encoded already in front. */
void noon_der_put(struct noon_der_wr *w, struct noon_bytes encoded);
/** Put a header in front of what was written since the mark. */
void noon_der_wrap(struct noon_der_wr *w, uint8_t tag, size_t mark);
/** Put a primitive value in front. */
void noon_der_value(struct noon_der_wr *w, uint8_t tag, struct noon_bytes contents);
/** Put a number in front, shortest form. */
void noon_der_put_u64(struct noon_der_wr *w, uint8_t tag, uint64_t v);
/** Put a number in front from its bytes, most significant first, >= 0: leading zeros are dropped,
 *  one is added where the sign needs it. */
void noon_der_put_unsigned(struct noon_der_wr *w, uint8_t tag, struct noon_bytes magnitude);
void noon_der_put_bool(struct noon_der_wr *w, bool v);

#endif
