/* SPDX-License-Identifier: Apache-2.0
 *
 * Cutting the bytes of a connection into HTTP/1.x requests (RFC 9112, sections 2, 6 and 7).
 *
 * The bytes lie in a buffer of the caller, which starts with the request being read and may hold
 * more behind it. A chunked body is put together in place, so that every body is contiguous. The
 * buffer may move between two calls. Head, body and the framing of chunks are all limited, so a
 * buffer of noon_http_reader_room() bytes is always enough.
 */
#ifndef NOON_PROTO_HTTP_READER_H
#define NOON_PROTO_HTTP_READER_H

#include "wire/http_head.h"

/** What a call found. */
enum noon_http_step {
	NOON_HTTP_MORE, /**< needs more bytes */
	NOON_HTTP_HEAD, /**< the head has been read: said once, then call again */
	NOON_HTTP_DONE, /**< the request is complete */
	NOON_HTTP_BAD,	/**< noon_http_reader.fault says why; the connection cannot go on */
};

enum noon_http_reader_phase {
	NOON_HTTP_IN_HEAD,
	NOON_HTTP_IN_BODY,
	NOON_HTTP_IN_CHUNK_LINE,
	NOON_HTTP_IN_CHUNK,
	NOON_HTTP_IN_CHUNK_END,
	NOON_HTTP_IN_TRAILER,
	NOON_HTTP_AT_END,
};

struct noon_http_reader {
	size_t head_max; /**< bytes, request line and fields */
	size_t body_max; /**< bytes */
	enum noon_http_reader_phase phase;
	enum noon_http_fault fault;
	struct noon_http_head head; /**< from NOON_HTTP_HEAD on */
	size_t start;		    /**< where the head starts: behind empty lines */
	size_t line;		    /**< where the line being read starts */
	size_t at;		    /**< bytes of the buffer that were read for good */
	size_t body_at;		    /**< place of the body */
	size_t body_n;		    /**< bytes of the body so far */
	uint64_t left;		    /**< bytes of this chunk to come */
	size_t overhead;	    /**< bytes of chunk framing and trailers so far */
};

/** Get ready for the first request. head_max + body_max < 2^31. */
void noon_http_reader_init(struct noon_http_reader *r, size_t head_max, size_t body_max);
/** Get ready for the next request, which starts at the beginning of the buffer. */
void noon_http_reader_next(struct noon_http_reader *r);

/**
 * Go on reading.
 *
 * @param         buf    the buffer; what lies behind a chunked body may be moved forward
 * @param[in,out] ret_n  bytes in the buffer; less afterwards if something was moved
 * After NOON_HTTP_DONE, r->at bytes of the buffer are this request's. Cost: linear in the bytes
 * that are new, however they were cut.
 */
enum noon_http_step noon_http_reader_step(struct noon_http_reader *r, uint8_t *buf, size_t *ret_n);

/** Return the body, in the buffer; after NOON_HTTP_DONE. */
struct noon_bytes noon_http_reader_body(const struct noon_http_reader *r, const uint8_t *buf);
/** Return how many bytes a buffer must be able to hold. */
size_t noon_http_reader_room(const struct noon_http_reader *r);

#endif
