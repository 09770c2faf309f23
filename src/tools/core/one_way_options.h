/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of the verbs that ask a daytime or time server.
 */
#ifndef NOON_TOOLS_ONE_WAY_OPTIONS_H
#define NOON_TOOLS_ONE_WAY_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "ask/asker.h"

enum {
	NOON_ONE_WAY_OPTION_FIRST = 0x300,
	NOON_ONE_WAY_OPTION_TCP = NOON_ONE_WAY_OPTION_FIRST,
	NOON_ONE_WAY_OPTION_UDP,
	NOON_ONE_WAY_OPTION_FORMAT,
	NOON_ONE_WAY_OPTION_ROUNDING,
	NOON_ONE_WAY_OPTION_END,
};

/** Entries for getopt_long(). */
#define NOON_ONE_WAY_LONG_OPTIONS                                                 \
	{"tcp", no_argument, NULL, NOON_ONE_WAY_OPTION_TCP},                      \
		{"udp", no_argument, NULL, NOON_ONE_WAY_OPTION_UDP},              \
		{"format", required_argument, NULL, NOON_ONE_WAY_OPTION_FORMAT},  \
	{                                                                         \
		"rounding", required_argument, NULL, NOON_ONE_WAY_OPTION_ROUNDING \
	}

/** Their help. */
#define NOON_ONE_WAY_OPTIONS_HELP                                                             \
	"For daytime:// and time:// (nothing is authenticated, whole seconds are said):\n"    \
	"      --udp, --tcp     ask by datagram (default) or by connection\n"                 \
	"      --format NAME    dialect of the daytime: iso8601, ctime, xinetd, smtp, "       \
	"smtp-2,\n"                                                                           \
	"                       weekday, nist (default: whichever fits)\n"                    \
	"      --rounding HOW   of the second S that the server says: truncate (its clock "   \
	"is in\n"                                                                             \
	"                       [S, S+1]), nearest ([S-0.5, S+0.5]), unknown ([S-0.5, S+1], " \
	"default),\n"                                                                         \
	"                       each up to 10 ms more above, or exact (nist: msADV before S)\n"

/** Time between two questions, s, that stays within what public servers allow and meets another
 *  part of the second each time. */
#define NOON_ONE_WAY_INTERVAL_S 4.1

/** Take an option. @return whether its value is good */
bool noon_one_way_options_take(struct noon_asker_one_way *o, int option, const char *text);

/** Take the protocol and see whether the options fit it. @return NULL, or what is wrong, static */
const char *noon_one_way_options_check(struct noon_asker_one_way *o, const char *scheme);

/** Return the word of a rounding, as the option has it. */
const char *noon_one_way_rounding_word(enum noon_one_way_rounding rounding);

#endif
