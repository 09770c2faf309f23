/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/kdf.h"

struct vector {
	size_t ikm_n, salt_n, info_n, n;
	uint8_t ikm[80], salt[80], info[80], okm[82];
};

#include "hkdf_rfc5869.h"

static void rfc_5869_answers_hold(void **state)
{
	uint8_t out[82];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct vector *v = &table[i];

		assert_int_equal(noon_hkdf_sha256(noon_bytes_of(v->salt, v->salt_n),
						  noon_bytes_of(v->ikm, v->ikm_n),
						  noon_bytes_of(v->info, v->info_n), out, v->n),
				 NOON_OK);
		assert_memory_equal(out, v->okm, v->n);
	}
}

static void impossible_lengths_are_refused(void **state)
{
	const struct noon_bytes none = {NULL, 0}, some = noon_bytes_of("key", 3);
	static uint8_t out[NOON_HKDF_MAX + 1];

	(void)state;
	assert_int_equal(noon_hkdf_sha256(none, none, none, out, 32), NOON_ERR_RANGE);
	assert_int_equal(noon_hkdf_sha256(none, some, none, out, 0), NOON_ERR_RANGE);
	assert_int_equal(noon_hkdf_sha256(none, some, none, out, NOON_HKDF_MAX + 1),
			 NOON_ERR_RANGE);
	assert_int_equal(noon_hkdf_sha256(none, some, none, out, NOON_HKDF_MAX), NOON_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc_5869_answers_hold),
		cmocka_unit_test(impossible_lengths_are_refused),
	};

	return cmocka_run_group_tests_name("crypto/kdf", tests, NULL, NULL);
}
