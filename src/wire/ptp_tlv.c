/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ptp_tlv.h"

#include <assert.h>
#include <string.h>

noon_err noon_ptp_tlv_get(struct noon_rd *rd, struct noon_ptp_tlv *ret)
{
	struct noon_rd r = *rd;
	struct noon_ptp_tlv tlv = {.at = rd->p};
	uint16_t n;

	if (noon_rd_left(&r) == 0)
		return NOON_ERR_EMPTY;
	if (noon_rd_u16(&r, &tlv.type) || noon_rd_u16(&r, &n) || n % 2 != 0 ||
	    noon_rd_take(&r, n, &tlv.value))
		return NOON_ERR_FORMAT;
	*rd = r;
	*ret = tlv;
	return NOON_OK;
}

noon_err noon_ptp_tlv_check(struct noon_bytes tlvs)
{
	struct noon_rd rd = noon_rd_bytes(tlvs);
	struct noon_ptp_tlv tlv;
	noon_err err = NOON_OK;

	while ((err = noon_ptp_tlv_get(&rd, &tlv)) == NOON_OK)
		if (tlv.type == NOON_PTP_TLV_AUTHENTICATION && noon_rd_left(&rd) > 0)
			return NOON_ERR_FORMAT;
	return err == NOON_ERR_EMPTY ? NOON_OK : err;
}

noon_err noon_ptp_tlv_begin(struct noon_wr *wr, uint16_t type, size_t n)
{
	struct noon_wr w = *wr;

	assert(n % 2 == 0 && n <= UINT16_MAX);
	if (noon_wr_u16(&w, type) || noon_wr_u16(&w, (uint16_t)n) || noon_wr_room(&w) < n)
		return NOON_ERR_FULL;
	*wr = w;
	return NOON_OK;
}

noon_err noon_ptp_pad_put(struct noon_wr *wr, size_t n)
{
	assert(n >= NOON_PTP_TLV_HEADER_LEN && n % 2 == 0);
	if (noon_ptp_tlv_begin(wr, NOON_PTP_TLV_PAD, n - NOON_PTP_TLV_HEADER_LEN))
		return NOON_ERR_FULL;
	return noon_wr_zeros(wr, n - NOON_PTP_TLV_HEADER_LEN);
}

/* Bytes of the value of each of the four; 0 for other TLVs. */
static size_t unicast_len(uint16_t type)
{
	switch (type) {
	case NOON_PTP_TLV_REQUEST_UNICAST:
		return 6;
	case NOON_PTP_TLV_GRANT_UNICAST:
		return 8;
	case NOON_PTP_TLV_CANCEL_UNICAST:
	case NOON_PTP_TLV_ACK_CANCEL_UNICAST:
		return 2;
	default:
		return 0;
	}
}

noon_err noon_ptp_unicast_get(const struct noon_ptp_tlv *tlv, struct noon_ptp_unicast *ret)
{
	const size_t n = unicast_len(tlv->type);
	struct noon_rd rd = noon_rd_bytes(tlv->value);
	struct noon_ptp_unicast u = {0};
	uint8_t first, interval = 0, reserved = 0, flags = 0;

	if (n == 0)
		return NOON_ERR_UNSUPPORTED;
	if (tlv->value.n != n || noon_rd_u8(&rd, &first) || noon_rd_u8(&rd, &interval))
		return NOON_ERR_FORMAT;
	u.type = first >> 4;
	u.flags = first & 0x0f;
	if (n > 2 && noon_rd_u32(&rd, &u.duration))
		return NOON_ERR_FORMAT;
	if (n > 6 && (noon_rd_u8(&rd, &reserved) || noon_rd_u8(&rd, &flags)))
		return NOON_ERR_FORMAT;
	u.interval = (int8_t)interval;
	u.renewal = (flags & 1) != 0;
	*ret = u;
	return NOON_OK;
}

noon_err noon_ptp_unicast_put(struct noon_wr *wr, enum noon_ptp_tlv_type tlv,
			      const struct noon_ptp_unicast *u)
{
	const size_t n = unicast_len((uint16_t)tlv);
	uint8_t value[8] = {(uint8_t)(u->type << 4 | (u->flags & 0x0f))};

	assert(n != 0);
	if (n > 2) {
		value[1] = (uint8_t)u->interval;
		value[2] = (uint8_t)(u->duration >> 24);
		value[3] = (uint8_t)(u->duration >> 16);
		value[4] = (uint8_t)(u->duration >> 8);
		value[5] = (uint8_t)u->duration;
		value[7] = u->renewal;
	}
	if (noon_ptp_tlv_begin(wr, (uint16_t)tlv, n))
		return NOON_ERR_FULL;
	return noon_wr_put(wr, noon_bytes_of(value, n));
}

noon_err noon_ptp_auth_tlv_get(const struct noon_ptp_tlv *tlv, struct noon_ptp_auth_tlv *ret)
{
	struct noon_rd rd = noon_rd_bytes(tlv->value);
	struct noon_ptp_auth_tlv a;

	if (noon_rd_u8(&rd, &a.spp) || noon_rd_u8(&rd, &a.indicator) ||
	    noon_rd_u32(&rd, &a.key_id) || noon_rd_take(&rd, noon_rd_left(&rd), &a.icv))
		return NOON_ERR_FORMAT;
	*ret = a;
	return NOON_OK;
}

noon_err noon_ptp_auth_tlv_begin(struct noon_wr *wr, uint8_t spp, uint32_t key_id, size_t icv_n)
{
	struct noon_wr w = *wr;

	if (noon_ptp_tlv_begin(&w, NOON_PTP_TLV_AUTHENTICATION,
			       NOON_PTP_AUTH_PREFIX - NOON_PTP_TLV_HEADER_LEN + icv_n) ||
	    noon_wr_u8(&w, spp) || noon_wr_u8(&w, 0) || noon_wr_u32(&w, key_id))
		return NOON_ERR_FULL;
	*wr = w;
	return NOON_OK;
}

/* Organisation and subtype: a locally administered OUI, so that it is nobody's. */
static const uint8_t layover_id[6] = {0x02, 0x4e, 0x4d, 0x00, 0x00, 0x01};
static const uint8_t echo_id[6] = {0x02, 0x4e, 0x4d, 0x00, 0x00, 0x02};
static const uint8_t hello_id[6] = {0x02, 0x4e, 0x4d, 0x00, 0x00, 0x03};
static const uint8_t claim_id[6] = {0x02, 0x4e, 0x4d, 0x00, 0x00, 0x04};

static noon_err open_own(const struct noon_ptp_tlv *tlv, const uint8_t id[6], size_t n,
			 struct noon_rd *ret)
{
	struct noon_rd rd = noon_rd_bytes(tlv->value);
	struct noon_bytes head;

	if (tlv->type != NOON_PTP_TLV_ORGANIZATION_NO_FORWARD || noon_rd_take(&rd, 6, &head) ||
	    memcmp(head.p, id, 6) != 0)
		return NOON_ERR_UNSUPPORTED;
	if (tlv->value.n != n)
		return NOON_ERR_FORMAT;
	*ret = rd;
	return NOON_OK;
}

/* IEEE C37.238-2017: organizationId 1C-12-9D, organizationSubType 00-00-02. */
static const uint8_t power_id[6] = {0x1c, 0x12, 0x9d, 0x00, 0x00, 0x02};

#define POWER_VALUE 18

noon_err noon_ptp_inaccuracy_get(const struct noon_ptp_tlv *tlv, uint32_t *ret_ns)
{
	struct noon_rd rd = noon_rd_bytes(tlv->value);
	struct noon_bytes head;
	uint16_t grandmaster_id;
	uint32_t reserved;

	if (tlv->type != NOON_PTP_TLV_ORGANIZATION || noon_rd_take(&rd, 6, &head) ||
	    memcmp(head.p, power_id, 6) != 0)
		return NOON_ERR_UNSUPPORTED;
	if (tlv->value.n != POWER_VALUE || noon_rd_u16(&rd, &grandmaster_id) ||
	    noon_rd_u32(&rd, &reserved))
		return NOON_ERR_FORMAT;
	return noon_rd_u32(&rd, ret_ns);
}

noon_err noon_ptp_layover_get(const struct noon_ptp_tlv *tlv, struct noon_ptp_layover *ret)
{
	struct noon_ptp_layover l;
	struct noon_rd rd;
	uint64_t layover;
	uint8_t reserved;
	const noon_err err = open_own(tlv, layover_id, NOON_PTP_LAYOVER_VALUE, &rd);

	if (err)
		return err;
	if (noon_rd_u16(&rd, &l.sync_sequence) || noon_rd_u16(&rd, &l.request_sequence) ||
	    noon_rd_u64(&rd, &layover) || noon_rd_u32(&rd, &l.error_ns) ||
	    noon_rd_u8(&rd, &l.verdict) || noon_rd_u8(&rd, &reserved) || noon_rd_u64(&rd, &l.nonce))
		return NOON_ERR_FORMAT;
	l.layover_ns = (int64_t)layover;
	*ret = l;
	return NOON_OK;
}

noon_err noon_ptp_layover_put(struct noon_wr *wr, const struct noon_ptp_layover *l)
{
	struct noon_wr w = *wr;

	if (noon_ptp_tlv_begin(&w, NOON_PTP_TLV_ORGANIZATION_NO_FORWARD, NOON_PTP_LAYOVER_VALUE) ||
	    noon_wr_put(&w, noon_bytes_of(layover_id, 6)) || noon_wr_u16(&w, l->sync_sequence) ||
	    noon_wr_u16(&w, l->request_sequence) || noon_wr_u64(&w, (uint64_t)l->layover_ns) ||
	    noon_wr_u32(&w, l->error_ns) || noon_wr_u8(&w, l->verdict) || noon_wr_u8(&w, 0) ||
	    noon_wr_u64(&w, l->nonce))
		return NOON_ERR_FULL;
	*wr = w;
	return NOON_OK;
}

noon_err noon_ptp_echo_get(const struct noon_ptp_tlv *tlv, struct noon_ptp_echo *ret)
{
	struct noon_ptp_echo e;
	struct noon_rd rd;
	const noon_err err = open_own(tlv, echo_id, NOON_PTP_ECHO_VALUE, &rd);

	if (err)
		return err;
	if (noon_rd_u64(&rd, &e.nonce) || noon_rd_u8(&rd, &e.verdict) ||
	    noon_rd_u8(&rd, &e.reasons))
		return NOON_ERR_FORMAT;
	*ret = e;
	return NOON_OK;
}

noon_err noon_ptp_echo_put(struct noon_wr *wr, const struct noon_ptp_echo *e)
{
	struct noon_wr w = *wr;

	if (noon_ptp_tlv_begin(&w, NOON_PTP_TLV_ORGANIZATION_NO_FORWARD, NOON_PTP_ECHO_VALUE) ||
	    noon_wr_put(&w, noon_bytes_of(echo_id, 6)) || noon_wr_u64(&w, e->nonce) ||
	    noon_wr_u8(&w, e->verdict) || noon_wr_u8(&w, e->reasons))
		return NOON_ERR_FULL;
	*wr = w;
	return NOON_OK;
}

noon_err noon_ptp_hello_get(const struct noon_ptp_tlv *tlv, struct noon_ptp_hello *ret)
{
	struct noon_ptp_hello hello;
	struct noon_rd rd;
	const noon_err err = open_own(tlv, hello_id, NOON_PTP_HELLO_VALUE, &rd);

	if (err)
		return err;
	if (noon_rd_u8(&rd, &hello.flags))
		return NOON_ERR_FORMAT;
	*ret = hello;
	return NOON_OK;
}

noon_err noon_ptp_hello_put(struct noon_wr *wr, const struct noon_ptp_hello *hello)
{
	struct noon_wr w = *wr;

	if (noon_ptp_tlv_begin(&w, NOON_PTP_TLV_ORGANIZATION_NO_FORWARD, NOON_PTP_HELLO_VALUE) ||
	    noon_wr_put(&w, noon_bytes_of(hello_id, 6)) || noon_wr_u8(&w, hello->flags) ||
	    noon_wr_u8(&w, 0))
		return NOON_ERR_FULL;
	*wr = w;
	return NOON_OK;
}

noon_err noon_ptp_claim_get(const struct noon_ptp_tlv *tlv, struct noon_ptp_claim *ret)
{
	struct noon_ptp_claim c;
	struct noon_rd rd;
	uint64_t time, offset, since;
	uint8_t reserved;
	const noon_err err = open_own(tlv, claim_id, NOON_PTP_CLAIM_VALUE, &rd);

	if (err)
		return err;
	if (noon_rd_u16(&rd, &c.sync_sequence) || noon_rd_u16(&rd, &c.request_sequence) ||
	    noon_rd_u64(&rd, &time) || noon_rd_u64(&rd, &c.bound_ns) || noon_rd_u64(&rd, &offset) ||
	    noon_rd_u64(&rd, &since) || noon_rd_u8(&rd, &c.state) || noon_rd_u8(&rd, &reserved))
		return NOON_ERR_FORMAT;
	c.time_ns = (int64_t)time;
	c.offset_ns = (int64_t)offset;
	c.since_ns = (int64_t)since;
	*ret = c;
	return NOON_OK;
}

noon_err noon_ptp_claim_put(struct noon_wr *wr, const struct noon_ptp_claim *c)
{
	struct noon_wr w = *wr;

	if (noon_ptp_tlv_begin(&w, NOON_PTP_TLV_ORGANIZATION_NO_FORWARD, NOON_PTP_CLAIM_VALUE) ||
	    noon_wr_put(&w, noon_bytes_of(claim_id, 6)) || noon_wr_u16(&w, c->sync_sequence) ||
	    noon_wr_u16(&w, c->request_sequence) || noon_wr_u64(&w, (uint64_t)c->time_ns) ||
	    noon_wr_u64(&w, c->bound_ns) || noon_wr_u64(&w, (uint64_t)c->offset_ns) ||
	    noon_wr_u64(&w, (uint64_t)c->since_ns) || noon_wr_u8(&w, c->state) || noon_wr_u8(&w, 0))
		return NOON_ERR_FULL;
	*wr = w;
	return NOON_OK;
}
