/* SPDX-License-Identifier: Apache-2.0
 *
 * The verbs that write what a campaign measured for others to read.
 */
#ifndef NOON_TOOLS_REPORT_H
#define NOON_TOOLS_REPORT_H

#include "tools/core/tool.h"

extern const struct noon_verb noon_verb_calibrate_report;
extern const struct noon_verb noon_verb_calibrate_export;
extern const struct noon_verb noon_verb_calibrate_compare;

#endif
