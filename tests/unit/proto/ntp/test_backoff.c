/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/ntp/backoff.h"

static double wait_s(const struct noon_backoff *b, noon_time now)
{
	return noon_dur_to_s(noon_time_diff(b->next, now));
}

static void waits_grow_by_half_from_ten_seconds_to_five_days(void **state)
{
	static const double expected_s[] = {10,	     15,      22.5,    33.75,  50.625,
					    75.9375, 113.906, 170.859, 256.289};
	struct noon_rng rng = noon_rng_seeded(4);
	struct noon_backoff b = {0};
	noon_time now = {NOON_S(5)};

	(void)state;
	for (size_t i = 0; i < sizeof(expected_s) / sizeof(expected_s[0]); i++) {
		noon_backoff_attempt(&b, &rng, now);
		assert_true(wait_s(&b, now) >= expected_s[i] * 0.99999);
		assert_true(wait_s(&b, now) <= expected_s[i] * 1.10001);
		now = b.next;
	}
	for (int i = 0; i < 1000; i++) {
		noon_backoff_attempt(&b, &rng, now);
		assert_true(wait_s(&b, now) <= 432000 * 1.10001);
		now = noon_time_add(now, NOON_S(1));
	}
	assert_true(wait_s(&b, now) >= 431998);
}

static void success_brings_the_minimum_back(void **state)
{
	struct noon_rng rng = noon_rng_seeded(5);
	struct noon_backoff b = {0};
	const noon_time now = {NOON_S(1000)};

	(void)state;
	for (int i = 0; i < 40; i++)
		noon_backoff_attempt(&b, &rng, now);
	assert_true(wait_s(&b, now) > 400000);
	noon_backoff_success(&b);
	assert_int_equal(b.next.ns, now.ns + NOON_BACKOFF_MIN);
	noon_backoff_success(&b); /* once more changes nothing */
	assert_int_equal(b.next.ns, now.ns + NOON_BACKOFF_MIN);
	noon_backoff_attempt(&b, &rng, now);
	assert_true(wait_s(&b, now) >= 10 && wait_s(&b, now) <= 11.001);
}

static void success_without_an_attempt_changes_nothing(void **state)
{
	struct noon_backoff b = {.next = {77}};

	(void)state;
	noon_backoff_success(&b);
	assert_int_equal(b.next.ns, 77);
}

static void waits_differ_between_clients(void **state)
{
	struct noon_rng rng = noon_rng_seeded(6);
	double least = 1e9, most = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct noon_backoff b = {0};
		double s;

		noon_backoff_attempt(&b, &rng, (noon_time){0});
		s = wait_s(&b, (noon_time){0});
		least = s < least ? s : least;
		most = s > most ? s : most;
	}
	assert_true(least >= 10 && least < 10.05 && most > 10.95 && most <= 11);
}

static void the_end_of_time_is_no_trap(void **state)
{
	struct noon_rng rng = noon_rng_seeded(7);
	struct noon_backoff b = {0};

	(void)state;
	noon_backoff_attempt(&b, &rng, NOON_TIME_NEVER);
	assert_true(noon_time_is_never(b.next));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_grow_by_half_from_ten_seconds_to_five_days),
		cmocka_unit_test(success_brings_the_minimum_back),
		cmocka_unit_test(success_without_an_attempt_changes_nothing),
		cmocka_unit_test(waits_differ_between_clients),
		cmocka_unit_test(the_end_of_time_is_no_trap),
	};

	return cmocka_run_group_tests_name("proto/backoff", tests, NULL, NULL);
}
