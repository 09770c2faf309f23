/* SPDX-License-Identifier: Apache-2.0
 *
 * The TCP connections that a tap follows: found by their ends in a table of fixed size, whose least
 * recently used one makes room for a new one.
 */
#ifndef NOON_PROTO_TAP_FLOW_H
#define NOON_PROTO_TAP_FLOW_H

#include "proto/tap/tap_http.h"
#include "wire/ip/frame.h"

enum noon_tap_flow_state {
	NOON_TAP_FLOW_FREE,
	NOON_TAP_FLOW_OPEN,
	NOON_TAP_FLOW_SHUT, /**< ended, or not to be read: waits to be used again */
};

/** Who of the two ends is the client. */
#define NOON_TAP_ROLE_UNKNOWN 2

/** Both ends, the lower one first. */
struct noon_tap_key {
	struct noon_frame_end end[2];
	uint8_t version;
};

struct noon_tap_flow {
	struct noon_tap_key key;
	enum noon_tap_flow_state state;
	uint8_t client; /**< 0, 1, or NOON_TAP_ROLE_UNKNOWN */
	bool ordered;	/**< the next response answers the first request that waits */
	bool spoke;	/**< a head was read, and no other protocol begins */
	bool has_syn[2];
	uint32_t syn[2];		  /**< sequence number of the end's SYN */
	struct noon_tap_stream stream[2]; /**< from end 0, from end 1 */
	struct noon_tap_http http[2];
	uint32_t first; /**< request that waits, or NOON_TAP_NONE */
	uint32_t last;
	uint32_t waiting;
	uint32_t coming;   /**< the request that is being read, or NOON_TAP_NONE */
	uint16_t response; /**< status of the response that is being read */
	bool tsp_reply;	   /**< it has the type of a time-stamp reply */
	uint32_t bucket;   /**< of the table: first flow whose hash is this index */
	uint32_t chain;	   /**< next flow with the same hash, or the next free one */
	uint32_t older;
	uint32_t newer;
};

struct noon_tap_flows {
	struct noon_tap_flow *flows; /**< the caller's */
	uint32_t n;
	uint32_t free;
	uint32_t oldest;
	uint32_t newest;
};

/** Take over n flows, 0 < n < UINT32_MAX. */
void noon_tap_flows_init(struct noon_tap_flows *t, struct noon_tap_flow *flows, size_t n);

/** The key of a frame. @param[out] ret_from  which of the ends sent it, 0 or 1 */
struct noon_tap_key noon_tap_key_of(const struct noon_frame *f, unsigned *ret_from);

/** Find a flow, which is the most recently used one then. NULL: it is not there. */
struct noon_tap_flow *noon_tap_flows_find(struct noon_tap_flows *t, const struct noon_tap_key *key);
/** Return the flow that has to go before another can come; NULL: there is room. */
struct noon_tap_flow *noon_tap_flows_full(const struct noon_tap_flows *t);
/** Take a flow out of the table; what it keeps was given back before. */
void noon_tap_flows_drop(struct noon_tap_flows *t, struct noon_tap_flow *f);
/** Add a flow, SHUT; there is room. */
struct noon_tap_flow *noon_tap_flows_add(struct noon_tap_flows *t, const struct noon_tap_key *key);

#endif
