/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark calibrate report: a campaign as a page of HTML, and as JSON beside it.
 */
#include "tools/report/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/file.h"
#include "tools/report/page.h"
#include "tools/report/reading_options.h"

#define PATH_SIZE 512

/* The page, and the JSON: the same name with another ending. */
struct paths {
	char page[PATH_SIZE], json[PATH_SIZE];
};

struct arguments {
	struct noon_reading_options reading;
	const char *output;
	struct paths path; /* made of it */
};

static int write_file(const struct noon_verb *v, const char *path, const char *text, size_t n)
{
	if (noon_file_replace(path, (struct noon_bytes){(const uint8_t *)text, n}, 0644) == NOON_OK)
		return NOON_EXIT_OK;
	return noon_tool_fail(v, "%s: %s", path, strerror(errno));
}

static int write_page(const struct noon_verb *v, const char *path, const struct noon_result *r)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	noon_err err = f == NULL ? NOON_ERR_OS : noon_report_page(f, r);
	int status;

	if (f != NULL && fclose(f) != 0)
		err = NOON_ERR_OS;
	status = err ? noon_tool_fail(v, "out of memory") : write_file(v, path, text, n);
	free(text);
	return status;
}

static int write_json(const struct noon_verb *v, const char *path, const struct noon_result *r)
{
	json_t *o = noon_result_json(r);
	char *text = json_dumps(o, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
	int status = text == NULL ? noon_tool_fail(v, "out of memory")
				  : write_file(v, path, text, strlen(text));

	free(text);
	json_decref(o);
	return status;
}

static bool paths_of(const char *output, int64_t id, struct paths *ret)
{
	char *page = ret->page;
	const char *end;
	int stem, n;

	if (output == NULL)
		n = snprintf(page, PATH_SIZE, "campaign-%" PRId64 ".html", id);
	else
		n = snprintf(page, PATH_SIZE, "%s", output);
	if (n <= 0 || n >= PATH_SIZE - 5)
		return false;
	end = strrchr(page, '.');
	stem = end != NULL && strchr(end, '/') == NULL ? (int)(end - page) : n;
	(void)snprintf(ret->json, PATH_SIZE, "%.*s.json", stem, page);
	return strcmp(page, ret->json) != 0;
}

static int write_both(const struct noon_verb *v, struct arguments *a, const struct noon_result *r)
{
	int status;

	if (!paths_of(a->output, r->campaign.id, &a->path))
		return noon_tool_usage(v, "--output %.200s: expected the name of a page, *.html",
				       a->output);
	status = write_page(v, a->path.page, r);
	if (status == NOON_EXIT_OK)
		status = write_json(v, a->path.json, r);
	if (status == NOON_EXIT_OK)
		(void)printf("%s\n%s\n", a->path.page, a->path.json);
	return status;
}

static int report(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	struct arguments *a = options;
	struct noon_result r;
	int status = noon_reading_load(self, &a->reading, line->argument[0], &r);

	if (status == NOON_EXIT_OK)
		status = write_both(self, a, &r);
	noon_result_fini(&r);
	return status;
}

static const struct noon_option rows[] = {
	{"output", NOON_OPTION_BORROWED, NOON_OPTION_AT(struct arguments, output), .value = "file",
	 .letter = 'o', .says = "campaign-ID.html", .help = "the page to write"},
	NOON_OPTION_END,
};

const struct noon_verb noon_verb_calibrate_report = {
	.name = "calibrate report",
	.summary = "write a campaign as a page with plots",
	.arguments = "ID",
	.min = 1,
	.max = 1,
	.about = "Write the report of a campaign: one page of HTML that needs nothing else, with "
		 "results,\n"
		 "plots and budget, and the same as JSON beside it.\n",
	.notes = "Prints the names of both files. Existing ones are replaced.\n",
	.size = sizeof(struct arguments),
	.part = {{rows, 0, NULL},
		 {noon_database_rows, offsetof(struct arguments, reading), NULL},
		 {noon_trials_rows, offsetof(struct arguments, reading), NULL}},
	.act = report,
};
