/* SPDX-License-Identifier: Apache-2.0
 *
 * Requirements C3 and C6: no cookie goes out twice, the jar fills up again, and cookies that cannot
 * be used are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test_ntp_client_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		NTS(c3_no_cookie_is_ever_sent_twice),
		NTS(c3_a_careless_server_cannot_make_a_cookie_go_out_twice),
		NTS(c3_the_jar_fills_up_again_after_losses),
		GCM(c3_the_jar_fills_up_again_after_losses),
		NTS(c3_large_cookies_keep_requests_within_the_limit),
		NTS(c3_surplus_cookies_and_unknown_encrypted_fields_are_dropped),
		GCM(c3_surplus_cookies_and_unknown_encrypted_fields_are_dropped),
		NTS(c3_rotations_of_the_servers_keys_go_unnoticed),
		GCM(c3_rotations_of_the_servers_keys_go_unnoticed),
		NTS(c6_cookies_of_a_bad_size_are_refused),
		NTS(c6_encrypted_fields_that_do_not_parse_are_refused_whole),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("proto/ntp_client_cookie", tests, NULL, NULL);
}
