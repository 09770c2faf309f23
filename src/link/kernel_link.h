/* SPDX-License-Identifier: Apache-2.0
 *
 * A timing tunnel whose packets the kernel seals and opens (ESP and AH by XFRM). The machine of
 * proto/tunnel owns the epochs; this gives the kernel the states that there have to be
 * (proto/tunnel/tunnel_plan), and policies by which the ports of the tunnel go through them or
 * nowhere.
 *
 * Its users have ordinary sockets on the inner addresses. The kernel stamps departures behind
 * encryption and arrivals before decryption, so that their stamps are the edges.
 *
 * Copies of packets of later epochs come to the raw socket of a noon_tunnel_link, whose machine
 * opens them and follows. Datagrams without meaning, out of a socket of its own, tell the other
 * end of an epoch that it has not answered to.
 */
#ifndef NOON_LINK_KERNEL_LINK_H
#define NOON_LINK_KERNEL_LINK_H

#include "link/tunnel_link.h"
#include "platform/net/xfrm.h"
#include "proto/tunnel/tunnel_plan.h"

/** Of a reqid of ours, the bits that tell what of a tunnel it is. */
#define NOON_KERNEL_REQID_PARTS 3U

struct noon_kernel_link_conf {
	struct noon_tunnel_link_conf link; /**< its machine is by_kernel */
	struct noon_addr inner_local;	   /**< of this host; its port means nothing */
	struct noon_addr inner_peer;
	uint32_t reqid; /**< of this tunnel and no other; the bits of the parts are 0 */
	uint32_t cell;	/**< inner packets are padded to so many bytes; 0: not */
};

struct noon_kernel_link {
	struct noon_tunnel_link *link; /**< borrowed: the machine, and copies of later epochs */
	struct noon_kernel_link_conf conf;
	struct noon_tunnel_host host; /**< of the owner */
	struct noon_xfrm xfrm;
	struct noon_tunnel_plan plan;
	struct noon_fd_watch changes; /**< of policies, by whomever; fd -1: closed */
	int nudge;		      /**< socket through the tunnel; -1: closed */
	noon_time polled;	      /**< CLOCK_MONOTONIC */
	const char *failing;	      /**< what the kernel refuses, static; NULL: nothing */
	int sys;		      /**< errno of that */
	uint64_t n_nudges;	      /**< datagrams without meaning */
	uint64_t n_lost;	      /**< associations that somebody else removed */
	uint64_t n_opened;  /**< times that policies were missing: their ports were open */
	uint32_t reqid_out; /**< that the outbound policies have */
	size_t n_stale;	    /**< states and policies of an earlier run, removed at the start */
};

/**
 * Try the kernel, remove what an earlier run left, and set the policies: from here on nothing
 * passes in the clear. Then open the link, with no association yet: noon_tunnel_link_start() gives
 * the kernel the first ones.
 * @param[out] ret_why  what failed, static; untouched on NOON_OK
 * @param[out] ret_sys  errno, 0 if there is none
 * @retval NOON_OK, NOON_ERR_UNSUPPORTED, NOON_ERR_PERM, and as noon_tunnel_link_open()
 */
NOON_MUST_USE noon_err noon_kernel_link_open(struct noon_kernel_link *k,
					     struct noon_tunnel_link *link, struct noon_loop *loop,
					     const struct noon_kernel_link_conf *conf,
					     const struct noon_tunnel_host *host,
					     struct noon_rng *rng, const char **ret_why,
					     int *ret_sys);

/** Remove states and policies, and close the link too; fine after a failed open. */
void noon_kernel_link_close(struct noon_kernel_link *k);

#endif
