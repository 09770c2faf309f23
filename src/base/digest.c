/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <assert.h>
#include <string.h>

static const struct {
	const char *name;
	size_t len;
} table[NOON_DIGESTS] = {
	[NOON_DIGEST_SHA256] = {"sha256", 32},
	[NOON_DIGEST_SHA384] = {"sha384", 48},
	[NOON_DIGEST_SHA512] = {"sha512", 64},
};

size_t noon_digest_len(enum noon_digest d)
{
	assert(d < NOON_DIGESTS);
	return table[d].len;
}

const char *noon_digest_name(enum noon_digest d)
{
	assert(d < NOON_DIGESTS);
	return table[d].name;
}

enum noon_digest noon_digest_by_name(const char *name)
{
	unsigned d = 0;

	while (d < NOON_DIGESTS && strcmp(table[d].name, name) != 0)
		d++;
	return (enum noon_digest)d;
}
