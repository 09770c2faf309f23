/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "wire/ntp_ext.h"

/* A field that says `len` with `left` bytes to the end of packet or ciphertext. */
static const struct {
	uint16_t len;
	size_t left;
	noon_err packet, cipher;
} rules[] = {
	{0, 0, NOON_ERR_EMPTY, NOON_ERR_EMPTY},
	{16, 1, NOON_ERR_FORMAT, NOON_ERR_FORMAT},
	{16, 3, NOON_ERR_FORMAT, NOON_ERR_FORMAT},
	{4, 4, NOON_ERR_STATE, NOON_ERR_FORMAT}, /* a crypto-NAK; too short a field */
	{8, 8, NOON_ERR_FORMAT, NOON_ERR_FORMAT},
	{0, 28, NOON_ERR_FORMAT, NOON_ERR_FORMAT},
	{3, 28, NOON_ERR_FORMAT, NOON_ERR_FORMAT},
	{4, 28, NOON_ERR_FORMAT, NOON_ERR_FORMAT},
	{12, 28, NOON_ERR_FORMAT, NOON_ERR_FORMAT},
	{12, 12, NOON_ERR_FORMAT, NOON_ERR_FORMAT},
	{16, 16, NOON_ERR_FORMAT, NOON_OK}, /* the last one in a packet has 28 */
	{20, 20, NOON_ERR_STATE, NOON_OK},  /* MAC of MD5 or CMAC */
	{24, 24, NOON_ERR_STATE, NOON_OK},  /* MAC of SHA-1 */
	{28, 28, NOON_OK, NOON_OK},
	{32, 32, NOON_OK, NOON_OK},
	{16, 32, NOON_OK, NOON_OK}, /* not the last */
	{16, 20, NOON_ERR_STATE, NOON_OK},
	{16, 36, NOON_OK, NOON_OK}, /* then a MAC */
	{20, 40, NOON_OK, NOON_OK},
	{17, 28, NOON_ERR_FORMAT, NOON_ERR_FORMAT},
	{26, 28, NOON_ERR_FORMAT, NOON_ERR_FORMAT},
	{32, 28, NOON_ERR_FORMAT, NOON_ERR_FORMAT},
	{65535, 400, NOON_ERR_FORMAT, NOON_ERR_FORMAT},
	{65532, 400, NOON_ERR_FORMAT, NOON_ERR_FORMAT},
	{400, 400, NOON_OK, NOON_OK},
};

static void the_rules_of_rfc_7822_are_a_table(void **state)
{
	uint8_t raw[400] = {0x12, 0x34};

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		for (int cipher = 0; cipher < 2; cipher++) {
			struct noon_rd rd = noon_rd_over(raw, rules[i].left);
			struct noon_ntp_ext ext = {.type = 9};
			const noon_err expected = cipher ? rules[i].cipher : rules[i].packet;

			raw[2] = (uint8_t)(rules[i].len >> 8);
			raw[3] = (uint8_t)rules[i].len;
			assert_int_equal(
				noon_ntp_ext_get(&rd,
						 cipher ? NOON_EXT_IN_CIPHER : NOON_EXT_IN_PACKET,
						 &ext),
				expected);
			if (expected) {
				assert_int_equal(noon_rd_left(&rd), rules[i].left);
				assert_int_equal(ext.type, 9);
				continue;
			}
			assert_int_equal(noon_rd_left(&rd), rules[i].left - rules[i].len);
			assert_int_equal(ext.type, 0x1234);
			assert_ptr_equal(ext.whole.p, raw);
			assert_int_equal(ext.whole.n, rules[i].len);
			assert_ptr_equal(ext.body.p, raw + 4);
			assert_int_equal(ext.body.n, rules[i].len - 4);
		}
	}
}

static void a_field_is_padded_with_zeros_to_16_and_to_4(void **state)
{
	uint8_t body[64], raw[80];

	(void)state;
	memset(body, 0xaa, sizeof(body));
	for (size_t n = 0; n <= sizeof(body); n++) {
		struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
		size_t expected = 4 + (n + 3) / 4 * 4;

		expected = expected < 16 ? 16 : expected;
		memset(raw, 0xbb, sizeof(raw));
		assert_int_equal(noon_ntp_ext_put(&wr, 0xf323, noon_bytes_of(body, n)), NOON_OK);
		assert_int_equal(noon_wr_len(&wr), expected);
		assert_int_equal(noon_ntp_ext_len(n), expected);
		assert_int_equal(raw[0], 0xf3);
		assert_int_equal(raw[3], expected);
		assert_memory_equal(raw + 4, body, n);
		for (size_t i = 4 + n; i < expected; i++)
			assert_int_equal(raw[i], 0);
		assert_int_equal(raw[expected], 0xbb);
	}
}

static void a_field_that_does_not_fit_is_not_begun(void **state)
{
	static uint8_t big[70000];
	uint8_t raw[40];

	(void)state;
	for (size_t room = 0; room < 36; room++) {
		struct noon_wr wr = noon_wr_over(raw, room);

		assert_int_equal(noon_ntp_ext_put(&wr, 1, noon_bytes_of(big, 32)), NOON_ERR_FULL);
		assert_int_equal(noon_ntp_ext_put_zeros(&wr, 1, 32), NOON_ERR_FULL);
		assert_int_equal(noon_wr_len(&wr), 0);
	}
	{
		struct noon_wr wr = noon_wr_over(big, sizeof(big));

		assert_int_equal(noon_ntp_ext_put_zeros(&wr, 1, 65532), NOON_ERR_RANGE);
		assert_int_equal(noon_ntp_ext_put_zeros(&wr, 1, 65529), NOON_ERR_RANGE);
		assert_int_equal(noon_wr_len(&wr), 0);
		assert_int_equal(noon_ntp_ext_put_zeros(&wr, 1, 65528), NOON_OK);
		assert_int_equal(noon_wr_len(&wr), 65532);
	}
}

static void fields_come_back_as_written(void **state)
{
	struct noon_rng rng = noon_rng_seeded(7822);
	uint8_t raw[2000], body[300];

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
		uint16_t types[5];
		size_t lens[5];
		struct noon_ntp_ext ext;
		struct noon_rd rd;

		for (int i = 0; i < 5; i++) {
			types[i] = (uint16_t)noon_rng_u64(&rng);
			lens[i] = noon_rng_u64(&rng) % sizeof(body);
			memset(body, i + 1, lens[i]);
			assert_int_equal(
				noon_ntp_ext_put(&wr, types[i], noon_bytes_of(body, lens[i])), 0);
		}
		rd = noon_rd_bytes(noon_wr_written(&wr));
		for (int i = 0; i < 5; i++) {
			assert_int_equal(noon_ntp_ext_get(&rd, NOON_EXT_IN_CIPHER, &ext), 0);
			assert_int_equal(ext.type, types[i]);
			assert_int_equal(ext.whole.n, noon_ntp_ext_len(lens[i]));
			if (lens[i])
				assert_int_equal(ext.body.p[lens[i] - 1], i + 1);
		}
		assert_int_equal(noon_ntp_ext_get(&rd, NOON_EXT_IN_CIPHER, &ext), NOON_ERR_EMPTY);
	}
}

static void the_lengths_of_an_authenticator_are_a_table(void **state)
{
	static const struct {
		uint16_t nonce, sealed;
		size_t n; /* of the body */
		noon_err err;
		size_t padding;
	} table[] = {
		{16, 16, 36, NOON_OK, 0},
		{16, 16, 35, NOON_ERR_FORMAT, 0},
		{16, 16, 40, NOON_OK, 4},
		{0, 0, 4, NOON_OK, 0},
		{0, 16, 20, NOON_OK, 0},
		{0, 0, 3, NOON_ERR_FORMAT, 0},
		{0, 0, 0, NOON_ERR_FORMAT, 0},
		{12, 16, 32, NOON_OK, 0},
		{13, 16, 36, NOON_OK, 0},
		{13, 16, 33, NOON_ERR_FORMAT, 0}, /* padding of the nonce missing */
		{16, 13, 33, NOON_ERR_FORMAT, 0}, /* padding of the ciphertext missing */
		{16, 13, 36, NOON_OK, 0},
		{17, 16, 36, NOON_ERR_FORMAT, 0},
		{16, 17, 36, NOON_ERR_FORMAT, 0},
		{65535, 0, 200, NOON_ERR_FORMAT, 0},
		{0, 65535, 200, NOON_ERR_FORMAT, 0},
		{65535, 65535, 200, NOON_ERR_FORMAT, 0},
		{196, 0, 200, NOON_OK, 0},
		{1, 1, 200, NOON_OK, 188},
	};
	uint8_t body[200] = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_ntp_auth auth = {.padding = 77};

		body[0] = (uint8_t)(table[i].nonce >> 8);
		body[1] = (uint8_t)table[i].nonce;
		body[2] = (uint8_t)(table[i].sealed >> 8);
		body[3] = (uint8_t)table[i].sealed;
		assert_int_equal(noon_ntp_auth_get(noon_bytes_of(body, table[i].n), &auth),
				 table[i].err);
		if (table[i].err) {
			assert_int_equal(auth.padding, 77);
			continue;
		}
		assert_int_equal(auth.nonce.n, table[i].nonce);
		assert_int_equal(auth.sealed.n, table[i].sealed);
		assert_int_equal(auth.padding, table[i].padding);
		assert_ptr_equal(auth.nonce.p, body + 4);
		assert_ptr_equal(auth.sealed.p, body + 4 + (table[i].nonce + 3) / 4 * 4);
	}
}

static void an_authenticator_is_begun_whole_or_not_at_all(void **state)
{
	const uint8_t nonce[16] = {1, 2, 3};
	uint8_t raw[64];
	struct noon_ntp_ext ext;
	struct noon_ntp_auth auth;

	(void)state;
	for (size_t room = 0; room < 40; room++) {
		struct noon_wr wr = noon_wr_over(raw, room);

		assert_int_equal(noon_ntp_auth_begin(&wr, noon_bytes_of(nonce, 16), 16),
				 NOON_ERR_FULL);
		assert_int_equal(noon_wr_len(&wr), 0);
	}
	for (size_t n = 1; n <= 16; n++) {
		struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
		struct noon_rd rd;

		assert_int_equal(noon_ntp_auth_begin(&wr, noon_bytes_of(nonce, n), 20), NOON_OK);
		assert_int_equal(noon_wr_zeros(&wr, 20), NOON_OK);
		rd = noon_rd_bytes(noon_wr_written(&wr));
		assert_int_equal(noon_ntp_ext_get(&rd, NOON_EXT_IN_PACKET, &ext), NOON_OK);
		assert_int_equal(noon_rd_left(&rd), 0);
		assert_int_equal(noon_ntp_auth_get(ext.body, &auth), NOON_OK);
		assert_int_equal(auth.nonce.n, n);
		assert_int_equal(auth.sealed.n, 20);
		assert_int_equal(auth.padding, 0);
	}
	{
		struct noon_wr wr = noon_wr_over(raw, sizeof(raw));

		assert_int_equal(noon_ntp_auth_begin(&wr, noon_bytes_of(nonce, 16), 17),
				 NOON_ERR_RANGE);
		assert_int_equal(noon_ntp_auth_begin(&wr, noon_bytes_of(nonce, 16), 65536),
				 NOON_ERR_RANGE);
		assert_int_equal(noon_ntp_auth_begin(&wr, noon_bytes_of(nonce, 16), 65532),
				 NOON_ERR_RANGE);
		assert_int_equal(noon_wr_len(&wr), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rules_of_rfc_7822_are_a_table),
		cmocka_unit_test(a_field_is_padded_with_zeros_to_16_and_to_4),
		cmocka_unit_test(a_field_that_does_not_fit_is_not_begun),
		cmocka_unit_test(fields_come_back_as_written),
		cmocka_unit_test(the_lengths_of_an_authenticator_are_a_table),
		cmocka_unit_test(an_authenticator_is_begun_whole_or_not_at_all),
	};

	return cmocka_run_group_tests_name("wire/ntp_ext", tests, NULL, NULL);
}
