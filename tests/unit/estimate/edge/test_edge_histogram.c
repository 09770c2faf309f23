/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "estimate/edge/edge_histogram.h"

#define LAST (NOON_EDGE_HISTOGRAM_BUCKETS - 1)

static void limits_are_preferred_numbers(void **state)
{
	static const struct {
		size_t bucket;
		noon_dur limit;
	} table[] = {
		{0, NOON_US(1)},      {1, 1250},	   {3, NOON_US(2)},
		{9, NOON_US(8)},      {10, NOON_US(10)},   {15, 31500},
		{20, NOON_US(100)},   {39, NOON_US(8000)}, {40, NOON_MS(10)},
		{LAST, NOON_DUR_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(noon_edge_histogram_limit(table[i].bucket), table[i].limit);
	for (size_t i = 1; i <= LAST; i++)
		assert_true(noon_edge_histogram_limit(i) > noon_edge_histogram_limit(i - 1));
}

static void values_are_below_the_limit_of_their_bucket(void **state)
{
	static const struct {
		noon_dur d;
		size_t bucket;
	} table[] = {
		{INT64_MIN, 0},	   {-1, 0},	{0, 0},	     {999, 0},	    {1000, 1},
		{NOON_US(20), 14}, {24999, 14}, {25000, 15}, {9999999, 40}, {10000000, LAST},
		{INT64_MAX, LAST},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_edge_histogram h = {{0}};

		noon_edge_histogram_add(&h, table[i].d);
		assert_int_equal(h.count[table[i].bucket], 1);
	}
}

static void rows_leave_out_what_is_empty_at_both_ends(void **state)
{
	struct noon_edge_histogram h = {{0}};
	size_t first = 7, end = 8;

	(void)state;
	noon_edge_histogram_rows(&h, &first, &end);
	assert_int_equal(first, end);
	noon_edge_histogram_add(&h, NOON_US(100));
	noon_edge_histogram_add(&h, NOON_US(20));
	noon_edge_histogram_rows(&h, &first, &end);
	assert_int_equal(first, 14);
	assert_int_equal(end, 22);
}

static void bars_are_relative_to_the_fullest(void **state)
{
	struct noon_edge_histogram h = {{0}};

	(void)state;
	h.count[3] = 1000;
	h.count[4] = 499;
	h.count[5] = 1;
	assert_int_equal(noon_edge_histogram_bar(&h, 3, 40), 40);
	assert_int_equal(noon_edge_histogram_bar(&h, 4, 40), 19);
	assert_int_equal(noon_edge_histogram_bar(&h, 5, 40), 1);
	assert_int_equal(noon_edge_histogram_bar(&h, 6, 40), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_preferred_numbers),
		cmocka_unit_test(values_are_below_the_limit_of_their_bucket),
		cmocka_unit_test(rows_leave_out_what_is_empty_at_both_ends),
		cmocka_unit_test(bars_are_relative_to_the_fullest),
	};

	return cmocka_run_group_tests_name("estimate/edge_histogram", tests, NULL, NULL);
}
