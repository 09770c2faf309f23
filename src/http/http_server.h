/* SPDX-License-Identifier: Apache-2.0
 *
 * An HTTP/1.1 server (RFC 9110, RFC 9112) of a few fixed paths, over TCP and TLS.
 *
 * One server is one thread with a loop of its own; several share a port, each with sockets of its
 * own (SO_REUSEPORT). Sockets are opened by _new(), so that privileges can be dropped before the
 * thread runs. A request is handed over whole, and may be answered at once or later, by the same
 * thread; the next one of its connection waits until then. What the server refuses by itself it
 * answers in a sentence, and counts.
 *
 * Hostile clients: a connection has absolute time limits (TLS handshake, request, idling, reading
 * the reply), which no dripping of bytes extends; it holds at most one request and what was sent
 * behind it, within the limits of the configuration. At the cap of connections an idle or silent
 * one makes room. Replies wait for a slow reader, and then no more of it is read.
 */
#ifndef NOON_HTTP_HTTP_SERVER_H
#define NOON_HTTP_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/time.h"
#include "crypto/tls.h"
#include "platform/net/udp.h"

#define NOON_HTTP_LISTEN_MAX 16
#define NOON_HTTP_ROUTES_MAX 16

struct noon_http_server;

/** A path that is served. All strings are borrowed for the life of the server. */
struct noon_http_route {
	const char *path;   /**< "/tsa"; compared byte by byte, the query aside */
	const char *method; /**< "POST", or "GET", which means HEAD too */
	const char *type;   /**< Content-Type that a request must have; NULL: any */
	const char *about;  /**< a sentence for who comes with another method */
};

struct noon_http_listen {
	struct noon_addr addr; /**< port 0: any, see noon_http_server_port() */
	bool tls;
};

/** A request that was handed over. It is the server's; borrowed until noon_http_reply(). */
struct noon_http_request {
	struct noon_bytes body;
	struct noon_addr peer;
	size_t route; /**< index into noon_http_conf.route */
	bool tls;
	void *owner; /**< free for who was handed it; NULL at first */
};

struct noon_http_conf {
	const struct noon_http_listen *listen;
	size_t n_listen; /**< 1..NOON_HTTP_LISTEN_MAX */
	const struct noon_http_route *route;
	size_t n_routes;		  /**< 1..NOON_HTTP_ROUTES_MAX; borrowed like its strings */
	const struct noon_tls_pem *chain; /**< certificates, for those who listen with TLS */
	const struct noon_tls_pem *key;
	size_t head_max;	  /**< bytes; 0: 8192 */
	size_t body_max;	  /**< bytes; 0: 65536 */
	noon_dur handshake;	  /**< time for TLS to be set up; 0: 5 s */
	noon_dur request;	  /**< time from first byte to last, and to the first; 0: 10 s */
	noon_dur idle;		  /**< time between requests; 0: 30 s */
	noon_dur reply;		  /**< time for the client to read; 0: 10 s */
	unsigned connections_max; /**< 0: 1000 */
	unsigned requests_max;	  /**< per connection; 0: 10000 */
	double rate_per_s;	  /**< requests per address (IPv6: /64) and second; 0: any */
	double rate_burst;	  /**< >= 1 if rate_per_s > 0 */
	/** A request is complete. Thread: the server's. */
	void (*on_request)(void *arg, struct noon_http_request *r);
	/** No more requests are at hand for now: all that came together were handed over. May be
	 *  NULL. */
	void (*on_batch_end)(void *arg);
	/** noon_http_server_wake() was called, once or more. May be NULL. */
	void (*on_wake)(void *arg);
	void *arg;
};

/* What is counted: name, word. Every request that gets a reply is counted once by its class, and
 * by its reason too if the server refused it. */
#define NOON_HTTP_COUNT_LIST(X)                                                             \
	X(ACCEPTED, "accepted")	      /* connections */                                     \
	X(REFUSED, "refused")	      /* connections, by the cap */                         \
	X(CROWDED_OUT, "crowded-out") /* idle or slow ones, to make room at the cap */      \
	X(TLS_FAILED, "tls-failed")   /* connections, by their handshake */                 \
	X(OK, "2xx")                                                                        \
	X(CLIENT_ERROR, "4xx")                                                              \
	X(SERVER_ERROR, "5xx")                                                              \
	X(MALFORMED, "malformed") /* framing, length, host, coding, expectation, version */ \
	X(TOO_LARGE, "too-large") /* line, fields or body */                                \
	X(TIMEOUT, "timeout")	  /* connections: handshake, request or reply */            \
	X(LIMITED, "limited")	  /* by the rate limit */                                   \
	X(NOT_FOUND, "not-found")                                                           \
	X(BAD_METHOD, "bad-method")                                                         \
	X(BAD_TYPE, "bad-type")                                                             \
	X(GONE, "gone") /* clients that were lost before their reply was sent */

enum noon_http_count {
#define NOON_HTTP_COUNT_ENUM(name, word) NOON_HTTP_COUNT_##name,
	NOON_HTTP_COUNT_LIST(NOON_HTTP_COUNT_ENUM)
#undef NOON_HTTP_COUNT_ENUM
		NOON_HTTP_COUNTS,
};

struct noon_http_counters {
	uint64_t n[NOON_HTTP_COUNTS]; /**< enum noon_http_count */
	uint64_t open;		      /**< connections now */
};

/** Return the word of a count ("too-large"); static. */
const char *noon_http_count_word(enum noon_http_count count);

/** Why noon_http_server_new() failed. */
struct noon_http_why {
	char text[256]; /**< one sentence without a full stop */
};

/**
 * Open the sockets and load the certificate.
 *
 * @param conf  copied; what it points to is borrowed for the call, but routes, their strings and
 *              arg for the life of the server
 * @param[out] ret_why  which address or file, and why; untouched on NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  conf: TLS without a certificate
 * @retval NOON_ERR_OS     a socket, or no memory
 * @retval others          as noon_tls_server_ctx_new()
 */
NOON_MUST_USE noon_err noon_http_server_new(const struct noon_http_conf *conf,
					    struct noon_http_server **ret,
					    struct noon_http_why *ret_why);

/** Serve until noon_http_server_stop(), which may have been called already. Connections stay as
 * they are. @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_http_server_run(struct noon_http_server *s);
/** Make _run() return. Thread: any. */
void noon_http_server_stop(struct noon_http_server *s);
/** Have on_wake() called by the server's thread. Thread: any. */
void noon_http_server_wake(struct noon_http_server *s);

/**
 * Load certificate and key again, for connections to come; those that exist keep the old ones. On
 * failure the old ones stay in force. Thread: any, one at a time. Errors as
 * noon_tls_server_ctx_new(), with ret_why as there; NOON_ERR_STATE if nobody listens with TLS.
 */
NOON_MUST_USE noon_err noon_http_server_reload(struct noon_http_server *s,
					       const struct noon_tls_pem *chain,
					       const struct noon_tls_pem *key,
					       struct noon_tls_why *ret_why);

/** Read the counters. Thread: any. */
void noon_http_server_counters(const struct noon_http_server *s, struct noon_http_counters *ret);
/** Return the port of conf.listen[i]. */
uint16_t noon_http_server_port(const struct noon_http_server *s, size_t i);

/** Take over a connected socket as if it had been accepted (for tests). Thread: the server's, or
 *  before it runs. @retval NOON_OK, NOON_ERR_OS (closed) */
NOON_MUST_USE noon_err noon_http_server_take(struct noon_http_server *s, int fd, bool tls);

/** Close everything; not while it runs. Requests that were not answered are gone, and must not be
 *  answered any more. NULL is fine. */
void noon_http_server_free(struct noon_http_server *s);

/**
 * Answer a request and give it back, whether or not its client is still there. The answer has left
 * when this returns, or waits for the client to read; on_request() is never called from within.
 * Thread: the server's.
 *
 * @param status  200..599; the server says 429, 404 and the like by itself
 * @param type    Content-Type; borrowed for the call
 * @param body    borrowed for the call
 * @param close   end the connection behind it
 */
void noon_http_reply(struct noon_http_request *r, uint16_t status, const char *type,
		     struct noon_bytes body, bool close);

#endif
