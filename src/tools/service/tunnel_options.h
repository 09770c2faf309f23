/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of the verbs that ask through a timing tunnel.
 */
#ifndef NOON_TOOLS_TUNNEL_OPTIONS_H
#define NOON_TOOLS_TUNNEL_OPTIONS_H

#include "ask/asker.h"
#include "option/option.h"

/** Of struct noon_asker_tunnel. */
extern const struct noon_option noon_tunnel_rows[];

/** Their heading in --help. */
#define NOON_TUNNEL_HEADING "For ptp:// through a tunnel, as in noonmarkd.conf(5), TUNNELS:"

#endif
