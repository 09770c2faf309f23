/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/mac.h"

struct mac_vector {
	const char *name;
	enum noon_mac_id id;
	const char *key, *message, *tag; /* hex */
};

#include "mac_rfc4231_rfc4493.h"

#define VECTORS (sizeof(mac_table) / sizeof(mac_table[0]))

struct octets {
	uint8_t p[96];
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

static struct noon_bytes bytes(const struct octets *o)
{
	return noon_bytes_of(o->p, o->n);
}

static const struct {
	enum noon_mac_id id;
	size_t tag, key_min, key_max;
} shapes[] = {
	{NOON_MAC_HMAC_SHA256_128, 16, 16, 64},
	{NOON_MAC_HMAC_SHA256, 32, 16, 64},
	{NOON_MAC_AES_CMAC_128, 16, 16, 16},
	{NOON_MAC_AES_CMAC_256, 16, 32, 32},
};

#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static struct noon_mac open_any(size_t shape)
{
	static const uint8_t key[64] = {1, 2, 3, 4};
	struct noon_mac m;

	assert_int_equal(
		noon_mac_init(&m, shapes[shape].id, noon_bytes_of(key, shapes[shape].key_max)),
		NOON_OK);
	return m;
}

static void published_vectors_are_met(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		const struct octets key = hex(mac_table[i].key);
		const struct octets message = hex(mac_table[i].message);
		const struct octets want = hex(mac_table[i].tag);
		uint8_t tag[NOON_MAC_TAG_MAX];
		struct noon_mac m;

		assert_int_equal(noon_mac_init(&m, mac_table[i].id, bytes(&key)), NOON_OK);
		assert_int_equal(noon_mac_tag_len(m.id), want.n);
		/* Twice: a code may be used again. */
		for (int k = 0; k < 2; k++) {
			assert_int_equal(noon_mac_sign(&m, bytes(&message), tag), NOON_OK);
			assert_memory_equal(tag, want.p, want.n);
			assert_int_equal(noon_mac_verify(&m, bytes(&message), bytes(&want)),
					 NOON_OK);
		}
		noon_mac_fini(&m);
	}
}

static void every_bit_of_the_tag_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		const struct octets key = hex(mac_table[i].key);
		const struct octets message = hex(mac_table[i].message);
		struct octets tag = hex(mac_table[i].tag);
		struct noon_mac m;

		assert_int_equal(noon_mac_init(&m, mac_table[i].id, bytes(&key)), NOON_OK);
		for (size_t bit = 0; bit < tag.n * 8; bit++) {
			tag.p[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_int_equal(noon_mac_verify(&m, bytes(&message), bytes(&tag)),
					 NOON_ERR_AUTH);
			tag.p[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		noon_mac_fini(&m);
	}
}

static void tags_of_another_length_are_wrong(void **state)
{
	static const uint8_t message[3] = {1, 2, 3};

	(void)state;
	for (size_t i = 0; i < SHAPES; i++) {
		struct noon_mac m = open_any(i);
		uint8_t tag[NOON_MAC_TAG_MAX + 8] = {0};

		assert_int_equal(noon_mac_sign(&m, noon_bytes_of(message, 3), tag), NOON_OK);
		for (size_t n = 0; n <= sizeof(tag); n++)
			assert_int_equal(noon_mac_verify(&m, noon_bytes_of(message, 3),
							 noon_bytes_of(tag, n)),
					 n == shapes[i].tag ? NOON_OK : NOON_ERR_AUTH);
		noon_mac_fini(&m);
	}
}

static void signing_writes_no_more_than_the_tag(void **state)
{
	(void)state;
	for (size_t i = 0; i < SHAPES; i++) {
		struct noon_mac m = open_any(i);
		uint8_t tag[NOON_MAC_TAG_MAX + 8];

		memset(tag, 0xa5, sizeof(tag));
		assert_int_equal(noon_mac_sign(&m, noon_bytes_of("x", 1), tag), NOON_OK);
		for (size_t k = shapes[i].tag; k < sizeof(tag); k++)
			assert_int_equal(tag[k], 0xa5);
		noon_mac_fini(&m);
	}
}

static void keys_of_another_length_are_refused(void **state)
{
	static const uint8_t key[200] = {7};

	(void)state;
	for (size_t i = 0; i < SHAPES; i++)
		for (size_t n = 0; n <= sizeof(key); n++) {
			struct noon_mac m = {.id = NOON_MAC_NONE};
			const bool good = n >= shapes[i].key_min && n <= shapes[i].key_max;

			assert_int_equal(noon_mac_init(&m, shapes[i].id, noon_bytes_of(key, n)),
					 good ? NOON_OK : NOON_ERR_RANGE);
			assert_int_equal(m.id, good ? shapes[i].id : NOON_MAC_NONE);
			noon_mac_fini(&m);
		}
}

static void unknown_algorithms_are_refused(void **state)
{
	static const uint8_t key[32] = {7};
	struct noon_mac m = {.id = NOON_MAC_NONE};

	(void)state;
	assert_int_equal(noon_mac_init(&m, NOON_MAC_NONE, noon_bytes_of(key, 32)),
			 NOON_ERR_UNSUPPORTED);
	assert_int_equal(noon_mac_init(&m, (enum noon_mac_id)99, noon_bytes_of(key, 32)),
			 NOON_ERR_UNSUPPORTED);
	assert_int_equal(noon_mac_tag_len(NOON_MAC_NONE), 0);
	assert_int_equal(noon_mac_tag_len((enum noon_mac_id)99), 0);
}

static void a_closed_code_accepts_nothing(void **state)
{
	struct noon_mac m = open_any(0);
	uint8_t tag[NOON_MAC_TAG_MAX] = {0};

	(void)state;
	noon_mac_fini(&m);
	noon_mac_fini(&m);
	for (size_t n = 0; n <= sizeof(tag); n++)
		assert_int_equal(noon_mac_verify(&m, noon_bytes_of("x", 1), noon_bytes_of(tag, n)),
				 NOON_ERR_AUTH);
	assert_int_equal(noon_mac_sign(&m, noon_bytes_of("x", 1), tag), NOON_ERR_CRYPTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors_are_met),
		cmocka_unit_test(every_bit_of_the_tag_counts),
		cmocka_unit_test(tags_of_another_length_are_wrong),
		cmocka_unit_test(signing_writes_no_more_than_the_tag),
		cmocka_unit_test(keys_of_another_length_are_refused),
		cmocka_unit_test(unknown_algorithms_are_refused),
		cmocka_unit_test(a_closed_code_accepts_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
