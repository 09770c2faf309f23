/* SPDX-License-Identifier: Apache-2.0
 *
 * The configured sources, whatever they speak.
 */
#ifndef NOON_DAEMON_SOURCE_H
#define NOON_DAEMON_SOURCE_H

#include "daemon/source/source_ops.h"

/** Open what needs privileges, and read its baseline. Errors are logged.
 *  @param all  the configuration that has conf */
NOON_MUST_USE noon_err noon_daemon_source_open(struct noon_daemon_source *s,
					       const struct noon_config *all,
					       const struct noon_config_source *conf,
					       struct noon_ptp_ports *ports);
/** Set up and start, after noon_daemon_source_open(). Errors are logged.
 *  @retval NOON_OK, NOON_ERR_* */
NOON_MUST_USE noon_err noon_daemon_source_start(struct noon_daemon_source *s,
						const struct noon_source_host *host);
/** The engine wants all sources soon: take its word for when the next request goes out. */
void noon_daemon_source_poll_soon(struct noon_daemon_source *s);
/** The machine slept, and the engine has forgotten: ask again. */
void noon_daemon_source_woke(struct noon_daemon_source *s);
/** Once a second. */
void noon_daemon_source_tick(struct noon_daemon_source *s);
/** After each event: what the clock shows and what is known of it. */
void noon_daemon_source_tell(struct noon_daemon_source *s, const struct noon_reading *r);
/** Put a new baseline into force; one that cannot be read leaves the old one. */
void noon_daemon_source_reload(struct noon_daemon_source *s, const struct noon_config *all);
/** Save what the next run can use. */
void noon_daemon_source_save(struct noon_daemon_source *s);
/** Release everything; fine after a failed open or start, and of zeros. */
void noon_daemon_source_fini(struct noon_daemon_source *s);

#endif
