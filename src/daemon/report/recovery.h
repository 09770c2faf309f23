/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine's conclusion from a contradiction, in the log, in the status and for the hook.
 */
#ifndef NOON_DAEMON_RECOVERY_H
#define NOON_DAEMON_RECOVERY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "engine/engine.h"

/** What has been logged of the active contradiction, so that packets do not cause a line each: each
 *  cause is named once, however often the sources change. */
struct noon_recovery_told {
	uint32_t causes; /**< bit per cause */
	bool open;
};

/**
 * Log what is new.
 * @param[in,out] told  zeros at the start
 * @return whether a cause was named: the hook is run
 */
bool noon_recovery_log(struct noon_recovery_told *told, const struct noon_recovery_report *r,
		       noon_freq configured);

/** Write one sentence: the conclusion, and what ends it. Nothing when none is active. */
void noon_recovery_text(const struct noon_recovery_report *r, char *buf, size_t size);

/** Return the object for the status; NULL when out of memory. */
json_t *noon_recovery_json(const struct noon_recovery_report *r);

#endif
