/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/text.h"

static void reads_durations(void **state)
{
	static const struct {
		const char *text;
		noon_dur d;
	} good[] = {
		{"250ms", 250000000},  {"1.5us", 1500}, {"1.5 us", 1500},   {" 30", 30000000000},
		{"2h", 7200000000000}, {"-3ns", -3},	{".5s", 500000000}, {"7d", 604800000000000},
		{"1min", 60000000000}, {"0", 0},
	};
	static const char *const bad[] = {"",	  "x",	   "1m",  "1 ms x", "inf", "nan",
					  "0x10", "1e400", "--1", "ms",	    "1,5s"};
	noon_dur d;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(noon_text_dur(good[i].text, &d), NOON_OK);
		assert_true(d == good[i].d);
	}
	d = 77;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(noon_text_dur(bad[i], &d), NOON_ERR_FORMAT);
	assert_int_equal(noon_text_dur("1000000d", &d), NOON_ERR_RANGE);
	assert_true(d == 77);
}

static void reads_frequencies(void **state)
{
	noon_freq f;

	(void)state;
	assert_int_equal(noon_text_freq("40ppm", &f), NOON_OK);
	assert_true(fabs(f - 40e-6) < 1e-18);
	assert_int_equal(noon_text_freq("-3 ppb", &f), NOON_OK);
	assert_true(fabs(f + 3e-9) < 1e-20);
	assert_int_equal(noon_text_freq("1e-6", &f), NOON_OK);
	assert_true(fabs(f - 1e-6) < 1e-18);
	assert_int_equal(noon_text_freq("4 pp", &f), NOON_ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_durations),
		cmocka_unit_test(reads_frequencies),
	};

	return cmocka_run_group_tests_name("platform/text", tests, NULL, NULL);
}
