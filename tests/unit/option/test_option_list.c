/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "option/option_list.h"
#include "sample_options.h"

static const char *text_of(const json_t *group, const char *name, const char *key)
{
	size_t i;
	json_t *o;

	json_array_foreach(json_object_get(group, "options"), i,
			   o) if (strcmp(json_string_value(json_object_get(o, "name")), name) ==
				  0) return json_string_value(json_object_get(o, key));
	return NULL;
}

static void lists_rows_with_default_range_and_help(void **state)
{
	json_t *g = noon_option_list_group(&sample_group);

	(void)state;
	assert_string_equal(text_of(g, "uint16", "default"), "123");
	assert_string_equal(text_of(g, "uint16", "range"), "1 to 65535");
	assert_string_equal(text_of(g, "uint16", "letter"), "p");
	assert_string_equal(text_of(g, "uint16", "help"), "a port");
	assert_string_equal(text_of(g, "uint16", "since"), "0.1.0");
	assert_string_equal(text_of(g, "time", "default"), "5min");
	assert_string_equal(text_of(g, "real", "unit"), "m");
	assert_string_equal(text_of(g, "file", "default_says"), "none");
	assert_null(text_of(g, "file", "default"));
	assert_string_equal(text_of(g, "colour", "value"), "red|green|blue");
	json_decref(g);
}

static void names_sections_by_what_they_are_in(void **state)
{
	static const struct noon_section inner = {.group = {.name = "policy"}};
	static const struct noon_section *const within[] = {&inner, NULL};
	static const struct noon_section outer = {.group = {.name = "tsa"}, .sections = within};
	json_t *list = json_array();

	(void)state;
	noon_option_list_section(list, &outer, "");
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 1), "name")),
			    "tsa policy");
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_rows_with_default_range_and_help),
		cmocka_unit_test(names_sections_by_what_they_are_in),
	};

	return cmocka_run_group_tests_name("option/option_list", tests, NULL, NULL);
}
