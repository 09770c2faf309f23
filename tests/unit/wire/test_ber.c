/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wire/ber.h"

#define SIGNED_DATA 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2
#define TST_INFO    6, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 4

static uint8_t room[8];
static struct noon_bytes found;

static noon_err content_of(const uint8_t *p, size_t n)
{
	found = noon_bytes_of(NULL, 0);
	return noon_ber_token_content(noon_bytes_of(p, n), room, sizeof(room), &found);
}

static void finds_the_content_whatever_the_lengths(void **state)
{
	static const uint8_t der[] = {0x30,	41,   SIGNED_DATA, 0xa0, 28, 0x30, 26,
				      2,	1,    3,	   0x31, 0,  0x30, 19,
				      TST_INFO, 0xa0, 4,	   4,	 2,  'h',  'i'};
	static const uint8_t open[] = {
		0x30, 0x80,	SIGNED_DATA, 0xa0, 0x80, 0x30, 0x80, 2, 1,   3, 0x31, 0,   0x30,
		0x80, TST_INFO, 0xa0,	     0x80, 0x24, 0x80, 4,    1, 'h', 4, 1,    'i', 0,
		0,    0,	0,	     0,	   0,	 0,    0,    0, 0,   0, 0};
	static const uint8_t nested[] = {
		0x30, 0x81, 49, SIGNED_DATA, 0xa0, 0x81, 35,   0x30, 0x82, 0, 31,  2,	 1, 3, 0x31,
		0,    0x30, 24, TST_INFO,    0xa0, 9,	 0x24, 7,    4,	   1, 'h', 0x24, 2, 4, 0};

	(void)state;
	assert_int_equal(content_of(der, sizeof(der)), NOON_OK);
	assert_int_equal(found.n, 2);
	assert_memory_equal(found.p, "hi", 2);
	assert_int_equal(content_of(open, sizeof(open)), NOON_OK);
	assert_int_equal(found.n, 2);
	assert_memory_equal(found.p, "hi", 2);
	assert_int_equal(content_of(nested, sizeof(nested)), NOON_OK);
	assert_int_equal(found.n, 1);
	for (size_t n = 0; n < sizeof(open); n++)
		assert_int_not_equal(content_of(open, n), NOON_OK);
}

static void refuses_what_is_not_one(void **state)
{
	static const uint8_t other[] = {0x30, 13, SIGNED_DATA, 5, 0};
	static const uint8_t primitive[] = {4, 0x80, 0, 0};
	static const uint8_t stray[] = {0, 0};
	uint8_t deep[2 * (NOON_BER_DEPTH_MAX + 2)];
	struct noon_rd rd;
	uint8_t tag = 7;

	(void)state;
	assert_int_equal(content_of(other, sizeof(other)), NOON_ERR_FORMAT);
	rd = noon_rd_over(primitive, sizeof(primitive));
	assert_int_equal(noon_ber_any(&rd, &tag, &found), NOON_ERR_FORMAT);
	rd = noon_rd_over(stray, sizeof(stray));
	assert_int_equal(noon_ber_any(&rd, &tag, &found), NOON_ERR_FORMAT);
	for (size_t i = 0; i < sizeof(deep); i += 2) {
		deep[i] = 0x30;
		deep[i + 1] = 0x80;
	}
	rd = noon_rd_over(deep, sizeof(deep));
	assert_int_equal(noon_ber_any(&rd, &tag, &found), NOON_ERR_FORMAT);
	assert_int_equal(tag, 7);
	assert_ptr_equal(rd.p, deep);
}

static void says_when_pieces_do_not_fit(void **state)
{
	static const uint8_t open[] = {
		0x30,	  0x80, SIGNED_DATA, 0xa0, 0x80, 0x30, 0x80, 2, 1, 3, 0x31, 0, 0x30, 0x80,
		TST_INFO, 0xa0, 0x80,	     0x24, 0x80, 4,    9,    1, 2, 3, 4,    5, 6,    7,
		8,	  9,	0,	     0,	   0,	 0,    0,    0, 0, 0, 0,    0, 0,    0};

	(void)state;
	assert_int_equal(content_of(open, sizeof(open)), NOON_ERR_LONG);
}

static void reads_responses(void **state)
{
	static const uint8_t refused[] = {0x30, 0x80, 0x30, 9, 2,    1, 2, 0x30,
					  0,	3,    2,    5, 0x20, 0, 0};
	static const uint8_t granted[] = {0x30, 0x80, 0x30, 3, 2, 1, 0, 0x30,
					  0x80, 5,    0,    0, 0, 0, 0};
	struct noon_tsp_response r;

	(void)state;
	assert_int_equal(noon_ber_tsp_response(noon_bytes_of(refused, sizeof(refused)), &r),
			 NOON_OK);
	assert_int_equal(r.status, NOON_TSP_REJECTION);
	assert_int_equal(r.fail, 1U << NOON_TSP_BAD_REQUEST);
	assert_int_equal(r.token.n, 0);
	assert_int_equal(noon_ber_tsp_response(noon_bytes_of(granted, sizeof(granted)), &r),
			 NOON_OK);
	assert_int_equal(r.status, NOON_TSP_GRANTED);
	assert_int_equal(r.token.n, 6);
	assert_ptr_equal(r.token.p, granted + 7);
	assert_int_equal(noon_ber_tsp_response(noon_bytes_of(granted, 9), &r), NOON_ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_content_whatever_the_lengths),
		cmocka_unit_test(refuses_what_is_not_one),
		cmocka_unit_test(says_when_pieces_do_not_fit),
		cmocka_unit_test(reads_responses),
	};

	return cmocka_run_group_tests_name("wire/ber", tests, NULL, NULL);
}
