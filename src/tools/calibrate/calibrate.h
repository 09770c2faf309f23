/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the parts of `noonmark calibrate`.
 */
#ifndef NOON_TOOLS_CALIBRATE_H
#define NOON_TOOLS_CALIBRATE_H

#include "tools/campaign/result.h"
#include "tools/core/tool.h"

extern const struct noon_verb noon_verb_calibrate_run;
extern const struct noon_verb noon_verb_calibrate_capture;
extern const struct noon_verb noon_verb_calibrate_list;
extern const struct noon_verb noon_verb_calibrate_pulse;
extern const struct noon_verb noon_verb_calibrate_show;

#endif
