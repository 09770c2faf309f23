/* SPDX-License-Identifier: Apache-2.0
 *
 * Results of noonmark plan, as text and as JSON.
 */
#ifndef NOON_TOOLS_PLAN_REPORT_H
#define NOON_TOOLS_PLAN_REPORT_H

#include <stdbool.h>

#include "estimate/guard/plan.h"

struct noon_plan_report {
	const struct noon_plan_conf *conf; /**< borrowed */
	const char *path_id;	/**< of the calibration; NULL: no round-trip times were measured */
	bool signature_checked; /**< of the calibration */
	bool feasible;		/**< at least by one way */
	struct noon_plan_verdict v[NOON_PLAN_WAYS];
	double change[NOON_PLAN_WAYS][NOON_PLAN_PARAMS]; /**< unit of the parameter; NAN: none */
};

void noon_plan_print_text(const struct noon_plan_report *r);
void noon_plan_print_json(const struct noon_plan_report *r);

#endif
