/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of the daemon as one JSON object: what `noonmark status --json` prints.
 */
#ifndef NOON_DAEMON_STATUS_H
#define NOON_DAEMON_STATUS_H

#include <jansson.h>

#include "daemon/report/events.h"
#include "daemon/report/limits.h"
#include "daemon/serve/services.h"
#include "daemon/source/source_ops.h"
#include "engine/engine.h"
#include "platform/clock/clock.h"

/** Input of the status, at one moment. All borrowed. */
struct noon_status_input {
	struct noon_limits_input limits; /**< with configuration and reading */
	struct noon_clock *clock;
	const struct noon_engine *engine;
	const struct noon_daemon_source *source; /**< source[conf->n_sources] */
	struct noon_services *services;
	const struct noon_events *events;
};

/** Make the object; the caller owns it. NULL: no memory. */
json_t *noon_status_json(const struct noon_status_input *in);

#endif
