/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark status, step, accept: commands for the control socket.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/core/screen.h"
#include "tools/core/tool.h"

static int show_status(const struct noon_verb *self, void *options,
		       const struct noon_arguments *line)
{
	const struct noon_ask_options *a = options;
	json_t *answer = noon_ask_once(self, a->socket, json_pack("{s:s}", "command", "status"));
	int status;

	(void)line;
	if (answer == NULL)
		return NOON_EXIT_FAILED;
	if (a->json)
		noon_json_print(answer);
	else
		noon_screen_print(stdout, answer, isatty(STDOUT_FILENO) == 1);
	status =
		strcmp(noon_json_str(answer, "state"), "ok") == 0 ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
	json_decref(answer);
	return status;
}

/* A command whose answer is {"ok": ..., "error": ...}. */
static int command(const struct noon_verb *self, const struct noon_ask_options *a, json_t *request)
{
	json_t *answer = noon_ask_once(self, a->socket, request);
	bool ok;

	if (answer == NULL)
		return NOON_EXIT_FAILED;
	ok = json_is_true(json_object_get(answer, "ok"));
	if (a->json)
		noon_json_print(answer);
	else if (!ok)
		(void)fprintf(stderr, "noonmark %s: %s\n", self->name,
			      noon_json_str(answer, "error"));
	json_decref(answer);
	return ok ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
}

static int step(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	(void)line;
	return command(self, options, json_pack("{s:s}", "command", "step"));
}

static int accept_source(const struct noon_verb *self, void *options,
			 const struct noon_arguments *line)
{
	if (line->n == 0)
		return command(self, options, json_pack("{s:s}", "command", "accept"));
	return command(self, options,
		       json_pack("{s:s, s:s}", "command", "accept", "source", line->argument[0]));
}

#define ASKS .size = sizeof(struct noon_ask_options), .part = {{noon_ask_rows, 0, NULL}}

const struct noon_verb noon_verb_status = {
	.name = "status",
	.summary = "show state, bound and its terms, sources and counters",
	.about = "Show the state of the daemon on one screen. Exit status 0 only if the state is "
		 "ok.\n",
	ASKS,
	.act = show_status,
};

const struct noon_verb noon_verb_step = {
	.name = "step",
	.summary = "step the clock onto the estimate now",
	.about = "Step the clock onto the estimate instead of slewing it there. Refused while a "
		 "finding\n"
		 "is active.\n",
	ASKS,
	.act = step,
};

const struct noon_verb noon_verb_accept = {
	.name = "accept",
	.summary = "believe a source that contradicted itself",
	.arguments = "[SOURCE]",
	.max = 1,
	.about =
		"Forget what a suspect source proved before and believe what it says from now on.\n"
		"Without SOURCE: all suspect sources. The bound rests on the old evidence until "
		"the\n"
		"sources agree again.\n",
	ASKS,
	.act = accept_source,
};
