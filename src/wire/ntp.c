/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ntp.h"

/* Seconds from 1900-01-01 to 1970-01-01. */
#define EPOCH_1970 INT64_C(2208988800)

noon_err noon_ntp_header_get(struct noon_rd *rd, struct noon_ntp_header *ret)
{
	struct noon_bytes raw;
	struct noon_rd in;
	struct noon_ntp_header h;
	uint8_t flags = 0;
	uint8_t poll = 0;
	uint8_t precision = 0;
	noon_err err = noon_rd_take(rd, NOON_NTP_HEADER_LEN, &raw);

	if (err)
		return err;
	/* 48 bytes are there, so none of these can fail. */
	in = noon_rd_bytes(raw);
	err = noon_rd_u8(&in, &flags);
	err = err ? err : noon_rd_u8(&in, &h.stratum);
	err = err ? err : noon_rd_u8(&in, &poll);
	err = err ? err : noon_rd_u8(&in, &precision);
	err = err ? err : noon_rd_u32(&in, &h.root_delay);
	err = err ? err : noon_rd_u32(&in, &h.root_disp);
	err = err ? err : noon_rd_u32(&in, &h.ref_id);
	err = err ? err : noon_rd_u64(&in, &h.reference);
	err = err ? err : noon_rd_u64(&in, &h.origin);
	err = err ? err : noon_rd_u64(&in, &h.receive);
	err = err ? err : noon_rd_u64(&in, &h.transmit);
	if (err)
		return err;
	h.leap = (uint8_t)(flags >> 6);
	h.version = flags >> 3 & 7;
	h.mode = flags & 7;
	h.poll = (int8_t)poll;
	h.precision = (int8_t)precision;
	*ret = h;
	return NOON_OK;
}

noon_err noon_ntp_header_put(struct noon_wr *wr, const struct noon_ntp_header *h)
{
	noon_err err;

	if (noon_wr_room(wr) < NOON_NTP_HEADER_LEN)
		return NOON_ERR_FULL;
	err = noon_wr_u8(wr, (uint8_t)((h->leap & 3) << 6 | (h->version & 7) << 3 | (h->mode & 7)));
	err = err ? err : noon_wr_u8(wr, h->stratum);
	err = err ? err : noon_wr_u8(wr, (uint8_t)h->poll);
	err = err ? err : noon_wr_u8(wr, (uint8_t)h->precision);
	err = err ? err : noon_wr_u32(wr, h->root_delay);
	err = err ? err : noon_wr_u32(wr, h->root_disp);
	err = err ? err : noon_wr_u32(wr, h->ref_id);
	err = err ? err : noon_wr_u64(wr, h->reference);
	err = err ? err : noon_wr_u64(wr, h->origin);
	err = err ? err : noon_wr_u64(wr, h->receive);
	return err ? err : noon_wr_u64(wr, h->transmit);
}

/* Floor division by a positive number. */
static int64_t floor_div(int64_t a, int64_t b)
{
	const int64_t q = a / b;

	return a % b < 0 ? q - 1 : q;
}

noon_time noon_ntp_ts_to_time(noon_ntp_ts ts, noon_time pivot)
{
	const int64_t pivot_s = floor_div(pivot.ns, NOON_NS_PER_SEC) + EPOCH_1970;
	const uint32_t seconds = (uint32_t)(ts >> 32);
	/* The signed distance modulo 2^32 picks the era nearest to the pivot. */
	const int32_t ahead = (int32_t)(seconds - (uint32_t)(pivot_s & UINT32_MAX));
	const int64_t s = pivot_s + ahead - EPOCH_1970;
	const int64_t ns = (int64_t)(((ts & UINT32_MAX) * (uint64_t)NOON_NS_PER_SEC) >> 32);
	int64_t whole;

	if (__builtin_mul_overflow(s, NOON_NS_PER_SEC, &whole))
		return s < 0 ? NOON_TIME_FIRST : NOON_TIME_NEVER;
	return (noon_time){noon_sat_add(whole, ns)};
}

noon_ntp_ts noon_ntp_ts_from_time(noon_time t)
{
	const int64_t s = floor_div(t.ns, NOON_NS_PER_SEC);
	const int64_t rest = t.ns % NOON_NS_PER_SEC;
	const uint64_t ns = (uint64_t)(rest < 0 ? rest + NOON_NS_PER_SEC : rest);

	return (uint64_t)((s + EPOCH_1970) & UINT32_MAX) << 32 |
	       (ns << 32) / (uint64_t)NOON_NS_PER_SEC;
}

noon_dur noon_ntp_short_to_dur(uint32_t v)
{
	return (noon_dur)(((uint64_t)v * (uint64_t)NOON_NS_PER_SEC + UINT16_MAX) >> 16);
}

uint32_t noon_ntp_short_from_dur(noon_dur d)
{
	const uint64_t ns = d > 0 ? (uint64_t)d : 0;
	const uint64_t s = ns / (uint64_t)NOON_NS_PER_SEC;
	const uint64_t rest = ns % (uint64_t)NOON_NS_PER_SEC;
	uint64_t v;

	if (s > UINT16_MAX)
		return UINT32_MAX;
	v = s << 16;
	v += ((rest << 16) + (uint64_t)NOON_NS_PER_SEC - 1) / (uint64_t)NOON_NS_PER_SEC;
	return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

noon_dur noon_ntp_precision_to_dur(int8_t precision)
{
	const int p = precision < -32 ? -32 : precision > 5 ? 5 : precision;

	if (p >= 0)
		return NOON_NS_PER_SEC << p;
	return (NOON_NS_PER_SEC + (INT64_C(1) << -p) - 1) >> -p;
}
