/* SPDX-License-Identifier: Apache-2.0
 *
 * The guard of a source: reads and checks its baseline file and computes its plan.
 */
#ifndef NOON_DAEMON_GUARDING_H
#define NOON_DAEMON_GUARDING_H

#include "daemon/config/config.h"
#include "estimate/guard/guard.h"
#include "noonmark/clock.h"

/** Constant except for the guard itself; about 100 kB. */
struct noon_daemon_guard {
	struct noon_guard guard;
	struct noon_guard_plan plan;
	char path_id[128];
	char digest[65];   /**< of the file, hexadecimal */
	int64_t ended_s;   /**< end of the campaign, s since 1970 UTC */
	size_t count;	   /**< values of the campaign */
	double interval_s; /**< between its exchanges on average; 0: not known */
};

/** Return the state of a guard; NULL is NONE. */
enum noon_clock_guard noon_daemon_guard_state(const struct noon_daemon_guard *g);

/**
 * Read the baseline of a guard. Errors are logged.
 *
 * @param[out] ret  to be freed with free(); NULL when there is no baseline, or on failure
 */
NOON_MUST_USE noon_err noon_daemon_guard_new(const struct noon_config *c,
					     const struct noon_config_guard *s,
					     struct noon_daemon_guard **ret);

#endif
