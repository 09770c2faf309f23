/* SPDX-License-Identifier: Apache-2.0
 *
 * One direction of a TCP connection (RFC 9293) as it passes a tap: segments in, pieces in the order
 * of their bytes out, each with the time at which it passed first.
 *
 * Of bytes that pass twice the first copy counts. Bytes that the receiver acknowledges and that did
 * not pass are missing from the capture: a gap, which is told. So are bytes that a hole has kept
 * waiting for longer than NOON_TAP_HOLE_MAX, or when there is no more room to keep what is behind
 * it. What comes after a gap was declared is not used.
 */
#ifndef NOON_PROTO_TAP_STREAM_H
#define NOON_PROTO_TAP_STREAM_H

#include "proto/tap/tap_pool.h"

#define NOON_TAP_HELD_MAX 64	    /**< blocks that one direction may keep */
#define NOON_TAP_HOLE_MAX NOON_S(2) /**< the capture's time */

/** Bytes in the order of the stream. */
struct noon_tap_piece {
	uint32_t seq;		 /**< of the first byte */
	struct noon_bytes bytes; /**< borrowed */
	uint32_t missing; /**< bytes behind them that are not in the capture. Of what comes out:
			   *   either this or bytes.n is 0 */
	bool begins;	  /**< a segment begins here */
	noon_time at;	  /**< when it passed */
};

struct noon_tap_stream {
	bool known; /**< `next` is known */
	bool has_fin;
	bool has_gap;  /**< bytes up to gap_to are given up */
	uint32_t next; /**< sequence number of the next byte */
	uint32_t fin;  /**< of FIN: where the stream ends */
	uint32_t gap_to;
	uint32_t first;	      /**< block that is kept, in order, or NOON_TAP_NONE */
	uint32_t lent;	      /**< block that the last piece borrows from */
	uint32_t held;	      /**< blocks */
	noon_time held_since; /**< since when something waits for a hole to be filled */
};

void noon_tap_stream_init(struct noon_tap_stream *s);
/** Give back what is kept. */
void noon_tap_stream_fini(struct noon_tap_stream *s, struct noon_tap_pool *p);
/** The next byte has this sequence number. */
void noon_tap_stream_start(struct noon_tap_stream *s, uint32_t seq);
/** The receiver has everything before this number. */
void noon_tap_stream_acked(struct noon_tap_stream *s, uint32_t ack);
/** The stream ends before this number. */
void noon_tap_stream_fin(struct noon_tap_stream *s, uint32_t seq);
/** Tell whether all of it came out. */
bool noon_tap_stream_ended(const struct noon_tap_stream *s);
/** Tell whether a segment is behind its turn, before it, or (0) in it. */
int noon_tap_stream_turn(const struct noon_tap_stream *s, const struct noon_tap_piece *in);

/**
 * Take the next piece out. Call until it returns false: `in` is used up then.
 * @param[in,out] in   a segment, or nothing (both lengths 0)
 * @param[out]    out  borrows from `in` or from the pool until the next call
 */
bool noon_tap_stream_next(struct noon_tap_stream *s, struct noon_tap_pool *p,
			  struct noon_tap_piece *in, struct noon_tap_piece *out);

#endif
