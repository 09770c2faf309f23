/* SPDX-License-Identifier: Apache-2.0
 *
 * The control socket: a Unix domain stream, one JSON object per line in each direction.
 *
 *     {"command": "status"}            -> the object that `noonmark status --json` prints
 *     {"command": "step"}              -> {"ok": true} or {"ok": false, "error": "..."}
 *     {"command": "accept", "source": "HOST"}   HOST optional
 *     {"command": "reload-keys"}       the sa_files of PTP
 *     {"command": "version"}
 *
 * Limits: line length, connections, and time without a full line. The socket is mode 0660.
 */
#ifndef NOON_DAEMON_CONTROL_H
#define NOON_DAEMON_CONTROL_H

#include <jansson.h>

#include "base/err.h"
#include "platform/loop.h"

/** Implementation of the commands. */
struct noon_control_ops {
	/** Return a new object, NULL: no memory. */
	json_t *(*status)(void *arg);
	/** @retval NOON_OK, NOON_ERR_EMPTY (the time is not known yet), NOON_ERR_STATE (a finding
	 *  is active), others */
	noon_err (*step)(void *arg);
	/** @param name  of a source or a watched receiver; NULL: all.
	 *  @retval NOON_OK, NOON_ERR_NOT_FOUND */
	noon_err (*accept)(void *arg, const char *name);
	/** @retval NOON_OK, NOON_ERR_FORMAT (some file could not be read; its old keys stay in
	 *  force), NOON_ERR_EMPTY (there are none) */
	noon_err (*reload_keys)(void *arg);
};

struct noon_control;

/** Listen. Errors are logged. @param ops  borrowed, as is arg. @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_control_new(const char *path, struct noon_loop *loop,
					const struct noon_control_ops *ops, void *arg,
					struct noon_control **ret);
/** Close all and remove the socket; NULL is fine. */
void noon_control_free(struct noon_control *c);

#endif
