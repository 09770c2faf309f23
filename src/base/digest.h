/* SPDX-License-Identifier: Apache-2.0
 *
 * Message digests that are spoken of: by object identifier on the wire, by name to people.
 */
#ifndef NOON_BASE_DIGEST_H
#define NOON_BASE_DIGEST_H

#include <stddef.h>

#define NOON_DIGEST_MAX 64 /**< bytes of the longest */

enum noon_digest {
	NOON_DIGEST_SHA256,
	NOON_DIGEST_SHA384,
	NOON_DIGEST_SHA512,
	NOON_DIGESTS,
};

/** Length of the digest, bytes; d < NOON_DIGESTS. */
size_t noon_digest_len(enum noon_digest d);

/** Its name as OpenSSL and configuration spell it ("sha256"); static. */
const char *noon_digest_name(enum noon_digest d);

/** Find a digest by name. @return NOON_DIGESTS if there is none */
enum noon_digest noon_digest_by_name(const char *name);

#endif
