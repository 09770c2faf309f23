/* SPDX-License-Identifier: Apache-2.0
 *
 * The PTP receiver's unicast negotiation: requests, grants, renewal, denial and cancellation;
 * messages of the wrong mode or without the key; settings. One requirement each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_ptp_receiver_fixture.h"

static uint16_t signalled;

static struct noon_ptp_unicast asked(size_t k)
{
	const struct noon_ptp_message m = sent(k);
	struct noon_rd rd = noon_rd_bytes(m.tlvs);
	struct noon_ptp_unicast u;
	struct noon_ptp_tlv tlv;

	assert_int_equal(noon_ptp_tlv_get(&rd, &tlv), NOON_OK);
	assert_int_equal(tlv.type, NOON_PTP_TLV_REQUEST_UNICAST);
	assert_int_equal(noon_ptp_unicast_get(&tlv, &u), NOON_OK);
	return u;
}

static void signal_tlv(enum noon_ptp_tlv_type type, const struct noon_ptp_unicast *u)
{
	uint8_t raw[128];
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
	struct noon_ptp_message m = make(NOON_PTP_SIGNALING, signalled++);

	m.target = conf.port.self;
	assert_int_equal(noon_ptp_put(&wr, &m), NOON_OK);
	assert_int_equal(noon_ptp_unicast_put(&wr, type, u), NOON_OK);
	deliver_wr(&wr);
}

static void grant(uint8_t type, int8_t interval, uint32_t duration)
{
	const struct noon_ptp_unicast u = {
		.type = type, .interval = interval, .duration = duration, .renewal = true};

	signal_tlv(NOON_PTP_TLV_GRANT_UNICAST, &u);
}

static void grants_are_asked_in_order(void **state)
{
	struct noon_ptp_message m;

	(void)state;
	receiver(true);
	timer(0);
	assert_int_equal(sends(), 1);
	m = sent(0);
	assert_true(noon_ptp_identity_is_all(&m.target));
	assert_int_equal(asked(0).type, NOON_PTP_ANNOUNCE);
	assert_int_equal(asked(0).interval, 1);
	assert_int_equal(asked(0).duration, 300);
	assert_int_equal(the(NOON_ACTION_SEND)->peer.key[0], 7);
	grant(NOON_PTP_ANNOUNCE, 1, 300);
	timer(0);
	assert_int_equal(sends(), 0);
	announce();
	timer(0);
	assert_int_equal(sends(), 2);
	assert_int_equal(asked(0).type, NOON_PTP_SYNC);
	assert_int_equal(asked(1).type, NOON_PTP_DELAY_RESP);
	m = sent(0);
	assert_true(noon_ptp_identity_equal(&m.target, &tx.self));
}

static void what_was_not_granted_is_not_taken(void **state)
{
	(void)state;
	receiver(true);
	announce();
	assert_int_equal(count(NOON_VERDICT_GRANT), 1);
	grant(NOON_PTP_ANNOUNCE, 1, 300);
	announce();
	deliver_sync(5, 1000, 0);
	assert_int_equal(count(NOON_VERDICT_GRANT), 2);
	grant(NOON_PTP_SYNC, 0, 300);
	deliver_sync(5, 1000, 0);
	assert_true(r.last.complete);
	timer(NOON_MS(600));
	assert_int_equal(r.n_requests, 0); /* no grant of Delay_Resp */
	assert_true(noon_ptp_receiver_deadline(&r).ns > now.ns);
	grant(NOON_PTP_DELAY_RESP, 0, 300);
	assert_true(noon_ptp_receiver_deadline(&r).ns <= now.ns);
	timer(0);
	assert_int_equal(r.n_requests, 1);
}

static void grant_is_renewed_with_a_quarter_left(void **state)
{
	(void)state;
	receiver(true);
	timer(0);
	grant(NOON_PTP_ANNOUNCE, 1, 300);
	assert_true(r.lease[0].next.ns == now.ns + NOON_S(225));
	assert_true(r.lease[0].expires.ns == now.ns + NOON_S(300));
}

static void requests_pause_after_three_tries(void **state)
{
	const noon_time start = now;
	unsigned n = 0;

	(void)state;
	receiver(true);
	while (noon_time_diff(now, start) <= NOON_S(60)) {
		const noon_time at = noon_ptp_receiver_deadline(&r);

		timer(noon_time_before(now, at) ? noon_time_diff(at, now) : 0);
		n += (unsigned)sends();
	}
	/* 3 in 2 s, then 4 s of pause; then 8, 16 and 32. */
	assert_in_range(n, 12, 15);
	/* In the long run 3 a minute, and never less. */
	n = 0;
	while (noon_time_diff(now, start) <= NOON_S(36000)) {
		const noon_time at = noon_ptp_receiver_deadline(&r);

		timer(noon_time_before(now, at) ? noon_time_diff(at, now) : 0);
		n += (unsigned)sends();
	}
	assert_in_range(n, 1700, 1780);
}

static void denial_pauses(void **state)
{
	(void)state;
	receiver(true);
	timer(0);
	grant(NOON_PTP_ANNOUNCE, 1, 0);
	assert_true(r.lease[0].denied && !r.lease[0].granted);
	assert_true(r.lease[0].next.ns == now.ns + NOON_S(4));
}

static void longer_grants_are_capped_at_an_hour(void **state)
{
	(void)state;
	receiver(true);
	timer(0);
	grant(NOON_PTP_ANNOUNCE, 1, UINT32_MAX);
	assert_true(r.lease[0].expires.ns == now.ns + NOON_S(3600));
}

static void intervals_that_were_not_asked_for_are_refused(void **state)
{
	static const int8_t bad[] = {0, -7, -128, 7, 127};

	(void)state;
	for (size_t i = 0; i < sizeof(bad); i++) {
		receiver(true);
		timer(0);
		grant(NOON_PTP_ANNOUNCE, bad[i], 300);
		assert_false(r.lease[0].granted);
	}
	grant(NOON_PTP_ANNOUNCE, 6, 300); /* coarser is taken */
	assert_true(r.lease[0].granted);
}

static void cancel_is_acknowledged(void **state)
{
	const struct noon_ptp_unicast u = {.type = NOON_PTP_ANNOUNCE, .flags = 1};
	struct noon_ptp_unicast ack;
	struct noon_ptp_tlv tlv;
	struct noon_ptp_message m;
	struct noon_rd rd;

	(void)state;
	receiver(true);
	timer(0);
	grant(NOON_PTP_ANNOUNCE, 1, 300);
	signal_tlv(NOON_PTP_TLV_CANCEL_UNICAST, &u);
	assert_false(r.lease[0].granted);
	m = sent(0);
	rd = noon_rd_bytes(m.tlvs);
	assert_int_equal(noon_ptp_tlv_get(&rd, &tlv), NOON_OK);
	assert_int_equal(tlv.type, NOON_PTP_TLV_ACK_CANCEL_UNICAST);
	assert_int_equal(noon_ptp_unicast_get(&tlv, &ack), NOON_OK);
	assert_int_equal(ack.type, NOON_PTP_ANNOUNCE);
	assert_int_equal(ack.flags, 1);
}

static void grants_end(void **state)
{
	(void)state;
	receiver(true);
	timer(0);
	grant(NOON_PTP_ANNOUNCE, 1, 10);
	(void)idle(NOON_S(10));
	assert_false(r.lease[0].granted);
}

static void unicast_receiver_ignores_multicast_and_others(void **state)
{
	(void)state;
	receiver(true);
	conf.unicast = false; /* what is made is multicast */
	announce();
	assert_int_equal(count(NOON_VERDICT_MODE), 1);
	conf.unicast = true;
	from.key[0] = 8;
	announce();
	assert_int_equal(count(NOON_VERDICT_IDENTITY), 1);
}

static void multicast_receiver_ignores_unicast(void **state)
{
	(void)state;
	conf.unicast = true;
	announce();
	assert_int_equal(count(NOON_VERDICT_MODE), 1);
}

static void closing_ends_the_grants(void **state)
{
	(void)state;
	receiver(true);
	timer(0);
	grant(NOON_PTP_ANNOUNCE, 1, 300);
	grant(NOON_PTP_SYNC, 1, 300);
	noon_actions_reset(&as);
	noon_ptp_receiver_close(&r, &as);
	assert_int_equal(sends(), 2);
	assert_false(r.lease[0].granted || r.lease[1].granted);
}

static void without_the_key_nothing_changes(void **state)
{
	static const char text[] = "[security_association]\nspp 1\n1 AES128 0123456789abcdef\n";
	static struct noon_ptp_receiver before;
	struct noon_ptp_keys_fault fault;
	struct noon_ptp_keys keys;

	(void)state;
	assert_int_equal(noon_ptp_keys_parse(noon_bytes_of(text, sizeof(text) - 1), &keys, &fault),
			 NOON_OK);
	for (int unicast = 0; unicast < 2; unicast++) {
		conf.policy = (struct noon_ptp_policy){.keys = &keys, .spp = 1};
		receiver(unicast);
		before = r;
		announce();
		deliver_sync(5, 1000, 0);
		grant(NOON_PTP_ANNOUNCE, 1, 300);
		assert_int_equal(count(NOON_VERDICT_NO_AUTH), 3);
		before.counters = r.counters;
		assert_memory_equal(&before, &r, sizeof(r));
	}
	noon_ptp_keys_fini(&keys);
}

static void bad_settings_are_refused(void **state)
{
	(void)state;
#define BAD(change)                                                                    \
	do {                                                                           \
		struct noon_ptp_receiver_conf c = conf;                                \
		change;                                                                \
		assert_int_equal(noon_ptp_receiver_init(&r, &c, now), NOON_ERR_RANGE); \
	} while (0)
	BAD(c.log_announce = 7);
	BAD(c.log_sync = -8);
	BAD(c.log_delay = 7);
	BAD(c.duration_s = 9);
	BAD(c.duration_s = 1001);
	BAD(c.announce_timeout = 1);
	BAD(c.accuracy = -1);
	BAD(c.accuracy_per_step = -1);
	BAD(c.max_layover = 0);
	BAD(c.max_correction = 0);
	BAD(c.user_stamp_err = -1);
	BAD(c.n_acceptable = 17);
	BAD(c.rng = NULL);
	BAD(c.port.sdo_id = 0x1000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(grants_are_asked_in_order),
		TEST(what_was_not_granted_is_not_taken),
		TEST(grant_is_renewed_with_a_quarter_left),
		TEST(requests_pause_after_three_tries),
		TEST(denial_pauses),
		TEST(longer_grants_are_capped_at_an_hour),
		TEST(intervals_that_were_not_asked_for_are_refused),
		TEST(cancel_is_acknowledged),
		TEST(grants_end),
		TEST(unicast_receiver_ignores_multicast_and_others),
		TEST(multicast_receiver_ignores_unicast),
		TEST(closing_ends_the_grants),
		TEST(without_the_key_nothing_changes),
		TEST(bad_settings_are_refused),
	};

	return cmocka_run_group_tests_name("proto/ptp_receiver_unicast", tests, NULL, NULL);
}
