/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of a tunnel: the secret that its two ends share, and the epochs that this end may have
 * used (proto/tunnel/tunnel).
 *
 * The file of epochs has a line for every secret that the tunnel ever had, so that a return to an
 * old one goes on behind what was used with it. A damaged file is an error and never a new start:
 * an epoch that is used a second time would use its keys again with the same numbers, which
 * breaks AES-GCM.
 */
#ifndef NOON_STORE_TUNNEL_FILE_H
#define NOON_STORE_TUNNEL_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "proto/tunnel/tunnel_keys.h"

#define NOON_TUNNEL_WHY_MAX 768

/** Bytes of the name of a secret. */
#define NOON_TUNNEL_KEY_ID 32

/** Secrets that a file of epochs has at most. */
#define NOON_TUNNEL_EPOCHS_MAX 512

/**
 * Read a secret: 64 hexadecimal digits on a line; empty lines and lines that begin with # are
 * passed over. Others than its owner must not be able to read it, but for a group that cannot
 * write.
 *
 * @param[out] ret      wipe it; untouched unless NOON_OK
 * @param[out] ret_why  a sentence that names the file, the line and what was expected; untouched
 *                      on NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_PERM    mode, or it cannot be opened
 * @retval NOON_ERR_FORMAT  it is no such file
 * @retval others           it cannot be read
 */
NOON_MUST_USE noon_err noon_tunnel_key_read(const char *path, struct noon_secret_tunnel *ret,
					    char ret_why[NOON_TUNNEL_WHY_MAX]);

/**
 * Create a file with a new secret, mode 0600. What exists is never overwritten.
 * @param[out] ret  the secret; wipe it
 * @retval NOON_OK, NOON_ERR_PERM, NOON_ERR_OS
 */
NOON_MUST_USE noon_err noon_tunnel_key_create(const char *path, struct noon_rng *rng,
					      struct noon_secret_tunnel *ret,
					      char ret_why[NOON_TUNNEL_WHY_MAX]);

/** Compute the name of a secret, which tells nothing of it: SHA-256 with a label.
 *  @retval NOON_OK, NOON_ERR_CRYPTO */
NOON_MUST_USE noon_err noon_tunnel_key_id(const struct noon_secret_tunnel *secret,
					  uint8_t ret[NOON_TUNNEL_KEY_ID]);

/**
 * Read up to which epoch this end may have used a secret.
 *
 * @param[out] ret_reserved  0: the file does not exist, or has not this secret
 * @param[out] ret_why       as above, and what to do
 * @retval NOON_OK
 * @retval NOON_ERR_FORMAT  damaged
 * @retval NOON_ERR_STATE   the secret was used with the other role: the other end may have used
 *                          more epochs in this direction
 * @retval others           it cannot be read; NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_tunnel_epochs_read(const char *path,
					       const struct noon_secret_tunnel *secret,
					       bool is_initiator, uint64_t *ret_reserved,
					       char ret_why[NOON_TUNNEL_WHY_MAX]);

/**
 * Reserve epochs up to this one; on disk when it returns (fsync).
 *
 * @param reserved  1..INT64_MAX
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  fewer than are reserved already, or beyond that
 * @retval NOON_ERR_FULL   NOON_TUNNEL_EPOCHS_MAX other secrets
 * @retval others          as of noon_tunnel_epochs_read(); it cannot be written. The file is
 *                         untouched
 */
NOON_MUST_USE noon_err noon_tunnel_epochs_write(const char *path,
						const struct noon_secret_tunnel *secret,
						bool is_initiator, uint64_t reserved,
						char ret_why[NOON_TUNNEL_WHY_MAX]);

#endif
