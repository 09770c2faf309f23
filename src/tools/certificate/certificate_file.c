/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/certificate/certificate_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cms/cms_sign.h"
#include "platform/file.h"
#include "tools/certificate/content.h"

#define FILE_MOST (2 * NOON_CMS_MAX) /* bytes: PEM is longer than DER */

enum noon_certificate_status noon_certificate_file_parse(struct noon_bytes data,
							 struct noon_certificate_file *ret)
{
	const enum noon_cms_fault fault = noon_cms_read(data, &ret->cms);
	const char *why = noon_cms_fault_text(fault);

	ret->fault = fault == NOON_CMS_FAULT_NONE ? "" : noon_cms_fault_word(fault);
	if (fault == NOON_CMS_FAULT_NONE) {
		ret->content = noon_certificate_parse(noon_cms_info(ret->cms)->content, &why);
		if (ret->content != NULL)
			return NOON_CERTIFICATE_READ;
		ret->fault = "content";
	}
	(void)snprintf(ret->why, sizeof(ret->why), "%s", why);
	return NOON_CERTIFICATE_MALFORMED;
}

static const char *reason(noon_err err)
{
	return err == NOON_ERR_UNSUPPORTED ? "not a regular file" : strerror(errno);
}

enum noon_certificate_status noon_certificate_file_read(const char *path,
							struct noon_certificate_file *ret)
{
	uint8_t *data = malloc(FILE_MOST);
	enum noon_certificate_status status = NOON_CERTIFICATE_UNREADABLE;
	noon_err err = NOON_ERR_OS;
	size_t n = 0;

	*ret = (struct noon_certificate_file){.fault = "unreadable"};
	if (data != NULL)
		err = noon_file_read(path, data, FILE_MOST, &n);
	if (err == NOON_ERR_LONG) {
		ret->fault = noon_cms_fault_word(NOON_CMS_FAULT_LONG);
		(void)snprintf(ret->why, sizeof(ret->why), "%s",
			       noon_cms_fault_text(NOON_CMS_FAULT_LONG));
		status = NOON_CERTIFICATE_MALFORMED;
	} else if (err) {
		(void)snprintf(ret->why, sizeof(ret->why), "%s", reason(err));
	} else {
		status = noon_certificate_file_parse(noon_bytes_of(data, n), ret);
	}
	free(data);
	return status;
}

void noon_certificate_file_fini(struct noon_certificate_file *f)
{
	noon_cms_free(f->cms);
	json_decref(f->content);
}
