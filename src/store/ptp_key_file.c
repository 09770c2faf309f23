/* SPDX-License-Identifier: Apache-2.0 */
#include "store/ptp_key_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "platform/file.h"

/* Whoever can read the file can be any member of the group, whoever can write it can choose them.
 */
static noon_err check_mode(const char *path, char *why)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return NOON_OK; /* reading it will say why */
	if ((st.st_mode & (S_IWGRP | S_IRWXO)) != 0) {
		(void)snprintf(
			why, NOON_PTP_KEY_WHY_MAX,
			"%s: mode %04o: others can read or change it; expected 0600, or 0640 "
			"for a group of its own",
			path, (unsigned)(st.st_mode & 07777));
		return NOON_ERR_PERM;
	}
	return NOON_OK;
}

noon_err noon_ptp_key_file_read(const char *path, struct noon_ptp_keys *ret,
				char ret_why[NOON_PTP_KEY_WHY_MAX])
{
	struct noon_ptp_keys_fault fault = {0};
	uint8_t *text = calloc(1, NOON_PTP_FILE_MAX);
	size_t n = 0;
	noon_err err = check_mode(path, ret_why);

	if (!err) {
		err = text == NULL ? NOON_ERR_OS
				   : noon_file_read(path, text, NOON_PTP_FILE_MAX, &n);
		if (err)
			(void)snprintf(ret_why, NOON_PTP_KEY_WHY_MAX, "%s: %s", path,
				       noon_err_text(err));
	}
	if (!err) {
		err = noon_ptp_keys_parse(noon_bytes_of(text, n), ret, &fault);
		if (err)
			(void)snprintf(ret_why, NOON_PTP_KEY_WHY_MAX, "%s:%zu: expected %s", path,
				       fault.line, fault.expected);
	}
	if (text != NULL)
		noon_wipe(text, NOON_PTP_FILE_MAX);
	free(text);
	return err;
}

noon_err noon_ptp_key_file_check(const char *path, struct noon_ptp_keys *keys, uint8_t spp,
				 uint32_t key_id, char ret_why[NOON_PTP_KEY_WHY_MAX])
{
	struct noon_ptp_sa *sa = noon_ptp_keys_sa(keys, spp);

	if (sa != NULL && noon_ptp_sa_key(sa, key_id) != NULL)
		return NOON_OK;
	(void)snprintf(ret_why, NOON_PTP_KEY_WHY_MAX, "%s: has no %s %u", path,
		       sa == NULL ? "spp" : "key", sa == NULL ? spp : (unsigned)key_id);
	return NOON_ERR_NOT_FOUND;
}
