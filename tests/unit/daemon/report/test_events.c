/* SPDX-License-Identifier: Apache-2.0
 *
 * The ring of events, and how `status` shows them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/report/events.h"

static const char *word(json_t *list, size_t i, const char *key)
{
	return json_string_value(json_object_get(json_array_get(list, i), key));
}

static void the_last_ones_are_kept_in_order(void **state)
{
	static const enum noon_state states[] = {NOON_STATE_OK, NOON_STATE_HOLDOVER,
						 NOON_STATE_ALARM};
	struct noon_events *e = calloc(1, sizeof(*e));
	json_t *list;

	(void)state;
	assert_non_null(e);
	list = noon_events_json(e);
	assert_int_equal(json_array_size(list), 0);
	json_decref(list);
	for (size_t i = 0; i < NOON_EVENTS_MAX + 4; i++)
		noon_events_add_state(e, states[i % 3]);
	list = noon_events_json(e);
	assert_int_equal(json_array_size(list), NOON_EVENTS_MAX);
	/* The fifth one ever is the oldest. */
	for (size_t i = 0; i < NOON_EVENTS_MAX; i++) {
		assert_string_equal(word(list, i, "event"), "state");
		assert_string_equal(word(list, i, "state"), noon_state_word(states[(i + 4) % 3]));
	}
	json_decref(list);
	free(e);
}

static void a_finding_has_its_numbers(void **state)
{
	const struct noon_finding bound = {
		.kind = NOON_FINDING_BOUND_LIMIT, .value = NOON_MS(3), .threshold = NOON_MS(1)};
	const struct noon_finding delayed = {
		.kind = NOON_FINDING_DELAYED,
		.value = NOON_US(40),
		.evidence = {.statistic = "mean", .value = 2.5, .limit = 1.5, .samples = 100}};
	struct noon_events *e = calloc(1, sizeof(*e));
	json_t *list;
	json_t *o;

	(void)state;
	assert_non_null(e);
	noon_events_add_finding(e, &bound, "-");
	noon_events_add_finding(e, &delayed, "ntp1.example.net");
	list = noon_events_json(e);
	o = json_array_get(list, 0);
	assert_string_equal(word(list, 0, "finding"), "bound-limit");
	assert_string_equal(word(list, 0, "source"), "-");
	assert_float_equal(json_real_value(json_object_get(o, "value_s")), 3e-3, 1e-12);
	assert_float_equal(json_real_value(json_object_get(o, "threshold_s")), 1e-3, 1e-12);
	assert_null(json_object_get(o, "statistic"));
	o = json_array_get(list, 1);
	assert_string_equal(word(list, 1, "finding"), "delayed");
	assert_string_equal(word(list, 1, "source"), "ntp1.example.net");
	assert_string_equal(word(list, 1, "statistic"), "mean");
	assert_float_equal(json_real_value(json_object_get(o, "statistic_limit")), 1.5, 1e-12);
	assert_int_equal(json_integer_value(json_object_get(o, "samples")), 100);
	json_decref(list);
	free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_ones_are_kept_in_order),
		cmocka_unit_test(a_finding_has_its_numbers),
	};

	return cmocka_run_group_tests_name("daemon/events", tests, NULL, NULL);
}
