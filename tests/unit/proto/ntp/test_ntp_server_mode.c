/* SPDX-License-Identifier: Apache-2.0
 *
 * Requirements P12, P13 and P18 (RFC 5905): modes, versions, kiss codes and plain requests; and
 * that all are counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_ntp_server_fixture.h"

static void p12(void)
{
	struct recipe r = recipe_good(&w);

	for (r.mode = 0; r.mode < 8; r.mode++)
		if (r.mode != 3)
			expect_silence(&r, NOON_VERDICT_MODE);
	for (unsigned first = 0; first < 256; first++) {
		const unsigned mode = first & 7;
		struct datagram d = {.n = 48};

		d.p[0] = (uint8_t)first;
		(void)ntp_world_ask(&w, &d, &rep);
		if (mode != 3)
			assert_int_equal(rep.n, 0);
		/* The monlist of old, and a control packet. */
		for (d.n = 1; d.n < 48; d.n++) {
			assert_int_not_equal(ntp_world_ask(&w, &d, &rep), 0);
			assert_int_equal(rep.n, 0);
		}
	}
}

static void p12_only_mode_3_is_answered(void **state)
{
	(void)state;
	for_both(p12);
}

static void p13_versions_3_and_4_are_served_plainly_the_others_not(void **state)
{
	static const uint8_t served[8] = {0, 0, 0, 1, 1, 0, 0, 0};

	(void)state;
	ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 13);
	for (unsigned v = 0; v < 8; v++) {
		const struct noon_ntp_header h = {
			.version = (uint8_t)v, .mode = 3, .poll = 9, .transmit = 0x1234567890};
		struct noon_ntp_header back;
		struct datagram d = {.n = 48};

		header_set(&d, &h);
		assert_int_equal(ntp_world_ask(&w, &d, &rep),
				 served[v] ? NOON_VERDICT_ACCEPTED : NOON_VERDICT_VERSION);
		assert_int_equal(rep.n, served[v] ? 48 : 0);
		if (!served[v])
			continue;
		back = header_of(&rep);
		assert_int_equal(back.version, v);
		assert_int_equal(back.mode, 4);
		assert_int_equal(back.poll, 9);
		assert_true(back.origin == h.transmit);
		/* Version 3 has no extension fields, so NTS with it is a MAC we do not know. */
		d.n = 100;
		(void)ntp_world_ask(&w, &d, &rep);
		assert_int_equal(rep.n, 0);
	}
	{
		struct recipe r = recipe_good(&w);

		r.version = 3;
		expect_silence(&r, NOON_VERDICT_AUTH);
		r.version = 5;
		expect_silence(&r, NOON_VERDICT_VERSION);
	}
	ntp_world_close(&w);
}

/* The server's own kiss RATE is plain, so an NTS client ignores it: see the client's p18. */
static void p18_kiss_rate_is_short_and_answers_clients_only(void **state)
{
	struct recipe r;
	struct noon_wr wr;

	(void)state;
	ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 18);
	r = recipe_good(&w);
	for (r.mode = 0; r.mode < 8; r.mode++) {
		recipe_write(&w, &r, &req);
		wr = noon_wr_over(rep.p, sizeof(rep.p));
		assert_int_equal(
			noon_ntp_server_kiss_rate(&w.server, noon_bytes_of(req.p, req.n), &wr),
			r.mode == 3 ? NOON_VERDICT_RATE : NOON_VERDICT_MODE);
		rep.n = noon_wr_len(&wr);
		assert_int_equal(rep.n, r.mode == 3 ? 48 : 0);
		if (r.mode != 3)
			continue;
		assert_int_equal(header_of(&rep).ref_id, NOON_KISS_RATE);
		assert_int_equal(header_of(&rep).stratum, 0);
		assert_true(header_of(&rep).origin == header_of(&req).transmit);
	}
	ntp_world_close(&w);
}

static void nts_requests_get_no_reply_when_nts_is_off(void **state)
{
	struct recipe r;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		ntp_world_open(&w, aeads[i], 20 + i);
		w.server.keys = NULL;
		r = recipe_good(&w);
		expect_silence(&r, NOON_VERDICT_NO_AUTH);
		r.n_cookie = 0;
		r.no_auth = true;
		expect_silence(&r, NOON_VERDICT_NO_AUTH);
		r.n_uid = 0;
		assert_int_equal(ask(&r), NOON_VERDICT_ACCEPTED); /* a plain one */
		ntp_world_close(&w);
	}
}

static void each_request_is_counted_once(void **state)
{
	uint64_t total = 0;

	(void)state;
	ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 60);
	for (int i = 0; i < 2000; i++) {
		struct datagram d = {.n = noon_rng_u64(&w.rng) % 300};

		noon_rng_fill(&w.rng, d.p, d.n);
		d.p[0] = i % 2 ? 0x23 : d.p[0];
		(void)ntp_world_ask(&w, &d, &rep);
	}
	for (unsigned v = 0; v < NOON_VERDICTS; v++)
		total += w.server.counters.n[v];
	assert_int_equal(total, 2000);
	ntp_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(p12_only_mode_3_is_answered),
		cmocka_unit_test(p13_versions_3_and_4_are_served_plainly_the_others_not),
		cmocka_unit_test(p18_kiss_rate_is_short_and_answers_clients_only),
		cmocka_unit_test(nts_requests_get_no_reply_when_nts_is_off),
		cmocka_unit_test(each_request_is_counted_once),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("proto/ntp_server_mode", tests, NULL, NULL);
}
