/* SPDX-License-Identifier: Apache-2.0
 *
 * Requirement P18 as the client sees it: which kiss codes it obeys, and for how long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_ntp_client_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		NTS(p18_only_authenticated_kisses_are_obeyed),
		NTS(a_kiss_rate_slows_down),
		PLAIN(a_kiss_rate_slows_down),
		NTS(eight_good_answers_halve_what_a_kiss_rate_doubled),
		PLAIN(eight_good_answers_halve_what_a_kiss_rate_doubled),
		NTS(a_kiss_deny_stops_the_association_for_hours),
		PLAIN(a_kiss_deny_stops_the_association_for_hours),
		NTS(a_kiss_restrict_stops_the_association_for_hours),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("proto/ntp_client_kiss", tests, NULL, NULL);
}
