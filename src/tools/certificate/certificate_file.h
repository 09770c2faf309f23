/* SPDX-License-Identifier: Apache-2.0
 *
 * A calibration certificate read from its file: a document signed with CMS, and its content.
 * Nothing of it is to be believed before it is verified.
 */
#ifndef NOON_TOOLS_CERTIFICATE_FILE_H
#define NOON_TOOLS_CERTIFICATE_FILE_H

#include <jansson.h>

#include "base/bytes.h"
#include "crypto/cms/cms_verify.h"

struct noon_certificate_file {
	struct noon_cms *cms; /**< owned */
	json_t *content;      /**< owned */
	const char *fault;    /**< word of what is wrong with it, "" if nothing is; static */
	char why[320];	      /**< a clause */
};

enum noon_certificate_status {
	NOON_CERTIFICATE_READ,	     /**< cms and content are there */
	NOON_CERTIFICATE_MALFORMED,  /**< it is no certificate: see fault, why */
	NOON_CERTIFICATE_UNREADABLE, /**< the file cannot be read: see why */
};

/** Read. *ret must be ended with noon_certificate_file_fini() in any case. */
enum noon_certificate_status noon_certificate_file_read(const char *path,
							struct noon_certificate_file *ret);
/** The same of bytes, which are copied. @return READ or MALFORMED */
enum noon_certificate_status noon_certificate_file_parse(struct noon_bytes data,
							 struct noon_certificate_file *ret);
void noon_certificate_file_fini(struct noon_certificate_file *f);

#endif
