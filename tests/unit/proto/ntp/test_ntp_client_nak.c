/* SPDX-License-Identifier: Apache-2.0
 *
 * Requirement C2: a NAK must match the request, yields to a valid reply, and costs nothing before
 * the time-out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_ntp_client_fixture.h"

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

/* Get the outstanding request answered by a NAK, and nothing else. */
static void refuse(void)
{
	ntp_world_nak(&w, &d);
	assert_int_equal(ntp_world_deliver(&w, &d, 10), NOON_VERDICT_NTSN);
	lose();
}

static void c2_a_nak_alone_brings_a_new_key_exchange_after_the_time_out(void **state)
{
	(void)state;
	ntp_world_until_sent(&w);
	refuse();
	assert_int_equal(in_jar(), 7);
	assert_int_equal(w.connects, 0); /* a valid reply may come until the next poll */
	ntp_world_timer(&w);
	assert_int_equal(w.connects, 1);
	ntp_world_rekey(&w, 8);
	assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	assert_int_equal(w.connects, 1);
}

/* RFC 8915, section 5.7: until the exchange succeeds the client goes on with what it has. */
static void polls_on_with_its_old_keys_while_the_exchange_fails(void **state)
{
	const noon_time begin = w.now;
	noon_time last = w.now;
	unsigned connects = 0;

	(void)state;
	noon_ntp_client_set_poll(&w.client, NOON_S(4));
	for (size_t i = 1; i <= 8; i++) {
		ntp_world_until_sent(&w);
		assert_int_equal(in_jar(), 8 - i); /* each request takes one, and none comes back */
		if (w.connects > connects) {
			connects = w.connects;
			if (connects > 1) /* the back-off stays */
				assert_true(noon_time_diff(w.now, last) >= NOON_S(10));
			last = w.now;
			noon_ntp_client_ke_failed(&w.client, w.now);
		}
		refuse();
	}
	assert_true(connects >= 2);
	assert_true(noon_time_diff(w.now, begin) < NOON_S(8 * 5));
	/* The cookies are gone: only the key exchange is left. */
	for (int i = 0; i < 4; i++) {
		ntp_world_timer(&w);
		noon_ntp_client_ke_failed(&w.client, w.now);
	}
	assert_true(w.connects > connects);
	assert_int_equal(w.sends, 8);
	assert_int_equal(w.samples, 0);
	ntp_world_rekey(&w, 8);
	assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
}

static void polls_on_while_the_exchange_takes_its_time(void **state)
{
	(void)state;
	ntp_world_until_sent(&w);
	refuse();
	for (size_t i = 2; i <= 8; i++) {
		ntp_world_until_sent(&w);
		assert_int_equal(w.connects, 1); /* one at a time */
		lose();
	}
	assert_int_equal(in_jar(), 0);
	assert_true(noon_time_is_never(noon_ntp_client_deadline(&w.client)));
	noon_ntp_client_ke_failed(&w.client, w.now);
	ntp_world_timer(&w);
	assert_int_equal(w.connects, 2);
}

static void an_answer_under_the_old_keys_shows_that_the_nak_lied(void **state)
{
	(void)state;
	noon_ntp_client_set_poll(&w.client, NOON_S(64));
	ntp_world_until_sent(&w);
	refuse();
	ntp_world_until_sent(&w);
	assert_int_equal(w.connects, 1);
	assert_int_equal(ntp_world_answer(&w, 10, 10), NOON_VERDICT_ACCEPTED);
	assert_int_equal(ntp_world_deliver(&w, &w.reply, 100), NOON_VERDICT_ACCEPTED);
	noon_ntp_client_ke_failed(&w.client, w.now);
	for (int i = 0; i < 10; i++)
		assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	assert_int_equal(w.connects, 1);
	assert_int_equal(in_jar(), 8);
}

static void an_answer_that_is_not_authentic_shows_nothing(void **state)
{
	(void)state;
	ntp_world_until_sent(&w);
	refuse();
	ntp_world_until_sent(&w);
	noon_ntp_client_ke_failed(&w.client, w.now);
	assert_int_equal(ntp_world_answer(&w, 10, 10), NOON_VERDICT_ACCEPTED);
	w.reply.p[w.reply.n - 1] ^= 1;
	assert_int_equal(ntp_world_deliver(&w, &w.reply, 100), NOON_VERDICT_AUTH);
	lose();
	ntp_world_timer(&w);
	assert_int_equal(w.connects, 2);
	assert_int_equal(w.samples, 0);
}

static void new_keys_end_all_that_was_under_the_old_ones(void **state)
{
	static struct datagram old;

	(void)state;
	ntp_world_until_sent(&w);
	refuse();
	ntp_world_until_sent(&w); /* beside the exchange */
	assert_int_equal(ntp_world_answer(&w, 10, 10), NOON_VERDICT_ACCEPTED);
	old = w.reply;
	ntp_world_rekey(&w, 5);
	assert_int_equal(in_jar(), 5);
	assert_int_equal(ntp_world_deliver(&w, &old, 10), NOON_VERDICT_LATE);
	assert_int_equal(w.samples, 0);
	assert_int_equal(in_jar(), 5);
	assert_int_equal(ntp_world_exchange(&w), NOON_VERDICT_ACCEPTED);
	assert_int_equal(w.sends, 3);
	assert_int_equal(w.connects, 1);
}

static void c2_a_nak_about_old_keys_does_not_cost_the_new_ones(void **state)
{
	(void)state;
	ntp_world_until_sent(&w);
	ntp_world_nak(&w, &d);
	assert_int_equal(ntp_world_deliver(&w, &d, 10), NOON_VERDICT_NTSN);
	ntp_world_rekey(&w, 5);
	assert_int_equal(ntp_world_deliver(&w, &d, 10), NOON_VERDICT_LATE);
	ntp_world_until_sent(&w); /* at once */
	assert_int_equal(in_jar(), 4);
	assert_int_equal(w.sends, 2);
	assert_int_equal(w.misses, 0);
	assert_int_equal(ntp_world_answer(&w, 10, 10), NOON_VERDICT_ACCEPTED);
	assert_int_equal(ntp_world_deliver(&w, &w.reply, 100), NOON_VERDICT_ACCEPTED);
	assert_int_equal(w.connects, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NTS(c2_a_nak_yields_to_a_valid_reply),
		NTS(c2_a_nak_must_match_the_request),
		NTS(c2_a_nak_alone_brings_a_new_key_exchange_after_the_time_out),
		GCM(c2_a_nak_alone_brings_a_new_key_exchange_after_the_time_out),
		NTS(polls_on_with_its_old_keys_while_the_exchange_fails),
		GCM(polls_on_with_its_old_keys_while_the_exchange_fails),
		NTS(polls_on_while_the_exchange_takes_its_time),
		NTS(an_answer_under_the_old_keys_shows_that_the_nak_lied),
		NTS(an_answer_that_is_not_authentic_shows_nothing),
		NTS(new_keys_end_all_that_was_under_the_old_ones),
		NTS(c2_a_nak_about_old_keys_does_not_cost_the_new_ones),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("proto/ntp_client_nak", tests, NULL, NULL);
}
