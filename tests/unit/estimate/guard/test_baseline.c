/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "estimate/guard/baseline.h"

#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char good[] = "noonmark-baseline 1\n"
			   "path-id rack 3 to core\n"
			   "source nts://time.example:4460\n"
			   "started 1790000000\n"
			   "ended 1790000060\n"
			   "count 3\n"
			   "lost 1\n"
			   "granularity-ns 1\n"
			   "rtt-ns\n"
			   "80123\n"
			   "0\n"
			   "1000000000000\n"
			   "end\n"
			   "sha256 " HEX64 "\n"
			   "ed25519 " HEX64 HEX64 "\n";

static int64_t rtt[8];
static struct noon_baseline b;
static struct noon_baseline_fault fault;

static noon_err parse(const char *text)
{
	return noon_baseline_parse(noon_bytes_of(text, strlen(text)), rtt, 8, &b, &fault);
}

static void reads_a_good_one(void **state)
{
	(void)state;
	assert_int_equal(parse(good), NOON_OK);
	assert_string_equal(b.path_id, "rack 3 to core");
	assert_string_equal(b.source, "nts://time.example:4460");
	assert_int_equal(b.started_s, 1790000000);
	assert_int_equal(b.ended_s, 1790000060);
	assert_int_equal(b.count, 3);
	assert_int_equal(b.lost, 1);
	assert_int_equal(rtt[0], 80123);
	assert_int_equal(rtt[2], 1000000000000);
	assert_int_equal(b.digest[1], 0x11);
	assert_int_equal(b.signature[63], 0xff);
	assert_int_equal(b.n_digested, strstr(good, "sha256") - good);
	assert_int_equal(b.n_signed, strstr(good, "ed25519") - good);
}

static void reads_why_one_is_not_signed(void **state)
{
	char text[1024];
	const size_t n = (size_t)(strstr(good, "ed25519") - good);
	char *end;

	(void)state;
	assert_true(b.is_signed);
	memcpy(text, good, n);
	end = text + n;
	(void)strcpy(end, "unsigned 5000 are missing\n");
	assert_int_equal(parse(text), NOON_OK);
	assert_false(b.is_signed);
	assert_string_equal(b.reason, "5000 are missing");
	assert_int_equal(b.n_digested, strstr(text, "sha256") - text);
	(void)strcpy(end, "unsigned a\x01\n");
	assert_int_equal(parse(text), NOON_ERR_FORMAT);
	(void)strcpy(end, "unsigned\n");
	assert_int_equal(parse(text), NOON_ERR_FORMAT);
	memset(end, 'x', 600);
	memcpy(end, "unsigned ", 9);
	(void)strcpy(end + 600, "\n");
	assert_int_equal(parse(text), NOON_ERR_FORMAT);
}

/* Replace one text by another in the good file and tell line and expectation. */
static void names_line_and_expectation(void **state)
{
	static const struct {
		const char *from, *to;
		size_t line;
		const char *expected;
	} row[] = {
		{"noonmark-baseline 1", "noonmark-baseline x", 1, "noonmark-baseline 1"},
		{"path-id rack 3 to core", "path-id", 2, "path-id NAME"},
		{"started 1790000000", "started yesterday", 4, "started SECONDS"},
		{"ended 1790000060", "ended 1780000000", 5, "not before the start"},
		{"count 3", "count 0", 6, "at least one value"},
		{"count 3", "count 1000001", 6, "at most 1000000"},
		{"count 3", "count 4", 13, "as many as \"count\" says"},
		{"count 3", "count 2", 12, "\"end\""},
		{"80123", "-80123", 10, "a round-trip time in ns"},
		{"80123", "80123.5", 10, "a round-trip time in ns"},
		{"1000000000000", "1000000000001", 12, "a round-trip time in ns"},
		{"granularity-ns 1", "granularity-ns 0", 8, "granularity-ns N"},
		{"sha256 00", "sha256 0", 14, "64 hexadecimal digits"},
		{"ed25519 00", "ed25519 G0", 15, "128 hexadecimal digits"},
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const char *at = strstr(good, row[i].from);

		assert_non_null(at);
		(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good, row[i].to,
			       at + strlen(row[i].from));
		assert_int_equal(parse(text), NOON_ERR_FORMAT);
		assert_int_equal(fault.line, row[i].line);
		assert_non_null(strstr(fault.expected, row[i].expected));
	}
}

static void cut_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t n = 0; n < strlen(good); n++)
		assert_int_equal(noon_baseline_parse(noon_bytes_of(good, n), rtt, 8, &b, &fault),
				 NOON_ERR_FORMAT);
}

static void others_are_refused(void **state)
{
	char text[1024];

	(void)state;
	(void)snprintf(text, sizeof(text), "%s\n", good);
	assert_int_equal(parse(text), NOON_ERR_FORMAT);
	assert_int_equal(fault.line, 16);
	(void)snprintf(text, sizeof(text), "noonmark-baseline 2%s", good + 19);
	assert_int_equal(parse(text), NOON_ERR_UNSUPPORTED);
	assert_int_equal(noon_baseline_parse(noon_bytes_of(good, strlen(good)), rtt, 2, &b, &fault),
			 NOON_ERR_FULL);
}

static void tells_the_mean_interval(void **state)
{
	static const struct {
		int64_t started_s, ended_s;
		size_t count;
		uint64_t lost;
		double interval_s;
	} row[] = {
		{1790000000, 1790000060, 3, 1, 20.0}, /* lost exchanges were asked as well */
		{1790000000, 1790000060, 4, 0, 20.0}, {1790000000, 1790001000, 100001, 0, 0.01},
		{1790000000, 1790000000, 4, 0, 0.0}, /* within a second: not known */
		{1790000000, 1790000060, 1, 0, 0.0}, /* one exchange has no interval */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const struct noon_baseline head = {
			.started_s = row[i].started_s,
			.ended_s = row[i].ended_s,
			.count = row[i].count,
			.lost = row[i].lost,
		};

		assert_true(fabs(noon_baseline_interval_s(&head) - row[i].interval_s) < 1e-9);
	}
}

static void suits_polls_within_a_factor_of_four(void **state)
{
	(void)state;
	assert_true(noon_baseline_suits(16.0, 16.0));
	assert_true(noon_baseline_suits(16.0, 64.0));
	assert_true(noon_baseline_suits(16.0, 4.0));
	assert_false(noon_baseline_suits(16.0, 128.0));
	assert_false(noon_baseline_suits(16.0, 2.0));
	assert_false(noon_baseline_suits(0.001, 0.0625));
	assert_true(noon_baseline_suits(0.0, 1024.0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_good_one),
		cmocka_unit_test(reads_why_one_is_not_signed),
		cmocka_unit_test(names_line_and_expectation),
		cmocka_unit_test(cut_anywhere_is_refused),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(tells_the_mean_interval),
		cmocka_unit_test(suits_polls_within_a_factor_of_four),
	};

	return cmocka_run_group_tests_name("estimate/baseline", tests, NULL, NULL);
}
