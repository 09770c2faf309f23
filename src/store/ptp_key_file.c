/* SPDX-License-Identifier: Apache-2.0 */
#include "store/ptp_key_file.h"

#include <stdio.h>
#include <stdlib.h>

#include "platform/file.h"
#include "store/key_mode.h"

noon_err noon_ptp_key_file_read(const char *path, struct noon_ptp_keys *ret,
				char ret_why[NOON_PTP_KEY_WHY_MAX])
{
	struct noon_ptp_keys_fault fault = {0};
	uint8_t *text = calloc(1, NOON_PTP_FILE_MAX);
	size_t n = 0;
	noon_err err = noon_key_mode_check(path, ret_why, NOON_PTP_KEY_WHY_MAX);

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
