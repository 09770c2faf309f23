/* SPDX-License-Identifier: Apache-2.0
 *
 * The daemon: one clock, one engine, sources and services on one loop.
 */
#ifndef NOON_DAEMON_DAEMON_H
#define NOON_DAEMON_DAEMON_H

#include "base/err.h"
#include "daemon/config/config.h"
#include "platform/loop.h"

struct noon_daemon;

/**
 * Build everything and open all sockets and files. Errors are logged.
 * @param      conf  copied
 * @param[out] ret   to be freed with noon_daemon_free(); NULL on failure
 */
NOON_MUST_USE noon_err noon_daemon_new(const struct noon_config *conf,
				       enum noon_loop_backend backend, struct noon_daemon **ret);
/** Start threads, sources and timers; after privileges were dropped. */
NOON_MUST_USE noon_err noon_daemon_start(struct noon_daemon *d);
/** Save state and release everything; NULL is fine. */
void noon_daemon_free(struct noon_daemon *d);

/** Return the loop that everything runs on. */
struct noon_loop *noon_daemon_loop(struct noon_daemon *d);

/** Return the kind of the clock ("virtual"); static. */
const char *noon_daemon_clock_name(const struct noon_daemon *d);

/** SIGHUP: reload certificate and key, baselines (this activates a new one), and the keys of
 *  PTP. */
void noon_daemon_reload(struct noon_daemon *d);

#endif
