/* SPDX-License-Identifier: Apache-2.0
 *
 * Small files: read completely, replaced atomically.
 */
#ifndef NOON_PLATFORM_FILE_H
#define NOON_PLATFORM_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"

/** Read at most cap bytes. @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_PERM, NOON_ERR_LONG,
 *  NOON_ERR_UNSUPPORTED (no regular file; never blocks), NOON_ERR_OS; errno tells more */
NOON_MUST_USE noon_err noon_file_read(const char *path, uint8_t *buf, size_t cap, size_t *ret_n);

/** Replace or create: written beside it under a random name (O_EXCL), synced, renamed, directory
 *  synced. On failure the old file is untouched and no temporary file is left; a process killed
 *  meanwhile leaves ".noonmark." and 16 digits.
 *  @retval NOON_OK, NOON_ERR_PERM, NOON_ERR_OS; errno tells more */
NOON_MUST_USE noon_err noon_file_replace(const char *path, struct noon_bytes data, mode_t mode);

/** Create, as noon_file_replace() does, but only if nothing of that name exists: an existing file
 *  is untouched, even one made meanwhile. On a file system with neither renameat2(RENAME_NOREPLACE)
 *  nor link() the file is empty for a moment.
 *  @retval NOON_OK, NOON_ERR_PERM, NOON_ERR_OS (EEXIST: it exists); errno tells more */
NOON_MUST_USE noon_err noon_file_create(const char *path, struct noon_bytes data, mode_t mode);

/** Create a directory with its parents; existing is fine. @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_dir_make(const char *path, mode_t mode);

/** The session folder of a user without privileges: "$XDG_RUNTIME_DIR/noonmark" or
 *  "/tmp/noonmark-UID". */
void noon_dir_runtime(char *out, size_t n);

/** A template for mkdtemp(): "STEM.XXXXXX" below $TMPDIR, or below /tmp where that is unset, or too
 * long for sockets below it. `n` >= 64. */
void noon_dir_template(const char *stem, char *out, size_t n);

#endif
