/* SPDX-License-Identifier: Apache-2.0
 *
 * The control socket: a Unix domain stream, one JSON object per line each way.
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

#include "base/err.h"

struct noon_daemon;
struct noon_control;

/** Listen. Errors are logged. @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_control_new(const char *path, struct noon_daemon *d,
					struct noon_control **ret);
/** Close all and remove the socket; NULL is fine. */
void noon_control_free(struct noon_control *c);

#endif
