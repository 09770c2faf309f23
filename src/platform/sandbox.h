/* SPDX-License-Identifier: Apache-2.0
 *
 * Giving up what the daemon does not need.
 */
#ifndef NOON_PLATFORM_SANDBOX_H
#define NOON_PLATFORM_SANDBOX_H

#include <stdbool.h>

#include "base/err.h"

/**
 * Become another user, keeping only the capabilities asked for; new ones can never be gained
 * again (PR_SET_NO_NEW_PRIVS). Does nothing when not root.
 *
 * @param user        name; must exist
 * @param keep_time   keep CAP_SYS_TIME
 * @param keep_bind   keep CAP_NET_BIND_SERVICE
 * @retval NOON_OK, NOON_ERR_NOT_FOUND (no such user), NOON_ERR_PERM
 */
NOON_MUST_USE noon_err noon_sandbox_drop(const char *user, bool keep_time, bool keep_bind);

/** Hand a path over to that user before dropping. @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_OS
 */
NOON_MUST_USE noon_err noon_sandbox_give(const char *path, const char *user);

/** Hand a path over to the group of that user alone; it stays ours.
 *  @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_sandbox_give_group(const char *path, const char *user);

/** Tell whether nobody but root, us or `user` (whom we shall become; "" for nobody else) can put
 *  things into a directory. A link is never ours. */
bool noon_sandbox_is_ours(const char *dir, const char *user);

#endif
