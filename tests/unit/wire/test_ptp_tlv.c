/* SPDX-License-Identifier: Apache-2.0
 *
 * TLVs of PTP against bytes written by hand from the layouts of IEEE 1588-2019, clauses 14 and 16.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/ptp.h"
#include "wire/ptp_tlv.h"

/* The one TLV of some bytes. */
static struct noon_ptp_tlv tlv_of(const uint8_t *raw, size_t n)
{
	struct noon_rd rd = noon_rd_over(raw, n);
	struct noon_ptp_tlv tlv;

	assert_int_equal(noon_ptp_tlv_get(&rd, &tlv), NOON_OK);
	assert_int_equal(noon_rd_left(&rd), 0);
	assert_ptr_equal(tlv.at, raw);
	return tlv;
}

#define TLV_OF(raw) tlv_of((raw), sizeof(raw))

static void chains_are_walked_to_their_end(void **state)
{
	static const uint8_t raw[] = {0x80, 0x08, 0, 0, 0x00, 0x08, 0, 2, 7, 8, 0x12, 0x34, 0, 0};
	struct noon_rd rd = noon_rd_over(raw, sizeof(raw));
	struct noon_ptp_tlv tlv;

	(void)state;
	assert_int_equal(noon_ptp_tlv_check(noon_bytes_of(raw, sizeof(raw))), NOON_OK);
	assert_int_equal(noon_ptp_tlv_get(&rd, &tlv), NOON_OK);
	assert_int_equal(tlv.type, NOON_PTP_TLV_PAD);
	assert_int_equal(tlv.value.n, 0);
	assert_int_equal(noon_ptp_tlv_get(&rd, &tlv), NOON_OK);
	assert_int_equal(tlv.type, NOON_PTP_TLV_PATH_TRACE);
	assert_int_equal(tlv.value.n, 2);
	assert_ptr_equal(tlv.value.p, raw + 8);
	assert_ptr_equal(tlv.at, raw + 4);
	assert_int_equal(noon_ptp_tlv_get(&rd, &tlv), NOON_OK);
	assert_int_equal(tlv.type, 0x1234);
	assert_int_equal(noon_ptp_tlv_get(&rd, &tlv), NOON_ERR_EMPTY);
	assert_int_equal(tlv.type, 0x1234);
}

static void no_tlv_is_a_chain_too(void **state)
{
	const uint8_t none = 0;

	(void)state;
	assert_int_equal(noon_ptp_tlv_check(noon_bytes_of(&none, 0)), NOON_OK);
}

static void cut_chains_are_refused(void **state)
{
	static const uint8_t raw[] = {0x80, 0x08, 0, 0, 0x00, 0x08, 0, 4, 7, 8, 9, 10};

	(void)state;
	for (size_t n = 0; n <= sizeof(raw); n++)
		assert_int_equal(noon_ptp_tlv_check(noon_bytes_of(raw, n)),
				 n == 0 || n == 4 || n == 12 ? NOON_OK : NOON_ERR_FORMAT);
}

static void odd_lengths_are_refused(void **state)
{
	for (uint8_t n = 0; n < 16; n++) {
		const uint8_t raw[20] = {0x80, 0x08, 0, n};
		struct noon_rd rd = noon_rd_over(raw, 4U + n);
		struct noon_ptp_tlv tlv = {.type = 0x5a};

		(void)state;
		assert_int_equal(noon_ptp_tlv_get(&rd, &tlv), n % 2 ? NOON_ERR_FORMAT : NOON_OK);
		if (n % 2) {
			assert_int_equal(tlv.type, 0x5a);
			assert_ptr_equal(rd.p, raw);
		}
	}
}

static void lengths_beyond_the_end_are_refused(void **state)
{
	uint8_t raw[8] = {0x80, 0x08, 0, 4};

	(void)state;
	for (unsigned n = 0; n <= 0xffff; n++) {
		raw[2] = (uint8_t)(n >> 8);
		raw[3] = (uint8_t)n;
		assert_int_equal(noon_ptp_tlv_check(noon_bytes_of(raw, sizeof(raw))),
				 n == 4 || n == 0 ? NOON_OK : NOON_ERR_FORMAT);
	}
}

static void nothing_may_follow_authentication(void **state)
{
	static const uint8_t last[] = {0x80, 0x08, 0, 0, 0x80, 0x09, 0, 2, 0, 0};
	static const uint8_t first[] = {0x80, 0x09, 0, 2, 0, 0, 0x80, 0x08, 0, 0};
	static const uint8_t twice[] = {0x80, 0x09, 0, 2, 0, 0, 0x80, 0x09, 0, 0};

	(void)state;
	assert_int_equal(noon_ptp_tlv_check(noon_bytes_of(last, sizeof(last))), NOON_OK);
	assert_int_equal(noon_ptp_tlv_check(noon_bytes_of(first, sizeof(first))), NOON_ERR_FORMAT);
	assert_int_equal(noon_ptp_tlv_check(noon_bytes_of(twice, sizeof(twice))), NOON_ERR_FORMAT);
}

static void pads_are_written_whole_or_not_at_all(void **state)
{
	uint8_t raw[12];

	(void)state;
	for (size_t n = 4; n <= 12; n += 2)
		for (size_t room = 0; room <= sizeof(raw); room++) {
			struct noon_wr wr = noon_wr_over(raw, room);

			memset(raw, 0xaa, sizeof(raw));
			assert_int_equal(noon_ptp_pad_put(&wr, n),
					 room < n ? NOON_ERR_FULL : NOON_OK);
			assert_int_equal(noon_wr_len(&wr), room < n ? 0 : n);
			if (room >= n)
				assert_int_equal(tlv_of(raw, n).type, NOON_PTP_TLV_PAD);
		}
}

/* The four of unicast negotiation. */
static const struct {
	enum noon_ptp_tlv_type tlv;
	size_t n;
	uint8_t raw[12];
	struct noon_ptp_unicast u;
} unicasts[] = {
	{.tlv = NOON_PTP_TLV_REQUEST_UNICAST,
	 .n = 10,
	 .raw = {0x00, 0x04, 0x00, 0x06, 0xb0, 0xf9, 0x00, 0x00, 0x01, 0x2c},
	 .u = {.type = NOON_PTP_ANNOUNCE, .interval = -7, .duration = 300}},
	{.tlv = NOON_PTP_TLV_REQUEST_UNICAST,
	 .n = 10,
	 .raw = {0x00, 0x04, 0x00, 0x06, 0x00, 0x06, 0xff, 0xfe, 0xfd, 0xfc},
	 .u = {.type = NOON_PTP_SYNC, .interval = 6, .duration = 0xfffefdfc}},
	{.tlv = NOON_PTP_TLV_GRANT_UNICAST,
	 .n = 12,
	 .raw = {0x00, 0x05, 0x00, 0x08, 0x90, 0x00, 0x00, 0x00, 0x03, 0xe8, 0x00, 0x01},
	 .u = {.type = NOON_PTP_DELAY_RESP, .interval = 0, .duration = 1000, .renewal = true}},
	{.tlv = NOON_PTP_TLV_GRANT_UNICAST,
	 .n = 12,
	 .raw = {0x00, 0x05, 0x00, 0x08, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00},
	 .u = {.type = NOON_PTP_SYNC, .interval = -128}},
	{.tlv = NOON_PTP_TLV_CANCEL_UNICAST,
	 .n = 6,
	 .raw = {0x00, 0x06, 0x00, 0x02, 0xb2, 0x00},
	 .u = {.type = NOON_PTP_ANNOUNCE, .flags = 2}},
	{.tlv = NOON_PTP_TLV_ACK_CANCEL_UNICAST,
	 .n = 6,
	 .raw = {0x00, 0x07, 0x00, 0x02, 0x91, 0x00},
	 .u = {.type = NOON_PTP_DELAY_RESP, .flags = 1}},
};

#define UNICASTS (sizeof(unicasts) / sizeof(unicasts[0]))

static void negotiation_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < UNICASTS; i++) {
		const struct noon_ptp_tlv tlv = tlv_of(unicasts[i].raw, unicasts[i].n);
		struct noon_ptp_unicast u;

		assert_int_equal(noon_ptp_unicast_get(&tlv, &u), NOON_OK);
		assert_int_equal(tlv.type, unicasts[i].tlv);
		assert_int_equal(u.type, unicasts[i].u.type);
		assert_int_equal(u.duration, unicasts[i].u.duration);
		assert_int_equal(u.renewal, unicasts[i].u.renewal);
		assert_int_equal(u.flags, unicasts[i].u.flags);
		if (unicasts[i].n > 6)
			assert_int_equal(u.interval, unicasts[i].u.interval);
	}
}

static void negotiation_is_written_whole_or_not_at_all(void **state)
{
	uint8_t raw[12];

	(void)state;
	for (size_t i = 0; i < UNICASTS; i++)
		for (size_t room = 0; room <= sizeof(raw); room++) {
			struct noon_wr wr = noon_wr_over(raw, room);
			const bool fits = room >= unicasts[i].n;

			assert_int_equal(noon_ptp_unicast_put(&wr, unicasts[i].tlv, &unicasts[i].u),
					 fits ? NOON_OK : NOON_ERR_FULL);
			assert_int_equal(noon_wr_len(&wr), fits ? unicasts[i].n : 0);
			if (fits)
				assert_memory_equal(raw, unicasts[i].raw, unicasts[i].n);
		}
}

static void only_bit_0_invites_renewal(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 256; bits++) {
		const uint8_t raw[12] = {0, 5, 0, 8, 0, 0, 0, 0, 0, 9, 0xff, (uint8_t)bits};
		const struct noon_ptp_tlv tlv = TLV_OF(raw);
		struct noon_ptp_unicast u;

		assert_int_equal(noon_ptp_unicast_get(&tlv, &u), NOON_OK);
		assert_int_equal(u.renewal, bits & 1);
	}
}

static void negotiation_of_another_length_is_refused(void **state)
{
	(void)state;
	for (uint8_t type = 0; type < 12; type++)
		for (unsigned n = 0; n < 16; n += 2) {
			static const uint8_t want[12] = {0, 0, 0, 0, 6, 8, 2, 2};
			const uint8_t raw[20] = {0, type, 0, (uint8_t)n};
			const struct noon_ptp_tlv tlv = tlv_of(raw, 4U + n);
			struct noon_ptp_unicast u = {.duration = 77};
			const noon_err err = noon_ptp_unicast_get(&tlv, &u);

			if (want[type] == 0)
				assert_int_equal(err, NOON_ERR_UNSUPPORTED);
			else
				assert_int_equal(err, n == want[type] ? NOON_OK : NOON_ERR_FORMAT);
			if (err)
				assert_int_equal(u.duration, 77);
		}
}

static void authentication_is_read(void **state)
{
	static const uint8_t raw[] = {0x80, 0x09, 0x00, 0x0a, 0x07, 0x05, 0xde,
				      0xad, 0xbe, 0xef, 0x01, 0x02, 0x03, 0x04};
	const struct noon_ptp_tlv tlv = TLV_OF(raw);
	struct noon_ptp_auth_tlv a;

	(void)state;
	assert_int_equal(noon_ptp_auth_tlv_get(&tlv, &a), NOON_OK);
	assert_int_equal(a.spp, 7);
	assert_int_equal(a.indicator, NOON_PTP_AUTH_RES | NOON_PTP_AUTH_KEY);
	assert_true(a.key_id == 0xdeadbeef);
	assert_ptr_equal(a.icv.p, raw + NOON_PTP_AUTH_PREFIX);
	assert_int_equal(a.icv.n, 4);
}

static void authentication_without_its_fixed_part_is_refused(void **state)
{
	(void)state;
	for (unsigned n = 0; n <= 6; n += 2) {
		const uint8_t raw[10] = {0x80, 0x09, 0, (uint8_t)n};
		const struct noon_ptp_tlv tlv = tlv_of(raw, 4U + n);
		struct noon_ptp_auth_tlv a = {.spp = 9};

		assert_int_equal(noon_ptp_auth_tlv_get(&tlv, &a),
				 n < 6 ? NOON_ERR_FORMAT : NOON_OK);
		assert_int_equal(a.spp, n < 6 ? 9 : 0);
	}
}

static void authentication_leaves_room_for_its_check_value(void **state)
{
	static const uint8_t want[] = {0x80, 0x09, 0x00, 0x16, 0x07, 0x00, 0xde, 0xad, 0xbe, 0xef};
	uint8_t raw[40];

	(void)state;
	for (size_t room = 0; room <= sizeof(raw); room++) {
		struct noon_wr wr = noon_wr_over(raw, room);
		const bool fits = room >= 26;

		assert_int_equal(noon_ptp_auth_tlv_begin(&wr, 7, 0xdeadbeef, 16),
				 fits ? NOON_OK : NOON_ERR_FULL);
		assert_int_equal(noon_wr_len(&wr), fits ? 10 : 0);
		if (fits)
			assert_memory_equal(raw, want, sizeof(want));
	}
}

/* Those of Noonmark: type, length, organisation 02-4E-4D, subtype, fields. */
static const uint8_t layover_raw[] = {
	0x80, 0x00, 0x00, 0x20, 0x02, 0x4e, 0x4d, 0x00, 0x00, 0x01, 0x12, 0x34,
	0xab, 0xcd, 0x00, 0x00, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0xff, 0xff,
	0xff, 0xfe, 0x03, 0x00, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,
};
static const uint8_t echo_raw[] = {
	0x80, 0x00, 0x00, 0x10, 0x02, 0x4e, 0x4d, 0x00, 0x00, 0x02,
	0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0x03, 0x0a,
};
static const uint8_t hello_raw[] = {
	0x80, 0x00, 0x00, 0x08, 0x02, 0x4e, 0x4d, 0x00, 0x00, 0x03, 0x01, 0x00,
};
/* As in docs/ptp.md. */
static const uint8_t claim_raw[] = {
	0x80, 0x00, 0x00, 0x2c, 0x02, 0x4e, 0x4d, 0x00, 0x00, 0x04, 0x12, 0x34,
	0xab, 0xcd, 0x18, 0xd7, 0x5c, 0x7e, 0x30, 0xe9, 0x01, 0x02, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x27, 0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xfe, 0x0c, 0x00, 0x00, 0x00, 0x00, 0x05, 0xf5, 0xe1, 0x00, 0x02, 0x00,
};

static const struct noon_ptp_claim claim = {
	.sync_sequence = 0x1234,
	.request_sequence = 0xabcd,
	.time_ns = INT64_C(0x18d75c7e30e90102),
	.bound_ns = 10000,
	.offset_ns = -500,
	.since_ns = 100000000,
	.state = 2,
};

/* The kinds of TLV of Noonmark, in the order of their subtypes. */
#define OWN 4

static const struct {
	const uint8_t *raw;
	size_t n;
} own[OWN] = {{layover_raw, sizeof(layover_raw)},
	      {echo_raw, sizeof(echo_raw)},
	      {hello_raw, sizeof(hello_raw)},
	      {claim_raw, sizeof(claim_raw)}};

static void own_tlvs_are_read(void **state)
{
	const struct noon_ptp_tlv l_tlv = TLV_OF(layover_raw), e_tlv = TLV_OF(echo_raw),
				  h_tlv = TLV_OF(hello_raw);
	struct noon_ptp_layover l;
	struct noon_ptp_hello h;
	struct noon_ptp_echo e;

	(void)state;
	assert_int_equal(noon_ptp_layover_get(&l_tlv, &l), NOON_OK);
	assert_int_equal(l.sync_sequence, 0x1234);
	assert_int_equal(l.request_sequence, 0xabcd);
	assert_true(l.layover_ns == INT64_C(0x102030405));
	assert_true(l.error_ns == 0xfffffffe);
	assert_int_equal(l.verdict, 3);
	assert_true(l.nonce == UINT64_C(0xf1f2f3f4f5f6f7f8));
	assert_int_equal(noon_ptp_echo_get(&e_tlv, &e), NOON_OK);
	assert_true(e.nonce == UINT64_C(0xf1f2f3f4f5f6f7f8));
	assert_int_equal(e.verdict, NOON_PTP_GUARD_ALARM);
	assert_int_equal(e.reasons, NOON_PTP_REASON_SHORTENED | NOON_PTP_REASON_TIME);
	assert_int_equal(noon_ptp_hello_get(&h_tlv, &h), NOON_OK);
	assert_int_equal(h.flags, NOON_PTP_HELLO_LAYOVER);
}

static void own_tlvs_are_written_whole_or_not_at_all(void **state)
{
	const struct noon_ptp_layover l = {
		.sync_sequence = 0x1234,
		.request_sequence = 0xabcd,
		.layover_ns = INT64_C(0x102030405),
		.error_ns = 0xfffffffe,
		.verdict = 3,
		.nonce = UINT64_C(0xf1f2f3f4f5f6f7f8),
	};
	const struct noon_ptp_echo e = {UINT64_C(0xf1f2f3f4f5f6f7f8), NOON_PTP_GUARD_ALARM,
					NOON_PTP_REASON_SHORTENED | NOON_PTP_REASON_TIME};
	const struct noon_ptp_hello h = {NOON_PTP_HELLO_LAYOVER};
	uint8_t raw[50];

	(void)state;
	for (int i = 0; i < OWN; i++)
		for (size_t room = 0; room <= sizeof(raw); room++) {
			struct noon_wr wr = noon_wr_over(raw, room);
			const noon_err err = i == 0   ? noon_ptp_layover_put(&wr, &l)
					     : i == 1 ? noon_ptp_echo_put(&wr, &e)
					     : i == 2 ? noon_ptp_hello_put(&wr, &h)
						      : noon_ptp_claim_put(&wr, &claim);

			assert_int_equal(err, room < own[i].n ? NOON_ERR_FULL : NOON_OK);
			assert_int_equal(noon_wr_len(&wr), err ? 0 : own[i].n);
			if (!err)
				assert_memory_equal(raw, own[i].raw, own[i].n);
		}
}

static void claims_are_read(void **state)
{
	const struct noon_ptp_tlv tlv = TLV_OF(claim_raw);
	struct noon_ptp_claim c;

	(void)state;
	assert_int_equal(noon_ptp_claim_get(&tlv, &c), NOON_OK);
	assert_int_equal(c.sync_sequence, claim.sync_sequence);
	assert_int_equal(c.request_sequence, claim.request_sequence);
	assert_true(c.time_ns == claim.time_ns && c.bound_ns == claim.bound_ns);
	assert_true(c.offset_ns == claim.offset_ns && c.since_ns == claim.since_ns);
	assert_int_equal(c.state, claim.state);
}

static noon_err get_own(int i, const struct noon_ptp_tlv *tlv)
{
	struct noon_ptp_layover l;
	struct noon_ptp_hello h;
	struct noon_ptp_claim c;
	struct noon_ptp_echo e;

	return i == 0	? noon_ptp_layover_get(tlv, &l)
	       : i == 1 ? noon_ptp_echo_get(tlv, &e)
	       : i == 2 ? noon_ptp_hello_get(tlv, &h)
			: noon_ptp_claim_get(tlv, &c);
}

static void tlvs_of_others_are_not_taken_for_own(void **state)
{
	(void)state;
	for (int i = 0; i < OWN; i++)
		for (size_t bit = 0; bit < 80; bit++) {
			uint8_t raw[50];
			struct noon_ptp_tlv tlv;

			if (bit / 8 == 2 || bit / 8 == 3)
				continue;
			memcpy(raw, own[i].raw, own[i].n);
			raw[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			tlv = tlv_of(raw, own[i].n);
			assert_int_equal(get_own(i, &tlv), NOON_ERR_UNSUPPORTED);
		}
}

static void own_tlvs_of_another_length_are_refused(void **state)
{
	(void)state;
	for (int i = 0; i < OWN; i++)
		for (unsigned n = 0; n <= 50; n += 2) {
			uint8_t raw[54] = {0};
			struct noon_ptp_tlv tlv;
			const size_t right = own[i].n - 4;

			memcpy(raw, own[i].raw, own[i].n);
			raw[3] = (uint8_t)n;
			tlv = tlv_of(raw, 4U + n);
			assert_int_equal(get_own(i, &tlv), n < 6	? NOON_ERR_UNSUPPORTED
							   : n == right ? NOON_OK
									: NOON_ERR_FORMAT);
		}
}

/* Octets as in IEEE C37.238-2017; grandmasterID 255, 1234567 ns. */
static void inaccuracy_of_the_power_profile_is_read(void **state)
{
	static const uint8_t good[] = {0x00, 0x03, 0x00, 0x12, 0x1c, 0x12, 0x9d, 0x00,
				       0x00, 0x02, 0x00, 0xff, 0x00, 0x00, 0x00, 0x00,
				       0x00, 0x12, 0xd6, 0x87, 0x00, 0x00};
	struct noon_ptp_tlv tlv;
	uint32_t ns = 5;

	(void)state;
	for (size_t bit = 0; bit < 80; bit++) {
		uint8_t raw[sizeof(good)];

		if (bit / 8 == 2 || bit / 8 == 3)
			continue;
		memcpy(raw, good, sizeof(good));
		raw[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		tlv = tlv_of(raw, sizeof(raw));
		assert_int_equal(noon_ptp_inaccuracy_get(&tlv, &ns), NOON_ERR_UNSUPPORTED);
	}
	for (unsigned n = 0; n <= 20; n += 2) {
		uint8_t raw[24] = {0};

		memcpy(raw, good, sizeof(good));
		raw[3] = (uint8_t)n;
		tlv = tlv_of(raw, 4U + n);
		if (n != 18)
			assert_int_not_equal(noon_ptp_inaccuracy_get(&tlv, &ns), NOON_OK);
	}
	assert_int_equal(ns, 5);
	tlv = tlv_of(good, sizeof(good));
	assert_int_equal(noon_ptp_inaccuracy_get(&tlv, &ns), NOON_OK);
	assert_int_equal(ns, 1234567);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_are_walked_to_their_end),
		cmocka_unit_test(no_tlv_is_a_chain_too),
		cmocka_unit_test(cut_chains_are_refused),
		cmocka_unit_test(odd_lengths_are_refused),
		cmocka_unit_test(lengths_beyond_the_end_are_refused),
		cmocka_unit_test(nothing_may_follow_authentication),
		cmocka_unit_test(pads_are_written_whole_or_not_at_all),
		cmocka_unit_test(negotiation_is_read),
		cmocka_unit_test(negotiation_is_written_whole_or_not_at_all),
		cmocka_unit_test(only_bit_0_invites_renewal),
		cmocka_unit_test(negotiation_of_another_length_is_refused),
		cmocka_unit_test(authentication_is_read),
		cmocka_unit_test(authentication_without_its_fixed_part_is_refused),
		cmocka_unit_test(authentication_leaves_room_for_its_check_value),
		cmocka_unit_test(inaccuracy_of_the_power_profile_is_read),
		cmocka_unit_test(own_tlvs_are_read),
		cmocka_unit_test(claims_are_read),
		cmocka_unit_test(own_tlvs_are_written_whole_or_not_at_all),
		cmocka_unit_test(tlvs_of_others_are_not_taken_for_own),
		cmocka_unit_test(own_tlvs_of_another_length_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
