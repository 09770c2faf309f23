/* SPDX-License-Identifier: Apache-2.0
 *
 * The option --policy of time-stamp verbs.
 */
#ifndef NOON_TOOLS_POLICY_OPTION_H
#define NOON_TOOLS_POLICY_OPTION_H

#include "option/option.h"

/** Parse an object identifier with dots into a const char *, which borrows it. */
bool noon_policy_read(const struct noon_option *o, const char *text, void *at,
		      char why[NOON_OPTION_WHY]);

/** Its row. @param ...  NOON_OPTION_AT() of the pointer */
#define NOON_POLICY_ROW(what, ...)                                                         \
	{                                                                                  \
		"policy", NOON_OPTION_OWN, __VA_ARGS__,                                    \
			.read = noon_policy_read, .value = "oid", .says = "whichever",     \
			.noun = "an object identifier such as 1.3.6.1.4.1", .help = (what) \
	}

#endif
