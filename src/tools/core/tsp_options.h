/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of the verbs that ask a time-stamp authority.
 */
#ifndef NOON_TOOLS_TSP_OPTIONS_H
#define NOON_TOOLS_TSP_OPTIONS_H

#include <stdbool.h>

#include "ask/asker.h"
#include "option/option.h"
#include "tools/core/url.h"

/** Of struct noon_asker_tsp. */
extern const struct noon_option noon_tsp_rows[];

/** What stands above them in --help. */
#define NOON_TSP_HEADING                                                                      \
	"For tsp+http:// and tsp+https:// (time-stamp authorities, RFC 3161; --ca verifies\n" \
	"tokens, PEM file or hashed directory, without it nothing is authenticated):"

/** Read a policy, an object identifier with dots, into a const char *. */
bool noon_tsp_read_policy(const struct noon_option *o, const char *text, void *at,
			  char why[NOON_OPTION_WHY]);
#define NOON_TSP_POLICY_NOUN "an object identifier such as 1.3.6.1.4.1"

/** Take "tsp+http://HOST[:PORT][/PATH]" or "tsp+https://..."; o->url borrows from it.
 *  @param[out] ret  scheme, host and port @return whether it is one */
bool noon_tsp_options_url(struct noon_asker_tsp *o, const char *text, struct noon_url *ret);

#endif
