/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: a PTP message that is taken comes back byte for byte, but for what is derived or
 * reserved; its chain of TLVs ends inside of it; every TLV that is understood comes back too.
 */
#include <assert.h>
#include <string.h>

#include "input.h"
#include "wire/ptp.h"
#include "wire/ptp_tlv.h"

static uint8_t back[NOON_PTP_MESSAGE_MAX];

/* Octets that are not carried: messageLength, control, reserved ones. */
static void blank(const struct noon_ptp_message *m, uint8_t *p)
{
	p[2] = p[3] = p[32] = 0;
	if (m->h.type == NOON_PTP_ANNOUNCE)
		p[46] = 0;
	if (m->h.type == NOON_PTP_MANAGEMENT)
		memset(p + 44, 0, 4);
}

static void round_trip(const struct noon_ptp_message *m)
{
	const size_t n = noon_ptp_body_end(m->h.type);
	struct noon_wr wr = noon_wr_over(back, sizeof(back));
	uint8_t want[64];
	noon_err err = noon_ptp_put(&wr, m);

	assert(!err && noon_wr_len(&wr) == n && n <= sizeof(want));
	noon_ptp_finish(&wr);
	memcpy(want, m->whole.p, n);
	blank(m, want);
	blank(m, back);
	assert(memcmp(want, back, n) == 0);
}

static void own(const struct noon_ptp_tlv *tlv)
{
	struct noon_wr wr = noon_wr_over(back, sizeof(back));
	struct noon_ptp_layover l;
	struct noon_ptp_hello h;
	struct noon_ptp_claim c;
	struct noon_ptp_echo e;
	noon_err err = NOON_OK;

	if (noon_ptp_layover_get(tlv, &l) == NOON_OK)
		err = noon_ptp_layover_put(&wr, &l);
	else if (noon_ptp_echo_get(tlv, &e) == NOON_OK)
		err = noon_ptp_echo_put(&wr, &e);
	else if (noon_ptp_hello_get(tlv, &h) == NOON_OK)
		err = noon_ptp_hello_put(&wr, &h);
	else if (noon_ptp_claim_get(tlv, &c) == NOON_OK)
		err = noon_ptp_claim_put(&wr, &c);
	else
		return;
	assert(!err && noon_wr_len(&wr) == tlv->value.n + 4);
}

static void one(const struct noon_ptp_tlv *tlv)
{
	struct noon_wr wr = noon_wr_over(back, sizeof(back));
	struct noon_rd rd = noon_rd_over(back, sizeof(back));
	struct noon_ptp_unicast u, again;
	struct noon_ptp_auth_tlv a;
	struct noon_ptp_tlv copy;
	noon_err err;

	own(tlv);
	if (noon_ptp_auth_tlv_get(tlv, &a) == NOON_OK)
		assert(a.icv.n + 6 == tlv->value.n);
	if (noon_ptp_unicast_get(tlv, &u))
		return;
	err = noon_ptp_unicast_put(&wr, (enum noon_ptp_tlv_type)tlv->type, &u);
	assert(!err);
	err = noon_ptp_tlv_get(&rd, &copy);
	assert(!err);
	err = noon_ptp_unicast_get(&copy, &again);
	assert(!err && u.type == again.type && u.duration == again.duration);
	assert(u.flags == again.flags && u.renewal == again.renewal);
	assert(tlv->value.n == 2 || u.interval == again.interval);
}

static void units(const struct noon_ptp_message *m)
{
	int64_t ns;

	assert(noon_ptp_correction_floor(m->h.correction) <= m->h.correction / 65536);
	(void)noon_ptp_correction_of(m->h.correction);
	if (m->h.type == NOON_PTP_SIGNALING || m->h.type == NOON_PTP_MANAGEMENT ||
	    noon_ptp_stamp_to_ns(m->event.stamp, &ns))
		return;
	assert(noon_ptp_stamp_from_ns(ns).s == m->event.stamp.s);
	assert(noon_ptp_stamp_from_ns(ns).ns == m->event.stamp.ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct noon_ptp_message m;
	struct noon_ptp_tlv tlv;
	struct noon_rd rd;
	bool good;
	noon_err err;

	if (noon_ptp_get(noon_bytes_of(data, size), &m))
		return 0;
	assert(m.whole.n <= size && m.whole.n <= NOON_PTP_MESSAGE_MAX);
	assert(m.tlvs.p + m.tlvs.n == m.whole.p + m.whole.n);
	round_trip(&m);
	units(&m);
	good = noon_ptp_tlv_check(m.tlvs) == NOON_OK;
	rd = noon_rd_bytes(m.tlvs);
	while ((err = noon_ptp_tlv_get(&rd, &tlv)) == NOON_OK) {
		assert(tlv.at + 4 + tlv.value.n == rd.p);
		one(&tlv);
		if (tlv.type == NOON_PTP_TLV_AUTHENTICATION && noon_rd_left(&rd) > 0)
			assert(!good);
	}
	assert(!good || err == NOON_ERR_EMPTY);
	return 0;
}
