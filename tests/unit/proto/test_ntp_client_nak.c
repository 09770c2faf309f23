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

int main(void)
{
	const struct CMUnitTest tests[] = {
		NTS(c2_a_nak_yields_to_a_valid_reply),
		NTS(c2_a_nak_must_match_the_request),
		NTS(c2_a_nak_alone_brings_a_new_key_exchange_after_the_time_out),
		GCM(c2_a_nak_alone_brings_a_new_key_exchange_after_the_time_out),
		NTS(c2_a_nak_about_old_keys_does_not_cost_the_new_ones),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("proto/ntp_client_nak", tests, NULL, NULL);
}
