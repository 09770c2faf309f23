/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/report/reading_options.h"

#include <errno.h>
#include <stdlib.h>

#define AT(member) NOON_OPTION_AT(struct noon_reading_options, member)

const struct noon_option noon_database_rows[] = {
	NOON_DATABASE_ROW(AT(database)),
	NOON_OPTION_END,
};

const struct noon_option noon_json_rows[] = {
	{"json", NOON_OPTION_BOOL, AT(json), .help = "print JSON"},
	NOON_OPTION_END,
};

const struct noon_option noon_trials_rows[] = {
	{"trials", NOON_OPTION_INT, AT(trials), NOON_OPTION_RANGE(0, 1e8), .def = "1000000",
	 .help = "of the Monte Carlo; 0: none"},
	NOON_OPTION_END,
};

bool noon_reading_id(const struct noon_verb *v, const char *text, int64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoll(text, &end, 10);
	if (errno == 0 && *end == '\0' && end != text && *ret > 0)
		return true;
	(void)noon_tool_usage(
		v, "\"%s\": expected the number of a campaign (noonmark calibrate list)", text);
	return false;
}

struct noon_campaigns *noon_reading_open(const struct noon_verb *v,
					 const struct noon_reading_options *o)
{
	struct noon_campaigns *db = NULL;
	struct noon_campaigns_why why;

	if (noon_campaigns_read(o->database, &db, &why))
		(void)noon_tool_fail(v, "%s", why.text);
	return db;
}

int noon_reading_load(const struct noon_verb *v, const struct noon_reading_options *o,
		      const char *id, struct noon_result *r)
{
	struct noon_result_why why;
	struct noon_campaigns *db;
	int64_t number;
	int status = NOON_EXIT_OK;

	*r = (struct noon_result){.claimed = NOON_DUR_MAX};
	if (!noon_reading_id(v, id, &number))
		return NOON_EXIT_USAGE;
	db = noon_reading_open(v, o);
	if (db == NULL)
		return NOON_EXIT_FAILED;
	if (noon_result_load(db, number, (size_t)o->trials, r, &why))
		status = noon_tool_fail(v, "%s", why.text);
	noon_campaigns_close(db);
	return status;
}
