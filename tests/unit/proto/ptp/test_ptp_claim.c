/* SPDX-License-Identifier: Apache-2.0
 *
 * What a PTP receiver and its transmitter tell each other beyond the times: the word of the
 * transmitter's guard, which only an authenticated echo can change, and the receiver's claim of
 * what time it was. The transmitter is played by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/ptp/ptp_receiver.h"

#define AHEAD NOON_S(1790000000) /* UTC - h */
#define TAI   37

static struct noon_ptp_receiver r;
static struct noon_ptp_receiver_conf conf;
static struct noon_ptp_keys keys;
static struct noon_ptp_policy policy; /* of the transmitter */
static struct noon_rng rng;
static struct noon_actions as;
static noon_time now;
static struct noon_ptp_port tx;
static uint8_t hello; /* flags; 0: none is said */
static uint16_t announced, synced;

static void receiver(void)
{
	assert_int_equal(noon_ptp_receiver_init(&r, &conf, now), NOON_OK);
}

static int setup(void **state)
{
	static const char text[] = "[security_association]\nspp 1\n1 AES128 0123456789abcdef\n";
	struct noon_ptp_keys_fault fault;

	(void)state;
	noon_ptp_keys_fini(&keys);
	assert_int_equal(noon_ptp_keys_parse(noon_bytes_of(text, sizeof(text) - 1), &keys, &fault),
			 NOON_OK);
	rng = noon_rng_seeded(7);
	now = (noon_time){NOON_S(100)};
	tx = (struct noon_ptp_port){.self = {{1, 2, 3, 4, 5, 6, 7, 8}, 1}};
	hello = NOON_PTP_HELLO_LAYOVER | NOON_PTP_HELLO_CLAIM;
	announced = synced = 0;
	policy = (struct noon_ptp_policy){.keys = &keys, .spp = 1};
	conf = noon_ptp_receiver_conf_default();
	conf.rng = &rng;
	conf.policy = policy;
	conf.max_layover = NOON_S(10);
	conf.port.self = (struct noon_ptp_identity){{9, 9, 9, 9, 9, 9, 9, 9}, 1};
	receiver();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	noon_ptp_keys_fini(&keys);
	memset(&keys, 0, sizeof(keys));
	return 0;
}

static void without_keys(void)
{
	policy.keys = NULL;
	conf.policy.keys = NULL;
	receiver();
}

static const struct noon_action *find(enum noon_action_kind kind)
{
	for (size_t i = 0; i < as.n; i++)
		if (as.a[i].kind == kind)
			return &as.a[i];
	return NULL;
}

/* ---- the transmitter ---- */

static void deliver(const struct noon_ptp_message *m, const struct noon_ptp_echo *echo, int spoil)
{
	const struct noon_ptp_hello h = {hello};
	struct noon_rx rx = {.at = now, .now = now, .stamp_err = 100, .stamp = NOON_STAMP_KERNEL};
	uint8_t raw[256];
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));

	assert_int_equal(noon_ptp_put(&wr, m), NOON_OK);
	if (m->h.type == NOON_PTP_ANNOUNCE && hello != 0)
		assert_int_equal(noon_ptp_hello_put(&wr, &h), NOON_OK);
	if (echo != NULL)
		assert_int_equal(noon_ptp_echo_put(&wr, echo), NOON_OK);
	assert_int_equal(noon_ptp_auth_seal(&policy, &wr), NOON_OK);
	if (spoil >= 0)
		raw[spoil] ^= 1;
	rx.data = noon_wr_written(&wr);
	noon_actions_reset(&as);
	noon_ptp_receiver_on_packet(&r, &rx, &as);
}

static struct noon_ptp_message make(uint8_t type, uint16_t sequence)
{
	struct noon_ptp_message m = noon_ptp_port_message(&tx, type, sequence, false, 0);

	if (type != NOON_PTP_ANNOUNCE)
		m.event.stamp = noon_ptp_stamp_from_ns(now.ns + AHEAD + NOON_S(TAI));
	return m;
}

static void announce(void)
{
	struct noon_ptp_message m = make(NOON_PTP_ANNOUNCE, announced++);

	m.h.flags |= NOON_PTP_FLAG_PTP_TIMESCALE | NOON_PTP_FLAG_UTC_VALID;
	m.announce = (struct noon_ptp_announce){.utc_offset = TAI, .accuracy = 0x21};
	memcpy(m.announce.grandmaster, tx.self.clock, NOON_PTP_IDENTITY_LEN);
	deliver(&m, NULL, -1);
}

static void introduce(void)
{
	announce();
	now = noon_time_add(now, NOON_S(1));
	announce();
	assert_non_null(noon_ptp_receiver_parent(&r));
}

static void timer(noon_dur later)
{
	now = noon_time_add(now, later);
	noon_actions_reset(&as);
	noon_ptp_receiver_on_timer(&r, now, &as);
}

/* A Sync, and the Delay_Req that goes with it; returns when that left. */
static noon_time ask(void)
{
	const struct noon_ptp_message m = make(NOON_PTP_SYNC, synced++);
	const struct noon_action *a;
	uint32_t token;

	deliver(&m, NULL, -1);
	if (find(NOON_ACTION_SEND) == NULL)
		timer(noon_time_before(now, r.next_request) ? noon_time_diff(r.next_request, now)
							    : 0);
	a = find(NOON_ACTION_SEND);
	assert_non_null(a);
	token = a->token;
	noon_ptp_receiver_on_sent(&r, token, now, NOON_STAMP_KERNEL, &as);
	now = noon_time_add(now, 1000);
	return noon_time_add(now, -1000);
}

/* The answer to the last request, as the transmitter has it. */
static struct noon_ptp_message response(void)
{
	struct noon_ptp_message m = make(NOON_PTP_DELAY_RESP, r.request.sequence);

	m.event.requesting = conf.port.self;
	return m;
}

static void answer(uint8_t verdict, uint8_t reasons)
{
	const struct noon_ptp_message m = response();
	const struct noon_ptp_echo echo = {r.request.nonce, verdict, reasons};

	deliver(&m, &echo, -1);
}

static void exchange(uint8_t verdict, uint8_t reasons)
{
	(void)ask();
	answer(verdict, reasons);
	assert_non_null(find(NOON_ACTION_SAMPLE));
}

/* ---- the word of its guard ---- */

static bool told(void)
{
	const struct noon_action *a = find(NOON_ACTION_DECLARE);

	assert_non_null(a);
	return a->declared.alarm;
}

static void alarm_in_an_echo_is_declared_with_what_it_is_about(void **state)
{
	static const struct {
		uint8_t verdict, reasons;
		bool alarm, delay_only;
	} row[] = {
		{NOON_PTP_GUARD_ABSENT, 0, false, false},
		{NOON_PTP_GUARD_NONE, 0, false, false},
		{NOON_PTP_GUARD_WATCHING, 0, false, false},
		{NOON_PTP_GUARD_LOSS, 0, false, false},
		{NOON_PTP_GUARD_WATCHING, NOON_PTP_REASON_TIME, false, false},
		{NOON_PTP_GUARD_ALARM, 0, true, false}, /* says not why: an older one */
		{NOON_PTP_GUARD_ALARM, NOON_PTP_REASON_DELAYED, true, true},
		{NOON_PTP_GUARD_ALARM, NOON_PTP_REASON_SHAPE, true, true},
		{NOON_PTP_GUARD_ALARM, NOON_PTP_REASON_SHORTENED, true, false},
		{NOON_PTP_GUARD_ALARM, NOON_PTP_REASON_DELAYED | NOON_PTP_REASON_TIME, true, false},
		{NOON_PTP_GUARD_ALARM, NOON_PTP_REASON_DELAYED | 0x40, true, false},
		{4, 0, false, false}, /* a word that does not exist */
	};

	(void)state;
	introduce();
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		announce();
		exchange(row[i].verdict, row[i].reasons);
		assert_int_equal(told(), row[i].alarm);
		assert_int_equal(find(NOON_ACTION_DECLARE)->declared.delay_only, row[i].delay_only);
		/* The exchange that comes with it is judged by it already. */
		assert_true(find(NOON_ACTION_DECLARE) < find(NOON_ACTION_SAMPLE));
		assert_int_equal(r.peer_verdict, row[i].verdict);
	}
}

static void without_keys_nobody_is_heard(void **state)
{
	static const uint8_t words[] = {NOON_PTP_GUARD_ALARM, NOON_PTP_GUARD_WATCHING};

	(void)state;
	without_keys();
	introduce();
	for (size_t i = 0; i < 2; i++) {
		exchange(words[i], NOON_PTP_REASON_DELAYED);
		assert_null(find(NOON_ACTION_DECLARE));
	}
}

/* Neither raises an alarm nor ends one: a changed echo, and one of another request. */
static void forged_echo_changes_nothing(void **state)
{
	static const uint8_t words[] = {NOON_PTP_GUARD_WATCHING, NOON_PTP_GUARD_ALARM};

	(void)state;
	introduce();
	for (size_t i = 0; i < 2; i++) {
		const uint8_t forged = words[1 - i];
		struct noon_ptp_message m;
		struct noon_ptp_echo echo;

		announce();
		exchange(words[i], 0);
		(void)ask();
		m = response();
		echo = (struct noon_ptp_echo){r.request.nonce, forged, 0};
		for (int at = 44; at < 44 + 10 + 20; at++) {
			deliver(&m, &echo, at);
			assert_null(find(NOON_ACTION_DECLARE));
		}
		echo.nonce ^= 1;
		deliver(&m, &echo, -1);
		assert_null(find(NOON_ACTION_DECLARE));
		assert_int_equal(r.peer_verdict, words[i]);
		/* No echo where one was asked for. */
		m.h.sequence = r.request.sequence;
		deliver(&m, NULL, -1);
		assert_null(find(NOON_ACTION_DECLARE));
		assert_int_equal(r.peer_verdict, words[i]);
		timer(NOON_S(2));
	}
}

static void silence_ends_no_alarm(void **state)
{
	(void)state;
	introduce();
	exchange(NOON_PTP_GUARD_ALARM, 0);
	(void)ask();
	timer(NOON_S(2));
	assert_null(find(NOON_ACTION_DECLARE));
	while (r.state != NOON_PTP_LISTENING)
		timer(NOON_S(1));
	assert_int_equal(r.peer_verdict, NOON_PTP_GUARD_ALARM);
	noon_ptp_receiver_forget(&r, now);
	introduce();
	assert_int_equal(r.peer_verdict, NOON_PTP_GUARD_ALARM);
	/* Said again, since whoever is told may have forgotten it. */
	exchange(NOON_PTP_GUARD_ALARM, 0);
	assert_true(told());
	exchange(NOON_PTP_GUARD_WATCHING, 0);
	assert_false(told());
}

/* The same transmitter that says hello no more keeps its word; another one's path is another. */
static void word_belongs_to_its_transmitter(void **state)
{
	(void)state;
	for (int other = 0; other < 2; other++) {
		struct noon_ptp_message m;

		(void)setup(state);
		introduce();
		exchange(NOON_PTP_GUARD_ALARM, 0);
		timer(NOON_S(20));
		hello = 0;
		tx.self.clock[7] ^= (uint8_t)other;
		introduce();
		(void)ask();
		m = response();
		deliver(&m, NULL, -1);
		assert_non_null(find(NOON_ACTION_SAMPLE));
		assert_int_equal(told(), !other);
	}
}

/* A time that cannot be used takes nothing from the word that came with it. */
static void word_counts_even_if_the_time_does_not(void **state)
{
	struct noon_ptp_message m;
	struct noon_ptp_echo echo;

	(void)state;
	introduce();
	(void)ask();
	m = response();
	m.h.correction = NOON_PTP_CORRECTION_HUGE;
	echo = (struct noon_ptp_echo){r.request.nonce, NOON_PTP_GUARD_ALARM, 0};
	deliver(&m, &echo, -1);
	assert_null(find(NOON_ACTION_SAMPLE));
	assert_true(told());
}

/* ---- the claim ---- */

static struct noon_ptp_utc known(void)
{
	return (struct noon_ptp_utc){
		.known = true,
		.h = now,
		.until = noon_time_add(now, NOON_S(10)),
		.lower = AHEAD - 300,
		.upper = AHEAD + 500,
		.offset = -40,
		.lower_rate = -1e-6,
		.upper_rate = 2e-6,
		.max_rate = 1e-4,
		.state = 1,
	};
}

/* What the last request claims; false: it bears no claim. */
static bool claimed(struct noon_ptp_claim *ret)
{
	const struct noon_action *a = find(NOON_ACTION_SEND);
	struct noon_ptp_message m;
	struct noon_ptp_tlv tlv;
	struct noon_rd rd;

	assert_non_null(a);
	assert_int_equal(noon_ptp_get(a->send, &m), NOON_OK);
	rd = noon_rd_bytes(m.tlvs);
	while (noon_ptp_tlv_get(&rd, &tlv) == NOON_OK)
		if (noon_ptp_claim_get(&tlv, ret) == NOON_OK)
			return true;
	return false;
}

static void claim_goes_only_to_who_takes_it(void **state)
{
	static const struct {
		uint8_t hello;
		bool keys, claims;
	} row[] = {
		{NOON_PTP_HELLO_LAYOVER | NOON_PTP_HELLO_CLAIM, true, true},
		{NOON_PTP_HELLO_LAYOVER | NOON_PTP_HELLO_CLAIM, false, false},
		{NOON_PTP_HELLO_LAYOVER, true, false},
		{NOON_PTP_HELLO_CLAIM, true, false},
		{0, true, false},
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct noon_ptp_claim c;
		struct noon_ptp_message m;
		struct noon_ptp_utc u;

		(void)setup(state);
		if (!row[i].keys)
			without_keys();
		hello = row[i].hello;
		introduce();
		u = known();
		noon_ptp_receiver_set_utc(&r, &u);
		(void)ask();
		assert_false(claimed(&c)); /* of what? */
		m = response();
		if (hello & NOON_PTP_HELLO_LAYOVER)
			answer(1, 0);
		else
			deliver(&m, NULL, -1);
		(void)ask();
		assert_int_equal(claimed(&c), row[i].claims);
	}
}

static void claim_is_of_the_departure_and_rounds_outward(void **state)
{
	struct noon_ptp_claim c;
	struct noon_ptp_utc u, later;
	noon_time t2, t3;
	uint16_t sync;
	noon_dur lo, hi, since;

	(void)state;
	introduce();
	exchange(1, 0); /* the next one waits a while for its turn */
	u = known();
	noon_ptp_receiver_set_utc(&r, &u);
	sync = synced;
	t2 = now;
	t3 = ask();
	/* What is learnt from the answer, and later, is not in it. */
	later = u;
	later.upper = AHEAD + 1;
	later.lower = AHEAD - 1;
	noon_ptp_receiver_set_utc(&r, &later);
	answer(1, 0);
	(void)ask();
	assert_true(claimed(&c));
	since = noon_time_diff(t3, u.h);
	assert_true(since > 0);
	lo = -300 - since / 1000000 - 2;
	hi = 500 + since / 500000 + 2;
	assert_int_equal(c.sync_sequence, sync);
	assert_int_equal(c.state, 1);
	assert_true(c.offset_ns == -40);
	/* Whole, and wider by no more than what rounding takes. */
	assert_in_range(t3.ns + AHEAD + hi - (c.time_ns + (int64_t)c.bound_ns), 0, 4);
	assert_in_range(c.time_ns - (int64_t)c.bound_ns - (t3.ns + AHEAD + lo), 0, 4);
	assert_true(c.time_ns + (int64_t)c.bound_ns >= t3.ns + AHEAD + 500 + since / 500000);
	assert_true(c.time_ns - (int64_t)c.bound_ns <= t3.ns + AHEAD - 300 - since / 1000000);
	/* Less the error of the stamp, and what a slow clock would have missed. */
	since = noon_time_diff(t3, t2) - 100;
	assert_in_range(since - c.since_ns, since / 10000, since / 10000 + 1);
}

static void claim_before_the_reading_is_wider(void **state)
{
	struct noon_ptp_claim c;
	struct noon_ptp_utc u;
	noon_time t3;

	(void)state;
	introduce();
	u = known();
	u.h = noon_time_add(now, NOON_S(3));
	u.until = noon_time_add(now, NOON_S(4));
	noon_ptp_receiver_set_utc(&r, &u);
	t3 = ask();
	answer(1, 0);
	(void)ask();
	assert_true(claimed(&c));
	assert_true(c.time_ns - (int64_t)c.bound_ns <=
		    t3.ns + AHEAD - 300 - noon_time_diff(u.h, t3) / 10000);
	assert_true(c.time_ns + (int64_t)c.bound_ns >=
		    t3.ns + AHEAD + 500 + noon_time_diff(u.h, t3) / 10000);
}

static void nothing_is_claimed_of_what_is_not_known(void **state)
{
	for (int i = 0; i < 4; i++) {
		struct noon_ptp_claim c = {.bound_ns = 0};
		struct noon_ptp_utc u;

		(void)setup(state);
		introduce();
		u = known();
		u.state = 3;
		u.known = i != 0;
		if (i == 1)
			u.until = noon_time_add(u.h, -1);
		if (i == 2)
			u.upper = u.lower - 10;
		noon_ptp_receiver_set_utc(&r, &u);
		if (i == 3) { /* the local clock lost time */
			noon_ptp_receiver_forget(&r, now);
			introduce();
		}
		(void)ask();
		answer(1, 0);
		(void)ask();
		assert_true(claimed(&c));
		assert_true(c.bound_ns == NOON_PTP_CLAIM_UNKNOWN && c.time_ns == 0);
		assert_int_equal(c.state, 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(alarm_in_an_echo_is_declared_with_what_it_is_about,
						setup, teardown),
		cmocka_unit_test_setup_teardown(without_keys_nobody_is_heard, setup, teardown),
		cmocka_unit_test_setup_teardown(forged_echo_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_ends_no_alarm, setup, teardown),
		cmocka_unit_test_setup_teardown(word_belongs_to_its_transmitter, setup, teardown),
		cmocka_unit_test_setup_teardown(word_counts_even_if_the_time_does_not, setup,
						teardown),
		cmocka_unit_test_setup_teardown(claim_goes_only_to_who_takes_it, setup, teardown),
		cmocka_unit_test_setup_teardown(claim_is_of_the_departure_and_rounds_outward, setup,
						teardown),
		cmocka_unit_test_setup_teardown(claim_before_the_reading_is_wider, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_claimed_of_what_is_not_known, setup,
						teardown),
	};

	return cmocka_run_group_tests_name("proto/ptp_claim", tests, NULL, NULL);
}
