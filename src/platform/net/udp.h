/* SPDX-License-Identifier: Apache-2.0
 *
 * UDP sockets with kernel timestamps (SO_TIMESTAMPING), one datagram per call.
 *
 * Plain socket types, fcntl() for flags, sendmsg() and recvmsg() only: the rules that let a
 * daemon run under a preloaded simulator. Stamps are CLOCK_REALTIME as the kernel gives them.
 */
#ifndef NOON_PLATFORM_UDP_H
#define NOON_PLATFORM_UDP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/sample.h"

/** An IPv4 or IPv6 address with its port. */
struct noon_addr {
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} u;
	socklen_t len; /**< 0: none */
};

/** Parse "1.2.3.4:123", "[::1]:123", "1.2.3.4" or "::1" (then `port`); no names.
 *  @retval NOON_OK, NOON_ERR_FORMAT, NOON_ERR_RANGE (port) */
NOON_MUST_USE noon_err noon_addr_parse(const char *text, uint16_t port, struct noon_addr *ret);
/** Write "1.2.3.4:123" or "[::1]:123"; n >= 64 is always enough. */
void noon_addr_format(const struct noon_addr *a, char *out, size_t n);
/** Write the address without its port. */
void noon_addr_format_host(const struct noon_addr *a, char *out, size_t n);
uint16_t noon_addr_port(const struct noon_addr *a);
void noon_addr_set_port(struct noon_addr *a, uint16_t port);
bool noon_addr_equal(const struct noon_addr *a, const struct noon_addr *b);

/** Return the key by which rate limits count a client: its IPv4 address, or its IPv6 /64, since a
 * host may use any address in that. Borrowed from a; empty without an address. */
struct noon_bytes noon_addr_network(const struct noon_addr *a);

/** Reference identifier of a server at this address (RFC 5905, section 7.3): the IPv4 address, or
 *  a hash of the IPv6 address (not the RFC's MD5: it only serves to tell servers apart). */
uint32_t noon_addr_ref_id(const struct noon_addr *a);

/** Resolve a name or address by getaddrinfo (blocks). At most n results, port set.
 *  @param why  on failure: text of the resolver, static
 *  @retval NOON_OK, NOON_ERR_NOT_FOUND */
NOON_MUST_USE noon_err noon_addr_resolve(const char *host, uint16_t port, int family,
					 struct noon_addr *ret, size_t n, size_t *ret_n,
					 const char **why);

/** Stamps that a socket delivers. */
struct noon_stamping {
	bool rx; /**< kernel receive stamps */
	bool tx; /**< kernel transmit stamps through the error queue */
};

/** Open a bound socket (a server's); requests receive stamps and the local address. `reuse_port`
 *  shares the port among threads. ret_stamping NULL: no stamps. *ret_sys is errno on failure.
 *  @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_udp_bind(const struct noon_addr *local, bool reuse_port, int *ret_fd,
				     struct noon_stamping *ret_stamping, int *ret_sys);
/** Open a socket connected to a peer from a new random port; requests both stamps.
 *  @param local         address to send from, or NULL
 *  @param ret_stamping  NULL: no stamps (they would have to be read from the error queue) */
NOON_MUST_USE noon_err noon_udp_connect(const struct noon_addr *peer, const struct noon_addr *local,
					int *ret_fd, struct noon_stamping *ret_stamping,
					int *ret_sys);

struct noon_datagram {
	size_t n;		/**< bytes in the buffer */
	struct noon_addr peer;	/**< sender */
	struct noon_addr local; /**< address it was sent to, port 0; len 0 if unknown */
	int64_t stamp_ns;	/**< CLOCK_REALTIME, or the card's clock if stamp is
				 *   NOON_STAMP_HARDWARE; nothing if it is NOON_STAMP_USER */
	enum noon_stamp stamp;
	bool truncated;
};

/** Receive one datagram without blocking.
 *  @retval NOON_OK, NOON_ERR_EMPTY (none waiting), NOON_ERR_OS (e.g. refused by the peer) */
NOON_MUST_USE noon_err noon_udp_recv(int fd, uint8_t *buf, size_t cap, struct noon_datagram *ret);

/** Fetch a transmit stamp from the error queue. `ret_id` counts datagrams sent, from 0.
 *  @retval NOON_OK, NOON_ERR_EMPTY */
NOON_MUST_USE noon_err noon_udp_recv_sent(int fd, uint32_t *ret_id, int64_t *ret_ns,
					  enum noon_stamp *ret_stamp);

/** Send one datagram. `peer` NULL on a connected socket; `local` NULL or the source address.
 *  @retval NOON_OK, NOON_ERR_OS (errno is set) */
NOON_MUST_USE noon_err noon_udp_send(int fd, struct noon_bytes data, const struct noon_addr *peer,
				     const struct noon_addr *local);

/** Extract the best stamp from the control messages of one received message. A hardware stamp is on
 *  the card's time scale: translate it with noon_hwstamp_to_real(). */
bool noon_stamp_of(struct msghdr *msg, int64_t *ret_ns, enum noon_stamp *ret_kind);
/** Extract the destination address from the control messages. */
void noon_local_of(struct msghdr *msg, struct noon_addr *ret);

/** Add a control message that makes a datagram leave from `local`; none if its len is 0.
 *  `buf` must stay in place until the message was sent. */
void noon_local_put(struct msghdr *msg, void *buf, size_t cap, const struct noon_addr *local);

/** Set O_NONBLOCK and FD_CLOEXEC by fcntl(). */
NOON_MUST_USE noon_err noon_fd_prepare(int fd);

#endif
