/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "wire/ntp.h"

static void known_bytes_are_read_and_written(void **state)
{
	static const uint8_t raw[48] = {
		0xe4, 0x02, 0x06, 0xec, 0x00, 0x00, 0x01, 0x02, 0x00, 0x01, 0x00, 0x03,
		'G',  'P',  'S',  0x00, 0xee, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
		0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0xee, 0x11, 0x22, 0x34,
		0x00, 0x00, 0x00, 0x01, 0xee, 0x11, 0x22, 0x34, 0x80, 0x00, 0x00, 0x00,
	};
	struct noon_rd rd = noon_rd_over(raw, sizeof(raw));
	struct noon_ntp_header h;
	uint8_t back[48];
	struct noon_wr wr = noon_wr_over(back, sizeof(back));

	(void)state;
	assert_int_equal(noon_ntp_header_get(&rd, &h), NOON_OK);
	assert_int_equal(h.leap, 3);
	assert_int_equal(h.version, 4);
	assert_int_equal(h.mode, 4);
	assert_int_equal(h.stratum, 2);
	assert_int_equal(h.poll, 6);
	assert_int_equal(h.precision, -20);
	assert_int_equal(h.root_delay, 0x102);
	assert_int_equal(h.root_disp, 0x10003);
	assert_int_equal(h.ref_id, NOON_KISS('G', 'P', 'S', 0));
	assert_true(h.reference == UINT64_C(0xee11223344556677));
	assert_true(h.origin == UINT64_C(0x0102030405060708));
	assert_true(h.receive == UINT64_C(0xee11223400000001));
	assert_true(h.transmit == UINT64_C(0xee11223480000000));
	assert_int_equal(noon_ntp_header_put(&wr, &h), NOON_OK);
	assert_memory_equal(back, raw, 48);
}

static void any_48_bytes_come_back_unchanged(void **state)
{
	struct noon_rng rng = noon_rng_seeded(5905);
	uint8_t raw[48], back[48];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		struct noon_rd rd = noon_rd_over(raw, sizeof(raw));
		struct noon_wr wr = noon_wr_over(back, sizeof(back));
		struct noon_ntp_header h;

		noon_rng_fill(&rng, raw, sizeof(raw));
		assert_int_equal(noon_ntp_header_get(&rd, &h), NOON_OK);
		assert_int_equal(noon_ntp_header_put(&wr, &h), NOON_OK);
		assert_memory_equal(back, raw, 48);
	}
}

static void short_buffers_change_nothing(void **state)
{
	uint8_t raw[48] = {0};
	struct noon_ntp_header h = {.stratum = 77};

	(void)state;
	for (size_t n = 0; n < 48; n++) {
		struct noon_rd rd = noon_rd_over(raw, n);
		struct noon_wr wr = noon_wr_over(raw, n);

		assert_int_equal(noon_ntp_header_get(&rd, &h), NOON_ERR_SHORT);
		assert_int_equal(noon_rd_left(&rd), n);
		assert_int_equal(noon_ntp_header_put(&wr, &h), NOON_ERR_FULL);
		assert_int_equal(noon_wr_len(&wr), 0);
	}
	assert_int_equal(h.stratum, 77);
}

static void the_era_is_the_one_nearest_to_the_pivot(void **state)
{
	/* -2208988800 is 1900-01-01, 2085978496 is 2036-02-07 06:28:16, and 2^32 s on is
	 * 2172-03-15. 4233462144 is 2104-02-26 09:42:24, in the middle of era 1. */
	static const struct {
		uint32_t wire_s;
		int64_t pivot_s, expected_s;
	} table[] = {
		{0, -2208988800, -2208988800},
		{1, -2208988800, -2208988799},
		{UINT32_MAX, -2208988800, -2208988801},
		{0x7fffffff, -2208988800, -61505153}, /* 1968-01-20 03:14:07 */
		{0x80000000, -2208988800, -4356472448},
		{0x80000000, -2208988799, -61505152},
		{0x83aa7e80, 0, 0}, /* 1970 */
		{0x83aa7e80, 1735689600, 0},
		{0, 0, 2085978496},
		{UINT32_MAX, 2085978496, 2085978495},
		{0, 2085978495, 2085978496},
		{0, 2085978496, 2085978496},
		{1, 2085978490, 2085978497},
		{UINT32_MAX, 1735689600, 2085978495},
		{0, 1735689600, 2085978496},
		{0x80000000, 2085978496, -61505152},
		{0x7fffffff, 2085978496, 4233462143},
		{0x80000000, 2085978497, 4233462144},
		{0x80000000, 4233462144, 4233462144},
		{0x7fffffff, 4233462144, 4233462143},
		{0, 4233462144, 2085978496},
		{UINT32_MAX, 4233462144, 6380945791},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const noon_time pivot = {table[i].pivot_s * NOON_NS_PER_SEC};
		const noon_time t = noon_ntp_ts_to_time((noon_ntp_ts)table[i].wire_s << 32, pivot);

		assert_int_equal(t.ns, table[i].expected_s * NOON_NS_PER_SEC);
		assert_int_equal(noon_ntp_ts_from_time(t) >> 32, table[i].wire_s);
	}
}

static void a_pivot_inside_a_second_before_1970_rounds_down(void **state)
{
	const noon_time pivot = {-1};

	(void)state;
	assert_int_equal(noon_ntp_ts_to_time(UINT64_C(0x83aa7e7f) << 32, pivot).ns,
			 -NOON_NS_PER_SEC);
	assert_int_equal(noon_ntp_ts_from_time(pivot) >> 32, 0x83aa7e7f);
}

static void times_survive_the_wire_within_a_nanosecond(void **state)
{
	struct noon_rng rng = noon_rng_seeded(32);

	(void)state;
	for (int i = 0; i < 100000; i++) {
		const noon_time t = {(int64_t)(noon_rng_u64(&rng) >> 1) - INT64_MAX / 2};
		const noon_time pivot = {noon_sat_add(t.ns, (int64_t)(noon_rng_unit(&rng) * 4e18) -
								    2000000000000000000)};
		const noon_time back = noon_ntp_ts_to_time(noon_ntp_ts_from_time(t), pivot);

		assert_in_range(t.ns - back.ns, 0, 1);
	}
}

static void the_ends_of_time_are_no_trap(void **state)
{
	static const int64_t ends[] = {INT64_MIN, INT64_MIN + 1, -1,	   0,
				       1,	  INT64_MAX - 1, INT64_MAX};
	static const noon_ntp_ts ts[] = {0, 1, UINT64_MAX, UINT64_C(1) << 63};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		(void)noon_ntp_ts_from_time((noon_time){ends[i]});
		for (size_t j = 0; j < 4; j++)
			(void)noon_ntp_ts_to_time(ts[j], (noon_time){ends[i]});
	}
}

static void the_short_format_rounds_outward(void **state)
{
	struct noon_rng rng = noon_rng_seeded(16);

	(void)state;
	assert_int_equal(noon_ntp_short_to_dur(0), 0);
	assert_int_equal(noon_ntp_short_to_dur(1), 15259); /* 15258.789 */
	assert_int_equal(noon_ntp_short_to_dur(0x10000), NOON_S(1));
	assert_int_equal(noon_ntp_short_to_dur(UINT32_MAX), INT64_C(65535999984742));
	assert_int_equal(noon_ntp_short_from_dur(0), 0);
	assert_int_equal(noon_ntp_short_from_dur(-5), 0);
	assert_int_equal(noon_ntp_short_from_dur(INT64_MIN), 0);
	assert_int_equal(noon_ntp_short_from_dur(1), 1);
	assert_int_equal(noon_ntp_short_from_dur(15258), 1);
	assert_int_equal(noon_ntp_short_from_dur(15259), 2);
	assert_int_equal(noon_ntp_short_from_dur(NOON_S(1)), 0x10000);
	assert_int_equal(noon_ntp_short_from_dur(NOON_S(65536)), UINT32_MAX);
	assert_int_equal(noon_ntp_short_from_dur(NOON_S(65536) - 1), UINT32_MAX);
	assert_int_equal(noon_ntp_short_from_dur(INT64_MAX), UINT32_MAX);
	for (int i = 0; i < 100000; i++) {
		const noon_dur d = (noon_dur)(noon_rng_u64(&rng) % 65535000000000);
		const noon_dur back = noon_ntp_short_to_dur(noon_ntp_short_from_dur(d));

		assert_true(back >= d && back <= d + 15260);
	}
}

static void precision_rounds_outward_and_is_clamped(void **state)
{
	(void)state;
	assert_int_equal(noon_ntp_precision_to_dur(0), NOON_S(1));
	assert_int_equal(noon_ntp_precision_to_dur(1), NOON_S(2));
	assert_int_equal(noon_ntp_precision_to_dur(5), NOON_S(32));
	assert_int_equal(noon_ntp_precision_to_dur(127), NOON_S(32));
	assert_int_equal(noon_ntp_precision_to_dur(-1), NOON_MS(500));
	assert_int_equal(noon_ntp_precision_to_dur(-10), 976563);
	assert_int_equal(noon_ntp_precision_to_dur(-20), 954);
	assert_int_equal(noon_ntp_precision_to_dur(-30), 1);
	assert_int_equal(noon_ntp_precision_to_dur(-32), 1);
	assert_int_equal(noon_ntp_precision_to_dur(-128), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_bytes_are_read_and_written),
		cmocka_unit_test(any_48_bytes_come_back_unchanged),
		cmocka_unit_test(short_buffers_change_nothing),
		cmocka_unit_test(the_era_is_the_one_nearest_to_the_pivot),
		cmocka_unit_test(a_pivot_inside_a_second_before_1970_rounds_down),
		cmocka_unit_test(times_survive_the_wire_within_a_nanosecond),
		cmocka_unit_test(the_ends_of_time_are_no_trap),
		cmocka_unit_test(the_short_format_rounds_outward),
		cmocka_unit_test(precision_rounds_outward_and_is_clamped),
	};

	return cmocka_run_group_tests_name("wire/ntp", tests, NULL, NULL);
}
