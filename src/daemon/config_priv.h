/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the config*.c files only.
 */
#ifndef NOON_DAEMON_CONFIG_PRIV_H
#define NOON_DAEMON_CONFIG_PRIV_H

#include <confuse.h>

#include "base/err.h"

/** Install a check for every option, so that each bad value is reported with its line. */
void noon_config_set_checks(cfg_t *cfg);

/** Check that a file can be read and that every section, list, string and comment of it is closed;
 *  the error is printed, with the line where the open one begins.
 *  @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_PERM, NOON_ERR_OS, NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_config_check_whole(const char *path);

/** Return the option of this section that is named most like `name`, NULL if none is near. */
const char *noon_config_nearest(const cfg_t *cfg, const char *name);

#endif
