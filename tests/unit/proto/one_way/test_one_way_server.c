/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/one_way/one_way_client.h"
#include "proto/one_way/one_way_server.h"

/* 2026-11-22 13:31:02.750 UTC */
#define NOW	 ((noon_time){INT64_C(1795354262750000000)})
#define MIDNIGHT ((noon_time){INT64_C(1798761600000000000)}) /* 2027-01-01 */
#define FIT(leap)                                                          \
	{                                                                  \
		true, NOON_MS(1), (leap), NOON_TIME_NEVER, NOON_TIME_NEVER \
	}

static struct noon_one_way_server_conf conf_of(enum noon_one_way_protocol protocol,
					       const char *dialect)
{
	return (struct noon_one_way_server_conf){
		.protocol = protocol,
		.dialect = noon_daytime_dialect_find(dialect),
		.bound_max = NOON_MS(500),
	};
}

static char text[NOON_ONE_WAY_REPLY_MAX + 1];

static enum noon_verdict ask(const struct noon_one_way_server_conf *conf,
			     const struct noon_one_way_clock *clock, noon_time now, size_t *ret_n)
{
	struct noon_wr wr = noon_wr_over(text, NOON_ONE_WAY_REPLY_MAX);
	const enum noon_verdict v = noon_one_way_server_reply(conf, clock, now, &wr);

	*ret_n = noon_wr_len(&wr);
	text[*ret_n] = '\0';
	return v;
}

static void the_current_second_is_said(void **state)
{
	const struct noon_one_way_server_conf time = conf_of(NOON_ONE_WAY_TIME, "iso8601");
	const struct noon_one_way_server_conf daytime = conf_of(NOON_ONE_WAY_DAYTIME, "iso8601");
	const struct noon_one_way_clock clock = FIT(NOON_LEAP_NONE);
	const uint8_t want[4] = {0xee, 0xad, 0x6d, 0x16}; /* 4004343062 */
	size_t n;

	(void)state;
	assert_int_equal(ask(&time, &clock, NOW, &n), NOON_VERDICT_ACCEPTED);
	assert_int_equal(n, 4);
	assert_memory_equal(text, want, 4);
	assert_int_equal(ask(&daytime, &clock, NOW, &n), NOON_VERDICT_ACCEPTED);
	assert_string_equal(text, "2026-11-22T13:31:02Z\r\n");
}

static void the_dialect_of_nist_says_what_is_so(void **state)
{
	struct noon_one_way_server_conf conf = conf_of(NOON_ONE_WAY_DAYTIME, "nist");
	struct noon_one_way_clock clock = FIT(NOON_LEAP_INSERT);
	size_t n;

	(void)state;
	assert_int_equal(ask(&conf, &clock, NOW, &n), NOON_VERDICT_ACCEPTED);
	assert_string_equal(text, "\n61366 26-11-22 13:31:02 00 1 0 000.0 UTC * \n");
	clock.leap = NOON_LEAP_DELETE;
	memcpy(conf.label, "UTC(LAB)", 9);
	assert_int_equal(ask(&conf, &clock, NOW, &n), NOON_VERDICT_ACCEPTED);
	assert_string_equal(text, "\n61366 26-11-22 13:31:02 00 2 0 000.0 UTC(LAB) * \n");
}

static void who_does_not_know_is_silent(void **state)
{
	for (int protocol = NOON_ONE_WAY_DAYTIME; protocol <= NOON_ONE_WAY_TIME; protocol++) {
		const struct noon_one_way_server_conf conf =
			conf_of((enum noon_one_way_protocol)protocol, "ctime");
		struct noon_one_way_clock clock = FIT(NOON_LEAP_NONE);
		size_t n;

		(void)state;
		clock.bound = NOON_MS(500);
		assert_int_equal(ask(&conf, &clock, NOW, &n), NOON_VERDICT_ACCEPTED);
		clock.bound++;
		assert_int_equal(ask(&conf, &clock, NOW, &n), NOON_VERDICT_NO_TIME);
		assert_int_equal(n, 0);
		clock.bound = NOON_DUR_MAX;
		assert_int_equal(ask(&conf, &clock, NOW, &n), NOON_VERDICT_NO_TIME);
		clock.bound = 0;
		clock.has_time = false;
		assert_int_equal(ask(&conf, &clock, NOW, &n), NOON_VERDICT_NO_TIME);
		assert_int_equal(n, 0);
	}
}

static void dates_that_a_dialect_cannot_say_get_no_reply(void **state)
{
	const struct noon_one_way_server_conf conf = conf_of(NOON_ONE_WAY_DAYTIME, "nist");
	const struct noon_one_way_clock clock = FIT(NOON_LEAP_NONE);
	size_t n;

	(void)state;
	assert_int_equal(ask(&conf, &clock, (noon_time){INT64_C(6000000000000000000)}, &n),
			 NOON_VERDICT_NO_TIME);
	assert_int_equal(n, 0);
}

/* The second before an inserted one, and the inserted one, have the same count. */
static void nothing_is_said_around_a_leap_second(void **state)
{
	const struct noon_one_way_server_conf conf = conf_of(NOON_ONE_WAY_TIME, "ctime");
	const struct noon_one_way_clock clock = {
		.has_time = true,
		.bound = NOON_MS(100),
		.leap_from = noon_time_add(MIDNIGHT, -NOON_S(1)),
		.leap_until = MIDNIGHT,
	};
	static const struct {
		noon_dur from_midnight;
		enum noon_verdict want;
	} list[] = {
		{-NOON_MS(1101), NOON_VERDICT_ACCEPTED}, {-NOON_MS(1100), NOON_VERDICT_NO_TIME},
		{-NOON_MS(500), NOON_VERDICT_NO_TIME},	 {0, NOON_VERDICT_NO_TIME},
		{NOON_MS(100), NOON_VERDICT_NO_TIME},	 {NOON_MS(101), NOON_VERDICT_ACCEPTED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		size_t n;

		assert_int_equal(
			ask(&conf, &clock, noon_time_add(MIDNIGHT, list[i].from_midnight), &n),
			list[i].want);
	}
}

static void no_dialect_makes_a_reply_longer_than_the_limit(void **state)
{
	const struct noon_one_way_clock clock = FIT(NOON_LEAP_INSERT);
	/* Wednesday, September 30, the longest date. */
	const noon_time longest = {INT64_C(1790726400000000000)};

	(void)state;
	for (size_t i = 0; noon_daytime_dialect(i) != NULL; i++) {
		struct noon_one_way_server_conf conf =
			conf_of(NOON_ONE_WAY_DAYTIME, noon_daytime_dialect(i)->name);
		size_t n;

		memcpy(conf.label, "UTC(ABCDEFGHIJ)", 16);
		assert_int_equal(ask(&conf, &clock, longest, &n), NOON_VERDICT_ACCEPTED);
		assert_in_range(n, 1, 64);
	}
}

static void a_buffer_that_is_too_small_gets_nothing(void **state)
{
	const struct noon_one_way_server_conf conf = conf_of(NOON_ONE_WAY_TIME, "ctime");
	const struct noon_one_way_clock clock = FIT(NOON_LEAP_NONE);
	struct noon_wr wr = noon_wr_over(text, NOON_ONE_WAY_REPLY_MAX - 1);

	(void)state;
	assert_int_equal(noon_one_way_server_reply(&conf, &clock, NOW, &wr), NOON_VERDICT_LONG);
	assert_int_equal(noon_wr_len(&wr), 0);
}

static void other_services_get_no_reply(void **state)
{
	(void)state;
	assert_false(noon_one_way_server_may_answer(0));
	assert_false(noon_one_way_server_may_answer(13));
	assert_false(noon_one_way_server_may_answer(37));
	assert_false(noon_one_way_server_may_answer(1023));
	assert_true(noon_one_way_server_may_answer(1024));
	assert_true(noon_one_way_server_may_answer(65535));
}

/* --- and what a client makes of it ---------------------------------------------------------- */

static noon_err judge(enum noon_one_way_rounding rounding, const char *reply,
		      struct noon_sample *ret, const char **ret_why)
{
	const struct noon_one_way_client_conf conf = {.rounding = rounding, .source = 3};
	struct noon_one_way_answer a;

	return noon_one_way_client_take(&conf, noon_bytes_of(reply, strlen(reply)), NOW,
					noon_time_add(NOW, NOON_MS(20)), ret, &a, ret_why);
}

static void a_sample_is_what_the_rounding_allows(void **state)
{
	static const struct {
		enum noon_one_way_rounding rounding;
		const char *reply;
		noon_dur before; /* of 13:31:02 */
		noon_dur after;
	} list[] = {
		{NOON_ONE_WAY_UNKNOWN, "2026-11-22T13:31:02Z", NOON_MS(500), NOON_MS(1010)},
		{NOON_ONE_WAY_TRUNCATE, "2026-11-22T13:31:02Z", 0, NOON_MS(1010)},
		{NOON_ONE_WAY_NEAREST, "2026-11-22T13:31:02Z", NOON_MS(500), NOON_MS(510)},
		{NOON_ONE_WAY_EXACT, "61366 26-11-22 13:31:03 00 0 0 250.0 UTC(NIST) *",
		 -NOON_US(749900), NOON_US(750100)},
		{NOON_ONE_WAY_TRUNCATE, "61366 26-11-22 13:31:02 00 0 0 050.0 UTC(NIST) *",
		 NOON_MS(50), NOON_MS(960)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		const noon_time s = noon_time_add(NOW, -NOON_MS(750));
		struct noon_sample x;
		const char *why = NULL;

		assert_int_equal(judge(list[i].rounding, list[i].reply, &x, &why), NOON_OK);
		assert_true(noon_time_add(x.t2, -x.server_err).ns ==
			    noon_time_add(s, -list[i].before).ns);
		assert_true(noon_time_add(x.t3, x.server_err).ns ==
			    noon_time_add(s, list[i].after).ns);
		assert_true(x.t1.ns == NOW.ns && x.t4.ns == NOW.ns + NOON_MS(20));
		assert_false(x.authenticated);
		assert_true(x.replayable);
		assert_int_equal(x.stratum, 0);
		assert_int_equal(x.source, 3);
	}
}

static void answers_that_prove_nothing_are_refused_with_a_reason(void **state)
{
	static const struct {
		const char *reply;
		noon_err want;
	} list[] = {
		{"", NOON_ERR_EMPTY},
		{"hello", NOON_ERR_FORMAT},
		{"2026-02-30T00:00:00Z", NOON_ERR_RANGE},
		{"2016-12-31T23:59:60Z", NOON_ERR_UNSUPPORTED},
		{"61366 26-11-22 13:31:02 00 0 1 050.0 UTC(NIST) *", NOON_ERR_STATE},
		{"2026-11-22T13:31:02Z                                                         "
		 "                                                         .",
		 NOON_ERR_LONG},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct noon_sample x = {.stratum = 9};
		const char *why = NULL;

		assert_int_equal(judge(NOON_ONE_WAY_UNKNOWN, list[i].reply, &x, &why),
				 list[i].want);
		assert_non_null(why);
		assert_int_equal(x.stratum, 9);
	}
}

static void without_an_advance_nothing_is_exact(void **state)
{
	struct noon_sample x;
	const char *why = NULL;

	(void)state;
	assert_int_equal(judge(NOON_ONE_WAY_EXACT, "2026-11-22T13:31:02Z", &x, &why),
			 NOON_ERR_UNSUPPORTED);
	assert_non_null(why);
}

/* What a server says is of the era of the release, whatever the local clock says. */
static void the_century_does_not_depend_on_the_local_clock(void **state)
{
	const noon_time local[] = {{0}, {INT64_C(4000000000) * NOON_NS_PER_SEC}};
	const struct noon_one_way_client_conf conf = {.protocol = NOON_ONE_WAY_TIME,
						      .rounding = NOON_ONE_WAY_TRUNCATE};
	const int64_t utc_s = 1790000000;
	uint8_t reply[NOON_ONE_WAY_TIME_LEN];
	struct noon_wr wr = noon_wr_over(reply, sizeof(reply));

	assert_int_equal(noon_one_way_time_put(&wr, (noon_time){utc_s * NOON_NS_PER_SEC}), NOON_OK);
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct noon_one_way_answer answer;
		struct noon_sample x;
		const char *why = "";

		assert_int_equal(noon_one_way_client_take(&conf, noon_wr_written(&wr), local[i],
							  local[i], &x, &answer, &why),
				 NOON_OK);
		assert_int_equal(answer.said.utc.ns, utc_s * NOON_NS_PER_SEC);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_current_second_is_said),
		cmocka_unit_test(the_dialect_of_nist_says_what_is_so),
		cmocka_unit_test(who_does_not_know_is_silent),
		cmocka_unit_test(dates_that_a_dialect_cannot_say_get_no_reply),
		cmocka_unit_test(nothing_is_said_around_a_leap_second),
		cmocka_unit_test(no_dialect_makes_a_reply_longer_than_the_limit),
		cmocka_unit_test(a_buffer_that_is_too_small_gets_nothing),
		cmocka_unit_test(other_services_get_no_reply),
		cmocka_unit_test(a_sample_is_what_the_rounding_allows),
		cmocka_unit_test(answers_that_prove_nothing_are_refused_with_a_reason),
		cmocka_unit_test(the_century_does_not_depend_on_the_local_clock),
		cmocka_unit_test(without_an_advance_nothing_is_exact),
	};

	return cmocka_run_group_tests_name("proto/one_way_server", tests, NULL, NULL);
}
