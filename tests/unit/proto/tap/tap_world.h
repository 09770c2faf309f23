/* SPDX-License-Identifier: Apache-2.0
 *
 * A tap in memory, and the traffic that it hears: time-stamp queries and replies, TCP segments and
 * NTP packets as raw IP. Addresses: the client is 192.0.2.1, the server 192.0.2.2.
 */
#ifndef NOON_TESTS_TAP_WORLD_H
#define NOON_TESTS_TAP_WORLD_H

#include "proto/tap/tap.h"

#define TAP_FOUND_MAX	4096
#define TAP_MESSAGE_MAX 2048
#define TAP_FRAME_MAX	65536
#define TAP_CLIENT_PORT 40000
#define TAP_SERVER_PORT 3180

/** A time in the middle of what era arithmetic has to do; ms later. */
static inline noon_time tap_time(int64_t ms)
{
	return (noon_time){INT64_C(1795354291000000000) + ms * INT64_C(1000000)};
}

struct tap_world {
	struct noon_tap tap;
	struct noon_tap_flow flows[8];
	struct noon_tap_block blocks[512];
	struct noon_tap_ask asks[128];
	struct noon_tap_ntp_ask ntp_asks[2 * NOON_TAP_NTP_WAYS];
	uint8_t scratch[NOON_TAP_SCRATCH_LEN];
	size_t n; /**< exchanges, misses too */
	struct noon_tap_exchange found[TAP_FOUND_MAX];
};

/** Begin with an empty tap. */
void tap_world_init(struct tap_world *w);
/** Tell how many blocks and requests are free: all of them after noon_tap_end(). */
size_t tap_world_free_blocks(const struct tap_world *w);
size_t tap_world_free_asks(const struct tap_world *w);

static inline uint64_t tap_counted(const struct tap_world *w, enum noon_tap_count c)
{
	return w->tap.counts.n[c];
}

/** Bytes of a message, made in place. */
struct tap_message {
	size_t n;
	uint8_t p[TAP_MESSAGE_MAX];
};

/** What is stamped and the nonce follow from the number. */
void tap_query(uint32_t number, bool nonce, struct tap_message *ret);
/** A reply with a token whose signature is made up. */
void tap_reply(uint32_t number, bool nonce, noon_time gen_time, uint8_t digits,
	       struct tap_message *ret);
void tap_refusal(struct tap_message *ret);
/** Number of an exchange, from its nonce; 0: none. */
uint32_t tap_number_of(const struct noon_tap_exchange *e);

/** Append text, or a message. */
size_t tap_put_text(uint8_t *out, size_t at, const char *text);
size_t tap_put(uint8_t *out, size_t at, const struct tap_message *m);
/** Append a request with a body, or a response. Chunked: in two pieces. */
size_t tap_put_request(uint8_t *out, size_t at, const struct tap_message *body, bool chunked);
size_t tap_put_response(uint8_t *out, size_t at, const struct tap_message *body, bool chunked);

/** Hear a TCP segment. */
struct tap_segment {
	bool to_client;
	uint32_t seq;
	uint32_t ack;
	uint8_t flags;
	const uint8_t *p;
	size_t n;
	size_t cut;	      /**< bytes at its end that the capture lacks */
	uint16_t client_port; /**< 0: TAP_CLIENT_PORT */
};
void tap_hear(struct tap_world *w, const struct tap_segment *s, noon_time at);
/** Write it as raw IP. @return its length */
size_t tap_frame(const struct tap_segment *s, uint8_t *out);
/** Hear a packet between the NTP port and 40000. */
void tap_hear_udp(struct tap_world *w, bool to_client, const void *p, size_t n, noon_time at);
size_t tap_udp_frame(bool to_client, uint16_t client_port, const void *p, size_t n, uint8_t *out);

#endif
