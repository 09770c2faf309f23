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
#include "proto/ptp/ptp_port.h"

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
	uint8_t message; /**< its first byte */
	size_t n;
	noon_dur gap;		       /**< since the event message before; NOON_DUR_MAX: none */
	struct noon_hwstamp_look card; /**< likewise */
};

struct noon_ptp_link {
	struct noon_loop *loop;
	const struct noon_hwstamp *hw; /**< NULL: stamps of the kernel only */
	struct noon_ptp_sockets sockets;
	struct noon_tunnel_link *tunnel; /**< instead of the sockets; NULL: none */
	struct noon_tunnel_user tunnel_user;
	struct noon_peer only; /**< the one whose messages are taken; n 0: everybody */
	/** Of sockets: how long event messages took from the program to the edge and back; NULL:
	 * not wanted. */
	void (*on_edge)(void *arg, const struct noon_tunnel_edge *e);
	void *edge_arg;
	noon_time last_out; /**< CLOCK_MONOTONIC, of event messages; NEVER: none */
	noon_time last_in;
	struct noon_fd_watch event;
	struct noon_fd_watch general;
	size_t n_users;
	struct noon_ptp_user *user[NOON_PTP_LINK_USERS];
	struct noon_ptp_sent sent[NOON_PTP_LINK_SENT];
	uint32_t next_id;
	bool has_reading;
	struct noon_instant reading; /**< of noon_ptp_link_read() */
	size_t last_len[2];	     /**< bytes of the last Sync and Delay_Req, in a tunnel */
	struct noon_instant looked;  /**< when the sockets were last read */
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
/** Live in a tunnel, which is borrowed until close. @retval NOON_OK, NOON_ERR_FULL */
NOON_MUST_USE noon_err noon_ptp_link_open_tunnel(struct noon_ptp_link *l, struct noon_loop *loop,
						 struct noon_tunnel_link *tunnel);
/** Start receiving. @retval NOON_OK, NOON_ERR_* of the loop */
NOON_MUST_USE noon_err noon_ptp_link_start(struct noon_ptp_link *l);
/** Add a machine; borrowed until close. @retval NOON_OK, NOON_ERR_FULL */
NOON_MUST_USE noon_err noon_ptp_link_attach(struct noon_ptp_link *l, struct noon_ptp_user *user);
/** The reading that event messages sent from now on are stamped with is taken after `at`. */
void noon_ptp_link_read(struct noon_ptp_link *l, const struct noon_instant *at);
/** A message that is due within this is sent by the time that the machine looks. */
#define NOON_PTP_LINK_AT_ONCE NOON_US(100)

/** An event message will be sent at once: prepare its way, where that is wanted. */
void noon_ptp_link_warm_up(struct noon_ptp_link *l);
/** Return how the next event message of a type will leave, if it is sent now. */
struct noon_ptp_egress noon_ptp_link_egress(const struct noon_ptp_link *l, uint8_t type);
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
