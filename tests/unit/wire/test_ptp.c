/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of PTP against bytes written by hand from the layouts of IEEE 1588-2019, clause 13.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "wire/ptp.h"

/* clang-format off */
#define HEADER(type, length, control)                                                          \
	0x10 | (type), 0x12, 0x00, (length), /* majorSdoId 1, version 2.1, messageLength */    \
	0x18, 0x2a,                          /* domain 24, minorSdoId */                       \
	0x06, 0x3c,                          /* flags */                                       \
	0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0x80, 0x00, /* correction -1.5 ns */               \
	0x01, 0x02, 0x03, 0x04,              /* messageTypeSpecific */                         \
	0xaa, 0xbb, 0xcc, 0xff, 0xfe, 0x11, 0x22, 0x33, 0x00, 0x07, /* source */               \
	0xfe, 0xdc, (control), 0xfd          /* sequence, control, logMessageInterval -3 */
#define STAMP 0x00, 0x01, 0x65, 0x53, 0xf1, 0x00, 0x3b, 0x9a, 0xc9, 0xff /* 0x16553f100 s */
#define PORT  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x12, 0x34

static const uint8_t sync_raw[] = {HEADER(0x0, 44, 0), STAMP};
static const uint8_t delay_req_raw[] = {HEADER(0x1, 44, 1), STAMP};
static const uint8_t follow_up_raw[] = {HEADER(0x8, 44, 2), STAMP};
static const uint8_t delay_resp_raw[] = {HEADER(0x9, 54, 3), STAMP, PORT};
static const uint8_t announce_raw[] = {
	HEADER(0xb, 64, 5), STAMP, 0xff, 0xdb, 0x00, 0x80, 0x06, 0x21, 0x4e, 0x5d, 0x81,
	0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x01, 0x02, 0x20,
};
static const uint8_t signaling_raw[] = {HEADER(0xc, 44, 5), PORT};
static const uint8_t management_raw[] = {HEADER(0xd, 48, 4), PORT, 0, 0, 0, 0};
/* clang-format on */

static const struct {
	const uint8_t *raw;
	size_t n;
	uint8_t type;
	bool stamped;
	const char *name;
} known[] = {
	{sync_raw, sizeof(sync_raw), NOON_PTP_SYNC, true, "Sync"},
	{delay_req_raw, sizeof(delay_req_raw), NOON_PTP_DELAY_REQ, true, "Delay_Req"},
	{follow_up_raw, sizeof(follow_up_raw), NOON_PTP_FOLLOW_UP, true, "Follow_Up"},
	{delay_resp_raw, sizeof(delay_resp_raw), NOON_PTP_DELAY_RESP, true, "Delay_Resp"},
	{announce_raw, sizeof(announce_raw), NOON_PTP_ANNOUNCE, true, "Announce"},
	{signaling_raw, sizeof(signaling_raw), NOON_PTP_SIGNALING, false, "Signaling"},
	{management_raw, sizeof(management_raw), NOON_PTP_MANAGEMENT, false, "Management"},
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

static struct noon_ptp_message get(const uint8_t *raw, size_t n)
{
	struct noon_ptp_message m;

	assert_int_equal(noon_ptp_get(noon_bytes_of(raw, n), &m), NOON_OK);
	return m;
}

static void header_of_every_type_is_read(void **state)
{
	static const uint8_t clock[] = {0xaa, 0xbb, 0xcc, 0xff, 0xfe, 0x11, 0x22, 0x33};

	(void)state;
	for (size_t i = 0; i < KNOWN; i++) {
		const struct noon_ptp_message m = get(known[i].raw, known[i].n);

		assert_int_equal(noon_ptp_body_end(known[i].type), known[i].n);
		assert_int_equal(m.h.type, known[i].type);
		assert_int_equal(m.h.sdo_id, 0x12a);
		assert_int_equal(m.h.minor, 1);
		assert_int_equal(m.h.version, 2);
		assert_int_equal(m.h.length, known[i].n);
		assert_int_equal(m.h.domain, 24);
		assert_int_equal(m.h.flags, 0x063c);
		assert_true(m.h.correction == -0x18000);
		assert_int_equal(m.h.scratch, 0x01020304);
		assert_memory_equal(m.h.source.clock, clock, 8);
		assert_int_equal(m.h.source.port, 7);
		assert_int_equal(m.h.sequence, 0xfedc);
		assert_int_equal(m.h.control, known[i].raw[32]);
		assert_int_equal(m.h.interval, -3);
		assert_int_equal(m.tlvs.n, 0);
		assert_ptr_equal(m.whole.p, known[i].raw);
		assert_int_equal(m.whole.n, known[i].n);
		assert_string_equal(noon_ptp_type_name(m.h.type), known[i].name);
	}
}

static void bodies_are_read(void **state)
{
	static const uint8_t clock[] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct noon_ptp_message m;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		m = get(known[i].raw, known[i].n);
		assert_true(m.event.stamp.s == UINT64_C(0x16553f100));
		assert_int_equal(m.event.stamp.ns, 999999999);
	}
	m = get(delay_resp_raw, sizeof(delay_resp_raw));
	assert_memory_equal(m.event.requesting.clock, clock, 8);
	assert_int_equal(m.event.requesting.port, 0x1234);
	m = get(announce_raw, sizeof(announce_raw));
	assert_true(m.announce.origin.s == UINT64_C(0x16553f100));
	assert_int_equal(m.announce.origin.ns, 999999999);
	assert_int_equal(m.announce.utc_offset, -37);
	assert_int_equal(m.announce.priority1, 0x80);
	assert_int_equal(m.announce.clock_class, 6);
	assert_int_equal(m.announce.accuracy, 0x21);
	assert_int_equal(m.announce.variance, 0x4e5d);
	assert_int_equal(m.announce.priority2, 0x81);
	assert_memory_equal(m.announce.grandmaster, clock, 8);
	assert_int_equal(m.announce.steps_removed, 0x102);
	assert_int_equal(m.announce.time_source, 0x20);
	m = get(signaling_raw, sizeof(signaling_raw));
	assert_memory_equal(m.target.clock, clock, 8);
	assert_int_equal(m.target.port, 0x1234);
	m = get(management_raw, sizeof(management_raw));
	assert_int_equal(m.target.port, 0x1234);
}

static void what_was_read_is_written_again(void **state)
{
	uint8_t back[64];

	(void)state;
	for (size_t i = 0; i < KNOWN; i++) {
		const struct noon_ptp_message m = get(known[i].raw, known[i].n);
		struct noon_wr wr = noon_wr_over(back, sizeof(back));

		assert_int_equal(noon_ptp_put(&wr, &m), NOON_OK);
		noon_ptp_finish(&wr);
		assert_int_equal(noon_wr_len(&wr), known[i].n);
		assert_memory_equal(back, known[i].raw, known[i].n);
	}
}

/* Octets that are not carried: messageLength is counted, control derived, the rest reserved. */
static bool is_carried(size_t type, size_t at)
{
	if (at == 2 || at == 3 || at == 32)
		return false;
	if (known[type].type == NOON_PTP_ANNOUNCE && at == 46)
		return false;
	return known[type].type != NOON_PTP_MANAGEMENT || at < 44;
}

static void every_bit_is_read_and_written(void **state)
{
	uint8_t raw[64], back[64];

	(void)state;
	for (size_t i = 0; i < KNOWN; i++)
		for (size_t bit = 0; bit < known[i].n * 8; bit++) {
			struct noon_wr wr = noon_wr_over(back, sizeof(back));
			struct noon_ptp_message m;
			noon_err err;

			memcpy(raw, known[i].raw, known[i].n);
			raw[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			err = noon_ptp_get(noon_bytes_of(raw, known[i].n), &m);
			if (bit / 8 == 0 && bit >= 4)
				continue; /* another type */
			if (bit / 8 == 1 && bit >= 12) {
				assert_int_equal(err, NOON_ERR_UNSUPPORTED);
				continue;
			}
			if (bit / 8 == 2 || bit / 8 == 3) {
				assert_int_equal(err, NOON_ERR_SHORT);
				continue;
			}
			if (known[i].stamped && bit / 8 >= 40 && bit / 8 < 44 && err) {
				assert_int_equal(err, NOON_ERR_FORMAT);
				continue;
			}
			assert_int_equal(err, NOON_OK);
			assert_int_equal(noon_ptp_put(&wr, &m), NOON_OK);
			noon_ptp_finish(&wr);
			if (is_carried(i, bit / 8))
				assert_memory_equal(back, raw, known[i].n);
			else
				assert_memory_equal(back, known[i].raw, known[i].n);
		}
}

static void every_truncation_is_short_and_changes_nothing(void **state)
{
	uint8_t raw[64];
	struct noon_ptp_message m;

	(void)state;
	memset(&m, 0x5a, sizeof(m));
	for (size_t i = 0; i < KNOWN; i++)
		for (size_t n = 0; n < known[i].n; n++) {
			assert_int_equal(noon_ptp_get(noon_bytes_of(known[i].raw, n), &m),
					 NOON_ERR_SHORT);
			memcpy(raw, known[i].raw, known[i].n);
			raw[3] = (uint8_t)n; /* it says so itself */
			assert_int_equal(noon_ptp_get(noon_bytes_of(raw, known[i].n), &m),
					 NOON_ERR_SHORT);
			assert_int_equal(m.h.sequence, 0x5a5a);
		}
}

static void no_room_writes_nothing(void **state)
{
	uint8_t back[64];

	(void)state;
	for (size_t i = 0; i < KNOWN; i++) {
		const struct noon_ptp_message m = get(known[i].raw, known[i].n);

		for (size_t n = 0; n < known[i].n; n++) {
			struct noon_wr wr = noon_wr_over(back, n);

			assert_int_equal(noon_ptp_put(&wr, &m), NOON_ERR_FULL);
			assert_int_equal(noon_wr_len(&wr), 0);
		}
	}
}

static void types_that_are_not_handled_are_refused(void **state)
{
	static const uint16_t handled =
		1u << 0 | 1u << 1 | 1u << 8 | 1u << 9 | 1u << 0xb | 1u << 0xc | 1u << 0xd;
	uint8_t raw[64];
	struct noon_ptp_message m;

	(void)state;
	for (uint8_t type = 0; type < NOON_PTP_TYPES; type++) {
		memcpy(raw, announce_raw, sizeof(raw));
		raw[0] = type;
		assert_int_equal(noon_ptp_get(noon_bytes_of(raw, sizeof(raw)), &m),
				 handled >> type & 1 ? NOON_OK : NOON_ERR_UNSUPPORTED);
		assert_int_equal(noon_ptp_body_end(type) != 0, handled >> type & 1);
		assert_int_equal(noon_ptp_is_event(type), type <= 3);
		assert_non_null(noon_ptp_type_name(type));
	}
	assert_string_equal(noon_ptp_type_name(0x4), "reserved");
	assert_string_equal(noon_ptp_type_name(0x2), "Pdelay_Req");
	assert_string_equal(noon_ptp_type_name(0xff), "reserved");
	assert_int_equal(noon_ptp_body_end(0xff), 0);
}

static void any_minor_version_of_2_is_taken(void **state)
{
	uint8_t raw[44];
	struct noon_ptp_message m;

	(void)state;
	memcpy(raw, sync_raw, sizeof(raw));
	for (unsigned v = 0; v < 256; v++) {
		raw[1] = (uint8_t)v;
		assert_int_equal(noon_ptp_get(noon_bytes_of(raw, sizeof(raw)), &m),
				 (v & 15) == 2 ? NOON_OK : NOON_ERR_UNSUPPORTED);
	}
}

static void a_second_has_fewer_than_1e9_ns(void **state)
{
	uint8_t raw[64];
	struct noon_ptp_message m;

	(void)state;
	for (size_t i = 0; i < KNOWN; i++) {
		memcpy(raw, known[i].raw, known[i].n);
		memcpy(raw + 40, "\x3b\x9a\xca\x00", 4);
		assert_int_equal(noon_ptp_get(noon_bytes_of(raw, known[i].n), &m),
				 known[i].stamped ? NOON_ERR_FORMAT : NOON_OK);
	}
}

static void what_follows_the_length_is_padding(void **state)
{
	uint8_t raw[44 + 8 + 2] = {0};
	struct noon_ptp_message m;

	(void)state;
	memcpy(raw, sync_raw, 44);
	raw[3] = 52;
	m = get(raw, sizeof(raw));
	assert_int_equal(m.whole.n, 52);
	assert_ptr_equal(m.tlvs.p, raw + 44);
	assert_int_equal(m.tlvs.n, 8);
}

static void longest_message_is_1024_bytes(void **state)
{
	static uint8_t raw[NOON_PTP_MESSAGE_MAX + 2];
	struct noon_ptp_message m;

	(void)state;
	memcpy(raw, sync_raw, 44);
	raw[2] = NOON_PTP_MESSAGE_MAX >> 8;
	raw[3] = NOON_PTP_MESSAGE_MAX & 0xff;
	m = get(raw, sizeof(raw));
	assert_int_equal(m.tlvs.n, NOON_PTP_MESSAGE_MAX - 44);
	raw[3]++;
	assert_int_equal(noon_ptp_get(noon_bytes_of(raw, sizeof(raw)), &m), NOON_ERR_LONG);
	/* A length that lies is short, however long. */
	raw[2] = 0xff;
	assert_int_equal(noon_ptp_get(noon_bytes_of(raw, sizeof(raw)), &m), NOON_ERR_SHORT);
}

static void random_bytes_come_back_or_are_refused(void **state)
{
	struct noon_rng rng = noon_rng_seeded(1588);
	uint8_t raw[64], back[64];
	unsigned taken = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct noon_wr wr = noon_wr_over(back, sizeof(back));
		struct noon_ptp_message m, again;

		noon_rng_fill(&rng, raw, sizeof(raw));
		raw[1] = (uint8_t)(raw[1] & 0xf0) | 2;
		raw[2] = 0;
		raw[3] = 64;
		if (noon_ptp_get(noon_bytes_of(raw, sizeof(raw)), &m))
			continue;
		taken++;
		assert_int_equal(noon_ptp_put(&wr, &m), NOON_OK);
		noon_ptp_finish(&wr);
		again = get(back, noon_wr_len(&wr));
		again.h.control = m.h.control;
		again.h.length = m.h.length;
		again.whole = m.whole;
		again.tlvs = m.tlvs;
		assert_memory_equal(&again, &m, sizeof(m));
	}
	assert_true(taken > 4000);
}

static void identities_are_compared_as_numbers(void **state)
{
	const struct noon_ptp_identity a = {{1, 2, 3, 4, 5, 6, 7, 8}, 0x0100};
	struct noon_ptp_identity b = a;

	(void)state;
	assert_true(noon_ptp_identity_equal(&a, &b));
	assert_int_equal(noon_ptp_identity_cmp(&a, &b), 0);
	b.port = 0x00ff;
	assert_false(noon_ptp_identity_equal(&a, &b));
	assert_true(noon_ptp_identity_cmp(&a, &b) > 0);
	assert_true(noon_ptp_identity_cmp(&b, &a) < 0);
	for (size_t i = 0; i < 8; i++) {
		b = a;
		b.port = 0xffff;
		b.clock[i] = 0; /* the clock decides before the port */
		assert_true(noon_ptp_identity_cmp(&a, &b) > 0);
		b.clock[i] = 0xff; /* unsigned */
		b.port = 0;
		assert_true(noon_ptp_identity_cmp(&a, &b) < 0);
		assert_false(noon_ptp_identity_equal(&a, &b));
	}
}

static void all_ones_are_everybody(void **state)
{
	struct noon_ptp_identity a;

	(void)state;
	memset(a.clock, 0xff, sizeof(a.clock));
	a.port = 0xffff;
	assert_true(noon_ptp_identity_is_all(&a));
	a.port = 0xfffe;
	assert_false(noon_ptp_identity_is_all(&a));
	a.port = 0xffff;
	for (size_t i = 0; i < 8; i++) {
		a.clock[i] = 0xfe;
		assert_false(noon_ptp_identity_is_all(&a));
		a.clock[i] = 0xff;
	}
}

static void stamps_become_ns_and_back(void **state)
{
	static const struct {
		struct noon_ptp_stamp stamp;
		int64_t ns;
	} table[] = {
		{{0, 0}, 0},
		{{0, 999999999}, 999999999},
		{{1, 0}, 1000000000},
		{{1790000037, 5}, INT64_C(1790000037000000005)},
		{{9223372035, 999999999}, INT64_C(9223372035999999999)},
	};
	int64_t ns = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_ptp_stamp back;

		assert_int_equal(noon_ptp_stamp_to_ns(table[i].stamp, &ns), NOON_OK);
		assert_true(ns == table[i].ns);
		back = noon_ptp_stamp_from_ns(ns);
		assert_true(back.s == table[i].stamp.s && back.ns == table[i].stamp.ns);
	}
	ns = 77;
	assert_int_equal(noon_ptp_stamp_to_ns((struct noon_ptp_stamp){9223372036, 0}, &ns),
			 NOON_ERR_RANGE);
	assert_int_equal(
		noon_ptp_stamp_to_ns((struct noon_ptp_stamp){(UINT64_C(1) << 48) - 1, 0}, &ns),
		NOON_ERR_RANGE);
	assert_int_equal(noon_ptp_stamp_to_ns((struct noon_ptp_stamp){1, 1000000000}, &ns),
			 NOON_ERR_RANGE);
	assert_true(ns == 77);
	assert_true(noon_ptp_stamp_from_ns(-1).s == 0 && noon_ptp_stamp_from_ns(-1).ns == 0);
	assert_true(noon_ptp_stamp_from_ns(INT64_MIN).s == 0);
	assert_true(noon_ptp_stamp_from_ns(INT64_MAX).s == 9223372036);
	assert_true(noon_ptp_stamp_from_ns(INT64_MAX).ns == 854775807);
}

static void corrections_round_down(void **state)
{
	static const struct {
		int64_t correction;
		noon_dur ns;
	} table[] = {
		{0, 0},
		{1, 0},
		{0xffff, 0},
		{0x10000, 1},
		{-1, -1},
		{-0x10000, -1},
		{-0x10001, -2},
		{INT64_MAX, INT64_C(0x7fffffffffff)},
		{INT64_MIN, -INT64_C(0x800000000000)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_true(noon_ptp_correction_floor(table[i].correction) == table[i].ns);
}

static void corrections_saturate(void **state)
{
	const noon_dur most = INT64_C(0x7fffffffffff);

	(void)state;
	assert_true(noon_ptp_correction_of(0) == 0);
	assert_true(noon_ptp_correction_of(1) == 0x10000);
	assert_true(noon_ptp_correction_of(-1) == -0x10000);
	assert_true(noon_ptp_correction_of(most) == most * 65536);
	assert_true(noon_ptp_correction_of(-most) == -most * 65536);
	assert_true(noon_ptp_correction_of(most + 1) == NOON_PTP_CORRECTION_HUGE);
	assert_true(noon_ptp_correction_of(-most - 1) == NOON_PTP_CORRECTION_HUGE);
	assert_true(noon_ptp_correction_of(INT64_MAX) == NOON_PTP_CORRECTION_HUGE);
	assert_true(noon_ptp_correction_of(INT64_MIN) == NOON_PTP_CORRECTION_HUGE);
}

/* Table 5, in ps. */
static const struct {
	uint8_t code;
	int64_t ps;
} accuracies[] = {
	{0x17, 1},
	{0x18, 2},
	{0x19, 10},
	{0x1a, 25},
	{0x1b, 100},
	{0x1c, 250},
	{0x1d, 1000},
	{0x1e, 2500},
	{0x1f, 10000},
	{0x20, 25000},
	{0x21, 100000},
	{0x22, 250000},
	{0x23, 1000000},
	{0x24, 2500000},
	{0x25, 10000000},
	{0x26, 25000000},
	{0x27, 100000000},
	{0x28, 250000000},
	{0x29, 1000000000},
	{0x2a, 2500000000},
	{0x2b, 10000000000},
	{0x2c, 25000000000},
	{0x2d, 100000000000},
	{0x2e, 250000000000},
	{0x2f, 1000000000000},
	{0x30, 10000000000000},
};

static void accuracies_are_those_of_table_5(void **state)
{
	noon_dur want[256];

	(void)state;
	for (size_t i = 0; i < 256; i++)
		want[i] = NOON_DUR_MAX;
	for (size_t i = 0; i < sizeof(accuracies) / sizeof(accuracies[0]); i++)
		want[accuracies[i].code] = (accuracies[i].ps + 999) / 1000;
	for (unsigned i = 0; i < 256; i++)
		assert_true(noon_ptp_accuracy_to_dur((uint8_t)i) == want[i]);
}

static void an_error_is_never_announced_smaller_than_it_is(void **state)
{
	(void)state;
	for (uint8_t code = 0x20; code <= 0x30; code++) {
		const noon_dur d = noon_ptp_accuracy_to_dur(code);

		assert_int_equal(noon_ptp_accuracy_from_dur(d), code);
		assert_int_equal(noon_ptp_accuracy_from_dur(d + 1), code + 1);
	}
	assert_int_equal(noon_ptp_accuracy_from_dur(0), 0x20);
	assert_int_equal(noon_ptp_accuracy_from_dur(NOON_S(10) + 1), 0x31);
	assert_int_equal(noon_ptp_accuracy_from_dur(NOON_DUR_MAX - 1), 0x31);
	assert_int_equal(noon_ptp_accuracy_from_dur(NOON_DUR_MAX), 0xfe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_of_every_type_is_read),
		cmocka_unit_test(bodies_are_read),
		cmocka_unit_test(what_was_read_is_written_again),
		cmocka_unit_test(every_bit_is_read_and_written),
		cmocka_unit_test(every_truncation_is_short_and_changes_nothing),
		cmocka_unit_test(no_room_writes_nothing),
		cmocka_unit_test(types_that_are_not_handled_are_refused),
		cmocka_unit_test(any_minor_version_of_2_is_taken),
		cmocka_unit_test(a_second_has_fewer_than_1e9_ns),
		cmocka_unit_test(what_follows_the_length_is_padding),
		cmocka_unit_test(longest_message_is_1024_bytes),
		cmocka_unit_test(random_bytes_come_back_or_are_refused),
		cmocka_unit_test(identities_are_compared_as_numbers),
		cmocka_unit_test(all_ones_are_everybody),
		cmocka_unit_test(stamps_become_ns_and_back),
		cmocka_unit_test(corrections_round_down),
		cmocka_unit_test(corrections_saturate),
		cmocka_unit_test(accuracies_are_those_of_table_5),
		cmocka_unit_test(an_error_is_never_announced_smaller_than_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
