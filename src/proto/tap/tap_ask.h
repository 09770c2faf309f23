/* SPDX-License-Identifier: Apache-2.0
 *
 * A request that was overheard and waits for its response: whether it asks for a time stamp, and of
 * what; and reading a response for it.
 */
#ifndef NOON_PROTO_TAP_ASK_H
#define NOON_PROTO_TAP_ASK_H

#include "proto/tap/tap_exchange.h"
#include "proto/tap/tap_pool.h"

#define NOON_TAP_IMPRINT_MAX 64 /**< bytes of a digest */

struct noon_tap_ask {
	uint32_t next;
	bool head;    /**< HEAD: its response has no body */
	bool connect; /**< CONNECT: a tunnel follows */
	bool tsp;     /**< its body is a time-stamp query that could be read */
	uint8_t nonce_n;
	uint8_t value_n;
	noon_time tq; /**< when it was complete */
	uint64_t alg; /**< hash of the digest's identifier */
	uint8_t nonce[NOON_TSP_NONCE_MAX];
	uint8_t value[NOON_TAP_IMPRINT_MAX];
};

struct noon_tap_asks {
	struct noon_tap_ask *asks; /**< the caller's */
	uint32_t free;		   /**< chain */
};

/** Take over n entries, 0 < n < UINT32_MAX. */
void noon_tap_asks_init(struct noon_tap_asks *a, struct noon_tap_ask *asks, size_t n);
/** Take one out, all zero. @return its index, or NOON_TAP_NONE */
uint32_t noon_tap_asks_take(struct noon_tap_asks *a);
void noon_tap_asks_give(struct noon_tap_asks *a, uint32_t ask);

/** Read a time-stamp query. @return false if it is none, or has a nonce or a digest of a length
 *  that nobody uses */
bool noon_tap_ask_read(struct noon_tap_ask *ask, struct noon_bytes body);

/** What a response says. */
struct noon_tap_reply {
	enum noon_tap_miss miss; /**< NONE, REFUSED or MALFORMED */
	struct noon_tsp_response response;
	struct noon_tst_info info; /**< with NONE */
};

/**
 * Read a time-stamp reply.
 * @param body    borrowed by *ret
 * @param room    NOON_TAP_REPLY_ROOM bytes for a token in pieces; borrowed by *ret
 */
void noon_tap_reply_read(struct noon_bytes body, uint8_t *room, struct noon_tap_reply *ret);
#define NOON_TAP_REPLY_ROOM 16384

/** Tell whether a token answers this query: digest and nonce. */
bool noon_tap_ask_fits(const struct noon_tap_ask *ask, const struct noon_tst_info *info);

/** Put what a reply says into an exchange: all but addresses and times of the capture. */
void noon_tap_reply_tell(const struct noon_tap_reply *r, struct noon_tap_exchange *e);

#endif
