/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark check client: a server that judges the client pointed at it.
 */
#ifndef NOON_TOOLS_CHECK_CLIENT_H
#define NOON_TOOLS_CHECK_CLIENT_H

#include "tools/core/tool.h"

/** Run it; argv[0] is "client". @return an exit status */
int noon_check_client_run(const struct noon_verb *self, int argc, char **argv);

#endif
