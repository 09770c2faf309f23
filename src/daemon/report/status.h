/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of the daemon as one JSON object: what `noonmark status --json` prints.
 */
#ifndef NOON_DAEMON_STATUS_H
#define NOON_DAEMON_STATUS_H

#include <jansson.h>

struct noon_daemon;

/** Make the object; the caller owns it. NULL: no memory. */
json_t *noon_status_json(struct noon_daemon *d);

#endif
