/* SPDX-License-Identifier: Apache-2.0
 *
 * Drops privileges that the daemon does not need.
 */
#ifndef NOON_PLATFORM_SANDBOX_H
#define NOON_PLATFORM_SANDBOX_H

#include <stdbool.h>

#include "base/err.h"

/**
 * Become another user, keeping only the requested capabilities; no new ones can be gained
 * (PR_SET_NO_NEW_PRIVS). Does nothing when not root.
 *
 * @param user        name; must exist
 * @param keep_time   keep CAP_SYS_TIME
 * @param keep_bind   keep CAP_NET_BIND_SERVICE
 * @param keep_admin  keep CAP_NET_ADMIN: the kernel asks for it with each change of its IPsec
 * @retval NOON_OK, NOON_ERR_NOT_FOUND (no such user), NOON_ERR_PERM
 */
NOON_MUST_USE noon_err noon_sandbox_drop(const char *user, bool keep_time, bool keep_bind,
					 bool keep_admin);

/** Change the owner of a path to that user, before dropping.
 *  @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_sandbox_give(const char *path, const char *user);

/** Change the group of a path to that user's, not its owner.
 *  @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_sandbox_give_group(const char *path, const char *user);

/** Tell whether only root, we or `user` (whom we shall become; "" for none) can create entries in a
 *  directory. A symbolic link is never ours. */
bool noon_sandbox_is_ours(const char *dir, const char *user);

#endif
