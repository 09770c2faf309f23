/* SPDX-License-Identifier: Apache-2.0
 *
 * Packets that leave and reach a network device, with the kernel's stamps, as its packet sockets
 * show them. They are read with noon_udp_recv(), from their IP header on.
 */
#ifndef NOON_PLATFORM_WITNESS_H
#define NOON_PLATFORM_WITNESS_H

#include <net/if.h>

#include "platform/net/udp.h"

/** Find the device that has an address of this host. @retval NOON_OK, NOON_ERR_NOT_FOUND */
NOON_MUST_USE noon_err noon_device_of(const struct noon_addr *address, char ret[IFNAMSIZ]);

/** Find the address that this host sends to `peer` from; its port is 0.
 *  @retval NOON_OK, NOON_ERR_OS (no route) */
NOON_MUST_USE noon_err noon_source_to(const struct noon_addr *peer, struct noon_addr *ret);

/** Tell whether a program reads what a device sends, and writes what it receives (TUN): what that
 *  program does to packets comes after their stamps. */
bool noon_device_is_tun(const char *device);

/**
 * Open.
 * @param family     AF_INET or AF_INET6: packets of the other are not seen
 * @param only_ipsec packets of ESP and AH, and of UDP from or to port 4500, and no others
 * @param ret_fd     close() ends it
 * @param ret_why    what failed, static; untouched on NOON_OK
 * @param ret_sys    errno
 * @retval NOON_OK, NOON_ERR_PERM (needs CAP_NET_RAW), NOON_ERR_OS
 */
NOON_MUST_USE noon_err noon_witness_open(const char *device, int family, bool only_ipsec,
					 int *ret_fd, const char **ret_why, int *ret_sys);

#endif
