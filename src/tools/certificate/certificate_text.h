/* SPDX-License-Identifier: Apache-2.0
 *
 * A calibration certificate as pages of text.
 */
#ifndef NOON_TOOLS_CERTIFICATE_TEXT_H
#define NOON_TOOLS_CERTIFICATE_TEXT_H

#include <jansson.h>
#include <stdio.h>

#include "crypto/cms/cms_verify.h"

/** Print pages of 60 lines of at most 96 characters, a form feed between them, each with the number
 *  of the certificate and of the page below. Control characters come as "?".
 *  @param info  who signed, as the document says
 *  @return false: no memory */
bool noon_certificate_print(FILE *to, const json_t *content, const struct noon_cms_info *info);

/** Print text of others: "?" for control characters. */
void noon_certificate_put(FILE *to, const char *text);

#endif
