/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/instruments/ticc.h"

struct row {
	const char *line;
	enum noon_ticc_event event;
	double s; /* of a reading */
	bool lost;
};

static void run(const struct row *table, size_t n)
{
	struct noon_ticc t = {.mode = NOON_TICC_UNKNOWN};

	for (size_t i = 0; i < n; i++) {
		double s = 77;

		assert_int_equal(
			noon_ticc_line(&t, noon_bytes_of(table[i].line, strlen(table[i].line)), &s),
			table[i].event);
		if (table[i].event == NOON_TICC_READING)
			assert_true(fabs(s - table[i].s) < 1e-16);
		else
			assert_true(fabs(s - 77) < 1e-9);
		assert_int_equal(t.lost, table[i].lost);
	}
}
#define RUN(table) run(table, sizeof(table) / sizeof((table)[0]))

static void reads_intervals(void **state)
{
	static const struct row table[] = {
		{"-0.00001234567 TI(A->B)", NOON_TICC_READING, -1.234567e-5, false},
		{"   0.000000000060 TI(A->B)  ", NOON_TICC_READING, 6e-11, false},
		{"0.4 TI(A->B)", NOON_TICC_READING, .4, false},
		/* Artefacts of old firmware. */
		{"1.00000000012 TI(A->B)", NOON_TICC_READING, 1.2e-10, false},
		{"-1.00000000012 TI(A->B)", NOON_TICC_READING, -1.2e-10, false},
		{"-0.50000000000 TI(A->B)", NOON_TICC_READING, .5, false},
		{"1.00001 TI(A->B)", NOON_TICC_READING, 1e-5, false},
		{"0.7 TI(A->B)", NOON_TICC_READING, -.3, false},
		{"1.7 TI(A->B)", NOON_TICC_OUT_OF_RANGE, 0, false},
		{"99999999.5 TI(A->B)", NOON_TICC_OUT_OF_RANGE, 0, false},
		/* Cut short, or something else. */
		{"0.000012 TI(A-", NOON_TICC_MALFORMED, 0, false},
		{"0.0000", NOON_TICC_MALFORMED, 0, false},
		{"TI(A->B)", NOON_TICC_MALFORMED, 0, false},
		{"0..1 TI(A->B)", NOON_TICC_MALFORMED, 0, false},
		{"0.1 TI(A->B)1", NOON_TICC_MALFORMED, 0, false},
		{"", NOON_TICC_MALFORMED, 0, false},
		{"0.1 chD", NOON_TICC_MALFORMED, 0, false},
	};

	(void)state;
	RUN(table);
}

static void pairs_time_stamps(void **state)
{
	static const struct row table[] = {
		{"# timestamp (seconds with 11 decimal places)", NOON_TICC_COMMENT, 0, false},
		{"123456789.45678901234 chA", NOON_TICC_WAITING, 0, false},
		{"123456789.45678901235 chB", NOON_TICC_READING, 1e-11, false},
		/* B first, and the pair lies across a second. */
		{"123456789.999999999999 chB", NOON_TICC_WAITING, 0, false},
		{"123456790.000000000001 chA", NOON_TICC_READING, -2e-12, false},
		/* A of 91 and B of 92 are missing. */
		{"123456791.0 chB", NOON_TICC_WAITING, 0, false},
		{"123456792.0 chA", NOON_TICC_UNPAIRED, 0, false},
		{"123456793.0 chA", NOON_TICC_UNPAIRED, 0, false},
		{"123456793.1 chB", NOON_TICC_READING, .1, false},
		/* B is nearer to the next A. */
		{"123456794.0 chA", NOON_TICC_WAITING, 0, false},
		{"123456794.7 chB", NOON_TICC_UNPAIRED, 0, false},
		{"123456795.0 chA", NOON_TICC_READING, -.3, false},
		/* The same one again. */
		{"123456795.0 chA", NOON_TICC_COMMENT, 0, false},
	};

	(void)state;
	RUN(table);
}

static void looks_at_two_time_stamps_where_the_heading_was_missed(void **state)
{
	static const struct row table[] = {
		{"5.0 chA", NOON_TICC_COMMENT, 0, false}, {"5.1 chB", NOON_TICC_COMMENT, 0, false},
		{"6.0 chA", NOON_TICC_COMMENT, 0, false}, {"6.1 chB", NOON_TICC_COMMENT, 0, false},
		{"7.0 chA", NOON_TICC_WAITING, 0, false}, {"7.1 chB", NOON_TICC_READING, .1, false},
	};

	(void)state;
	RUN(table);
}

static void unwraps_time_stamps(void **state)
{
	static const struct row table[] = {
		{"# timestamp (seconds with 11 decimal places)", NOON_TICC_COMMENT, 0, false},
		{"9.99999 chA", NOON_TICC_WAITING, 0, false},
		{"0.00001 chB", NOON_TICC_READING, 2e-5, false},
		{"999.99999 chB", NOON_TICC_WAITING, 0, false},
		{"0.00001 chA", NOON_TICC_READING, -2e-5, false},
		{"1.00001 chA", NOON_TICC_WAITING, 0, false},
		{"1.00002 chB", NOON_TICC_READING, 1e-5, false},
	};

	(void)state;
	RUN(table);
}

static void takes_periods_and_debug_for_comments(void **state)
{
	static const struct row unknown[] = {
		{"1.00000000012 chA", NOON_TICC_COMMENT, 0, false},
		{"0.99999999998 chB", NOON_TICC_COMMENT, 0, false},
		/* A pulse is missing: the period is 2 s. */
		{"2.00000000010 chA", NOON_TICC_COMMENT, 0, false},
		{"1.99999999990 chB", NOON_TICC_COMMENT, 0, false},
		{"1.00000000011 chA", NOON_TICC_COMMENT, 0, false},
		{"1.00000000011 chA", NOON_TICC_COMMENT, 0, false},
		{"0.99999999998 chB", NOON_TICC_COMMENT, 0, false},
	};
	static const struct row said[] = {
		{"# period (seconds with 11 decimal places)", NOON_TICC_COMMENT, 0, false},
		{"1.0 chA", NOON_TICC_COMMENT, 0, false},
		{"2.0 chA", NOON_TICC_COMMENT, 0, false},
		{"3.0 chA", NOON_TICC_COMMENT, 0, false},
		{"3.0 chB", NOON_TICC_COMMENT, 0, false},
		{"# time1 time2 clock1 cal1 cal2 PICstop tof timestamp", NOON_TICC_COMMENT, 0,
		 false},
		{"1041 1190 14 1221 24409 1234567 89012 123.456789 chA", NOON_TICC_COMMENT, 0,
		 false},
	};

	(void)state;
	RUN(unknown);
	RUN(said);
}

static void reads_timelab_mode(void **state)
{
	static const struct row table[] = {
		{"# timestamp ch0, ch1; interval chA->B (seconds with 11 decimal places)",
		 NOON_TICC_COMMENT, 0, false},
		{"17.00000000000 chA", NOON_TICC_WAITING, 0, false},
		{"17.00000000100 chB", NOON_TICC_READING, 1e-9, false},
		{"17.00000000100 chC (int(B) + (B - A))", NOON_TICC_COMMENT, 0, false},
		{"18.00000000100 chC", NOON_TICC_COMMENT, 0, false},
	};

	(void)state;
	RUN(table);
}

static void takes_bare_numbers_only_behind_their_heading(void **state)
{
	static const struct row table[] = {
		{"0.1", NOON_TICC_MALFORMED, 0, false},
		{"# time interval A->B (seconds with 11 decimal places)", NOON_TICC_COMMENT, 0,
		 false},
		{"0.1", NOON_TICC_READING, .1, false},
		{"5.0 chA", NOON_TICC_COMMENT, 0, false},
		{"# timestamp (seconds with 11 decimal places)", NOON_TICC_COMMENT, 0, false},
		{"0.1", NOON_TICC_MALFORMED, 0, false},
	};

	(void)state;
	RUN(table);
}

static void says_that_the_reference_is_lost_until_it_is_back(void **state)
{
	static const struct row table[] = {
		{"0.1 TI(A->B)", NOON_TICC_READING, .1, false},
		{"# 10 MHZ Reference lost!", NOON_TICC_COMMENT, 0, true},
		{"0.1 TI(A->B)", NOON_TICC_READING, .1, true},
		{"# Press any key to restart after reference is restored.", NOON_TICC_ASKS_KEY, 0,
		 true},
		{"0.1 TI(A->B)", NOON_TICC_READING, .1, true},
		{"# another comment", NOON_TICC_COMMENT, 0, true},
		{"# 10 MHz Reference found", NOON_TICC_COMMENT, 0, false},
		{"# 10 mhz reference LOST", NOON_TICC_COMMENT, 0, true},
		{"# 10 MHz Reference restored", NOON_TICC_COMMENT, 0, false},
		{"# No COARSE_CLOCK... is 10 MHz connected?", NOON_TICC_COMMENT, 0, true},
		{"# time interval A->B (seconds with 11 decimal places)", NOON_TICC_COMMENT, 0,
		 false},
		{"#", NOON_TICC_COMMENT, 0, false},
		{"#####################", NOON_TICC_COMMENT, 0, false},
	};

	(void)state;
	RUN(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_intervals),
		cmocka_unit_test(pairs_time_stamps),
		cmocka_unit_test(looks_at_two_time_stamps_where_the_heading_was_missed),
		cmocka_unit_test(unwraps_time_stamps),
		cmocka_unit_test(takes_periods_and_debug_for_comments),
		cmocka_unit_test(reads_timelab_mode),
		cmocka_unit_test(takes_bare_numbers_only_behind_their_heading),
		cmocka_unit_test(says_that_the_reference_is_lost_until_it_is_back),
	};

	return cmocka_run_group_tests_name("wire/instruments/ticc", tests, NULL, NULL);
}
