/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/histogram.h"
#include "base/rng.h"

static struct noon_histogram h;

static int empty(void **state)
{
	(void)state;
	memset(&h, 0, sizeof(h));
	return 0;
}

static void is_zero_when_empty(void **state)
{
	(void)state;
	assert_int_equal(noon_histogram_quantile(&h, 0.5), 0);
	assert_int_equal(noon_histogram_quantile(&h, 1), 0);
}

static void keeps_small_values_exactly(void **state)
{
	(void)state;
	for (noon_dur d = 1; d <= 100; d++)
		noon_histogram_add(&h, d);
	assert_int_equal(noon_histogram_quantile(&h, 0.5), 50);
	assert_int_equal(noon_histogram_quantile(&h, 0.9), 90);
	assert_int_equal(noon_histogram_quantile(&h, 0.99), 99);
	assert_int_equal(noon_histogram_quantile(&h, 0.999), 100);
	assert_int_equal(noon_histogram_quantile(&h, 0), 1);
	assert_int_equal(noon_histogram_quantile(&h, 1), 100);
}

static void knows_the_edges_of_buckets(void **state)
{
	(void)state;
	/* 128 and 129 share the first bucket of two; 130 begins the next. */
	noon_histogram_add(&h, 128);
	noon_histogram_add(&h, 130);
	assert_int_equal(noon_histogram_quantile(&h, 0.5), 129);
	/* 1000000 lies in the bucket of 2^13 from 999424. */
	for (int i = 0; i < 10; i++)
		noon_histogram_add(&h, 1000000);
	noon_histogram_add(&h, 5000000);
	assert_int_equal(noon_histogram_quantile(&h, 0.5), 999424 + 8192 - 1);
	assert_int_equal(noon_histogram_quantile(&h, 1), 5000000);
}

static void is_never_more_than_a_64th_above(void **state)
{
	struct noon_rng rng = noon_rng_seeded(1);

	(void)state;
	for (int i = 0; i < 20000; i++) {
		const noon_dur d = (noon_dur)(noon_rng_u64(&rng) >> (24 + i % 40));
		noon_dur got;

		/* The second value keeps the maximum out of the way. */
		h.n = 0;
		noon_histogram_add(&h, d);
		noon_histogram_add(&h, NOON_HISTOGRAM_MAX);
		got = noon_histogram_quantile(&h, 0.5);
		assert_true(got >= d);
		assert_true((got - d) * 64 <= d);
		memset(&h, 0, sizeof(h));
	}
}

static void takes_what_is_out_of_range(void **state)
{
	(void)state;
	noon_histogram_add(&h, -5);
	noon_histogram_add(&h, INT64_MAX);
	assert_int_equal(h.n, 2);
	assert_int_equal(noon_histogram_quantile(&h, 0.5), 0);
	assert_int_equal(noon_histogram_quantile(&h, 1), NOON_HISTOGRAM_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(is_zero_when_empty, empty),
		cmocka_unit_test_setup(keeps_small_values_exactly, empty),
		cmocka_unit_test_setup(knows_the_edges_of_buckets, empty),
		cmocka_unit_test_setup(is_never_more_than_a_64th_above, empty),
		cmocka_unit_test_setup(takes_what_is_out_of_range, empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
