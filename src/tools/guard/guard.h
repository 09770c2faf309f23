/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark guard: what its two files share.
 */
#ifndef NOON_TOOLS_GUARD_H
#define NOON_TOOLS_GUARD_H

#include "estimate/guard/guard.h"
#include "store/baseline_file.h"
#include "tools/core/tool.h"

/** What a guard is asked to find; options of both verbs. */
struct noon_guard_demand {
	noon_dur shift; /**< 0: the default of 1 ms */
	double p_d;
	double p_fa;
};

/** Take --shift ('S'), --pd ('D') or --pfa ('F'). @return whether the text is good */
bool noon_guard_demand_take(struct noon_guard_demand *d, int option, const char *text);

/** Return the configuration of the guard. */
struct noon_guard_conf noon_guard_demand_conf(const struct noon_guard_demand *d);

/** Print what a baseline is good for. `plan` is NULL and `why` says so when none follows. */
void noon_guard_print(const struct noon_baseline_data *b, const struct noon_guard_plan *plan,
		      const char *why, bool json);

/** noonmark guard calibrate */
int noon_guard_calibrate(const struct noon_verb *self, int argc, char **argv);

#endif
