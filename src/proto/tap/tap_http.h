/* SPDX-License-Identifier: Apache-2.0
 *
 * One direction of an HTTP/1.x connection (RFC 9112) as a tap reads it: pieces in, heads and bodies
 * out. Who reads has to say after each head how its body is framed, because for a response that
 * depends on the request.
 *
 * A gap within a body of known length damages that message and nothing else. After any other gap
 * the parser waits for a segment that begins with a message.
 */
#ifndef NOON_PROTO_TAP_HTTP_H
#define NOON_PROTO_TAP_HTTP_H

#include "proto/tap/tap_stream.h"

#define NOON_TAP_HEAD_MAX 65536 /**< bytes of a head */
#define NOON_TAP_BODY_MAX 65536 /**< bytes of a body that is kept */

/** What a step found. */
enum noon_tap_step {
	NOON_TAP_MORE, /**< nothing more in this piece */
	NOON_TAP_HEAD, /**< a head is complete: noon_tap_http_body() comes next */
	NOON_TAP_DONE, /**< a message is complete: noon_tap_http_reset() comes next */
	NOON_TAP_BAD,  /**< it is no HTTP, or not as it should be */
};

enum noon_tap_phase {
	NOON_TAP_SEEK,	/**< for a segment that begins with a message */
	NOON_TAP_START, /**< between messages */
	NOON_TAP_IN_HEAD,
	NOON_TAP_AT_HEAD_END,
	NOON_TAP_IN_BODY,
	NOON_TAP_IN_CLOSE, /**< a body that ends with the connection */
	NOON_TAP_IN_SIZE,  /**< of a chunk */
	NOON_TAP_IN_EXTENSION,
	NOON_TAP_IN_CHUNK,
	NOON_TAP_IN_CHUNK_END,
	NOON_TAP_IN_TRAILER,
	NOON_TAP_AT_END,
};

enum noon_tap_framing {
	NOON_TAP_BY_LENGTH, /**< also of no body: length 0 */
	NOON_TAP_BY_CHUNKS,
	NOON_TAP_BY_CLOSE,
};

struct noon_tap_http {
	enum noon_tap_phase phase;
	bool response;
	bool keep;    /**< the body is wanted */
	bool damaged; /**< bytes of the body are missing, or it is too long */
	bool cr;      /**< the last byte of the line was one */
	uint8_t digits;
	uint32_t line;		     /**< bytes of this line so far */
	uint32_t overhead;	     /**< bytes around chunks */
	uint64_t left;		     /**< of the body, or of the chunk */
	struct noon_tap_chain chain; /**< the head, or the body */
	noon_time body_at;	     /**< earliest passing of a byte of the body, or behind one */
	noon_time last_at;	     /**< latest passing of a byte of the message */
};

/** Wait for a message. @param sought  the connection had begun already */
void noon_tap_http_init(struct noon_tap_http *h, bool response, bool sought);
/** Get ready for the next message; gives back what is kept. */
void noon_tap_http_reset(struct noon_tap_http *h, struct noon_tap_pool *p);

/** Tell whether a segment begins like a request or like a response. */
bool noon_tap_http_is_start(struct noon_bytes b, bool response);

/** Go on reading. @param[in,out] in  bytes; what was read is cut off */
enum noon_tap_step noon_tap_http_step(struct noon_tap_http *h, struct noon_tap_pool *p,
				      struct noon_tap_piece *in);
/** Tell how the body is framed. The head is given back. @param keep  the body is wanted */
void noon_tap_http_body(struct noon_tap_http *h, struct noon_tap_pool *p,
			enum noon_tap_framing framing, uint64_t length, bool keep);
/** n bytes are missing. @return false if it is not known any more where messages begin */
bool noon_tap_http_gap(struct noon_tap_http *h, struct noon_tap_pool *p, uint32_t n);
/** The connection ends. @return true if that ends a message: NOON_TAP_DONE */
bool noon_tap_http_close(struct noon_tap_http *h);

#endif
