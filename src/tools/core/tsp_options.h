/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of the verbs that ask a time-stamp authority.
 */
#ifndef NOON_TOOLS_TSP_OPTIONS_H
#define NOON_TOOLS_TSP_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#include "ask/asker.h"
#include "tools/core/url.h"

enum {
	NOON_TSP_OPTION_FIRST = 0x400,
	NOON_TSP_OPTION_TLS_CA = NOON_TSP_OPTION_FIRST,
	NOON_TSP_OPTION_UNTRUSTED,
	NOON_TSP_OPTION_POLICY,
	NOON_TSP_OPTION_END,
};

/** Entries for getopt_long(). */
#define NOON_TSP_LONG_OPTIONS                                                      \
	{"tls-ca", required_argument, NULL, NOON_TSP_OPTION_TLS_CA},               \
		{"untrusted", required_argument, NULL, NOON_TSP_OPTION_UNTRUSTED}, \
	{                                                                          \
		"policy", required_argument, NULL, NOON_TSP_OPTION_POLICY          \
	}

/** Their help. */
#define NOON_TSP_OPTIONS_HELP                                                               \
	"For tsp+http:// and tsp+https:// (time-stamp authorities, RFC 3161):\n"            \
	"      --ca FILE        verify tokens with these (PEM file or hashed directory);\n" \
	"                       without it nothing is authenticated\n"                      \
	"      --untrusted FILE more certificates for their chains\n"                       \
	"      --tls-ca FILE    trust these certificates for tsp+https:// (default: the "   \
	"system's)\n"                                                                       \
	"      --policy OID     ask for this policy, and take no other\n"                   \
	"      --accuracy T     error of an authority that claims none (default: refused)\n"

/** Take an option. @return whether its value is good */
bool noon_tsp_options_take(struct noon_asker_tsp *o, int option, const char *text);

/** Take "tsp+http://HOST[:PORT][/PATH]" or "tsp+https://..."; o->url borrows from it.
 *  @param[out] ret  scheme, host and port @return whether it is one */
bool noon_tsp_options_url(struct noon_asker_tsp *o, const char *text, struct noon_url *ret);

#endif
