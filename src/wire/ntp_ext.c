/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ntp_ext.h"

/*@ requires n <= SIZE_MAX - 3;
    assigns \nothing;
    ensures n <= \result <= n + 3; */
static size_t pad4(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/*@ assigns \nothing;
    ensures \result <==> left == 4 || left == 20 || left == 24; */
static bool is_legacy_mac(size_t left)
{
	/* crypto-NAK, key id + MD5 or AES-CMAC, key id + SHA-1 */
	return left == 4 || left == 20 || left == 24;
}

noon_err noon_ntp_ext_get(struct noon_rd *rd, enum noon_ntp_ext_tail where,
			  struct noon_ntp_ext *ret)
{
	struct noon_rd in = *rd;
	const size_t left = noon_rd_left(rd);
	struct noon_ntp_ext ext;
	uint16_t len;

	if (left == 0)
		return NOON_ERR_EMPTY;
	if (where == NOON_EXT_IN_PACKET && is_legacy_mac(left))
		return NOON_ERR_STATE;
	if (noon_rd_u16(&in, &ext.type) || noon_rd_u16(&in, &len))
		return NOON_ERR_FORMAT;
	if (len % 4 != 0 || len < NOON_EXT_MIN || len > left)
		return NOON_ERR_FORMAT;
	if (where == NOON_EXT_IN_PACKET && len == left && len < NOON_EXT_LAST_MIN)
		return NOON_ERR_FORMAT;
	if (noon_rd_take(&in, (size_t)len - NOON_EXT_HEADER_LEN, &ext.body))
		return NOON_ERR_FORMAT;
	ext.whole = noon_bytes_of(rd->p, len);
	*rd = in;
	*ret = ext;
	return NOON_OK;
}

size_t noon_ntp_ext_len(size_t n)
{
	const size_t len = NOON_EXT_HEADER_LEN + pad4(n);

	return len < NOON_EXT_MIN ? NOON_EXT_MIN : len;
}

/* Write the header of a field with a body of n bytes; the whole field is known to fit. */
static noon_err put_head(struct noon_wr *wr, uint16_t type, size_t n)
{
	const size_t len = noon_ntp_ext_len(n);
	noon_err err;

	if (len > UINT16_MAX)
		return NOON_ERR_RANGE;
	if (noon_wr_room(wr) < len)
		return NOON_ERR_FULL;
	err = noon_wr_u16(wr, type);
	return err ? err : noon_wr_u16(wr, (uint16_t)len);
}

noon_err noon_ntp_ext_put(struct noon_wr *wr, uint16_t type, struct noon_bytes body)
{
	noon_err err = put_head(wr, type, body.n);

	err = err ? err : noon_wr_put(wr, body);
	return err ? err
		   : noon_wr_zeros(wr, noon_ntp_ext_len(body.n) - NOON_EXT_HEADER_LEN - body.n);
}

noon_err noon_ntp_ext_put_zeros(struct noon_wr *wr, uint16_t type, size_t n)
{
	const noon_err err = put_head(wr, type, n);

	return err ? err : noon_wr_zeros(wr, noon_ntp_ext_len(n) - NOON_EXT_HEADER_LEN);
}

noon_err noon_ntp_auth_get(struct noon_bytes body, struct noon_ntp_auth *ret)
{
	struct noon_rd rd = noon_rd_bytes(body);
	struct noon_ntp_auth auth;
	struct noon_bytes pad;
	uint16_t nonce_n;
	uint16_t sealed_n;

	if (noon_rd_u16(&rd, &nonce_n) || noon_rd_u16(&rd, &sealed_n))
		return NOON_ERR_FORMAT;
	if (noon_rd_take(&rd, nonce_n, &auth.nonce) ||
	    noon_rd_take(&rd, pad4(nonce_n) - nonce_n, &pad))
		return NOON_ERR_FORMAT;
	if (noon_rd_take(&rd, sealed_n, &auth.sealed) ||
	    noon_rd_take(&rd, pad4(sealed_n) - sealed_n, &pad))
		return NOON_ERR_FORMAT;
	auth.padding = noon_rd_left(&rd);
	*ret = auth;
	return NOON_OK;
}

noon_err noon_ntp_auth_begin(struct noon_wr *wr, struct noon_bytes nonce, size_t sealed_n)
{
	noon_err err;

	if (nonce.n > UINT16_MAX || sealed_n > UINT16_MAX || sealed_n % 4 != 0)
		return NOON_ERR_RANGE;
	err = put_head(wr, NOON_EXT_AUTH, 4 + pad4(nonce.n) + sealed_n);
	err = err ? err : noon_wr_u16(wr, (uint16_t)nonce.n);
	err = err ? err : noon_wr_u16(wr, (uint16_t)sealed_n);
	err = err ? err : noon_wr_put(wr, nonce);
	return err ? err : noon_wr_zeros(wr, pad4(nonce.n) - nonce.n);
}
