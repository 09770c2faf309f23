/* SPDX-License-Identifier: Apache-2.0
 *
 * The file mode that files of secrets must have.
 */
#ifndef NOON_STORE_KEY_MODE_H
#define NOON_STORE_KEY_MODE_H

#include <stddef.h>

#include "base/err.h"

/**
 * Refuse a file of secrets that others than its owner can read or change; a group may read it.
 * @param[out] ret_why  a sentence that names the file and the mode; untouched on NOON_OK
 * @param      n        bytes of ret_why
 * @retval NOON_OK        fit, or the file cannot be looked at: reading it will say why
 * @retval NOON_ERR_PERM
 */
NOON_MUST_USE noon_err noon_key_mode_check(const char *path, char *ret_why, size_t n);

#endif
