/* SPDX-License-Identifier: Apache-2.0
 *
 * The digest of a file of any size, read in pieces.
 */
#ifndef NOON_TOOLS_DIGEST_FILE_H
#define NOON_TOOLS_DIGEST_FILE_H

#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

/** Digest a file, "-" for standard input. @param[out] ret  noon_digest_len(d) bytes
 *  @retval NOON_OK, NOON_ERR_OS (errno tells more), NOON_ERR_CRYPTO */
NOON_MUST_USE noon_err noon_digest_file(const char *path, enum noon_digest d,
					uint8_t ret[NOON_DIGEST_MAX]);

#endif
