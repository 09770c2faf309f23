/* SPDX-License-Identifier: Apache-2.0
 *
 * RFC 868 by its own examples, and every dialect of RFC 867 by a text written by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/daytime.h"
#include "wire/one_way.h"

#define AT(s) ((noon_time){(s)*NOON_NS_PER_SEC})

/* 2026-11-22 13:31:02 UTC */
#define NOW INT64_C(1795354262)

static void the_examples_of_rfc_868(void **state)
{
	static const struct {
		int64_t said;
		int64_t unix_s;
	} list[] = {
		{2208988800, 0},	    /* 1 Jan 1970 */
		{2398291200, 189302400},    /* 1 Jan 1976 */
		{2524521600, 315532800},    /* 1 Jan 1980 */
		{2629584000, 420595200},    /* 1 May 1983 */
		{-1297728000, -3506716800}, /* 17 Nov 1858 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		const uint32_t v = (uint32_t)list[i].said;
		const uint8_t want[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
					 (uint8_t)v};
		uint8_t buf[4];
		struct noon_wr wr = noon_wr_over(buf, sizeof(buf));
		noon_time got = {7};

		assert_int_equal(noon_one_way_time_put(&wr, AT(list[i].unix_s)), NOON_OK);
		assert_memory_equal(buf, want, 4);
		assert_int_equal(noon_one_way_time_get(noon_bytes_of(want, 4),
						       AT(list[i].unix_s + 1000000000), &got),
				 NOON_OK);
		assert_true(got.ns == AT(list[i].unix_s).ns);
	}
}

static void the_count_starts_again_in_2036(void **state)
{
	const int64_t turn = INT64_C(2085978496); /* 2036-02-07 06:28:16 */
	uint8_t buf[8];
	struct noon_wr wr = noon_wr_over(buf, sizeof(buf));
	const uint8_t before[4] = {0xff, 0xff, 0xff, 0xff};
	const uint8_t after[4] = {0};
	noon_time got;

	(void)state;
	assert_int_equal(noon_one_way_time_put(&wr, AT(turn - 1)), NOON_OK);
	assert_int_equal(noon_one_way_time_put(&wr, AT(turn)), NOON_OK);
	assert_memory_equal(buf, before, 4);
	assert_memory_equal(buf + 4, after, 4);
	for (int64_t pivot = turn - 1000000000; pivot <= turn + 1000000000; pivot += 250000000) {
		assert_int_equal(noon_one_way_time_get(noon_bytes_of(before, 4), AT(pivot), &got),
				 NOON_OK);
		assert_true(got.ns == AT(turn - 1).ns);
		assert_int_equal(noon_one_way_time_get(noon_bytes_of(after, 4), AT(pivot), &got),
				 NOON_OK);
		assert_true(got.ns == AT(turn).ns);
	}
	/* Seen from 1960 the same bytes are 1900. */
	assert_int_equal(
		noon_one_way_time_get(noon_bytes_of(after, 4), AT(INT64_C(-315619200)), &got),
		NOON_OK);
	assert_true(got.ns == AT(INT64_C(-2208988800)).ns);
}

static void a_fraction_is_cut_off(void **state)
{
	uint8_t buf[4];
	struct noon_wr wr = noon_wr_over(buf, sizeof(buf));
	const uint8_t want[4] = {0x83, 0xaa, 0x7e, 0x7f};

	(void)state;
	assert_int_equal(noon_one_way_time_put(&wr, (noon_time){-1}), NOON_OK);
	assert_memory_equal(buf, want, 4);
}

static void only_four_bytes_are_a_time(void **state)
{
	const uint8_t raw[16] = {0};

	(void)state;
	for (size_t n = 0; n <= sizeof(raw); n++) {
		noon_time got = {5};
		const noon_err err = noon_one_way_time_get(noon_bytes_of(raw, n), AT(0), &got);

		assert_int_equal(err, n < 4 ? NOON_ERR_SHORT : n > 4 ? NOON_ERR_LONG : NOON_OK);
		assert_true(n == 4 || got.ns == 5);
	}
}

static void instants_that_cannot_be_said_are_refused(void **state)
{
	const uint8_t raw[4] = {0xf0};
	noon_time got = {5};

	(void)state;
	assert_int_equal(noon_one_way_time_get(noon_bytes_of(raw, 4), NOON_TIME_NEVER, &got),
			 NOON_ERR_RANGE);
	assert_true(got.ns == 5);
}

struct example {
	const char *dialect;
	const char *text;
	int64_t unix_s;
};

/* As a server sends them. */
static const struct example sent[] = {
	{"iso8601", "2026-11-22T13:31:02Z\r\n", NOW},
	{"ctime", "Sun Nov 22 13:31:02 2026\r\n", NOW},
	{"ctime", "Wed Sep  1 00:00:00 1999\r\n", 936144000},
	{"xinetd", "22 NOV 2026 13:31:02\r\n", NOW},
	{"xinetd", "02 NOV 2026 13:31:02\r\n", NOW - 20 * 86400},
	{"smtp", "22 NOV 2026 13:31:02 UTC\r\n", NOW},
	{"smtp-2", "22 NOV 26 13:31:02 UTC\r\n", NOW},
	{"weekday", "Sunday, November 22, 2026 13:31:02-UTC\r\n", NOW},
	{"weekday", "Monday, November 2, 2026 13:31:02-UTC\r\n", NOW - 20 * 86400},
	{"nist", "\n61366 26-11-22 13:31:02 00 0 0 000.0 UTC * \n", NOW},
};

static noon_err get(const char *text, const char *dialect, int64_t pivot, struct noon_daytime *ret,
		    const struct noon_daytime_dialect **ret_dialect)
{
	const struct noon_daytime_dialect *d =
		dialect == NULL ? NULL : noon_daytime_dialect_find(dialect);

	assert_true(dialect == NULL || d != NULL);
	return noon_daytime_get(noon_bytes_of(text, strlen(text)), d, AT(pivot), ret, ret_dialect);
}

static void every_dialect_is_written_as_servers_send_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		const struct noon_daytime d = {
			.utc = {sent[i].unix_s * NOON_NS_PER_SEC + 999999999}};
		char buf[NOON_DAYTIME_OUT_MAX + 1] = "";
		struct noon_wr wr = noon_wr_over(buf, NOON_DAYTIME_OUT_MAX);

		assert_int_equal(
			noon_daytime_put(&wr, noon_daytime_dialect_find(sent[i].dialect), &d),
			NOON_OK);
		assert_string_equal(buf, sent[i].text);
	}
}

static void every_dialect_is_found_by_its_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		const struct noon_daytime_dialect *by = NULL;
		struct noon_daytime d;

		assert_int_equal(get(sent[i].text, NULL, NOW, &d, &by), NOON_OK);
		assert_string_equal(by->name, sent[i].dialect);
		assert_true(d.utc.ns == AT(sent[i].unix_s).ns);
		/* Asked for another one, it is refused. */
		for (size_t k = 0; noon_daytime_dialect(k) != NULL; k++)
			assert_int_equal(
				get(sent[i].text, noon_daytime_dialect(k)->name, NOW, &d, NULL),
				noon_daytime_dialect(k) == by ? NOON_OK : NOON_ERR_FORMAT);
	}
}

static void other_texts_of_the_wild_are_read(void **state)
{
	static const struct example list[] = {
		{"smtp-2", "02 FEB 82 07:59:01 PST", 381513541}, /* RFC 867 */
		/* RFC 867 has it on a Tuesday, which it was not. */
		{"weekday", "Monday, February 22, 1982 17:37:43-PST", 383276263},
		{"nist", "53050 04-02-15 10:23:32 00 0 0 909.7 UTC(NIST) *", 1076840612},
		{"nist", "49010 93-01-23 22:01:22  00     0  0  50.0 UTC(NIST) *", 727826482},
		{"ctime", "Thu Aug 27 12:34:28 1998", 904221268},
		{"smtp", "22 NOV 2026 13:31:02 GMT", NOW},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		const struct noon_daytime_dialect *by = NULL;
		struct noon_daytime d;

		assert_int_equal(get(list[i].text, NULL, 800000000, &d, &by), NOON_OK);
		assert_string_equal(by->name, list[i].dialect);
		assert_true(d.utc.ns == AT(list[i].unix_s).ns);
	}
}

static void the_fields_of_nist_are_read(void **state)
{
	struct noon_daytime d;

	(void)state;
	assert_int_equal(
		get("\n53050 04-02-15 10:23:32 83 1 2 909.7 UTC(NIST) # \n", NULL, 0, &d, NULL),
		NOON_OK);
	assert_int_equal(d.dst, 83);
	assert_int_equal(d.leap, 1);
	assert_int_equal(d.health, 2);
	assert_int_equal(d.advance, 9097);
	assert_string_equal(d.label, "UTC(NIST)");
	assert_true(d.on_time);
}

static void an_mjd_tells_the_century(void **state)
{
	struct noon_daytime d;

	(void)state;
	/* A clock that starts in 1970 would take 26 for 1926. */
	assert_int_equal(get("61366 26-11-22 13:31:02 00 0 0 050.0 UTC(NIST) *", NULL, 0, &d, NULL),
			 NOON_OK);
	assert_true(d.utc.ns == AT(NOW).ns);
	assert_int_equal(get("22 NOV 26 13:31:02 UTC", NULL, 0, &d, NULL), NOON_OK);
	assert_true(d.utc.ns == AT(NOW - 36525 * INT64_C(86400)).ns);
}

static void what_cannot_be_is_refused(void **state)
{
	static const char *const list[] = {
		"2026-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z",
		"2026-11-31T00:00:00Z",
		"Mon Nov 22 13:31:02 2026", /* a Sunday */
		"Tuesday, February 22, 1982 17:37:43-PST",
		"61367 26-11-22 13:31:02 00 0 0 050.0 UTC(NIST) *", /* the MJD of another day */
		"2026-11-22T13:31:60Z",
		"2026-11-29T23:59:60Z",
		"2016-12-31T23:58:60Z",
		"31 DEC 2016 23:59:60 PST",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct noon_daytime d = {.dst = 77};

		assert_int_equal(get(list[i], NULL, NOW, &d, NULL), NOON_ERR_RANGE);
		assert_int_equal(d.dst, 77);
	}
}

static void what_is_no_daytime_is_refused(void **state)
{
	static const char *const list[] = {
		"hello",
		"2026-11-22T13:31:02",
		"2026-11-22T13:31:02ZZ",
		"2026-11-22T24:00:00Z",
		"2026-11-22T13:60:02Z",
		"2026-11-22T13:31:61Z",
		"2026-13-22T13:31:02Z",
		"2026-00-22T13:31:02Z",
		"2026-11-00T13:31:02Z",
		"1899-11-22T13:31:02Z",
		"2200-11-22T13:31:02Z",
		"+026-11-22T13:31:02Z",
		"22 Nov 2026 13:31:02",
		"22 NOV 2026 13:31:02 CET", /* means nothing in RFC 822 */
		"22 NOV 2026 13:31:02 UTCUTC",
		"Sun Nov 22 13:31:02 2026\r\nSun Nov 22 13:31:02 2026",
		"61366 26-11-22 13:31:02 00 3 0 050.0 UTC(NIST) *",
		"61366 26-11-22 13:31:02 00 0 0 1050.0 UTC(NIST) *",
		"61366 26-11-22 13:31:02 00 0 0 050.0 UTC(nist) *",
		"61366 26-11-22 13:31:02 00 0 0 050.0 UTC() *",
		"61366 26-11-22 13:31:02 00 0 0 050.0 UTC(NIST) x",
		"61366 26-11-22 13:31:02 00 0 0 050.0 UTC(ABCDEFGHIJKLMNOP) *",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct noon_daytime d = {.dst = 77};

		assert_int_equal(get(list[i], NULL, NOW, &d, NULL), NOON_ERR_FORMAT);
		assert_int_equal(d.dst, 77);
	}
}

static void leap_seconds_are_told_apart(void **state)
{
	struct noon_daytime d;
	char buf[NOON_DAYTIME_OUT_MAX + 1] = "";
	struct noon_wr wr = noon_wr_over(buf, NOON_DAYTIME_OUT_MAX);

	(void)state;
	assert_int_equal(get("2016-12-31T23:59:60Z", NULL, NOW, &d, NULL), NOON_OK);
	assert_true(d.leap_second);
	assert_true(d.utc.ns == AT(INT64_C(1483228799)).ns);
	assert_int_equal(noon_daytime_put(&wr, noon_daytime_dialect(0), &d), NOON_OK);
	assert_string_equal(buf, "2016-12-31T23:59:60Z\r\n");
	assert_int_equal(get("31 DEC 2016 15:59:60 PST", NULL, NOW, &d, NULL), NOON_OK);
	assert_true(d.utc.ns == AT(INT64_C(1483228799)).ns);
}

static void long_and_empty_texts_are_refused(void **state)
{
	char text[NOON_DAYTIME_MAX + 1];
	struct noon_daytime d;

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, "2026-11-22T13:31:02Z", 20);
	assert_int_equal(
		noon_daytime_get(noon_bytes_of(text, NOON_DAYTIME_MAX), NULL, AT(NOW), &d, NULL),
		NOON_OK);
	assert_int_equal(
		noon_daytime_get(noon_bytes_of(text, sizeof(text)), NULL, AT(NOW), &d, NULL),
		NOON_ERR_LONG);
	assert_int_equal(get(" \r\n", NULL, NOW, &d, NULL), NOON_ERR_EMPTY);
	assert_int_equal(get("", NULL, NOW, &d, NULL), NOON_ERR_EMPTY);
}

static void every_cut_off_text_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		size_t whole = strlen(sent[i].text);

		while (strchr("\r\n ", sent[i].text[whole - 1]) != NULL)
			whole--;
		for (size_t n = 1; n < whole; n++) {
			struct noon_daytime d;
			const noon_err err = noon_daytime_get(noon_bytes_of(sent[i].text, n), NULL,
							      AT(NOW), &d, NULL);

			/* "22 NOV 2026 13:31:02" is the beginning of "... UTC", and UT is a zone
			 * too. */
			assert_true(err != NOON_OK || strcmp(sent[i].dialect, "smtp") == 0 ||
				    sent[i].text[n] == 'C');
		}
	}
}

static void what_cannot_be_written_is_refused(void **state)
{
	const struct noon_daytime_dialect *nist = noon_daytime_dialect_find("nist");
	const struct noon_daytime list[] = {
		{.utc = AT(INT64_C(-2208988801))},     /* 1899 */
		{.utc = AT(INT64_C(7258118400))},      /* 2200 */
		{.utc = AT(INT64_C(5200000000))},      /* MJD 100772 */
		{.utc = AT(NOW), .leap_second = true}, /* not the last second */
		{.utc = AT(NOW), .advance = 10000},    {.utc = AT(NOW), .dst = 100},
		{.utc = AT(NOW), .leap = 3},	       {.utc = AT(NOW), .health = 10},
		{.utc = AT(NOW), .label = "GMT"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		uint8_t buf[NOON_DAYTIME_OUT_MAX];
		struct noon_wr wr = noon_wr_over(buf, sizeof(buf));

		assert_int_equal(noon_daytime_put(&wr, nist, &list[i]), NOON_ERR_RANGE);
		assert_int_equal(noon_wr_len(&wr), 0);
	}
}

static void no_room_is_told(void **state)
{
	const struct noon_daytime d = {.utc = AT(NOW)};
	uint8_t buf[NOON_DAYTIME_OUT_MAX];

	(void)state;
	for (size_t n = 0; n < 22; n++) {
		struct noon_wr wr = noon_wr_over(buf, n);

		assert_int_equal(noon_daytime_put(&wr, noon_daytime_dialect(0), &d), NOON_ERR_FULL);
		assert_int_equal(noon_wr_len(&wr), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_rfc_868),
		cmocka_unit_test(the_count_starts_again_in_2036),
		cmocka_unit_test(a_fraction_is_cut_off),
		cmocka_unit_test(only_four_bytes_are_a_time),
		cmocka_unit_test(instants_that_cannot_be_said_are_refused),
		cmocka_unit_test(every_dialect_is_written_as_servers_send_it),
		cmocka_unit_test(every_dialect_is_found_by_its_text),
		cmocka_unit_test(other_texts_of_the_wild_are_read),
		cmocka_unit_test(the_fields_of_nist_are_read),
		cmocka_unit_test(an_mjd_tells_the_century),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(what_is_no_daytime_is_refused),
		cmocka_unit_test(leap_seconds_are_told_apart),
		cmocka_unit_test(long_and_empty_texts_are_refused),
		cmocka_unit_test(every_cut_off_text_is_refused),
		cmocka_unit_test(what_cannot_be_written_is_refused),
		cmocka_unit_test(no_room_is_told),
	};

	return cmocka_run_group_tests_name("wire/one_way", tests, NULL, NULL);
}
