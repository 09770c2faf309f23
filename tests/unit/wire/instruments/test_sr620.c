/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/instruments/sr620.h"

static void reads_one_number(void **state)
{
	static const struct {
		const char *text;
		noon_err err;
		double s;
	} table[] = {
		{"1.2345678E-6", NOON_OK, 1.2345678e-6},
		{" -.000000025 ", NOON_OK, -2.5e-8},
		{"0", NOON_OK, 0},
		{"1,2", NOON_ERR_FORMAT, 9},
		{"1E", NOON_ERR_FORMAT, 9},
		{"", NOON_ERR_FORMAT, 9},
		{"1E200", NOON_ERR_RANGE, 9},
		{"StanfordResearchSystems", NOON_ERR_FORMAT, 9},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		double s = 9;

		assert_int_equal(
			noon_sr620_value(noon_bytes_of(table[i].text, strlen(table[i].text)), &s),
			table[i].err);
		assert_true(fabs(s - table[i].s) < 1e-20);
	}
}

static void reads_a_binary_dump(void **state)
{
	static const uint8_t dump[] = {0x10, 0x27, 0,	 0,    0,    0,	   0,	 0, /* 10000 */
				       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3};
	struct noon_rd rd = noon_rd_over(dump, sizeof(dump));
	double s = 9;

	(void)state;
	assert_int_equal(noon_sr620_dump(&rd, &s), NOON_OK);
	assert_true(fabs(s - 1.05963812934e-10) < 1e-25);
	assert_int_equal(noon_sr620_dump(&rd, &s), NOON_OK);
	assert_true(fabs(s + 1.05963812934e-14) < 1e-29);
	assert_int_equal(noon_sr620_dump(&rd, &s), NOON_ERR_SHORT);
	assert_true(s < 0);
	assert_int_equal(noon_rd_left(&rd), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_one_number),
		cmocka_unit_test(reads_a_binary_dump),
	};

	return cmocka_run_group_tests_name("wire/instruments/sr620", tests, NULL, NULL);
}
