/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/conf.h"

static void defaults_are_valid(void **state)
{
	const struct noon_engine_conf e = noon_engine_conf_default();
	const struct noon_source_conf s = noon_source_conf_default();

	(void)state;
	assert_int_equal(noon_engine_conf_check(&e), NOON_OK);
	assert_int_equal(noon_source_conf_check(&s), NOON_OK);
	assert_int_equal(e.alert_limit, NOON_MS(100));
	assert_true(s.require_auth);
}

static void engine_fields_out_of_range_are_refused(void **state)
{
	struct noon_engine_conf c[11];

	(void)state;
	for (size_t i = 0; i < 11; i++)
		c[i] = noon_engine_conf_default();
	c[0].alert_limit = 0;
	c[1].max_rate_error = -1e-6;
	c[2].wander = (double)NAN;
	c[3].max_age = 0;
	c[4].max_liars = -2;
	c[5].max_liars = NOON_SOURCES_MAX;
	c[6].slew_rate = 0;
	c[7].clear_after = 0;
	c[8].holdover_polls = 0;
	c[9].start.rate = 1.0;
	c[10].step_threshold = -1;
	for (size_t i = 0; i < 11; i++)
		assert_int_equal(noon_engine_conf_check(&c[i]), NOON_ERR_RANGE);
}

static void source_fields_out_of_range_are_refused(void **state)
{
	struct noon_source_conf c[9];

	(void)state;
	for (size_t i = 0; i < 9; i++)
		c[i] = noon_source_conf_default();
	c[0].m_f = -1;
	c[1].m_r = -1;
	c[2].extra_err = -1;
	c[3].poll_min = NOON_POLL_LOG2_MIN - 1;
	c[4].poll_min = 11;
	c[5].poll_max = NOON_POLL_LOG2_MAX + 1;
	c[6].m_f = NOON_S(1001);
	c[7].m_r = NOON_S(1001);
	c[8].extra_err = NOON_S(86401);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(noon_source_conf_check(&c[i]), NOON_ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_valid),
		cmocka_unit_test(engine_fields_out_of_range_are_refused),
		cmocka_unit_test(source_fields_out_of_range_are_refused),
	};

	return cmocka_run_group_tests_name("engine/conf", tests, NULL, NULL);
}
