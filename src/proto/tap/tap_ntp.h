/* SPDX-License-Identifier: Apache-2.0
 *
 * NTP (RFC 5905) as a tap reads it: an answer belongs to the request of the same ends whose
 * transmit timestamp it repeats. With NTS (RFC 8915) the header is the same.
 *
 * Of a request that passes twice the first time counts, and of its answers the first: that can only
 * widen what the exchange proves.
 */
#ifndef NOON_PROTO_TAP_NTP_H
#define NOON_PROTO_TAP_NTP_H

#include "proto/tap/tap_count.h"
#include "proto/tap/tap_exchange.h"

#define NOON_TAP_NTP_WAYS 8 /**< requests that share a place in the table */

/** A request that waits for its answer. */
struct noon_tap_ntp_ask {
	bool used;
	uint8_t version;
	struct noon_frame_end client;
	struct noon_frame_end server;
	uint64_t transmit; /**< as it is on the wire */
	noon_time t1;
};

struct noon_tap_ntp {
	struct noon_tap_ntp_ask *asks; /**< the caller's */
	size_t n;
};

/** Take over n entries; n a multiple of NOON_TAP_NTP_WAYS, > 0. */
void noon_tap_ntp_init(struct noon_tap_ntp *t, struct noon_tap_ntp_ask *asks, size_t n);

/** Read a packet. @param to_server  its destination is the server's port; otherwise its source is
 *  @return true if *ret is an exchange, without tap_unit */
bool noon_tap_ntp_packet(struct noon_tap_ntp *t, const struct noon_frame *f, bool to_server,
			 noon_time at, struct noon_tap_counts *counts,
			 struct noon_tap_exchange *ret);

/** Count what still waits. */
void noon_tap_ntp_end(struct noon_tap_ntp *t, struct noon_tap_counts *counts);

#endif
