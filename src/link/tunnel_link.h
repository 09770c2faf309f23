/* SPDX-License-Identifier: Apache-2.0
 *
 * A timing tunnel on its socket: the machine of proto/tunnel, ESP and AH in user space, the
 * kernel's stamps of outer packets.
 *
 * The stamps that its user gets are the edges: when an encrypted packet arrived or left. Encryption
 * and decryption, which take a different time with each packet, lie between them and the machine
 * and are in none of them.
 */
#ifndef NOON_LINK_TUNNEL_LINK_H
#define NOON_LINK_TUNNEL_LINK_H

#include "link/stamp.h"
#include "link/tunnel_correction.h"
#include "platform/loop.h"
#include "platform/net/raw_ip.h"
#include "proto/tunnel/tunnel.h"

/** Of outer and inner packets: expedited forwarding, as event messages of PTP have. */
#define NOON_TUNNEL_LINK_TOS (46 << 2)
#define NOON_TUNNEL_LINK_TTL 64

#define NOON_TUNNEL_LINK_SENT  64 /**< packets whose stamps may still come */
#define NOON_TUNNEL_LINK_USERS 3  /**< PTP, a client and a server of NTP */

/** A datagram that came out of the tunnel. */
struct noon_tunnel_arrival {
	const struct noon_tunnel_datagram *datagram; /**< borrowed for the call */
	struct noon_link_stamp stamp;		     /**< of the outer packet */
};

/** How long a packet took on one side of the edge. */
struct noon_tunnel_edge {
	bool inbound;
	uint8_t message; /**< first byte of the datagram: PTP's message type is its low half */
	size_t n;	 /**< bytes of the datagram: known before padding is drawn, whose length
			  *   takes no time to speak of */
	noon_dur took;	 /**< outbound: left the host less handed over, t' - t; inbound: opened less
			  *   arrived, t2 - t2'; ns */
	noon_dur gap;	 /**< since the packet before on the same side; NOON_DUR_MAX: none */
};

struct noon_tunnel_user {
	/** Tell whether a datagram of these ports is for this user. */
	bool (*takes)(void *arg, const struct noon_udp *udp);
	void (*on_datagram)(void *arg, const struct noon_tunnel_arrival *a);
	void (*on_sent)(void *arg, uint32_t token, const struct noon_link_stamp *stamp);
	void *arg;
};

/** A datagram for the tunnel. */
struct noon_tunnel_message {
	const struct noon_tunnel_user *user; /**< whose it is */
	struct noon_udp udp;
	struct noon_bytes data;
	const struct noon_instant *handed; /**< t, the instant that its stamp names; NULL: now */
	bool wants_stamp;		   /**< its departure is told to the user, with the token */
	uint32_t token;
};

/** SPIs of a tunnel. */
struct noon_tunnel_spis {
	uint32_t out;	 /**< of ESP; 0: none yet */
	uint32_t out_ah; /**< of AH around it; 0: there is none */
	size_t n;	 /**< inbound ones of ESP, in use and to come */
	uint32_t in[NOON_TUNNEL_SPIS_MAX];
};

struct noon_tunnel_host {
	/**
	 * SPIs have changed: for what stamps packets further out, a PHY or a program in the kernel
	 * that knows its packets by SPI. Called before the first packet leaves with a new one, and
	 * before the other end may use one; whoever is told has to have it when this returns.
	 * Packets wait meanwhile. NULL: not wanted.
	 */
	void (*on_spis)(void *arg, const struct noon_tunnel_spis *s);
	/** Reserve epochs on disk. @return false if that failed: they are not used then */
	bool (*reserve)(void *arg, uint64_t epoch);
	/** After each call of the machine; NULL: not wanted. */
	void (*on_settled)(void *arg);
	/** NULL: not wanted. */
	void (*on_edge)(void *arg, const struct noon_tunnel_edge *e);
	/** Return what a departure is estimated to take, `took` of it being unknown, ns, >= 0; 0:
	 *  nothing is known. NULL: nothing ever is. */
	noon_dur (*estimate)(void *arg, const struct noon_tunnel_edge *e);
	void *arg;
};

struct noon_tunnel_sent {
	bool used;
	bool wants_stamp; /**< of the user */
	uint32_t id;	  /**< the kernel's count */
	const struct noon_tunnel_user *user;
	uint32_t token;
	uint8_t message;
	size_t n; /**< bytes of the datagram */
	noon_dur gap;
	struct noon_instant handed; /**< t */
};

struct noon_tunnel_link {
	struct noon_loop *loop;
	struct noon_tunnel machine;
	struct noon_raw_ip raw;
	struct noon_addr peer; /**< where outer packets go; UDP: learned from authentic ones */
	struct noon_fd_watch watch;
	struct noon_timer timer;
	struct noon_tunnel_host host;
	const struct noon_tunnel_user *user[NOON_TUNNEL_LINK_USERS]; /**< borrowed; NULL: none */
	struct noon_tunnel_sent sent[NOON_TUNNEL_LINK_SENT];
	uint32_t next_id;
	uint32_t spi_set;  /**< that the filter has */
	uint32_t told_set; /**< that the host was told of */
	uint32_t told_out;
	noon_time reserve_at; /**< CLOCK_MONOTONIC: not asked again before, after a failure */
	struct noon_instant looked;
	noon_time last_out; /**< CLOCK_MONOTONIC, of packets of any kind; NEVER: none */
	noon_time last_in;
	enum noon_tunnel_correction correction; /**< as wanted */
	bool warm_up;
	struct noon_tunnel_stamping stamping;
	struct noon_actions actions;
	uint8_t in[NOON_IP6_HEADER_LEN + NOON_TUNNEL_PACKET_MAX]; /**< received, with room before */
	uint8_t opened[NOON_TUNNEL_PACKET_MAX];
	uint64_t n_sent;    /**< datagrams with a stamp wanted */
	uint64_t n_stamped; /**< of which it came */
	uint64_t n_arrived;
	uint64_t n_arrived_stamped;
	uint64_t n_failed; /**< sends */
	int last_sys;	   /**< errno of the last failed send, 0: none */
	size_t last_size;  /**< bytes of its outer packet */
};

struct noon_tunnel_link_conf {
	struct noon_tunnel_conf machine;
	struct noon_addr local; /**< len 0: any; UDP only */
	struct noon_addr peer;	/**< with its port; UDP: len 0 to learn it */
	int family;
	enum noon_tunnel_correction correction;
	bool warm_up; /**< a cover packet goes ahead of each event message */
};

/** How the next event message will leave. */
struct noon_tunnel_egress {
	bool unstamped; /**< its stamp, if one comes, is for the estimate alone */
	noon_dur later; /**< estimated t' - t, ns; 0: nothing is known, or it is not wanted */
};

/** Set version and addresses of a header; ports mean nothing. */
void noon_tunnel_link_addresses(struct noon_ip *ip, const struct noon_addr *from,
				const struct noon_addr *to);

/**
 * Open the socket and begin the machine.
 * @param[out] ret_why  what failed, static; untouched on NOON_OK
 * @param[out] ret_sys  errno, 0 if there is none
 * @retval NOON_OK, NOON_ERR_RANGE (configuration), NOON_ERR_PERM, NOON_ERR_OS, NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_tunnel_link_open(struct noon_tunnel_link *l, struct noon_loop *loop,
					     const struct noon_tunnel_link_conf *conf,
					     const struct noon_tunnel_host *host,
					     struct noon_rng *rng, const char **ret_why,
					     int *ret_sys);
/** Start receiving. @retval NOON_OK, NOON_ERR_* of the loop */
NOON_MUST_USE noon_err noon_tunnel_link_start(struct noon_tunnel_link *l);

/** Add a user, borrowed until detached. @retval NOON_OK, NOON_ERR_FULL */
NOON_MUST_USE noon_err noon_tunnel_link_attach(struct noon_tunnel_link *l,
					       const struct noon_tunnel_user *user);
/** Remove a user; one that is not there is fine. */
void noon_tunnel_link_detach(struct noon_tunnel_link *l, const struct noon_tunnel_user *user);

/**
 * Send a cover packet ahead of an event message that is to be sent at once, where that is wanted.
 * It finds the caches cold, so that the message does not: t' - t is a tenth of what it is
 * otherwise, and varies as little. What encrypts and sends has to be warm, the kernel's part
 * included; a seal into memory alone takes a fifth away (docs/tunnel.md).
 */
void noon_tunnel_link_warm_up(struct noon_tunnel_link *l);

/** Return how an event message would leave now.
 *  @param message  its first byte
 *  @param n        bytes of it */
struct noon_tunnel_egress noon_tunnel_link_egress(const struct noon_tunnel_link *l, uint8_t message,
						  size_t n);

/**
 * Send a datagram through the tunnel.
 * @retval NOON_OK, NOON_ERR_OS (counted), and as noon_tunnel_seal()
 */
NOON_MUST_USE noon_err noon_tunnel_link_send(struct noon_tunnel_link *l,
					     const struct noon_tunnel_message *m);

/** After a call of the machine that is not one of these: its filter and its timer follow. */
void noon_tunnel_link_settle(struct noon_tunnel_link *l);

/** Close; fine after a failed open. */
void noon_tunnel_link_close(struct noon_tunnel_link *l);

#endif
