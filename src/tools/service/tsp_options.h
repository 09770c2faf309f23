/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of the verbs that query a time-stamp authority.
 */
#ifndef NOON_TOOLS_TSP_OPTIONS_H
#define NOON_TOOLS_TSP_OPTIONS_H

#include <stdbool.h>

#include "ask/asker.h"
#include "option/option.h"
#include "tools/core/url.h"

/** Of struct noon_asker_tsp. */
extern const struct noon_option noon_tsp_rows[];

/** Their heading in --help. */
#define NOON_TSP_HEADING                                                                      \
	"For tsp+http:// and tsp+https:// (time-stamp authorities, RFC 3161; --ca verifies\n" \
	"tokens, PEM file or hashed directory, without it nothing is authenticated):"

/** Take "tsp+http://HOST[:PORT][/PATH]" or "tsp+https://..."; o->url borrows from it.
 *  @param[out] ret  scheme, host and port @return whether it is one */
bool noon_tsp_options_url(struct noon_asker_tsp *o, const char *text, struct noon_url *ret);

#endif
