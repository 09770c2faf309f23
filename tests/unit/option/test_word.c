/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "option/word.h"

static const struct noon_word words[] = {{"system", 1}, {"virtual", 2}, {"phc", 3}, {NULL, 0}};

static const char *nearest(const char *wanted)
{
	struct noon_nearest n = noon_nearest_to(wanted);

	for (const struct noon_word *w = words; w->name != NULL; w++)
		noon_nearest_try(&n, w->name);
	return n.best;
}

static void finds_words_and_values(void **state)
{
	char list[32];

	(void)state;
	assert_int_equal(noon_word_find(words, "virtual")->value, 2);
	assert_null(noon_word_find(words, "Virtual"));
	assert_string_equal(noon_word_name(words, 3), "phc");
	assert_null(noon_word_name(words, 4));
	noon_word_list(words, list, sizeof(list));
	assert_string_equal(list, "system, virtual or phc");
	noon_word_list(words, list, 10); /* cut, and ended */
	assert_string_equal(list, "system, v");
}

static void finds_the_word_that_was_meant(void **state)
{
	(void)state;
	assert_string_equal(nearest("systemd"), "system");
	assert_string_equal(nearest("ystem"), "system");
	assert_string_equal(nearest("virtuel"), "virtual");
	assert_string_equal(nearest("pc"), "phc");
}

static void finds_nothing_that_is_not_near(void **state)
{
	(void)state;
	assert_null(nearest("sundial"));
	assert_null(nearest("hpc")); /* two edits of three letters */
	assert_null(nearest("x"));
	assert_null(nearest(""));
	assert_null(nearest("a word of more than forty characters, with 'virtual' in it"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_words_and_values),
		cmocka_unit_test(finds_the_word_that_was_meant),
		cmocka_unit_test(finds_nothing_that_is_not_near),
	};

	return cmocka_run_group_tests_name("option/word", tests, NULL, NULL);
}
