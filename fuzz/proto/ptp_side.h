/* SPDX-License-Identifier: Apache-2.0
 *
 * The other side of a PTP machine in a fuzz target: messages that are made from an input.
 */
#ifndef NOON_FUZZ_PTP_SIDE_H
#define NOON_FUZZ_PTP_SIDE_H

#include <assert.h>
#include <string.h>

#include "input.h"
#include "proto/ptp/ptp_auth.h"
#include "proto/ptp/ptp_port.h"
#include "wire/ptp_tlv.h"

#define SIDE_KEYS "[security_association]\nspp 1\n1 AES128 0123456789abcdef\n"

static inline void side_keys(struct noon_ptp_keys *keys)
{
	struct noon_ptp_keys_fault fault;
	const noon_err err =
		noon_ptp_keys_parse(noon_bytes_of(SIDE_KEYS, strlen(SIDE_KEYS)), keys, &fault);

	assert(!err);
}

/* A claim about the exchange of a layover: about right, or anything. */
static inline noon_err side_claim(struct input *in, const struct noon_ptp_layover *l, uint8_t how,
				  struct noon_wr *wr)
{
	const struct noon_ptp_claim c = {
		.sync_sequence = l->sync_sequence,
		.request_sequence = l->request_sequence,
		.time_ns = how & 64 ? input_i64(in) : NOON_S(1790000100) + input_i32(in),
		.bound_ns = how & 32 ? (uint64_t)input_i64(in) : input_u16(in),
		.since_ns = l->layover_ns,
		.state = input_u8(in),
	};

	return noon_ptp_claim_put(wr, &c);
}

/* A TLV of negotiation or one of Noonmark's, with fields from the input. */
static inline noon_err side_tlv(struct input *in, uint64_t nonce, struct noon_wr *wr)
{
	const uint8_t how = input_u8(in);
	const struct noon_ptp_unicast u = {
		.type = input_u8(in) & 15,
		.interval = (int8_t)input_u8(in),
		.duration = how & 128 ? (uint32_t)input_i32(in) : 300,
		.renewal = (how & 64) != 0,
	};
	const struct noon_ptp_layover l = {
		.sync_sequence = input_u16(in),
		.request_sequence = input_u16(in),
		.layover_ns = how & 128 ? input_i64(in) : input_u16(in),
		.nonce = nonce,
	};
	const struct noon_ptp_echo echo = {
		.nonce = how & 128 ? l.nonce + 1 : nonce,
		.verdict = u.type & 3,
		.reasons = (uint8_t)u.interval,
	};
	const struct noon_ptp_hello hello = {.flags = (uint8_t)(how >> 7 | (how >> 5 & 2))};

	switch (how % 8) {
	case 0:
	case 1:
	case 2:
	case 3:
		return noon_ptp_unicast_put(
			wr, (enum noon_ptp_tlv_type)(NOON_PTP_TLV_REQUEST_UNICAST + how % 8), &u);
	case 4:
		return noon_ptp_layover_put(wr, &l);
	case 5:
		return noon_ptp_echo_put(wr, &echo);
	case 6:
		return noon_ptp_hello_put(wr, &hello);
	default:
		if (how & 128)
			return side_claim(in, &l, how, wr);
		return noon_ptp_pad_put(wr, 4 + (how >> 3 & 7U) * 2);
	}
}

/* Put up to 4 TLVs behind a message, and seal it or spoil it. */
static inline struct noon_bytes side_close(struct input *in, const struct noon_ptp_policy *policy,
					   const struct noon_ptp_message *m, uint64_t nonce,
					   uint8_t *raw, size_t room)
{
	struct noon_wr wr = noon_wr_over(raw, room);
	const uint8_t how = input_u8(in);
	noon_err err = noon_ptp_put(&wr, m);

	for (unsigned i = 0; !err && i < (how & 3U); i++)
		err = side_tlv(in, nonce, &wr);
	assert(!err);
	err = noon_ptp_auth_seal(policy, &wr);
	assert(!err);
	if (how & 128)
		raw[input_u8(in) % noon_wr_len(&wr)] ^= input_u8(in);
	return noon_wr_written(&wr);
}

#endif
