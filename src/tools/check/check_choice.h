/* SPDX-License-Identifier: Apache-2.0
 *
 * Which checks the user asked for.
 */
#ifndef NOON_TOOLS_CHECK_CHOICE_H
#define NOON_TOOLS_CHECK_CHOICE_H

#include <stdbool.h>

#include "check/check.h"
#include "option/option.h"
#include "tools/check/check_report.h"

struct noon_check_choice {
	const char *groups; /**< comma-separated; NULL: all of the kind */
	const char *only;   /**< comma-separated ids; NULL: all. K6 stands for K6a to K6d too */
	bool slow;	    /**< the slow ones too */
	bool list;	    /**< only list them */
	enum noon_check_format format;
};

/** Options of every kind of check, of struct noon_check_choice. */
extern const struct noon_option noon_check_rows[];

/** Add those of a group's checks that are chosen to a report. */
void noon_check_choose(const struct noon_check_choice *choice, const struct noon_check *checks,
		       size_t n, struct noon_check_report *r);

#endif
