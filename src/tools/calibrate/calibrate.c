/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark calibrate: what its parts share, and those that only read.
 */
#include "tools/calibrate/calibrate.h"

#include <inttypes.h>
#include <stdio.h>

#include "tools/certificate/certificate.h"
#include "tools/report/reading_options.h"
#include "tools/report/report.h"
#include "tools/stamp/token_text.h"

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
	const struct noon_reading_options *o = options;
	struct noon_campaigns *db = noon_reading_open(self, o);
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
	const struct noon_reading_options *o = options;
	struct noon_result r;
	int status = noon_reading_load(self, o, line->argument[0], &r);
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
	.size = sizeof(struct noon_reading_options),
	.part = {{noon_database_rows, 0, NULL}, {noon_json_rows, 0, NULL}},
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
	.size = sizeof(struct noon_reading_options),
	.part = {{noon_database_rows, 0, NULL},
		 {noon_json_rows, 0, NULL},
		 {noon_trials_rows, 0, NULL}},
	.act = show,
};

static const struct noon_verb *const parts[] = {
	&noon_verb_calibrate_run,     &noon_verb_calibrate_capture,
	&noon_verb_calibrate_list,    &noon_verb_calibrate_show,
	&noon_verb_calibrate_report,  &noon_verb_calibrate_certificate,
	&noon_verb_calibrate_compare, &noon_verb_calibrate_export,
	&noon_verb_calibrate_pulse,   NULL,
};

const struct noon_verb noon_verb_calibrate = {
	.name = "calibrate",
	.summary = "measure the clock of a time service, with an uncertainty",
	.about = "Campaigns of calibration: any time service against this machine's clock, and "
		 "that\n"
		 "against a reference.\n",
	.parts = parts,
};
