/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks selected by the user.
 */
#ifndef NOON_TOOLS_CHECK_CHOICE_H
#define NOON_TOOLS_CHECK_CHOICE_H

#include <stdbool.h>

#include "check/check.h"
#include "option/option.h"
#include "tools/check/check_report.h"

struct noon_check_choice {
	const char *groups; /**< comma-separated; NULL: all of the kind */
	const char *only;   /**< comma-separated ids; NULL: all. K6 selects K6a to K6d too */
	bool slow;	    /**< the slow ones too */
	bool list;	    /**< only list them */
	enum noon_check_format format;
};

/** Options of every kind of check, of struct noon_check_choice. */
extern const struct noon_option noon_check_rows[];

/** Add the selected checks of a group to a report. */
void noon_check_choose(const struct noon_check_choice *choice, const struct noon_check *checks,
		       size_t n, struct noon_check_report *r);

#endif
