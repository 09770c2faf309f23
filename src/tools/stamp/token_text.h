/* SPDX-License-Identifier: Apache-2.0
 *
 * Contents of a time-stamp token, for users and as JSON.
 */
#ifndef NOON_TOOLS_TOKEN_TEXT_H
#define NOON_TOOLS_TOKEN_TEXT_H

#include <jansson.h>
#include <stdio.h>

#include "ask/tsp_token.h"
#include "base/time.h"

#define NOON_TOKEN_TIME_MAX 48

/** Format "2026-11-22 13:31:02.25 UTC". @param digits  of the fraction, 0..9 */
void noon_token_time(noon_time t, unsigned digits, char out[NOON_TOKEN_TIME_MAX]);

/** Print a token, its validity first. @param name  of its file or authority */
void noon_token_print(FILE *to, const char *name, const struct noon_tsp_token *t);

/** The same as an object (new reference). Times are "SECONDS.FRACTION" since 1970, UTC. */
json_t *noon_token_json(const char *name, const struct noon_tsp_token *t);

/** An instant as JSON: "1793000000.123456789" (new reference). */
json_t *noon_token_instant(noon_time t);

#endif
