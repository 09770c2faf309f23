/* SPDX-License-Identifier: Apache-2.0
 *
 * The stamps of the NTP client: late ones of the kernel, mad ones, and the era of 2036.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_ntp_client_fixture.h"

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

/* What the server says of itself: its precision is in both stamps, half of its root delay and all
 * of its dispersion in its error, rounded up (units of the wire are 2^-16 s). */
static void what_the_server_admits_is_granted(void **state)
{
	static const struct {
		int8_t precision;
		uint32_t delay, disp;
		noon_dur stamp_least, server_least;
	} table[] = {
		{-20, 0, 0, 954, 0},	{-10, 0, 0, 976563, 0},		{-24, 1, 0, 60, 7630},
		{-24, 0, 1, 60, 15259}, {-24, 3, 2, 60, 22889 + 30518}, {0, 0, 0, NOON_S(1), 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_ntp_header h;

		ntp_world_until_sent(&w);
		h = ntp_world_header(&w);
		h.precision = table[i].precision;
		h.root_delay = table[i].delay;
		h.root_disp = table[i].disp;
		assert_int_equal(deliver(&h), NOON_VERDICT_ACCEPTED);
		assert_in_range(w.sample.stamp_err - table[i].stamp_least, 0, 10);
		assert_in_range(w.sample.server_err - table[i].server_least, 0, 3);
	}
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

/* The local clock may be anywhere before it is set: the era of the server's time comes from a
 * constant of the release. Nearest to the local clock it would be wrong by 2^32 s from 2094 on. */
static void the_era_does_not_depend_on_the_local_clock(void **state)
{
	static const int64_t local_s[] = {0, 1735689600, 3900000000, 3913056000, 6000000000};
	static const int64_t server_s[] = {1735689600, 1790000000, 2100000000, 3900000000,
					   1735689599 + (INT64_C(1) << 32)};

	(void)state;
	for (size_t i = 0; i < sizeof(local_s) / sizeof(local_s[0]); i++) {
		for (size_t k = 0; k < sizeof(server_s) / sizeof(server_s[0]); k++) {
			const int64_t server = server_s[k] * NOON_NS_PER_SEC;

			noon_ntp_client_fini(&w.client);
			w.now = (noon_time){local_s[i] * NOON_NS_PER_SEC};
			ntp_world_client(&w, false);
			ntp_world_until_sent(&w);
			w.ahead = server - w.now.ns;
			assert_int_equal(ntp_world_answer(&w, NOON_MS(1), NOON_MS(1)), 0);
			assert_int_equal(ntp_world_deliver(&w, &w.reply, NOON_MS(3)), 0);
			assert_in_range(w.sample.t2.ns - (server + NOON_MS(1)) + 1, 0, 1);
			assert_in_range(w.sample.t3.ns - (server + NOON_MS(2)) + 1, 0, 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		NTS(a_kernel_stamp_before_the_reply_replaces_the_users),
		NTS(a_kernel_stamp_after_the_reply_changes_nothing),
		NTS(a_mad_stamp_neither_samples_nor_hangs),
		NTS(what_the_server_admits_is_granted),
		PLAIN(what_the_server_admits_is_granted),
		NTS(an_exchange_across_the_era_of_2036_is_right),
		PLAIN(the_era_does_not_depend_on_the_local_clock),
		PLAIN(an_exchange_across_the_era_of_2036_is_right),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("proto/ntp_client_stamp", tests, NULL, NULL);
}
