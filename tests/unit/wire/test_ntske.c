/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "wire/ntske.h"

#define LIMIT 16384

/* The default request of the reference: NTPv4, AEAD 15, END, all critical. */
static const uint8_t minimal[] = {0x80, 1, 0, 2, 0, 0, 0x80, 4, 0, 2, 0, 15, 0x80, 0, 0, 0};

static enum noon_ntske_extent scan(struct noon_bytes buf, size_t max)
{
	size_t at = 0;

	return noon_ntske_scan(buf, max, &at);
}

static void reads_the_minimal_request(void **state)
{
	struct noon_rd rd = noon_rd_over(minimal, sizeof(minimal));
	struct noon_ntske_record r;

	(void)state;
	assert_int_equal(noon_ntske_rd(&rd, &r), NOON_OK);
	assert_true(r.critical);
	assert_int_equal(r.type, NOON_NTSKE_NEXT_PROTOCOL);
	assert_int_equal(r.body.n, 2);
	assert_int_equal(noon_ntske_item(r.body, 0), NOON_NTSKE_NTPV4);
	assert_int_equal(noon_ntske_rd(&rd, &r), NOON_OK);
	assert_int_equal(r.type, NOON_NTSKE_AEAD);
	assert_int_equal(noon_ntske_item(r.body, 0), 15);
	assert_int_equal(noon_ntske_rd(&rd, &r), NOON_OK);
	assert_int_equal(r.type, NOON_NTSKE_END);
	assert_int_equal(r.body.n, 0);
	assert_int_equal(noon_ntske_rd(&rd, &r), NOON_ERR_SHORT);
}

static void writes_the_minimal_request(void **state)
{
	const uint16_t ntpv4 = NOON_NTSKE_NTPV4, siv = 15;
	uint8_t buf[sizeof(minimal)];
	struct noon_wr wr = noon_wr_over(buf, sizeof(buf));

	(void)state;
	assert_int_equal(noon_ntske_wr_items(&wr, true, NOON_NTSKE_NEXT_PROTOCOL, &ntpv4, 1),
			 NOON_OK);
	assert_int_equal(noon_ntske_wr_items(&wr, true, NOON_NTSKE_AEAD, &siv, 1), NOON_OK);
	assert_int_equal(noon_ntske_wr_end(&wr), NOON_OK);
	assert_int_equal(noon_wr_len(&wr), sizeof(minimal));
	assert_memory_equal(buf, minimal, sizeof(minimal));
}

static void every_proper_prefix_is_partial(void **state)
{
	size_t n;

	(void)state;
	for (n = 0; n < sizeof(minimal); n++)
		assert_int_equal(scan(noon_bytes_of(minimal, n), LIMIT), NOON_NTSKE_PARTIAL);
	assert_int_equal(scan(noon_bytes_of(minimal, n), LIMIT), NOON_NTSKE_COMPLETE);
	assert_int_equal(scan(noon_bytes_of(minimal, n), sizeof(minimal)), NOON_NTSKE_COMPLETE);
}

static void a_scan_goes_on_where_it_stopped(void **state)
{
	size_t n, at = 0;

	(void)state;
	for (n = 0; n < sizeof(minimal); n++) {
		assert_int_equal(noon_ntske_scan(noon_bytes_of(minimal, n), LIMIT, &at),
				 NOON_NTSKE_PARTIAL);
		assert_int_equal(at, n < 6 ? 0 : n < 12 ? 6 : 12);
	}
	assert_int_equal(noon_ntske_scan(noon_bytes_of(minimal, n), LIMIT, &at),
			 NOON_NTSKE_COMPLETE);
}

static void bytes_behind_end_are_noticed(void **state)
{
	uint8_t buf[sizeof(minimal) + 1] = {0};

	(void)state;
	memcpy(buf, minimal, sizeof(minimal));
	assert_int_equal(scan(noon_bytes_of(buf, sizeof(buf)), LIMIT), NOON_NTSKE_TRAILING);
}

static void a_huge_record_is_too_long_before_it_has_come(void **state)
{
	const uint8_t huge[] = {0, 100, 0xff, 0xff};

	(void)state;
	assert_int_equal(scan(noon_bytes_of(huge, 4), LIMIT), NOON_NTSKE_TOO_LONG);
	assert_int_equal(scan(noon_bytes_of(minimal, sizeof(minimal)), sizeof(minimal) - 1),
			 NOON_NTSKE_TOO_LONG);
}

static void endless_small_records_become_too_long(void **state)
{
	static uint8_t buf[4096];
	size_t i;

	(void)state;
	for (i = 1; i < sizeof(buf); i += 4)
		buf[i] = 100; /* type 100, empty body */
	assert_int_equal(scan(noon_bytes_of(buf, 4092), 4096), NOON_NTSKE_PARTIAL);
	assert_int_equal(scan(noon_bytes_of(buf, 4096), 4096), NOON_NTSKE_TOO_LONG);
}

static void a_cut_record_leaves_the_cursor(void **state)
{
	struct noon_ntske_record r = {.type = 9};
	size_t n;

	(void)state;
	for (n = 0; n < 6; n++) {
		struct noon_rd rd = noon_rd_over(minimal, n);

		assert_int_equal(noon_ntske_rd(&rd, &r), NOON_ERR_SHORT);
		assert_int_equal(noon_rd_left(&rd), n);
		assert_int_equal(r.type, 9);
	}
}

static void a_full_buffer_is_refused_whole(void **state)
{
	const uint16_t items[] = {1, 2, 3};
	uint8_t buf[9];
	struct noon_wr wr = noon_wr_over(buf, sizeof(buf));

	(void)state;
	assert_int_equal(noon_ntske_wr_items(&wr, true, NOON_NTSKE_AEAD, items, 3), NOON_ERR_FULL);
	assert_int_equal(noon_wr_len(&wr), 0);
	assert_int_equal(noon_ntske_wr(&wr, true, NOON_NTSKE_COOKIE, noon_bytes_of(buf, 70000)),
			 NOON_ERR_RANGE);
	assert_int_equal(noon_wr_len(&wr), 0);
}

static void host_names_have_few_characters(void **state)
{
	static const char *const good[] = {"a",		  "time.example.org", "192.0.2.1",
					   "2001:db8::1", "x_y-z.",	      "AZ09"};
	static const char *const bad[] = {"", " ", "a b", "a/b", "a\nb", "\x80", "a%eth0", "[::1]"};
	uint8_t longest[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(noon_ntske_is_host(noon_bytes_of(good[i], strlen(good[i]))));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(noon_ntske_is_host(noon_bytes_of(bad[i], strlen(bad[i]))));
	memset(longest, 'a', sizeof(longest));
	assert_true(noon_ntske_is_host(noon_bytes_of(longest, 255)));
	assert_false(noon_ntske_is_host(noon_bytes_of(longest, 256)));
	assert_true(noon_ntske_is_ascii(noon_bytes_of("a/b", 3)));
	assert_false(noon_ntske_is_ascii(noon_bytes_of("a\0b", 3)));
	assert_false(noon_ntske_is_ascii(noon_bytes_of(longest, 256)));
}

static void random_bytes_never_leave_the_buffer(void **state)
{
	struct noon_rng rng = noon_rng_seeded(8915);
	uint8_t buf[64];
	int round;

	(void)state;
	for (round = 0; round < 100000; round++) {
		const size_t n = noon_rng_u64(&rng) % (sizeof(buf) + 1);
		struct noon_rd rd = noon_rd_over(buf, n);
		struct noon_ntske_record r;
		bool end = false;

		noon_rng_fill(&rng, buf, sizeof(buf));
		buf[0] &= 0x80;
		buf[2] = 0;
		while (!end && noon_ntske_rd(&rd, &r) == NOON_OK)
			end = r.type == NOON_NTSKE_END;
		/* The scan and the reader agree on where END is. */
		switch (scan(noon_bytes_of(buf, n), 200000)) {
		case NOON_NTSKE_PARTIAL:
			assert_false(end);
			break;
		case NOON_NTSKE_COMPLETE:
			assert_true(end && noon_rd_left(&rd) == 0);
			break;
		case NOON_NTSKE_TRAILING:
			assert_true(end && noon_rd_left(&rd) > 0);
			break;
		case NOON_NTSKE_TOO_LONG:
			fail();
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_minimal_request),
		cmocka_unit_test(writes_the_minimal_request),
		cmocka_unit_test(every_proper_prefix_is_partial),
		cmocka_unit_test(a_scan_goes_on_where_it_stopped),
		cmocka_unit_test(bytes_behind_end_are_noticed),
		cmocka_unit_test(a_huge_record_is_too_long_before_it_has_come),
		cmocka_unit_test(endless_small_records_become_too_long),
		cmocka_unit_test(a_cut_record_leaves_the_cursor),
		cmocka_unit_test(a_full_buffer_is_refused_whole),
		cmocka_unit_test(host_names_have_few_characters),
		cmocka_unit_test(random_bytes_never_leave_the_buffer),
	};

	return cmocka_run_group_tests_name("wire/ntske", tests, NULL, NULL);
}
