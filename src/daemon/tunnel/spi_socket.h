/* SPDX-License-Identifier: Apache-2.0
 *
 * SPIs of a tunnel for another program: the driver of a PHY or network card that stamps packets by
 * their SPI, say. A datagram to its Unix socket for each change, lines of text:
 *
 *     tunnel NAME
 *     out 0x8a1b2c3d
 *     out-ah 0x9e8d7c6b
 *     in 0x81234567
 *
 * `out-ah` with AH only; an `in` for each that may come, of ESP.
 */
#ifndef NOON_DAEMON_SPI_SOCKET_H
#define NOON_DAEMON_SPI_SOCKET_H

#include "link/tunnel_link.h"

struct noon_spi_socket {
	const char *tunnel; /**< name; borrowed */
	const char *path;   /**< borrowed */
	int fd;		    /**< -1: closed */
	bool is_failing;    /**< as last logged */
};

/** Open. Errors are logged. @retval NOON_OK, NOON_ERR_OS, NOON_ERR_LONG (the path) */
NOON_MUST_USE noon_err noon_spi_socket_open(struct noon_spi_socket *s, const char *tunnel,
					    const char *path);
/** Tell. Whether it cannot is logged when that changes; nothing waits for it. */
void noon_spi_socket_tell(struct noon_spi_socket *s, const struct noon_tunnel_spis *spis);
/** Close; closed is fine. */
void noon_spi_socket_close(struct noon_spi_socket *s);

#endif
