/* SPDX-License-Identifier: Apache-2.0
 *
 * What is overheard of NTP servers and of time-stamp authorities (RFC 3161 over HTTP/1.x): captured
 * frames in, exchanges out.
 *
 *	noon_tap_init()      with the caller's memory: all that is ever kept
 *	noon_tap_on_frame()  one frame, with the capture's time
 *	noon_tap_end()       count what still waits
 *
 * It never guesses. A response is paired with its query by the order within their connection and by
 * digest and nonce; where bytes are missing from the capture, and of connections that had begun
 * before it, by digest and nonce alone. What cannot be paired is counted. TLS is not read.
 *
 * One assumption: of a query that TCP sent twice the first copy is in the capture, or neither is.
 * Otherwise Tq is too late, and with it the upper end of the interval too low.
 */
#ifndef NOON_PROTO_TAP_H
#define NOON_PROTO_TAP_H

#include "proto/tap/tap_ask.h"
#include "proto/tap/tap_count.h"
#include "proto/tap/tap_flow.h"
#include "proto/tap/tap_ntp.h"

#define NOON_TAP_PORTS_MAX   8
#define NOON_TAP_WAITING_MAX 64 /**< requests of one connection that wait for their responses */
#define NOON_TAP_SCRATCH_LEN (NOON_TAP_BODY_MAX + NOON_TAP_REPLY_ROOM)

/** Memory; borrowed for as long as the tap is used. */
struct noon_tap_room {
	struct noon_tap_flow *flows;
	size_t n_flows;
	struct noon_tap_block *blocks;
	size_t n_blocks;
	struct noon_tap_ask *asks;
	size_t n_asks;
	struct noon_tap_ntp_ask *ntp_asks;
	size_t n_ntp_asks; /**< a multiple of NOON_TAP_NTP_WAYS */
	uint8_t *scratch;  /**< NOON_TAP_SCRATCH_LEN bytes */
};

struct noon_tap_conf {
	uint16_t ntp_port[NOON_TAP_PORTS_MAX]; /**< of servers, UDP */
	unsigned ntp_ports;
	uint16_t tsp_port[NOON_TAP_PORTS_MAX]; /**< of servers, TCP */
	unsigned tsp_ports;		       /**< 0: HTTP on any port */
	noon_dur tap_unit;		       /**< resolution of the capture's times, ns, >= 1 */
	noon_dur tap_delay;		       /**< as in struct noon_tap_exchange */
	/** Called with each exchange, and each answer without a time; borrowed for the call. */
	void (*on_exchange)(void *arg, const struct noon_tap_exchange *e);
	void *arg;
};

struct noon_tap {
	struct noon_tap_conf conf;
	struct noon_tap_counts counts;
	struct noon_tap_pool pool;
	struct noon_tap_asks asks;
	struct noon_tap_flows flows;
	struct noon_tap_ntp ntp;
	uint8_t *scratch;
};

/** Get ready. @retval NOON_OK, NOON_ERR_RANGE (no memory of a kind, or too much; no unit; delay <
 * 0) */
NOON_MUST_USE noon_err noon_tap_init(struct noon_tap *t, const struct noon_tap_conf *conf,
				     const struct noon_tap_room *room);

/**
 * Read a frame.
 * @param link_type  enum noon_link_type or another number
 * @param bytes      as captured; borrowed for the call
 * @param wire_n     bytes on the wire
 * @param at         capture's time; later frames may be a little earlier
 */
void noon_tap_on_frame(struct noon_tap *t, int link_type, struct noon_bytes bytes, size_t wire_n,
		       noon_time at);

/** Count what waits as unanswered, and forget all connections. The tap can go on. */
void noon_tap_end(struct noon_tap *t);

#endif
