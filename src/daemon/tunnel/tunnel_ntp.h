/* SPDX-License-Identifier: Apache-2.0
 *
 * The NTP server within a tunnel: requests that came out of it are answered into it. The tunnel has
 * authenticated them, and there is one client, so that there are neither NTS nor a rate limit.
 */
#ifndef NOON_DAEMON_TUNNEL_NTP_H
#define NOON_DAEMON_TUNNEL_NTP_H

#include "daemon/serve/served.h"
#include "link/tunnel_link.h"
#include "proto/ntp/ntp_server.h"

struct noon_tunnel_ntp {
	struct noon_tunnel_link *link; /**< borrowed; NULL: closed */
	struct noon_tunnel_user user;
	struct noon_served *served; /**< borrowed */
	struct noon_ntp_server server;
};

/** Begin to answer. All three are borrowed until close.
 *  @retval NOON_OK, NOON_ERR_FULL, NOON_ERR_CRYPTO */
NOON_MUST_USE noon_err noon_tunnel_ntp_open(struct noon_tunnel_ntp *n,
					    struct noon_tunnel_link *link,
					    struct noon_served *served, struct noon_rng *rng);
/** Zeroed is fine. */
void noon_tunnel_ntp_close(struct noon_tunnel_ntp *n);

#endif
