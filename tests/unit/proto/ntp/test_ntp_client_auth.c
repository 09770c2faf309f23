/* SPDX-License-Identifier: Apache-2.0
 *
 * Requirements C1 and C5: nothing unauthenticated moves the client, and there is no way back to
 * plain NTP.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test_ntp_client_fixture.h"

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

/* Sealed with the right keys and of the right transmit time, but of another request. */
static void an_answer_to_another_identifier_is_refused(void **state)
{
	struct noon_ntp_header h;

	(void)state;
	ntp_world_until_sent(&w);
	h = ntp_world_header(&w);
	for (size_t i = 0; i < NOON_UID_MIN; i++) {
		uint8_t *byte = &w.request.p[NOON_NTP_HEADER_LEN + 4 + i];

		*byte ^= 0x10;
		assert_int_equal(deliver(&h), NOON_VERDICT_UID);
		*byte ^= 0x10;
	}
	assert_int_equal(deliver(&h), NOON_VERDICT_ACCEPTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NTS(c1_unauthenticated_replies_are_ignored),
		GCM(c1_unauthenticated_replies_are_ignored),
		NTS(c1_a_reflected_request_is_ignored),
		GCM(c1_a_reflected_request_is_ignored),
		BARE(c5_there_is_no_way_back_to_plain_ntp),
		NTS(c5_every_request_is_authenticated),
		GCM(c5_every_request_is_authenticated),
		NTS(another_clients_reply_does_not_verify),
		GCM(another_clients_reply_does_not_verify),
		NTS(an_answer_to_another_identifier_is_refused),
		GCM(an_answer_to_another_identifier_is_refused),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("proto/ntp_client_auth", tests, NULL, NULL);
}
