/* SPDX-License-Identifier: Apache-2.0
 *
 * The verbs below `noonmark sim`; the name of each is "sim WORD".
 */
#ifndef NOON_TOOLS_SIM_H
#define NOON_TOOLS_SIM_H

#include "tools/core/tool.h"

extern const struct noon_verb noon_sim_run;
extern const struct noon_verb noon_sim_paper;

#endif
