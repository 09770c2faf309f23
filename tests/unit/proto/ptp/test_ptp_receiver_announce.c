/* SPDX-License-Identifier: Apache-2.0
 *
 * What the PTP receiver takes from Announce: timescale, leap seconds, accuracy behind boundary
 * clocks, and which transmitter may be chosen. One requirement each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_ptp_receiver_fixture.h"

static void announce_timeout_ends_the_transmitter(void **state)
{
	(void)state;
	introduce();
	(void)idle(NOON_S(3));
	assert_int_equal(r.state, NOON_PTP_UNCALIBRATED);
	(void)idle(1);
	assert_int_equal(r.state, NOON_PTP_LISTENING);
	assert_null(noon_ptp_receiver_parent(&r));
}

static void timescale_must_be_known(void **state)
{
	static const struct {
		uint16_t flags;
		bool arbitrary, known;
		int16_t own;
		bool good;
	} table[] = {
		{NOON_PTP_FLAG_PTP_TIMESCALE | NOON_PTP_FLAG_UTC_VALID, false, false, 0, true},
		{NOON_PTP_FLAG_PTP_TIMESCALE | NOON_PTP_FLAG_UTC_VALID, false, true, TAI, true},
		{NOON_PTP_FLAG_PTP_TIMESCALE | NOON_PTP_FLAG_UTC_VALID, true, true, 36, false},
		{NOON_PTP_FLAG_PTP_TIMESCALE, false, true, TAI, true},
		{NOON_PTP_FLAG_PTP_TIMESCALE, true, false, TAI, false},
		{NOON_PTP_FLAG_UTC_VALID, false, true, TAI, false},
		{0, false, false, 0, false},
		{0, true, false, 0, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		conf.arbitrary_is_utc = table[i].arbitrary;
		receiver(false);
		noon_ptp_receiver_set_tai(&r, table[i].known, table[i].own);
		announce_flags = table[i].flags;
		introduce();
		deliver_sync(5, 1000, 0);
		assert_int_equal(r.last.complete, table[i].good);
		assert_int_equal(count(NOON_VERDICT_TIMESCALE), !table[i].good);
		if (table[i].good)
			assert_true(r.last.t1.ns ==
				    now.ns - 1000 + AHEAD + (table[i].arbitrary ? NOON_S(TAI) : 0));
	}
}

static void leaps_and_doubt_are_passed_on(void **state)
{
	static const struct {
		uint16_t flag;
		enum noon_leap leap;
	} table[] = {{0, NOON_LEAP_NONE},
		     {NOON_PTP_FLAG_LEAP61, NOON_LEAP_INSERT},
		     {NOON_PTP_FLAG_LEAP59, NOON_LEAP_DELETE},
		     {NOON_PTP_FLAG_SYNC_UNCERTAIN, NOON_LEAP_UNKNOWN}};
	const uint16_t base = announce_flags;

	(void)state;
	conf.max_layover = NOON_S(10);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_ptp_message q, a;

		receiver(false);
		announce_flags = base | table[i].flag;
		introduce();
		q = request(5);
		a = response(&q);
		deliver(&a);
		if (table[i].leap == NOON_LEAP_UNKNOWN)
			assert_int_equal(count(NOON_VERDICT_UNSYNC), 1);
		else
			assert_int_equal(the(NOON_ACTION_SAMPLE)->sample.leap, table[i].leap);
	}
}

/* On either side of the midnight at the end of the day that has one second more or less: 3 s, and
 * two intervals of Announce, which is sent once a second here. */
static void stamps_around_an_announced_leap_are_passed_over(void **state)
{
	static const struct {
		uint16_t flag;
		noon_dur after;
		bool good;
	} table[] = {
		{NOON_PTP_FLAG_LEAP61, -NOON_S(6), true},
		{NOON_PTP_FLAG_LEAP61, -NOON_S(4), false},
		{NOON_PTP_FLAG_LEAP61, NOON_S(4), false},
		{NOON_PTP_FLAG_LEAP61, NOON_S(6), true},
		{NOON_PTP_FLAG_LEAP59, -NOON_S(4), false},
		{NOON_PTP_FLAG_LEAP59, NOON_S(4), false},
		{0, NOON_S(4), true},
	};
	const uint16_t base = announce_flags;
	const noon_dur day = NOON_S(86400);

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const int64_t midnight = (AHEAD / day + 1) * day - AHEAD; /* on the local clock */

		now = (noon_time){midnight + table[i].after - NOON_S(1)};
		receiver(false);
		announce_flags = base | table[i].flag;
		introduce();
		deliver_sync(5, 1000, 0);
		assert_int_equal(r.sync.complete, table[i].good);
		assert_int_equal(count(NOON_VERDICT_TIMESCALE), !table[i].good);
	}
}

static void accuracy_that_is_not_claimed_is_not_assumed(void **state)
{
	(void)state;
	conf.max_layover = NOON_S(10);
	says.accuracy = 0xfe;
	for (int i = 0; i < 2; i++) {
		struct noon_ptp_message q, a;

		conf.accuracy = i == 0 ? NOON_DUR_MAX : 12345;
		receiver(false);
		introduce();
		q = request(5);
		a = response(&q);
		deliver(&a);
		assert_int_equal(count(NOON_VERDICT_ACCURACY), i == 0);
		if (i == 1)
			assert_int_equal(the(NOON_ACTION_SAMPLE)->sample.server_err, 12345);
	}
}

/* Behind boundary clocks, clockAccuracy (0x21: 100 ns) says nothing of their errors. */
static void boundary_clocks_need_a_figure_of_their_own(void **state)
{
	static const struct {
		uint16_t steps;
		uint8_t accuracy;
		noon_dur assumed, per_step;
		noon_dur expected; /* -1: refused for the steps; -2: for no accuracy */
	} table[] = {
		{0, 0x21, NOON_DUR_MAX, NOON_DUR_MAX, 100},
		{0, 0x21, NOON_DUR_MAX, 500, 100},
		{1, 0x21, NOON_DUR_MAX, NOON_DUR_MAX, -1},
		{254, 0x21, NOON_DUR_MAX, NOON_DUR_MAX, -1},
		{1, 0x21, NOON_DUR_MAX, 500, 600},
		{3, 0x21, NOON_DUR_MAX, 500, 1600},
		{3, 0x21, NOON_DUR_MAX, 0, 100},
		{3, 0xfe, 2000, 500, 3500},
		{3, 0xfe, 2000, NOON_DUR_MAX, -1},
		{3, 0xfe, NOON_DUR_MAX, 500, -2},
		{3, 0x21, NOON_DUR_MAX, NOON_DUR_MAX / 2, -1},
	};

	(void)state;
	conf.max_layover = NOON_S(10);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_ptp_message q, a;

		says.steps_removed = table[i].steps;
		says.accuracy = table[i].accuracy;
		conf.accuracy = table[i].assumed;
		conf.accuracy_per_step = table[i].per_step;
		receiver(false);
		introduce();
		q = request(5);
		a = response(&q);
		deliver(&a);
		assert_int_equal(count(NOON_VERDICT_STEPS), table[i].expected == -1);
		assert_int_equal(count(NOON_VERDICT_ACCURACY), table[i].expected == -2);
		if (table[i].expected >= 0)
			assert_int_equal(the(NOON_ACTION_SAMPLE)->sample.server_err,
					 table[i].expected);
		else
			assert_null(find(NOON_ACTION_SAMPLE));
	}
}

/* Behind boundary clocks an authenticated totalTimeInaccuracy does; where the operator states a
 * figure too, or the grandmaster claims more, the larger one counts. */
static void an_authenticated_inaccuracy_is_taken(void **state)
{
	static const char text[] = "[security_association]\nspp 1\n1 AES128 0123456789abcdef\n";
	static const struct {
		uint16_t steps;
		uint8_t accuracy; /* 0x21: 100 ns, 0xfe: none */
		noon_dur per_step;
		uint32_t inaccuracy;
		noon_dur expected; /* < 0: refused */
	} table[] = {
		{2, 0x21, NOON_DUR_MAX, 777, 777},
		{2, 0xfe, NOON_DUR_MAX, 777, 777},
		{2, 0x21, NOON_DUR_MAX, UINT32_MAX, -1}, /* no TLV */
		{2, 0x21, 500, 777, 1100},
		{2, 0x21, 500, 5000, 5000},
		{0, 0x21, NOON_DUR_MAX, 50, 100},
		{0, 0x21, NOON_DUR_MAX, 777, 777},
	};
	struct noon_ptp_keys_fault fault;
	struct noon_ptp_keys keys;

	(void)state;
	assert_int_equal(noon_ptp_keys_parse(noon_bytes_of(text, sizeof(text) - 1), &keys, &fault),
			 NOON_OK);
	conf.max_layover = NOON_S(10);
	conf.policy = (struct noon_ptp_policy){.keys = &keys, .spp = 1, .key_id = 1};
	sealing = true;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_ptp_message q, a;

		says.steps_removed = table[i].steps;
		says.accuracy = table[i].accuracy;
		conf.accuracy_per_step = table[i].per_step;
		inaccuracy = table[i].inaccuracy;
		receiver(false);
		introduce();
		q = request(5);
		a = response(&q);
		deliver(&a);
		assert_int_equal(count(NOON_VERDICT_STEPS), table[i].expected < 0);
		if (table[i].expected >= 0)
			assert_int_equal(the(NOON_ACTION_SAMPLE)->sample.server_err,
					 table[i].expected);
	}
	noon_ptp_keys_fini(&keys);
}

/* totalTimeInaccuracy is no better than the message that carries it. */
static void an_inaccuracy_that_anybody_can_have_written_is_not_taken(void **state)
{
	struct noon_ptp_message q, a;

	(void)state;
	conf.max_layover = NOON_S(10);
	says.steps_removed = 2;
	inaccuracy = 777;
	receiver(false);
	introduce();
	assert_int_equal(noon_ptp_receiver_parent(&r)->inaccuracy, 777);
	q = request(5);
	a = response(&q);
	deliver(&a);
	assert_int_equal(count(NOON_VERDICT_STEPS), 1);
	assert_null(find(NOON_ACTION_SAMPLE));
}

static void alternates_and_those_not_acceptable_are_not_chosen(void **state)
{
	(void)state;
	announce_flags |= NOON_PTP_FLAG_ALTERNATE;
	announce();
	announce();
	assert_int_equal(count(NOON_VERDICT_DENIED), 2);
	announce_flags = NOON_PTP_FLAG_PTP_TIMESCALE;
	conf.n_acceptable = 1;
	conf.acceptable[0][0] = 0xee;
	receiver(false);
	announce();
	announce();
	assert_int_equal(count(NOON_VERDICT_DENIED), 2);
	assert_int_equal(r.state, NOON_PTP_LISTENING);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(announce_timeout_ends_the_transmitter),
		TEST(timescale_must_be_known),
		TEST(leaps_and_doubt_are_passed_on),
		TEST(stamps_around_an_announced_leap_are_passed_over),
		TEST(accuracy_that_is_not_claimed_is_not_assumed),
		TEST(boundary_clocks_need_a_figure_of_their_own),
		TEST(an_authenticated_inaccuracy_is_taken),
		TEST(an_inaccuracy_that_anybody_can_have_written_is_not_taken),
		TEST(alternates_and_those_not_acceptable_are_not_chosen),
	};

	return cmocka_run_group_tests_name("proto/ptp_receiver_announce", tests, NULL, NULL);
}
