/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark check client: a server that judges the client which uses it.
 */
#ifndef NOON_TOOLS_CHECK_CLIENT_H
#define NOON_TOOLS_CHECK_CLIENT_H

#include "tools/core/tool.h"

extern const struct noon_verb noon_check_client;

#endif
