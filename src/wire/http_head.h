/* SPDX-License-Identifier: Apache-2.0
 *
 * The head of an HTTP/1.x request (RFC 9112): request line and fields, as far as a server of a few
 * fixed paths needs them; and that of a response, as far as framing needs it.
 *
 * Reading is strict, because every tolerance in how a request is framed is a way to have it read
 * differently by a proxy in front: lines end with CR LF, names are tokens without a space behind,
 * nothing is folded, a length is digits, stated once or the same each time, and never beside a
 * transfer coding. A fault is a verdict with a status code; a reply to it ends the connection.
 */
#ifndef NOON_WIRE_HTTP_HEAD_H
#define NOON_WIRE_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define NOON_HTTP_FIELDS_MAX 100 /**< field lines of one head */

/* What a request did wrong: name, status code (RFC 9110, section 15; RFC 6585), sentence. */
#define NOON_HTTP_FAULT_LIST(X)                                                               \
	X(NONE, 200, "")                                                                      \
	X(MALFORMED, 400, "The request is not well-formed HTTP/1.1.")                         \
	X(LENGTH, 400, "The request states its length in two ways, or not as a number.")      \
	X(HOST, 400, "An HTTP/1.1 request needs exactly one Host field.")                     \
	X(NO_LENGTH, 411, "The request needs a Content-Length or the chunked coding.")        \
	X(BODY_LONG, 413, "The body of the request is longer than this server accepts.")      \
	X(TARGET_LONG, 414, "The request line is longer than this server accepts.")           \
	X(EXPECT, 417, "This server can only meet the expectation 100-continue.")             \
	X(FIELDS_LONG, 431, "The header fields are longer or more than this server accepts.") \
	X(CODING, 501, "This server knows no transfer coding but chunked.")                   \
	X(VERSION, 505, "This server speaks HTTP/1.1 and HTTP/1.0.")

enum noon_http_fault {
#define NOON_HTTP_FAULT_ENUM(name, status, text) NOON_HTTP_FAULT_##name,
	NOON_HTTP_FAULT_LIST(NOON_HTTP_FAULT_ENUM)
#undef NOON_HTTP_FAULT_ENUM
		NOON_HTTP_FAULTS,
};

/** A piece of a buffer by its place, so that the buffer may move. */
struct noon_http_span {
	uint32_t at; /**< bytes from the start of the buffer */
	uint32_t n;  /**< bytes */
};

struct noon_http_head {
	struct noon_http_span method;
	struct noon_http_span path; /**< the target's path, as it was sent, without the query */
	struct noon_http_span type; /**< Content-Type without parameters; n 0: none */
	uint64_t length;	    /**< Content-Length; meaningful if has_length */
	bool has_length;
	bool chunked;
	bool http10;	       /**< HTTP/1.0 */
	bool keep_alive;       /**< the client wants the connection to stay open */
	bool expects_continue; /**< it waits for 100 before it sends the body */
	uint16_t status;       /**< of a response, 100..999; 0 in a request */
};

/** Return the status code of a fault, 200 for none. */
uint16_t noon_http_fault_status(enum noon_http_fault fault);
/** Return one English sentence for the client; static, never NULL. */
const char *noon_http_fault_text(enum noon_http_fault fault);

/**
 * Read a whole head.
 *
 * @param      text  request line to empty line, both included; n <= UINT32_MAX; borrowed for the
 *                   call
 * @param[out] ret   spans count from text.p; untouched unless NOON_HTTP_FAULT_NONE is returned
 */
enum noon_http_fault noon_http_head_read(struct noon_bytes text, struct noon_http_head *ret);

/** Read the whole head of a response, status line to empty line; otherwise as
 * noon_http_head_read(). A response has no method and no path. */
enum noon_http_fault noon_http_response_head_read(struct noon_bytes text,
						  struct noon_http_head *ret);

/** Return the bytes of a span of the buffer at `base`; borrowed. */
static inline struct noon_bytes noon_http_span_of(const uint8_t *base, struct noon_http_span s)
{
	return noon_bytes_of(base + s.at, s.n);
}

/** Tell whether bytes are this word, in this case. */
bool noon_http_is(struct noon_bytes b, const char *word);
/** Tell whether bytes are this word in any case (ASCII). */
bool noon_http_is_nocase(struct noon_bytes b, const char *word);
/** Tell whether a byte may be part of a token (RFC 9110, section 5.6.2). */
bool noon_http_is_token_char(uint8_t c);

#endif
