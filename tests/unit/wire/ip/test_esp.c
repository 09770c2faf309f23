/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/ip/ah.h"
#include "wire/ip/esp.h"

static void a_packet_is_read_as_written(void **state)
{
	uint8_t raw[64] = {0};
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
	struct noon_esp esp;

	(void)state;
	assert_int_equal(noon_esp_put(&wr, 0x80001001, 7, UINT64_C(0x0102030405060708)), NOON_OK);
	assert_memory_equal(raw, "\x80\x00\x10\x01\x00\x00\x00\x07\x01\x02\x03\x04\x05\x06\x07\x08",
			    16);
	assert_int_equal(noon_esp_get(noon_bytes_of(raw, 16 + 8 + 16), &esp), NOON_OK);
	assert_int_equal(esp.spi, 0x80001001);
	assert_int_equal(esp.seq, 7);
	assert_true(esp.iv == UINT64_C(0x0102030405060708));
	assert_ptr_equal(esp.sealed.p, raw + 16);
	assert_int_equal(esp.sealed.n, 24);
}

static void lengths_and_spis(void **state)
{
	uint8_t raw[64] = {0x80};
	struct noon_esp esp = {.spi = 5};

	(void)state;
	for (size_t n = 0; n <= sizeof(raw); n++) {
		const noon_err expected = n < 34       ? NOON_ERR_SHORT
					  : n % 4 != 0 ? NOON_ERR_FORMAT
						       : NOON_OK;

		assert_int_equal(noon_esp_get(noon_bytes_of(raw, n), &esp), expected);
		if (expected)
			assert_int_equal(esp.spi, 5);
		else
			esp.spi = 5;
	}
	for (unsigned spi = 0; spi < 300; spi++) {
		raw[0] = raw[1] = 0;
		raw[2] = (uint8_t)(spi >> 8);
		raw[3] = (uint8_t)spi;
		assert_int_equal(noon_esp_get(noon_bytes_of(raw, 40), &esp),
				 spi <= 255 ? NOON_ERR_FORMAT : NOON_OK);
	}
}

static void trailers_end_at_multiples_of_four(void **state)
{
	uint8_t raw[300];

	(void)state;
	for (size_t n = 0; n < 280; n++) {
		struct noon_wr wr = noon_wr_over(raw, n + noon_esp_trailer_len(n));
		struct noon_bytes payload;
		uint8_t next;

		memset(raw, 0x55, sizeof(raw));
		assert_int_equal(noon_wr_zeros(&wr, n), NOON_OK);
		assert_int_equal(noon_esp_trailer_put(&wr, n, 4), NOON_OK);
		assert_int_equal(noon_wr_len(&wr) % 4, 0);
		assert_int_equal(noon_wr_room(&wr), 0);
		assert_in_range(noon_esp_trailer_len(n), 2, 5);
		assert_int_equal(noon_esp_trailer_get(noon_wr_written(&wr), &payload, &next),
				 NOON_OK);
		assert_int_equal(payload.n, n);
		assert_ptr_equal(payload.p, raw);
		assert_int_equal(next, 4);
		wr = noon_wr_over(raw, noon_esp_trailer_len(n) - 1);
		assert_int_equal(noon_esp_trailer_put(&wr, n, 4), NOON_ERR_FULL);
	}
}

static void padding_of_another_shape_is_refused(void **state)
{
	static const struct {
		const char *p;
		size_t n;
		noon_err err;
	} rows[] = {
		{"", 0, NOON_ERR_FORMAT},
		{"\x04", 1, NOON_ERR_FORMAT},
		{"\x00\x04", 2, NOON_OK},
		{"\x01\x04", 2, NOON_ERR_FORMAT}, /* longer than what there is */
		{"\x01\x01\x04", 3, NOON_OK},
		{"\x00\x01\x04", 3, NOON_ERR_FORMAT},
		{"\x01\x02\x03\x03\x04", 5, NOON_OK},
		{"\x01\x02\x04\x03\x04", 5, NOON_ERR_FORMAT},
		{"\x02\x02\x03\x03\x04", 5, NOON_ERR_FORMAT},
		{"\x01\x02\x03\xff\x04", 5, NOON_ERR_FORMAT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct noon_bytes payload = {NULL, 99};
		uint8_t next = 77;

		assert_int_equal(
			noon_esp_trailer_get(noon_bytes_of(rows[i].p, rows[i].n), &payload, &next),
			rows[i].err);
		assert_int_equal(next, rows[i].err ? 77 : 4);
		assert_int_equal(payload.n, rows[i].err ? 99 : 0);
	}
	{
		/* 255 bytes, the longest there can be, which we never send ourselves. */
		uint8_t raw[257];
		struct noon_bytes payload;
		uint8_t next;

		for (size_t i = 0; i < 255; i++)
			raw[i] = (uint8_t)(i + 1);
		raw[255] = 255;
		raw[256] = 41;
		assert_int_equal(noon_esp_trailer_get(noon_bytes_of(raw, 257), &payload, &next),
				 NOON_OK);
		assert_int_equal(payload.n, 0);
	}
}

static void nonce_and_additional_data(void **state)
{
	uint8_t room[NOON_ESP_AAD_MAX], nonce[12];
	struct noon_bytes aad = noon_esp_aad(0x1001, UINT64_C(0x0000000200000003), false, room);

	(void)state;
	assert_int_equal(aad.n, 8);
	assert_memory_equal(aad.p, "\x00\x00\x10\x01\x00\x00\x00\x03", 8);
	aad = noon_esp_aad(0x1001, UINT64_C(0x0000000200000003), true, room);
	assert_int_equal(aad.n, 12);
	assert_memory_equal(aad.p, "\x00\x00\x10\x01\x00\x00\x00\x02\x00\x00\x00\x03", 12);
	noon_esp_nonce((const uint8_t *)"\x01\x02\x03\x04", UINT64_C(0x05060708090a0b0c), nonce);
	assert_memory_equal(nonce, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c", 12);
}

static void authentication_headers(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		const uint8_t version = i == 0 ? 4 : 6;
		uint8_t raw[64], *icv;
		struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
		struct noon_ah ah;
		const size_t len = version == 4 ? 28 : 32;

		memset(raw, 0x77, sizeof(raw));
		assert_int_equal(noon_ah_put(&wr, version, 50, 0x2001, 9, &icv), NOON_OK);
		assert_int_equal(noon_wr_len(&wr), len);
		assert_int_equal(noon_ah_len(version), len);
		assert_memory_equal(raw, version == 4 ? "\x32\x05\x00\x00" : "\x32\x06\x00\x00", 4);
		assert_ptr_equal(icv, raw + 12);
		for (size_t k = 0; k < len - 12; k++)
			assert_int_equal(icv[k], 0);
		assert_int_equal(noon_ah_get(noon_bytes_of(raw, len + 3), version, &ah), NOON_OK);
		assert_int_equal(ah.next, 50);
		assert_int_equal(ah.spi, 0x2001);
		assert_int_equal(ah.seq, 9);
		assert_ptr_equal(ah.icv.p, icv);
		assert_int_equal(ah.icv.n, 16);
		assert_int_equal(ah.payload.n, 3);
		for (size_t n = 0; n < len; n++)
			assert_int_equal(noon_ah_get(noon_bytes_of(raw, n), version, &ah),
					 NOON_ERR_SHORT);
		raw[3] = 1; /* reserved: ignored, section 2.3 */
		assert_int_equal(noon_ah_get(noon_bytes_of(raw, len), version, &ah), NOON_OK);
		raw[3] = 0;
		for (unsigned words = 0; words < 256; words++) {
			const bool fits = words == 6 || (version == 4 && words == 5);

			raw[1] = (uint8_t)words;
			assert_int_equal(noon_ah_get(noon_bytes_of(raw, sizeof(raw)), version, &ah),
					 fits ? NOON_OK : NOON_ERR_FORMAT);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_is_read_as_written),
		cmocka_unit_test(lengths_and_spis),
		cmocka_unit_test(trailers_end_at_multiples_of_four),
		cmocka_unit_test(padding_of_another_shape_is_refused),
		cmocka_unit_test(nonce_and_additional_data),
		cmocka_unit_test(authentication_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
