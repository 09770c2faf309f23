/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of `noonmark tunnel`.
 */
#ifndef NOON_TOOLS_TUNNEL_H
#define NOON_TOOLS_TUNNEL_H

#include "tools/core/tool.h"

extern const struct noon_verb noon_tunnel_status_verb;
extern const struct noon_verb noon_tunnel_certificate_verb;

#endif
