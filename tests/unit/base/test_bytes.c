/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

static void leaves_cursor_alone_when_short(void **state)
{
	const uint8_t one[] = {0x12};
	struct noon_rd rd = noon_rd_over(one, sizeof(one));
	uint16_t v = 7;

	(void)state;
	assert_int_equal(noon_rd_u16(&rd, &v), NOON_ERR_SHORT);
	assert_int_equal(v, 7);
	assert_int_equal(noon_rd_left(&rd), 1);
}

static void reads_what_was_written_big_endian(void **state)
{
	uint8_t buf[15];
	struct noon_wr wr = noon_wr_over(buf, sizeof(buf));
	uint8_t a;
	uint16_t b;
	uint32_t c;
	uint64_t d;

	(void)state;
	assert_int_equal(noon_wr_u8(&wr, 0x01), NOON_OK);
	assert_int_equal(noon_wr_u16(&wr, 0x0203), NOON_OK);
	assert_int_equal(noon_wr_u32(&wr, 0x04050607), NOON_OK);
	assert_int_equal(noon_wr_u64(&wr, UINT64_C(0x08090a0b0c0d0e0f)), NOON_OK);
	for (uint8_t i = 0; i < sizeof(buf); i++)
		assert_int_equal(buf[i], i + 1);

	struct noon_rd rd = noon_rd_bytes(noon_wr_written(&wr));

	assert_int_equal(noon_rd_u8(&rd, &a), NOON_OK);
	assert_int_equal(noon_rd_u16(&rd, &b), NOON_OK);
	assert_int_equal(noon_rd_u32(&rd, &c), NOON_OK);
	assert_int_equal(noon_rd_u64(&rd, &d), NOON_OK);
	assert_int_equal(a, 1);
	assert_int_equal(b, 0x0203);
	assert_int_equal(c, 0x04050607);
	assert_true(d == UINT64_C(0x08090a0b0c0d0e0f));
	assert_int_equal(noon_rd_left(&rd), 0);
}

static void writes_nothing_that_does_not_fit(void **state)
{
	uint8_t buf[3] = {9, 9, 9};
	struct noon_wr wr = noon_wr_over(buf, sizeof(buf));

	(void)state;
	assert_int_equal(noon_wr_u32(&wr, 1), NOON_ERR_FULL);
	assert_int_equal(noon_wr_zeros(&wr, 4), NOON_ERR_FULL);
	assert_int_equal(noon_wr_len(&wr), 0);
	assert_int_equal(buf[0], 9);
}

static void compares_every_byte(void **state)
{
	uint8_t a[32];
	uint8_t b[32];

	(void)state;
	memset(a, 5, sizeof(a));
	for (size_t i = 0; i < sizeof(a) * 8; i++) {
		memcpy(b, a, sizeof(b));
		assert_true(noon_equal_ct(a, b, sizeof(a)));
		b[i / 8] ^= (uint8_t)(1U << i % 8);
		assert_false(noon_equal_ct(a, b, sizeof(a)));
	}
}

static void wipes_all_bytes(void **state)
{
	uint8_t a[5] = {1, 2, 3, 4, 5};
	const uint8_t zero[5] = {0};

	(void)state;
	noon_wipe(a, sizeof(a));
	assert_memory_equal(a, zero, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_cursor_alone_when_short),
		cmocka_unit_test(reads_what_was_written_big_endian),
		cmocka_unit_test(writes_nothing_that_does_not_fit),
		cmocka_unit_test(compares_every_byte),
		cmocka_unit_test(wipes_all_bytes),
	};

	return cmocka_run_group_tests_name("base/bytes", tests, NULL, NULL);
}
