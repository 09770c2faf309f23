/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/ptp/ptp_best.h"

static struct noon_ptp_foreigners foreigners;

/* An Announce of transmitter `id`, its own grandmaster. */
static struct noon_ptp_message announce(uint8_t id)
{
	struct noon_ptp_message m;

	memset(&m, 0, sizeof(m));
	m.h.type = NOON_PTP_ANNOUNCE;
	m.h.source.clock[7] = id;
	m.h.source.port = 1;
	m.announce.priority1 = 128;
	m.announce.priority2 = 128;
	m.announce.clock_class = 6;
	m.announce.accuracy = 0x21;
	m.announce.variance = 0x4e5d;
	m.announce.grandmaster[7] = id;
	return m;
}

static struct noon_ptp_foreign *hear(const struct noon_ptp_message *m, noon_dur at)
{
	const struct noon_peer peer = {.n = 1, .key = {m->h.source.clock[7]}};

	return noon_ptp_foreigners_hear(&foreigners, m, &peer, NOON_S(1), (noon_time){at});
}

static uint8_t best_at(noon_dur at)
{
	const struct noon_ptp_foreign *f =
		noon_ptp_foreigners_best(&foreigners, false, (noon_time){at});

	return f == NULL ? 0 : f->set.sender.clock[7];
}

static int setup(void **state)
{
	(void)state;
	noon_ptp_foreigners_reset(&foreigners);
	return 0;
}

static int order(const struct noon_ptp_message *a, const struct noon_ptp_message *b)
{
	const struct noon_ptp_dataset x = noon_ptp_dataset_of(a), y = noon_ptp_dataset_of(b);
	const int xy = noon_ptp_dataset_cmp(&x, &y), yx = noon_ptp_dataset_cmp(&y, &x);

	assert_int_equal((xy > 0) - (xy < 0), (yx < 0) - (yx > 0));
	return (xy > 0) - (xy < 0);
}

static void earlier_fields_decide_and_smaller_is_better(void **state)
{
	(void)state;
	/* Field k is better in a; all fields behind it are worse. */
	for (int k = 0; k < 6; k++) {
		struct noon_ptp_message a = announce(1), b = announce(1);

		a.announce.priority1 = k == 0 ? 1 : 2;
		b.announce.priority1 = 2;
		a.announce.clock_class = k == 1 ? 6 : k > 1 ? 7 : 248;
		b.announce.clock_class = 7;
		a.announce.accuracy = k == 2 ? 0x20 : k > 2 ? 0x21 : 0xfe;
		b.announce.accuracy = 0x21;
		a.announce.variance = k == 3 ? 0x00ff : k > 3 ? 0x0100 : 0xffff;
		b.announce.variance = 0x0100;
		a.announce.priority2 = k == 4 ? 127 : k > 4 ? 128 : 255;
		b.announce.priority2 = 128;
		a.announce.grandmaster[0] = k == 5 ? 0 : 0xff;
		b.announce.grandmaster[0] = 0x80;
		a.announce.steps_removed = 200;
		a.h.source.clock[0] = 0xff;
		assert_int_equal(order(&a, &b), -1);
	}
}

static void of_one_grandmaster_the_shorter_way_is_better(void **state)
{
	struct noon_ptp_message a = announce(1), b = announce(1);

	(void)state;
	a.announce.steps_removed = 255;
	b.announce.steps_removed = 256;
	a.announce.priority1 = 255; /* does not count: it is one grandmaster */
	a.h.source.clock[0] = 9;
	assert_int_equal(order(&a, &b), -1);
}

static void of_two_ways_as_long_the_smaller_identity_is_better(void **state)
{
	struct noon_ptp_message a = announce(1), b = announce(1);

	(void)state;
	a.announce.steps_removed = b.announce.steps_removed = 3;
	b.h.source.clock[0] = 1;
	assert_int_equal(order(&a, &b), -1);
	b = a;
	b.h.source.port = 2;
	assert_int_equal(order(&a, &b), -1);
	b.h.source.port = 1;
	assert_int_equal(order(&a, &b), 0);
}

static void two_announces_within_four_intervals_count(void **state)
{
	const struct noon_ptp_message m = announce(1);

	(void)state;
	assert_non_null(hear(&m, 0));
	assert_int_equal(best_at(0), 0);
	assert_non_null(hear(&m, NOON_S(4) + 1));
	assert_int_equal(best_at(NOON_S(4) + 1), 0);
	assert_non_null(hear(&m, NOON_S(8) + 1));
	assert_int_equal(best_at(NOON_S(8) + 1), 1);
}

static void one_that_fell_silent_does_not_count_for_ever(void **state)
{
	const struct noon_ptp_message m = announce(1);

	(void)state;
	assert_non_null(hear(&m, 0));
	assert_non_null(hear(&m, NOON_S(1)));
	assert_int_equal(best_at(NOON_S(8)), 1);
	assert_int_equal(best_at(NOON_S(8) + 1), 0);
}

static void any_takes_one_that_was_heard_once(void **state)
{
	const struct noon_ptp_message m = announce(1);

	(void)state;
	assert_null(noon_ptp_foreigners_best(&foreigners, true, (noon_time){0}));
	assert_non_null(hear(&m, 0));
	assert_non_null(noon_ptp_foreigners_best(&foreigners, true, (noon_time){0}));
}

static void too_many_steps_never_count(void **state)
{
	struct noon_ptp_message m = announce(1);

	(void)state;
	m.announce.steps_removed = 255;
	assert_non_null(hear(&m, 0));
	assert_non_null(hear(&m, 1));
	assert_int_equal(best_at(1), 0);
	assert_null(noon_ptp_foreigners_best(&foreigners, true, (noon_time){1}));
	m.announce.steps_removed = 254;
	assert_non_null(hear(&m, 2));
	assert_int_equal(best_at(2), 1);
}

static void best_of_those_that_count_is_chosen(void **state)
{
	struct noon_ptp_message m;

	(void)state;
	for (uint8_t id = 9; id >= 3; id--)
		for (int k = 0; k < 2; k++) {
			m = announce(id);
			assert_non_null(hear(&m, k));
		}
	m = announce(1); /* better still, but heard once */
	assert_non_null(hear(&m, 1));
	assert_int_equal(best_at(2), 3);
	assert_non_null(hear(&m, 2));
	assert_int_equal(best_at(2), 1);
	/* What it says now counts, not what it said. */
	m.announce.priority1 = 129;
	assert_non_null(hear(&m, 3));
	assert_int_equal(best_at(3), 3);
}

static void flood_of_identities_drives_out_nobody_that_counts(void **state)
{
	struct noon_ptp_message good = announce(0xff), rogue = announce(1);

	(void)state;
	assert_non_null(hear(&good, 0));
	assert_non_null(hear(&good, NOON_S(1)));
	for (unsigned i = 0; i < 100000; i++) {
		const noon_dur at = NOON_S(1) + NOON_US(10) * (noon_dur)i;

		rogue.h.source.port = (uint16_t)i;
		rogue.h.source.clock[0] = (uint8_t)(i >> 16);
		assert_non_null(hear(&rogue, at));
		assert_int_equal(best_at(at), 0xff);
	}
}

static void when_all_count_nobody_else_is_let_in(void **state)
{
	struct noon_ptp_message m;

	(void)state;
	for (int k = 0; k < 2; k++)
		for (uint8_t id = 1; id <= NOON_PTP_FOREIGN_MAX; id++) {
			m = announce(id);
			assert_non_null(hear(&m, k));
		}
	m = announce(200);
	assert_null(hear(&m, 2));
	m = announce(7);
	assert_non_null(hear(&m, 3));
}

static void of_those_that_do_not_count_the_longest_silent_makes_room(void **state)
{
	struct noon_ptp_message m;

	(void)state;
	for (uint8_t id = 1; id <= NOON_PTP_FOREIGN_MAX; id++) {
		m = announce(id);
		assert_non_null(hear(&m, 100 + id));
	}
	m = announce(200);
	assert_non_null(hear(&m, 200));
	m = announce(1); /* forgotten: begins again, in the place of the second */
	assert_non_null(hear(&m, 201));
	assert_int_equal(best_at(201), 0);
	m = announce(3);
	assert_non_null(hear(&m, 202));
	assert_int_equal(best_at(202), 3);
}

static void silent_ones_expire(void **state)
{
	struct noon_ptp_message m = announce(1);

	(void)state;
	assert_non_null(hear(&m, 0));
	noon_ptp_foreigners_expire(&foreigners, 3, (noon_time){NOON_S(3)});
	assert_true(foreigners.list[0].used);
	noon_ptp_foreigners_expire(&foreigners, 3, (noon_time){NOON_S(3) + 1});
	assert_false(foreigners.list[0].used);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(earlier_fields_decide_and_smaller_is_better),
		TEST(of_one_grandmaster_the_shorter_way_is_better),
		TEST(of_two_ways_as_long_the_smaller_identity_is_better),
		TEST(two_announces_within_four_intervals_count),
		TEST(one_that_fell_silent_does_not_count_for_ever),
		TEST(any_takes_one_that_was_heard_once),
		TEST(too_many_steps_never_count),
		TEST(best_of_those_that_count_is_chosen),
		TEST(flood_of_identities_drives_out_nobody_that_counts),
		TEST(when_all_count_nobody_else_is_let_in),
		TEST(of_those_that_do_not_count_the_longest_silent_makes_room),
		TEST(silent_ones_expire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
