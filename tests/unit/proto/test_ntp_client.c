/* SPDX-License-Identifier: Apache-2.0
 *
 * Requirements C1 to C7 of the NTP client against a real server in memory, and the classic faults.
 * C8 (certificates) is the key exchange's: test_ntske_client.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test_ntp_world.h"

static struct ntp_world w;
static struct datagram d;

static int with_nts(void **state)
{
	(void)state;
	ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 1);
	ntp_world_client(&w, true);
	ntp_world_rekey(&w, 8);
	return 0;
}

static int with_gcm(void **state)
{
	(void)state;
	ntp_world_open(&w, NOON_AEAD_GCM_SIV_128, 2);
	ntp_world_client(&w, true);
	ntp_world_rekey(&w, 8);
	return 0;
}

static int plain(void **state)
{
	(void)state;
	ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 3);
	ntp_world_client(&w, false);
	return 0;
}

static int without_keys(void **state)
{
	(void)state;
	ntp_world_open(&w, NOON_AEAD_SIV_CMAC_256, 4);
	ntp_world_client(&w, true);
	return 0;
}

static int done(void **state)
{
	(void)state;
	ntp_world_close(&w);
	return 0;
}

static size_t in_jar(void)
{
	return w.client.session.n_cookies;
}

/* The outstanding request gets no answer. */
static void lose(void)
{
	const unsigned misses = w.misses;

	ntp_world_timer(&w);
	assert_int_equal(w.misses, misses + 1);
}

static struct noon_nts_packet fields_of(const struct datagram *x)
{
	struct noon_nts_packet p;

	assert_int_equal(noon_nts_packet_parse(noon_bytes_of(x->p, x->n), &p),
			 NOON_VERDICT_ACCEPTED);
	return p;
}

static void an_exchange_gives_the_four_times(void **state)
{
	const noon_time sent = w.now;

	(void)state;
	assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	assert_int_equal(w.samples, 1);
	assert_int_equal(w.sample.t1.ns, sent.ns);
	assert_int_equal(w.sample.t4.ns, w.now.ns);
	assert_in_range(sent.ns + w.ahead + NOON_MS(1) - w.sample.t2.ns, 0, 1);
	assert_in_range(w.sample.t2.ns + NOON_US(10) - w.sample.t3.ns + 1, 0, 2);
	assert_int_equal(w.sample.source, 7);
	assert_int_equal(w.sample.stratum, 2);
	assert_int_equal(w.sample.authenticated, w.client.conf.nts);
	assert_true(w.sample.stamp_err >= 2);
	assert_true(w.sample.server_err >= NOON_US(650));
	assert_true(w.sample.server_err <= NOON_US(650) + 40000);
	assert_int_equal(w.sample.tx_stamp, NOON_STAMP_USER);
}

static void c1_unauthenticated_replies_are_ignored(void **state)
{
	struct noon_ntp_header h;

	(void)state;
	ntp_world_until_sent(&w);
	h = ntp_world_header(&w);
	header_set(&d, &h);
	d.n = 48;
	assert_int_equal(ntp_world_deliver(&w, &d, 10), NOON_VERDICT_NO_AUTH);
	/* with the right identifier, but no authenticator */
	ntp_world_nak(&w, &d);
	header_set(&d, &h);
	assert_int_equal(ntp_world_deliver(&w, &d, 10), NOON_VERDICT_NO_AUTH);
	/* every flipped bit of the genuine one */
	assert_int_equal(ntp_world_answer(&w, 10, 10), NOON_VERDICT_ACCEPTED);
	for (size_t bit = 0; bit < 8 * w.reply.n; bit++) {
		d = w.reply;
		d.p[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_not_equal(ntp_world_deliver(&w, &d, 0), NOON_VERDICT_ACCEPTED);
	}
	/* every prefix of it */
	for (d = w.reply; d.n-- > 0;)
		assert_int_not_equal(ntp_world_deliver(&w, &d, 0), NOON_VERDICT_ACCEPTED);
	assert_int_equal(w.samples, 0);
	assert_int_equal(in_jar(), 7);
	assert_int_equal(ntp_world_deliver(&w, &w.reply, 100), NOON_VERDICT_ACCEPTED);
	assert_int_equal(w.samples, 1);
	assert_int_equal(in_jar(), 8);
}

static void c1_a_reflected_request_is_ignored(void **state)
{
	struct noon_ntp_header h;

	(void)state;
	ntp_world_until_sent(&w);
	assert_int_equal(ntp_world_deliver(&w, &w.request, 10), NOON_VERDICT_MODE);
	d = w.request;
	h = header_of(&d);
	h.mode = 4;
	h.origin = h.transmit;
	header_set(&d, &h);
	assert_int_equal(ntp_world_deliver(&w, &d, 10), NOON_VERDICT_AUTH);
	assert_int_equal(w.samples, 0);
}

static void c2_a_nak_yields_to_a_valid_reply(void **state)
{
	(void)state;
	ntp_world_until_sent(&w);
	ntp_world_nak(&w, &d);
	for (int i = 0; i < 100; i++)
		assert_int_equal(ntp_world_deliver(&w, &d, 10), NOON_VERDICT_NTSN);
	assert_int_equal(in_jar(), 7);
	assert_int_equal(ntp_world_answer(&w, 10, 10), NOON_VERDICT_ACCEPTED);
	assert_int_equal(ntp_world_deliver(&w, &w.reply, 100), NOON_VERDICT_ACCEPTED);
	assert_int_equal(in_jar(), 8);
	ntp_world_until_sent(&w);
	lose(); /* the NAK of the earlier request is forgotten */
	assert_int_equal(in_jar(), 7);
	assert_int_equal(w.connects, 0);
}

static void c2_a_nak_must_match_the_request(void **state)
{
	struct noon_ntp_header h;

	(void)state;
	ntp_world_until_sent(&w);
	ntp_world_nak(&w, &d);
	d.p[60] ^= 1; /* the identifier */
	assert_int_equal(ntp_world_deliver(&w, &d, 10), NOON_VERDICT_UID);
	ntp_world_nak(&w, &d);
	h = header_of(&d);
	h.origin ^= 1;
	header_set(&d, &h);
	assert_int_equal(ntp_world_deliver(&w, &d, 10), NOON_VERDICT_ORIGIN);
	h.origin = 0;
	header_set(&d, &h);
	assert_int_equal(ntp_world_deliver(&w, &d, 10), NOON_VERDICT_ORIGIN);
	ntp_world_nak(&w, &d);
	d.n = 48; /* no identifier at all */
	assert_int_equal(ntp_world_deliver(&w, &d, 10), NOON_VERDICT_NO_AUTH);
	lose();
	assert_int_equal(in_jar(), 7); /* no cookie was burnt by all that */
	assert_int_equal(w.connects, 0);
}

static void c2_a_nak_alone_brings_a_new_key_exchange_after_the_time_out(void **state)
{
	(void)state;
	ntp_world_until_sent(&w);
	ntp_world_nak(&w, &d);
	assert_int_equal(ntp_world_deliver(&w, &d, 10), NOON_VERDICT_NTSN);
	assert_int_equal(in_jar(), 7);
	lose();
	assert_int_equal(w.client.session.aead, NOON_AEAD_NONE);
	assert_int_equal(in_jar(), 0);
	ntp_world_timer(&w);
	assert_int_equal(w.connects, 1);
	assert_int_equal(w.sends, 1);
	ntp_world_rekey(&w, 8);
	assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
}

static void c2_a_nak_about_old_keys_does_not_cost_the_new_ones(void **state)
{
	(void)state;
	ntp_world_until_sent(&w);
	ntp_world_nak(&w, &d);
	assert_int_equal(ntp_world_deliver(&w, &d, 10), NOON_VERDICT_NTSN);
	ntp_world_rekey(&w, 5);
	lose(); /* and the next request goes out in the same call */
	assert_int_equal(in_jar(), 4);
	assert_int_equal(w.sends, 2);
	assert_int_equal(ntp_world_answer(&w, 10, 10), NOON_VERDICT_ACCEPTED);
	assert_int_equal(ntp_world_deliver(&w, &w.reply, 100), NOON_VERDICT_ACCEPTED);
}

/* A hash would hide nothing here: all bodies are kept and compared. */
#define SEEN_MAX 12000

static struct noon_nts_cookie seen[SEEN_MAX];

static int by_bytes(const void *a, const void *b)
{
	return memcmp(((const struct noon_nts_cookie *)a)->p,
		      ((const struct noon_nts_cookie *)b)->p, 100);
}

static void c3_no_cookie_is_ever_sent_twice(void **state)
{
	struct noon_rng dice = noon_rng_seeded(333);
	size_t n = 0;

	(void)state;
	while (n < 10000) {
		const unsigned before = w.sends;
		struct noon_bytes c;

		ntp_world_timer(&w);
		if (w.client.ke_running)
			ntp_world_rekey(&w, 1 + noon_rng_u64(&dice) % 8);
		if (w.sends == before)
			continue;
		c = fields_of(&w.request).cookie;
		seen[n].n = (uint16_t)c.n;
		memcpy(seen[n++].p, c.p, c.n);
		if (n % 200 == 0 && noon_rng_unit(&dice) < 0.2) {
			w.ahead += 4 * WORLD_PERIOD; /* the server has forgotten our keys */
			assert_int_equal(
				noon_nts_keys_rotate(&w.keys, noon_time_add(w.now, w.ahead)), 0);
		}
		if (noon_rng_unit(&dice) < 0.4)
			continue; /* lost on the way there */
		(void)ntp_world_answer(&w, 1000, 1000);
		if (noon_rng_unit(&dice) < 0.3 || w.reply.n == 0)
			continue; /* lost on the way back */
		(void)ntp_world_deliver(&w, &w.reply, 5000);
		if (noon_rng_unit(&dice) < 0.3)
			assert_int_not_equal(ntp_world_deliver(&w, &w.reply, 10),
					     NOON_VERDICT_ACCEPTED);
	}
	assert_true(w.samples > 3000);
	assert_true(w.connects > 5);
	qsort(seen, n, sizeof(seen[0]), by_bytes);
	for (size_t i = 1; i < n; i++)
		assert_true(by_bytes(&seen[i - 1], &seen[i]) != 0);
}

static void c3_a_careless_server_cannot_make_a_cookie_go_out_twice(void **state)
{
	struct noon_nts_packet p;
	uint8_t first[100], text[600], other[100];
	struct noon_wr wr = noon_wr_over(text, sizeof(text));
	struct noon_ntp_header h;

	(void)state;
	ntp_world_until_sent(&w);
	p = fields_of(&w.request);
	memcpy(first, p.cookie.p, sizeof(first));
	noon_rng_fill(&w.rng, other, sizeof(other));
	lose();
	ntp_world_until_sent(&w);
	p = fields_of(&w.request);
	/* the one just spent, one still in the jar, and a new one twice */
	assert_int_equal(noon_ntp_ext_put(&wr, NOON_EXT_COOKIE, p.cookie), 0);
	assert_int_equal(
		noon_ntp_ext_put(
			&wr, NOON_EXT_COOKIE,
			noon_bytes_of(w.client.session.jar[w.client.session.first].p, 100)),
		0);
	assert_int_equal(noon_ntp_ext_put(&wr, NOON_EXT_COOKIE, noon_bytes_of(other, 100)), 0);
	assert_int_equal(noon_ntp_ext_put(&wr, NOON_EXT_COOKIE, noon_bytes_of(other, 100)), 0);
	h = ntp_world_header(&w);
	ntp_world_seal(&w, &h, noon_wr_written(&wr), &d);
	assert_int_equal(ntp_world_deliver(&w, &d, 100), NOON_VERDICT_ACCEPTED);
	assert_int_equal(in_jar(), 7); /* 6 were left, and one is new */
}

static void c3_the_jar_fills_up_again_after_losses(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		ntp_world_until_sent(&w);
		lose();
	}
	assert_int_equal(in_jar(), 3);
	/* after an odd number of misses a short request, for paths that drop long ones */
	ntp_world_until_sent(&w);
	assert_int_equal(fields_of(&w.request).n_placeholder, 0);
	lose();
	ntp_world_until_sent(&w);
	assert_int_equal(fields_of(&w.request).n_placeholder, 6);
	lose();
	assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	assert_int_equal(in_jar(), 1);
	assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	assert_int_equal(in_jar(), 8);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
		assert_int_equal(fields_of(&w.request).n_placeholder, 0);
		assert_int_equal(in_jar(), 8);
	}
}

static void c3_large_cookies_keep_requests_within_the_limit(void **state)
{
	static struct noon_nts_session s;
	uint8_t large[NOON_NTS_COOKIE_MAX];

	(void)state;
	for (size_t n = NOON_NTS_COOKIE_MIN; n <= NOON_NTS_COOKIE_MAX; n += 4) {
		ntp_world_session(&w, 0, &s);
		for (int i = 0; i < 4; i++) {
			noon_rng_fill(&w.rng, large, sizeof(large));
			assert_int_equal(noon_nts_session_put(&s, noon_bytes_of(large, n)), 0);
		}
		assert_int_equal(noon_ntp_client_set_session(&w.client, &s, w.now), NOON_OK);
		w.client.misses = 0;
		ntp_world_until_sent(&w);
		assert_true(w.request.n <= NOON_NTP_PACKET_MAX);
		assert_int_equal(fields_of(&w.request).cookie.n, n);
		assert_true(fields_of(&w.request).n_placeholder <= 4);
		assert_true(fields_of(&w.request).n_placeholder >= 1); /* so that it fills up */
		lose();
	}
}

static void c3_surplus_cookies_and_unknown_encrypted_fields_are_dropped(void **state)
{
	uint8_t text[900], one[68];
	struct noon_wr wr = noon_wr_over(text, sizeof(text));
	struct noon_ntp_header h;

	(void)state;
	ntp_world_until_sent(&w);
	assert_int_equal(noon_ntp_ext_put_zeros(&wr, 0xf123, 12), 0);
	for (int i = 0; i < 9; i++) {
		noon_rng_fill(&w.rng, one, sizeof(one));
		assert_int_equal(noon_ntp_ext_put(&wr, NOON_EXT_COOKIE, noon_bytes_of(one, 68)), 0);
	}
	h = ntp_world_header(&w);
	ntp_world_seal(&w, &h, noon_wr_written(&wr), &d);
	assert_int_equal(ntp_world_deliver(&w, &d, 100), NOON_VERDICT_ACCEPTED);
	assert_int_equal(in_jar(), 8);
	assert_int_equal(w.samples, 1);
}

static void c3_rotations_of_the_servers_keys_go_unnoticed(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		w.ahead += WORLD_PERIOD / 4;
		assert_int_equal(noon_nts_keys_rotate(&w.keys, noon_time_add(w.now, w.ahead)), 0);
		assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	}
	assert_int_equal(w.connects, 0);
	assert_int_equal(w.misses, 0);
}

static void c4_an_empty_jar_brings_a_key_exchange(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		ntp_world_until_sent(&w);
		lose();
	}
	assert_int_equal(in_jar(), 0);
	assert_int_equal(w.sends, 8);
	assert_int_equal(w.connects, 0);
	ntp_world_timer(&w);
	assert_int_equal(w.connects, 1);
	assert_true(w.now.ns >= w.client.next_poll.ns); /* not before keys are needed */
	assert_int_equal(w.sends, 8);
	assert_true(noon_time_is_never(noon_ntp_client_deadline(&w.client)));
	noon_ntp_client_on_timer(&w.client, noon_time_add(w.now, NOON_S(9999)), &w.as);
	assert_int_equal(w.as.n, 0); /* one exchange at a time */
}

static void c4_failed_exchanges_back_off_from_ten_seconds_to_days(void **state)
{
	double expected_s = 10;
	noon_time last = w.now;

	(void)state;
	ntp_world_timer(&w);
	assert_int_equal(w.connects, 1); /* at once */
	assert_int_equal(w.now.ns, last.ns);
	/* Polls in between must not hurry it. */
	noon_ntp_client_set_poll(&w.client, NOON_S(1));
	for (unsigned i = 2; i < 60; i++) {
		double waited;

		noon_ntp_client_ke_failed(&w.client, w.now);
		noon_ntp_client_on_timer(&w.client, w.now, &w.as);
		noon_actions_reset(&w.as);
		ntp_world_timer(&w);
		assert_int_equal(w.connects, i);
		waited = noon_dur_to_s(noon_time_diff(w.now, last));
		assert_true(waited >= expected_s * 0.9999 && waited <= expected_s * 1.1001);
		last = w.now;
		expected_s = expected_s * 1.5 < 432000 ? expected_s * 1.5 : 432000;
	}
	assert_int_equal(w.sends, 0);
}

static void c4_success_ends_the_long_wait(void **state)
{
	noon_time asked;

	(void)state;
	ntp_world_timer(&w);
	for (unsigned i = 2; i < 40; i++) {
		noon_ntp_client_ke_failed(&w.client, w.now);
		ntp_world_timer(&w);
	}
	assert_int_equal(w.connects, 39);
	asked = w.now;
	ntp_world_rekey(&w, 1);
	assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	while (in_jar() > 0) { /* all cookies are lost */
		ntp_world_until_sent(&w);
		lose();
	}
	ntp_world_timer(&w);
	assert_int_equal(w.connects, 40);
	assert_true(noon_time_diff(w.now, asked) < NOON_S(1000)); /* not five days */
}

static void c4_keys_without_any_answer_do_not_end_the_back_off(void **state)
{
	noon_time last = w.now;

	(void)state;
	ntp_world_timer(&w);
	for (unsigned i = 2; i < 12; i++) {
		last = w.now;
		ntp_world_rekey(&w, 1);
		ntp_world_until_sent(&w);
		ntp_world_nak(&w, &d);
		assert_int_equal(ntp_world_deliver(&w, &d, 10), NOON_VERDICT_NTSN);
		lose();
		ntp_world_timer(&w);
		assert_int_equal(w.connects, i);
	}
	assert_true(noon_time_diff(w.now, last) >= NOON_S(380)); /* 10 s * 1.5^9 */
}

static void c5_there_is_no_way_back_to_plain_ntp(void **state)
{
	(void)state;
	for (int i = 0; i < 200; i++) {
		ntp_world_timer(&w);
		if (w.client.ke_running)
			noon_ntp_client_ke_failed(&w.client, w.now);
	}
	assert_int_equal(w.sends, 0);
	assert_int_equal(w.samples, 0);
	assert_true(w.connects > 100);
}

static void c5_every_request_is_authenticated(void **state)
{
	(void)state;
	for (int i = 0; i < 300; i++) {
		struct noon_nts_packet p;

		ntp_world_until_sent(&w);
		p = fields_of(&w.request);
		assert_true(p.n_uid == 1 && p.n_cookie == 1 && p.has_auth && !p.bad_placeholder);
		assert_true(w.request.n <= NOON_NTP_PACKET_MAX);
		if (i % 3) {
			(void)ntp_world_answer(&w, 10, 10);
			(void)ntp_world_deliver(&w, &w.reply, 100);
		} else {
			lose();
		}
		if (in_jar() == 0)
			ntp_world_rekey(&w, 8);
	}
}

static void c6_cookies_of_a_bad_size_are_refused(void **state)
{
	static const size_t sizes[] = {12, 516, 1000};
	static uint8_t text[1100];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct noon_wr wr = noon_wr_over(text, sizeof(text));
		struct noon_ntp_header h;

		ntp_world_until_sent(&w);
		h = ntp_world_header(&w);
		assert_int_equal(noon_ntp_ext_put_zeros(&wr, NOON_EXT_COOKIE, sizes[i]), 0);
		ntp_world_seal(&w, &h, noon_wr_written(&wr), &d);
		assert_int_equal(ntp_world_deliver(&w, &d, 10), NOON_VERDICT_COOKIE);
		assert_int_equal(in_jar(), 7 - i);
		lose();
	}
	assert_int_equal(w.samples, 0);
}

static void c6_encrypted_fields_that_do_not_parse_are_refused_whole(void **state)
{
	uint8_t text[256];
	struct noon_wr wr = noon_wr_over(text, sizeof(text));
	struct noon_ntp_header h;

	(void)state;
	ntp_world_until_sent(&w);
	h = ntp_world_header(&w);
	assert_int_equal(noon_ntp_ext_put_zeros(&wr, NOON_EXT_COOKIE, 100), 0);
	assert_int_equal(noon_wr_zeros(&wr, 16), 0); /* a field of length 0 */
	ntp_world_seal(&w, &h, noon_wr_written(&wr), &d);
	assert_int_equal(ntp_world_deliver(&w, &d, 10), NOON_VERDICT_EXT_FORMAT);
	assert_int_equal(in_jar(), 7);
	assert_int_equal(w.samples, 0);
}

static void c7_a_new_session_brings_its_own_server(void **state)
{
	static struct noon_nts_session s;

	(void)state;
	ntp_world_session(&w, 8, &s);
	strcpy(s.host, "other.example");
	s.port = 11123;
	assert_int_equal(noon_ntp_client_set_session(&w.client, &s, w.now), NOON_OK);
	assert_string_equal(w.client.session.host, "other.example");
	assert_int_equal(w.client.session.port, 11123);
	ntp_world_session(&w, 8, &s);
	assert_int_equal(noon_ntp_client_set_session(&w.client, &s, w.now), NOON_OK);
	assert_string_equal(w.client.session.host, "");
	assert_int_equal(w.client.session.port, 0);
	assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
}

static void a_session_that_is_not_sound_leaves_the_old_one(void **state)
{
	static struct noon_nts_session s;

	(void)state;
	ntp_world_session(&w, 0, &s);
	assert_int_equal(noon_ntp_client_set_session(&w.client, &s, w.now), NOON_ERR_EMPTY);
	ntp_world_session(&w, 2, &s);
	s.aead = NOON_AEAD_NONE;
	assert_int_equal(noon_ntp_client_set_session(&w.client, &s, w.now), NOON_ERR_UNSUPPORTED);
	ntp_world_session(&w, 2, &s);
	s.n_cookies = 9;
	assert_int_equal(noon_ntp_client_set_session(&w.client, &s, w.now), NOON_ERR_RANGE);
	s.n_cookies = 2;
	s.first = 8;
	assert_int_equal(noon_ntp_client_set_session(&w.client, &s, w.now), NOON_ERR_RANGE);
	s.first = 0;
	s.jar[1].n = 513;
	assert_int_equal(noon_ntp_client_set_session(&w.client, &s, w.now), NOON_ERR_RANGE);
	s.jar[1].n = 0;
	assert_int_equal(noon_ntp_client_set_session(&w.client, &s, w.now), NOON_ERR_RANGE);
	w.pair = w.client.session.keys;
	assert_int_equal(in_jar(), 8);
	assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
}

static void a_request_tells_nothing_about_the_client(void **state)
{
	static const uint8_t zeros[48];
	uint8_t uid[NOON_UID_MIN] = {0};
	noon_ntp_ts before = 0;

	(void)state;
	for (int i = 0; i < 50; i++) {
		assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
		assert_int_equal(w.request.p[0], 0x23);
		assert_int_equal(w.request.p[1], 0);
		assert_int_equal(w.request.p[2], 0);
		assert_int_equal(w.request.p[3], 0x20);
		assert_memory_equal(w.request.p + 4, zeros, 36);
		assert_true(header_of(&w.request).transmit != before);
		if (w.client.conf.nts) {
			assert_memory_not_equal(fields_of(&w.request).uid.p, uid, sizeof(uid));
			memcpy(uid, fields_of(&w.request).uid.p, sizeof(uid));
		}
		before = header_of(&w.request).transmit;
		assert_true(noon_dur_abs(noon_time_diff(noon_ntp_ts_to_time(before, w.now),
							w.now)) > NOON_S(1));
	}
}

static void duplicates_late_and_foreign_replies_are_told_apart(void **state)
{
	struct noon_ntp_header h;
	struct datagram old;

	(void)state;
	assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	assert_int_equal(ntp_world_deliver(&w, &w.reply, 10), NOON_VERDICT_DUPLICATE);
	old = w.reply;
	ntp_world_until_sent(&w);
	assert_int_equal(ntp_world_deliver(&w, &old, 10), NOON_VERDICT_DUPLICATE);
	assert_int_equal(ntp_world_answer(&w, 10, 10), NOON_VERDICT_ACCEPTED);
	lose();
	assert_int_equal(ntp_world_deliver(&w, &w.reply, 10), NOON_VERDICT_LATE);
	ntp_world_until_sent(&w);
	assert_int_equal(ntp_world_deliver(&w, &w.reply, 10), NOON_VERDICT_LATE);
	h = header_of(&w.reply);
	h.origin = 0;
	header_set(&w.reply, &h);
	assert_int_equal(ntp_world_deliver(&w, &w.reply, 10), NOON_VERDICT_ORIGIN);
	h.origin = 1;
	header_set(&w.reply, &h);
	assert_int_equal(ntp_world_deliver(&w, &w.reply, 10), NOON_VERDICT_ORIGIN);
	assert_int_equal(w.samples, 1);
}

static void packets_before_any_request_are_refused(void **state)
{
	(void)state;
	d.n = 48;
	memset(d.p, 0, sizeof(d.p));
	d.p[0] = 0x24;
	assert_int_equal(ntp_world_deliver(&w, &d, 0), NOON_VERDICT_ORIGIN);
	d.p[0] = 0x1c;
	assert_int_equal(ntp_world_deliver(&w, &d, 0), NOON_VERDICT_VERSION);
	d.p[0] = 0x25;
	assert_int_equal(ntp_world_deliver(&w, &d, 0), NOON_VERDICT_MODE);
	d.n = 47;
	assert_int_equal(ntp_world_deliver(&w, &d, 0), NOON_VERDICT_SHORT);
	d.n = NOON_NTP_PACKET_MAX + 1;
	assert_int_equal(ntp_world_deliver(&w, &d, 0), NOON_VERDICT_LONG);
}

static void a_kernel_stamp_before_the_reply_replaces_the_users(void **state)
{
	noon_time user;

	(void)state;
	ntp_world_until_sent(&w);
	user = w.now;
	noon_ntp_client_on_sent(&w.client, w.token + 1, (noon_time){1}, NOON_STAMP_KERNEL, &w.as);
	noon_ntp_client_on_sent(&w.client, w.token, noon_time_add(user, 700), NOON_STAMP_KERNEL,
				&w.as);
	noon_ntp_client_on_sent(&w.client, w.token, noon_time_add(user, 900), NOON_STAMP_HARDWARE,
				&w.as);
	noon_ntp_client_on_sent(&w.client, w.token, noon_time_add(user, 800), NOON_STAMP_KERNEL,
				&w.as);
	assert_int_equal(ntp_world_answer(&w, NOON_MS(1), 10), NOON_VERDICT_ACCEPTED);
	assert_int_equal(ntp_world_deliver(&w, &w.reply, NOON_MS(2)), NOON_VERDICT_ACCEPTED);
	assert_int_equal(w.sample.t1.ns, user.ns + 900);
	assert_int_equal(w.sample.tx_stamp, NOON_STAMP_HARDWARE);
}

static void a_kernel_stamp_after_the_reply_changes_nothing(void **state)
{
	struct noon_sample before;

	(void)state;
	assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	before = w.sample;
	noon_ntp_client_on_sent(&w.client, w.token, w.now, NOON_STAMP_KERNEL, &w.as);
	assert_int_equal(w.as.n, 0);
	assert_int_equal(w.sample.t1.ns, before.t1.ns);
	ntp_world_until_sent(&w);
	/* the stamp of the one before comes now */
	noon_ntp_client_on_sent(&w.client, w.token - 1, (noon_time){5}, NOON_STAMP_KERNEL, &w.as);
	assert_int_equal(w.client.request.t1.ns, w.now.ns);
}

static void a_mad_stamp_neither_samples_nor_hangs(void **state)
{
	(void)state;
	ntp_world_until_sent(&w);
	noon_ntp_client_on_sent(&w.client, w.token, NOON_TIME_NEVER, NOON_STAMP_KERNEL, &w.as);
	assert_false(noon_time_is_never(noon_ntp_client_deadline(&w.client)));
	assert_int_equal(ntp_world_answer(&w, NOON_MS(1), 10), NOON_VERDICT_ACCEPTED);
	assert_int_equal(ntp_world_deliver(&w, &w.reply, NOON_MS(2)), NOON_VERDICT_TIMES);
	assert_int_equal(w.misses, 1);
}

/* Deliver a genuine reply with this header. */
static enum noon_verdict deliver(const struct noon_ntp_header *h)
{
	if (w.client.conf.nts) {
		ntp_world_seal(&w, h, noon_bytes_of(NULL, 0), &d);
	} else {
		d.n = 48;
		header_set(&d, h);
	}
	return ntp_world_deliver(&w, &d, NOON_MS(1));
}

static void impossible_or_useless_replies_are_misses(void **state)
{
	static const noon_ntp_ts second = UINT64_C(1) << 32;
	static const struct {
		enum noon_verdict v;
		uint8_t leap, stratum;
		uint32_t delay, disp;
		int layover_s; /* t3 - t2; 99: t2 zero, 98: t3 zero, 97: both */
	} table[] = {
		{NOON_VERDICT_ACCEPTED, 0, 1, 0, 0, 0},
		{NOON_VERDICT_ACCEPTED, 1, 15, 0, 0, 1}, /* at the cap */
		{NOON_VERDICT_TIMES, 0, 1, 0, 0, 2},
		{NOON_VERDICT_TIMES, 0, 1, 0, 0, -1},
		{NOON_VERDICT_TIMES, 0, 1, 0, 0, 99},
		{NOON_VERDICT_TIMES, 0, 1, 0, 0, 98},
		{NOON_VERDICT_TIMES, 0, 1, 0, 0, 97},
		{NOON_VERDICT_UNSYNC, 3, 1, 0, 0, 0},
		{NOON_VERDICT_UNSYNC, 0, 0, 0, 0, 0},
		{NOON_VERDICT_UNSYNC, 0, 16, 0, 0, 0},
		{NOON_VERDICT_UNSYNC, 0, 255, 0, 0, 0},
		{NOON_VERDICT_ACCEPTED, 0, 1, 16 << 16, 8 << 16, 0},
		{NOON_VERDICT_ROOT, 0, 1, 16 << 16, (8 << 16) + 1, 0},
		{NOON_VERDICT_ROOT, 0, 1, UINT32_MAX, UINT32_MAX, 0},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_ntp_header h;
		unsigned samples, misses;

		if (w.client.conf.nts && in_jar() == 0)
			ntp_world_rekey(&w, 8);
		ntp_world_until_sent(&w);
		h = ntp_world_header(&w);
		h.leap = table[i].leap;
		h.stratum = table[i].stratum;
		h.root_delay = table[i].delay;
		h.root_disp = table[i].disp;
		if (table[i].layover_s == 97)
			h.receive = h.transmit = 0;
		else if (table[i].layover_s == 99)
			h.receive = 0;
		else if (table[i].layover_s == 98)
			h.transmit = 0;
		else if (table[i].layover_s >= 0)
			h.transmit += second * (noon_ntp_ts)table[i].layover_s;
		else
			h.transmit -= 1 << 12; /* half a microsecond and more before t2 */
		samples = w.samples;
		misses = w.misses;
		assert_int_equal(deliver(&h), table[i].v);
		assert_int_equal(w.samples, samples + (table[i].v == NOON_VERDICT_ACCEPTED));
		assert_int_equal(w.misses, misses + (table[i].v != NOON_VERDICT_ACCEPTED));
		assert_false(w.client.request.active);
	}
	(void)state;
}

static void p18_only_authenticated_kisses_are_obeyed(void **state)
{
	static const uint32_t codes[] = {NOON_KISS_DENY, NOON_KISS_RSTR, NOON_KISS_RATE,
					 NOON_KISS_INIT, NOON_KISS('X', 'F', 'O', 'O')};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct noon_ntp_header h;

		ntp_world_until_sent(&w);
		ntp_world_nak(&w, &d);
		h = header_of(&d);
		h.ref_id = codes[i];
		header_set(&d, &h);
		assert_int_equal(ntp_world_deliver(&w, &d, 1), NOON_VERDICT_KISS_IGNORED);
		assert_int_equal(w.client.poll_floor, 0);
		assert_false(w.client.stopped);
		d.n = 48;
		assert_int_equal(ntp_world_deliver(&w, &d, 1), NOON_VERDICT_NO_AUTH);
		assert_int_equal(ntp_world_answer(&w, 1, 1), NOON_VERDICT_ACCEPTED);
		assert_int_equal(ntp_world_deliver(&w, &w.reply, 100), NOON_VERDICT_ACCEPTED);
	}
}

static void kiss(uint32_t code, enum noon_verdict v)
{
	struct noon_ntp_header h;

	ntp_world_until_sent(&w);
	h = ntp_world_header(&w);
	h.stratum = 0;
	h.leap = 3;
	h.ref_id = code;
	h.receive = h.transmit = 0;
	assert_int_equal(deliver(&h), v);
}

static void a_kiss_rate_slows_down(void **state)
{
	noon_time sent;

	(void)state;
	noon_ntp_client_set_poll(&w.client, NOON_S(16));
	kiss(NOON_KISS_RATE, NOON_VERDICT_KISS);
	assert_int_equal(w.client.poll_floor, NOON_S(32));
	sent = w.client.request.asked;
	noon_ntp_client_set_poll(&w.client, NOON_S(1)); /* in vain */
	ntp_world_until_sent(&w);
	assert_in_range(noon_time_diff(w.now, sent), NOON_MS(31400), NOON_MS(32600));
	lose();
	for (int i = 0; i < 30; i++) {
		if (w.client.conf.nts)
			ntp_world_rekey(&w, 8);
		kiss(NOON_KISS_RATE, NOON_VERDICT_KISS);
	}
	assert_int_equal(w.client.poll_floor, NOON_S(131072));
	kiss(NOON_KISS('X', 'Y', 'Z', 'Z'), NOON_VERDICT_UNSYNC);
}

static void eight_good_answers_halve_what_a_kiss_rate_doubled(void **state)
{
	(void)state;
	noon_ntp_client_set_poll(&w.client, NOON_S(16));
	kiss(NOON_KISS_RATE, NOON_VERDICT_KISS);
	kiss(NOON_KISS_RATE, NOON_VERDICT_KISS);
	assert_int_equal(w.client.poll_floor, NOON_S(64));
	for (int i = 0; i < 7; i++)
		assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	assert_int_equal(w.client.poll_floor, NOON_S(64));
	assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	assert_int_equal(w.client.poll_floor, NOON_S(32));
	/* The request that is due already comes sooner, too. */
	assert_true(noon_time_diff(noon_ntp_client_deadline(&w.client), w.now) < NOON_S(33));
	for (int i = 0; i < 7; i++)
		assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	kiss(NOON_KISS_RATE, NOON_VERDICT_KISS); /* too much after all: count from the beginning */
	for (int i = 0; i < 7; i++)
		assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	assert_int_equal(w.client.poll_floor, NOON_S(64));
	for (int i = 0; i < 9; i++)
		assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	assert_int_equal(w.client.poll_floor, 0);
}

static void denied(uint32_t code)
{
	noon_time until;

	kiss(code, NOON_VERDICT_KISS);
	until = noon_ntp_client_deadline(&w.client);
	assert_in_range(noon_time_diff(until, w.now), NOON_S(3 * 3600), NOON_S(5 * 3600));
	w.now = noon_time_add(until, -1);
	noon_ntp_client_on_timer(&w.client, w.now, &w.as);
	assert_false(w.client.request.active);
	ntp_world_until_sent(&w);
	assert_int_equal(w.now.ns, until.ns);
	assert_int_equal(w.sends, 2);
}

static void a_kiss_deny_stops_the_association_for_hours(void **state)
{
	(void)state;
	denied(NOON_KISS_DENY);
}

static void a_kiss_restrict_stops_the_association_for_hours(void **state)
{
	(void)state;
	denied(NOON_KISS_RSTR);
}

static void a_forgotten_request_takes_no_answer(void **state)
{
	(void)state;
	ntp_world_until_sent(&w);
	assert_int_equal(ntp_world_answer(&w, NOON_MS(1), NOON_US(10)), NOON_VERDICT_ACCEPTED);
	noon_ntp_client_forget(&w.client);
	assert_int_equal(ntp_world_deliver(&w, &w.reply, 1), NOON_VERDICT_LATE);
	assert_int_equal(w.samples, 0);
	assert_int_equal(w.misses, 0);
	assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	assert_int_equal(w.samples, 1);
}

static void an_exchange_across_the_era_of_2036_is_right(void **state)
{
	static const int64_t around[] = {-NOON_S(1), -NOON_US(1500), -NOON_US(500),
					 0,	     NOON_S(3600),   NOON_S(150000000)};
	const int64_t era1 = NOON_S(2085978496); /* 2036-02-07 06:28:16 UTC */

	(void)state;
	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
		ntp_world_until_sent(&w);
		w.ahead = era1 + around[i] - w.now.ns;
		assert_int_equal(noon_nts_keys_rotate(&w.keys, noon_time_add(w.now, w.ahead)), 0);
		if (w.client.conf.nts) { /* keys of today for the server of then */
			lose();
			ntp_world_rekey(&w, 8);
			ntp_world_until_sent(&w);
			w.ahead = era1 + around[i] - w.now.ns;
		}
		assert_int_equal(ntp_world_answer(&w, NOON_MS(1), NOON_MS(1)), 0);
		if (header_of(&w.reply).transmit == 0 || header_of(&w.reply).receive == 0)
			continue; /* zero means unknown: that instant of 2^-32 s is lost */
		assert_int_equal(ntp_world_deliver(&w, &w.reply, NOON_MS(3)), 0);
		assert_in_range(w.sample.t2.ns - (era1 + around[i] + NOON_MS(1)) + 1, 0, 1);
		assert_in_range(w.sample.t3.ns - (era1 + around[i] + NOON_MS(2)) + 1, 0, 1);
	}
}

static void a_new_interval_counts_from_the_last_request(void **state)
{
	noon_time sent;

	(void)state;
	noon_ntp_client_set_poll(&w.client, NOON_S(1024)); /* the first is due at once anyhow */
	sent = w.now;
	assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	assert_true(noon_time_diff(w.now, sent) < NOON_S(1));
	noon_ntp_client_set_poll(&w.client, NOON_S(64));
	ntp_world_until_sent(&w);
	assert_in_range(noon_time_diff(w.now, sent), NOON_S(32), NOON_S(96));
	/* Fresh keys are tried at once, however the interval is changed then. */
	if (w.client.conf.nts) {
		lose();
		ntp_world_rekey(&w, 8);
		sent = w.now;
		noon_ntp_client_set_poll(&w.client, NOON_S(131072));
		ntp_world_until_sent(&w);
		assert_int_equal(w.now.ns, sent.ns);
	}
}

static void a_conf_out_of_range_is_refused(void **state)
{
	struct noon_rng rng = noon_rng_seeded(1);
	struct noon_ntp_client_conf good = noon_ntp_client_conf_default(), conf;
	static struct noon_ntp_client c;

	(void)state;
	assert_int_equal(noon_ntp_client_init(&c, &good, (noon_time){0}), NOON_ERR_RANGE);
	good.rng = &rng;
	conf = good;
	conf.timeout = 0;
	assert_int_equal(noon_ntp_client_init(&c, &conf, (noon_time){0}), NOON_ERR_RANGE);
	conf = good;
	conf.max_layover = -1;
	assert_int_equal(noon_ntp_client_init(&c, &conf, (noon_time){0}), NOON_ERR_RANGE);
	conf = good;
	conf.max_root = 0;
	assert_int_equal(noon_ntp_client_init(&c, &conf, (noon_time){0}), NOON_ERR_RANGE);
	conf = good;
	conf.user_stamp_err = -1;
	assert_int_equal(noon_ntp_client_init(&c, &conf, (noon_time){0}), NOON_ERR_RANGE);
	noon_ntp_client_fini(&c);
}

static void another_clients_reply_does_not_verify(void **state)
{
	struct noon_secret_nts_keys ours = w.pair;
	struct noon_ntp_header h;

	(void)state;
	ntp_world_until_sent(&w);
	h = ntp_world_header(&w);
	noon_rng_fill(&w.rng, &w.pair, sizeof(w.pair));
	assert_int_equal(deliver(&h), NOON_VERDICT_AUTH);
	/* nor one made with our own key to the server */
	memcpy(w.pair.s2c, ours.c2s, sizeof(ours.c2s));
	assert_int_equal(deliver(&h), NOON_VERDICT_AUTH);
	w.pair = ours;
	assert_int_equal(deliver(&h), NOON_VERDICT_ACCEPTED);
}

#define NTS(f) cmocka_unit_test_setup_teardown(f, with_nts, done)
#define GCM(f)                                           \
	{                                                \
#f " (aead 30)", f, with_gcm, done, NULL \
	}
#define PLAIN(f)                                    \
	{                                           \
#f " (plain)", f, plain, done, NULL \
	}
#define BARE(f) cmocka_unit_test_setup_teardown(f, without_keys, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NTS(an_exchange_gives_the_four_times),
		GCM(an_exchange_gives_the_four_times),
		PLAIN(an_exchange_gives_the_four_times),
		NTS(c1_unauthenticated_replies_are_ignored),
		GCM(c1_unauthenticated_replies_are_ignored),
		NTS(c1_a_reflected_request_is_ignored),
		GCM(c1_a_reflected_request_is_ignored),
		NTS(c2_a_nak_yields_to_a_valid_reply),
		NTS(c2_a_nak_must_match_the_request),
		NTS(c2_a_nak_alone_brings_a_new_key_exchange_after_the_time_out),
		GCM(c2_a_nak_alone_brings_a_new_key_exchange_after_the_time_out),
		NTS(c2_a_nak_about_old_keys_does_not_cost_the_new_ones),
		NTS(c3_no_cookie_is_ever_sent_twice),
		NTS(c3_a_careless_server_cannot_make_a_cookie_go_out_twice),
		NTS(c3_the_jar_fills_up_again_after_losses),
		GCM(c3_the_jar_fills_up_again_after_losses),
		NTS(c3_large_cookies_keep_requests_within_the_limit),
		NTS(c3_surplus_cookies_and_unknown_encrypted_fields_are_dropped),
		GCM(c3_surplus_cookies_and_unknown_encrypted_fields_are_dropped),
		NTS(c3_rotations_of_the_servers_keys_go_unnoticed),
		GCM(c3_rotations_of_the_servers_keys_go_unnoticed),
		NTS(c4_an_empty_jar_brings_a_key_exchange),
		BARE(c4_failed_exchanges_back_off_from_ten_seconds_to_days),
		BARE(c4_success_ends_the_long_wait),
		BARE(c4_keys_without_any_answer_do_not_end_the_back_off),
		BARE(c5_there_is_no_way_back_to_plain_ntp),
		NTS(c5_every_request_is_authenticated),
		GCM(c5_every_request_is_authenticated),
		NTS(c6_cookies_of_a_bad_size_are_refused),
		NTS(c6_encrypted_fields_that_do_not_parse_are_refused_whole),
		NTS(c7_a_new_session_brings_its_own_server),
		NTS(a_session_that_is_not_sound_leaves_the_old_one),
		NTS(a_request_tells_nothing_about_the_client),
		PLAIN(a_request_tells_nothing_about_the_client),
		NTS(duplicates_late_and_foreign_replies_are_told_apart),
		PLAIN(duplicates_late_and_foreign_replies_are_told_apart),
		NTS(packets_before_any_request_are_refused),
		PLAIN(packets_before_any_request_are_refused),
		NTS(a_kernel_stamp_before_the_reply_replaces_the_users),
		NTS(a_kernel_stamp_after_the_reply_changes_nothing),
		NTS(a_mad_stamp_neither_samples_nor_hangs),
		NTS(impossible_or_useless_replies_are_misses),
		PLAIN(impossible_or_useless_replies_are_misses),
		NTS(p18_only_authenticated_kisses_are_obeyed),
		NTS(a_kiss_rate_slows_down),
		PLAIN(a_kiss_rate_slows_down),
		NTS(eight_good_answers_halve_what_a_kiss_rate_doubled),
		PLAIN(eight_good_answers_halve_what_a_kiss_rate_doubled),
		NTS(a_kiss_deny_stops_the_association_for_hours),
		PLAIN(a_kiss_deny_stops_the_association_for_hours),
		NTS(a_kiss_restrict_stops_the_association_for_hours),
		NTS(a_forgotten_request_takes_no_answer),
		PLAIN(a_forgotten_request_takes_no_answer),
		NTS(an_exchange_across_the_era_of_2036_is_right),
		PLAIN(an_exchange_across_the_era_of_2036_is_right),
		NTS(a_new_interval_counts_from_the_last_request),
		PLAIN(a_new_interval_counts_from_the_last_request),
		cmocka_unit_test(a_conf_out_of_range_is_refused),
		NTS(another_clients_reply_does_not_verify),
		GCM(another_clients_reply_does_not_verify),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("proto/ntp_client", tests, NULL, NULL);
}
