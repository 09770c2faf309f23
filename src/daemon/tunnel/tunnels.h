/* SPDX-License-Identifier: Apache-2.0
 *
 * The timing tunnels of the daemon: their sockets, keys, epochs on disk, and what is learned of the
 * edges.
 */
#ifndef NOON_DAEMON_TUNNELS_H
#define NOON_DAEMON_TUNNELS_H

#include "daemon/config/config.h"
#include "daemon/keys/tunnel_secrets.h"
#include "daemon/tunnel/spi_socket.h"
#include "daemon/tunnel/tunnel_ntp.h"
#include "estimate/edge/edge_table.h"
#include "link/kernel_link.h"
#include "link/observe_link.h"
#include "link/ptp_link.h"
#include "link/tunnel_link.h"

/** What a tunnel is for, one section each. */
enum noon_tunnel_use {
	NOON_TUNNEL_FOR_PTP,
	NOON_TUNNEL_FOR_NTP_CLIENT,
	NOON_TUNNEL_FOR_NTP_SERVER,
	NOON_TUNNEL_USES,
};

struct noon_daemon_tunnel {
	const struct noon_config_tunnel *conf; /**< borrowed */
	struct noon_tunnel_link link;
	struct noon_tunnel_ntp ntp;	    /**< server within it; zero: none */
	struct noon_spi_socket spis;	    /**< with spi-socket */
	struct noon_tunnel_secrets secrets; /**< zero: the secret is configured */
	uint64_t opened_told;
	struct noon_kernel_link kernel;		/**< where the kernel seals */
	const char *kernel_told;		/**< failure that was logged; NULL: none */
	uint64_t lost_told;			/**< losses that were logged */
	struct noon_observe_link observed;	/**< where others seal */
	const struct noon_ptp_link *port;	/**< of PTP, if it has sockets of its own */
	struct noon_secret_tunnel secret;	/**< its digest binds the file of epochs to it */
	char epochs[NOON_CONFIG_PATH_MAX + 80]; /**< path */
	struct noon_edge_table *edges;		/**< owned */
	struct noon_edge_estimate egress;	/**< of the last event message that was asked for */
	bool is_used[NOON_TUNNEL_USES];		/**< a section has it for that */
	bool was_up;				/**< as last logged */
	bool silence_told;			/**< it was logged that nothing ever came */
	bool reserve_failed;			/**< as last logged */
	uint64_t n_failed;			/**< sends that had failed a moment ago */
	bool was_failing;			/**< as last logged */
	bool was_refused;			/**< that a datagram was has been logged */
	struct noon_timer watch;
};

struct noon_tunnels {
	struct noon_loop *loop;
	struct noon_rng *rng;
	struct noon_key_exchanges *exchanges; /**< borrowed */
	size_t n;
	struct noon_daemon_tunnel *tunnel[NOON_CONFIG_TUNNELS_MAX];
};

/** Read keys and reserved epochs, and open the sockets, while privileged; loop, rng and exchanges
 *  must be set. Errors are logged; what was opened is closed by fini. @param conf  borrowed until
 *  fini */
NOON_MUST_USE noon_err noon_tunnels_open(struct noon_tunnels *t, const struct noon_config *conf);

/** Take a tunnel for a section, by its name. Errors are logged.
 *  @param section  for messages
 *  @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_STATE (another section has it for that) */
NOON_MUST_USE noon_err noon_tunnels_take(struct noon_tunnels *t, const char *name,
					 enum noon_tunnel_use use, const char *section,
					 struct noon_daemon_tunnel **ret);

/** Serve NTP in the tunnels that the section server names. Errors are logged. */
NOON_MUST_USE noon_err noon_tunnels_serve_ntp(struct noon_tunnels *t,
					      const struct noon_config_server *conf,
					      struct noon_served *served);

/** Take a measurement of an edge. @param arg  the tunnel */
void noon_tunnels_on_edge(void *arg, const struct noon_tunnel_edge *e);

/** Reserve the first epochs on disk and start. Errors are logged. */
NOON_MUST_USE noon_err noon_tunnels_start(struct noon_tunnels *t);

void noon_tunnels_fini(struct noon_tunnels *t);

#endif
