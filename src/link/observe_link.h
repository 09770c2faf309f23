/* SPDX-License-Identifier: Apache-2.0
 *
 * A timing tunnel that somebody else manages: an IKE daemon with the kernel's IPsec, or with its
 * own behind a TUN device. Nothing is sealed or opened here, and nothing corrected.
 *
 * Packet sockets show what leaves and reaches the host. Where the inner address is on a TUN device
 * the stamps of its sockets are taken before encryption: what passes through that device is
 * matched with what is seen outside (proto/tunnel/observer), which tells what encryption takes.
 */
#ifndef NOON_LINK_OBSERVE_LINK_H
#define NOON_LINK_OBSERVE_LINK_H

#include <net/if.h>

#include "link/tunnel_link.h"
#include "platform/loop.h"
#include "platform/net/udp.h"
#include "proto/tunnel/observer.h"

/** Packets that were read and are not looked at yet. */
#define NOON_OBSERVE_PENDING 256

struct noon_observe_side {
	int fd; /**< -1: not watched */
	char device[IFNAMSIZ];
	struct noon_observed p[NOON_OBSERVE_PENDING]; /**< oldest first */
	size_t n;
};

struct noon_observe_conf {
	struct noon_addr local; /**< outer; len 0: that of the route to the other end */
	struct noon_addr peer;
	struct noon_addr inner_local;
	struct noon_addr inner_peer;
};

struct noon_observe_link {
	struct noon_loop *loop; /**< NULL: closed */
	struct noon_timer timer;
	struct noon_tunnel_host host; /**< on_edge and its arg */
	struct noon_observer observer;
	bool is_tun; /**< the inner address is on one */
	struct noon_observe_side outside;
	struct noon_observe_side inside;
	uint64_t n_dropped; /**< packets without a stamp, or too many at a time */
};

/**
 * Find the devices and watch them.
 * @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_PERM (needs CAP_NET_RAW), NOON_ERR_OS
 */
NOON_MUST_USE noon_err noon_observe_link_open(struct noon_observe_link *l, struct noon_loop *loop,
					      const struct noon_observe_conf *conf,
					      const struct noon_tunnel_host *host,
					      const char **ret_why, int *ret_sys);
void noon_observe_link_start(struct noon_observe_link *l);
/** Close; closed is fine. */
void noon_observe_link_close(struct noon_observe_link *l);

/** Tell whether packets went both ways within this time. */
bool noon_observe_link_is_up(const struct noon_observe_link *l, noon_dur within);

#endif
