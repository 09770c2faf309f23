/* SPDX-License-Identifier: Apache-2.0
 *
 * The `status` of timing tunnels.
 */
#ifndef NOON_DAEMON_STATUS_TUNNEL_H
#define NOON_DAEMON_STATUS_TUNNEL_H

#include <jansson.h>

#include "daemon/tunnel/tunnels.h"

/** A key exchange. @param now  CLOCK_MONOTONIC */
json_t *noon_status_exchange(const struct noon_key_exchange *x, noon_time now);

/** A list of the tunnels. */
json_t *noon_status_tunnels(const struct noon_tunnels *t);

#endif
