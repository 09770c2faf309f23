/* SPDX-License-Identifier: Apache-2.0
 *
 * What the NTP client asks and what it makes of an answer: the four times, its private request,
 * replies that are late, foreign, impossible or useless, and when it asks again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test_ntp_client_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		NTS(an_exchange_gives_the_four_times),
		GCM(an_exchange_gives_the_four_times),
		PLAIN(an_exchange_gives_the_four_times),
		NTS(a_request_tells_nothing_about_the_client),
		PLAIN(a_request_tells_nothing_about_the_client),
		NTS(duplicates_late_and_foreign_replies_are_told_apart),
		PLAIN(duplicates_late_and_foreign_replies_are_told_apart),
		NTS(packets_before_any_request_are_refused),
		PLAIN(packets_before_any_request_are_refused),
		NTS(impossible_or_useless_replies_are_misses),
		PLAIN(impossible_or_useless_replies_are_misses),
		NTS(a_forgotten_request_takes_no_answer),
		PLAIN(a_forgotten_request_takes_no_answer),
		NTS(a_new_interval_counts_from_the_last_request),
		PLAIN(a_new_interval_counts_from_the_last_request),
		cmocka_unit_test(a_conf_out_of_range_is_refused),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("proto/ntp_client_exchange", tests, NULL, NULL);
}
