/* SPDX-License-Identifier: Apache-2.0
 *
 * The verdicts of a run of checks, and their output formats.
 */
#ifndef NOON_TOOLS_CHECK_REPORT_H
#define NOON_TOOLS_CHECK_REPORT_H

#include "check/check.h"

#define NOON_CHECK_REPORT_MAX 256

enum noon_check_format {
	NOON_CHECK_FORMAT_TABLE,
	NOON_CHECK_FORMAT_TAP,
	NOON_CHECK_FORMAT_JSON,
};

/** The selected checks and their results. */
struct noon_check_report {
	const struct noon_check *check[NOON_CHECK_REPORT_MAX];
	struct noon_check_result result[NOON_CHECK_REPORT_MAX];
	size_t n;
};

/** Run the selected checks and print the results. @return true when no MUST failed and something
 *  was judged */
bool noon_check_report_run(struct noon_check_report *r, enum noon_check_format format,
			   struct noon_target *t);

/** Print the selected checks without running them. */
void noon_check_report_list(const struct noon_check_report *r);

#endif
