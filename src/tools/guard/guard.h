/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the two files of noonmark guard.
 */
#ifndef NOON_TOOLS_GUARD_H
#define NOON_TOOLS_GUARD_H

#include "estimate/guard/guard.h"
#include "store/baseline_file.h"
#include "tools/core/tool.h"

/** What a guard must detect; options of both verbs. */
struct noon_guard_demand {
	noon_dur shift;
	double p_d;
	double p_fa;
};
extern const struct noon_option noon_guard_rows[];
/** Fill in the defaults of p_d and p_fa. */
void noon_guard_demand_init(struct noon_guard_demand *d);

/** Return the configuration of the guard. */
struct noon_guard_conf noon_guard_demand_conf(const struct noon_guard_demand *d);

/** Print the detection limits of a baseline. `plan` is NULL and `why` the reason if there is
 *  none. */
void noon_guard_print(const struct noon_baseline_data *b, const struct noon_guard_plan *plan,
		      const char *why, bool json);

extern const struct noon_verb noon_guard_calibrate;

#endif
