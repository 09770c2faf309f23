/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests and signatures against the examples of FIPS 180-2 (appendix B.1) and RFC 8032 (section
 * 7.1, TEST 2).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/sign.h"

/* PKCS #8 and SubjectPublicKeyInfo of the key of TEST 2. */
static const char private_pem[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
	"-----END PRIVATE KEY-----\n";
static const char public_pem[] = "-----BEGIN PUBLIC KEY-----\n"
				 "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n"
				 "-----END PUBLIC KEY-----\n";
static const uint8_t message[] = {0x72};
static const uint8_t signature[NOON_SIGNATURE_BYTES] = {
	0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4, 0xca, 0xb8, 0x72, 0x0e, 0x82, 0x0b, 0x5f,
	0x64, 0x25, 0x40, 0xa2, 0xb2, 0x7b, 0x54, 0x16, 0x50, 0x3f, 0x8f, 0xb3, 0x76,
	0x22, 0x23, 0xeb, 0xdb, 0x69, 0xda, 0x08, 0x5a, 0xc1, 0xe4, 0x3e, 0x15, 0x99,
	0x6e, 0x45, 0x8f, 0x36, 0x13, 0xd0, 0xf1, 0x1d, 0x8c, 0x38, 0x7b, 0x2e, 0xae,
	0xb4, 0x30, 0x2a, 0xee, 0xb0, 0x0d, 0x29, 0x16, 0x12, 0xbb, 0x0c, 0x00};

static struct noon_bytes text(const char *s)
{
	return noon_bytes_of(s, strlen(s));
}

static void digest_of_abc(void **state)
{
	static const uint8_t want[NOON_SHA256_BYTES] = {
		0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
		0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
		0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
	uint8_t got[NOON_SHA256_BYTES];

	(void)state;
	assert_int_equal(noon_sha256(text("abc"), got), NOON_OK);
	assert_memory_equal(got, want, sizeof(want));
}

static void signs_and_verifies(void **state)
{
	const struct noon_bytes m = noon_bytes_of(message, sizeof(message));
	uint8_t got[NOON_SIGNATURE_BYTES];

	(void)state;
	assert_int_equal(noon_sign(text(private_pem), m, got), NOON_OK);
	assert_memory_equal(got, signature, sizeof(signature));
	assert_int_equal(noon_sign_verify(text(public_pem), m, signature), NOON_OK);
	assert_int_equal(noon_sign_verify(text(private_pem), m, signature), NOON_OK);
}

static void refuses_what_is_not_signed(void **state)
{
	uint8_t bad[NOON_SIGNATURE_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(bad); i++) {
		memcpy(bad, signature, sizeof(bad));
		bad[i] ^= 1;
		assert_int_equal(noon_sign_verify(text(public_pem),
						  noon_bytes_of(message, sizeof(message)), bad),
				 NOON_ERR_AUTH);
	}
	assert_int_equal(noon_sign_verify(text(public_pem), text("s"), signature), NOON_ERR_AUTH);
}

static void refuses_other_keys(void **state)
{
	uint8_t got[NOON_SIGNATURE_BYTES];

	(void)state;
	assert_int_equal(noon_sign(text("no key"), text("x"), got), NOON_ERR_FORMAT);
	assert_int_equal(noon_sign(text(public_pem), text("x"), got), NOON_ERR_FORMAT);
	assert_int_equal(noon_sign_verify(text(""), text("x"), signature), NOON_ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digest_of_abc),
		cmocka_unit_test(signs_and_verifies),
		cmocka_unit_test(refuses_what_is_not_signed),
		cmocka_unit_test(refuses_other_keys),
	};

	return cmocka_run_group_tests_name("crypto/sign", tests, NULL, NULL);
}
