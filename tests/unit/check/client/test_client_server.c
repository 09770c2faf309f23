/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "check/client/client_server.h"

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct noon_check_client_server));
	return *state == NULL;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void refuse_at(struct noon_check_client_server *s, noon_dur at)
{
	s->ke[s->n_ke++] = (struct noon_check_client_ke){.at = {at}, .refused = true};
	s->heard = (noon_time){at};
}

static bool is_done_at(struct noon_check_client_server *s, noon_dur at)
{
	s->ended = (noon_time){at};
	return noon_check_client_server_is_done(s);
}

static void twelve_seconds_after_one_refusal_suffice(void **state)
{
	refuse_at(*state, NOON_S(100));
	assert_false(is_done_at(*state, NOON_S(111)));
	assert_true(is_done_at(*state, NOON_S(112) + 1));
}

static void the_second_refusal_suffices(void **state)
{
	refuse_at(*state, NOON_S(100));
	refuse_at(*state, NOON_S(110));
	assert_true(is_done_at(*state, NOON_S(110)));
}

/* It may still fall back to plain NTP. */
static void a_hasty_client_gets_three_seconds(void **state)
{
	refuse_at(*state, NOON_S(100));
	refuse_at(*state, NOON_S(101));
	assert_false(is_done_at(*state, NOON_S(102)));
	assert_true(is_done_at(*state, NOON_S(103) + 1));
}

static void an_exchange_that_succeeds_ends_nothing(void **state)
{
	struct noon_check_client_server *s = *state;

	s->n_ke = 2;
	assert_false(is_done_at(s, NOON_S(24)));
}

static void a_client_has_gone_after_four_of_its_intervals(void **state)
{
	struct noon_check_client_server *s = *state;

	s->n_request = 3;
	for (size_t i = 0; i < 3; i++)
		s->request[i].at = (noon_time){NOON_S(1) * (int64_t)i};
	s->heard = s->request[2].at;
	assert_false(is_done_at(s, NOON_S(27)));
	assert_true(is_done_at(s, NOON_S(27) + 1));
	s->request[2].at = (noon_time){NOON_S(17)};
	s->heard = s->request[2].at;
	assert_false(is_done_at(s, NOON_S(17 + 64)));
	assert_true(is_done_at(s, NOON_S(17 + 64) + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(twelve_seconds_after_one_refusal_suffice, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_second_refusal_suffices, setup, teardown),
		cmocka_unit_test_setup_teardown(a_hasty_client_gets_three_seconds, setup, teardown),
		cmocka_unit_test_setup_teardown(an_exchange_that_succeeds_ends_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_client_has_gone_after_four_of_its_intervals,
						setup, teardown),
	};

	return cmocka_run_group_tests_name("check/client_server", tests, NULL, NULL);
}
