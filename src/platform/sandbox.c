/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

noon_err noon_sandbox_drop(const char *user, bool keep_time, bool keep_bind, bool keep_admin)
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
	if (keep_admin && capng_update(CAPNG_ADD, both, CAP_NET_ADMIN))
		return NOON_ERR_PERM;
	if (capng_change_id((int)pw->pw_uid, (int)pw->pw_gid, flags))
		return NOON_ERR_PERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? NOON_ERR_PERM : NOON_OK;
}

static noon_err give(const char *path, const char *user, bool group_only)
{
	const struct passwd *pw;
	noon_err err = NOON_ERR_OS;
	struct stat st;
	int fd;

	if (geteuid() != 0)
		return NOON_OK;
	pw = getpwnam(user);
	if (pw == NULL)
		return NOON_ERR_NOT_FOUND;
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? NOON_ERR_NOT_FOUND : NOON_ERR_OS;
	/* The user may own the folder already and have linked a file of root's there. */
	if (fstat(fd, &st) == 0 && !(S_ISREG(st.st_mode) && st.st_nlink != 1) &&
	    !S_ISLNK(st.st_mode) &&
	    fchownat(fd, "", group_only ? (uid_t)-1 : pw->pw_uid, pw->pw_gid, AT_EMPTY_PATH) == 0)
		err = NOON_OK;
	(void)close(fd);
	return err;
}

noon_err noon_sandbox_give(const char *path, const char *user)
{
	return give(path, user, false);
}

noon_err noon_sandbox_give_group(const char *path, const char *user)
{
	return give(path, user, true);
}

bool noon_sandbox_is_ours(const char *dir, const char *user)
{
	const struct passwd *pw = user[0] == '\0' ? NULL : getpwnam(user);
	struct stat st;

	if (lstat(dir, &st) < 0 || !S_ISDIR(st.st_mode) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return false;
	return st.st_uid == 0 || st.st_uid == geteuid() || (pw != NULL && st.st_uid == pw->pw_uid);
}
