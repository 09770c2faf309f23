/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths of a run's tokens.
 */
#ifndef NOON_TOOLS_STAMP_OUTPUT_H
#define NOON_TOOLS_STAMP_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/stamp/stamper.h"

/** Name the token of authority i for a file. @return false if the name is too long */
NOON_MUST_USE bool noon_stamp_output_name(const struct noon_stamper_conf *conf, const char *file,
					  size_t i, char out[NOON_STAMPER_PATH_MAX]);

/**
 * Check that no token of a run would replace another one, or a file to be stamped: the same name in
 * the same directory, by any path; a link counts as its target.
 * @param[out] ret_why  which, a clause
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  two are the same
 * @retval NOON_ERR_OS     out of memory
 */
NOON_MUST_USE noon_err noon_stamp_output_check(const struct noon_stamper_conf *conf,
					       char *const *files, size_t n,
					       struct noon_ts_why *ret_why);

#endif
