/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ptp.h"

#include <assert.h>
#include <string.h>

#define STAMP_LEN    10
#define IDENTITY_LEN 10

size_t noon_ptp_body_end(uint8_t type)
{
	switch (type) {
	case NOON_PTP_SYNC:
	case NOON_PTP_DELAY_REQ:
	case NOON_PTP_FOLLOW_UP:
		return NOON_PTP_HEADER_LEN + STAMP_LEN;
	case NOON_PTP_DELAY_RESP:
		return NOON_PTP_HEADER_LEN + STAMP_LEN + IDENTITY_LEN;
	case NOON_PTP_ANNOUNCE:
		return NOON_PTP_HEADER_LEN + 30;
	case NOON_PTP_SIGNALING:
		return NOON_PTP_HEADER_LEN + IDENTITY_LEN;
	case NOON_PTP_MANAGEMENT:
		return NOON_PTP_HEADER_LEN + IDENTITY_LEN + 4;
	default:
		return 0;
	}
}

bool noon_ptp_is_event(uint8_t type)
{
	return type <= NOON_PTP_PDELAY_RESP;
}

/* The caller has checked that everything is there; the cursors check once more. */
static noon_err get_identity(struct noon_rd *rd, struct noon_ptp_identity *ret)
{
	struct noon_bytes clock;

	if (noon_rd_take(rd, NOON_PTP_IDENTITY_LEN, &clock) || noon_rd_u16(rd, &ret->port))
		return NOON_ERR_SHORT;
	memcpy(ret->clock, clock.p, NOON_PTP_IDENTITY_LEN);
	return NOON_OK;
}

static noon_err get_stamp(struct noon_rd *rd, struct noon_ptp_stamp *ret)
{
	uint16_t high;
	uint32_t low;

	if (noon_rd_u16(rd, &high) || noon_rd_u32(rd, &low) || noon_rd_u32(rd, &ret->ns))
		return NOON_ERR_SHORT;
	ret->s = (uint64_t)high << 32 | low;
	return ret->ns < NOON_NS_PER_SEC ? NOON_OK : NOON_ERR_FORMAT;
}

static noon_err get_header(struct noon_rd *rd, struct noon_ptp_header *h)
{
	uint8_t first, second, minor_sdo, interval;
	uint64_t correction;

	if (noon_rd_u8(rd, &first) || noon_rd_u8(rd, &second) || noon_rd_u16(rd, &h->length) ||
	    noon_rd_u8(rd, &h->domain) || noon_rd_u8(rd, &minor_sdo) ||
	    noon_rd_u16(rd, &h->flags) || noon_rd_u64(rd, &correction) ||
	    noon_rd_u32(rd, &h->scratch) || get_identity(rd, &h->source) ||
	    noon_rd_u16(rd, &h->sequence) || noon_rd_u8(rd, &h->control) ||
	    noon_rd_u8(rd, &interval))
		return NOON_ERR_SHORT;
	h->sdo_id = (uint16_t)((first & 0xf0) << 4 | minor_sdo);
	h->type = first & 0x0f;
	h->minor = second >> 4;
	h->version = second & 0x0f;
	h->correction = (int64_t)correction;
	h->interval = (int8_t)interval;
	return NOON_OK;
}

static noon_err get_announce(struct noon_rd *rd, struct noon_ptp_announce *a)
{
	struct noon_bytes grandmaster;
	uint16_t offset;
	uint8_t reserved;

	if (get_stamp(rd, &a->origin) || noon_rd_u16(rd, &offset) || noon_rd_u8(rd, &reserved) ||
	    noon_rd_u8(rd, &a->priority1) || noon_rd_u8(rd, &a->clock_class) ||
	    noon_rd_u8(rd, &a->accuracy) || noon_rd_u16(rd, &a->variance) ||
	    noon_rd_u8(rd, &a->priority2) ||
	    noon_rd_take(rd, NOON_PTP_IDENTITY_LEN, &grandmaster) ||
	    noon_rd_u16(rd, &a->steps_removed) || noon_rd_u8(rd, &a->time_source))
		return NOON_ERR_FORMAT;
	a->utc_offset = (int16_t)offset;
	memcpy(a->grandmaster, grandmaster.p, NOON_PTP_IDENTITY_LEN);
	return NOON_OK;
}

static noon_err get_body(struct noon_rd *rd, struct noon_ptp_message *m)
{
	switch (m->h.type) {
	case NOON_PTP_ANNOUNCE:
		return get_announce(rd, &m->announce);
	case NOON_PTP_SIGNALING:
	case NOON_PTP_MANAGEMENT:
		return get_identity(rd, &m->target);
	case NOON_PTP_DELAY_RESP:
		if (get_stamp(rd, &m->event.stamp))
			return NOON_ERR_FORMAT;
		return get_identity(rd, &m->event.requesting);
	default:
		return get_stamp(rd, &m->event.stamp);
	}
}

noon_err noon_ptp_get(struct noon_bytes data, struct noon_ptp_message *ret)
{
	struct noon_rd rd = noon_rd_bytes(data);
	struct noon_ptp_message m;
	size_t body_end;
	noon_err err;

	memset(&m, 0, sizeof(m));
	if (get_header(&rd, &m.h))
		return NOON_ERR_SHORT;
	body_end = noon_ptp_body_end(m.h.type);
	if (m.h.version != NOON_PTP_VERSION || body_end == 0)
		return NOON_ERR_UNSUPPORTED;
	if (m.h.length < body_end || m.h.length > data.n)
		return NOON_ERR_SHORT;
	if (m.h.length > NOON_PTP_MESSAGE_MAX)
		return NOON_ERR_LONG;
	err = get_body(&rd, &m);
	if (err)
		return err;
	m.whole = noon_bytes_of(data.p, m.h.length);
	m.tlvs = noon_bytes_of(data.p + body_end, m.h.length - body_end);
	*ret = m;
	return NOON_OK;
}

/* controlField of old, for receivers of version 1 (13.3.2.13). */
static uint8_t control_of(uint8_t type)
{
	switch (type) {
	case NOON_PTP_SYNC:
		return 0;
	case NOON_PTP_DELAY_REQ:
		return 1;
	case NOON_PTP_FOLLOW_UP:
		return 2;
	case NOON_PTP_DELAY_RESP:
		return 3;
	case NOON_PTP_MANAGEMENT:
		return 4;
	default:
		return 5;
	}
}

static noon_err put_identity(struct noon_wr *wr, const struct noon_ptp_identity *id)
{
	if (noon_wr_put(wr, noon_bytes_of(id->clock, NOON_PTP_IDENTITY_LEN)))
		return NOON_ERR_FULL;
	return noon_wr_u16(wr, id->port);
}

static noon_err put_stamp(struct noon_wr *wr, struct noon_ptp_stamp t)
{
	if (noon_wr_u16(wr, (uint16_t)(t.s >> 32)) || noon_wr_u32(wr, (uint32_t)t.s))
		return NOON_ERR_FULL;
	return noon_wr_u32(wr, t.ns);
}

static noon_err put_header(struct noon_wr *wr, const struct noon_ptp_header *h)
{
	if (noon_wr_u8(wr, (uint8_t)(((h->sdo_id >> 4) & 0xf0) | (h->type & 0x0f))) ||
	    noon_wr_u8(wr, (uint8_t)(h->minor << 4 | (h->version & 0x0f))) || noon_wr_u16(wr, 0) ||
	    noon_wr_u8(wr, h->domain) || noon_wr_u8(wr, (uint8_t)h->sdo_id) ||
	    noon_wr_u16(wr, h->flags) || noon_wr_u64(wr, (uint64_t)h->correction) ||
	    noon_wr_u32(wr, h->scratch) || put_identity(wr, &h->source) ||
	    noon_wr_u16(wr, h->sequence) || noon_wr_u8(wr, control_of(h->type)))
		return NOON_ERR_FULL;
	return noon_wr_u8(wr, (uint8_t)h->interval);
}

static noon_err put_announce(struct noon_wr *wr, const struct noon_ptp_announce *a)
{
	if (put_stamp(wr, a->origin) || noon_wr_u16(wr, (uint16_t)a->utc_offset) ||
	    noon_wr_u8(wr, 0) || noon_wr_u8(wr, a->priority1) || noon_wr_u8(wr, a->clock_class) ||
	    noon_wr_u8(wr, a->accuracy) || noon_wr_u16(wr, a->variance) ||
	    noon_wr_u8(wr, a->priority2) ||
	    noon_wr_put(wr, noon_bytes_of(a->grandmaster, NOON_PTP_IDENTITY_LEN)) ||
	    noon_wr_u16(wr, a->steps_removed))
		return NOON_ERR_FULL;
	return noon_wr_u8(wr, a->time_source);
}

static noon_err put_body(struct noon_wr *wr, const struct noon_ptp_message *m)
{
	switch (m->h.type) {
	case NOON_PTP_ANNOUNCE:
		return put_announce(wr, &m->announce);
	case NOON_PTP_SIGNALING:
		return put_identity(wr, &m->target);
	case NOON_PTP_MANAGEMENT:
		return put_identity(wr, &m->target) ? NOON_ERR_FULL : noon_wr_zeros(wr, 4);
	case NOON_PTP_DELAY_RESP:
		if (put_stamp(wr, m->event.stamp))
			return NOON_ERR_FULL;
		return put_identity(wr, &m->event.requesting);
	default:
		return put_stamp(wr, m->event.stamp);
	}
}

noon_err noon_ptp_put(struct noon_wr *wr, const struct noon_ptp_message *m)
{
	struct noon_wr w = *wr;

	assert(noon_ptp_body_end(m->h.type) != 0);
	if (put_header(&w, &m->h) || put_body(&w, m))
		return NOON_ERR_FULL;
	*wr = w;
	return NOON_OK;
}

void noon_ptp_finish(const struct noon_wr *wr)
{
	const size_t n = noon_wr_len(wr);

	assert(n >= NOON_PTP_HEADER_LEN && n <= UINT16_MAX);
	wr->start[2] = (uint8_t)(n >> 8);
	wr->start[3] = (uint8_t)n;
}

bool noon_ptp_identity_equal(const struct noon_ptp_identity *a, const struct noon_ptp_identity *b)
{
	return noon_ptp_identity_cmp(a, b) == 0;
}

int noon_ptp_identity_cmp(const struct noon_ptp_identity *a, const struct noon_ptp_identity *b)
{
	const int clock = memcmp(a->clock, b->clock, NOON_PTP_IDENTITY_LEN);

	return clock != 0 ? clock : (a->port > b->port) - (a->port < b->port);
}

bool noon_ptp_identity_is_all(const struct noon_ptp_identity *a)
{
	for (size_t i = 0; i < NOON_PTP_IDENTITY_LEN; i++)
		if (a->clock[i] != 0xff)
			return false;
	return a->port == 0xffff;
}

noon_err noon_ptp_stamp_to_ns(struct noon_ptp_stamp stamp, int64_t *ret)
{
	if (stamp.s >= (uint64_t)(INT64_MAX / NOON_NS_PER_SEC) || stamp.ns >= NOON_NS_PER_SEC)
		return NOON_ERR_RANGE;
	*ret = (int64_t)stamp.s * NOON_NS_PER_SEC + (int64_t)stamp.ns;
	return NOON_OK;
}

struct noon_ptp_stamp noon_ptp_stamp_from_ns(int64_t ns)
{
	if (ns < 0)
		ns = 0;
	return (struct noon_ptp_stamp){(uint64_t)(ns / NOON_NS_PER_SEC),
				       (uint32_t)(ns % NOON_NS_PER_SEC)};
}

int64_t noon_ptp_correction_of(noon_dur d)
{
	if (d > (INT64_MAX >> 16) || d < -(INT64_MAX >> 16))
		return NOON_PTP_CORRECTION_HUGE;
	return d * 65536;
}

/* Table 5 of IEEE 1588-2019 from 0x17 (1 ps) on; below 1 ns rounded up. */
static const noon_dur accuracies[] = {
	1,
	1,
	1,
	1,
	1,
	1,
	1,
	/* 0x1e: 2.5 ns */ 3,
	10,
	25,
	100,
	250,
	NOON_US(1),
	2500,
	NOON_US(10),
	NOON_US(25),
	NOON_US(100),
	NOON_US(250),
	NOON_MS(1),
	NOON_US(2500),
	NOON_MS(10),
	NOON_MS(25),
	NOON_MS(100),
	NOON_MS(250),
	NOON_S(1),
	NOON_S(10),
};

#define ACCURACY_FIRST 0x17
#define ACCURACY_2008  0x20 /* the first one that version 2.0 knows */
#define ACCURACY_ABOVE 0x31 /* > 10 s */
#define ACCURACY_NONE  0xfe

noon_dur noon_ptp_accuracy_to_dur(uint8_t accuracy)
{
	if (accuracy < ACCURACY_FIRST || accuracy >= ACCURACY_ABOVE)
		return NOON_DUR_MAX;
	return accuracies[accuracy - ACCURACY_FIRST];
}

uint8_t noon_ptp_accuracy_from_dur(noon_dur d)
{
	if (d == NOON_DUR_MAX)
		return ACCURACY_NONE;
	for (uint8_t a = ACCURACY_2008; a < ACCURACY_ABOVE; a++)
		if (d <= noon_ptp_accuracy_to_dur(a))
			return a;
	return ACCURACY_ABOVE;
}

const char *noon_ptp_type_name(uint8_t type)
{
	static const char *const names[NOON_PTP_TYPES] = {
		[NOON_PTP_SYNC] = "Sync",
		[NOON_PTP_DELAY_REQ] = "Delay_Req",
		[NOON_PTP_PDELAY_REQ] = "Pdelay_Req",
		[NOON_PTP_PDELAY_RESP] = "Pdelay_Resp",
		[NOON_PTP_FOLLOW_UP] = "Follow_Up",
		[NOON_PTP_DELAY_RESP] = "Delay_Resp",
		[NOON_PTP_PDELAY_RESP_FOLLOW_UP] = "Pdelay_Resp_Follow_Up",
		[NOON_PTP_ANNOUNCE] = "Announce",
		[NOON_PTP_SIGNALING] = "Signaling",
		[NOON_PTP_MANAGEMENT] = "Management",
	};

	return type < NOON_PTP_TYPES && names[type] != NULL ? names[type] : "reserved";
}
