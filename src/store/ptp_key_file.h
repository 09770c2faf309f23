/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of security associations: read, checked, wiped.
 */
#ifndef NOON_STORE_PTP_KEY_FILE_H
#define NOON_STORE_PTP_KEY_FILE_H

#include "proto/ptp/ptp_keys.h"

#define NOON_PTP_KEY_WHY_MAX 640

/**
 * Read a file. Others than its owner must not be able to read it, but for a group that cannot
 * write.
 *
 * @param[out] ret      to be closed with noon_ptp_keys_fini(); untouched unless NOON_OK
 * @param[out] ret_why  a sentence that names the file, the line and what was expected
 * @retval NOON_OK
 * @retval NOON_ERR_PERM  mode, or it cannot be opened
 * @retval others         it cannot be read, or is no such file
 */
NOON_MUST_USE noon_err noon_ptp_key_file_read(const char *path, struct noon_ptp_keys *ret,
					      char ret_why[NOON_PTP_KEY_WHY_MAX]);

/** Look whether keys have what a policy seals with. @retval NOON_OK, NOON_ERR_NOT_FOUND */
NOON_MUST_USE noon_err noon_ptp_key_file_check(const char *path, struct noon_ptp_keys *keys,
					       uint8_t spp, uint32_t key_id,
					       char ret_why[NOON_PTP_KEY_WHY_MAX]);

#endif
