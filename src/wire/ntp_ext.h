/* SPDX-License-Identifier: Apache-2.0
 *
 * NTP extension fields (RFC 7822, RFC 9748) and the fields of NTS (RFC 8915, section 5).
 */
#ifndef NOON_WIRE_NTP_EXT_H
#define NOON_WIRE_NTP_EXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

enum noon_ntp_ext_type {
	NOON_EXT_UNIQUE_ID = 0x0104,
	NOON_EXT_COOKIE = 0x0204,
	NOON_EXT_PLACEHOLDER = 0x0304,
	NOON_EXT_AUTH = 0x0404,
};

#define NOON_EXT_HEADER_LEN 4
#define NOON_EXT_MIN	    16 /**< a field, bytes (RFC 7822, section 3) */
#define NOON_EXT_LAST_MIN   28 /**< the last one when no MAC follows (RFC 7822, section 3) */
#define NOON_UID_MIN	    32 /**< bytes of a unique identifier (RFC 8915, section 5.3) */

struct noon_ntp_ext {
	uint16_t type;
	struct noon_bytes body;	 /**< without the 4-byte header, padding included; borrowed */
	struct noon_bytes whole; /**< with the header; borrowed */
};

/** Where a sequence of fields ends. */
enum noon_ntp_ext_tail {
	NOON_EXT_IN_PACKET, /**< the last field is >= 28 bytes unless a MAC of 4, 20 or 24 follows
			     */
	NOON_EXT_IN_CIPHER, /**< inside an authenticator: no MAC, 16 bytes suffice */
};

/*@ requires rd_ok(rd) && \valid(ret);
    requires \separated(ret, rd, rd->p + (0 .. (rd->end - rd->p) - 1));
    assigns *rd, *ret;
    ensures rd_ok(rd) && rd->end == \old(rd->end);
    ensures untouched: \result != NOON_OK ==> *rd == \old(*rd) && *ret == \old(*ret);
    // The field is the next bytes, its body without the header; it fits what was left.
    ensures field: \result == NOON_OK ==> ret->whole.p == \old(rd->p) &&
      rd->p == \old(rd->p) + ret->whole.n &&
      NOON_EXT_MIN <= ret->whole.n <= \old(rd->end - rd->p) &&
      ret->whole.n % 4 == 0 && ret->body.p == ret->whole.p + NOON_EXT_HEADER_LEN &&
      ret->body.n == ret->whole.n - NOON_EXT_HEADER_LEN;
    // In a packet, what could be a MAC is never taken for a field, nor a short last field.
    ensures mac: \result == NOON_OK && where == NOON_EXT_IN_PACKET ==>
      \old(rd->end - rd->p) != 4 && \old(rd->end - rd->p) != 20 && \old(rd->end - rd->p) != 24 &&
      (rd->p == rd->end ==> ret->whole.n >= NOON_EXT_LAST_MIN);
    ensures end: \result == NOON_ERR_EMPTY <==> \old(rd->p == rd->end); */
/**
 * Read the next field.
 *
 * @param[in,out] rd    at the start of a field; moves behind it on success only
 * @param      where    which rule ends the sequence
 * @param[out] ret      borrowed from the packet
 * @retval NOON_OK
 * @retval NOON_ERR_EMPTY   nothing more
 * @retval NOON_ERR_STATE   what is left is a legacy MAC (4, 20 or 24 bytes)
 * @retval NOON_ERR_FORMAT  length not a multiple of 4, below the minimum, or beyond the end
 *
 * Source: RFC 7822, section 3; the MAC lengths are those of RFC 5905 and RFC 8573.
 */
NOON_MUST_USE noon_err noon_ntp_ext_get(struct noon_rd *rd, enum noon_ntp_ext_tail where,
					struct noon_ntp_ext *ret);

/** Append a field, body padded with zeros to a multiple of 4 and to 16 bytes in all.
 *  @retval NOON_OK, NOON_ERR_FULL (nothing written), NOON_ERR_RANGE (body too long) */
NOON_MUST_USE noon_err noon_ntp_ext_put(struct noon_wr *wr, uint16_t type, struct noon_bytes body);

/** Append a field of n zero bytes; as noon_ntp_ext_put(). */
NOON_MUST_USE noon_err noon_ntp_ext_put_zeros(struct noon_wr *wr, uint16_t type, size_t n);

/** Return the length on the wire of a field with a body of n bytes. */
size_t noon_ntp_ext_len(size_t n);

/** The body of an authenticator field (RFC 8915, section 5.6). */
struct noon_ntp_auth {
	struct noon_bytes nonce;  /**< borrowed */
	struct noon_bytes sealed; /**< ciphertext with its tag; borrowed */
	size_t padding;		  /**< bytes of additional padding behind the ciphertext */
};

/** Read an authenticator's body. @retval NOON_OK, NOON_ERR_FORMAT (a length beyond the field) */
NOON_MUST_USE noon_err noon_ntp_auth_get(struct noon_bytes body, struct noon_ntp_auth *ret);

/**
 * Begin an authenticator with a nonce; the caller appends exactly sealed_n bytes (a multiple of 4)
 * right behind it.
 * @retval NOON_OK, NOON_ERR_FULL (nothing written), NOON_ERR_RANGE
 */
NOON_MUST_USE noon_err noon_ntp_auth_begin(struct noon_wr *wr, struct noon_bytes nonce,
					   size_t sealed_n);

#endif
