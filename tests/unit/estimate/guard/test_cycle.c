/* SPDX-License-Identifier: Apache-2.0
 *
 * Two paths to one clock: what changes, on which of them, and which way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "estimate/guard/cycle.h"

#define LIMIT	 NOON_US(5)
#define INTERVAL NOON_MS(125)
#define DRIFT	 100 /* ppm of the local clock */
#define START	 INT64_C(1700000000000000000)

static struct noon_cycle c;
static noon_time h;
static noon_dur sync_way[2], request_way[2]; /* delays of either path */
static bool news;

static int setup(void **state)
{
	(void)state;
	noon_cycle_init(&c, LIMIT);
	h = (noon_time){NOON_S(50)};
	sync_way[0] = request_way[0] = NOON_US(100);
	sync_way[1] = NOON_US(300);
	request_way[1] = NOON_US(340); /* an asymmetry that was always there */
	return 0;
}

static void exchange(unsigned path, unsigned i)
{
	/* Some 100 ns of noise that repeats itself. */
	const noon_dur noise = (noon_dur)(i * 37 % 7 * 30) - 90;
	const struct noon_cycle_point p = {
		.h = h,
		.theta = START + h.ns / 1000000 * DRIFT + (request_way[path] - sync_way[path]) / 2 +
			 noise,
		.rtt = request_way[path] + sync_way[path] + noise,
	};

	news = noon_cycle_take(&c, path, &p);
}

static void run(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		exchange(0, i);
		h = noon_time_add(h, INTERVAL / 3);
		exchange(1, i + 3);
		h = noon_time_add(h, INTERVAL - INTERVAL / 3);
	}
}

static void learn(void)
{
	run(NOON_CYCLE_LEARN + 1);
	assert_false(c.verdict.is_learned);
	run(NOON_CYCLE_WINDOW);
	assert_true(c.verdict.is_learned && !c.verdict.alarm);
}

static void a_clock_that_drifts_and_an_old_asymmetry_are_nothing(void **state)
{
	(void)state;
	learn();
	run(500);
	assert_true(noon_dur_abs(c.verdict.asymmetry) < 100);
	assert_true(noon_dur_abs(c.verdict.rtt[0]) < 100 && noon_dur_abs(c.verdict.rtt[1]) < 100);
	assert_int_equal(c.verdict.limit, LIMIT);
	assert_int_equal(c.verdict.path, -1);
	assert_int_equal(c.verdict.leg, NOON_CYCLE_LEG_UNKNOWN);
}

/* What passed between the exchanges of a pair is not in their difference. */
static void a_drift_drops_out_of_irregular_exchanges(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NOON_CYCLE_LEARN + NOON_CYCLE_WINDOW + 20; i++) {
		exchange(0, i);
		h = noon_time_add(h, NOON_MS(1 + i * 29 % 97));
		exchange(1, i + 3);
		h = noon_time_add(h, NOON_MS(1 + i * 13 % 53));
	}
	assert_true(c.verdict.is_learned);
	assert_true(noon_dur_abs(c.verdict.asymmetry) < 200);
	assert_int_equal(c.verdict.limit, LIMIT);
	assert_true(c.difference.mad < 200);
}

static void check_found(noon_dur asymmetry, int path, enum noon_cycle_leg leg)
{
	assert_true(c.verdict.alarm);
	assert_true(noon_dur_abs(c.verdict.asymmetry - asymmetry) < 200);
	assert_int_equal(c.verdict.path, path);
	assert_int_equal(c.verdict.leg, leg);
}

/* 12 us on one way: half of it is asymmetry, all of it round trip. */
static void each_way_of_each_path_is_told(void **state)
{
	noon_dur *const ways[] = {&request_way[0], &sync_way[0], &request_way[1], &sync_way[1]};
	const int sign[] = {1, -1, -1, 1};

	for (int i = 0; i < 4; i++) {
		(void)setup(state);
		learn();
		*ways[i] += NOON_US(12);
		run(NOON_CYCLE_WINDOW);
		check_found(sign[i] * NOON_US(6), i / 2,
			    i % 2 ? NOON_CYCLE_LEG_SYNC : NOON_CYCLE_LEG_REQUEST);
		*ways[i] -= NOON_US(12);
		run(NOON_CYCLE_WINDOW);
		assert_false(c.verdict.alarm);
	}
}

static void both_ways_alike_are_no_asymmetry(void **state)
{
	(void)state;
	learn();
	request_way[0] += NOON_US(50);
	sync_way[0] += NOON_US(50);
	run(NOON_CYCLE_WINDOW);
	assert_false(c.verdict.alarm);
	assert_true(c.verdict.rtt[0] > NOON_US(99));
	assert_int_equal(c.verdict.path, 0);
}

static void where_both_paths_grew_the_path_is_not_known(void **state)
{
	(void)state;
	learn();
	request_way[0] += NOON_US(40);
	sync_way[1] += NOON_US(40);
	run(NOON_CYCLE_WINDOW);
	check_found(NOON_US(40), -1, NOON_CYCLE_LEG_UNKNOWN);
	/* The same on the same way of both: the difference says nothing. */
	sync_way[1] -= NOON_US(40);
	request_way[1] += NOON_US(40);
	run(NOON_CYCLE_WINDOW);
	assert_false(c.verdict.alarm);
}

static void the_alarm_ends_at_half_of_its_limit(void **state)
{
	(void)state;
	learn();
	request_way[0] += NOON_US(12);
	run(NOON_CYCLE_WINDOW);
	assert_true(c.verdict.alarm);
	request_way[0] -= NOON_US(5); /* 3.5 us left */
	run(NOON_CYCLE_WINDOW);
	assert_true(c.verdict.alarm);
	request_way[0] -= NOON_US(4); /* 1.5 us left */
	run(NOON_CYCLE_WINDOW);
	assert_false(c.verdict.alarm);
}

static void exchanges_apart_are_no_pair(void **state)
{
	const uint64_t before = 3;

	(void)state;
	run(4);
	assert_int_equal(c.n_pairs, before);
	/* Nothing of the second path between two of the first. */
	exchange(0, 1);
	h = noon_time_add(h, INTERVAL);
	exchange(0, 2);
	assert_int_equal(c.n_pairs, before + 1);
	/* A line over a longer gap is a guess. */
	h = noon_time_add(h, NOON_S(3));
	exchange(1, 1);
	h = noon_time_add(h, NOON_S(3));
	exchange(0, 3);
	assert_int_equal(c.n_pairs, before + 1);
}

static void a_reset_learns_again(void **state)
{
	(void)state;
	learn();
	request_way[0] += NOON_US(12);
	run(NOON_CYCLE_WINDOW);
	assert_true(c.verdict.alarm);
	noon_cycle_reset(&c);
	assert_false(c.verdict.is_learned || c.verdict.alarm);
	assert_true(c.limit == LIMIT);
	learn();
	assert_true(noon_dur_abs(c.verdict.asymmetry) < 100);
}

static void a_noisy_pair_has_a_wider_limit(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NOON_CYCLE_LEARN + NOON_CYCLE_WINDOW + 1; i++) {
		sync_way[0] = NOON_US(100) + (noon_dur)(i * 31 % 11) * NOON_US(20);
		run(1);
	}
	assert_true(c.verdict.is_learned);
	assert_true(c.verdict.limit > NOON_US(20));
	assert_false(c.verdict.alarm);
}

static void words(void **state)
{
	(void)state;
	assert_string_equal(noon_cycle_leg_word(NOON_CYCLE_LEG_UNKNOWN), "unknown");
	assert_string_equal(noon_cycle_leg_word(NOON_CYCLE_LEG_SYNC), "sync");
	assert_string_equal(noon_cycle_leg_word(NOON_CYCLE_LEG_REQUEST), "request");
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_clock_that_drifts_and_an_old_asymmetry_are_nothing),
		TEST(a_drift_drops_out_of_irregular_exchanges),
		TEST(each_way_of_each_path_is_told),
		TEST(both_ways_alike_are_no_asymmetry),
		TEST(where_both_paths_grew_the_path_is_not_known),
		TEST(the_alarm_ends_at_half_of_its_limit),
		TEST(exchanges_apart_are_no_pair),
		TEST(a_reset_learns_again),
		TEST(a_noisy_pair_has_a_wider_limit),
		TEST(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
