/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check/client/client_script.h"

#define SILENCE (NOON_CHECK_CLIENT_NAKS_FROM + NOON_CHECK_CLIENT_NAKS + NOON_CHECK_CLIENT_LAST_GOOD)

static void every_step_is_met(void **state)
{
	bool met[NOON_STEP_SILENT + 1] = {false};

	(void)state;
	for (size_t n = 0; n <= SILENCE; n++)
		met[noon_check_client_step_of(n, true, SILENCE)] = true;
	for (size_t i = 0; i <= NOON_STEP_SILENT; i++)
		assert_true(met[i]);
}

static void a_good_answer_follows_each_bad_one(void **state)
{
	(void)state;
	for (size_t n = 0; n + 1 < NOON_CHECK_CLIENT_NAKS_FROM; n++)
		if (noon_check_client_step_of(n, true, SILENCE) != NOON_STEP_GOOD)
			assert_int_equal(noon_check_client_step_of(n + 1, true, SILENCE),
					 NOON_STEP_GOOD);
}

static void a_jar_comes_round_before_the_naks(void **state)
{
	(void)state;
	for (size_t n = NOON_CHECK_CLIENT_NAKS_FROM - 9; n < NOON_CHECK_CLIENT_NAKS_FROM; n++)
		assert_int_equal(noon_check_client_step_of(n, true, SILENCE), NOON_STEP_GOOD);
}

static void new_keys_meet_no_nak(void **state)
{
	(void)state;
	for (size_t n = NOON_CHECK_CLIENT_NAKS_FROM; n < SILENCE; n++)
		assert_int_equal(noon_check_client_step_of(n, false, SILENCE), NOON_STEP_GOOD);
	assert_int_equal(noon_check_client_step_of(SILENCE, false, SILENCE), NOON_STEP_SILENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_step_is_met),
		cmocka_unit_test(a_good_answer_follows_each_bad_one),
		cmocka_unit_test(a_jar_comes_round_before_the_naks),
		cmocka_unit_test(new_keys_meet_no_nak),
	};

	return cmocka_run_group_tests_name("check/client_script", tests, NULL, NULL);
}
