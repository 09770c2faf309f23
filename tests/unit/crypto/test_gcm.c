/* SPDX-License-Identifier: Apache-2.0 */
#include <nettle/gcm.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "crypto/aead.h"
#include "crypto/gcm.h"

struct octets {
	uint8_t p[160];
	size_t n;
};

static struct octets hex(const char *text)
{
	struct octets o = {.n = strlen(text) / 2};

	assert_true(o.n <= sizeof(o.p));
	for (size_t i = 0; i < o.n; i++) {
		const char pair[3] = {text[2 * i], text[2 * i + 1], 0};

		o.p[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return o;
}

static struct noon_gcm cipher_of(const struct octets *key)
{
	struct noon_gcm g = {0};

	assert_int_equal(noon_gcm_init(&g, noon_bytes_of(key->p, key->n)), NOON_OK);
	return g;
}

/* Test cases 4 and 16 of the GCM specification, and the first ESP packet with extended sequence
 * numbers of draft-mcgrew-gcm-test-01 (its nonce is salt and IV). */
static const struct {
	const char *key, *nonce, *ad, *plain, *sealed;
} table[] = {
	{"feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
	 "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	 "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e244"
	 "9"
	 "a6b525b16aedf5aa0de657ba637b39",
	 "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aa"
	 "c"
	 "84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47"},
	{"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
	 "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	 "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e244"
	 "9"
	 "a6b525b16aedf5aa0de657ba637b39",
	 "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105"
	 "6"
	 "828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"},
	{"4c80cdefbb5d10da906ac73c3613a634", "2e443b684956ed7e3b244cfe", "000043218765432100000000",
	 "45000048699a000080114db7c0a80102c0a801010a9bf15638d301000001000000000000045f736970045f75"
	 "6470037369700963796265726369747902646b000021000101020201",
	 "fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34cfa2436f14a3f3cf65925bf1"
	 "f4a13c5d15b21e1884f5ff6247aeabb786b93bce61bc17d768fd9732459018148f6cbe722fd04796562dfdb"
	 "4"},
};

static void known_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct octets key = hex(table[i].key), nonce = hex(table[i].nonce);
		const struct octets ad = hex(table[i].ad), plain = hex(table[i].plain);
		const struct octets sealed = hex(table[i].sealed);
		struct noon_gcm g = cipher_of(&key);
		struct octets text = plain;
		uint8_t opened[160];

		assert_int_equal(sealed.n, plain.n + NOON_GCM_TAG);
		assert_int_equal(
			noon_gcm_seal(&g, nonce.p, noon_bytes_of(ad.p, ad.n), text.p, plain.n),
			NOON_OK);
		assert_memory_equal(text.p, sealed.p, sealed.n);
		assert_int_equal(noon_gcm_open(&g, nonce.p, noon_bytes_of(ad.p, ad.n), sealed.p,
					       plain.n, opened),
				 NOON_OK);
		assert_memory_equal(opened, plain.p, plain.n);
		noon_gcm_fini(&g);
	}
}

static void another_library_agrees(void **state)
{
	struct noon_rng rng = noon_rng_seeded(20261130);

	(void)state;
	for (int i = 0; i < 2000; i++) {
		static struct gcm_aes128_ctx c128;
		static struct gcm_aes256_ctx c256;
		struct octets key = {.n = i % 2 ? 16 : 32};
		uint8_t nonce[NOON_GCM_NONCE], ad[12], text[144], other[144];
		const size_t n = noon_rng_u64(&rng) % 129, ad_n = i % 3 ? 8 : 12;
		struct noon_gcm g;

		noon_rng_fill(&rng, key.p, sizeof(key.p));
		noon_rng_fill(&rng, nonce, sizeof(nonce));
		noon_rng_fill(&rng, ad, sizeof(ad));
		noon_rng_fill(&rng, text, sizeof(text));
		if (key.n == 16) {
			gcm_aes128_set_key(&c128, key.p);
			gcm_aes128_set_iv(&c128, sizeof(nonce), nonce);
			gcm_aes128_update(&c128, ad_n, ad);
			gcm_aes128_encrypt(&c128, n, other, text);
			gcm_aes128_digest(&c128, NOON_GCM_TAG, other + n);
		} else {
			gcm_aes256_set_key(&c256, key.p);
			gcm_aes256_set_iv(&c256, sizeof(nonce), nonce);
			gcm_aes256_update(&c256, ad_n, ad);
			gcm_aes256_encrypt(&c256, n, other, text);
			gcm_aes256_digest(&c256, NOON_GCM_TAG, other + n);
		}
		g = cipher_of(&key);
		assert_int_equal(noon_gcm_seal(&g, nonce, noon_bytes_of(ad, ad_n), text, n),
				 NOON_OK);
		assert_memory_equal(text, other, n + NOON_GCM_TAG);
		noon_gcm_fini(&g);
	}
}

static void a_forged_text_leaves_nothing(void **state)
{
	const struct octets key = hex(table[0].key), nonce = hex(table[0].nonce);
	const struct octets sealed = hex(table[0].sealed), ad = hex(table[0].ad);
	const size_t n = sealed.n - NOON_GCM_TAG;
	struct noon_gcm g = cipher_of(&key);
	const uint8_t zeros[160] = {0};

	(void)state;
	for (size_t bit = 0; bit < 8 * sealed.n; bit++) {
		struct octets bad = sealed;
		uint8_t out[160];

		bad.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		memset(out, 0xaa, sizeof(out));
		assert_int_equal(
			noon_gcm_open(&g, nonce.p, noon_bytes_of(ad.p, ad.n), bad.p, n, out),
			NOON_ERR_AUTH);
		assert_memory_equal(out, zeros, n);
		/* In place as well. */
		assert_int_equal(
			noon_gcm_open(&g, nonce.p, noon_bytes_of(ad.p, ad.n), bad.p, n, bad.p),
			NOON_ERR_AUTH);
		assert_memory_equal(bad.p, zeros, n);
	}
	noon_gcm_fini(&g);
}

static void lengths_of_keys(void **state)
{
	const uint8_t key[40] = {0};

	(void)state;
	for (size_t n = 0; n <= sizeof(key); n++) {
		struct noon_gcm g = {0};
		const noon_err expected = n == 16 || n == 32 ? NOON_OK : NOON_ERR_RANGE;

		assert_int_equal(noon_gcm_init(&g, noon_bytes_of(key, n)), expected);
		noon_gcm_fini(&g);
		noon_gcm_fini(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(another_library_agrees),
		cmocka_unit_test(a_forged_text_leaves_nothing),
		cmocka_unit_test(lengths_of_keys),
	};

	return noon_aead_global_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
