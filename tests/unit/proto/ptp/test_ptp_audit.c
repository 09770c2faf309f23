/* SPDX-License-Identifier: Apache-2.0
 *
 * The audit of a receiver's time by the PTP transmitter: what its stamps prove false, what they do
 * not, and who is told. The receiver is played by hand; times are UTC.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/ptp/ptp_transmitter.h"

/* 2026-09-21, a Monday at 14:13:20 UTC. */
#define AHEAD NOON_S(1790000000)

#define ERR   90 /* |served - UTC| */
#define DOWN  700
#define UP    900
#define SINCE 5000 /* between arrival of Sync and departure of Delay_Req */

static struct noon_ptp_transmitter t;
static struct noon_ptp_transmitter_conf conf;
static struct noon_ptp_quality good;
static struct noon_ptp_keys keys;
static struct noon_rng rng;
static struct noon_actions as;
static noon_time now;
static noon_dur ahead;
static struct noon_ptp_port rx;
static uint16_t sequence;
static uint32_t index_of;

static noon_time utc(void)
{
	return noon_time_add(now, ahead);
}

static void transmitter(void)
{
	assert_int_equal(noon_ptp_transmitter_init(&t, &conf, now), NOON_OK);
	noon_ptp_transmitter_set_quality(&t, &good, now);
	assert_int_equal(noon_ptp_transmitter_watch(&t, rx.self.clock, &index_of), NOON_OK);
}

static int setup(void **state)
{
	static const char text[] = "[security_association]\nspp 1\n1 AES128 0123456789abcdef\n";
	struct noon_ptp_keys_fault fault;

	(void)state;
	noon_ptp_keys_fini(&keys);
	assert_int_equal(noon_ptp_keys_parse(noon_bytes_of(text, sizeof(text) - 1), &keys, &fault),
			 NOON_OK);
	rng = noon_rng_seeded(8);
	now = (noon_time){NOON_S(100)};
	ahead = AHEAD;
	rx = (struct noon_ptp_port){.self = {{1, 2, 3, 4, 5, 6, 7, 8}, 1}};
	conf = noon_ptp_transmitter_conf_default();
	conf.rng = &rng;
	conf.policy = (struct noon_ptp_policy){.keys = &keys, .spp = 1};
	conf.port.self = (struct noon_ptp_identity){{9, 9, 9, 9, 9, 9, 9, 9}, 1};
	good = (struct noon_ptp_quality){.valid = true,
					 .clock_class = 6,
					 .bound = ERR,
					 .variance = 0xffff,
					 .tai_known = true,
					 .tai_offset = 37};
	transmitter();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	noon_ptp_keys_fini(&keys);
	memset(&keys, 0, sizeof(keys));
	return 0;
}

static const struct noon_ptp_audit *audit(void)
{
	return &t.watched[index_of].audit;
}

static const struct noon_action *find(enum noon_action_kind kind)
{
	for (size_t i = 0; i < as.n; i++)
		if (as.a[i].kind == kind)
			return &as.a[i];
	return NULL;
}

static struct noon_ptp_echo echo(void)
{
	struct noon_ptp_echo e = {0};
	struct noon_ptp_message m;
	struct noon_ptp_tlv tlv;
	struct noon_rd rd;

	assert_non_null(find(NOON_ACTION_SEND));
	assert_int_equal(noon_ptp_get(find(NOON_ACTION_SEND)->send, &m), NOON_OK);
	rd = noon_rd_bytes(m.tlvs);
	assert_int_equal(noon_ptp_tlv_get(&rd, &tlv), NOON_OK);
	assert_int_equal(noon_ptp_echo_get(&tlv, &e), NOON_OK);
	return e;
}

static void request(const struct noon_ptp_layover *l, const struct noon_ptp_claim *c)
{
	const struct noon_ptp_message m = noon_ptp_port_message(&rx, NOON_PTP_DELAY_REQ, sequence++,
								false, NOON_PTP_INTERVAL_NONE);
	struct noon_rx in = {.at = utc(), .now = now, .stamp = NOON_STAMP_KERNEL};
	uint8_t raw[256];
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));

	assert_int_equal(noon_ptp_put(&wr, &m), NOON_OK);
	assert_int_equal(noon_ptp_layover_put(&wr, l), NOON_OK);
	if (c != NULL)
		assert_int_equal(noon_ptp_claim_put(&wr, c), NOON_OK);
	assert_int_equal(noon_ptp_auth_seal(&conf.policy, &wr), NOON_OK);
	in.data = noon_wr_written(&wr);
	noon_actions_reset(&as);
	noon_ptp_transmitter_on_packet(&t, &in, &as);
}

/* One exchange: returns UTC as served when the Delay_Req left, and what there is to say of it. */
static noon_time exchange(struct noon_ptp_layover *l, struct noon_ptp_claim *c)
{
	const struct noon_ptp_layover first = {.error_ns = UINT32_MAX, .nonce = 1};
	struct noon_ptp_message m = {.whole = {NULL, 0}};
	noon_time left;

	now = noon_time_add(now, NOON_S(2));
	noon_actions_reset(&as);
	noon_ptp_transmitter_on_timer(&t, now, utc(), &as);
	for (size_t i = 0; i < as.n; i++) {
		assert_int_equal(noon_ptp_get(as.a[i].send, &m), NOON_OK);
		if (m.h.type != NOON_PTP_SYNC)
			continue;
		noon_ptp_transmitter_on_sent(&t, as.a[i].token, utc(), NOON_STAMP_KERNEL, &as);
		break;
	}
	assert_int_equal(m.h.type, NOON_PTP_SYNC);
	left = noon_time_add(utc(), DOWN + SINCE);
	now = noon_time_add(now, DOWN + SINCE + UP);
	*l = (struct noon_ptp_layover){
		.sync_sequence = m.h.sequence,
		.request_sequence = sequence,
		.layover_ns = SINCE,
		.error_ns = 10,
		.nonce = 42,
	};
	*c = (struct noon_ptp_claim){
		.sync_sequence = m.h.sequence,
		.request_sequence = sequence,
		.time_ns = left.ns,
		.bound_ns = 1000,
		.since_ns = SINCE,
		.state = 1,
	};
	request(&first, NULL);
	return left;
}

/* An exchange after which the receiver claims to have been off by so much, give or take. */
static void claim(noon_dur off, uint64_t bound)
{
	struct noon_ptp_layover l;
	struct noon_ptp_claim c;

	(void)exchange(&l, &c);
	c.time_ns += off;
	c.bound_ns = bound;
	request(&l, &c);
}

/* The two edges, to the nanosecond: what lies beyond them was never, whatever the delays. */
static void what_no_delay_explains_is_found(void **state)
{
	static const struct {
		noon_dur m_f, m_r;
	} path[] = {{0, 0}, {300, 0}, {0, 500}, {UP, DOWN}};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (int late = 0; late < 2; late++)
			for (int beyond = 0; beyond < 2; beyond++) {
				/* How far beyond the truth the edge is. */
				const noon_dur edge =
					late ? UP - path[i].m_f + ERR : DOWN - path[i].m_r + ERR;
				const noon_dur off = edge + 1000 + beyond;
				const struct noon_action *a;

				(void)setup(state);
				noon_ptp_transmitter_set_minima(&t, index_of, path[i].m_f,
								path[i].m_r);
				claim(late ? off : -off, 1000);
				a = find(NOON_ACTION_FINDING);
				assert_int_equal(a != NULL, beyond);
				assert_int_equal(audit()->state, beyond ? NOON_PTP_AUDIT_FALSE
									: NOON_PTP_AUDIT_HOLDS);
				assert_true(audit()->n == 1 &&
					    audit()->n_false == (unsigned)beyond);
				if (a == NULL)
					continue;
				assert_int_equal(a->finding.kind, NOON_FINDING_RECEIVER_TIME);
				assert_int_equal(a->finding.source, index_of);
				/* Reference - local: a clock that is late is to be set back. */
				assert_true(a->finding.value == (late ? -1001 : 1001));
				assert_true(a->finding.threshold == 1000);
				assert_true(audit()->lower ==
					    (late ? -off : off) - (DOWN - path[i].m_r + ERR));
				assert_true(audit()->upper ==
					    (late ? -off : off) + (UP - path[i].m_f + ERR));
			}
	noon_ptp_transmitter_set_minima(&t, NOON_PTP_WATCHED_MAX, 1, 1);
}

/* What the clock is worth grows with the age of what was told of it. */
static void own_error_is_granted_and_grows(void **state)
{
	const noon_dur grown = 2000; /* 1e-6 of 2 s, the time between setup and the request */

	(void)state;
	good.rate = 1e-6;
	noon_ptp_transmitter_set_quality(&t, &good, now);
	claim(UP + ERR + grown + 1000, 1000);
	assert_int_equal(audit()->state, NOON_PTP_AUDIT_HOLDS);
	(void)setup(state);
	good.rate = 0;
	transmitter();
	claim(UP + ERR + grown + 1000, 1000);
	assert_int_equal(audit()->state, NOON_PTP_AUDIT_FALSE);
	/* A clock of which nothing is known proves nothing. */
	(void)setup(state);
	good.bound = NOON_DUR_MAX;
	transmitter();
	claim(NOON_S(1000), 0);
	assert_int_equal(audit()->state, NOON_PTP_AUDIT_HOLDS);
}

static void alarm_stands_until_claims_hold_for_a_while(void **state)
{
	(void)state;
	claim(NOON_MS(5), 1000);
	assert_non_null(find(NOON_ACTION_FINDING));
	claim(NOON_MS(5), 1000);
	assert_null(find(NOON_ACTION_FINDING)); /* it stands already */
	assert_int_equal(audit()->n_false, 2);
	for (int i = 0; i < 7; i++)
		claim(0, 1000);
	assert_int_equal(audit()->state, NOON_PTP_AUDIT_FALSE);
	claim(0, NOON_PTP_CLAIM_UNKNOWN); /* no claim is no evidence */
	for (int i = 0; i < 7; i++) {
		claim(0, 1000);
		assert_int_equal(audit()->state, NOON_PTP_AUDIT_FALSE);
	}
	claim(0, 1000);
	assert_int_equal(audit()->state, NOON_PTP_AUDIT_HOLDS);
	claim(-NOON_MS(5), 1000);
	assert_non_null(find(NOON_ACTION_FINDING));
}

static void receiver_is_told_with_the_reason(void **state)
{
	(void)state;
	claim(0, 1000);
	assert_int_equal(echo().verdict, NOON_PTP_GUARD_ABSENT);
	assert_int_equal(echo().reasons, 0);
	noon_ptp_transmitter_set_verdict(&t, index_of, NOON_PTP_GUARD_WATCHING,
					 NOON_PTP_REASON_DELAYED);
	claim(0, 1000);
	assert_int_equal(echo().verdict, NOON_PTP_GUARD_WATCHING);
	assert_int_equal(echo().reasons, 0); /* reasons are of alarms */
	claim(NOON_MS(5), 1000);
	assert_int_equal(echo().verdict, NOON_PTP_GUARD_ALARM);
	assert_int_equal(echo().reasons, NOON_PTP_REASON_TIME);
	noon_ptp_transmitter_set_verdict(&t, index_of, NOON_PTP_GUARD_ALARM,
					 NOON_PTP_REASON_DELAYED);
	claim(0, 1000);
	assert_int_equal(echo().verdict, NOON_PTP_GUARD_ALARM);
	assert_int_equal(echo().reasons, NOON_PTP_REASON_TIME | NOON_PTP_REASON_DELAYED);
}

static void without_keys_no_claim_counts(void **state)
{
	(void)state;
	conf.policy.keys = NULL;
	transmitter();
	claim(NOON_S(5), 0);
	assert_null(find(NOON_ACTION_FINDING));
	assert_int_equal(audit()->state, NOON_PTP_AUDIT_NONE);
	assert_int_equal(audit()->n, 0);
	assert_int_equal(echo().verdict, NOON_PTP_GUARD_ABSENT);
}

static void claims_are_asked_for_only_where_they_count(void **state)
{
	static const struct {
		bool keys, watch;
		uint8_t flags; /* 0: no hello at all */
	} row[] = {{true, true, NOON_PTP_HELLO_LAYOVER | NOON_PTP_HELLO_CLAIM},
		   {true, false, NOON_PTP_HELLO_LAYOVER},
		   {false, true, NOON_PTP_HELLO_LAYOVER},
		   {false, false, 0}};

	for (size_t i = 0; i < 4; i++) {
		struct noon_ptp_hello hello = {0};
		struct noon_ptp_message m;
		struct noon_ptp_tlv tlv;
		struct noon_rd rd;

		(void)setup(state);
		conf.policy.keys = row[i].keys ? &keys : NULL;
		transmitter();
		t.watched[index_of].used = row[i].watch;
		noon_actions_reset(&as);
		noon_ptp_transmitter_on_timer(&t, now, utc(), &as);
		assert_non_null(find(NOON_ACTION_SEND));
		assert_int_equal(noon_ptp_get(find(NOON_ACTION_SEND)->send, &m), NOON_OK);
		assert_int_equal(m.h.type, NOON_PTP_ANNOUNCE);
		rd = noon_rd_bytes(m.tlvs);
		if (noon_ptp_tlv_get(&rd, &tlv) == NOON_OK)
			(void)!noon_ptp_hello_get(&tlv, &hello);
		assert_int_equal(hello.flags, row[i].flags);
	}
}

static void only_exchanges_that_are_remembered_are_compared(void **state)
{
	struct noon_ptp_layover l;
	struct noon_ptp_claim c, other;

	(void)state;
	(void)exchange(&l, &c);
	c.time_ns += NOON_S(1);
	other = c;
	other.sync_sequence++;
	request(&l, &other);
	other = c;
	(void)exchange(&l, &c);
	other.request_sequence = (uint16_t)(other.request_sequence + 100);
	request(&l, &other);
	assert_int_equal(audit()->n, 0);
	/* Once each: a report that is said again is none. */
	(void)exchange(&l, &c);
	request(&l, &c);
	request(&l, &c);
	assert_int_equal(audit()->n, 1);
	/* Nobody is watched by this name. */
	rx.self.clock[0] ^= 1;
	(void)exchange(&l, &c);
	c.time_ns += NOON_S(1);
	request(&l, &c);
	assert_null(find(NOON_ACTION_FINDING));
	assert_int_equal(audit()->n, 1);
}

/* A receiver that started again may use the numbers of a moment ago again. */
static void newest_of_a_number_counts(void **state)
{
	struct noon_ptp_layover l;
	struct noon_ptp_claim c;

	(void)state;
	(void)exchange(&l, &c);
	noon_ptp_replay_forget(&t.replay, &rx.self);
	sequence = c.request_sequence;
	(void)exchange(&l, &c);
	request(&l, &c);
	assert_int_equal(audit()->n, 1);
	assert_int_equal(audit()->state, NOON_PTP_AUDIT_HOLDS);
}

/* Where a leap second may be, the two may count it a moment apart. */
static void around_midnight_nothing_is_compared(void **state)
{
	static const struct {
		noon_dur after; /* of midnight */
		unsigned n;
	} row[] = {
		{-NOON_S(6), 1}, {-NOON_S(4), 0}, {-NOON_US(3), 0}, {NOON_S(4), 0}, {NOON_S(6), 1}};
	const noon_dur day = NOON_S(86400);

	for (size_t i = 0; i < 5; i++) {
		(void)setup(state);
		ahead = AHEAD / day * day + row[i].after - now.ns - NOON_S(2);
		claim(NOON_S(1), 0);
		assert_int_equal(audit()->n, row[i].n);
	}
}

static void no_number_overflows(void **state)
{
	static const int64_t most[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX};
	static const uint64_t bounds[] = {0, 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX - 1};

	(void)state;
	for (size_t i = 0; i < 6; i++)
		for (size_t k = 0; k < 6; k++)
			for (size_t b = 0; b < 5; b++) {
				struct noon_ptp_layover l;
				struct noon_ptp_claim c;
				const struct noon_action *a;

				(void)setup(state);
				(void)exchange(&l, &c);
				c.time_ns = most[i];
				c.since_ns = most[k];
				c.bound_ns = bounds[b];
				request(&l, &c);
				a = find(NOON_ACTION_FINDING);
				assert_int_equal(audit()->n, 1);
				if (a != NULL)
					assert_true(noon_dur_abs(a->finding.value) >
						    a->finding.threshold);
				/* A bound without end is always true; a moment in 1970 is not. */
				if (bounds[b] >= INT64_MAX && most[k] <= 1)
					assert_null(a);
				if (bounds[b] <= 1 && most[i] <= 1 && most[i] >= -1 && most[k] <= 1)
					assert_int_equal(a != NULL, most[k] >= -1);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_no_delay_explains_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(own_error_is_granted_and_grows, setup, teardown),
		cmocka_unit_test_setup_teardown(alarm_stands_until_claims_hold_for_a_while, setup,
						teardown),
		cmocka_unit_test_setup_teardown(receiver_is_told_with_the_reason, setup, teardown),
		cmocka_unit_test_setup_teardown(without_keys_no_claim_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(claims_are_asked_for_only_where_they_count, setup,
						teardown),
		cmocka_unit_test_setup_teardown(only_exchanges_that_are_remembered_are_compared,
						setup, teardown),
		cmocka_unit_test_setup_teardown(newest_of_a_number_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(around_midnight_nothing_is_compared, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_number_overflows, setup, teardown),
	};

	return cmocka_run_group_tests_name("proto/ptp_audit", tests, NULL, NULL);
}
