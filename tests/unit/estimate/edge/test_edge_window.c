/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "estimate/edge/edge_window.h"

static struct noon_edge_window w;

static void fill(size_t size, const noon_dur *v, size_t n)
{
	noon_edge_window_init(&w, size);
	for (size_t i = 0; i < n; i++)
		noon_edge_window_add(&w, v[i]);
}

static void known_answers(void **state)
{
	static const struct {
		size_t n;
		noon_dur v[6];
		noon_dur median, mad, outer_1, outer_2;
	} table[] = {
		{2, {5, 8}, 6, 2, 8, 5},
		{3, {30, 10, 20}, 20, 10, 30, 20},
		{4, {1, 2, 3, 100}, 2, 1, 100, 3},
		{5, {7, 7, 7, 7, 7}, 7, 0, 7, 7},
		{5, {-50, -1, 0, 1, 2}, 0, 1, 50, 2},
		{6, {-9, -8, -7, 10, 11, 12}, 1, 10, 12, 11},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		fill(16, table[i].v, table[i].n);
		assert_int_equal(noon_edge_window_median(&w), table[i].median);
		assert_int_equal(noon_edge_window_mad(&w), table[i].mad);
		assert_int_equal(noon_edge_window_outer(&w, 1), table[i].outer_1);
		assert_int_equal(noon_edge_window_outer(&w, 2), table[i].outer_2);
	}
}

static void one_value_is_its_own_median(void **state)
{
	const noon_dur v[] = {-3};

	(void)state;
	fill(1, v, 1);
	assert_int_equal(noon_edge_window_median(&w), -3);
	assert_int_equal(noon_edge_window_mad(&w), 0);
	assert_int_equal(noon_edge_window_outer(&w, 1), 3);
}

static void full_window_drops_the_oldest(void **state)
{
	const noon_dur v[] = {100, 1, 2, 3, 4};

	(void)state;
	fill(4, v, 5);
	assert_int_equal(w.n, 4);
	assert_int_equal(noon_edge_window_rank(&w, 1), 1);
	assert_int_equal(noon_edge_window_rank(&w, 4), 4);
}

static void holds_the_largest_values(void **state)
{
	const noon_dur v[] = {NOON_EDGE_WINDOW_VALUE_MAX, -NOON_EDGE_WINDOW_VALUE_MAX};

	(void)state;
	fill(2, v, 2);
	assert_int_equal(noon_edge_window_median(&w), 0);
	assert_int_equal(noon_edge_window_mad(&w), NOON_EDGE_WINDOW_VALUE_MAX);
	assert_int_equal(noon_edge_window_outer(&w, 2), NOON_EDGE_WINDOW_VALUE_MAX);
}

/* ---- against sorting ---- */

static int ascending(const void *a, const void *b)
{
	const noon_dur x = *(const noon_dur *)a, y = *(const noon_dur *)b;

	return (x > y) - (x < y);
}

static void check_against_sorting(const noon_dur *recent, size_t n)
{
	static noon_dur v[NOON_EDGE_WINDOW_MAX], d[NOON_EDGE_WINDOW_MAX], a[NOON_EDGE_WINDOW_MAX];

	for (size_t i = 0; i < n; i++) {
		v[i] = recent[i];
		d[i] = llabs(v[i] - noon_edge_window_median(&w));
		a[i] = llabs(v[i]);
	}
	qsort(v, n, sizeof(v[0]), ascending);
	qsort(d, n, sizeof(d[0]), ascending);
	qsort(a, n, sizeof(a[0]), ascending);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(noon_edge_window_rank(&w, i + 1), v[i]);
		assert_int_equal(noon_edge_window_outer(&w, n - i), a[i]);
	}
	assert_int_equal(noon_edge_window_mad(&w), d[n / 2]);
}

static void order_statistics_are_those_of_sorting(void **state)
{
	static noon_dur all[1000];
	struct noon_rng rng = noon_rng_seeded(7);

	(void)state;
	for (size_t size = 1; size <= 40; size += 13) {
		noon_edge_window_init(&w, size);
		for (size_t i = 0; i < 1000; i++) {
			/* Few different values, so that many are equal. */
			all[i] = (noon_dur)(noon_rng_u64(&rng) % 41) - 20;
			noon_edge_window_add(&w, all[i]);
			assert_int_equal(w.n, i + 1 < size ? i + 1 : size);
			check_against_sorting(&all[i + 1 - w.n], w.n);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(one_value_is_its_own_median),
		cmocka_unit_test(full_window_drops_the_oldest),
		cmocka_unit_test(holds_the_largest_values),
		cmocka_unit_test(order_statistics_are_those_of_sorting),
	};

	return cmocka_run_group_tests_name("estimate/edge_window", tests, NULL, NULL);
}
