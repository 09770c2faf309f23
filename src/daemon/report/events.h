/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings and changes of state, kept for `status`; findings are logged as well.
 */
#ifndef NOON_DAEMON_EVENTS_H
#define NOON_DAEMON_EVENTS_H

#include <jansson.h>
#include <stddef.h>

#include "base/action.h"
#include "engine/clock/reading.h"

#define NOON_EVENTS_MAX 32

struct noon_event {
	int64_t real_ns; /**< CLOCK_REALTIME when it was seen */
	bool is_state;
	enum noon_state state;	     /**< if is_state: the new one */
	struct noon_finding finding; /**< otherwise */
	const char *who;	     /**< of what: a source, a receiver; "-" */
};

/** All zeros at the start. */
struct noon_events {
	size_t n; /**< in total; the ring holds the last ones */
	struct noon_event ring[NOON_EVENTS_MAX];
};

void noon_events_add_state(struct noon_events *e, enum noon_state state);

/** @param who  the source or receiver; must outlive the events */
void noon_events_add_finding(struct noon_events *e, const struct noon_finding *f, const char *who);

/** Return a list, the oldest first. */
json_t *noon_events_json(const struct noon_events *e);

#endif
