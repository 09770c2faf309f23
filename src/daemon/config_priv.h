/* SPDX-License-Identifier: Apache-2.0
 *
 * Between config.c, config_check.c and config_scan.c only.
 */
#ifndef NOON_DAEMON_CONFIG_PRIV_H
#define NOON_DAEMON_CONFIG_PRIV_H

#include <confuse.h>
#include <stdbool.h>

/** Install a check for every option, so that each bad value is reported with its line. */
void noon_config_set_checks(cfg_t *cfg);

/** Say whether every section, list, string and comment of a file is closed; the error is printed
 *  with the line where the open one begins. */
bool noon_config_is_whole(const char *path);

#endif
