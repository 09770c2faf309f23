/* SPDX-License-Identifier: Apache-2.0
 *
 * NTP and NTS server: a function of one request, its arrival time and the server's state.
 *
 * It keeps nothing of a client (RFC 8915: all of it is in the cookie), so a replayed request gets
 * a new answer and costs no memory. A reply is never longer than its request (P9). Modes other
 * than 3 get no reply at all; there is no mode 6 or 7. Specification: RFC 5905 sections 7-9,
 * RFC 8915 section 5, requirements P1-P18 of docs/requirements.md.
 */
#ifndef NOON_PROTO_NTP_SERVER_H
#define NOON_PROTO_NTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/action.h"
#include "base/rng.h"
#include "base/sample.h"
#include "base/verdict.h"
#include "proto/nts/nts_keys.h"
#include "wire/ntp.h"

/** What the server says of its own clock; the owner keeps it up to date. */
struct noon_ntp_server_clock {
	bool has_time; /**< false: leap 3, stratum 0 "INIT" */
	enum noon_leap leap;
	uint8_t stratum;     /**< 1..15 */
	int8_t precision;    /**< log2 s */
	noon_dur root_delay; /**< >= 0 */
	noon_dur root_disp;  /**< bound of the clock against UTC now, >= 0 */
	uint32_t ref_id;
	noon_time reference; /**< last update, server clock */
};

struct noon_ntp_server {
	struct noon_rng *rng;	    /**< borrowed; must be fit for nonces */
	struct noon_nts_keys *keys; /**< borrowed; NULL: NTS requests get no reply */
	struct noon_ntp_server_clock clock;
	struct noon_aead cipher[2]; /**< for AEAD 15 and 30, re-keyed per request */
	struct noon_counters counters;
	uint64_t nts_replies;  /**< authenticated replies with time */
	uint64_t ntsn_replies; /**< NTS NAKs */
	uint64_t cookies_made;
};

/**
 * Set up; keys may be NULL.
 * @retval NOON_OK, NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_ntp_server_init(struct noon_ntp_server *s, struct noon_rng *rng,
					    struct noon_nts_keys *keys);
void noon_ntp_server_fini(struct noon_ntp_server *s);

/**
 * Answer one request.
 *
 * @param request   the datagram; borrowed for the call
 * @param received  its arrival, server clock (T2)
 * @param transmit  the instant to promise as the departure, server clock (T3); >= received
 * @param[out] out  the reply is appended; nothing is written when there is none
 * @return NOON_VERDICT_ACCEPTED: a reply with time (or "no time": leap 3) was written.
 *         NOON_VERDICT_COOKIE_KEY, NOON_VERDICT_AUTH: an NTS NAK was written if the request was
 *         one of NTS; a legacy MAC (also AUTH) gets no reply.
 *         anything else: no reply. The verdict is already counted.
 *
 * Cost: no allocation. Thread: one at a time per struct.
 */
enum noon_verdict noon_ntp_server_reply(struct noon_ntp_server *s, struct noon_bytes request,
					noon_time received, noon_time transmit,
					struct noon_wr *out);

/** Write a kiss-o'-death RATE to a plain client request, for the owner's rate limiter.
 *  @return NOON_VERDICT_RATE (reply written) or why there is none */
enum noon_verdict noon_ntp_server_kiss_rate(struct noon_ntp_server *s, struct noon_bytes request,
					    struct noon_wr *out);

#endif
