/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/instruments/scpi.h"

static noon_err values(const char *text, struct noon_scpi_values *ret)
{
	return noon_scpi_values(noon_bytes_of(text, strlen(text)), ret);
}

static void reads_lists_of_numbers(void **state)
{
	struct noon_scpi_values v;

	(void)state;
	assert_int_equal(values("+1.23456789012345E-009", &v), NOON_OK);
	assert_int_equal(v.n, 1);
	assert_true(fabs(v.v[0] - 1.23456789012345e-9) < 1e-24);
	assert_false(noon_scpi_has_prescaler(&v));
	assert_int_equal(values(" -1.0E-009 , +2.0E-009,3 ", &v), NOON_OK);
	assert_int_equal(v.n, 3);
	assert_true(fabs(v.v[1] - 2e-9) < 1e-24);
}

static void refuses_other_answers(void **state)
{
	static const struct {
		const char *text;
		noon_err err;
	} table[] = {
		{"", NOON_ERR_FORMAT},	     {"+1.0E-009,", NOON_ERR_FORMAT},
		{"+1.0E-", NOON_ERR_FORMAT}, {"+1.0E-009;+2", NOON_ERR_FORMAT},
		{"hello", NOON_ERR_FORMAT},  {"+1.0E+999", NOON_ERR_RANGE},
	};
	char many[2 * NOON_SCPI_VALUES_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_scpi_values v = {.n = 99};

		assert_int_equal(values(table[i].text, &v), table[i].err);
		assert_int_equal(v.n, 99);
	}
	for (size_t i = 0; i < sizeof(many); i += 2)
		memcpy(many + i, "1,", 2);
	many[sizeof(many) - 1] = '\0';
	struct noon_scpi_values v = {.n = 99};

	assert_int_equal(values(many, &v), NOON_ERR_FULL);
	many[sizeof(many) - 3] = '\0';
	assert_int_equal(values(many, &v), NOON_OK);
	assert_int_equal(v.n, NOON_SCPI_VALUES_MAX);
}

static void knows_time_outs(void **state)
{
	(void)state;
	assert_true(noon_scpi_is_none(9.9e37));
	assert_true(noon_scpi_is_none(-9.9e37));
	assert_true(noon_scpi_is_none(9.91e37));
	assert_false(noon_scpi_is_none(1e-9));
	assert_false(noon_scpi_is_none(1e37));
}

static void tells_time_stamps_by_their_prescaler(void **state)
{
	static const struct {
		const char *text;
		bool has;
	} table[] = {
		{"+13,+1.2938E-006", true},   {"+1.3E+001,+1.2938E-006", true},
		{"+1,+1.2E-006", true},	      {"+13", false},
		{"+0,+1.2E-006", false},      {"-13,+1.2E-006", false},
		{"+1.5,+1.2E-006", false},    {"+1.2E-006,+13", false},
		{"+9.9E+37,+9.9E+37", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_scpi_values v;

		assert_int_equal(values(table[i].text, &v), NOON_OK);
		assert_int_equal(noon_scpi_has_prescaler(&v), table[i].has);
	}
}

static void reads_errors(void **state)
{
	static const struct {
		const char *text;
		noon_err err;
		int code;
		const char *words;
	} table[] = {
		{"+0,\"No error\"", NOON_OK, 0, "No error"},
		{"-113,\"Undefined header\"", NOON_OK, -113, "Undefined header"},
		{"+310,\"\"", NOON_OK, 310, ""},
		{"+0", NOON_ERR_FORMAT, 7, NULL},
		{"+0,\"", NOON_ERR_FORMAT, 7, NULL},
		{"+0,No error", NOON_ERR_FORMAT, 7, NULL},
		{"+99999,\"x\"", NOON_ERR_FORMAT, 7, NULL},
		{"\"No error\"", NOON_ERR_FORMAT, 7, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_bytes words = {NULL, 0};
		int code = 7;

		assert_int_equal(
			noon_scpi_error(noon_bytes_of(table[i].text, strlen(table[i].text)), &code,
					&words),
			table[i].err);
		assert_int_equal(code, table[i].code);
		if (table[i].words == NULL)
			continue;
		assert_int_equal(words.n, strlen(table[i].words));
		assert_memory_equal(words.p, table[i].words, words.n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_lists_of_numbers),
		cmocka_unit_test(refuses_other_answers),
		cmocka_unit_test(knows_time_outs),
		cmocka_unit_test(tells_time_stamps_by_their_prescaler),
		cmocka_unit_test(reads_errors),
	};

	return cmocka_run_group_tests_name("wire/instruments/scpi", tests, NULL, NULL);
}
