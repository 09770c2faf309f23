/* SPDX-License-Identifier: Apache-2.0
 *
 * The verdicts of a run of checks, and the formats they are told in.
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

/** The checks chosen, and what came of them. */
struct noon_check_report {
	const struct noon_check *check[NOON_CHECK_REPORT_MAX];
	struct noon_check_result result[NOON_CHECK_REPORT_MAX];
	size_t n;
};

/** Run what was chosen and print it. @return true when no MUST failed and something was judged */
bool noon_check_report_run(struct noon_check_report *r, enum noon_check_format format,
			   struct noon_target *t);

/** Print what was chosen, without running it. */
void noon_check_report_list(const struct noon_check_report *r);

#endif
