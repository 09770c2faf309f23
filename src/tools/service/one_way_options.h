/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of the verbs that ask a daytime or time server.
 */
#ifndef NOON_TOOLS_ONE_WAY_OPTIONS_H
#define NOON_TOOLS_ONE_WAY_OPTIONS_H

#include <stdbool.h>

#include "ask/asker.h"
#include "option/option.h"

/** Of struct noon_asker_one_way. */
extern const struct noon_option noon_one_way_rows[];

/** Their heading in --help. */
#define NOON_ONE_WAY_HEADING                                                                      \
	"For daytime:// and time:// (nothing is authenticated, whole seconds are said). Of the\n" \
	"second S that the server says, its clock is in: truncate: [S, S+1]; nearest: [S-0.5,\n"  \
	"S+0.5]; unknown: [S-0.5, S+1]; each up to 10 ms more above; exact: nist, msADV before S."

/** Time between two requests, s, within the limits of public servers, at another phase of the
 *  second each time. */
#define NOON_ONE_WAY_INTERVAL_S 4.1

/** Set the protocol and check whether the options fit it. @return NULL, or what is wrong, static */
const char *noon_one_way_options_check(struct noon_asker_one_way *o, const char *scheme);

/** Return the word of a rounding, as in the option. */
const char *noon_one_way_rounding_word(enum noon_one_way_rounding rounding);

#endif
