/* SPDX-License-Identifier: Apache-2.0
 *
 * The PTP transmitter, one requirement each. Receivers are played by hand; the served clock is the
 * local one plus AHEAD.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/ptp/ptp_transmitter.h"

#define AHEAD NOON_S(1790000000)
#define TAI   37

static struct noon_ptp_transmitter t;
static struct noon_ptp_transmitter_conf conf;
static struct noon_ptp_quality good;
static struct noon_rng rng;
static struct noon_actions as;
static noon_time now;
/* The receiver. */
static struct noon_ptp_port rx;
static struct noon_peer from;
static uint16_t sequence;

static noon_time utc(void)
{
	return noon_time_add(now, AHEAD);
}

static void transmitter(void)
{
	assert_int_equal(noon_ptp_transmitter_init(&t, &conf, now), NOON_OK);
	noon_ptp_transmitter_set_quality(&t, &good, now);
}

static int setup(void **state)
{
	(void)state;
	rng = noon_rng_seeded(8);
	now = (noon_time){NOON_S(100)};
	from = (struct noon_peer){.n = 1, .key = {7}};
	rx = (struct noon_ptp_port){.self = {{1, 2, 3, 4, 5, 6, 7, 8}, 1}};
	conf = noon_ptp_transmitter_conf_default();
	conf.rng = &rng;
	conf.port.self = (struct noon_ptp_identity){{9, 9, 9, 9, 9, 9, 9, 9}, 1};
	good = (struct noon_ptp_quality){.valid = true,
					 .clock_class = 6,
					 .bound = 90,
					 .variance = 0x4e5d,
					 .time_source = 0x20,
					 .tai_known = true,
					 .tai_offset = TAI};
	transmitter();
	return 0;
}

static uint64_t count(enum noon_verdict v)
{
	return t.counters.n[v];
}

static size_t sends(void)
{
	size_t n = 0;

	for (size_t i = 0; i < as.n; i++)
		n += as.a[i].kind == NOON_ACTION_SEND;
	return n;
}

static const struct noon_action *nth(size_t k)
{
	for (size_t i = 0; i < as.n; i++)
		if (as.a[i].kind == NOON_ACTION_SEND && k-- == 0)
			return &as.a[i];
	fail_msg("no such message");
	return &as.a[0];
}

static struct noon_ptp_message sent(size_t k)
{
	struct noon_ptp_message m;

	assert_int_equal(noon_ptp_get(nth(k)->send, &m), NOON_OK);
	return m;
}

/* Of the messages of the last call, the one of a type; none: fails. */
static struct noon_ptp_message sent_type(uint8_t type)
{
	for (size_t i = 0; i < sends(); i++) {
		const struct noon_ptp_message m = sent(i);

		if (m.h.type == type)
			return m;
	}
	fail_msg("no such type");
	return sent(0);
}

static void timer(noon_dur later)
{
	now = noon_time_add(now, later);
	noon_actions_reset(&as);
	noon_ptp_transmitter_on_timer(&t, now, utc(), &as);
}

static void deliver_wr(struct noon_wr *wr)
{
	struct noon_rx in = {.at = utc(), .now = now, .stamp = NOON_STAMP_KERNEL, .peer = from};

	noon_ptp_finish(wr);
	in.data = noon_wr_written(wr);
	noon_actions_reset(&as);
	noon_ptp_transmitter_on_packet(&t, &in, &as);
}

static struct noon_ptp_message make(uint8_t type, bool unicast)
{
	return noon_ptp_port_message(&rx, type, sequence++, unicast, NOON_PTP_INTERVAL_NONE);
}

static void deliver(const struct noon_ptp_message *m, const struct noon_ptp_layover *l)
{
	uint8_t raw[256];
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));

	assert_int_equal(noon_ptp_put(&wr, m), NOON_OK);
	if (l != NULL)
		assert_int_equal(noon_ptp_layover_put(&wr, l), NOON_OK);
	deliver_wr(&wr);
}

/* Ask for a grant; returns what was answered. */
static struct noon_ptp_unicast negotiate(enum noon_ptp_tlv_type tlv, uint8_t type, int8_t interval,
					 uint32_t duration)
{
	const struct noon_ptp_unicast u = {
		.type = type, .interval = interval, .duration = duration};
	struct noon_ptp_message m = make(NOON_PTP_SIGNALING, true);
	uint8_t raw[256];
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
	struct noon_ptp_unicast answer = {0};
	struct noon_ptp_tlv got;
	struct noon_rd rd;

	memset(&m.target, 0xff, sizeof(m.target));
	assert_int_equal(noon_ptp_put(&wr, &m), NOON_OK);
	assert_int_equal(noon_ptp_unicast_put(&wr, tlv, &u), NOON_OK);
	deliver_wr(&wr);
	if (sends() == 0)
		return answer;
	assert_true(noon_peer_equal(&nth(0)->peer, &from));
	m = sent(0);
	assert_true(noon_ptp_identity_equal(&m.target, &rx.self));
	rd = noon_rd_bytes(m.tlvs);
	assert_int_equal(noon_ptp_tlv_get(&rd, &got), NOON_OK);
	assert_int_equal(got.type, tlv + 1); /* GRANT, ACKNOWLEDGE */
	assert_int_equal(noon_ptp_unicast_get(&got, &answer), NOON_OK);
	assert_int_equal(answer.type, type);
	return answer;
}

static uint32_t ask(uint8_t type, int8_t interval, uint32_t duration)
{
	return negotiate(NOON_PTP_TLV_REQUEST_UNICAST, type, interval, duration).duration;
}

static void who_is(unsigned i)
{
	rx.self.port = (uint16_t)(i + 1);
	from = (struct noon_peer){.n = 2, .key = {(uint8_t)(i >> 8), (uint8_t)i}};
}

static void announce_says_what_the_clock_is_worth(void **state)
{
	struct noon_ptp_message m;

	(void)state;
	timer(0);
	m = sent_type(NOON_PTP_ANNOUNCE);
	assert_int_equal(m.h.flags, NOON_PTP_FLAG_PTP_TIMESCALE | NOON_PTP_FLAG_UTC_VALID |
					    NOON_PTP_FLAG_TIME_TRACEABLE |
					    NOON_PTP_FLAG_FREQ_TRACEABLE);
	assert_int_equal(m.announce.utc_offset, TAI);
	assert_int_equal(m.announce.clock_class, 6);
	assert_int_equal(m.announce.accuracy, 0x21); /* 90 ns: within 100 ns */
	assert_int_equal(m.announce.variance, 0x4e5d);
	assert_int_equal(m.announce.time_source, 0x20);
	assert_memory_equal(m.announce.grandmaster, conf.port.self.clock, 8);
	assert_int_equal(m.h.interval, 1);
	assert_int_equal(m.tlvs.n, 0);
}

static void leaps_are_announced(void **state)
{
	static const struct {
		enum noon_leap leap;
		uint16_t flags;
	} table[] = {{NOON_LEAP_NONE, 0},
		     {NOON_LEAP_INSERT, NOON_PTP_FLAG_LEAP61},
		     {NOON_LEAP_DELETE, NOON_PTP_FLAG_LEAP59},
		     {NOON_LEAP_UNKNOWN, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		good.leap = table[i].leap;
		transmitter();
		timer(0);
		assert_int_equal(sent_type(NOON_PTP_ANNOUNCE).h.flags &
					 (NOON_PTP_FLAG_LEAP61 | NOON_PTP_FLAG_LEAP59),
				 table[i].flags);
	}
}

static void without_tai_the_timescale_is_arbitrary(void **state)
{
	(void)state;
	good.tai_known = false;
	transmitter();
	timer(0);
	assert_int_equal(sent_type(NOON_PTP_ANNOUNCE).h.flags &
				 (NOON_PTP_FLAG_PTP_TIMESCALE | NOON_PTP_FLAG_UTC_VALID),
			 0);
	assert_true(sent_type(NOON_PTP_SYNC).event.stamp.s == 1790000100);
}

static void follow_up_carries_the_departure_in_tai(void **state)
{
	struct noon_ptp_message s, f;
	uint32_t token;

	(void)state;
	timer(0);
	s = sent_type(NOON_PTP_SYNC);
	assert_true((s.h.flags & NOON_PTP_FLAG_TWO_STEP) != 0);
	token = nth(1)->token;
	noon_actions_reset(&as);
	noon_ptp_transmitter_on_sent(&t, token + 9, utc(), NOON_STAMP_KERNEL, &as);
	assert_int_equal(sends(), 0);
	noon_ptp_transmitter_on_sent(&t, token, (noon_time){utc().ns + 123}, NOON_STAMP_KERNEL,
				     &as);
	f = sent_type(NOON_PTP_FOLLOW_UP);
	assert_int_equal(f.h.sequence, s.h.sequence);
	assert_true(f.event.stamp.s == 1790000100 + TAI && f.event.stamp.ns == 123);
	noon_actions_reset(&as);
	noon_ptp_transmitter_on_sent(&t, token, utc(), NOON_STAMP_KERNEL, &as);
	assert_int_equal(sends(), 0);
}

static void one_step_sends_no_follow_up(void **state)
{
	(void)state;
	conf.one_step = true;
	transmitter();
	timer(0);
	assert_int_equal(sent_type(NOON_PTP_SYNC).h.flags & NOON_PTP_FLAG_TWO_STEP, 0);
	noon_ptp_transmitter_on_sent(&t, nth(1)->token, utc(), NOON_STAMP_KERNEL, &as);
	assert_int_equal(sends(), 2);
}

static void a_sync_says_what_it_is_guessed_to_leave_later(void **state)
{
	const struct noon_ptp_egress waits = {.later = NOON_US(12)};
	const struct noon_ptp_egress e = {.unstamped = true, .later = NOON_US(12)};
	struct noon_ptp_message f;

	(void)state;
	/* Where the departure will be known nothing is guessed. */
	noon_ptp_transmitter_set_egress(&t, &waits);
	timer(0);
	assert_int_equal(sent_type(NOON_PTP_SYNC).h.correction, 0);
	/* Two-step: the reading goes out at once. */
	transmitter();
	noon_ptp_transmitter_set_egress(&t, &e);
	timer(0);
	assert_int_equal(sends(), 3);
	assert_true(sent_type(NOON_PTP_SYNC).h.correction == NOON_US(12) * 65536);
	f = sent_type(NOON_PTP_FOLLOW_UP);
	assert_int_equal(f.h.correction, 0);
	assert_true(f.event.stamp.ns == sent_type(NOON_PTP_SYNC).event.stamp.ns);
	/* One-step. */
	conf.one_step = true;
	transmitter();
	noon_ptp_transmitter_set_egress(&t, &waits);
	timer(0);
	assert_int_equal(sends(), 2);
	assert_true(sent_type(NOON_PTP_SYNC).h.correction == NOON_US(12) * 65536);
}

static void without_quality_there_is_no_time(void **state)
{
	struct noon_ptp_message m;
	uint32_t token;

	(void)state;
	timer(0);
	token = nth(1)->token;
	good.valid = false;
	noon_ptp_transmitter_set_quality(&t, &good, now);
	noon_ptp_transmitter_on_sent(&t, token, utc(), NOON_STAMP_KERNEL, &as);
	assert_int_equal(sends(), 2); /* no Follow_Up */
	timer(0);
	assert_int_equal(sends(), 1);
	m = sent_type(NOON_PTP_ANNOUNCE); /* at once */
	assert_int_equal(m.announce.clock_class, 248);
	assert_int_equal(m.announce.accuracy, 0xfe);
	assert_true((m.h.flags & NOON_PTP_FLAG_SYNC_UNCERTAIN) != 0);
	assert_true((m.h.flags & NOON_PTP_FLAG_TIME_TRACEABLE) == 0);
	m = make(NOON_PTP_DELAY_REQ, false);
	deliver(&m, NULL);
	assert_int_equal(count(NOON_VERDICT_NO_TIME), 1);
	assert_int_equal(sends(), 0);
	timer(NOON_S(1));
	assert_int_equal(sends(), 0);
	assert_int_equal(noon_ptp_transmitter_state_of(&t, now), NOON_PTP_MUTE);
}

static void a_worse_clock_is_announced_before_the_next_sync(void **state)
{
	(void)state;
	assert_int_equal(ask(NOON_PTP_ANNOUNCE, 6, 300), 300);
	timer(0);
	timer(NOON_MS(100));
	assert_int_equal(sends(), 0);
	good.bound = 80; /* the same class: nothing to say */
	noon_ptp_transmitter_set_quality(&t, &good, now);
	timer(0);
	assert_int_equal(sends(), 0);
	good.bound = 101;
	noon_ptp_transmitter_set_quality(&t, &good, now);
	assert_true(noon_ptp_transmitter_deadline(&t).ns <= now.ns);
	timer(0);
	assert_int_equal(sends(), 2); /* to all, and to the one */
	assert_int_equal(sent(0).announce.accuracy, 0x22);
	assert_int_equal(sent(1).announce.accuracy, 0x22);
	good.tai_offset = 38;
	noon_ptp_transmitter_set_quality(&t, &good, now);
	timer(0);
	assert_int_equal(sends(), 2);
}

static void answer_carries_the_requests_correction(void **state)
{
	struct noon_ptp_message m = make(NOON_PTP_DELAY_REQ, false), a;

	(void)state;
	m.h.correction = -0x123456789;
	deliver(&m, NULL);
	a = sent(0);
	assert_int_equal(a.h.type, NOON_PTP_DELAY_RESP);
	assert_int_equal(a.h.sequence, m.h.sequence);
	assert_true(a.h.correction == -0x123456789);
	assert_true(noon_ptp_identity_equal(&a.event.requesting, &rx.self));
	assert_true(a.event.stamp.s == 1790000100 + TAI);
	assert_int_equal(nth(0)->peer.n, 0);
	assert_int_equal(a.h.interval, 0);
	assert_int_equal(a.tlvs.n, 0);
}

static void hear(uint8_t priority1, uint16_t flags)
{
	struct noon_ptp_message m = make(NOON_PTP_ANNOUNCE, false);

	m.h.flags |= flags;
	m.h.interval = 1;
	m.announce.priority1 = priority1;
	m.announce.grandmaster[0] = 5;
	deliver(&m, NULL);
}

static void better_transmitter_makes_it_passive(void **state)
{
	struct noon_ptp_message m;

	(void)state;
	hear(129, 0);
	hear(129, 0);
	assert_int_equal(noon_ptp_transmitter_state_of(&t, now), NOON_PTP_MASTER);
	hear(127, 0);
	assert_int_equal(noon_ptp_transmitter_state_of(&t, now), NOON_PTP_PASSIVE);
	timer(0);
	assert_int_equal(sends(), 0);
	m = make(NOON_PTP_DELAY_REQ, false);
	deliver(&m, NULL);
	assert_int_equal(sends(), 0);
	now = noon_time_add(now, NOON_S(6) + 1); /* gone */
	assert_int_equal(noon_ptp_transmitter_state_of(&t, now), NOON_PTP_MASTER);
	conf.always = true;
	transmitter();
	hear(1, 0);
	hear(1, 0);
	assert_int_equal(noon_ptp_transmitter_state_of(&t, now), NOON_PTP_MASTER);
}

static void alternates_and_unicast_do_not_stand_for_election(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		hear(1, NOON_PTP_FLAG_ALTERNATE);
		hear(1, NOON_PTP_FLAG_UNICAST);
	}
	assert_int_equal(noon_ptp_transmitter_state_of(&t, now), NOON_PTP_MASTER);
	assert_int_equal(count(NOON_VERDICT_MODE), 4);
}

static void grants_are_given_within_limits(void **state)
{
	static const struct {
		uint8_t type;
		int8_t interval;
		uint32_t duration, want;
	} table[] = {
		{NOON_PTP_SYNC, 0, 300, 300},
		{NOON_PTP_ANNOUNCE, -7, 10, 10},
		{NOON_PTP_DELAY_RESP, 6, 1000, 1000},
		{NOON_PTP_SYNC, 0, UINT32_MAX, 1000},
		{NOON_PTP_SYNC, 0, 9, 0},
		{NOON_PTP_SYNC, 0, 0, 0},
		{NOON_PTP_SYNC, -8, 300, 0},
		{NOON_PTP_SYNC, -128, 300, 0},
		{NOON_PTP_SYNC, 7, 300, 0},
		{NOON_PTP_DELAY_REQ, 0, 300, 0},
		{NOON_PTP_PDELAY_RESP, 0, 300, 0},
		{15, 0, 300, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(ask(table[i].type, table[i].interval, table[i].duration),
				 table[i].want);
	assert_int_equal(t.n_denied, 8);
	conf.unicast = false;
	transmitter();
	assert_int_equal(ask(NOON_PTP_SYNC, 0, 300), 0);
	assert_int_equal(noon_ptp_transmitter_clients(&t), 0);
}

static void grants_are_served_and_end(void **state)
{
	unsigned syncs = 0;

	(void)state;
	conf.multicast = false;
	transmitter();
	assert_int_equal(ask(NOON_PTP_SYNC, -1, 10), 10);
	for (int i = 0; i < 1000 && !noon_time_is_never(noon_ptp_transmitter_deadline(&t)); i++) {
		timer(noon_time_diff(noon_ptp_transmitter_deadline(&t), now));
		if (sends() == 0)
			continue;
		syncs++;
		assert_int_equal(sent(0).h.type, NOON_PTP_SYNC);
		assert_int_equal(sent(0).h.interval, NOON_PTP_INTERVAL_NONE);
		assert_true((sent(0).h.flags & NOON_PTP_FLAG_UNICAST) != 0);
		assert_true(noon_peer_equal(&nth(0)->peer, &from));
	}
	assert_in_range(syncs, 20, 21);
	assert_int_equal(noon_ptp_transmitter_clients(&t), 0);
}

static void answers_go_only_to_who_has_a_grant(void **state)
{
	struct noon_ptp_message m = make(NOON_PTP_DELAY_REQ, true);

	(void)state;
	deliver(&m, NULL);
	assert_int_equal(count(NOON_VERDICT_GRANT), 1);
	assert_int_equal(ask(NOON_PTP_DELAY_RESP, 0, 10), 10);
	deliver(&m, NULL);
	assert_int_equal(sends(), 1);
	assert_true(noon_peer_equal(&nth(0)->peer, &from));
	assert_int_equal(sent(0).h.interval, NOON_PTP_INTERVAL_NONE);
	from.key[0]++; /* from elsewhere */
	deliver(&m, NULL);
	assert_int_equal(sends(), 0);
	from.key[0]--;
	now = noon_time_add(now, NOON_S(10)); /* ended, though no timer said so */
	deliver(&m, NULL);
	assert_int_equal(sends(), 0);
}

static void cancel_is_acknowledged_and_ends_the_grant(void **state)
{
	(void)state;
	assert_int_equal(ask(NOON_PTP_SYNC, 0, 300), 300);
	assert_int_equal(noon_ptp_transmitter_clients(&t), 1);
	(void)negotiate(NOON_PTP_TLV_CANCEL_UNICAST, NOON_PTP_SYNC, 0, 0);
	assert_int_equal(sends(), 1);
	assert_int_equal(noon_ptp_transmitter_clients(&t), 0);
	(void)negotiate(NOON_PTP_TLV_CANCEL_UNICAST, NOON_PTP_SYNC, 0, 0);
	assert_int_equal(sends(), 1);
}

static void more_receivers_than_allowed_are_denied(void **state)
{
	(void)state;
	conf.grants_max = 3;
	transmitter();
	for (unsigned i = 0; i < 5; i++) {
		who_is(i);
		assert_int_equal(ask(NOON_PTP_SYNC, 0, 300), i < 3 ? 300 : 0);
	}
	who_is(0); /* who has one may renew and have more */
	assert_int_equal(ask(NOON_PTP_SYNC, 0, 200), 200);
	assert_int_equal(ask(NOON_PTP_ANNOUNCE, 0, 200), 200);
	assert_int_equal(noon_ptp_transmitter_clients(&t), 3);
}

static void full_house(void)
{
	conf.multicast = false;
	transmitter();
	for (unsigned i = 0; i < NOON_PTP_GRANTS_MAX; i++) {
		who_is(i);
		assert_int_equal(ask(NOON_PTP_ANNOUNCE, 0, 300), 300);
		assert_int_equal(ask(NOON_PTP_SYNC, 0, 300), 300);
	}
}

static void a_burst_takes_several_calls(void **state)
{
	size_t n = 0;
	unsigned calls = 0;

	(void)state;
	full_house();
	while (!noon_time_before(now, noon_ptp_transmitter_deadline(&t))) {
		timer(0);
		assert_true(sends() > 0 && sends() <= 6);
		n += sends();
		calls++;
	}
	assert_int_equal(n, 2 * NOON_PTP_GRANTS_MAX);
	assert_int_equal(calls, (n + 5) / 6);
}

static void table_of_pending_stamps_overflows_to_the_oldest(void **state)
{
	uint32_t first = 0, last = 0;
	size_t n = 0;

	(void)state;
	full_house();
	while (!noon_time_before(now, noon_ptp_transmitter_deadline(&t))) {
		timer(0);
		for (size_t i = 0; i < sends(); i++)
			if (sent(i).h.type == NOON_PTP_SYNC) {
				last = nth(i)->token;
				first = n++ == 0 ? last : first;
			}
		now.ns++;
	}
	assert_int_equal(t.n_no_stamp, NOON_PTP_GRANTS_MAX - NOON_PTP_PENDING_MAX);
	noon_actions_reset(&as);
	noon_ptp_transmitter_on_sent(&t, first, utc(), NOON_STAMP_KERNEL, &as);
	assert_int_equal(sends(), 0);
	noon_ptp_transmitter_on_sent(&t, last, utc(), NOON_STAMP_KERNEL, &as);
	assert_int_equal(sends(), 1);
}

static void stamps_that_never_come_are_counted(void **state)
{
	uint32_t token;

	(void)state;
	timer(0);
	token = nth(1)->token;
	timer(NOON_MS(500));
	assert_int_equal(t.n_no_stamp, 0);
	timer(1);
	assert_int_equal(t.n_no_stamp, 1);
	noon_actions_reset(&as);
	noon_ptp_transmitter_on_sent(&t, token, utc(), NOON_STAMP_KERNEL, &as);
	assert_int_equal(sends(), 0);
}

static void what_was_missed_is_not_made_up_for(void **state)
{
	(void)state;
	timer(0);
	timer(NOON_S(1000));
	assert_int_equal(sends(), 2);
	assert_true(noon_time_before(now, noon_ptp_transmitter_deadline(&t)));
	timer(0);
	assert_int_equal(sends(), 0);
}

static void hello_is_said_only_by_who_watches(void **state)
{
	uint32_t index;

	(void)state;
	timer(0);
	assert_int_equal(sent_type(NOON_PTP_ANNOUNCE).tlvs.n, 0);
	assert_int_equal(noon_ptp_transmitter_watch(&t, rx.self.clock, &index), NOON_OK);
	timer(NOON_S(2));
	assert_int_equal(sent_type(NOON_PTP_ANNOUNCE).tlvs.n, 12);
	for (unsigned i = 1; i < NOON_PTP_WATCHED_MAX; i++)
		assert_int_equal(noon_ptp_transmitter_watch(&t, rx.self.clock, &index), NOON_OK);
	assert_int_equal(noon_ptp_transmitter_watch(&t, rx.self.clock, &index), NOON_ERR_FULL);
	noon_ptp_transmitter_set_verdict(&t, 99, 1, 0);
}

static size_t samples(void)
{
	size_t n = 0;

	for (size_t i = 0; i < as.n; i++)
		n += as.a[i].kind == NOON_ACTION_SAMPLE;
	return n;
}

static void layover_is_matched_once(void **state)
{
	struct noon_ptp_layover l = {.error_ns = UINT32_MAX, .nonce = 42, .verdict = 3};
	struct noon_ptp_message m;
	struct noon_ptp_echo echo;
	struct noon_ptp_tlv tlv;
	struct noon_rd rd;
	uint32_t index;

	(void)state;
	assert_int_equal(noon_ptp_transmitter_watch(&t, rx.self.clock, &index), NOON_OK);
	noon_ptp_transmitter_set_verdict(&t, index, 1, 0);
	timer(0);
	l.sync_sequence = sent_type(NOON_PTP_SYNC).h.sequence;
	noon_ptp_transmitter_on_sent(&t, nth(1)->token, utc(), NOON_STAMP_KERNEL, &as);
	now = noon_time_add(now, 5000);
	m = make(NOON_PTP_DELAY_REQ, false);
	l.request_sequence = m.h.sequence;
	deliver(&m, &l);
	assert_int_equal(samples(), 0);
	m = sent(0);
	rd = noon_rd_bytes(m.tlvs);
	assert_int_equal(noon_ptp_tlv_get(&rd, &tlv), NOON_OK);
	assert_int_equal(noon_ptp_echo_get(&tlv, &echo), NOON_OK);
	assert_true(echo.nonce == 42 && echo.verdict == 1);
	assert_int_equal(t.watched[index].its_verdict, 3);
	l.error_ns = 10;
	l.layover_ns = 3000;
	m = make(NOON_PTP_DELAY_REQ, false);
	deliver(&m, &l);
	assert_int_equal(samples(), 1);
	assert_int_equal(as.a[0].kind, NOON_ACTION_SAMPLE);
	assert_true(noon_sample_rtt(&as.a[0].sample) == 2000);
	assert_int_equal(as.a[0].sample.source, index);
	m = make(NOON_PTP_DELAY_REQ, false);
	deliver(&m, &l);
	assert_int_equal(samples(), 0);
	assert_int_equal(t.watched[index].n_unmatched, 1);
	l.layover_ns = -1;
	l.request_sequence = m.h.sequence;
	m = make(NOON_PTP_DELAY_REQ, false);
	deliver(&m, &l);
	assert_int_equal(samples(), 0);
}

static void who_is_not_watched_gets_an_echo_and_no_sample(void **state)
{
	const struct noon_ptp_layover l = {.nonce = 42};
	struct noon_ptp_message m = make(NOON_PTP_DELAY_REQ, false);

	(void)state;
	deliver(&m, &l);
	assert_int_equal(samples(), 0);
	assert_int_equal(sent(0).tlvs.n, 20);
}

static void signaling_to_another_port_is_not_answered(void **state)
{
	struct noon_ptp_message m = make(NOON_PTP_SIGNALING, true);

	(void)state;
	m.target = rx.self;
	deliver(&m, NULL);
	assert_int_equal(sends(), 0);
	assert_int_equal(count(NOON_VERDICT_IDENTITY), 1);
}

static void own_messages_and_other_domains_are_not_heard(void **state)
{
	struct noon_ptp_message m = make(NOON_PTP_DELAY_REQ, false);

	(void)state;
	m.h.source = conf.port.self;
	deliver(&m, NULL);
	assert_int_equal(count(NOON_VERDICT_IDENTITY), 1);
	m = make(NOON_PTP_DELAY_REQ, false);
	m.h.domain = 1;
	deliver(&m, NULL);
	m.h.domain = 0;
	m.h.sdo_id = 0x100;
	deliver(&m, NULL);
	assert_int_equal(count(NOON_VERDICT_DOMAIN), 2);
	assert_int_equal(sends(), 0);
}

static void without_the_key_nothing_changes(void **state)
{
	static const char text[] = "[security_association]\nspp 1\n1 AES128 0123456789abcdef\n";
	static struct noon_ptp_transmitter before;
	struct noon_ptp_keys_fault fault;
	struct noon_ptp_keys keys;
	struct noon_ptp_message m;

	(void)state;
	assert_int_equal(noon_ptp_keys_parse(noon_bytes_of(text, sizeof(text) - 1), &keys, &fault),
			 NOON_OK);
	conf.policy = (struct noon_ptp_policy){.keys = &keys, .spp = 1};
	transmitter();
	before = t;
	(void)ask(NOON_PTP_SYNC, 0, 300);
	assert_int_equal(sends(), 0);
	hear(1, 0);
	m = make(NOON_PTP_DELAY_REQ, false);
	deliver(&m, NULL);
	assert_int_equal(count(NOON_VERDICT_NO_AUTH), 3);
	before.counters = t.counters;
	assert_memory_equal(&before, &t, sizeof(t));
	t.conf.policy.spp = 9; /* a key that there is not: nothing is sent plain */
	timer(0);
	assert_int_equal(sends(), 0);
	assert_int_equal(count(NOON_VERDICT_KEY_ID), 2);
	noon_ptp_keys_fini(&keys);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(announce_says_what_the_clock_is_worth),
		TEST(leaps_are_announced),
		TEST(without_tai_the_timescale_is_arbitrary),
		TEST(follow_up_carries_the_departure_in_tai),
		TEST(one_step_sends_no_follow_up),
		TEST(a_sync_says_what_it_is_guessed_to_leave_later),
		TEST(without_quality_there_is_no_time),
		TEST(a_worse_clock_is_announced_before_the_next_sync),
		TEST(answer_carries_the_requests_correction),
		TEST(better_transmitter_makes_it_passive),
		TEST(alternates_and_unicast_do_not_stand_for_election),
		TEST(grants_are_given_within_limits),
		TEST(grants_are_served_and_end),
		TEST(answers_go_only_to_who_has_a_grant),
		TEST(cancel_is_acknowledged_and_ends_the_grant),
		TEST(more_receivers_than_allowed_are_denied),
		TEST(a_burst_takes_several_calls),
		TEST(table_of_pending_stamps_overflows_to_the_oldest),
		TEST(stamps_that_never_come_are_counted),
		TEST(what_was_missed_is_not_made_up_for),
		TEST(hello_is_said_only_by_who_watches),
		TEST(layover_is_matched_once),
		TEST(who_is_not_watched_gets_an_echo_and_no_sample),
		TEST(signaling_to_another_port_is_not_answered),
		TEST(own_messages_and_other_domains_are_not_heard),
		TEST(without_the_key_nothing_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
