/* SPDX-License-Identifier: Apache-2.0
 *
 * The timing tunnels of the daemon: their sockets, keys, epochs on disk, and what is learned of the
 * edges.
 */
#ifndef NOON_DAEMON_TUNNELS_H
#define NOON_DAEMON_TUNNELS_H

#include "daemon/config/config.h"
#include "estimate/edge/edge_table.h"
#include "link/tunnel_link.h"

struct noon_daemon_tunnel {
	const struct noon_config_tunnel *conf; /**< borrowed */
	struct noon_tunnel_link link;
	struct noon_secret_tunnel secret;	/**< its digest binds the file of epochs to it */
	char epochs[NOON_CONFIG_PATH_MAX + 80]; /**< path */
	struct noon_edge_table *edges;		/**< owned */
	bool is_used;				/**< a section of PTP has it */
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
	size_t n;
	struct noon_daemon_tunnel *tunnel[NOON_CONFIG_TUNNELS_MAX];
};

/** Read keys and reserved epochs, and open the sockets, while privileged. Errors are logged; what
 *  was opened is closed by fini. @param conf  borrowed until fini */
NOON_MUST_USE noon_err noon_tunnels_open(struct noon_tunnels *t, const struct noon_config *conf);

/** Take a tunnel for a section, by its name. Errors are logged.
 *  @param section  for messages
 *  @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_STATE (another port has it) */
NOON_MUST_USE noon_err noon_tunnels_take(struct noon_tunnels *t, const char *name,
					 const char *section, struct noon_daemon_tunnel **ret);

/** Reserve the first epochs on disk and start. Errors are logged. */
NOON_MUST_USE noon_err noon_tunnels_start(struct noon_tunnels *t);

void noon_tunnels_fini(struct noon_tunnels *t);

#endif
