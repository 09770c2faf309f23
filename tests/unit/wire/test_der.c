/* SPDX-License-Identifier: Apache-2.0
 *
 * DER against bytes written by hand from ITU-T X.690, sections 8 and 10.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "wire/der.h"

#define RD(...) noon_rd_over((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void values_are_read_with_their_tag(void **state)
{
	struct noon_rd rd = RD(0x04, 2, 7, 8, 0x05, 0);
	struct noon_bytes v;

	(void)state;
	assert_int_equal(noon_der_peek(&rd), NOON_DER_OCTET_STRING);
	assert_int_equal(noon_der_get(&rd, NOON_DER_INTEGER, &v), NOON_ERR_FORMAT);
	assert_int_equal(noon_rd_left(&rd), 6);
	assert_int_equal(noon_der_get(&rd, NOON_DER_OCTET_STRING, &v), NOON_OK);
	assert_int_equal(v.n, 2);
	assert_int_equal(v.p[1], 8);
	assert_int_equal(noon_der_get(&rd, NOON_DER_NULL, &v), NOON_OK);
	assert_int_equal(v.n, 0);
	assert_int_equal(noon_der_peek(&rd), -1);
}

static void what_is_not_der_is_refused(void **state)
{
	static const struct {
		const char *what;
		uint8_t raw[8];
		size_t n;
	} bad[] = {
		{"nothing", {0}, 0},
		{"no length", {0x04}, 1},
		{"cut off", {0x04, 3, 1, 2}, 4},
		{"indefinite length", {0x30, 0x80, 0, 0}, 4},
		{"long form of a short length", {0x04, 0x81, 1, 7}, 4},
		{"leading zero in a length", {0x04, 0x82, 0, 0x80}, 4},
		{"reserved length", {0x04, 0xff, 1}, 3},
		{"length of five bytes", {0x04, 0x85, 0, 0, 0, 0, 1}, 7},
		{"length past the end of memory", {0x04, 0x84, 0xff, 0xff, 0xff, 0xff, 1}, 7},
		{"tag in more bytes", {0x1f, 0x81, 1, 0}, 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct noon_rd rd = noon_rd_over(bad[i].raw, bad[i].n);
		struct noon_bytes v;
		uint8_t tag;

		if (noon_der_any(&rd, &tag, &v) != NOON_ERR_FORMAT)
			fail_msg("accepted: %s", bad[i].what);
		assert_int_equal(noon_rd_left(&rd), bad[i].n);
	}
}

static void integers_are_shortest(void **state)
{
	struct noon_rd zeros = RD(0x02, 2, 0x00, 0x7f);
	struct noon_rd ones = RD(0x02, 2, 0xff, 0x80);
	struct noon_rd none = RD(0x02, 0);
	struct noon_rd big = RD(0x02, 9, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
	struct noon_rd over = RD(0x02, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0);
	struct noon_rd minus = RD(0x02, 1, 0xff);
	struct noon_bytes v;
	uint64_t n = 0;

	(void)state;
	assert_int_equal(noon_der_integer(&zeros, NOON_DER_INTEGER, &v), NOON_ERR_FORMAT);
	assert_int_equal(noon_der_integer(&ones, NOON_DER_INTEGER, &v), NOON_ERR_FORMAT);
	assert_int_equal(noon_der_integer(&none, NOON_DER_INTEGER, &v), NOON_ERR_FORMAT);
	assert_int_equal(noon_der_u64(&big, NOON_DER_INTEGER, &n), NOON_OK);
	assert_true(n == UINT64_MAX);
	assert_int_equal(noon_der_u64(&over, NOON_DER_INTEGER, &n), NOON_ERR_RANGE);
	assert_int_equal(noon_der_u64(&minus, NOON_DER_INTEGER, &n), NOON_ERR_RANGE);
	assert_int_equal(noon_rd_left(&minus), 3);
}

static void booleans_are_zeros_or_ones(void **state)
{
	struct noon_rd yes = RD(0x01, 1, 0xff);
	struct noon_rd no = RD(0x01, 1, 0);
	struct noon_rd ber = RD(0x01, 1, 1);
	bool b = false;

	(void)state;
	assert_int_equal(noon_der_bool(&yes, &b), NOON_OK);
	assert_true(b);
	assert_int_equal(noon_der_bool(&no, &b), NOON_OK);
	assert_false(b);
	assert_int_equal(noon_der_bool(&ber, &b), NOON_ERR_FORMAT);
}

static void object_identifiers_have_dots(void **state)
{
	static const struct {
		const char *text;
		uint8_t raw[12];
		size_t n;
	} known[] = {
		/* X.690, 8.19.5: {2 100 3} */
		{"2.100.3", {0x81, 0x34, 0x03}, 3},
		{"1.2.840.113549", {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d}, 6},
		{"2.16.840.1.101.3.4.2.1", {0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1}, 9},
		{"0.0", {0}, 1},
		{"2.18446744073709551535",
		 {0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
		 10},
	};
	char text[NOON_OID_TEXT_MAX];
	uint8_t raw[NOON_OID_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t n = 0;

		assert_int_equal(noon_oid_parse(known[i].text, raw, &n), NOON_OK);
		assert_int_equal(n, known[i].n);
		assert_memory_equal(raw, known[i].raw, n);
		if (n == 10)
			continue; /* 64 bits and 7 at a time: shown as "?" */
		noon_oid_format(noon_bytes_of(raw, n), text, sizeof(text));
		assert_string_equal(text, known[i].text);
	}
}

static void wrong_object_identifiers_are_refused(void **state)
{
	static const char *const bad[] = {
		"",	"1",	"1.",	".1",	"1..2",	  "1.2.", "3.1",
		"1.40", "01.2", "1.02", "1.2a", "1.2.-3", "1.2 ", "1.2.99999999999999999999"};
	struct noon_rd trailing = RD(0x06, 2, 0x2a, 0x86);
	struct noon_rd padded = RD(0x06, 3, 0x2a, 0x80, 0x01);
	struct noon_rd none = RD(0x06, 0);
	struct noon_bytes v;
	uint8_t raw[NOON_OID_MAX];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (noon_oid_parse(bad[i], raw, &n) == NOON_OK)
			fail_msg("accepted: \"%s\"", bad[i]);
	assert_int_equal(noon_der_oid(&trailing, &v), NOON_ERR_FORMAT);
	assert_int_equal(noon_der_oid(&padded, &v), NOON_ERR_FORMAT);
	assert_int_equal(noon_der_oid(&none, &v), NOON_ERR_FORMAT);
}

static void values_are_written_backwards(void **state)
{
	static const uint8_t expected[] = {0x30, 0x0b, 0x02, 2, 0x00, 0x80, 0x01,
					   1,	 0xff, 0x04, 2, 8,    9};
	uint8_t buf[64];
	struct noon_der_wr w = noon_der_wr_over(buf, sizeof(buf));
	struct noon_bytes out;

	(void)state;
	noon_der_value(&w, NOON_DER_OCTET_STRING, noon_bytes_of("\x08\x09", 2));
	noon_der_put_bool(&w, true);
	noon_der_put_u64(&w, NOON_DER_INTEGER, 128);
	noon_der_wrap(&w, NOON_DER_SEQUENCE, 0);
	out = noon_der_wr_written(&w);
	assert_int_equal(out.n, sizeof(expected));
	assert_memory_equal(out.p, expected, sizeof(expected));
	assert_ptr_equal(out.p + out.n, buf + sizeof(buf));
}

static void lengths_take_as_many_bytes_as_they_need(void **state)
{
	static const size_t lengths[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 70000};
	static uint8_t zeros[70000];
	static uint8_t buf[70010];

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct noon_der_wr w = noon_der_wr_over(buf, sizeof(buf));
		struct noon_rd rd;
		struct noon_bytes v;

		noon_der_value(&w, NOON_DER_OCTET_STRING, noon_bytes_of(zeros, lengths[i]));
		assert_true(noon_der_wr_ok(&w));
		rd = noon_rd_bytes(noon_der_wr_written(&w));
		assert_int_equal(noon_der_get(&rd, NOON_DER_OCTET_STRING, &v), NOON_OK);
		assert_int_equal(v.n, lengths[i]);
		assert_int_equal(noon_rd_left(&rd), 0);
	}
}

static void a_full_writer_stays_full_and_in_bounds(void **state)
{
	uint8_t buf[20];

	(void)state;
	for (size_t room = 0; room < 9; room++) {
		struct noon_der_wr w = noon_der_wr_over(buf + 5, room);

		memset(buf, 0xaa, sizeof(buf));
		noon_der_value(&w, NOON_DER_OCTET_STRING, noon_bytes_of("12345", 5));
		noon_der_wrap(&w, NOON_DER_SEQUENCE, 0);
		assert_false(noon_der_wr_ok(&w));
		assert_int_equal(noon_der_wr_written(&w).n, 0);
		for (size_t i = 0; i < sizeof(buf); i++)
			if (i < 5 || i >= 5 + room)
				assert_int_equal(buf[i], 0xaa);
	}
}

static void numbers_come_back(void **state)
{
	struct noon_rng rng = noon_rng_seeded(20261122);
	uint8_t buf[16];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		const uint64_t v = noon_rng_u64(&rng) >> (i % 64);
		struct noon_der_wr w = noon_der_wr_over(buf, sizeof(buf));
		struct noon_rd rd;
		uint64_t back = 0;

		noon_der_put_u64(&w, NOON_DER_INTEGER, v);
		rd = noon_rd_bytes(noon_der_wr_written(&w));
		assert_int_equal(noon_der_u64(&rd, NOON_DER_INTEGER, &back), NOON_OK);
		assert_true(back == v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_read_with_their_tag),
		cmocka_unit_test(what_is_not_der_is_refused),
		cmocka_unit_test(integers_are_shortest),
		cmocka_unit_test(booleans_are_zeros_or_ones),
		cmocka_unit_test(object_identifiers_have_dots),
		cmocka_unit_test(wrong_object_identifiers_are_refused),
		cmocka_unit_test(values_are_written_backwards),
		cmocka_unit_test(lengths_take_as_many_bytes_as_they_need),
		cmocka_unit_test(a_full_writer_stays_full_and_in_bounds),
		cmocka_unit_test(numbers_come_back),
	};

	return cmocka_run_group_tests_name("wire/der", tests, NULL, NULL);
}
