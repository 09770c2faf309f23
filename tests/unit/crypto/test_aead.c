/* SPDX-License-Identifier: Apache-2.0 */
#include <nettle/siv-cmac.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/rng.h"
#include "crypto/aead.h"

static const enum noon_aead_id ids[] = {NOON_AEAD_SIV_CMAC_256, NOON_AEAD_GCM_SIV_128};
#define EACH_ID(i)                          \
	(i) = 0;                            \
	(i) < sizeof(ids) / sizeof(ids[0]); \
	(i)++

static struct noon_aead keyed(enum noon_aead_id id, uint8_t fill)
{
	struct noon_aead a = {.id = NOON_AEAD_NONE};
	uint8_t key[NOON_AEAD_KEY_MAX];

	memset(key, fill, sizeof(key));
	assert_int_equal(noon_aead_init(&a, id, noon_bytes_of(key, noon_aead_key_len(id))),
			 NOON_OK);
	return a;
}

static struct noon_bytes nonce_of(enum noon_aead_id id)
{
	return noon_bytes_of("0123456789abcdef", noon_aead_nonce_len(id));
}

static void known_answers_hold(void **state)
{
	(void)state;
	assert_int_equal(noon_aead_global_init(), NOON_OK);
	assert_int_equal(noon_aead_global_init(), NOON_OK);
}

static void lengths_are_those_of_the_algorithms(void **state)
{
	(void)state;
	assert_int_equal(noon_aead_key_len(NOON_AEAD_SIV_CMAC_256), 32);
	assert_int_equal(noon_aead_key_len(NOON_AEAD_GCM_SIV_128), 16);
	assert_int_equal(noon_aead_key_len(NOON_AEAD_NONE), 0);
	assert_int_equal(noon_aead_nonce_len(NOON_AEAD_SIV_CMAC_256), 16);
	assert_int_equal(noon_aead_nonce_len(NOON_AEAD_GCM_SIV_128), 12);
	assert_int_equal(noon_aead_nonce_len(NOON_AEAD_NONE), 0);
}

static void siv_equals_nettle_for_every_shape(void **state)
{
	struct noon_rng rng = noon_rng_seeded(5297);
	uint8_t key[32], nonce[64], ad[64], plain[80], ours[96], theirs[96];
	int round;

	(void)state;
	for (round = 0; round < 3000; round++) {
		const size_t n_nonce = 1 + noon_rng_u64(&rng) % 64;
		const size_t n_ad = noon_rng_u64(&rng) % 65;
		const size_t n_plain = noon_rng_u64(&rng) % 81;
		struct noon_wr wr = noon_wr_over(ours, sizeof(ours));
		struct siv_cmac_aes128_ctx ctx;
		struct noon_aead a;

		noon_rng_fill(&rng, key, sizeof(key));
		noon_rng_fill(&rng, nonce, sizeof(nonce));
		noon_rng_fill(&rng, ad, sizeof(ad));
		noon_rng_fill(&rng, plain, sizeof(plain));
		siv_cmac_aes128_set_key(&ctx, key);
		siv_cmac_aes128_encrypt_message(&ctx, n_nonce, nonce, n_ad, ad, n_plain + 16,
						theirs, plain);
		assert_int_equal(
			noon_aead_init(&a, NOON_AEAD_SIV_CMAC_256, noon_bytes_of(key, sizeof(key))),
			NOON_OK);
		assert_int_equal(noon_aead_seal(&a, noon_bytes_of(nonce, n_nonce),
						noon_bytes_of(ad, n_ad),
						noon_bytes_of(plain, n_plain), &wr),
				 NOON_OK);
		assert_int_equal(noon_wr_len(&wr), n_plain + 16);
		assert_memory_equal(ours, theirs, n_plain + 16);
		noon_aead_fini(&a);
	}
}

static void seal_then_open_gives_the_text_back(void **state)
{
	const struct noon_bytes ad = noon_bytes_of("header", 6);
	uint8_t plain[200], sealed[216], back[200];
	size_t i, n, got;

	(void)state;
	memset(plain, 0x5a, sizeof(plain));
	for (EACH_ID(i)) {
		struct noon_aead a = keyed(ids[i], 7);

		for (n = 0; n <= sizeof(plain); n++) {
			struct noon_wr wr = noon_wr_over(sealed, sizeof(sealed));

			assert_int_equal(noon_aead_seal(&a, nonce_of(ids[i]), ad,
							noon_bytes_of(plain, n), &wr),
					 NOON_OK);
			assert_int_equal(noon_aead_open(&a, nonce_of(ids[i]), ad,
							noon_wr_written(&wr), back, n, &got),
					 NOON_OK);
			assert_int_equal(got, n);
			assert_memory_equal(back, plain, n);
		}
		noon_aead_fini(&a);
	}
}

static void every_bit_flip_is_refused_and_leaves_no_text(void **state)
{
	const uint8_t zero[20] = {0};
	uint8_t ad[] = "associated", sealed[36], back[20], nonce[16];
	size_t i, bit, got;

	(void)state;
	for (EACH_ID(i)) {
		struct noon_aead a = keyed(ids[i], 9);
		struct noon_wr wr = noon_wr_over(sealed, sizeof(sealed));
		const size_t n_nonce = noon_aead_nonce_len(ids[i]);
		const size_t bits_sealed = sizeof(sealed) * 8, bits_ad = sizeof(ad) * 8;

		memcpy(nonce, nonce_of(ids[i]).p, n_nonce);
		assert_int_equal(noon_aead_seal(&a, noon_bytes_of(nonce, n_nonce),
						noon_bytes_of(ad, sizeof(ad)),
						noon_bytes_of("twenty bytes of text", 20), &wr),
				 NOON_OK);
		for (bit = 0; bit < bits_sealed + bits_ad + n_nonce * 8; bit++) {
			uint8_t *at = bit < bits_sealed ? &sealed[bit / 8]
				      : bit < bits_sealed + bits_ad
					      ? &ad[(bit - bits_sealed) / 8]
					      : &nonce[(bit - bits_sealed - bits_ad) / 8];
			const uint8_t mask = (uint8_t)(1U << bit % 8);

			*at ^= mask;
			got = 77;
			memset(back, 0xee, sizeof(back));
			assert_int_equal(noon_aead_open(&a, noon_bytes_of(nonce, n_nonce),
							noon_bytes_of(ad, sizeof(ad)),
							noon_bytes_of(sealed, sizeof(sealed)), back,
							sizeof(back), &got),
					 NOON_ERR_AUTH);
			assert_int_equal(got, 77);
			assert_memory_equal(back, zero, sizeof(back));
			*at ^= mask;
		}
		noon_aead_fini(&a);
	}
}

static void forged_tag_of_an_empty_text_is_refused(void **state)
{
	const struct noon_bytes ad = noon_bytes_of("request", 7);
	uint8_t tag[NOON_AEAD_TAG], back[1];
	size_t i, bit, got;

	(void)state;
	for (EACH_ID(i)) {
		struct noon_aead a = keyed(ids[i], 1);
		struct noon_wr wr = noon_wr_over(tag, sizeof(tag));

		assert_int_equal(
			noon_aead_seal(&a, nonce_of(ids[i]), ad, noon_bytes_of(NULL, 0), &wr),
			NOON_OK);
		for (bit = 0; bit < sizeof(tag) * 8; bit++) {
			tag[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_int_equal(noon_aead_open(&a, nonce_of(ids[i]), ad,
							noon_bytes_of(tag, sizeof(tag)), back, 0,
							&got),
					 NOON_ERR_AUTH);
			tag[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		assert_int_equal(noon_aead_open(&a, nonce_of(ids[i]), ad,
						noon_bytes_of(tag, sizeof(tag)), back, 0, &got),
				 NOON_OK);
		assert_int_equal(got, 0);
		noon_aead_fini(&a);
	}
}

static void seals_in_place_where_the_contract_allows(void **state)
{
	uint8_t apart[48], within[48];
	size_t i, at;

	(void)state;
	for (EACH_ID(i)) {
		struct noon_aead a = keyed(ids[i], 3);
		struct noon_wr w1 = noon_wr_over(apart, sizeof(apart));
		struct noon_wr w2 = noon_wr_over(within, sizeof(within));

		at = ids[i] == NOON_AEAD_SIV_CMAC_256 ? NOON_AEAD_TAG : 0;
		memcpy(within + at, "thirty-two bytes of plain text..", 32);
		assert_int_equal(
			noon_aead_seal(&a, nonce_of(ids[i]), noon_bytes_of(NULL, 0),
				       noon_bytes_of("thirty-two bytes of plain text..", 32), &w1),
			NOON_OK);
		assert_int_equal(noon_aead_seal(&a, nonce_of(ids[i]), noon_bytes_of(NULL, 0),
						noon_bytes_of(within + at, 32), &w2),
				 NOON_OK);
		assert_memory_equal(apart, within, sizeof(apart));
		noon_aead_fini(&a);
	}
}

static void wrong_lengths_are_refused(void **state)
{
	uint8_t buf[80] = {0};
	size_t i, n, got = 5;

	(void)state;
	for (EACH_ID(i)) {
		struct noon_aead a = keyed(ids[i], 3), b;
		const struct noon_bytes nonce = nonce_of(ids[i]);
		struct noon_wr wr = noon_wr_over(buf, 20);

		assert_int_equal(noon_aead_init(&b, ids[i], noon_bytes_of(buf, 31)),
				 NOON_ERR_RANGE);
		assert_int_equal(noon_aead_rekey(&a, noon_bytes_of(buf, 31)), NOON_ERR_RANGE);
		assert_int_equal(noon_aead_seal(&a, nonce, nonce, noon_bytes_of("12345", 5), &wr),
				 NOON_ERR_FULL);
		assert_int_equal(noon_wr_len(&wr), 0);
		assert_int_equal(
			noon_aead_open(&a, nonce, nonce, noon_bytes_of(buf, 15), buf, 80, &got),
			NOON_ERR_SHORT);
		assert_int_equal(
			noon_aead_open(&a, nonce, nonce, noon_bytes_of(buf, 40), buf, 23, &got),
			NOON_ERR_FULL);
		for (n = 0; n <= 66; n++) {
			const bool siv = ids[i] == NOON_AEAD_SIV_CMAC_256;
			const bool fine = siv ? n >= 1 && n <= 64 : n == 12;
			uint8_t out[64];

			assert_int_equal(noon_aead_open(&a, noon_bytes_of(buf, n),
							noon_bytes_of(NULL, 0),
							noon_bytes_of(buf, 30), out, 64, &got),
					 fine ? NOON_ERR_AUTH : NOON_ERR_RANGE);
		}
		assert_int_equal(got, 5);
		noon_aead_fini(&a);
	}
}

static void unknown_algorithm_is_unsupported(void **state)
{
	struct noon_aead a;

	(void)state;
	assert_int_equal(noon_aead_init(&a, NOON_AEAD_NONE, noon_bytes_of("", 0)),
			 NOON_ERR_UNSUPPORTED);
}

static void a_new_key_replaces_the_old_one(void **state)
{
	uint8_t key[32] = {0}, one[20], two[20];
	size_t i;

	(void)state;
	for (EACH_ID(i)) {
		const struct noon_bytes k = noon_bytes_of(key, noon_aead_key_len(ids[i]));
		struct noon_aead a = keyed(ids[i], 8), b = keyed(ids[i], 0);
		struct noon_wr w1 = noon_wr_over(one, 20), w2 = noon_wr_over(two, 20);

		assert_int_equal(noon_aead_rekey(&a, k), NOON_OK);
		assert_int_equal(
			noon_aead_seal(&a, nonce_of(ids[i]), k, noon_bytes_of("text", 4), &w1),
			NOON_OK);
		assert_int_equal(
			noon_aead_seal(&b, nonce_of(ids[i]), k, noon_bytes_of("text", 4), &w2),
			NOON_OK);
		assert_memory_equal(one, two, 20);
		noon_aead_fini(&a);
		noon_aead_fini(&b);
	}
}

static void closing_a_zeroed_cipher_is_fine(void **state)
{
	struct noon_aead a = {.id = NOON_AEAD_NONE};

	(void)state;
	noon_aead_fini(&a);
	noon_aead_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers_hold),
		cmocka_unit_test(lengths_are_those_of_the_algorithms),
		cmocka_unit_test(siv_equals_nettle_for_every_shape),
		cmocka_unit_test(seal_then_open_gives_the_text_back),
		cmocka_unit_test(every_bit_flip_is_refused_and_leaves_no_text),
		cmocka_unit_test(forged_tag_of_an_empty_text_is_refused),
		cmocka_unit_test(seals_in_place_where_the_contract_allows),
		cmocka_unit_test(wrong_lengths_are_refused),
		cmocka_unit_test(unknown_algorithm_is_unsupported),
		cmocka_unit_test(a_new_key_replaces_the_old_one),
		cmocka_unit_test(closing_a_zeroed_cipher_is_fine),
	};

	return cmocka_run_group_tests_name("crypto/aead", tests, NULL, NULL);
}
