/* SPDX-License-Identifier: Apache-2.0
 *
 * Which departure counts in a tunnel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/tunnel_correction.h"

static void stamps_decide_unless_it_is_configured(void **state)
{
	struct noon_tunnel_stamping s = {.missing = 0};

	(void)state;
	assert_int_equal(noon_tunnel_correction_of(NOON_TUNNEL_AUTO, &s), NOON_TUNNEL_EXACT);
	for (int i = 0; i < 7; i++)
		noon_tunnel_stamping_sent(&s);
	assert_int_equal(noon_tunnel_correction_of(NOON_TUNNEL_AUTO, &s), NOON_TUNNEL_EXACT);
	for (int i = 0; i < 1000; i++)
		noon_tunnel_stamping_sent(&s);
	assert_true(noon_tunnel_stamping_is_silent(&s) && !s.any);
	assert_int_equal(noon_tunnel_correction_of(NOON_TUNNEL_AUTO, &s), NOON_TUNNEL_STATISTICAL);
	assert_int_equal(noon_tunnel_correction_of(NOON_TUNNEL_EXACT, &s), NOON_TUNNEL_EXACT);
	assert_int_equal(noon_tunnel_correction_of(NOON_TUNNEL_NONE, &s), NOON_TUNNEL_NONE);
	/* The first stamp is enough. */
	noon_tunnel_stamping_came(&s);
	assert_true(s.any);
	assert_int_equal(noon_tunnel_correction_of(NOON_TUNNEL_AUTO, &s), NOON_TUNNEL_EXACT);
	assert_int_equal(noon_tunnel_correction_of(NOON_TUNNEL_STATISTICAL, &s),
			 NOON_TUNNEL_STATISTICAL);
}

static void words_are_those_of_the_option(void **state)
{
	(void)state;
	assert_string_equal(noon_tunnel_correction_word(NOON_TUNNEL_AUTO), "auto");
	assert_string_equal(noon_tunnel_correction_word(NOON_TUNNEL_EXACT), "exact");
	assert_string_equal(noon_tunnel_correction_word(NOON_TUNNEL_STATISTICAL), "statistical");
	assert_string_equal(noon_tunnel_correction_word(NOON_TUNNEL_NONE), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stamps_decide_unless_it_is_configured),
		cmocka_unit_test(words_are_those_of_the_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
