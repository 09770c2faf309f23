/* SPDX-License-Identifier: Apache-2.0
 *
 * What a tap overheard: one question and its answer, with the capture's times of both, and the
 * interval that it proves for the server's clock against the capture's.
 *
 * Nothing is verified: anybody who can write into the captured traffic can write an exchange.
 */
#ifndef NOON_PROTO_TAP_EXCHANGE_H
#define NOON_PROTO_TAP_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "wire/ip/frame.h"
#include "wire/tsp.h"

#define NOON_TAP_POLICY_MAX 32 /**< bytes of a policy's identifier that are kept */
#define NOON_TAP_SERIAL_MAX 32 /**< bytes of a serial number that are kept */

enum noon_tap_kind {
	NOON_TAP_NTP,
	NOON_TAP_TSP,
};

/* Why an answer has no time in it: name, word for JSON, sentence for people. */
#define NOON_TAP_MISS_LIST(X)                                                               \
	X(NONE, "good", "it has a time")                                                    \
	X(KISS, "kiss", "a kiss-o'-death: the server asks for fewer requests, or for none") \
	X(REFUSED, "refused", "the authority refused")                                      \
	X(HTTP, "http-status", "the HTTP status is not 200")                                \
	X(MALFORMED, "malformed", "the answer or its token cannot be read")

enum noon_tap_miss {
#define NOON_TAP_MISS_ENUM(name, word, text) NOON_TAP_MISS_##name,
	NOON_TAP_MISS_LIST(NOON_TAP_MISS_ENUM)
#undef NOON_TAP_MISS_ENUM
		NOON_TAP_MISSES,
};

struct noon_tap_exchange {
	enum noon_tap_kind kind;
	enum noon_tap_miss miss;
	uint8_t version; /**< of IP */
	struct noon_frame_end client;
	struct noon_frame_end server;
	noon_time tq;	     /**< the query was complete at the tap; capture's clock */
	noon_time tr;	     /**< first segment with the answer's body; capture's clock */
	noon_dur tap_unit;   /**< the capture's times were cut off to a multiple of it, ns, >= 1 */
	noon_dur tap_delay;  /**< a frame was stamped at most so long after it passed, ns, >= 0 */
	noon_time first;     /**< server's clock: receive time (NTP), genTime (TSP) */
	noon_time last;	     /**< server's clock: transmit time (NTP), genTime (TSP) */
	noon_dur resolution; /**< the server's times were cut off to a multiple of it, ns */
	bool has_accuracy;   /**< TSP */
	noon_dur accuracy;   /**< half-width, ns */
	uint8_t leap;	     /**< NTP, 0..3 */
	uint8_t stratum;     /**< NTP */
	int8_t precision;    /**< NTP: of the server's clock, as it says, log2 s */
	noon_dur root_delay; /**< NTP: as the server says, ns */
	noon_dur root_disp;  /**< NTP: as the server says, ns */
	uint32_t ref_id;     /**< NTP; the kiss code where miss says so */
	uint16_t http;	     /**< TSP: status of the response */
	uint64_t status;     /**< TSP: PKIStatus */
	uint32_t fail;	     /**< TSP: bit b is set for failInfo b */
	uint8_t nonce_n;     /**< TSP; 0: none */
	uint8_t serial_n;
	uint8_t policy_n;
	uint8_t nonce[NOON_TSP_NONCE_MAX]; /**< contents of the INTEGER */
	uint8_t serial[NOON_TAP_SERIAL_MAX];
	uint8_t policy[NOON_TAP_POLICY_MAX]; /**< object identifier, contents */
};

/**
 * Return the interval that contains server's clock - capture's clock, ns.
 *
 * A query reaches the server after it passed the tap, the answer leaves it before. With a stamp g
 * that was cut off to r: g - Tr <= x <= g + r - Tq; with NTP: T3 - T4 <= x <= T2 + r - T1. The
 * capture's own times were cut off, too, which widens the lower end; where frames are copied on
 * their way to who stamps them (a mirror port), a query may have been at the server before its copy
 * was stamped, which widens the upper end.
 *
 * @param e  e->miss is NOON_TAP_MISS_NONE
 * Sign: positive where the server is ahead. Rounds outward, saturates.
 */
void noon_tap_exchange_interval(const struct noon_tap_exchange *e, noon_dur *ret_lower,
				noon_dur *ret_upper);

/** The word of a miss, and its sentence; static; any value. */
const char *noon_tap_miss_word(enum noon_tap_miss m);
const char *noon_tap_miss_text(enum noon_tap_miss m);

#endif
