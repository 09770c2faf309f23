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
#include "platform/loop.h"
#include "platform/net/raw_ip.h"
#include "proto/tunnel/tunnel.h"

#define NOON_TUNNEL_LINK_SENT 64 /**< packets whose stamps may still come */

/** A datagram that came out of the tunnel. */
struct noon_tunnel_arrival {
	const struct noon_tunnel_datagram *datagram; /**< borrowed for the call */
	struct noon_link_stamp stamp;		     /**< of the outer packet */
};

/** How long a packet took on one side of the edge. */
struct noon_tunnel_edge {
	bool inbound;
	uint8_t message; /**< first byte of the datagram: PTP's message type is its low half */
	size_t n;	 /**< bytes of the outer packet */
	noon_dur took;	 /**< outbound: left the host less handed over, t' - t; inbound: opened less
			  *   arrived, t2 - t2'; ns */
	noon_dur gap;	 /**< since the packet before on the same side; NOON_DUR_MAX: none */
};

struct noon_tunnel_user {
	void (*on_datagram)(void *arg, const struct noon_tunnel_arrival *a);
	void (*on_sent)(void *arg, uint32_t token, const struct noon_link_stamp *stamp);
	void *arg;
};

struct noon_tunnel_host {
	/** Reserve epochs on disk. @return false if that failed: they are not used then */
	bool (*reserve)(void *arg, uint64_t epoch);
	/** NULL: not wanted. */
	void (*on_edge)(void *arg, const struct noon_tunnel_edge *e);
	void *arg;
};

struct noon_tunnel_sent {
	bool used;
	bool wants_stamp; /**< of the user */
	uint32_t id;	  /**< the kernel's count */
	uint32_t token;
	uint8_t message;
	size_t n;
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
	const struct noon_tunnel_user *user; /**< borrowed; NULL: none */
	struct noon_tunnel_sent sent[NOON_TUNNEL_LINK_SENT];
	uint32_t next_id;
	uint32_t spi_set;     /**< that the filter has */
	noon_time reserve_at; /**< CLOCK_MONOTONIC: not asked again before, after a failure */
	struct noon_instant looked;
	noon_time last_out; /**< CLOCK_MONOTONIC, of packets of the user; NEVER: none */
	noon_time last_in;
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
};

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

/**
 * Send a datagram through the tunnel.
 * @param wants_stamp  its departure is told to the user, with the token
 * @retval NOON_OK, NOON_ERR_OS (counted), and as noon_tunnel_seal()
 */
NOON_MUST_USE noon_err noon_tunnel_link_send(struct noon_tunnel_link *l, const struct noon_udp *udp,
					     struct noon_bytes data, bool wants_stamp,
					     uint32_t token);

/** Close; fine after a failed open. */
void noon_tunnel_link_close(struct noon_tunnel_link *l);

#endif
