/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "platform/number.h"

static void numbers_are_whole_texts_in_range(void **state)
{
	static const char *const bad[] = {"",	 " 1",	  "1 ", "1x",	"x", "0x10", "nan", "inf",
					  "--1", "1e999", "11", "-0.1", "+", ".",    "1,0"};
	double v = 77.0;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(noon_number(bad[i], 0.0, 10.0, &v));
	assert_true(v > 76.0);
	assert_true(noon_number("2.5e0", 0.0, 10.0, &v) && v > 2.4 && v < 2.6);
	assert_true(noon_number("-3", -5.0, 10.0, &v) && v < -2.9);
}

static void integers_are_digits_in_range(void **state)
{
	uint64_t v = 77;

	(void)state;
	assert_false(noon_number_u64("-1", 0, 10, &v));
	assert_false(noon_number_u64("1.0", 0, 10, &v));
	assert_false(noon_number_u64("11", 0, 10, &v));
	assert_false(noon_number_u64("99999999999999999999", 0, UINT64_MAX, &v));
	assert_int_equal(v, 77);
	assert_true(noon_number_u64("18446744073709551615", 0, UINT64_MAX, &v));
	assert_true(v == UINT64_MAX);
}

static void rates_have_units(void **state)
{
	double v = 0.0;

	(void)state;
	assert_true(noon_number_rate("1G", &v) && v > 0.99e9 && v < 1.01e9);
	assert_true(noon_number_rate("2.5M", &v) && v > 2.4e6 && v < 2.6e6);
	assert_true(noon_number_rate("9600", &v) && v > 9599.0 && v < 9601.0);
	assert_false(noon_number_rate("", &v));
	assert_false(noon_number_rate("G", &v));
	assert_false(noon_number_rate("0", &v));
	assert_false(noon_number_rate("-1G", &v));
	assert_false(noon_number_rate("1T", &v));
}

static void lists_are_sorted_and_single(void **state)
{
	uint64_t v[4];

	(void)state;
	assert_int_equal(noon_number_list("100,10,100", 1, 1000, v, 4), 2);
	assert_true(v[0] == 10 && v[1] == 100);
	assert_int_equal(noon_number_list("", 1, 1000, v, 4), 0);
	assert_int_equal(noon_number_list("1,,2", 1, 1000, v, 4), 0);
	assert_int_equal(noon_number_list("1,2,", 1, 1000, v, 4), 0);
	assert_int_equal(noon_number_list("1,2,3,4,5", 1, 1000, v, 4), 0);
	assert_int_equal(noon_number_list("1,0", 1, 1000, v, 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_whole_texts_in_range),
		cmocka_unit_test(integers_are_digits_in_range),
		cmocka_unit_test(rates_have_units),
		cmocka_unit_test(lists_are_sorted_and_single),
	};

	return cmocka_run_group_tests_name("tools/number", tests, NULL, NULL);
}
