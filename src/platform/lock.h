/* SPDX-License-Identifier: Apache-2.0
 *
 * One process at a time: a lock file that the kernel releases however its holder ends.
 */
#ifndef NOON_PLATFORM_LOCK_H
#define NOON_PLATFORM_LOCK_H

#include "base/err.h"

struct noon_lock {
	int fd; /**< < 0: not held */
};

/**
 * Take the lock without waiting. The file is created if missing, mode 0600, since any process that
 * can open it could lock it, and stays when the lock is released.
 *
 * @param[out] ret         untouched unless NOON_OK
 * @param[out] ret_holder  NOON_ERR_STATE: the process that holds it, 0 if unknown
 * @retval NOON_OK
 * @retval NOON_ERR_STATE  another process holds it
 * @retval NOON_ERR_PERM, NOON_ERR_OS; errno tells more
 */
NOON_MUST_USE noon_err noon_lock_take(const char *path, struct noon_lock *ret, long *ret_holder);

/** Release; fine when it is not held. */
void noon_lock_release(struct noon_lock *l);

#endif
