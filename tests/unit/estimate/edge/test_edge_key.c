/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "estimate/edge/edge_key.h"

static void sizes_have_classes(void **state)
{
	static const struct {
		size_t bytes;
		uint8_t class;
	} table[] = {
		{0, 0},	  {44, 0},   {128, 0},	{129, 1},  {256, 1},	  {257, 2},
		{512, 2}, {1000, 3}, {1024, 3}, {1025, 4}, {SIZE_MAX, 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(noon_edge_size_class(table[i].bytes), table[i].class);
}

static void gaps_have_classes(void **state)
{
	static const struct {
		noon_dur gap;
		uint8_t class;
	} table[] = {
		{INT64_MIN, 0},	   {0, 0},
		{690534, 0},	   {690535, 1},
		{NOON_MS(1), 1},   {NOON_MS(3), 2},
		{NOON_MS(8), 2},   {NOON_MS(16), 3},
		{NOON_MS(125), 4}, {NOON_MS(250), 5},
		{NOON_MS(500), 5}, {NOON_S(1), 6},
		{NOON_DUR_MAX, 6},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_int_equal(noon_edge_gap_class(table[i].gap), table[i].class);
}

/* A tenth of jitter on each message interval of PTP from 1/1024 s to 16 s. */
static void jitter_does_not_change_the_class_of_a_rate(void **state)
{
	(void)state;
	for (int k = -10; k <= 4; k++) {
		const noon_dur gap = k < 0 ? NOON_NS_PER_SEC >> -k : NOON_NS_PER_SEC << k;

		assert_int_equal(noon_edge_gap_class(gap - gap / 10), noon_edge_gap_class(gap));
		assert_int_equal(noon_edge_gap_class(gap + gap / 10), noon_edge_gap_class(gap));
	}
}

static void every_field_makes_another_key(void **state)
{
	static const struct noon_edge_key base = {NOON_EDGE_EGRESS, 1, 2, 3, 4, 5};
	static const struct {
		struct noon_edge_key key;
		unsigned differs;
		bool same;
	} table[] = {
		{{NOON_EDGE_EGRESS, 1, 2, 3, 4, 5}, 0, true},
		{{NOON_EDGE_INGRESS, 1, 2, 3, 4, 5}, 0, false},
		{{NOON_EDGE_EGRESS, 9, 2, 3, 4, 5}, NOON_EDGE_DIFFERS_MESSAGE, false},
		{{NOON_EDGE_EGRESS, 1, 9, 3, 4, 5}, NOON_EDGE_DIFFERS_SIZE, false},
		{{NOON_EDGE_EGRESS, 1, 2, 9, 4, 5}, NOON_EDGE_DIFFERS_GAP, false},
		{{NOON_EDGE_EGRESS, 1, 2, 3, 9, 5}, NOON_EDGE_DIFFERS_CIPHER, false},
		{{NOON_EDGE_EGRESS, 1, 2, 3, 4, 9}, NOON_EDGE_DIFFERS_ASSOCIATION, false},
		{{NOON_EDGE_EGRESS, 9, 9, 9, 9, 9}, (1U << NOON_EDGE_DIFFERENCES) - 1, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(noon_edge_key_difference(&base, &table[i].key), table[i].differs);
		assert_int_equal(noon_edge_key_is_same(&base, &table[i].key), table[i].same);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_have_classes),
		cmocka_unit_test(gaps_have_classes),
		cmocka_unit_test(jitter_does_not_change_the_class_of_a_rate),
		cmocka_unit_test(every_field_makes_another_key),
	};

	return cmocka_run_group_tests_name("estimate/edge_key", tests, NULL, NULL);
}
