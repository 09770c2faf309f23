/* SPDX-License-Identifier: Apache-2.0
 *
 * What others are told after each event: the shared page and the snapshot of the servers.
 */
#ifndef NOON_DAEMON_PUBLISH_H
#define NOON_DAEMON_PUBLISH_H

#include "daemon/core/daemon.h"

/** Publish a reading that was just taken; it must hold until the next call, a tick away at most. */
void noon_publish(struct noon_daemon *d, const struct noon_reading *r);

/**
 * Tell whether time may be given to others, by a daemon with sources: it is certain, and the bound,
 * with what a faster path could hide, is within serve-limit. The state, which is about the alert
 * limit, does not matter; an assumption that is seen to be false does.
 *
 * @param r          taken just now
 * @param ret_until  an instant of h up to which that stays so; before r->h: it is not so
 */
bool noon_publish_may_serve(const struct noon_daemon *d, const struct noon_reading *r,
			    noon_time *ret_until);

#endif
