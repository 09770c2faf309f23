/* SPDX-License-Identifier: Apache-2.0
 *
 * What others are told after each event: the shared page and the snapshot of the servers.
 */
#ifndef NOON_DAEMON_PUBLISH_H
#define NOON_DAEMON_PUBLISH_H

#include "daemon/daemon.h"

/** Publish a reading that was just taken; it must hold until the next call, a tick away at most. */
void noon_publish(struct noon_daemon *d, const struct noon_reading *r);

#endif
