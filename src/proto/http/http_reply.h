/* SPDX-License-Identifier: Apache-2.0
 *
 * The head of an HTTP/1.1 reply (RFC 9112, section 4; RFC 9110). It names no product.
 */
#ifndef NOON_PROTO_HTTP_REPLY_H
#define NOON_PROTO_HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define NOON_HTTP_REPLY_HEAD_MAX 512 /**< bytes; enough if type and allow are 100 each at most */

struct noon_http_reply {
	uint16_t status;	/**< 100..599 */
	const char *type;	/**< Content-Type */
	size_t length;		/**< bytes of the body */
	int64_t date_s;		/**< s since 1970 UTC, for Date (RFC 9110, section 6.6.1) */
	const char *allow;	/**< NULL, or the methods for Allow (405) */
	uint32_t retry_after_s; /**< 0: no Retry-After (429, 503) */
	bool close;		/**< the connection ends behind it */
	bool keep_alive;	/**< say that it stays open, to a client of HTTP/1.0 */
};

/** Write the head, empty line included. @retval NOON_OK, NOON_ERR_FULL */
NOON_MUST_USE noon_err noon_http_reply_write(const struct noon_http_reply *reply,
					     struct noon_wr *out);

/** Return the standard's phrase for a status code, "Unknown" for one we never send; static. */
const char *noon_http_phrase(uint16_t status);

#endif
