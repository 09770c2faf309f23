/* SPDX-License-Identifier: Apache-2.0
 *
 * The sockets of a PTP port on a loop, shared by the machines that use them.
 *
 * A port may live in a timing tunnel instead (link/tunnel_link): then there are no sockets of its
 * own, and the stamps are those of the encrypted packets.
 *
 * A message of either socket is passed to every machine; each ignores the others'. Stamps are
 * passed as the kernel or the card gave them: the machines' owners translate them.
 */
#ifndef NOON_LINK_PTP_LINK_H
#define NOON_LINK_PTP_LINK_H

#include "base/action.h"
#include "link/stamp.h"
#include "link/tunnel_link.h"
#include "platform/clock/clock.h"
#include "platform/loop.h"
#include "platform/net/hwstamp.h"
#include "platform/net/ptp_socket.h"

#define NOON_PTP_LINK_USERS 20
#define NOON_PTP_LINK_SENT  64 /**< event messages whose stamps may still come */

/** A received message. */
struct noon_ptp_arrival {
	struct noon_bytes data; /**< borrowed for the call */
	struct noon_peer peer;	/**< sender, without its port */
	struct noon_link_stamp stamp;
};

/** The departure of an event message. */
struct noon_ptp_departure {
	uint32_t token;
	struct noon_link_stamp stamp;
};

/** A machine on the link. */
struct noon_ptp_user {
	void (*on_packet)(void *arg, const struct noon_ptp_arrival *a);
	void (*on_sent)(void *arg, const struct noon_ptp_departure *d);
	void *arg;
};

struct noon_ptp_sent {
	bool used;
	uint32_t id; /**< the kernel's count */
	uint32_t token;
	struct noon_ptp_user *user;
	struct noon_instant before;
	struct noon_hwstamp_look card; /**< likewise */
};

struct noon_ptp_link {
	struct noon_loop *loop;
	const struct noon_hwstamp *hw; /**< NULL: stamps of the kernel only */
	struct noon_ptp_sockets sockets;
	struct noon_tunnel_link *tunnel; /**< instead of the sockets; NULL: none */
	struct noon_tunnel_user tunnel_user;
	struct noon_fd_watch event;
	struct noon_fd_watch general;
	size_t n_users;
	struct noon_ptp_user *user[NOON_PTP_LINK_USERS];
	struct noon_ptp_sent sent[NOON_PTP_LINK_SENT];
	uint32_t next_id;
	struct noon_instant looked; /**< when the sockets were last read */
	struct noon_hwstamp_look card_looked;
	uint64_t n_sent;	    /**< event messages */
	uint64_t n_stamped;	    /**< of which the departure stamp is known */
	uint64_t n_arrived;	    /**< event messages */
	uint64_t n_arrived_stamped; /**< of which the arrival stamp is known */
	uint64_t n_failed;	    /**< sends */
	int last_sys;		    /**< errno of the last failed send, 0: none */
};

/** Open the sockets. @retval as noon_ptp_sockets_open() */
NOON_MUST_USE noon_err noon_ptp_link_open(struct noon_ptp_link *l, struct noon_loop *loop,
					  const struct noon_ptp_socket_conf *conf,
					  const struct noon_hwstamp *hw, const char **ret_why,
					  int *ret_sys);
/** Live in a tunnel, which is borrowed until close and carries nothing else. */
void noon_ptp_link_open_tunnel(struct noon_ptp_link *l, struct noon_loop *loop,
			       struct noon_tunnel_link *tunnel);
/** Start receiving. @retval NOON_OK, NOON_ERR_* of the loop */
NOON_MUST_USE noon_err noon_ptp_link_start(struct noon_ptp_link *l);
/** Add a machine; borrowed until close. @retval NOON_OK, NOON_ERR_FULL */
NOON_MUST_USE noon_err noon_ptp_link_attach(struct noon_ptp_link *l, struct noon_ptp_user *user);
/** Execute a SEND of a machine. The message's type selects the socket; peer n == 0 is the group. */
void noon_ptp_link_send(struct noon_ptp_link *l, struct noon_ptp_user *user,
			const struct noon_action *a);
/** Send a message out of the event socket to the group and report its departure: a test of the
 *  stamps. Without a group nothing is sent. */
void noon_ptp_link_probe(struct noon_ptp_link *l, struct noon_ptp_user *user,
			 const struct noon_action *a);
/** Close; fine after a failed open. */
void noon_ptp_link_close(struct noon_ptp_link *l);

/** Convert between addresses and the keys that machines see (without the port). */
struct noon_peer noon_ptp_peer_of(const struct noon_addr *a);
void noon_ptp_peer_addr(const struct noon_peer *peer, uint16_t port, struct noon_addr *ret);

#endif
