/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets of a tunnel from key exchanges.
 */
#ifndef NOON_DAEMON_TUNNEL_SECRETS_H
#define NOON_DAEMON_TUNNEL_SECRETS_H

#include "daemon/keys/key_exchange.h"
#include "link/tunnel_link.h"

struct noon_tunnel_secrets {
	const struct noon_config_tunnel *conf; /**< borrowed */
	struct noon_tunnel_link *link;	       /**< borrowed */
	struct noon_key_exchange *exchange;    /**< borrowed; NULL: the secret is configured */
	struct noon_tunnel_ke_form form;       /**< of this end, for an answer */
};

/** Exchange the secrets of a tunnel. Errors are logged. @param conf  borrowed, with link */
NOON_MUST_USE noon_err noon_tunnel_secrets_open(struct noon_tunnel_secrets *s,
						const struct noon_config_tunnel *conf,
						struct noon_tunnel_link *link,
						struct noon_key_exchanges *exchanges);

#endif
