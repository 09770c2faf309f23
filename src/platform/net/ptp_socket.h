/* SPDX-License-Identifier: Apache-2.0
 *
 * The two sockets of a PTP port: event messages (stamped both ways) and general ones. UDP on ports
 * 319 and 320 (IEEE 1588-2019, Annex C and D), or Ethernet, type 88f7 (Annex E), where all messages
 * come to the event socket and the general one only sends.
 */
#ifndef NOON_PLATFORM_PTP_SOCKET_H
#define NOON_PLATFORM_PTP_SOCKET_H

#include <net/if.h>
#include <stdbool.h>

#include "platform/net/udp.h"

struct noon_ptp_socket_conf {
	char interface[IFNAMSIZ]; /**< "" for none: unicast only, by routes */
	int family;		  /**< AF_INET, AF_INET6, or AF_PACKET for Ethernet */
	struct noon_addr address; /**< to bind to; len 0: any. With one: unicast only */
	bool multicast;		  /**< join the group; needs an interface */
	int ttl;		  /**< of multicast, 1..255 */
	uint16_t event_port;	  /**< 319 */
	uint16_t general_port;	  /**< 320 */
};

struct noon_ptp_sockets {
	int event;		/**< -1: closed */
	int general;		/**< -1: closed */
	struct noon_addr group; /**< len 0 without multicast */
	uint16_t event_port;
	uint16_t general_port;
	struct noon_stamping stamping; /**< of the event socket */
};

/**
 * Open, bind and join.
 *
 * @param[out] ret_why  what failed, static; untouched on NOON_OK
 * @param[out] ret_sys  errno, 0 if there is none
 * @retval NOON_OK, NOON_ERR_NOT_FOUND (no such interface), NOON_ERR_PERM, NOON_ERR_OS
 */
NOON_MUST_USE noon_err noon_ptp_sockets_open(const struct noon_ptp_socket_conf *conf,
					     struct noon_ptp_sockets *ret, const char **ret_why,
					     int *ret_sys);

/** Close; closed ones are fine. */
void noon_ptp_sockets_close(struct noon_ptp_sockets *s);

/** Restart the count of event datagrams at 0: after a failed send it is unknown whether it was
 * counted. */
void noon_ptp_sockets_recount(struct noon_ptp_sockets *s, bool hardware);

/** Return a clockIdentity for an interface: its EUI-48 with ff:fe in the middle (IEEE 1588-2019,
 *  7.5.2.2.2). @retval NOON_OK, NOON_ERR_NOT_FOUND (no such interface), NOON_ERR_EMPTY (no address)
 */
NOON_MUST_USE noon_err noon_ptp_interface_identity(const char *interface, uint8_t ret[8]);

#endif
