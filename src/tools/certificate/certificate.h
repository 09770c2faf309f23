/* SPDX-License-Identifier: Apache-2.0
 *
 * The verbs of calibration certificates.
 */
#ifndef NOON_TOOLS_CERTIFICATE_H
#define NOON_TOOLS_CERTIFICATE_H

#include "tools/core/tool.h"

extern const struct noon_verb noon_verb_calibrate_certificate;
extern const struct noon_verb noon_verb_certificate_show;
extern const struct noon_verb noon_verb_certificate_verify;

#endif
