/* SPDX-License-Identifier: Apache-2.0
 *
 * One key exchange of a tunnel over TCP: proto/tunnel/tunnel_ke on a connection, either end of it.
 */
#ifndef NOON_LINK_TUNNEL_KE_LINK_H
#define NOON_LINK_TUNNEL_KE_LINK_H

#include <stdbool.h>

#include "platform/net/tcp.h"
#include "proto/tunnel/tunnel_ke.h"

struct noon_tunnel_ke_host {
	/** The secret is there: for the end that answers, before the other one has the reply. */
	void (*on_result)(void *arg, const struct noon_tunnel_ke_result *result);
	/** It is over, with what outcome; the link is idle again and may be used again, or freed.
	 */
	void (*on_end)(void *arg, enum noon_ntske_outcome outcome, const char *why);
	void *arg;
};

struct noon_tunnel_ke_link {
	struct noon_loop *loop;
	struct noon_tunnel_ke_host host;
	struct noon_tunnel_ke_conf conf;
	bool busy;
	bool is_up;	/**< the machine runs */
	bool is_told;	/**< of the result */
	bool is_ending; /**< all is said; the peer is to read it */
	noon_time began;
	struct noon_tcp tcp;
	struct noon_timer timer;
	struct noon_tunnel_ke machine;
	struct noon_actions actions;
};

/**
 * Connect and ask; on_end() follows unless noon_tunnel_ke_link_stop() comes first.
 * @param conf   copied; what it borrows must live until the end
 * @param local  NULL: any
 * Must not be busy.
 */
void noon_tunnel_ke_link_ask(struct noon_tunnel_ke_link *l, struct noon_loop *loop,
			     const struct noon_tunnel_ke_conf *conf,
			     const struct noon_tunnel_ke_host *host, const struct noon_addr *local,
			     const struct noon_addr *peer);

/** Answer on a connection that was accepted, which is taken over. Otherwise as above. */
void noon_tunnel_ke_link_answer(struct noon_tunnel_ke_link *l, struct noon_loop *loop,
				const struct noon_tunnel_ke_conf *conf,
				const struct noon_tunnel_ke_host *host, int fd);

/** Stop without a callback, and wipe; idle is fine. */
void noon_tunnel_ke_link_stop(struct noon_tunnel_ke_link *l);

#endif
