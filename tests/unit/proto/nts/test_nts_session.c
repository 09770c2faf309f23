/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/nts/nts_session.h"

static struct noon_nts_session s;
static uint8_t body[NOON_NTS_COOKIE_MAX + 1];

static int reset(void **state)
{
	(void)state;
	noon_nts_session_wipe(&s);
	memset(body, 0, sizeof(body));
	return 0;
}

static noon_err put(uint8_t mark, size_t n)
{
	body[0] = mark;
	return noon_nts_session_put(&s, noon_bytes_of(body, n));
}

static void the_oldest_cookie_leaves_first(void **state)
{
	struct noon_nts_cookie c;
	uint8_t in = 0, out = 0;

	(void)state;
	for (int round = 0; round < 50; round++) {
		for (; s.n_cookies < 8; in++)
			assert_int_equal(put(in, 16U + in % 100U), NOON_OK);
		for (int i = 0; i < 1 + round % 8; i++) {
			assert_int_equal(noon_nts_session_take(&s, &c), NOON_OK);
			assert_int_equal(c.p[0], out);
			assert_int_equal(c.n, 16U + out % 100U);
			out++;
		}
		assert_true(noon_nts_session_is_sound(&s));
	}
}

static void a_full_jar_drops_and_an_empty_one_says_so(void **state)
{
	struct noon_nts_cookie c = {.n = 5};

	(void)state;
	assert_int_equal(noon_nts_session_take(&s, &c), NOON_ERR_EMPTY);
	assert_int_equal(c.n, 5);
	for (uint8_t i = 0; i < 8; i++)
		assert_int_equal(put(i, 100), NOON_OK);
	assert_int_equal(put(8, 100), NOON_ERR_FULL);
	assert_int_equal(s.n_cookies, 8);
}

static void sizes_are_limited(void **state)
{
	(void)state;
	assert_int_equal(put(1, 0), NOON_ERR_RANGE);
	assert_int_equal(put(1, 15), NOON_ERR_RANGE);
	assert_int_equal(put(1, 513), NOON_ERR_RANGE);
	assert_int_equal(s.n_cookies, 0);
	assert_int_equal(put(1, 16), NOON_OK);
	assert_int_equal(put(1, 512), NOON_OK);
	assert_int_equal(s.n_cookies, 2);
}

static void the_same_cookie_is_kept_once(void **state)
{
	struct noon_nts_cookie c;

	(void)state;
	assert_int_equal(put(1, 100), NOON_OK);
	assert_int_equal(put(1, 100), NOON_OK);
	assert_int_equal(s.n_cookies, 1);
	assert_int_equal(put(1, 104), NOON_OK); /* longer: another one */
	assert_int_equal(put(2, 100), NOON_OK);
	assert_int_equal(put(1, 100), NOON_OK);
	assert_int_equal(s.n_cookies, 3);
	assert_int_equal(noon_nts_session_take(&s, &c), NOON_OK);
	assert_int_equal(put(1, 100), NOON_OK); /* it is gone, who remembers */
	assert_int_equal(s.n_cookies, 3);
}

static void what_leaves_the_jar_is_wiped(void **state)
{
	static const struct noon_nts_cookie zero;
	static const struct noon_nts_session none;
	struct noon_nts_cookie c;

	(void)state;
	assert_int_equal(put(77, 100), NOON_OK);
	assert_int_equal(noon_nts_session_take(&s, &c), NOON_OK);
	for (int i = 0; i < 8; i++)
		assert_memory_equal(&s.jar[i], &zero, sizeof(zero));
	memset(&s.keys, 1, sizeof(s.keys));
	noon_nts_session_wipe(&s);
	assert_memory_equal(&s, &none, sizeof(none));
}

static void a_session_from_a_file_is_looked_at(void **state)
{
	(void)state;
	assert_true(noon_nts_session_is_sound(&s));
	assert_int_equal(put(1, 100), NOON_OK);
	assert_true(noon_nts_session_is_sound(&s));
	s.jar[0].n = 15;
	assert_false(noon_nts_session_is_sound(&s));
	s.jar[0].n = 513;
	assert_false(noon_nts_session_is_sound(&s));
	s.jar[0].n = 16;
	s.first = 8;
	assert_false(noon_nts_session_is_sound(&s));
	s.first = 0;
	s.n_cookies = 9;
	assert_false(noon_nts_session_is_sound(&s));
}

#define TEST(f) cmocka_unit_test_setup(f, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_oldest_cookie_leaves_first),
		TEST(a_full_jar_drops_and_an_empty_one_says_so),
		TEST(sizes_are_limited),
		TEST(the_same_cookie_is_kept_once),
		TEST(what_leaves_the_jar_is_wiped),
		TEST(a_session_from_a_file_is_looked_at),
	};

	return cmocka_run_group_tests_name("proto/nts_session", tests, NULL, NULL);
}
