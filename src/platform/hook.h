/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator's command, run when something changes.
 *
 * At most one runs at a time. Changes meanwhile are not lost: when it has ended it is run once more
 * with the newest facts. A command that hangs is killed after HOOK_TIMEOUT, so commands neither
 * accumulate nor block.
 */
#ifndef NOON_PLATFORM_HOOK_H
#define NOON_PLATFORM_HOOK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/time.h"

#define NOON_HOOK_VARS	  8
#define NOON_HOOK_VAR_MAX 320
#define NOON_HOOK_TIMEOUT NOON_S(30)

/** The environment of the command, "NAME=value". */
struct noon_hook_facts {
	char var[NOON_HOOK_VARS][NOON_HOOK_VAR_MAX]; /**< "" ends the list early */
};

struct noon_hook {
	char path[512];	 /**< "" for none */
	pid_t pid;	 /**< of the command that runs, 0 for none */
	noon_time until; /**< monotonic: when it is killed */
	bool waiting;	 /**< run again with `next` when it has ended */
	struct noon_hook_facts next;
};

/** Notify the command; starts it at once if none runs. A failure counts as notified.
 *  @retval NOON_OK, NOON_ERR_OS (it could not be started) */
NOON_MUST_USE noon_err noon_hook_tell(struct noon_hook *h, const struct noon_hook_facts *facts);

/** Supervise the running command; to be called about once a second.
 *  @param[out] ret_status  of wait(2), when true is returned
 *  @return whether a command has ended with a status other than 0 */
bool noon_hook_tend(struct noon_hook *h, int *ret_status);

/** Kill the running command. */
void noon_hook_end(struct noon_hook *h);

#endif
