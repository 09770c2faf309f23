/* SPDX-License-Identifier: Apache-2.0
 *
 * An expectation of a scenario: a figure of the tally and its limit, as text.
 *
 *     [CLIENT:]METRIC [OPERATOR VALUE]
 *
 * Operators are == != < <= > >=. A value is a number, or a time with its unit where the figure is
 * a time. Without an operator the figure must not be 0.
 */
#ifndef NOON_TOOLS_SCENARIO_EXPECT_H
#define NOON_TOOLS_SCENARIO_EXPECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "sim/tally.h"

struct noon_expect {
	char client[32]; /**< name; "": all clients together */
	struct noon_metric metric;
	char op[3];
	double value;
};

/**
 * Read an expectation.
 * @param[out] why  what was found and what was expected; untouched on NOON_OK
 * @retval NOON_OK, NOON_ERR_FORMAT
 */
NOON_MUST_USE noon_err noon_expect_parse(const char *text, struct noon_expect *ret, char *why,
					 size_t n);

/** Return whether a tally meets the expectation, and the figure. */
bool noon_expect_holds(const struct noon_expect *e, const struct noon_sim_tally *t,
		       double *ret_value);

#endif
