/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ber.h"

#include <string.h>

#define TAG_LONG	0x1f
#define TAG_CONSTRUCTED 0x20
#define LENGTH_LONG	0x80
#define LENGTH_MAX	4
#define OCTETS_DEPTH	4 /* constructed OCTET STRINGs within each other that are joined */

static const uint8_t oid_signed_data[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 7, 2};
static const uint8_t oid_tst_info[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 9, 16, 1, 4};

/* An identifier and a length, X.690, 8.1.2 and 8.1.3. */
struct header {
	uint8_t tag;
	bool indefinite;
	size_t n;
};

static noon_err read_length(struct noon_rd *rd, struct header *h)
{
	uint8_t first = 0;
	size_t n = 0;

	if (noon_rd_u8(rd, &first))
		return NOON_ERR_FORMAT;
	if (first < LENGTH_LONG) {
		h->n = first;
		return NOON_OK;
	}
	first &= LENGTH_LONG - 1;
	h->indefinite = first == 0;
	/* Leading zeros are BER (8.1.3.5, note 2). */
	for (unsigned i = 0; i < first; i++) {
		uint8_t b = 0;

		if (noon_rd_u8(rd, &b) || n >> (8 * (LENGTH_MAX - 1)) != 0)
			return NOON_ERR_FORMAT;
		n = n << 8 | b;
	}
	h->n = n;
	return NOON_OK;
}

static noon_err read_header(struct noon_rd *rd, struct header *ret)
{
	struct header h = {0};

	if (noon_rd_u8(rd, &h.tag) || (h.tag & TAG_LONG) == TAG_LONG || read_length(rd, &h))
		return NOON_ERR_FORMAT;
	/* 8.1.3.2: only what is constructed may leave its length open. */
	if (h.indefinite ? (h.tag & TAG_CONSTRUCTED) == 0 : h.n > noon_rd_left(rd))
		return NOON_ERR_FORMAT;
	*ret = h;
	return NOON_OK;
}

/* Move behind the end-of-contents that ends a value of indefinite length. */
static noon_err skip_indefinite(struct noon_rd *rd, const uint8_t **ret_end)
{
	unsigned depth = 1;

	while (depth > 0) {
		struct header h;

		*ret_end = rd->p;
		if (read_header(rd, &h))
			return NOON_ERR_FORMAT;
		if (h.tag == 0) {
			if (h.n != 0)
				return NOON_ERR_FORMAT;
			depth--;
		} else if (h.indefinite) {
			if (++depth > NOON_BER_DEPTH_MAX)
				return NOON_ERR_FORMAT;
		} else {
			rd->p += h.n;
		}
	}
	return NOON_OK;
}

noon_err noon_ber_any(struct noon_rd *rd, uint8_t *ret_tag, struct noon_bytes *ret_value)
{
	struct noon_rd at = *rd;
	struct header h;
	const uint8_t *from;
	const uint8_t *end;

	if (read_header(&at, &h) || h.tag == 0)
		return NOON_ERR_FORMAT;
	from = at.p;
	end = from + h.n;
	if (!h.indefinite)
		at.p = end;
	else if (skip_indefinite(&at, &end))
		return NOON_ERR_FORMAT;
	*ret_tag = h.tag;
	*ret_value = noon_bytes_of(from, (size_t)(end - from));
	*rd = at;
	return NOON_OK;
}

noon_err noon_ber_get(struct noon_rd *rd, uint8_t tag, struct noon_bytes *ret)
{
	struct noon_rd at = *rd;
	struct noon_bytes value;
	uint8_t is = 0;

	if (noon_ber_any(&at, &is, &value) || is != tag)
		return NOON_ERR_FORMAT;
	*ret = value;
	*rd = at;
	return NOON_OK;
}

noon_err noon_ber_enter(struct noon_rd *rd, uint8_t tag, struct noon_rd *ret_in)
{
	struct noon_bytes value;
	const noon_err err = noon_ber_get(rd, tag, &value);

	if (!err)
		*ret_in = noon_rd_bytes(value);
	return err;
}

/* Put the pieces of a constructed OCTET STRING behind each other (8.7.3). Pieces may be constructed
 * in turn: `in` has the cursors of those being read. */
static noon_err join(struct noon_bytes pieces, struct noon_wr *wr)
{
	struct noon_rd in[OCTETS_DEPTH] = {noon_rd_bytes(pieces)};
	unsigned depth = 1;

	while (depth > 0) {
		struct noon_bytes piece;
		uint8_t tag = 0;

		if (noon_rd_left(&in[depth - 1]) == 0) {
			depth--;
			continue;
		}
		if (noon_ber_any(&in[depth - 1], &tag, &piece))
			return NOON_ERR_FORMAT;
		if (tag == NOON_DER_OCTET_STRING) {
			if (noon_wr_put(wr, piece))
				return NOON_ERR_LONG;
		} else if (tag == (NOON_DER_OCTET_STRING | TAG_CONSTRUCTED) &&
			   depth < OCTETS_DEPTH) {
			in[depth++] = noon_rd_bytes(piece);
		} else {
			return NOON_ERR_FORMAT;
		}
	}
	return NOON_OK;
}

static noon_err get_octets(struct noon_rd *rd, uint8_t *room, size_t room_n, struct noon_bytes *ret)
{
	struct noon_wr wr = noon_wr_over(room, room_n);
	struct noon_bytes value;
	uint8_t tag = 0;
	noon_err err = noon_ber_any(rd, &tag, &value);

	if (err)
		return err;
	if (tag == NOON_DER_OCTET_STRING) {
		*ret = value;
		return NOON_OK;
	}
	if (tag != (NOON_DER_OCTET_STRING | TAG_CONSTRUCTED))
		return NOON_ERR_FORMAT;
	err = join(value, &wr);
	if (!err)
		*ret = noon_wr_written(&wr);
	return err;
}

static bool is_oid(struct noon_rd *rd, const uint8_t *oid, size_t n)
{
	struct noon_bytes is;

	return noon_ber_get(rd, NOON_DER_OID, &is) == NOON_OK &&
	       noon_bytes_equal(is, noon_bytes_of(oid, n));
}

noon_err noon_ber_token_content(struct noon_bytes token, uint8_t *room, size_t room_n,
				struct noon_bytes *ret_tst_info)
{
	struct noon_rd rd = noon_rd_bytes(token);
	struct noon_rd in;
	struct noon_rd content;
	struct noon_bytes skipped;

	if (noon_ber_enter(&rd, NOON_DER_SEQUENCE, &in) || noon_rd_left(&rd) > 0)
		return NOON_ERR_FORMAT;
	if (!is_oid(&in, oid_signed_data, sizeof(oid_signed_data)))
		return NOON_ERR_UNSUPPORTED;
	if (noon_ber_enter(&in, NOON_DER_CONTEXT_CONS, &in) ||
	    noon_ber_enter(&in, NOON_DER_SEQUENCE, &in) ||
	    noon_ber_get(&in, NOON_DER_INTEGER, &skipped) ||
	    noon_ber_get(&in, NOON_DER_SET, &skipped) ||
	    noon_ber_enter(&in, NOON_DER_SEQUENCE, &content))
		return NOON_ERR_FORMAT;
	if (!is_oid(&content, oid_tst_info, sizeof(oid_tst_info)))
		return NOON_ERR_UNSUPPORTED;
	if (noon_ber_enter(&content, NOON_DER_CONTEXT_CONS, &content))
		return NOON_ERR_FORMAT;
	return get_octets(&content, room, room_n, ret_tst_info);
}

/* PKIFailureInfo: bit 0 is the first one of the first byte. */
static noon_err read_fail(struct noon_rd *rd, uint32_t *ret)
{
	struct noon_bytes bits;
	uint32_t fail = 0;

	if (noon_ber_get(rd, NOON_DER_BIT_STRING, &bits) || bits.n < 1 || bits.p[0] > 7)
		return NOON_ERR_FORMAT;
	for (size_t b = 0; b < 32 && b / 8 + 1 < bits.n; b++)
		if (bits.p[1 + b / 8] >> (7 - b % 8) & 1)
			fail |= UINT32_C(1) << b;
	*ret = fail;
	return NOON_OK;
}

static noon_err read_status(struct noon_rd *rd, struct noon_tsp_response *r)
{
	struct noon_bytes v;
	struct noon_rd in;

	if (noon_ber_enter(rd, NOON_DER_SEQUENCE, &in) || noon_ber_get(&in, NOON_DER_INTEGER, &v) ||
	    v.n == 0 || v.n > 8 || v.p[0] >= 0x80)
		return NOON_ERR_FORMAT;
	for (size_t i = 0; i < v.n; i++)
		r->status = r->status << 8 | v.p[i];
	if (noon_der_peek(&in) == NOON_DER_SEQUENCE && noon_ber_get(&in, NOON_DER_SEQUENCE, &v))
		return NOON_ERR_FORMAT;
	return noon_rd_left(&in) > 0 ? read_fail(&in, &r->fail) : NOON_OK;
}

noon_err noon_ber_tsp_response(struct noon_bytes ber, struct noon_tsp_response *ret)
{
	struct noon_rd rd = noon_rd_bytes(ber);
	struct noon_tsp_response r = {0};
	struct noon_bytes skipped;
	struct noon_rd in;

	if (noon_ber_enter(&rd, NOON_DER_SEQUENCE, &in) || noon_rd_left(&rd) > 0 ||
	    read_status(&in, &r))
		return NOON_ERR_FORMAT;
	if (noon_rd_left(&in) > 0) {
		const uint8_t *from = in.p;

		if (noon_ber_get(&in, NOON_DER_SEQUENCE, &skipped) || noon_rd_left(&in) > 0)
			return NOON_ERR_FORMAT;
		r.token = noon_bytes_of(from, (size_t)(in.p - from));
	}
	*ret = r;
	return NOON_OK;
}
