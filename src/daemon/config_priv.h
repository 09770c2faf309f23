/* SPDX-License-Identifier: Apache-2.0
 *
 * Between config.c and config_check.c only.
 */
#ifndef NOON_DAEMON_CONFIG_PRIV_H
#define NOON_DAEMON_CONFIG_PRIV_H

#include <confuse.h>

/** Install a check for every option, so that each bad value is reported with its line. */
void noon_config_set_checks(cfg_t *cfg);

#endif
