/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"

enum fault { REFUSES = 1, TIMES_OUT, STAMPS, LISTS, MUTE, CLOSES, ARMED_WRONG, CUT, NO_ERROR_TEXT };

/* What it answers to READ?; NULL: the ordinary reading. */
static const char *const answers[] = {
	[TIMES_OUT] = "+9.90000000000000E+037\n",
	[STAMPS] = "+13,+1.29380000000000E-006\n",
	[LISTS] = "+1.0E-006,+9.9E+037,-2.0E-006\n",
	[ARMED_WRONG] = "+1.50000000000000E+000\n",
	[CUT] = "+1.5E-\n",
	[NO_ERROR_TEXT] = NULL,
};

static void answer_read(struct bench *b)
{
	const unsigned fault = b->fault_kind;

	if (fault == CLOSES && b->n_readings > 0) {
		b->fault_kind = 0;
		noon_tcp_finish(&b->tcp);
	} else if (fault != MUTE) {
		bench_say(b, answers[fault] != NULL ? answers[fault] : "+1.23456789012345E-009\n");
		if (fault != LISTS && fault != CLOSES)
			b->fault_kind = 0;
	}
}

static void answer(struct bench *b, const char *line)
{
	if (strcmp(line, "READ?") == 0)
		answer_read(b);
	if (strcmp(line, "SYST:ERR?") != 0)
		return;
	if (b->fault_kind == NO_ERROR_TEXT)
		bench_say(b, "what?\n");
	else
		bench_say(b, b->fault_kind == REFUSES ? "-221,\"Settings conflict\"\n"
						      : "+0,\"No error\"\n");
}

static void begin(struct bench *b, unsigned fault)
{
	b->on_command = answer;
	b->fault_kind = fault;
	bench_listen(b, "53230a");
	bench_open(b);
}

static void sets_it_up_and_reads_intervals(void **state)
{
	struct bench *b = *state;
	static const char set_up[] = "*CLS\n*RST\nSYST:TIM 2.5\nCONF:TINT (@1),(@2)\n";
	const char *levels, *config;

	begin(b, 0);
	bench_until_readings(b, 3);
	assert_int_equal(b->reading[0].kind, NOON_INSTRUMENT_INTERVAL);
	assert_true(fabs(b->reading[0].value_s - 1.23456789012345e-9) < 1e-20);
	assert_true(fabs(b->reading[2].u_s - 30e-12) < 1e-15);
	assert_memory_equal(b->heard, set_up, sizeof(set_up) - 1);
	/* CONF resets the inputs. */
	config = strstr(b->heard, "CONF:");
	levels = strstr(b->heard, "INP2:LEV 1\n");
	assert_true(levels != NULL && config != NULL && levels > config);
	assert_non_null(strstr(b->heard, "ROSC:SOUR EXT\n"));
	assert_int_equal(b->n_faults, 0);
}

static void brings_an_interval_to_the_next_pulse_below_zero(void **state)
{
	struct bench *b = *state;

	begin(b, 0);
	bench_until_readings(b, 1);
	/* One that nobody asked for. */
	bench_say(b, "+9.9995E-001\n");
	bench_until_readings(b, 2);
	for (unsigned k = 1; k < b->n_readings; k++)
		if (b->reading[k].value_s < 0)
			assert_true(fabs(b->reading[k].value_s + 5e-5) < 1e-15);
}

static void counts_time_outs(void **state)
{
	struct bench *b = *state;

	begin(b, TIMES_OUT);
	bench_until_readings(b, 1);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_TIMEOUTS), 1);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_OUT_OF_RANGE), 0);
}

static void takes_time_stamps_and_cut_numbers_for_malformed(void **state)
{
	struct bench *b = *state;

	begin(b, STAMPS);
	bench_until_readings(b, 1);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_MALFORMED), 1);
	b->fault_kind = CUT;
	bench_until_readings(b, 3);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_MALFORMED), 2);
	assert_true(fabs(b->reading[0].value_s - 1.23456789012345e-9) < 1e-20);
}

static void takes_lists(void **state)
{
	struct bench *b = *state;

	begin(b, LISTS);
	bench_until_readings(b, 2);
	assert_true(fabs(b->reading[0].value_s - 1e-6) < 1e-18);
	assert_true(fabs(b->reading[1].value_s + 2e-6) < 1e-18);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_TIMEOUTS), 1);
}

static void asks_half_a_second_later_after_an_impossible_interval(void **state)
{
	struct bench *b = *state;

	begin(b, ARMED_WRONG);
	bench_wait_ms(b, 300);
	assert_int_equal(b->n_readings, 0);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_OUT_OF_RANGE), 1);
	bench_until_readings(b, 1);
}

static void says_that_settings_are_refused_and_tries_again(void **state)
{
	struct bench *b = *state;

	begin(b, REFUSES);
	bench_until_faults(b, 1);
	assert_non_null(strstr(b->fault, "-221, Settings conflict"));
	b->fault_kind = 0;
	bench_until_readings(b, 1);
	assert_int_equal(b->n_accepted, 2);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_RECONNECTS), 1);
	b->fault_kind = NO_ERROR_TEXT;
}

static void says_that_it_is_no_such_counter(void **state)
{
	struct bench *b = *state;

	begin(b, NO_ERROR_TEXT);
	bench_until_faults(b, 1);
	assert_non_null(strstr(b->fault, "SYST:ERR?"));
}

static void connects_again_after_a_closed_connection(void **state)
{
	struct bench *b = *state;

	begin(b, CLOSES);
	bench_until_faults(b, 1);
	assert_non_null(strstr(b->fault, "closed"));
	assert_int_equal(b->n_readings, 1);
	bench_until_readings(b, 2);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_RECONNECTS), 1);
}

static void gives_a_mute_counter_up_and_says_so_once(void **state)
{
	struct bench *b = *state;

	begin(b, MUTE);
	bench_until_faults(b, 1);
	assert_string_equal(b->fault, "no interval for 5 s");
	bench_wait_ms(b, 2000);
	assert_int_equal(b->n_ends, 1);
	assert_int_equal(b->n_faults, 1);
	b->fault_kind = 0;
	bench_until_readings(b, 1);
	assert_int_equal(b->n_accepted, 2);
}

static void waits_for_a_counter_that_is_switched_on_later(void **state)
{
	struct bench *b = *state;

	b->on_command = answer;
	bench_listen(b, "53230a");
	bench_stop_listening(b);
	bench_open(b);
	bench_until_faults(b, 1);
	assert_non_null(strstr(b->fault, "refused"));
	bench_listen_again(b);
	bench_until_readings(b, 1);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_RECONNECTS), 0);
}

static void finds_a_counter_again_that_was_away_for_long(void **state)
{
	struct bench *b = *state;

	begin(b, 0);
	bench_until_readings(b, 1);
	b->fault_kind = MUTE;
	bench_wait_ms(b, 100);
	bench_stop_listening(b);
	noon_tcp_close(&b->tcp);
	bench_wait_ms(b, 7000);
	assert_int_equal(b->n_faults, 1);
	assert_non_null(strstr(b->fault, "closed"));
	b->fault_kind = 0;
	bench_listen_again(b);
	bench_until_readings(b, b->n_readings + 1);
	assert_int_equal(b->n_accepted, 2);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_RECONNECTS), 1);
}

static void refuses_addresses_without_a_host(void **state)
{
	struct bench *b = *state;
	const struct noon_instrument_conf conf = {.loop = b->loop};
	struct noon_instrument_why why;

	assert_int_equal(noon_instrument_open("53230a::5025", &conf, &b->i, &why), NOON_ERR_FORMAT);
	assert_non_null(strstr(why.text, "expected 53230a:HOST"));
	assert_null(b->i);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_set_up, bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sets_it_up_and_reads_intervals),
		TEST(brings_an_interval_to_the_next_pulse_below_zero),
		TEST(counts_time_outs),
		TEST(takes_time_stamps_and_cut_numbers_for_malformed),
		TEST(takes_lists),
		TEST(asks_half_a_second_later_after_an_impossible_interval),
		TEST(says_that_settings_are_refused_and_tries_again),
		TEST(says_that_it_is_no_such_counter),
		TEST(connects_again_after_a_closed_connection),
		TEST(gives_a_mute_counter_up_and_says_so_once),
		TEST(waits_for_a_counter_that_is_switched_on_later),
		TEST(finds_a_counter_again_that_was_away_for_long),
		TEST(refuses_addresses_without_a_host),
	};

	return cmocka_run_group_tests_name("platform/instruments/53230a", tests, NULL, NULL);
}
