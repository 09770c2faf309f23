/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/instruments/decimal.h"

static struct noon_rd over(const char *text)
{
	return noon_rd_over(text, strlen(text));
}

static void reads_seconds_and_picoseconds_apart(void **state)
{
	static const struct {
		const char *text;
		int64_t s, ps;
	} table[] = {
		{"123.45678901234", 123, 456789012340},
		{"123456789.012345678901", 123456789, 12345678901},
		{"-0.00001234567", -1, 999987654330},
		{"-0.0", 0, 0},
		{"-2", -2, 0},
		{"+1.5 chA", 1, 500000000000},
		{"7", 7, 0},
		{"7.", 7, 0},
		{"999999999999.999999999999", 999999999999, 999999999999},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_rd rd = over(table[i].text);
		struct noon_fixed f;

		assert_int_equal(noon_fixed_get(&rd, &f), NOON_OK);
		assert_int_equal(f.s, table[i].s);
		assert_int_equal(f.ps, table[i].ps);
	}
}

static void refuses_what_is_no_fixed_number(void **state)
{
	static const char *const table[] = {
		"", "-", "chA", ".5", "1234567890123", "1.1234567890123"};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_rd rd = over(table[i]);
		struct noon_fixed f = {5, 6};

		assert_int_equal(noon_fixed_get(&rd, &f), NOON_ERR_FORMAT);
		assert_int_equal(f.s, 5);
		assert_ptr_equal(rd.p, table[i]);
	}
}

static void subtracts_without_losing_a_picosecond(void **state)
{
	int64_t ps = 3;

	(void)state;
	assert_int_equal(noon_fixed_diff((struct noon_fixed){123456789, 1},
					 (struct noon_fixed){123456788, 999999999999}, &ps),
			 NOON_OK);
	assert_int_equal(ps, 2);
	assert_int_equal(noon_fixed_diff((struct noon_fixed){-1, 999999999999},
					 (struct noon_fixed){0, 0}, &ps),
			 NOON_OK);
	assert_int_equal(ps, -1);
	assert_int_equal(noon_fixed_diff((struct noon_fixed){999999999999, 0},
					 (struct noon_fixed){-999999999999, 0}, &ps),
			 NOON_ERR_RANGE);
	assert_int_equal(ps, -1);
}

static void reads_numbers_with_exponents(void **state)
{
	static const struct {
		const char *text;
		double v;
	} table[] = {
		{"+1.23456789012345E-009", 1.23456789012345e-9},
		{"-1e-9", -1e-9},
		{".5", .5},
		{"13", 13},
		{"0", 0},
		{"+9.9E+37", 9.9e37},
		{"123456789012345678901234", 123456789012345678e6},
		{"0.000000000000000000000000000001", 1e-30},
		{"1e99", 1e99},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_rd rd = over(table[i].text);
		double v;

		assert_int_equal(noon_decimal_get(&rd, &v), NOON_OK);
		assert_true(fabs(v - table[i].v) <= 4e-16 * fabs(table[i].v));
		assert_int_equal(noon_rd_left(&rd), 0);
	}
}

static void refuses_what_is_no_number(void **state)
{
	static const struct {
		const char *text;
		noon_err err;
	} table[] = {
		{"", NOON_ERR_FORMAT},	    {"+", NOON_ERR_FORMAT},	  {".", NOON_ERR_FORMAT},
		{"E5", NOON_ERR_FORMAT},    {"1E", NOON_ERR_FORMAT},	  {"1E+", NOON_ERR_FORMAT},
		{"nan", NOON_ERR_FORMAT},   {"1E12345", NOON_ERR_FORMAT}, {"1E100", NOON_ERR_RANGE},
		{"1E-100", NOON_ERR_RANGE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_rd rd = over(table[i].text);
		double v = 5;

		assert_int_equal(noon_decimal_get(&rd, &v), table[i].err);
		assert_true(fabs(v - 5) < 1e-9 && rd.p == (const uint8_t *)table[i].text);
	}
}

static void brings_intervals_into_half_a_second(void **state)
{
	static const struct {
		double s, v;
		noon_err err;
	} table[] = {
		{1e-5, 1e-5, NOON_OK},
		{-.4, -.4, NOON_OK},
		{.5, .5, NOON_OK},
		{-.5, .5, NOON_OK},
		{1.0000005, 5e-7, NOON_OK},
		{-.9999995, 5e-7, NOON_OK},
		{.99995, -5e-5, NOON_OK},
		{.7, -.3, NOON_OK},
		{1.5, .5, NOON_OK},
		{-1.4, -.4, NOON_OK},
		{1.51, 0, NOON_ERR_RANGE},
		{-1.51, 0, NOON_ERR_RANGE},
		{2.9999999, 0, NOON_ERR_RANGE},
		{1e300, 0, NOON_ERR_RANGE},
		{(double)NAN, 0, NOON_ERR_RANGE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		double v = 9;

		assert_int_equal(noon_interval_fold(table[i].s, &v), table[i].err);
		assert_true(table[i].err ? fabs(v - 9) < 1e-9 : fabs(v - table[i].v) < 1e-15);
	}
}

static void finds_words_in_any_case(void **state)
{
	const struct noon_bytes text = noon_bytes_of("10 MHz Reference", 16);

	(void)state;
	assert_true(noon_text_begins(text, "10 mhz"));
	assert_false(noon_text_begins(text, "mhz"));
	assert_false(noon_text_begins(text, "10 mhz reference lost"));
	assert_ptr_equal(noon_text_after(text, "mhz"), text.p + 6);
	assert_ptr_equal(noon_text_after(text, "reference"), text.p + 16);
	assert_null(noon_text_after(text, "lost"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_seconds_and_picoseconds_apart),
		cmocka_unit_test(refuses_what_is_no_fixed_number),
		cmocka_unit_test(subtracts_without_losing_a_picosecond),
		cmocka_unit_test(reads_numbers_with_exponents),
		cmocka_unit_test(refuses_what_is_no_number),
		cmocka_unit_test(brings_intervals_into_half_a_second),
		cmocka_unit_test(finds_words_in_any_case),
	};

	return cmocka_run_group_tests_name("wire/instruments/decimal", tests, NULL, NULL);
}
