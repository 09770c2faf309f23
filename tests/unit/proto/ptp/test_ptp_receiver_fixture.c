/* SPDX-License-Identifier: Apache-2.0 */
#include "test_ptp_receiver_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct noon_ptp_receiver r;
struct noon_ptp_receiver_conf conf;
struct noon_actions as;
noon_time now;
struct noon_peer from;
struct noon_ptp_port tx;
uint16_t announce_flags;
struct noon_ptp_announce says;
bool hello;
bool sealing;
uint32_t inaccuracy;

static struct noon_rng rng;
static const struct noon_peer peer = {.n = 1, .key = {7}};
static uint16_t announced;

void receiver(bool unicast)
{
	conf.unicast = unicast;
	conf.peer = unicast ? peer : (struct noon_peer){.n = 0};
	assert_int_equal(noon_ptp_receiver_init(&r, &conf, now), NOON_OK);
}

int setup(void **state)
{
	(void)state;
	rng = noon_rng_seeded(7);
	now = (noon_time){NOON_S(100)};
	from = peer;
	tx = (struct noon_ptp_port){.self = {{1, 2, 3, 4, 5, 6, 7, 8}, 1}};
	announce_flags = NOON_PTP_FLAG_PTP_TIMESCALE | NOON_PTP_FLAG_UTC_VALID;
	says = (struct noon_ptp_announce){.utc_offset = TAI,
					  .clock_class = 6,
					  .accuracy = 0x21,
					  .grandmaster = {1, 2, 3, 4, 5, 6, 7, 8}};
	hello = false;
	inaccuracy = UINT32_MAX;
	sealing = false;
	conf = noon_ptp_receiver_conf_default();
	conf.rng = &rng;
	conf.port.self = (struct noon_ptp_identity){{9, 9, 9, 9, 9, 9, 9, 9}, 1};
	receiver(false);
	return 0;
}

uint64_t count(enum noon_verdict v)
{
	return r.counters.n[v];
}

const struct noon_action *find(enum noon_action_kind kind)
{
	for (size_t i = 0; i < as.n; i++)
		if (as.a[i].kind == kind)
			return &as.a[i];
	return NULL;
}

const struct noon_action *the(enum noon_action_kind kind)
{
	for (size_t i = 0; i < as.n; i++)
		if (as.a[i].kind == kind)
			return &as.a[i];
	fail_msg("no such action");
	return &as.a[0];
}

size_t sends(void)
{
	size_t n = 0;

	for (size_t i = 0; i < as.n; i++)
		n += as.a[i].kind == NOON_ACTION_SEND;
	return n;
}

struct noon_ptp_message sent(size_t k)
{
	struct noon_ptp_message m = {.whole = {NULL, 0}};
	bool found = false;

	for (size_t i = 0; i < as.n && !found; i++)
		if (as.a[i].kind == NOON_ACTION_SEND && k-- == 0) {
			assert_int_equal(noon_ptp_get(as.a[i].send, &m), NOON_OK);
			found = true;
		}
	assert_true(found);
	return m;
}

void timer(noon_dur later)
{
	now = noon_time_add(now, later);
	noon_actions_reset(&as);
	noon_ptp_receiver_on_timer(&r, now, &as);
}

unsigned idle(noon_dur length)
{
	const noon_time end = noon_time_add(now, length);
	unsigned calls = 0;

	while (!noon_time_before(end, noon_ptp_receiver_deadline(&r))) {
		const noon_dur wait = noon_time_diff(noon_ptp_receiver_deadline(&r), now);

		timer(wait > 0 ? wait : 0);
		assert_true(++calls < 10000);
	}
	now = end;
	return calls;
}

struct noon_ptp_message make(uint8_t type, uint16_t sequence)
{
	return noon_ptp_port_message(&tx, type, sequence, conf.unicast,
				     conf.unicast ? NOON_PTP_INTERVAL_NONE : 0);
}

struct noon_ptp_stamp stamp_at(noon_time local)
{
	return noon_ptp_stamp_from_ns(local.ns + AHEAD + NOON_S(TAI));
}

void deliver_wr(struct noon_wr *wr)
{
	struct noon_rx rx = {.at = now, .now = now, .stamp_err = 100, .stamp = NOON_STAMP_KERNEL};

	if (sealing)
		assert_int_equal(noon_ptp_auth_seal(&conf.policy, wr), NOON_OK);
	else
		noon_ptp_finish(wr);
	rx.data = noon_wr_written(wr);
	rx.peer = from;
	noon_actions_reset(&as);
	noon_ptp_receiver_on_packet(&r, &rx, &as);
}

/* The TLV of IEEE C37.238-2017: grandmasterID, reserved, totalTimeInaccuracy, reserved. */
static void put_inaccuracy(struct noon_wr *wr)
{
	static const uint8_t id[] = {0x1c, 0x12, 0x9d, 0, 0, 2};

	assert_int_equal(noon_ptp_tlv_begin(wr, NOON_PTP_TLV_ORGANIZATION, 18), NOON_OK);
	assert_int_equal(noon_wr_put(wr, noon_bytes_of(id, 6)), NOON_OK);
	assert_int_equal(noon_wr_u16(wr, 255), NOON_OK);
	assert_int_equal(noon_wr_u32(wr, 0), NOON_OK);
	assert_int_equal(noon_wr_u32(wr, inaccuracy), NOON_OK);
	assert_int_equal(noon_wr_u16(wr, 0), NOON_OK);
}

void deliver(const struct noon_ptp_message *m)
{
	uint8_t raw[256];
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
	const struct noon_ptp_hello h = {NOON_PTP_HELLO_LAYOVER};

	assert_int_equal(noon_ptp_put(&wr, m), NOON_OK);
	if (m->h.type == NOON_PTP_ANNOUNCE && hello)
		assert_int_equal(noon_ptp_hello_put(&wr, &h), NOON_OK);
	if (m->h.type == NOON_PTP_ANNOUNCE && inaccuracy != UINT32_MAX)
		put_inaccuracy(&wr);
	deliver_wr(&wr);
}

void announce(void)
{
	struct noon_ptp_message m = make(NOON_PTP_ANNOUNCE, announced++);

	m.h.flags |= announce_flags;
	m.announce = says;
	deliver(&m);
}

void introduce(void)
{
	announce();
	now = noon_time_add(now, NOON_S(1));
	announce();
	assert_int_equal(r.state, NOON_PTP_UNCALIBRATED);
}

void deliver_sync(uint16_t sequence, noon_dur before, int64_t correction)
{
	struct noon_ptp_message m = make(NOON_PTP_SYNC, sequence);

	m.event.stamp = stamp_at(noon_time_add(now, -before));
	m.h.correction = correction;
	deliver(&m);
}

struct noon_ptp_message response(const struct noon_ptp_message *request)
{
	struct noon_ptp_message m = make(NOON_PTP_DELAY_RESP, request->h.sequence);

	m.event.stamp = stamp_at(now);
	m.event.requesting = request->h.source;
	return m;
}

struct noon_ptp_message request(uint16_t sequence)
{
	struct noon_ptp_message m;
	uint32_t token;

	deliver_sync(sequence, 1000, 0);
	if (sends() == 0)
		timer(noon_time_before(now, r.next_request) ? noon_time_diff(r.next_request, now)
							    : 0);
	m = sent(0);
	assert_int_equal(m.h.type, NOON_PTP_DELAY_REQ);
	token = the(NOON_ACTION_SEND)->token;
	noon_actions_reset(&as);
	noon_ptp_receiver_on_sent(&r, token, now, NOON_STAMP_KERNEL, &as);
	now = noon_time_add(now, 1000);
	return m;
}
