/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/ntp/rate_limit.h"

static struct noon_rate_limit r;
static struct noon_rng rng;

static int reset(void **state)
{
	(void)state;
	rng = noon_rng_seeded(9);
	noon_rate_limit_init(&r, &rng, 2, 5);
	return 0;
}

static enum noon_rate_verdict ask(uint32_t addr, double at_s)
{
	return noon_rate_limit_ask(&r, noon_bytes_of(&addr, sizeof(addr)),
				   (noon_time){noon_dur_from_s(at_s)});
}

static void a_burst_passes_and_then_the_rate(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(ask(1, 100), NOON_RATE_PASS);
	assert_int_equal(ask(1, 100), NOON_RATE_TELL);
	assert_int_equal(ask(1, 100.4), NOON_RATE_DROP);
	assert_int_equal(ask(1, 100.501), NOON_RATE_PASS);
	assert_int_equal(ask(1, 100.502), NOON_RATE_TELL); /* a new series */
	for (int i = 0; i < 10; i++)
		assert_int_equal(ask(1, 102 + i), NOON_RATE_PASS);
}

static void a_long_silence_fills_the_bucket_but_not_more(void **state)
{
	int passed = 0;

	(void)state;
	(void)ask(1, 0);
	for (int i = 0; i < 100; i++)
		passed += ask(1, 1e9) == NOON_RATE_PASS;
	assert_int_equal(passed, 5);
}

static void one_in_sixteen_is_told(void **state)
{
	int told = 0;

	(void)state;
	for (int i = 0; i < 5 + 160; i++)
		told += ask(1, 50) == NOON_RATE_TELL;
	assert_int_equal(told, 10);
}

static void the_rate_holds_over_time(void **state)
{
	int passed = 0;

	(void)state;
	for (int i = 0; i < 100000; i++)
		passed += ask(1, 10 + i * 0.001) == NOON_RATE_PASS;
	assert_in_range(passed, 200 + 3, 200 + 6); /* 100 s at 2 a second, and the burst */
}

static void addresses_do_not_disturb_each_other(void **state)
{
	int passed = 0;

	(void)state;
	for (uint32_t i = 0; i < 50; i++)
		for (int j = 0; j < 5; j++)
			passed += ask(i, 100) == NOON_RATE_PASS;
	assert_int_equal(passed, 250);
}

static void no_limit_lets_everything_pass(void **state)
{
	(void)state;
	noon_rate_limit_init(&r, &rng, 0, 1);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(ask(1, 1), NOON_RATE_PASS);
}

static void a_clock_that_goes_back_gives_nothing_away(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(ask(1, 1000), NOON_RATE_PASS);
	for (int i = 0; i < 20; i++)
		assert_int_not_equal(ask(1, 500), NOON_RATE_PASS);
	assert_int_equal(ask(1, 1001), NOON_RATE_PASS);
}

static void addresses_of_any_length_are_hashed(void **state)
{
	uint8_t addr[40] = {0};

	(void)state;
	for (size_t n = 0; n <= sizeof(addr); n++)
		for (int i = 0; i < 5; i++)
			assert_int_equal(noon_rate_limit_ask(&r, noon_bytes_of(addr, n),
							     (noon_time){NOON_S(9)}),
					 NOON_RATE_PASS);
}

#define TEST(f) cmocka_unit_test_setup(f, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_burst_passes_and_then_the_rate),
		TEST(a_long_silence_fills_the_bucket_but_not_more),
		TEST(one_in_sixteen_is_told),
		TEST(the_rate_holds_over_time),
		TEST(addresses_do_not_disturb_each_other),
		TEST(no_limit_lets_everything_pass),
		TEST(a_clock_that_goes_back_gives_nothing_away),
		TEST(addresses_of_any_length_are_hashed),
	};

	return cmocka_run_group_tests_name("proto/rate_limit", tests, NULL, NULL);
}
