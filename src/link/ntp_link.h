/* SPDX-License-Identifier: Apache-2.0
 *
 * proto/ntp_client on a loop: a new UDP socket for each request, or a new port within a tunnel,
 * kernel stamps translated into the free-running time of a clock.
 */
#ifndef NOON_LINK_NTP_LINK_H
#define NOON_LINK_NTP_LINK_H

#include <stdbool.h>

#include "link/pump.h"
#include "link/stamp.h"
#include "link/tunnel_link.h"
#include "platform/clock/clock.h"
#include "platform/loop.h"
#include "platform/net/hwstamp.h"
#include "platform/net/udp.h"
#include "proto/ntp/ntp_client.h"

struct noon_ntp_link {
	struct noon_loop *loop;
	struct noon_clock *clock;
	const struct noon_hwstamp *hw;	 /**< NULL: stamps of the kernel only; set after init */
	struct noon_tunnel_link *tunnel; /**< NULL: none */
	struct noon_tunnel_user tunnel_user;
	uint16_t tunnel_port; /**< of the newest request; 0: none */
	struct noon_ntp_client client;
	struct noon_addr local;	    /**< of sockets, port 0; len 0: any; set after init */
	struct noon_addr peer;	    /**< len 0: not known yet, nothing is sent */
	struct noon_fd_watch watch; /**< of the newest request's socket; fd -1 when there is none */
	struct noon_timer timer;
	struct noon_stamping stamping; /**< of the newest socket */
	uint32_t token;		       /**< of the newest request */
	struct noon_instant sent;      /**< just before it left */
	struct noon_hwstamp_look card; /**< likewise */
	int last_sys;		       /**< errno of the last failed send, 0 when it succeeded */
	struct noon_pump pump;	       /**< of the client */
	/** How the owner executes the machine's actions; all must be set. */
	void (*on_sample)(void *arg, const struct noon_sample *s);
	void (*on_miss)(void *arg);
	void (*on_connect)(void *arg); /**< answer with set_session or ke_failed */
	void *arg;
};

/** Initialise; callbacks and arg must be set already. The first request is due when
 *  noon_ntp_link_start() is called. @retval NOON_OK, NOON_ERR_RANGE */
NOON_MUST_USE noon_err noon_ntp_link_init(struct noon_ntp_link *l, struct noon_loop *loop,
					  struct noon_clock *clock,
					  const struct noon_ntp_client_conf *conf);
/** Send through a tunnel, which is borrowed until fini; before start. @retval NOON_OK,
 *  NOON_ERR_FULL */
NOON_MUST_USE noon_err noon_ntp_link_open_tunnel(struct noon_ntp_link *l,
						 struct noon_tunnel_link *tunnel);
/** Set the peer and run the machine; may be called again to change the peer. */
void noon_ntp_link_start(struct noon_ntp_link *l, const struct noon_addr *peer);
/** Ask the machine again after its state was changed from outside. */
void noon_ntp_link_kick(struct noon_ntp_link *l);
/** The same, but not within this call: for callers in an event of another link. */
void noon_ntp_link_kick_soon(struct noon_ntp_link *l);
/** Drop the outstanding request: the free-running clock lost time since it was sent. */
void noon_ntp_link_forget(struct noon_ntp_link *l);
void noon_ntp_link_fini(struct noon_ntp_link *l);

#endif
