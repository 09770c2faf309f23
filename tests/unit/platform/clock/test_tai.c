/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "platform/clock/tai.h"

/* The form of leap-seconds.list, cut short: seconds since 1900. */
#define LIST                                          \
	"# comment\n#$\t3960835200\n#@\t4000000000\n" \
	"2272060800\t10\t# 1 Jan 1972\n"              \
	"3644697600\t36\t# 1 Jul 2015\n"              \
	"3692217600\t37\t# 1 Jan 2017\n#h\t1 2 3 4 5\n"

#define S_2017 INT64_C(1483228800)

static noon_err look(const char *text, int64_t utc_s, int16_t *ret)
{
	struct noon_leap_list list;

	return noon_tai_from_list(noon_bytes_of(text, strlen(text)), utc_s, ret, &list);
}

static void the_offset_changes_at_midnight(void **state)
{
	int16_t offset = 0;

	(void)state;
	assert_int_equal(look(LIST, S_2017 - 1, &offset), NOON_OK);
	assert_int_equal(offset, 36);
	assert_int_equal(look(LIST, S_2017, &offset), NOON_OK);
	assert_int_equal(offset, 37);
	assert_int_equal(look(LIST, INT64_C(63072000), &offset), NOON_OK);
	assert_int_equal(offset, 10);
}

static void a_list_says_nothing_before_1972_and_after_its_end(void **state)
{
	int16_t offset = 77;

	(void)state;
	assert_int_equal(look(LIST, INT64_C(63072000) - 1, &offset), NOON_ERR_NOT_FOUND);
	assert_int_equal(look(LIST, INT64_C(4000000000) - INT64_C(2208988800), &offset),
			 NOON_ERR_STALE);
	assert_int_equal(look(LIST, INT64_C(3999999999) - INT64_C(2208988800), &offset), NOON_OK);
	assert_int_equal(offset, 37);
}

static void what_is_no_list_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"# nothing\n",
		"2272060800 10\n" /* never expires */,
		"#@ 4000000000\n",
		"#@ x\n2272060800 10\n",
		"#@ 4000000000\nten 10\n",
		"#@ 4000000000\n2272060800\n",
		"#@ 4000000000\n2272060800 99999\n",
	};
	int16_t offset = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(look(bad[i], S_2017, &offset), NOON_ERR_FORMAT);
	assert_int_equal(offset, 77);
}

static void a_file_that_is_not_there_is_told(void **state)
{
	struct noon_leap_list list = {{1}, {1}, 1};
	const char *why = NULL;
	int16_t offset = 0;
	const noon_err err = noon_tai_find("/no/such/list", S_2017, &offset, &list, &why);

	(void)state;
	/* Unless somebody has told the kernel. */
	if (err == NOON_OK)
		assert_in_range(offset, 1, 1000);
	else
		assert_non_null(strstr(why, "no list"));
	assert_true(list.until.ns == NOON_TIME_FIRST.ns && noon_time_is_never(list.next));
}

static void leap_seconds_to_come_are_told(void **state)
{
	static const char deleted[] = "#@ 4000000000\n2272060800 10\n3692217600 9\n";
	struct noon_leap_list list;
	int16_t offset;

	(void)state;
	assert_int_equal(
		noon_tai_from_list(noon_bytes_of(LIST, strlen(LIST)), S_2017 - 1, &offset, &list),
		NOON_OK);
	assert_int_equal(list.next.ns, S_2017 * NOON_NS_PER_SEC);
	assert_int_equal(list.shift, -NOON_S(1));
	assert_int_equal(list.until.ns,
			 (INT64_C(4000000000) - INT64_C(2208988800)) * NOON_NS_PER_SEC);
	assert_int_equal(
		noon_tai_from_list(noon_bytes_of(LIST, strlen(LIST)), S_2017, &offset, &list),
		NOON_OK);
	assert_true(noon_time_is_never(list.next));
	assert_int_equal(noon_tai_from_list(noon_bytes_of(deleted, strlen(deleted)), S_2017 - 1,
					    &offset, &list),
			 NOON_OK);
	assert_int_equal(list.shift, NOON_S(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_offset_changes_at_midnight),
		cmocka_unit_test(a_list_says_nothing_before_1972_and_after_its_end),
		cmocka_unit_test(what_is_no_list_is_refused),
		cmocka_unit_test(a_file_that_is_not_there_is_told),
		cmocka_unit_test(leap_seconds_to_come_are_told),
	};

	return cmocka_run_group_tests_name("platform/tai", tests, NULL, NULL);
}
