/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/nts/nts_keys.h"

#define PERIOD NOON_S(3600)
#define EPOCH  490000 /* hours since 1970 */

static const enum noon_aead_id aeads[] = {NOON_AEAD_SIV_CMAC_256, NOON_AEAD_GCM_SIV_128};

static struct noon_rng rng;
static struct noon_secret_nts_master master;
static struct noon_nts_keys k;
static struct noon_secret_nts_keys pair;

static noon_time at(int64_t epoch)
{
	return (noon_time){epoch * PERIOD + PERIOD / 3};
}

static int open_keys(void **state)
{
	(void)state;
	rng = noon_rng_seeded(2020);
	noon_rng_fill(&rng, &master, sizeof(master));
	noon_rng_fill(&rng, &pair, sizeof(pair));
	return noon_nts_keys_init(&k, &master, PERIOD) || noon_nts_keys_rotate(&k, at(EPOCH));
}

static int close_keys(void **state)
{
	(void)state;
	noon_nts_keys_fini(&k);
	return 0;
}

static struct noon_nts_cookie make(struct noon_nts_keys *by, enum noon_aead_id aead)
{
	struct noon_nts_cookie c = {.n = 0};
	struct noon_wr wr = noon_wr_over(c.p, sizeof(c.p));

	assert_int_equal(noon_nts_cookie_make(by, &rng, aead, &pair, &wr), NOON_OK);
	c.n = (uint16_t)noon_wr_len(&wr);
	assert_int_equal(c.n, noon_nts_cookie_len(aead));
	return c;
}

static noon_err try_open(struct noon_nts_keys *by, const struct noon_nts_cookie *c)
{
	enum noon_aead_id aead = NOON_AEAD_NONE;
	struct noon_secret_nts_keys got;

	return noon_nts_cookie_open(by, noon_bytes_of(c->p, c->n), &aead, &got);
}

static void a_cookie_gives_its_keys_back(void **state)
{
	(void)state;
	assert_int_equal(noon_nts_cookie_len(NOON_AEAD_SIV_CMAC_256), 100);
	assert_int_equal(noon_nts_cookie_len(NOON_AEAD_GCM_SIV_128), 68);
	assert_int_equal(noon_nts_cookie_len(NOON_AEAD_NONE), 0);
	for (size_t i = 0; i < 2; i++) {
		const struct noon_nts_cookie c = make(&k, aeads[i]);
		const size_t n = noon_aead_key_len(aeads[i]);
		struct noon_secret_nts_keys got;
		enum noon_aead_id aead;

		memset(&got, 0xee, sizeof(got));
		assert_int_equal(noon_nts_cookie_open(&k, noon_bytes_of(c.p, c.n), &aead, &got),
				 NOON_OK);
		assert_int_equal(aead, aeads[i]);
		assert_memory_equal(got.c2s, pair.c2s, n);
		assert_memory_equal(got.s2c, pair.s2c, n);
		for (size_t j = n; j < sizeof(got.c2s); j++)
			assert_int_equal(got.c2s[j] | got.s2c[j], 0);
	}
}

static void no_two_cookies_are_alike(void **state)
{
	static struct noon_nts_cookie made[2000];

	(void)state;
	for (size_t i = 0; i < 2000; i++) {
		made[i] = make(&k, NOON_AEAD_SIV_CMAC_256);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(made[i].p + 4, made[j].p + 4, made[i].n - 4U);
	}
}

static void no_tampered_bit_opens(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct noon_nts_cookie c = make(&k, aeads[i]);

		for (size_t bit = 0; bit < 8U * c.n; bit++) {
			c.p[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_int_equal(try_open(&k, &c), NOON_ERR_AUTH);
			c.p[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		assert_int_equal(try_open(&k, &c), NOON_OK);
		for (uint16_t n = 0; n <= sizeof(c.p); n++) {
			const uint16_t was = c.n;

			c.n = n;
			assert_int_equal(try_open(&k, &c), n == was ? NOON_OK : NOON_ERR_AUTH);
			c.n = was;
		}
	}
}

static void k20_two_old_epochs_are_valid_and_one_ahead(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct noon_nts_cookie c;

		assert_int_equal(noon_nts_keys_rotate(&k, at(EPOCH)), NOON_OK);
		c = make(&k, aeads[i]);
		for (int ahead = -5; ahead <= 6; ahead++) {
			assert_int_equal(noon_nts_keys_rotate(&k, at(EPOCH + ahead)), NOON_OK);
			assert_int_equal(try_open(&k, &c),
					 ahead >= -1 && ahead <= 2 ? NOON_OK : NOON_ERR_AUTH);
		}
	}
}

static void an_epoch_ends_to_the_nanosecond(void **state)
{
	const noon_time end = {(int64_t)(EPOCH + 1) * PERIOD};

	(void)state;
	assert_int_equal(noon_nts_keys_next(&k).ns, end.ns);
	assert_int_equal(noon_nts_keys_rotate(&k, noon_time_add(end, -1)), NOON_OK);
	assert_int_equal(k.epoch, EPOCH);
	assert_int_equal(noon_nts_keys_rotate(&k, end), NOON_OK);
	assert_int_equal(k.epoch, EPOCH + 1);
}

static void a_restart_and_a_neighbour_with_the_same_master_open_them(void **state)
{
	const struct noon_nts_cookie c = make(&k, NOON_AEAD_SIV_CMAC_256);
	struct noon_secret_nts_master other = master;
	struct noon_nts_keys second;
	struct noon_nts_cookie back;

	(void)state;
	assert_int_equal(noon_nts_keys_init(&second, &master, PERIOD), NOON_OK);
	assert_int_equal(noon_nts_keys_rotate(&second, at(EPOCH + 1)), NOON_OK);
	assert_int_equal(try_open(&second, &c), NOON_OK);
	back = make(&second, NOON_AEAD_GCM_SIV_128);
	assert_int_equal(try_open(&k, &back), NOON_OK); /* from a clock that is ahead */
	noon_nts_keys_fini(&second);
	other.p[31] ^= 1;
	assert_int_equal(noon_nts_keys_init(&second, &other, PERIOD), NOON_OK);
	assert_int_equal(noon_nts_keys_rotate(&second, at(EPOCH)), NOON_OK);
	assert_int_equal(try_open(&second, &c), NOON_ERR_AUTH);
	noon_nts_keys_fini(&second);
}

static void keys_of_different_epochs_differ(void **state)
{
	struct noon_nts_cookie c = make(&k, NOON_AEAD_SIV_CMAC_256);
	const struct noon_bytes same = noon_bytes_of(pair.c2s, 16);
	uint8_t sealed[NOON_NTS_EPOCHS][32];

	(void)state;
	for (size_t i = 0; i < NOON_NTS_EPOCHS; i++) {
		struct noon_wr wr = noon_wr_over(sealed[i], 32);

		assert_int_equal(noon_aead_seal(&k.cipher[i], same, same, same, &wr), NOON_OK);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(sealed[i], sealed[j], 32);
	}
	for (uint32_t e = EPOCH - 2; e <= EPOCH + 1; e++) {
		c.p[0] = (uint8_t)(e >> 24);
		c.p[1] = (uint8_t)(e >> 16);
		c.p[2] = (uint8_t)(e >> 8);
		c.p[3] = (uint8_t)e;
		assert_int_equal(try_open(&k, &c), e == EPOCH ? NOON_OK : NOON_ERR_AUTH);
	}
}

static void epochs_may_wrap_around_zero(void **state)
{
	struct noon_nts_cookie c;

	(void)state;
	assert_int_equal(noon_nts_keys_rotate(&k, (noon_time){-5}), NOON_OK);
	assert_int_equal(k.epoch, 0);
	c = make(&k, NOON_AEAD_SIV_CMAC_256);
	assert_int_equal(try_open(&k, &c), NOON_OK);
	assert_int_equal(noon_nts_keys_rotate(&k, (noon_time){2 * PERIOD}), NOON_OK);
	assert_int_equal(try_open(&k, &c), NOON_OK);
	assert_int_equal(noon_nts_keys_rotate(&k, NOON_TIME_NEVER), NOON_OK);
	(void)noon_nts_keys_next(&k);
}

static void nothing_works_before_the_first_rotation(void **state)
{
	struct noon_nts_cookie c = make(&k, NOON_AEAD_SIV_CMAC_256);
	struct noon_wr wr = noon_wr_over(c.p + c.n, 200);
	struct noon_nts_keys bare;

	(void)state;
	assert_int_equal(noon_nts_keys_init(&bare, &master, NOON_S(1) - 1), NOON_ERR_RANGE);
	assert_int_equal(noon_nts_keys_init(&bare, &master, PERIOD), NOON_OK);
	assert_int_equal(try_open(&bare, &c), NOON_ERR_AUTH);
	assert_int_equal(noon_nts_cookie_make(&bare, &rng, NOON_AEAD_SIV_CMAC_256, &pair, &wr),
			 NOON_ERR_STATE);
	assert_int_equal(noon_nts_cookie_make(&k, &rng, NOON_AEAD_NONE, &pair, &wr),
			 NOON_ERR_UNSUPPORTED);
	assert_int_equal(noon_wr_len(&wr), 0);
	noon_nts_keys_fini(&bare);
	noon_nts_keys_fini(&bare); /* twice is fine */
}

static void a_cookie_that_does_not_fit_is_not_begun(void **state)
{
	uint8_t raw[100];

	(void)state;
	for (size_t room = 0; room < 100; room++) {
		struct noon_wr wr = noon_wr_over(raw, room);

		assert_int_equal(noon_nts_cookie_make(&k, &rng, NOON_AEAD_SIV_CMAC_256, &pair, &wr),
				 NOON_ERR_FULL);
		assert_int_equal(noon_wr_len(&wr), 0);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_keys, close_keys)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cookie_gives_its_keys_back),
		TEST(no_two_cookies_are_alike),
		TEST(no_tampered_bit_opens),
		TEST(k20_two_old_epochs_are_valid_and_one_ahead),
		TEST(an_epoch_ends_to_the_nanosecond),
		TEST(a_restart_and_a_neighbour_with_the_same_master_open_them),
		TEST(keys_of_different_epochs_differ),
		TEST(epochs_may_wrap_around_zero),
		TEST(nothing_works_before_the_first_rotation),
		TEST(a_cookie_that_does_not_fit_is_not_begun),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("proto/nts_keys", tests, NULL, NULL);
}
