/* SPDX-License-Identifier: Apache-2.0
 *
 * What people are told of a contradiction, and how often.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/report/recovery.h"

static struct noon_recovery_report jump(void)
{
	return (struct noon_recovery_report){
		.open = true,
		.cause = NOON_RECOVERY_JUMP,
		.jump = NOON_S(25),
		.agreeing = 1,
		.left = NOON_S(300),
		.age = NOON_S(5),
		.wander = 7e-6,
		.holdover = 1e-6,
	};
}

static void the_sentence_says_what_and_what_ends_it(void **state)
{
	struct noon_recovery_report r = jump();
	char text[512];

	(void)state;
	noon_recovery_text(&r, text, sizeof(text));
	assert_string_equal(text, "the local clock jumped or stood still, by +25.000000000 s, as 1 "
				  "source says; their time is taken in 300 s if that stays so, or "
				  "at once by \"noonmark accept\"");
	r.agreeing = 3;
	r.left = NOON_DUR_MAX;
	noon_recovery_text(&r, text, sizeof(text));
	assert_string_equal(text, "the local clock jumped or stood still, by +25.000000000 s, as 3 "
				  "sources agree; \"noonmark accept\" takes their time");
	r.cause = NOON_RECOVERY_SERVERS;
	noon_recovery_text(&r, text, sizeof(text));
	assert_non_null(strstr(text, "more sources are wrong than may lie"));
	r.cause = NOON_RECOVERY_WANDER;
	r.seen = 9e-6;
	noon_recovery_text(&r, text, sizeof(text));
	assert_non_null(strstr(text, "9 ppm against 7"));
	r.open = false;
	noon_recovery_text(&r, text, sizeof(text));
	assert_string_equal(text, "");
}

/* A source can change what it says with each packet: each cause is named once. */
static void each_cause_is_logged_once(void **state)
{
	struct noon_recovery_told told = {0};
	struct noon_recovery_report r = jump();

	(void)state;
	r.cause = NOON_RECOVERY_UNKNOWN;
	assert_false(noon_recovery_log(&told, &r, 7e-6));
	r.cause = NOON_RECOVERY_JUMP;
	assert_true(noon_recovery_log(&told, &r, 7e-6));
	assert_false(noon_recovery_log(&told, &r, 7e-6));
	r.cause = NOON_RECOVERY_SERVERS;
	assert_true(noon_recovery_log(&told, &r, 7e-6));
	r.cause = NOON_RECOVERY_JUMP;
	assert_false(noon_recovery_log(&told, &r, 7e-6));
	/* The next one is another one. */
	r.open = false;
	assert_false(noon_recovery_log(&told, &r, 7e-6));
	r.open = true;
	assert_true(noon_recovery_log(&told, &r, 7e-6));
}

static void the_status_has_its_figures(void **state)
{
	struct noon_recovery_report r = jump();
	json_t *o = noon_recovery_json(&r);

	(void)state;
	assert_true(json_is_true(json_object_get(o, "open")));
	assert_string_equal(json_string_value(json_object_get(o, "cause")), "jump");
	assert_float_equal(json_real_value(json_object_get(o, "jump_s")), 25, 1e-9);
	assert_float_equal(json_real_value(json_object_get(o, "ends_in_s")), 300, 1e-9);
	json_decref(o);
	r.left = NOON_DUR_MAX;
	o = noon_recovery_json(&r);
	assert_true(json_is_null(json_object_get(o, "ends_in_s")));
	json_decref(o);
	r.open = false;
	o = noon_recovery_json(&r);
	assert_true(json_is_false(json_object_get(o, "open")));
	assert_null(json_object_get(o, "cause"));
	assert_float_equal(json_real_value(json_object_get(o, "wander")), 7e-6, 1e-12);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sentence_says_what_and_what_ends_it),
		cmocka_unit_test(each_cause_is_logged_once),
		cmocka_unit_test(the_status_has_its_figures),
	};

	return cmocka_run_group_tests_name("daemon/recovery", tests, NULL, NULL);
}
