/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the parts of `noonmark calibrate`.
 */
#ifndef NOON_TOOLS_CALIBRATE_H
#define NOON_TOOLS_CALIBRATE_H

#include "tools/calibrate/result.h"
#include "tools/core/tool.h"

extern const struct noon_verb noon_verb_calibrate_run;
extern const struct noon_verb noon_verb_calibrate_list;
extern const struct noon_verb noon_verb_calibrate_show;
extern const struct noon_verb noon_verb_calibrate_export;
extern const struct noon_verb noon_verb_calibrate_compare;
extern const struct noon_verb noon_verb_calibrate_report;

/** Options of the parts that read. */
struct noon_calibrate_read {
	const char *database;
	const char *output; /**< NULL: none was named */
	bool json;
	long trials;
};

/** The database alone, and with it --json. */
extern const struct noon_option noon_calibrate_rows[];
extern const struct noon_option noon_calibrate_json_rows[];
extern const struct noon_option noon_calibrate_trials_rows[];

/** Parse the number of a campaign; what is wrong is printed. @return false: it is none */
bool noon_calibrate_id(const struct noon_verb *v, const char *text, int64_t *ret);

/** Open for reading; what is wrong is printed. @return NULL on failure */
struct noon_campaigns *noon_calibrate_open(const struct noon_verb *v, const char *path);

/** Open, load a campaign, close; what is wrong is printed. *r must be ended in any case.
 *  @return NOON_EXIT_OK or another */
int noon_calibrate_load(const struct noon_verb *v, const struct noon_calibrate_read *o,
			const char *id, struct noon_result *r);

#endif
