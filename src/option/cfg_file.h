/* SPDX-License-Identifier: Apache-2.0
 *
 * What reading any configuration file with libConfuse needs besides: complete files only, and
 * errors that name file, line and the option that was probably meant.
 */
#ifndef NOON_OPTION_CFG_FILE_H
#define NOON_OPTION_CFG_FILE_H

#include <confuse.h>
#include <stdarg.h>

#include "base/err.h"

/** Check that a file can be read and that every section, list, string and comment of it is closed;
 *  the error is printed, with the line where the open one begins.
 *  @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_PERM, NOON_ERR_OS, NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_cfg_check_whole(const char *path);

/** Print an error of libConfuse as "file:line: text"; for cfg_set_error_function(). */
__attribute__((format(printf, 2, 0))) void noon_cfg_error(cfg_t *cfg, const char *format,
							  va_list ap);

#endif
