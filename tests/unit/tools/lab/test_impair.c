/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/lab/impair.h"

static const noon_time start = {INT64_C(1000000000000)};

static struct noon_impair parsed(const char *spec)
{
	struct noon_impair im = {0};
	const char *bad;

	assert_int_equal(noon_impair_parse(&im, spec, start, &bad), NOON_OK);
	return im;
}

static void reads_every_key_and_keeps_the_others(void **state)
{
	struct noon_impair im = parsed("delay=10ms,jitter=1ms,loss=0.25,ramp=100us/s,"
				       "long-delay=5ms,long-bytes=100,reorder=0.5");
	const char *bad;

	(void)state;
	assert_true(im.delay == NOON_MS(10));
	assert_true(im.jitter == NOON_MS(1));
	assert_true(fabs(im.loss - 0.25) < 1e-12);
	assert_true(fabs(im.ramp - 100e-6) < 1e-12);
	assert_int_equal(im.long_bytes, 100);
	assert_int_equal(noon_impair_parse(&im, "delay=20ms", start, &bad), NOON_OK);
	assert_true(im.delay == NOON_MS(20));
	assert_true(im.jitter == NOON_MS(1));
	assert_int_equal(noon_impair_parse(&im, "clear,loss=1", start, &bad), NOON_OK);
	assert_true(im.delay == 0 && im.jitter == 0);
}

static void changes_nothing_when_a_part_is_wrong(void **state)
{
	static const char *const bad_specs[] = {
		"delay",	 "delay=",   "delay=-1ms", "loss=2",	       "loss=-0.1",
		"loss=nan",	 "ramp=1us", "x=1",	   "delay=1ms,loss=x", "long-bytes=x",
		"long-bytes=-1", "loss=0x1",
	};
	struct noon_impair im = parsed("delay=10ms");

	(void)state;
	for (size_t i = 0; i < sizeof(bad_specs) / sizeof(bad_specs[0]); i++) {
		const char *bad = NULL;

		assert_int_equal(noon_impair_parse(&im, bad_specs[i], start, &bad),
				 NOON_ERR_FORMAT);
		assert_non_null(bad);
		assert_true(im.delay == NOON_MS(10));
		assert_true(fabs(im.loss) < 1e-12);
	}
}

static void draws_what_was_ordered(void **state)
{
	const struct noon_impair im = parsed("delay=1ms,jitter=2ms,loss=0.25,duplicate=0.5");
	struct noon_rng rng = noon_rng_seeded(3);
	const int n = 20000;
	double sum = 0;
	int lost = 0;
	int twice = 0;

	(void)state;
	for (int i = 0; i < n; i++) {
		const struct noon_fate f = noon_impair_draw(&im, &rng, start, 48);

		assert_true(f.delay >= NOON_MS(1));
		assert_false(f.replay || f.truncate || f.flip);
		sum += noon_dur_to_s(f.delay);
		lost += f.drop;
		twice += f.duplicate;
	}
	assert_true(fabs(sum / n - 3e-3) < 1e-4);
	assert_true(abs(lost - n / 4) < n / 50);
	assert_true(abs(twice - n / 2) < n / 50);
}

static void ramps_from_the_moment_they_are_set(void **state)
{
	const struct noon_impair im = parsed("ramp=1ms/s");
	struct noon_rng rng = noon_rng_seeded(3);

	(void)state;
	assert_true(noon_impair_draw(&im, &rng, start, 48).delay == 0);
	assert_true(noon_impair_draw(&im, &rng, noon_time_add(start, NOON_S(5)), 48).delay ==
		    NOON_MS(5));
}

static void holds_long_packets_only(void **state)
{
	const struct noon_impair im = parsed("long-delay=5ms,long-bytes=100");
	struct noon_rng rng = noon_rng_seeded(3);

	(void)state;
	assert_true(noon_impair_draw(&im, &rng, start, 48).delay == 0);
	assert_true(noon_impair_draw(&im, &rng, start, 228).delay == NOON_MS(5));
}

static void holds_short_packets_only(void **state)
{
	const struct noon_impair im = parsed("short-delay=5ms,short-bytes=100");
	struct noon_rng rng = noon_rng_seeded(3);

	(void)state;
	assert_true(noon_impair_draw(&im, &rng, start, 100).delay == NOON_MS(5));
	assert_true(noon_impair_draw(&im, &rng, start, 101).delay == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_key_and_keeps_the_others),
		cmocka_unit_test(changes_nothing_when_a_part_is_wrong),
		cmocka_unit_test(draws_what_was_ordered),
		cmocka_unit_test(ramps_from_the_moment_they_are_set),
		cmocka_unit_test(holds_long_packets_only),
		cmocka_unit_test(holds_short_packets_only),
	};

	return cmocka_run_group_tests_name("tools/impair", tests, NULL, NULL);
}
