/* SPDX-License-Identifier: Apache-2.0
 *
 * Posts small bodies to one URL and waits for the answers (libcurl).
 *
 * One connection serves many requests. The call blocks, for tools that have nothing else to do. No
 * redirect is followed; certificates are checked; proxies are those of the environment
 * ("http_proxy", "https_proxy", "no_proxy").
 *
 * Each answer comes with the two readings of the caller's clock between which it was made: t1 right
 * before the request left, t4 when the first line of the answer had come. A request that was sent
 * again, because the server had closed an old connection, has the t1 of its first attempt.
 */
#ifndef NOON_HTTP_HTTP_POST_H
#define NOON_HTTP_HTTP_POST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/time.h"

#define NOON_HTTP_POST_WHY_MAX 320
#define NOON_HTTP_PEER_MAX     64 /**< bytes of an address as text */
#define NOON_HTTP_POST_REPLY_MAX \
	((size_t)1 << 20) /**< bytes of an answer's body; a longer one is refused */

struct noon_http_post_conf {
	const char *url;	/**< http:// or https://; copied, as are the others */
	const char *type;	/**< media type of requests */
	const char *reply_type; /**< that answers must have */
	const char *tls_ca;	/**< PEM file of trust anchors; NULL: the system's */
	int family;		/**< AF_UNSPEC, AF_INET or AF_INET6 */
	noon_dur timeout;	/**< of a whole exchange, ns, >= 1 ms */
	/** The clock of t1 and t4. */
	noon_time (*now)(void *arg);
	void *arg;
};

/** An answer. */
struct noon_http_answer {
	struct noon_bytes body; /**< borrowed until the next request */
	noon_time t1;
	noon_time t4;
	bool reused; /**< the connection was that of an earlier request */
};

struct noon_http_post;

/** Set up; nothing is sent yet. @retval NOON_OK, NOON_ERR_OS (no memory, or libcurl cannot) */
NOON_MUST_USE noon_err noon_http_post_new(const struct noon_http_post_conf *conf,
					  struct noon_http_post **ret);
/** Close the connection. NULL is fine. */
void noon_http_post_free(struct noon_http_post *p);

/**
 * Post a body.
 * @param[out] ret_why  why not: a clause
 * @retval NOON_OK           status 200 and the expected media type
 * @retval NOON_ERR_TIMEOUT  no answer in time
 * @retval NOON_ERR_LONG     the answer is too long
 * @retval NOON_ERR_TLS      the server's certificate, or a failure of TLS
 * @retval NOON_ERR_FORMAT   another status or media type, or not HTTP
 * @retval NOON_ERR_OS       no connection
 */
NOON_MUST_USE noon_err noon_http_post_send(struct noon_http_post *p, struct noon_bytes body,
					   struct noon_http_answer *ret,
					   char ret_why[NOON_HTTP_POST_WHY_MAX]);
/** Address that the last request went to, of the server or of a proxy; "" if none did; borrowed. */
const char *noon_http_post_peer(const struct noon_http_post *p);

#endif
