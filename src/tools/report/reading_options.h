/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of the verbs that read campaigns, and how these are opened and computed.
 */
#ifndef NOON_TOOLS_READING_OPTIONS_H
#define NOON_TOOLS_READING_OPTIONS_H

#include "tools/campaign/result.h"
#include "tools/core/tool.h"

struct noon_reading_options {
	const char *database;
	bool json;
	long trials;
};

/** --database, --json and --trials, of struct noon_reading_options. */
extern const struct noon_option noon_database_rows[];
extern const struct noon_option noon_json_rows[];
extern const struct noon_option noon_trials_rows[];

/** Parse the number of a campaign. @return false: it is none, which was printed */
bool noon_reading_id(const struct noon_verb *v, const char *text, int64_t *ret);
/** Open for reading. @return NULL: what is wrong was printed */
struct noon_campaigns *noon_reading_open(const struct noon_verb *v,
					 const struct noon_reading_options *o);
/** Open, read and compute a campaign, close. *r must be ended with noon_result_fini() in any case.
 *  @return NOON_EXIT_OK, or another: what is wrong was printed */
int noon_reading_load(const struct noon_verb *v, const struct noon_reading_options *o,
		      const char *id, struct noon_result *r);

#endif
