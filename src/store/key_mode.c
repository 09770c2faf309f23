/* SPDX-License-Identifier: Apache-2.0 */
#include "store/key_mode.h"

#include <stdio.h>
#include <sys/stat.h>

noon_err noon_key_mode_check(const char *path, char *ret_why, size_t n)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return NOON_OK;
	if ((st.st_mode & (S_IWGRP | S_IRWXO)) == 0)
		return NOON_OK;
	(void)snprintf(ret_why, n,
		       "%s: mode %04o: others can read or change it; expected 0600, or 0640 "
		       "for a group of its own",
		       path, (unsigned)(st.st_mode & 07777));
	return NOON_ERR_PERM;
}
