/* SPDX-License-Identifier: Apache-2.0
 *
 * Requirements C4 and C7: when the client asks for a key exchange, how it backs off, and what a new
 * session brings. C8 (certificates) is the key exchange's: test_ntske_client.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test_ntp_client_fixture.h"

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

/* Nothing under the old keys can be verified any more: not waited for, and not a miss. */
static void c7_new_keys_end_the_request_under_the_old_ones(void **state)
{
	(void)state;
	ntp_world_until_sent(&w);
	assert_int_equal(ntp_world_answer(&w, 10, 10), NOON_VERDICT_ACCEPTED);
	ntp_world_rekey(&w, 8);
	assert_int_equal(noon_ntp_client_deadline(&w.client).ns, w.now.ns);
	assert_int_equal(ntp_world_deliver(&w, &w.reply, 10), NOON_VERDICT_LATE);
	assert_int_equal(w.misses, 0);
	assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
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

/* Keys that get old are replaced while they still serve; a key exchange that fails keeps its
 * back-off, however well the server answers under the old keys. */
static void old_keys_are_renewed_while_they_serve(void **state)
{
	noon_time last = w.now;
	unsigned connects = 0;

	(void)state;
	noon_ntp_client_set_poll(&w.client, NOON_S(1));
	assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	assert_int_equal(w.connects, 0);
	noon_ntp_client_renew(&w.client);
	for (int i = 0; i < 60; i++) {
		assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
		if (w.connects > connects) {
			if (connects > 0)
				assert_true(noon_time_diff(w.now, last) >= NOON_S(9));
			connects = w.connects;
			last = w.now;
			noon_ntp_client_ke_failed(&w.client, w.now);
		}
	}
	assert_in_range(connects, 2, 5); /* 10, 15, 22 s apart */
	ntp_world_rekey(&w, 8);
	connects = w.connects;
	for (int i = 0; i < 60; i++)
		assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	assert_int_equal(w.connects, connects);
}

static void a_session_that_was_dropped_is_used_no_more(void **state)
{
	unsigned sends;

	(void)state;
	ntp_world_until_sent(&w);
	sends = w.sends;
	noon_ntp_client_drop_session(&w.client);
	/* Not even for the answer under way. */
	assert_int_equal(ntp_world_answer(&w, 10, 10), NOON_VERDICT_ACCEPTED);
	assert_int_not_equal(ntp_world_deliver(&w, &w.reply, 100), NOON_VERDICT_ACCEPTED);
	assert_int_equal(in_jar(), 0);
	ntp_world_timer(&w);
	assert_int_equal(w.connects, 1);
	assert_int_equal(w.sends, sends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NTS(c4_an_empty_jar_brings_a_key_exchange),
		BARE(c4_failed_exchanges_back_off_from_ten_seconds_to_days),
		BARE(c4_success_ends_the_long_wait),
		BARE(c4_keys_without_any_answer_do_not_end_the_back_off),
		NTS(c7_new_keys_end_the_request_under_the_old_ones),
		NTS(c7_a_new_session_brings_its_own_server),
		NTS(old_keys_are_renewed_while_they_serve),
		NTS(a_session_that_was_dropped_is_used_no_more),
		NTS(a_session_that_is_not_sound_leaves_the_old_one),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("proto/ntp_client_keys", tests, NULL, NULL);
}
