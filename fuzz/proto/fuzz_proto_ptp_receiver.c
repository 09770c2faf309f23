/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: whatever happens, a PTP receiver gives no impossible sample, nothing without the key,
 * and never spins.
 *
 * The input is a sequence of events: messages good, changed and raw, timers, stamps, settings.
 */
#include <assert.h>
#include <string.h>

#include "crypto/aead.h"
#include "proto/ptp/ptp_receiver.h"
#include "ptp_side.h"

#define EVENTS_MAX 400

static struct noon_ptp_receiver r;
static struct noon_ptp_keys keys;
static struct noon_rng rng;
static struct noon_actions as;
static noon_time now;
static struct noon_ptp_port tx;
static struct noon_ptp_policy side;
static uint16_t sequence[NOON_PTP_TYPES];

static void check(void)
{
	for (size_t i = 0; i < as.n; i++) {
		const struct noon_sample *x = &as.a[i].sample;
		struct noon_ptp_message m;
		noon_err err;

		/* Without keys nobody's word is heard. */
		if (as.a[i].kind == NOON_ACTION_DECLARE)
			assert(r.conf.policy.keys != NULL);
		if (as.a[i].kind == NOON_ACTION_SEND) {
			err = noon_ptp_get(as.a[i].send, &m);
			assert(!err && noon_ptp_tlv_check(m.tlvs) == NOON_OK);
		}
		if (as.a[i].kind != NOON_ACTION_SAMPLE)
			continue;
		assert(!noon_time_before(x->t2, x->t3) && !noon_time_before(x->t1, x->t4));
		assert(x->server_err >= 0 && x->stamp_err >= 0 && x->server_err != NOON_DUR_MAX);
		assert(x->stratum >= 1 && x->stratum <= 15 && x->leap != NOON_LEAP_UNKNOWN);
		assert(noon_time_diff(x->t1, x->t4) <= r.conf.max_layover);
	}
	assert((noon_ptp_receiver_parent(&r) == NULL) == (r.state == NOON_PTP_LISTENING));
	noon_actions_reset(&as);
}

static void timer(noon_dur later)
{
	now = noon_time_add(now, later);
	noon_ptp_receiver_on_timer(&r, now, &as);
	assert(noon_time_before(now, noon_ptp_receiver_deadline(&r)));
}

static void receive(struct noon_bytes data, uint8_t who)
{
	struct noon_rx rx = {.data = data, .at = now, .now = now, .stamp = NOON_STAMP_KERNEL};

	rx.peer = (struct noon_peer){.n = 1, .key = {who % 16 == 15}};
	noon_ptp_receiver_on_packet(&r, &rx, &as);
}

static void raw_packet(struct input *in)
{
	static struct noon_ptp_receiver before;
	const struct noon_bytes b = input_take(in, input_u16(in) % 300U);

	before = r;
	receive(b, 0);
	/* Nobody finds the key. */
	if (r.conf.policy.keys == NULL)
		return;
	assert(r.counters.n[NOON_VERDICT_ACCEPTED] == before.counters.n[NOON_VERDICT_ACCEPTED]);
	before.counters = r.counters;
	assert(memcmp(&before, &r, sizeof(r)) == 0);
}

static void fill(struct input *in, struct noon_ptp_message *m, uint8_t how)
{
	const noon_dur off = how & 8 ? input_i64(in) : input_i32(in);

	if (m->h.type == NOON_PTP_SIGNALING) {
		m->target = r.conf.port.self;
		return;
	}
	if (m->h.type == NOON_PTP_ANNOUNCE) {
		m->h.flags |= how & 8 ? input_u16(in)
				      : NOON_PTP_FLAG_PTP_TIMESCALE | NOON_PTP_FLAG_UTC_VALID;
		m->announce.accuracy = how & 16 ? input_u8(in) : 0x21;
		m->announce.utc_offset = how & 16 ? (int16_t)input_u16(in) : 37;
		m->announce.steps_removed = how & 32 ? input_u16(in) : 0;
		m->announce.priority1 = how & 64 ? input_u8(in) : 128;
		return;
	}
	m->event.stamp = noon_ptp_stamp_from_ns(noon_sat_add(now.ns + NOON_S(1790000037), off));
	if (m->h.type == NOON_PTP_DELAY_RESP)
		m->event.requesting = r.conf.port.self;
}

static void message(struct input *in)
{
	static const uint8_t types[8] = {
		NOON_PTP_SYNC,	     NOON_PTP_SYNC,	NOON_PTP_FOLLOW_UP, NOON_PTP_DELAY_RESP,
		NOON_PTP_DELAY_RESP, NOON_PTP_ANNOUNCE, NOON_PTP_SIGNALING, NOON_PTP_MANAGEMENT};
	const uint8_t how = input_u8(in), type = types[how % 8], more = input_u8(in);
	struct noon_ptp_message m;
	uint8_t raw[512];

	tx.self.port = (more & 0xf0) == 0xf0 ? input_u16(in) : 1;
	m = noon_ptp_port_message(&tx, type, ++sequence[type], r.conf.unicast, 0);
	if (more & 1)
		m.h.sequence = sequence[type] = input_u16(in);
	if (type == NOON_PTP_FOLLOW_UP)
		m.h.sequence = sequence[NOON_PTP_SYNC];
	if (type == NOON_PTP_DELAY_RESP && !(more & 1))
		m.h.sequence = r.request.sequence;
	if (more & 2)
		m.h.correction = input_i64(in);
	if (more & 4)
		m.h.interval = (int8_t)input_u8(in);
	if (type == NOON_PTP_SYNC && more & 8)
		m.h.flags |= NOON_PTP_FLAG_TWO_STEP;
	fill(in, &m, how);
	receive(side_close(in, &side, &m, r.request.nonce, raw, sizeof(raw)), more);
}

static void tell(struct input *in)
{
	const uint8_t how = input_u8(in);
	struct noon_ptp_utc utc = {.known = (how & 1) != 0, .h = now, .until = NOON_TIME_NEVER};

	if (how < 16) {
		noon_ptp_receiver_forget(&r, now);
		return;
	}
	utc.lower = how & 2 ? input_i64(in) : NOON_S(1790000000) - input_u16(in);
	utc.upper = how & 4 ? input_i64(in) : NOON_S(1790000000) + input_u16(in);
	utc.upper_rate = input_u8(in) * 1e-6;
	utc.lower_rate = -utc.upper_rate;
	utc.max_rate = 1e-3;
	utc.until = how & 8 ? now : noon_time_add(now, NOON_S(10));
	utc.state = how >> 4;
	noon_ptp_receiver_set_utc(&r, &utc);
}

static void step(struct input *in)
{
	switch (input_u8(in) % 10) {
	case 0:
		timer(input_u16(in));
		break;
	case 1:
		timer((noon_dur)input_u(in, 5));
		break;
	case 2:
		if (noon_time_before(now, noon_ptp_receiver_deadline(&r)) &&
		    !noon_time_is_never(noon_ptp_receiver_deadline(&r)))
			timer(noon_time_diff(noon_ptp_receiver_deadline(&r), now));
		break;
	case 3:
		raw_packet(in);
		break;
	case 4:
		noon_ptp_receiver_on_sent(&r, r.request.token - input_u8(in) % 3,
					  noon_time_add(now, input_i32(in)),
					  (enum noon_stamp)(input_u8(in) % 3), &as);
		break;
	case 5:
		noon_ptp_receiver_set_tai(&r, input_u8(in) & 1, (int16_t)input_u16(in));
		noon_ptp_receiver_set_verdict(&r, input_u8(in));
		break;
	case 6:
		tell(in);
		break;
	default:
		message(in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct noon_ptp_receiver_conf conf = noon_ptp_receiver_conf_default();
	struct input in = {data, size};
	const uint8_t how = input_u8(&in);
	noon_err err = noon_aead_global_init();

	assert(!err);
	side_keys(&keys);
	rng = noon_rng_seeded(how);
	now = (noon_time){NOON_S(100)};
	memset(sequence, 0, sizeof(sequence));
	tx = (struct noon_ptp_port){.self = {{1, 2, 3, 4, 5, 6, 7, 8}, 1}};
	side = (struct noon_ptp_policy){.keys = how & 2 ? &keys : NULL, .spp = 1};
	conf.rng = &rng;
	conf.policy = side;
	conf.unicast = how & 1;
	conf.peer = (struct noon_peer){.n = 1};
	conf.accuracy = how & 4 ? NOON_DUR_MAX : 1000;
	conf.arbitrary_is_utc = (how & 8) != 0;
	conf.max_layover = how & 16 ? NOON_DUR_MAX : NOON_NS_PER_SEC;
	conf.max_correction = how & 32 ? NOON_DUR_MAX : NOON_NS_PER_SEC;
	conf.log_delay = how & 64 ? -7 : 0;
	conf.port.self = (struct noon_ptp_identity){{9}, 1};
	err = noon_ptp_receiver_init(&r, &conf, now);
	assert(!err);
	noon_actions_reset(&as);
	for (int i = 0; i < EVENTS_MAX && in.n > 0; i++) {
		step(&in);
		check();
	}
	noon_ptp_receiver_close(&r, &as);
	noon_ptp_keys_fini(&keys);
	return 0;
}
