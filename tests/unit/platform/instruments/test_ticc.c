/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench.h"
#include "platform/clock/clock.h"

static void hands_intervals_on_and_counts_the_rest(void **state)
{
	struct bench *b = *state;
	const struct noon_instrument_reading *r = b->reading;
	const int64_t before = noon_clock_read(CLOCK_REALTIME);

	bench_pty(b, "ticc", "");
	/* It is connected in the middle of a line, whose rest looks like an interval. */
	bench_say(b, "234567 TI(A->B)\r\n# a comment\r\n-0.00001234567 TI(A->B)\r\n"
		     "0.0000 TI(A\r\n1.00000000012 TI(A->B)\r\n1.7 TI(A->B)\r\n0.1 ch");
	bench_until_readings(b, 2);
	bench_wait_ms(b, 20);
	assert_int_equal(r[0].kind, NOON_INSTRUMENT_INTERVAL);
	assert_true(fabs(r[0].value_s + 1.234567e-5) < 1e-15);
	assert_true(fabs(r[0].u_s - 60e-12) < 1e-15);
	assert_true(r[0].at.ns >= before && r[0].at.ns <= noon_clock_read(CLOCK_REALTIME));
	assert_false(r[0].lost);
	assert_true(fabs(r[1].value_s - 1.2e-10) < 1e-15);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_READINGS), 2);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_COMMENTS), 1);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_MALFORMED), 1);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_OUT_OF_RANGE), 1);
	assert_int_equal(b->n_faults, 0);
}

static void pairs_time_stamps_and_counts_those_without_a_partner(void **state)
{
	struct bench *b = *state;

	bench_pty(b, "ticc", "");
	bench_say(b, "\n# timestamp (seconds with 11 decimal places)\n8.9 chA\n8.95 chB\n"
		     "9.99999 chA\n0.00001 chB\n1.0 chA\n2.0 chA\n2.1 chB\n");
	bench_until_readings(b, 3);
	assert_true(fabs(b->reading[0].value_s - .05) < 1e-15);
	assert_true(fabs(b->reading[1].value_s - 2e-5) < 1e-15);
	assert_true(fabs(b->reading[2].value_s - .1) < 1e-15);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_MISSED), 1);
}

static void marks_readings_while_the_reference_is_lost_and_presses_one_key(void **state)
{
	struct bench *b = *state;

	bench_pty(b, "ticc", "");
	bench_say(b, "\n0.1 TI(A->B)\n# 10 MHZ Reference lost!\n0.1 TI(A->B)\n");
	bench_until_readings(b, 2);
	assert_false(b->reading[0].lost);
	assert_true(b->reading[1].lost);
	assert_int_equal(b->n_heard, 0);
	bench_say(b, "# Press any key to restart after reference is restored.\n0.2 TI(A->B)\n");
	bench_until_readings(b, 3);
	assert_true(b->reading[2].lost);
	bench_wait_ms(b, 50);
	assert_string_equal(b->heard, "\n");
	bench_say(b, "# TAPR TICC Timestamping Counter\n"
		     "# time interval A->B (seconds with 11 decimal places)\n0.3 TI(A->B)\n");
	bench_until_readings(b, 4);
	assert_false(b->reading[3].lost);
	assert_int_equal(b->n_heard, 1);
}

static void drops_lines_that_are_too_long(void **state)
{
	struct bench *b = *state;
	char line[400];

	bench_pty(b, "ticc", "");
	memset(line, '1', sizeof(line));
	memcpy(line + sizeof(line) - 11, " TI(A->B)\n", 11);
	bench_say(b, "\n");
	bench_say(b, line);
	bench_say(b, "0.1 TI(A->B)\n");
	bench_until_readings(b, 1);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_MALFORMED), 1);
}

static void says_once_that_it_is_silent(void **state)
{
	struct bench *b = *state;

	bench_pty(b, "ticc", "");
	bench_say(b, "\n0.1 TI(A->B)\n");
	bench_until_faults(b, 1);
	assert_int_equal(b->n_readings, 1);
	assert_string_equal(b->fault, "no interval for 5 s");
	/* Comments and intervals out of range are nothing usable. */
	bench_say(b, "# hello\n1.7 TI(A->B)\n");
	bench_wait_ms(b, 5500);
	assert_int_equal(b->n_faults, 1);
	bench_say(b, "0.1 TI(A->B)\n");
	bench_until_readings(b, 2);
	bench_until_faults(b, 2);
}

static void opens_the_device_again(void **state)
{
	struct bench *b = *state;
	char link[] = "/tmp/noon-ticc-XXXXXX";
	char spec[100];

	/* A device that comes back has the same name. */
	assert_non_null(mkdtemp(link));
	bench_pty(b, "ticc", "");
	(void)snprintf(spec, sizeof(spec), "%s/tty", link);
	assert_int_equal(symlink(b->spec + 5, spec), 0);
	noon_instrument_close(b->i);
	(void)snprintf(b->spec, sizeof(b->spec), "ticc:%s", spec);
	bench_open(b);
	bench_hang_up(b);
	bench_until_faults(b, 1);
	assert_non_null(strstr(b->fault, "hung up"));
	assert_int_equal(unlink(spec), 0);
	{
		struct noon_instrument *first = b->i;
		char other[128];

		/* Another pty, with a driver of its own that is not looked at. */
		b->i = NULL;
		bench_pty(b, "ticc", "");
		(void)snprintf(other, sizeof(other), "%s", b->spec + 5);
		assert_int_equal(symlink(other, spec), 0);
		struct noon_instrument *second = b->i;

		b->i = first;
		bench_wait_ms(b, 3500);
		noon_instrument_close(second);
	}
	bench_say(b, "\n0.25 TI(A->B)\n");
	bench_until_readings(b, 1);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_RECONNECTS), 1);
	assert_int_equal(unlink(spec), 0);
	assert_int_equal(rmdir(link), 0);
}

static void refuses_what_is_no_serial_line(void **state)
{
	struct bench *b = *state;
	const struct noon_instrument_conf conf = {.loop = b->loop};
	static const struct {
		const char *spec;
		noon_err err;
		const char *why;
	} table[] = {
		{"ticc", NOON_ERR_FORMAT, "expected ticc:DEVICE"},
		{"ticc:", NOON_ERR_FORMAT, "expected ticc:DEVICE"},
		{"ticc:/nonexistent/tty", NOON_ERR_NOT_FOUND, "No such file"},
		{"ticc:/dev/null", NOON_ERR_UNSUPPORTED, "no serial line"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_instrument_why why;

		assert_int_equal(noon_instrument_open(table[i].spec, &conf, &b->i, &why),
				 table[i].err);
		assert_non_null(strstr(why.text, table[i].why));
		assert_null(b->i);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_set_up, bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hands_intervals_on_and_counts_the_rest),
		TEST(pairs_time_stamps_and_counts_those_without_a_partner),
		TEST(marks_readings_while_the_reference_is_lost_and_presses_one_key),
		TEST(drops_lines_that_are_too_long),
		TEST(says_once_that_it_is_silent),
		TEST(opens_the_device_again),
		TEST(refuses_what_is_no_serial_line),
	};

	return cmocka_run_group_tests_name("platform/instruments/ticc", tests, NULL, NULL);
}
