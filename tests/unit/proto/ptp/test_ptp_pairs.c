/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/aead.h"
#include "proto/ptp/ptp_auth.h"
#include "proto/ptp/ptp_port.h"

/* A transmitter's pairs, and the keys of two receivers. Too large for a stack frame. */
static struct {
	struct noon_ptp_pairs pairs;
	struct noon_ptp_replay replay;
	struct noon_rng rng;
	noon_time now;
} w;

static int set_up(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	w.rng = noon_rng_seeded(20261130);
	w.now = (noon_time){NOON_S(1000)};
	noon_ptp_pairs_init(&w.pairs, 9, &w.rng);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	noon_ptp_pairs_fini(&w.pairs);
	return 0;
}

static struct noon_ptp_pair_request request(uint8_t owner, uint8_t clock)
{
	struct noon_ptp_pair_request r;

	memset(r.owner, owner, sizeof(r.owner));
	memset(r.clock, clock, sizeof(r.clock));
	return r;
}

static noon_err add(uint8_t owner, uint8_t clock, uint8_t secret)
{
	const struct noon_ptp_pair_request r = request(owner, clock);
	uint8_t key[NOON_PTP_PAIR_KEY];

	memset(key, secret, sizeof(key));
	return noon_ptp_pairs_add(&w.pairs, &r, key, w.now, noon_time_add(w.now, NOON_S(100)));
}

static uint32_t made(uint8_t owner, uint8_t clock, uint8_t secret)
{
	const uint32_t id = noon_ptp_pairs_next(&w.pairs);

	assert_int_equal(add(owner, clock, secret), NOON_OK);
	return id;
}

/* A message of a receiver that has one key. */
static size_t said(uint8_t clock, uint8_t spp, uint32_t id, uint8_t secret, uint16_t sequence,
		   uint8_t *raw, size_t room)
{
	static struct noon_ptp_keys keys;
	const struct noon_ptp_policy policy = {.keys = &keys, .spp = spp};
	struct noon_ptp_port port = {.domain = 0};
	struct noon_wr wr = noon_wr_over(raw, room);
	struct noon_ptp_message m;
	uint8_t key[NOON_PTP_PAIR_KEY];

	memset(key, secret, sizeof(key));
	memset(&keys, 0, sizeof(keys));
	keys.n = 1;
	keys.sa[0] = (struct noon_ptp_sa){.spp = spp, .window = 3, .n = 1};
	keys.sa[0].key[0].id = id;
	assert_int_equal(noon_mac_init(&keys.sa[0].key[0].mac, NOON_MAC_HMAC_SHA256_128,
				       noon_bytes_of(key, sizeof(key))),
			 NOON_OK);
	memset(port.self.clock, clock, sizeof(port.self.clock));
	m = noon_ptp_port_message(&port, NOON_PTP_DELAY_REQ, sequence, true,
				  NOON_PTP_INTERVAL_NONE);
	assert_int_equal(noon_ptp_put(&wr, &m), NOON_OK);
	assert_int_equal(noon_ptp_auth_seal(&policy, &wr), NOON_OK);
	noon_ptp_keys_fini(&keys);
	return noon_wr_len(&wr);
}

static enum noon_verdict heard(const uint8_t *raw, size_t n)
{
	const struct noon_ptp_policy policy = {.pairs = &w.pairs};
	const struct noon_ptp_port port = {.self = {.port = 1}};
	struct noon_ptp_message m;

	assert_int_equal(noon_ptp_port_read(&port, noon_bytes_of(raw, n), &m),
			 NOON_VERDICT_ACCEPTED);
	return noon_ptp_auth_open(&policy, &w.replay, &m, w.now);
}

static enum noon_verdict say(uint8_t clock, uint8_t spp, uint32_t id, uint8_t secret)
{
	static uint16_t sequence;
	uint8_t raw[256];

	return heard(raw, said(clock, spp, id, secret, sequence++, raw, sizeof(raw)));
}

static void a_pair_speaks_for_its_receiver_alone(void **state)
{
	const uint32_t a = made(1, 0xa1, 11), b = made(2, 0xb1, 22);

	(void)state;
	assert_true(a != b);
	assert_int_equal(say(0xa1, 9, a, 11), NOON_VERDICT_ACCEPTED);
	assert_int_equal(say(0xb1, 9, b, 22), NOON_VERDICT_ACCEPTED);
	assert_int_equal(say(0xb1, 9, a, 11), NOON_VERDICT_KEY_ID);
	assert_int_equal(say(0xa1, 9, b, 11), NOON_VERDICT_KEY_ID);
	assert_int_equal(say(0xa1, 8, a, 11), NOON_VERDICT_KEY_ID);
	assert_int_equal(say(0xa1, 9, a + 100, 11), NOON_VERDICT_KEY_ID);
	assert_int_equal(say(0xa1, 9, a, 12), NOON_VERDICT_AUTH);
}

static void an_identity_has_one_owner(void **state)
{
	(void)state;
	(void)made(1, 0xa1, 11);
	assert_int_equal(add(2, 0xa1, 22), NOON_ERR_PERM);
	(void)made(1, 0xa1, 12);
	/* Until its pairs have ended. */
	w.now = noon_time_add(w.now, NOON_S(101));
	(void)made(2, 0xa1, 22);
	assert_int_equal(noon_ptp_pairs_count(&w.pairs), 1);
}

static void a_fresh_pair_is_sealed_with_once_it_was_heard(void **state)
{
	const uint32_t first = made(1, 0xa1, 11);
	uint8_t clock[NOON_PTP_IDENTITY_LEN];
	uint32_t fresh = 0;

	(void)state;
	memset(clock, 0xa1, sizeof(clock));
	assert_int_equal(noon_ptp_pairs_for(&w.pairs, clock)->id, first);
	assert_int_equal(say(0xa1, 9, first, 11), NOON_VERDICT_ACCEPTED);
	/* Exchanges whose answer was lost leave pairs that nobody uses. */
	for (uint8_t i = 0; i < 10; i++)
		fresh = made(1, 0xa1, (uint8_t)(100 + i));
	assert_int_equal(noon_ptp_pairs_count(&w.pairs), 2);
	assert_int_equal(noon_ptp_pairs_for(&w.pairs, clock)->id, first);
	assert_int_equal(say(0xa1, 9, first, 11), NOON_VERDICT_ACCEPTED);
	assert_int_equal(say(0xa1, 9, fresh, 109), NOON_VERDICT_ACCEPTED);
	assert_int_equal(noon_ptp_pairs_for(&w.pairs, clock)->id, fresh);
	/* What was under way is still good. */
	assert_int_equal(say(0xa1, 9, first, 11), NOON_VERDICT_ACCEPTED);
}

static void pairs_end(void **state)
{
	const uint32_t id = made(1, 0xa1, 11);

	(void)state;
	w.now = noon_time_add(w.now, NOON_S(99));
	assert_int_equal(say(0xa1, 9, id, 11), NOON_VERDICT_ACCEPTED);
	w.now = noon_time_add(w.now, NOON_S(1));
	assert_int_equal(say(0xa1, 9, id, 11), NOON_VERDICT_KEY_ID);
}

static void nobody_takes_the_room_of_the_others(void **state)
{
	uint8_t clock = 0;

	(void)state;
	for (; clock < NOON_PTP_OWNER_CLOCKS; clock++)
		(void)made(1, clock, 1);
	assert_int_equal(add(1, clock, 1), NOON_ERR_FULL);
	(void)made(1, 0, 2); /* again one that it has */
	(void)made(2, 0xb1, 22);
	/* Full of pairs of many owners. */
	for (unsigned i = 0; i < 2 * NOON_PTP_PAIRS_MAX; i++)
		(void)!add((uint8_t)(3 + i / NOON_PTP_OWNER_CLOCKS), (uint8_t)i, 1);
	assert_true(noon_ptp_pairs_count(&w.pairs) <= NOON_PTP_PAIRS_MAX);
}

/* As many receivers as there is room for, each with the pair in use and the one before. */
static void a_full_table_still_renews(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 4; round++)
		for (unsigned clock = 0; clock < NOON_PTP_PAIRS_MAX / 2; clock++)
			(void)made((uint8_t)(clock / NOON_PTP_OWNER_CLOCKS), (uint8_t)clock, 1);
	assert_int_equal(noon_ptp_pairs_count(&w.pairs), NOON_PTP_PAIRS_MAX);
}

static void without_a_pair_nothing_is_sealed(void **state)
{
	const struct noon_ptp_policy policy = {.pairs = &w.pairs};
	const struct noon_ptp_port port = {.domain = 0};
	const struct noon_ptp_message m = noon_ptp_port_message(&port, NOON_PTP_SYNC, 1, true, 0);
	uint8_t raw[256], clock[NOON_PTP_IDENTITY_LEN] = {1};
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));

	(void)state;
	assert_int_equal(noon_ptp_put(&wr, &m), NOON_OK);
	assert_int_equal(noon_ptp_auth_seal_for(&policy, clock, &wr), NOON_ERR_NOT_FOUND);
	assert_int_equal(noon_ptp_auth_seal(&policy, &wr), NOON_ERR_NOT_FOUND);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_pair_speaks_for_its_receiver_alone),
		TEST(an_identity_has_one_owner),
		TEST(a_fresh_pair_is_sealed_with_once_it_was_heard),
		TEST(pairs_end),
		TEST(nobody_takes_the_room_of_the_others),
		TEST(a_full_table_still_renews),
		TEST(without_a_pair_nothing_is_sealed),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("proto ptp_pairs", tests, NULL, NULL);
}
