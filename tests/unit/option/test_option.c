/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sample_options.h"

static const struct noon_option *row(const char *name)
{
	const struct noon_option *o = noon_option_find(sample_rows, name);

	assert_non_null(o);
	return o;
}

/* What was expected; "" when it was taken. */
static const char *set(struct sample *s, const char *name, const char *text)
{
	static char why[NOON_OPTION_WHY];

	noon_err err;

	why[0] = '\0';
	err = noon_option_set(row(name), text, s, why);
	assert_int_equal(err == NOON_OK, why[0] == '\0');
	return why;
}

static void takes_each_type_at_its_limits(void **state)
{
	static const struct {
		const char *name;
		const char *good[5];
		const char *bad[7];
	} list[] = {
		{"flag", {"true", "YES", "on", "false", "off"}, {"", "1", "perhaps"}},
		{"int8", {"-128", "127", "0x7f", "0"}, {"-129", "128", "", "1.5", "--1", " 1"}},
		{"uint8", {"0", "255", "0xFF", "007"}, {"256", "-1", "0x", "12x", "0x100"}},
		{"uint16", {"1", "65535"}, {"0", "65536", "many"}},
		{"uint32", {"0", "4294967295"}, {"4294967296", "-1"}},
		{"uint64", {"0", "9223372036854775807"}, {"9223372036854775808", "-1", "1e3"}},
		{"int", {"-4", "17"}, {"-5", "18"}},
		{"real", {"0", "1e9", "0.25"}, {"-0.1", "inf", "nan", "0x1p3", "1 m", ""}},
		{"part", {"0.5", "0.999999"}, {"1", "0.49", "1.0"}},
		{"time", {"1ns", "2h", "1.5 us", "30"}, {"0", "-1s", "5 parsecs", ""}},
		{"time-ns", {"0", "2us"}, {"-1ns", "far"}},
		{"freq", {"0", "40ppm", "0.1", "3ppb"}, {"-1ppm", "0.11", "5 apples"}},
		{"colour", {"red", "green", "blue"}, {"Red", "", "gree"}},
		{"protocol", {"ntp", "ptp"}, {"gps"}},
		{"text", {"", "1234567"}, {"12345678"}},
		{"file", {"", "/a/long/way/down"}, {NULL}},
		{"even", {"2", "4"}, {"3", "13"}},
		{"checked", {"1s", "-1s"}, {"soon"}},
	};
	struct sample s;

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		noon_option_defaults(&sample_group, &s);
		for (size_t k = 0; k < 5 && list[i].good[k] != NULL; k++)
			assert_string_equal(set(&s, list[i].name, list[i].good[k]), "");
		for (size_t k = 0; k < 7 && list[i].bad[k] != NULL; k++) {
			const struct sample before = s;

			assert_string_not_equal(set(&s, list[i].name, list[i].bad[k]), "");
			assert_memory_equal(&s, &before, sizeof(s));
		}
	}
}

static void stores_the_value(void **state)
{
	struct sample s = {0};

	(void)state;
	(void)set(&s, "int8", "-100");
	(void)set(&s, "uint8", "200");
	(void)set(&s, "uint32", "0xdeadbeef");
	(void)set(&s, "int", "-4");
	(void)set(&s, "time", "1.5ms");
	(void)set(&s, "time-ns", "2us");
	(void)set(&s, "freq", "40ppm");
	(void)set(&s, "protocol", "ptp");
	(void)set(&s, "blue", "");
	(void)set(&s, "text", "abc");
	(void)set(&s, "even", "8");
	assert_int_equal(s.i8, -100);
	assert_int_equal(s.u8, 200);
	assert_true(s.u32 == 0xdeadbeef);
	assert_int_equal(s.i, -4);
	assert_int_equal(s.time, 1500000);
	assert_true(fabs(s.time_ns - 2000.0) < 1e-9 && fabs(s.freq - 40e-6) < 1e-15);
	assert_true(s.ptp && s.colour == BLUE);
	assert_string_equal(s.text, "abc");
	assert_true(s.numbers == 1 && s.number[0] == 8 && s.u16 == 0);
}

static void says_what_was_expected(void **state)
{
	static const struct {
		const char *name;
		const char *text;
		const char *why;
	} list[] = {
		{"flag", "perhaps", "expected true or false"},
		{"uint8", "300", "expected a whole number from 0 to 255"},
		{"uint16", "0", "expected a whole number from 1 to 65535"},
		{"uint64", "-1", "expected a whole number of zero or more"},
		{"real", "-1", "expected a number of zero or more m"},
		{"part", "1", "expected a probability from 0.5 to below 1"},
		{"time", "0", "expected a time above zero, such as \"250ms\", \"1.5us\", \"2h\""},
		{"time-ns", "-1",
		 "expected a time of zero or more, such as \"250ms\", \"1.5us\", \"2h\""},
		{"freq", "1", "expected a frequency from 0 to 0.1, such as \"40ppm\" or \"3ppb\""},
		{"colour", "gren", "expected red, green or blue; did you mean 'green'?"},
		{"protocol", "gps", "expected ntp or ptp"},
		{"text", "12345678", "expected at most 7 characters"},
		{"even", "3", "expected an even number"},
		{"even", "13", "13 brings bad luck"},
	};
	struct sample s = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		assert_string_equal(set(&s, list[i].name, list[i].text), list[i].why);
}

static void writes_all_defaults(void **state)
{
	struct sample s;

	(void)state;
	memset(&s, 0x55, sizeof(s));
	noon_option_defaults(&sample_group, &s);
	assert_int_equal(s.u16, 123);				       /* of the row */
	assert_true(s.time == NOON_S(300) && s.i == -1);	       /* of init */
	assert_true(s.colour == GREEN && fabs(s.time_ns - 1e5) < 1.0); /* of the row */
	assert_true(s.u8 == 0 && s.file == NULL && s.numbers == 0);    /* of nobody */
}

static void shows_defaults_ranges_and_placeholders(void **state)
{
	static const struct {
		const char *name, *def, *range, *value;
	} list[] = {
		{"flag", "false", "", "true|false"},
		{"uint16", "123", "1 to 65535", "n"},
		{"int", "-1", "-4 to 17", "n"},
		{"real", "1.5", "", "x"},
		{"part", "0", "0.5 to below 1", "x"},
		{"time", "5min", "above 0", "time"},
		{"time-ns", "100us", "", "time"},
		{"freq", "7ppm", "0 to 0.1", "frequency"},
		{"colour", "green", "", "red|green|blue"},
		{"protocol", "ntp", "", "ntp|ptp"},
		{"text", "", "", "text"},
		{"file", "none", "", "file"},
		{"even", "0 numbers", "", "text"},
		{"checked", "", "", "time"},
	};
	char text[NOON_OPTION_SHOW];
	struct sample s;

	(void)state;
	noon_option_defaults(&sample_group, &s);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		noon_option_default_text(row(list[i].name), &s, text);
		assert_string_equal(text, list[i].def);
		noon_option_range_text(row(list[i].name), text);
		assert_string_equal(text, list[i].range);
		noon_option_value_text(row(list[i].name), text);
		assert_string_equal(text, list[i].value);
	}
}

/* What is shown can be read again, and is the same. */
static void shows_values_that_can_be_read(void **state)
{
	static const char *const times[] = {"0",   "1ns",  "1500us", "250ms", "1s",
					    "90s", "5min", "36h",    "7d",    "-2us"};
	static const char *const freqs[] = {"0", "500ppm", "7ppm", "0.05ppm", "3ppb", "0.1"};
	struct noon_option o = *row("time");
	char text[NOON_OPTION_SHOW];
	char why[NOON_OPTION_WHY];
	struct sample s = {0};

	(void)state;
	o.min = o.max = 0.0;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		assert_int_equal(noon_option_set(&o, times[i], &s, why), NOON_OK);
		noon_option_default_text(&o, &s, text);
		assert_string_equal(text, times[i]);
	}
	for (size_t i = 0; i < sizeof(freqs) / sizeof(freqs[0]); i++) {
		assert_int_equal(noon_option_set(row("freq"), freqs[i], &s, why), NOON_OK);
		noon_option_default_text(row("freq"), &s, text);
		assert_string_equal(text, freqs[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_each_type_at_its_limits),
		cmocka_unit_test(stores_the_value),
		cmocka_unit_test(says_what_was_expected),
		cmocka_unit_test(writes_all_defaults),
		cmocka_unit_test(shows_defaults_ranges_and_placeholders),
		cmocka_unit_test(shows_values_that_can_be_read),
	};

	return cmocka_run_group_tests_name("option/option", tests, NULL, NULL);
}
