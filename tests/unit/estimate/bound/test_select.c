/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "estimate/bound/select.h"

static void known_ballots(void **state)
{
	static const struct {
		struct noon_interval iv[5];
		size_t n, f;
		noon_err err;
		struct noon_interval ret;
		uint32_t out;
	} row[] = {
		{{{1, 5}}, 1, 0, NOON_OK, {1, 5}, 0},
		{{{1, 5}, {3, 9}}, 2, 0, NOON_OK, {3, 5}, 0},
		{{{1, 5}, {5, 9}}, 2, 0, NOON_OK, {5, 5}, 0}, /* closed */
		{{{1, 5}, {6, 9}}, 2, 0, NOON_ERR_EMPTY, {0, 0}, 0},
		/* Fewer than 2f + 1: more than f agree, and any of them may be the honest one. */
		{{{1, 5}}, 1, 1, NOON_ERR_RANGE, {0, 0}, 0},
		{{{1, 5}, {3, 9}}, 2, 1, NOON_OK, {1, 9}, 0},
		{{{1, 5}, {6, 9}}, 2, 1, NOON_ERR_EMPTY, {0, 0}, 0},
		{{{1, 5}, {3, 9}}, 2, 2, NOON_ERR_RANGE, {0, 0}, 0},
		{{{0, 4}, {3, 7}, {3, 9}}, 3, 2, NOON_OK, {0, 9}, 0},
		{{{0, 4}, {3, 7}, {5, 9}}, 3, 2, NOON_ERR_EMPTY, {0, 0}, 0},
		{{{0, 4}, {3, 7}, {2, 9}, {20, 30}}, 4, 2, NOON_OK, {2, 7}, 8},
		{{{0, 4}, {3, 7}, {20, 24}, {23, 30}}, 4, 2, NOON_ERR_EMPTY, {0, 0}, 0},
		/* Marzullo's example */
		{{{8, 12}, {11, 13}, {10, 12}}, 3, 0, NOON_OK, {11, 12}, 0},
		{{{8, 12}, {11, 13}, {14, 15}}, 3, 1, NOON_OK, {11, 12}, 4},
		{{{8, 9}, {8, 12}, {10, 12}}, 3, 1, NOON_OK, {8, 12}, 0}, /* hull over a gap */
		{{{1, 2}, {3, 4}, {5, 6}}, 3, 1, NOON_ERR_EMPTY, {0, 0}, 0},
		{{{0, 9}, {1, 9}, {2, 9}, {50, 60}, {-60, -50}}, 5, 2, NOON_OK, {2, 9}, 24},
		/* In the gap of the hull: touches no point that three cover. */
		{{{0, 10}, {0, 2}, {8, 10}, {4, 5}, {1, 9}}, 5, 2, NOON_OK, {1, 9}, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct noon_interval got = {-7, -7};
		uint32_t out = 77;

		assert_int_equal(noon_select(row[i].iv, row[i].n, row[i].f, &got, &out),
				 row[i].err);
		if (row[i].err) {
			assert_int_equal(got.lo, -7);
			assert_int_equal(out, 77);
			continue;
		}
		assert_int_equal(got.lo, row[i].ret.lo);
		assert_int_equal(got.hi, row[i].ret.hi);
		assert_int_equal(out, row[i].out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(known_ballots)};

	return cmocka_run_group_tests_name("estimate/select", tests, NULL, NULL);
}
