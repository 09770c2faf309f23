/* SPDX-License-Identifier: Apache-2.0
 *
 * Requirements P6, P7, P10, P11 and K20 (RFC 8915 section 5): who gets authenticated time, and who
 * a NAK.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_ntp_server_fixture.h"

static void p6(void)
{
	struct recipe r = recipe_good(&w);

	r.n_placeholder = 2;
	r.n_encrypted = 1;
	recipe_write(&w, &r, &req);
	for (size_t bit = 0; bit < 8 * req.n; bit++) {
		enum noon_verdict v;

		req.p[bit / 8] ^= (uint8_t)(1U << bit % 8);
		v = ntp_world_ask(&w, &req, &rep);
		assert_int_not_equal(v, NOON_VERDICT_ACCEPTED);
		if (rep.n > 0) {
			assert_true(v == NOON_VERDICT_AUTH || v == NOON_VERDICT_COOKIE_KEY);
			assert_nak(&rep);
		}
		req.p[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_int_equal(ntp_world_ask(&w, &req, &rep), NOON_VERDICT_ACCEPTED);
	assert_int_equal(w.server.nts_replies, 1);
}

static void p6_no_flipped_bit_ever_gets_time(void **state)
{
	(void)state;
	for_both(p6);
}

static void p6_prefix(void)
{
	struct recipe r = recipe_good(&w);
	struct datagram cut;

	r.n_placeholder = 1;
	recipe_write(&w, &r, &req);
	cut = req;
	for (cut.n = 0; cut.n < req.n; cut.n++) {
		const enum noon_verdict v = ntp_world_ask(&w, &cut, &rep);
		struct noon_nts_packet p;

		/* A header alone, or with fields that are not of NTS, is a plain request. */
		if (v == NOON_VERDICT_ACCEPTED) {
			assert_int_equal(cut.n, NOON_NTP_HEADER_LEN);
			assert_int_equal(noon_nts_packet_parse(noon_bytes_of(rep.p, rep.n), &p), 0);
			assert_false(p.has_auth);
		} else {
			assert_int_equal(rep.n, 0);
		}
	}
}

static void p6_a_truncated_request_gets_no_authenticated_time(void **state)
{
	(void)state;
	for_both(p6_prefix);
}

static void p7(void)
{
	const size_t right = noon_nts_cookie_len(w.aead);
	struct noon_nts_cookie junk = {.n = (uint16_t)right};
	struct recipe r = recipe_good(&w);

	r.cookie = &junk;
	expect_nak(&r, NOON_VERDICT_COOKIE_KEY);
	for (int i = 0; i < 100; i++) {
		noon_rng_fill(&w.rng, junk.p, right);
		expect_nak(&r, NOON_VERDICT_COOKIE_KEY);
	}
	for (junk.n = 12; junk.n <= 512; junk.n = (uint16_t)(junk.n + 4))
		expect_nak(&r, NOON_VERDICT_COOKIE_KEY);
	assert_int_equal(w.server.cookies_made, 0);
}

static void p7_an_undecryptable_cookie_gets_a_nak(void **state)
{
	(void)state;
	for_both(p7);
}

static void p10(void)
{
	const struct noon_secret_nts_keys ours = w.pair;
	struct recipe r = recipe_good(&w);
	static struct noon_nts_session other;

	r.with_s2c = true;
	expect_nak(&r, NOON_VERDICT_AUTH);
	r.with_s2c = false;
	ntp_world_session(&w, 1, &other);
	w.pair = ours;
	r.cookie = &other.jar[0]; /* another client's cookie with our key */
	expect_nak(&r, NOON_VERDICT_AUTH);
	r.cookie = NULL;
	expect_time(&r);
	/* A reply sent back is not a request; nor is it one with the mode changed. */
	req = rep;
	assert_int_equal(ntp_world_ask(&w, &req, &rep), NOON_VERDICT_MODE);
	assert_int_equal(rep.n, 0);
	req.p[0] = (uint8_t)((req.p[0] & ~7) | 3);
	assert_int_equal(ntp_world_ask(&w, &req, &rep), NOON_VERDICT_COOKIE);
	assert_int_equal(rep.n, 0);
}

static void p10_wrong_keys_and_reflections_fail(void **state)
{
	(void)state;
	for_both(p10);
}

static void p11(void)
{
	static struct noon_nts_cookie got[64];
	const struct recipe r = recipe_good(&w);

	recipe_write(&w, &r, &req);
	for (size_t i = 0; i < 64; i++) {
		assert_int_equal(ntp_world_ask(&w, &req, &rep), NOON_VERDICT_ACCEPTED);
		assert_int_equal(ntp_world_cookies(&w, &rep, &got[i], 1), 1);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(got[i].p, got[j].p, got[i].n);
	}
}

static void p11_a_replayed_request_gets_a_new_answer(void **state)
{
	(void)state;
	for_both(p11);
}

static void k20(void)
{
	struct noon_nts_cookie old, fresh;
	static struct noon_nts_session s;
	struct recipe r = recipe_good(&w);

	ntp_world_session(&w, 1, &s);
	old = s.jar[0];
	r.cookie = &old;
	for (int i = 1; i <= 2; i++) {
		w.ahead += WORLD_PERIOD;
		assert_int_equal(noon_nts_keys_rotate(&w.keys, noon_time_add(w.now, w.ahead)), 0);
		expect_time(&r);
		assert_int_equal(ntp_world_cookies(&w, &rep, &fresh, 1), 1);
		assert_memory_not_equal(fresh.p, old.p, 4); /* of the new epoch */
	}
	w.ahead += WORLD_PERIOD;
	assert_int_equal(noon_nts_keys_rotate(&w.keys, noon_time_add(w.now, w.ahead)), 0);
	expect_nak(&r, NOON_VERDICT_COOKIE_KEY);
	r.cookie = &fresh;
	expect_time(&r);
}

static void k20_cookies_outlive_two_rotations_but_not_three(void **state)
{
	(void)state;
	for_both(k20);
}

static void keys_that_were_never_derived_mean_a_nak(void **state)
{
	struct recipe r;

	(void)state;
	ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 40);
	r = recipe_good(&w);
	recipe_write(&w, &r, &req);
	noon_nts_keys_fini(&w.keys);
	assert_int_equal(noon_nts_keys_init(&w.keys, &w.master, WORLD_PERIOD), NOON_OK);
	assert_int_equal(ntp_world_ask(&w, &req, &rep), NOON_VERDICT_COOKIE_KEY);
	assert_nak(&rep);
	ntp_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(p6_no_flipped_bit_ever_gets_time),
		cmocka_unit_test(p6_a_truncated_request_gets_no_authenticated_time),
		cmocka_unit_test(p7_an_undecryptable_cookie_gets_a_nak),
		cmocka_unit_test(p10_wrong_keys_and_reflections_fail),
		cmocka_unit_test(p11_a_replayed_request_gets_a_new_answer),
		cmocka_unit_test(k20_cookies_outlive_two_rotations_but_not_three),
		cmocka_unit_test(keys_that_were_never_derived_mean_a_nak),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("proto/ntp_server_auth", tests, NULL, NULL);
}
