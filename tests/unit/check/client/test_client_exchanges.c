/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "check/client/client_checks.h"

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

/* n requests, as the script answers them, of a client whose jar is full. */
static void ask(struct noon_check_client_server *s, size_t n)
{
	for (s->n_request = 0; s->n_request < n; s->n_request++)
		s->request[s->n_request].step =
			noon_check_client_step_of(s->n_request, true, NOON_CHECK_CLIENT_REQUESTS);
}

static void exchange_after(struct noon_check_client_server *s, size_t requests)
{
	s->ke[s->n_ke++] = (struct noon_check_client_ke){.requests = requests};
}

static enum noon_check_verdict judge(const struct noon_check_client_server *s,
				     noon_check_client_fn *run, unsigned step)
{
	const struct noon_check self = {.id = "C2", .arg = step};
	struct noon_target t = {.client = s};
	struct noon_check_result r = {.verdict = NOON_CHECK_INCONCLUSIVE};

	run(&self, &t, &r);
	return r.verdict;
}

static enum noon_check_verdict other_nak(const struct noon_check_client_server *s)
{
	return judge(s, noon_check_client_false_nak, NOON_STEP_NAK_OTHER);
}

/* The script sends one at requests 10 and 30. */
static void no_exchange_after_a_false_nak_passes(void **state)
{
	ask(*state, 40);
	assert_int_equal(other_nak(*state), NOON_CHECK_PASS);
}

static void an_exchange_after_a_false_nak_fails(void **state)
{
	ask(*state, 40);
	exchange_after(*state, 31);
	assert_int_equal(other_nak(*state), NOON_CHECK_FAIL);
}

static void an_exchange_before_it_is_not_laid_to_it(void **state)
{
	ask(*state, 40);
	exchange_after(*state, 0);
	exchange_after(*state, 10);
	assert_int_equal(other_nak(*state), NOON_CHECK_PASS);
}

static void an_empty_jar_excuses_an_exchange(void **state)
{
	struct noon_check_client_server *s = *state;

	ask(s, 14);
	s->request[10].placeholders = 6;
	exchange_after(s, 12);
	assert_int_equal(other_nak(s), NOON_CHECK_INCONCLUSIVE);
}

static void a_jar_that_is_low_does_not_excuse_it(void **state)
{
	struct noon_check_client_server *s = *state;

	ask(s, 14);
	s->request[10].placeholders = 5;
	exchange_after(s, 12);
	assert_int_equal(other_nak(s), NOON_CHECK_FAIL);
}

static void the_second_nak_decides_when_the_first_cannot(void **state)
{
	struct noon_check_client_server *s = *state;

	ask(s, 40);
	s->request[10].placeholders = 7;
	exchange_after(s, 11);
	assert_int_equal(other_nak(s), NOON_CHECK_PASS);
	exchange_after(s, 32);
	assert_int_equal(other_nak(s), NOON_CHECK_FAIL);
}

static void a_true_nak_wants_an_exchange(void **state)
{
	struct noon_check_client_server *s = *state;

	ask(s, NOON_CHECK_CLIENT_NAKS_FROM);
	assert_int_equal(judge(s, noon_check_client_true_nak, 0), NOON_CHECK_INCONCLUSIVE);
	ask(s, NOON_CHECK_CLIENT_NAKS_FROM + NOON_CHECK_CLIENT_NAKS);
	assert_int_equal(judge(s, noon_check_client_true_nak, 0), NOON_CHECK_FAIL);
	exchange_after(s, NOON_CHECK_CLIENT_NAKS_FROM + 2);
	assert_int_equal(judge(s, noon_check_client_true_nak, 0), NOON_CHECK_PASS);
}

static void an_exchange_for_want_of_cookies_is_no_belief(void **state)
{
	struct noon_check_client_server *s = *state;
	const size_t end = NOON_CHECK_CLIENT_NAKS_FROM + NOON_CHECK_CLIENT_NAKS;

	ask(s, end);
	s->request[end - 1].placeholders = 7;
	exchange_after(s, end);
	assert_int_equal(judge(s, noon_check_client_true_nak, 0), NOON_CHECK_FAIL);
}

/* A full jar, requests a second apart, a NAK at its place, and the exchange behind it put off. */
static void put_off(struct noon_check_client_server *s)
{
	ask(s, NOON_CHECK_CLIENT_NAKS_FROM + 1);
	for (size_t i = 0; i < NOON_CHECK_CLIENT_REQUESTS; i++)
		s->request[i].at.ns = NOON_S((int64_t)i);
	exchange_after(s, 0);
	exchange_after(s, s->n_request);
	s->ke[1].refused = true;
	s->ke[1].put_off = true;
	s->ke[1].at.ns = NOON_S((int64_t)s->n_request);
	s->ended = noon_time_add(s->ke[1].at, NOON_MS(500));
}

static enum noon_check_verdict polls_on(const struct noon_check_client_server *s)
{
	return judge(s, noon_check_client_polls_on, 0);
}

static void a_request_while_the_exchange_fails_passes(void **state)
{
	struct noon_check_client_server *s = *state;

	put_off(s);
	assert_int_equal(polls_on(s), NOON_CHECK_INCONCLUSIVE); /* none was due yet */
	s->n_request++;
	assert_int_equal(polls_on(s), NOON_CHECK_PASS);
}

static void no_request_while_the_exchange_fails_is_a_failure(void **state)
{
	struct noon_check_client_server *s = *state;

	put_off(s);
	s->ended = noon_time_add(s->ke[1].at, NOON_S(2));
	assert_int_equal(polls_on(s), NOON_CHECK_INCONCLUSIVE);
	s->ended = noon_time_add(s->ended, 1);
	assert_int_equal(polls_on(s), NOON_CHECK_FAIL);
	/* What comes under the new keys is none. */
	exchange_after(s, s->n_request);
	s->ke[2].at = s->ended;
	s->n_request++;
	s->ended = noon_time_add(s->ended, NOON_S(60));
	assert_int_equal(polls_on(s), NOON_CHECK_FAIL);
}

static void who_had_no_cookies_could_not_poll_on(void **state)
{
	struct noon_check_client_server *s = *state;

	ask(s, NOON_CHECK_CLIENT_NAKS_FROM + 1);
	exchange_after(s, 0);
	assert_int_equal(polls_on(s), NOON_CHECK_INCONCLUSIVE);
	s->n_ke = 0;
	put_off(s);
	s->ended = noon_time_add(s->ended, NOON_S(60));
	s->request[s->n_request - 1].placeholders = 7;
	assert_int_equal(polls_on(s), NOON_CHECK_INCONCLUSIVE);
}

static void an_exchange_that_was_put_off_is_belief(void **state)
{
	struct noon_check_client_server *s = *state;

	put_off(s);
	assert_int_equal(judge(s, noon_check_client_true_nak, 0), NOON_CHECK_PASS);
}

static void the_back_off_counts_from_each_failure(void **state)
{
	struct noon_check_client_server *s = *state;
	noon_time at;

	put_off(s);
	assert_int_equal(judge(s, noon_check_client_back_off, 0), NOON_CHECK_INCONCLUSIVE);
	at = noon_time_add(s->ke[1].at, NOON_S(10));
	s->ended = noon_time_add(at, 1);
	assert_int_equal(judge(s, noon_check_client_back_off, 0), NOON_CHECK_PASS);
	exchange_after(s, s->n_request);
	s->ke[2].at = at;
	assert_int_equal(judge(s, noon_check_client_back_off, 0), NOON_CHECK_PASS);
	exchange_after(s, s->n_request + 4); /* soon after a good one: fine */
	s->ke[3].refused = true;
	s->ke[3].at = noon_time_add(at, NOON_S(1));
	assert_int_equal(judge(s, noon_check_client_back_off, 0), NOON_CHECK_PASS);
	s->ke[2].at = noon_time_add(s->ke[1].at, NOON_MS(9800));
	assert_int_equal(judge(s, noon_check_client_back_off, 0), NOON_CHECK_FAIL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_exchange_after_a_false_nak_passes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_exchange_after_a_false_nak_fails, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_exchange_before_it_is_not_laid_to_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_empty_jar_excuses_an_exchange, setup, teardown),
		cmocka_unit_test_setup_teardown(a_jar_that_is_low_does_not_excuse_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_second_nak_decides_when_the_first_cannot, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_true_nak_wants_an_exchange, setup, teardown),
		cmocka_unit_test_setup_teardown(an_exchange_for_want_of_cookies_is_no_belief, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_request_while_the_exchange_fails_passes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_request_while_the_exchange_fails_is_a_failure,
						setup, teardown),
		cmocka_unit_test_setup_teardown(who_had_no_cookies_could_not_poll_on, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_exchange_that_was_put_off_is_belief, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_back_off_counts_from_each_failure, setup,
						teardown),
	};

	return cmocka_run_group_tests_name("check/client_exchanges", tests, NULL, NULL);
}
