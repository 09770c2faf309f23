/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark calibrate: what its parts share, and those that only read.
 */
#include "tools/calibrate/calibrate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/certificate/certificate.h"
#include "tools/stamp/token_text.h"

/** Options of the parts that read. */
struct reading_options {
	const char *database;
	bool json;
	long trials;
};

#define AT(member) NOON_OPTION_AT(struct reading_options, member)

static const struct noon_option database_rows[] = {
	NOON_DATABASE_ROW(AT(database)),
	NOON_OPTION_END,
};

static const struct noon_option json_rows[] = {
	{"json", NOON_OPTION_BOOL, AT(json), .help = "print JSON"},
	NOON_OPTION_END,
};

static const struct noon_option trials_rows[] = {
	{"trials", NOON_OPTION_INT, AT(trials), NOON_OPTION_RANGE(0, 1e8), .def = "1000000",
	 .help = "of the Monte Carlo; 0: none"},
	NOON_OPTION_END,
};

/* Parse the number of a campaign; what is wrong is printed. */
static bool parse_id(const struct noon_verb *v, const char *text, int64_t *ret)
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

/* Open for reading; what is wrong is printed. */
static struct noon_campaigns *open_to_read(const struct noon_verb *v, const char *path)
{
	struct noon_campaigns *db = NULL;
	struct noon_campaigns_why why;

	if (noon_campaigns_read(path, &db, &why))
		(void)noon_tool_fail(v, "%s", why.text);
	return db;
}

/* Open, load a campaign, close; what is wrong is printed. *r must be ended in any case.
 * @return NOON_EXIT_OK or another */
static int load(const struct noon_verb *v, const struct reading_options *o, const char *id,
		struct noon_result *r)
{
	struct noon_result_why why;
	struct noon_campaigns *db;
	int64_t number;
	int status = NOON_EXIT_OK;

	*r = (struct noon_result){.claimed = NOON_DUR_MAX};
	if (!parse_id(v, id, &number))
		return NOON_EXIT_USAGE;
	db = open_to_read(v, o->database);
	if (db == NULL)
		return NOON_EXIT_FAILED;
	if (noon_result_load(db, number, (size_t)o->trials, r, &why))
		status = noon_tool_fail(v, "%s", why.text);
	noon_campaigns_close(db);
	return status;
}

/* --- list --- */

struct listing {
	json_t *list; /* NULL: print */
	size_t n;
};

static bool list_one(void *arg, const struct noon_campaign *k)
{
	struct listing *l = arg;
	json_t *head = json_loads(k->head, 0, NULL);
	char begin[NOON_TOKEN_TIME_MAX] = "-";

	if (k->samples > 0)
		noon_token_time(k->first, 0, begin);
	if (l->list != NULL)
		(void)json_array_append_new(
			l->list,
			json_pack("{s:I, s:s, s:s, s:s, s:s, s:b, s:I, s:I, s:o, s:o}", "id",
				  (json_int_t)k->id, "service", noon_json_str(head, "service"),
				  "device", noon_json_str(head, "device"), "access_point",
				  noon_json_str(head, "access_point"), "method",
				  noon_json_str(head, "method"), "complete", (int)k->ended,
				  "samples", (json_int_t)k->samples, "missed",
				  (json_int_t)k->misses, "first", noon_token_instant(k->first),
				  "last", noon_token_instant(k->last)));
	else
		(void)printf("%-4" PRId64 " %-24s %9" PRIu64 " %7" PRIu64
			     "  %-9s %-8s %s from %s\n",
			     k->id, begin, k->samples, k->misses, k->ended ? "complete" : "open",
			     noon_json_str(head, "method"), noon_json_str(head, "service"),
			     noon_json_str(head, "access_point"));
	json_decref(head);
	l->n++;
	return true;
}

static int list(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	const struct reading_options *o = options;
	struct noon_campaigns *db = open_to_read(self, o->database);
	struct listing l = {.list = o->json ? json_array() : NULL};
	int status = NOON_EXIT_OK;

	(void)line;
	if (db == NULL)
		return NOON_EXIT_FAILED;
	if (!o->json)
		(void)printf("%-4s %-24s %9s %7s  %-9s %-8s %s\n", "id", "begun", "samples",
			     "missed", "state", "method", "service");
	if (noon_campaigns_list(db, list_one, &l))
		status = noon_tool_fail(self, "%s", noon_campaigns_error(db));
	else if (o->json)
		noon_json_print(l.list);
	json_decref(l.list);
	noon_campaigns_close(db);
	return status;
}

/* --- show --- */

static int show(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	const struct reading_options *o = options;
	struct noon_result r;
	int status = load(self, o, line->argument[0], &r);
	json_t *j;

	if (status == NOON_EXIT_OK && o->json) {
		j = noon_result_json(&r);
		noon_json_print(j);
		json_decref(j);
	} else if (status == NOON_EXIT_OK) {
		noon_result_print(&r);
	}
	if (status == NOON_EXIT_OK && !r.stated)
		status = NOON_EXIT_NOT_OK;
	noon_result_fini(&r);
	return status;
}

const struct noon_verb noon_verb_calibrate_list = {
	.name = "calibrate list",
	.summary = "list campaigns",
	.about = "List the campaigns of a file.\n",
	.size = sizeof(struct reading_options),
	.part = {{database_rows, 0, NULL}, {json_rows, 0, NULL}},
	.act = list,
};

const struct noon_verb noon_verb_calibrate_show = {
	.name = "calibrate show",
	.summary = "compute and print the result of a campaign",
	.arguments = "ID",
	.min = 1,
	.max = 1,
	.about = "Compute the result of a campaign: error of the service's clock with its budget,\n"
		 "the hard bound, and what single readings are worth.\n",
	.notes = "Exit status 1 if no result can be stated; the notes say why.\n",
	.size = sizeof(struct reading_options),
	.part = {{database_rows, 0, NULL}, {json_rows, 0, NULL}, {trials_rows, 0, NULL}},
	.act = show,
};

static const struct noon_verb *const parts[] = {
	&noon_verb_calibrate_run,
	&noon_verb_calibrate_list,
	&noon_verb_calibrate_show,
	&noon_verb_calibrate_certificate,
	NULL,
};

const struct noon_verb noon_verb_calibrate = {
	.name = "calibrate",
	.summary = "measure the clock of a time service, with an uncertainty",
	.about = "Campaigns of calibration: any time service against this machine's clock, and "
		 "that\n"
		 "against a reference.\n",
	.parts = parts,
};
