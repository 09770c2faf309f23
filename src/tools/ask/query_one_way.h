/* SPDX-License-Identifier: Apache-2.0
 *
 * Output of noonmark query for an answer of daytime or time.
 */
#ifndef NOON_TOOLS_QUERY_ONE_WAY_H
#define NOON_TOOLS_QUERY_ONE_WAY_H

#include <jansson.h>

#include "ask/asker.h"

/** Print what applies to every answer, before the first. */
void noon_query_one_way_begin(const struct noon_asker_one_way *conf);

/**
 * Print one answer.
 * @param offset  of UTC - system clock, ns
 * @param half    |error| of it, ns
 */
void noon_query_one_way_print(long number, const struct noon_asker *a, const struct noon_sample *s,
			      noon_dur offset, noon_dur half);

/** The same as an object, without values these protocols lack (stratum, root, precision). */
json_t *noon_query_one_way_json(const struct noon_asker *a, const struct noon_sample *s,
				noon_dur offset, noon_dur half);

#endif
