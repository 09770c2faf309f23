/* SPDX-License-Identifier: Apache-2.0
 *
 * Output of noonmark query for an answer of a time-stamp authority.
 */
#ifndef NOON_TOOLS_QUERY_TSP_H
#define NOON_TOOLS_QUERY_TSP_H

#include <jansson.h>

#include "ask/asker.h"

/**
 * Print one answer.
 * @param offset  of UTC - system clock, ns
 * @param half    |error| of it, ns
 */
void noon_query_tsp_print(long number, const struct noon_asker *a, const struct noon_sample *s,
			  noon_dur offset, noon_dur half);

/** The same as an object, with the token's values. */
json_t *noon_query_tsp_json(const struct noon_asker *a, const struct noon_sample *s,
			    noon_dur offset, noon_dur half);

#endif
