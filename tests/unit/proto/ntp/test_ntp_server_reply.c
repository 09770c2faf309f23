/* SPDX-License-Identifier: Apache-2.0
 *
 * Requirements P2, P8, P9 and P17 (RFC 8915 section 5, RFC 9748): what a reply consists of, and
 * that it is never longer than its request.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_ntp_server_fixture.h"

static void p2(void)
{
	struct recipe r = recipe_good(&w);

	for (r.uid_n = 32; r.uid_n <= 128; r.uid_n += 4) {
		struct noon_nts_packet p, q;

		expect_time(&r);
		assert_int_equal(noon_nts_packet_parse(noon_bytes_of(req.p, req.n), &p), 0);
		assert_int_equal(noon_nts_packet_parse(noon_bytes_of(rep.p, rep.n), &q), 0);
		assert_int_equal(q.uid.n, r.uid_n);
		assert_memory_equal(p.uid.p, q.uid.p, r.uid_n);
	}
}

static void p2_the_unique_identifier_comes_back_byte_for_byte(void **state)
{
	(void)state;
	for_both(p2);
}

static void p8(void)
{
	static struct noon_nts_cookie got[16];
	struct recipe r = recipe_good(&w);

	for (r.n_placeholder = 0; r.n_placeholder <= 7; r.n_placeholder++) {
		const size_t n = r.n_placeholder + 1;
		struct noon_nts_packet p;
		struct noon_secret_nts_keys keys;
		enum noon_aead_id aead;

		expect_time(&r);
		assert_int_equal(noon_nts_packet_parse(noon_bytes_of(rep.p, rep.n), &p), 0);
		assert_true(p.n_uid == 1 && p.has_auth && p.n_cookie == 0 && !p.has_mac);
		assert_int_equal(ntp_world_cookies(&w, &rep, got, 16), n);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(noon_nts_cookie_open(&w.keys,
							      noon_bytes_of(got[i].p, got[i].n),
							      &aead, &keys),
					 NOON_OK);
			assert_int_equal(aead, w.aead);
			assert_memory_equal(&keys.c2s, &w.pair.c2s, noon_aead_key_len(aead));
			for (size_t j = 0; j < i; j++)
				assert_memory_not_equal(got[i].p, got[j].p, got[i].n);
		}
	}
}

static void p8_the_reply_is_identifier_and_authenticator_with_fresh_cookies_inside(void **state)
{
	(void)state;
	for_both(p8);
}

static void p8_cap(void)
{
	struct recipe r = recipe_good(&w);
	const unsigned fits = w.aead == NOON_AEAD_SIV_CMAC_256 ? 10 : 16;

	for (unsigned n = 8; n < fits; n++) {
		r.n_placeholder = n;
		expect_time(&r);
		assert_int_equal(ntp_world_cookies(&w, &rep, NULL, 0), 8);
		r.n_placeholder = n / 2;
		r.n_encrypted = n - n / 2;
		expect_time(&r);
		assert_int_equal(ntp_world_cookies(&w, &rep, NULL, 0), 8);
		r.n_encrypted = 0;
	}
}

static void p8_never_more_than_eight_cookies(void **state)
{
	(void)state;
	for_both(p8_cap);
}

static void p9(void)
{
	struct recipe r = recipe_good(&w);

	for (r.n_placeholder = 0; r.n_placeholder <= 20; r.n_placeholder++) {
		const size_t each = noon_ntp_ext_len(noon_nts_cookie_len(w.aead));

		if ((r.n_placeholder + 1) * each + 150 > WORLD_ROOM)
			break;
		(void)ask(&r);
		assert_true(rep.n <= req.n);
		if (r.n_placeholder <= 7)
			assert_int_equal(rep.n, req.n);
	}
	r = recipe_good(&w);
	for (r.n_encrypted = 0; r.n_encrypted <= 9; r.n_encrypted++) {
		assert_int_equal(ask(&r), NOON_VERDICT_ACCEPTED);
		assert_true(rep.n <= req.n);
	}
	/* The shortest authenticator that is good: what its nonce lacks is padding. */
	if (w.aead != NOON_AEAD_SIV_CMAC_256)
		return;
	r = recipe_good(&w);
	r.nonce_n = 1;
	r.padding = noon_aead_nonce_len(w.aead) - 4;
	for (r.n_placeholder = 0; r.n_placeholder <= 7; r.n_placeholder++) {
		assert_int_equal(ask(&r), NOON_VERDICT_ACCEPTED);
		assert_int_equal(rep.n, req.n);
		assert_int_equal(ntp_world_cookies(&w, &rep, NULL, 0), 1 + r.n_placeholder);
	}
}

static void p9_a_reply_is_never_longer_than_its_request(void **state)
{
	(void)state;
	for_both(p9);
}

static void p17(void)
{
	const noon_time t2 = {WORLD_UTC + 123456789}, t3 = {WORLD_UTC + 123466789};
	const struct recipe r = recipe_good(&w);
	struct noon_wr wr = noon_wr_over(rep.p, sizeof(rep.p));
	struct noon_ntp_header h;

	recipe_write(&w, &r, &req);
	assert_int_equal(noon_ntp_server_reply(&w.server, noon_bytes_of(req.p, req.n), t2, t3, &wr),
			 NOON_VERDICT_ACCEPTED);
	rep.n = noon_wr_len(&wr);
	h = header_of(&rep);
	assert_true(h.origin == header_of(&req).transmit);
	assert_true(h.receive == noon_ntp_ts_from_time(t2));
	assert_true(h.transmit == noon_ntp_ts_from_time(t3));
	assert_int_equal(h.root_delay, noon_ntp_short_from_dur(NOON_US(300)));
	assert_int_equal(h.root_disp, noon_ntp_short_from_dur(NOON_US(500)));
	/* Covered by the authenticator: it opens with the header as associated data only. */
	assert_int_equal(ntp_world_cookies(&w, &rep, NULL, 0), 1);
}

static void p17_times_and_origin_are_the_authenticated_ones(void **state)
{
	(void)state;
	for_both(p17);
}

static void a_server_without_time_says_so_and_still_gives_cookies(void **state)
{
	struct recipe r;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		ntp_world_open(&w, aeads[i], 30 + i);
		w.server.clock.has_time = false;
		r = recipe_good(&w);
		assert_int_equal(ask(&r), NOON_VERDICT_ACCEPTED);
		assert_int_equal(header_of(&rep).leap, 3);
		assert_int_equal(header_of(&rep).stratum, 0);
		assert_int_equal(header_of(&rep).ref_id, NOON_KISS_INIT);
		assert_true(header_of(&rep).reference == 0);
		assert_int_equal(ntp_world_cookies(&w, &rep, NULL, 0), 1);
		ntp_world_close(&w);
	}
}

static void a_reply_that_does_not_fit_leaves_the_output_alone(void **state)
{
	struct recipe r;
	uint8_t small[1500];

	(void)state;
	ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 50);
	r = recipe_good(&w);
	recipe_write(&w, &r, &req);
	for (size_t room = 0; room <= req.n; room++) {
		struct noon_wr wr = noon_wr_over(small, room);
		const noon_time t = {WORLD_UTC};
		const enum noon_verdict v =
			noon_ntp_server_reply(&w.server, noon_bytes_of(req.p, req.n), t, t, &wr);

		assert_int_equal(v, room < req.n ? NOON_VERDICT_LONG : NOON_VERDICT_ACCEPTED);
		assert_int_equal(noon_wr_len(&wr), room < req.n ? 0 : req.n);
	}
	ntp_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(p2_the_unique_identifier_comes_back_byte_for_byte),
		cmocka_unit_test(
			p8_the_reply_is_identifier_and_authenticator_with_fresh_cookies_inside),
		cmocka_unit_test(p8_never_more_than_eight_cookies),
		cmocka_unit_test(p9_a_reply_is_never_longer_than_its_request),
		cmocka_unit_test(p17_times_and_origin_are_the_authenticated_ones),
		cmocka_unit_test(a_server_without_time_says_so_and_still_gives_cookies),
		cmocka_unit_test(a_reply_that_does_not_fit_leaves_the_output_alone),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("proto/ntp_server_reply", tests, NULL, NULL);
}
