/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: whatever happens, a PTP transmitter answers within its limits, sends nothing that does
 * not parse, changes nothing without the key, and never spins.
 */
#include <assert.h>
#include <string.h>

#include "crypto/aead.h"
#include "proto/ptp/ptp_transmitter.h"
#include "ptp_side.h"

#define EVENTS_MAX 400

static struct noon_ptp_transmitter t;
static struct noon_ptp_keys keys;
static struct noon_rng rng;
static struct noon_actions as;
static noon_time now;
static struct noon_ptp_port rx;
static struct noon_ptp_policy side;
static uint16_t sequence[NOON_PTP_TYPES];
static uint32_t token;

static noon_time utc(void)
{
	return noon_time_add(now, NOON_S(1790000000));
}

static void check(void)
{
	for (size_t i = 0; i < as.n; i++) {
		struct noon_ptp_message m;
		noon_err err;

		if (as.a[i].kind == NOON_ACTION_SAMPLE)
			assert(as.a[i].sample.source < NOON_PTP_WATCHED_MAX);
		if (as.a[i].kind == NOON_ACTION_FINDING) {
			const struct noon_finding *f = &as.a[i].finding;

			assert(f->kind == NOON_FINDING_RECEIVER_TIME);
			assert(f->source < NOON_PTP_WATCHED_MAX && t.conf.policy.keys != NULL);
			assert(noon_dur_abs(f->value) > f->threshold && f->threshold >= 0);
		}
		if (as.a[i].kind != NOON_ACTION_SEND)
			continue;
		err = noon_ptp_get(as.a[i].send, &m);
		assert(!err && noon_ptp_tlv_check(m.tlvs) == NOON_OK);
		assert(m.h.type != NOON_PTP_SYNC || t.quality.valid);
		if (m.h.type == NOON_PTP_SYNC && input_u8(&(struct input){m.whole.p + 30, 1}) & 1)
			token = as.a[i].token;
	}
	assert(noon_ptp_transmitter_clients(&t) <= t.conf.grants_max);
	noon_actions_reset(&as);
}

/* All that is due: it ends, and leaves a deadline ahead. */
static void timer(noon_dur later)
{
	unsigned calls = 0;

	now = noon_time_add(now, later);
	do {
		noon_ptp_transmitter_on_timer(&t, now, utc(), &as);
		check();
		assert(++calls < 200);
	} while (!noon_time_before(now, noon_ptp_transmitter_deadline(&t)));
}

static void receive(struct noon_bytes data, uint8_t who)
{
	struct noon_rx in = {.data = data, .at = utc(), .now = now, .stamp = NOON_STAMP_KERNEL};

	in.peer = (struct noon_peer){.n = 1, .key = {who & 7}};
	noon_ptp_transmitter_on_packet(&t, &in, &as);
}

static void raw_packet(struct input *in)
{
	static struct noon_ptp_transmitter before;
	const struct noon_bytes b = input_take(in, input_u16(in) % 300U);

	before = t;
	receive(b, 0);
	if (t.conf.policy.keys == NULL)
		return;
	assert(as.n == 0);
	before.counters = t.counters;
	assert(memcmp(&before, &t, sizeof(t)) == 0);
}

static void message(struct input *in)
{
	static const uint8_t types[8] = {NOON_PTP_DELAY_REQ, NOON_PTP_DELAY_REQ, NOON_PTP_SIGNALING,
					 NOON_PTP_SIGNALING, NOON_PTP_SIGNALING, NOON_PTP_ANNOUNCE,
					 NOON_PTP_SYNC,	     NOON_PTP_MANAGEMENT};
	const uint8_t how = input_u8(in), type = types[how % 8], who = input_u8(in);
	struct noon_ptp_message m;
	uint8_t raw[512];

	rx.self.port = who;
	m = noon_ptp_port_message(&rx, type, ++sequence[type], (how & 8) != 0, 0);
	if (how & 16)
		m.h.sequence = sequence[type] = input_u16(in);
	if (how & 32) {
		m.h.correction = input_i64(in);
		m.h.flags |= input_u16(in);
		m.h.interval = (int8_t)input_u8(in);
	}
	if (type == NOON_PTP_SIGNALING)
		m.target = how & 64 ? rx.self : t.conf.port.self;
	if (type == NOON_PTP_ANNOUNCE) {
		m.announce.priority1 = input_u8(in);
		m.announce.steps_removed = how & 64 ? input_u16(in) : 0;
	}
	receive(side_close(in, &side, &m, 42, raw, sizeof(raw)), who);
}

static void quality(struct input *in)
{
	const uint8_t how = input_u8(in);
	const struct noon_ptp_quality q = {
		.valid = how & 1,
		.clock_class = 6,
		.bound = how & 2 ? input_i64(in) : 100,
		.tai_known = (how & 4) != 0,
		.tai_offset = (int16_t)(how & 8 ? input_u16(in) : 37),
		.leap = (enum noon_leap)(how >> 4 & 3),
	};

	noon_ptp_transmitter_set_quality(&t, &q, now);
}

static void step(struct input *in)
{
	uint32_t index;
	uint8_t word;

	switch (input_u8(in) % 10) {
	case 0:
		timer(input_u16(in));
		break;
	case 1:
		timer((noon_dur)input_u(in, 5));
		break;
	case 2:
		if (noon_time_before(now, noon_ptp_transmitter_deadline(&t)) &&
		    !noon_time_is_never(noon_ptp_transmitter_deadline(&t)))
			timer(noon_time_diff(noon_ptp_transmitter_deadline(&t), now));
		break;
	case 3:
		raw_packet(in);
		break;
	case 4:
		noon_ptp_transmitter_on_sent(&t, token - input_u8(in) % 3,
					     noon_time_add(utc(), input_i32(in)),
					     (enum noon_stamp)(input_u8(in) % 3), &as);
		break;
	case 5:
		quality(in);
		break;
	case 6:
		rx.self.clock[7] = input_u8(in) & 1;
		if (noon_ptp_transmitter_watch(&t, rx.self.clock, &index) != NOON_OK)
			break;
		word = input_u8(in);
		noon_ptp_transmitter_set_verdict(&t, index, word, word >> 2);
		noon_ptp_transmitter_set_minima(&t, index, word & 8 ? 1000 : 0, word);
		break;
	default:
		message(in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct noon_ptp_quality good = {
		.valid = true, .clock_class = 6, .bound = 90, .tai_known = true, .tai_offset = 37};
	struct noon_ptp_transmitter_conf conf = noon_ptp_transmitter_conf_default();
	struct input in = {data, size};
	const uint8_t how = input_u8(&in);
	noon_err err = noon_aead_global_init();

	assert(!err);
	side_keys(&keys);
	rng = noon_rng_seeded(how);
	now = (noon_time){NOON_S(100)};
	token = 0;
	memset(sequence, 0, sizeof(sequence));
	rx = (struct noon_ptp_port){.self = {{1, 2, 3, 4, 5, 6, 7, 0}, 1}};
	side = (struct noon_ptp_policy){.keys = how & 2 ? &keys : NULL, .spp = 1};
	conf.rng = &rng;
	conf.policy = side;
	conf.multicast = !(how & 1);
	conf.one_step = (how & 4) != 0;
	conf.always = (how & 8) != 0;
	conf.grants_max = how & 16 ? 2 : 100;
	conf.log_sync = how & 32 ? -7 : 0;
	conf.port.self = (struct noon_ptp_identity){{9}, 1};
	err = noon_ptp_transmitter_init(&t, &conf, now);
	assert(!err);
	if (!(how & 64))
		noon_ptp_transmitter_set_quality(&t, &good, now);
	noon_actions_reset(&as);
	for (int i = 0; i < EVENTS_MAX && in.n > 0; i++) {
		step(&in);
		check();
	}
	noon_ptp_keys_fini(&keys);
	return 0;
}
