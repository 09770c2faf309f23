/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/sandbox.h"

#include <cap-ng.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

noon_err noon_sandbox_drop(const char *user, bool keep_time, bool keep_bind)
{
	const struct passwd *pw;
	const capng_flags_t flags = (capng_flags_t)(CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
	const capng_type_t both = (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED);

	if (geteuid() != 0)
		return NOON_OK;
	pw = getpwnam(user);
	if (pw == NULL)
		return NOON_ERR_NOT_FOUND;
	capng_clear(CAPNG_SELECT_BOTH);
	if (keep_time && capng_update(CAPNG_ADD, both, CAP_SYS_TIME))
		return NOON_ERR_PERM;
	if (keep_bind && capng_update(CAPNG_ADD, both, CAP_NET_BIND_SERVICE))
		return NOON_ERR_PERM;
	if (capng_change_id((int)pw->pw_uid, (int)pw->pw_gid, flags))
		return NOON_ERR_PERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? NOON_ERR_PERM : NOON_OK;
}

noon_err noon_sandbox_give(const char *path, const char *user)
{
	const struct passwd *pw;

	if (geteuid() != 0)
		return NOON_OK;
	pw = getpwnam(user);
	if (pw == NULL)
		return NOON_ERR_NOT_FOUND;
	return lchown(path, pw->pw_uid, pw->pw_gid) ? NOON_ERR_OS : NOON_OK;
}
