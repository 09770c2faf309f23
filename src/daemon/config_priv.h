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

#endif
