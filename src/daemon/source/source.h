/* SPDX-License-Identifier: Apache-2.0
 *
 * The configured sources of all protocols.
 */
#ifndef NOON_DAEMON_SOURCE_H
#define NOON_DAEMON_SOURCE_H

#include "daemon/source/source_ops.h"

/** Open sockets that need privileges, and read its baseline. Errors are logged.
 *  @param all  the configuration that has conf */
NOON_MUST_USE noon_err noon_daemon_source_open(struct noon_daemon_source *s,
					       const struct noon_config *all,
					       const struct noon_config_source *conf,
					       struct noon_ptp_ports *ports);
/** Initialise and start, after noon_daemon_source_open(). Errors are logged.
 *  @retval NOON_OK, NOON_ERR_* */
NOON_MUST_USE noon_err noon_daemon_source_start(struct noon_daemon_source *s,
						const struct noon_source_host *host);
/** The engine wants all sources soon: take the time of the next request from it. */
void noon_daemon_source_poll_soon(struct noon_daemon_source *s);
/** The machine was suspended, and the engine has dropped its data: poll again. */
void noon_daemon_source_woke(struct noon_daemon_source *s);
/** Once a second. */
void noon_daemon_source_tick(struct noon_daemon_source *s);
/** After each event: the state of the clock. */
void noon_daemon_source_tell(struct noon_daemon_source *s, const struct noon_reading *r);
/** Activate a new baseline; if it cannot be read the old one stays. */
void noon_daemon_source_reload(struct noon_daemon_source *s, const struct noon_config *all);
/** Save state for the next run. */
void noon_daemon_source_save(struct noon_daemon_source *s);
/** Release everything; fine after a failed open or start, and of zeros. */
void noon_daemon_source_fini(struct noon_daemon_source *s);

#endif
