/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark status, step, accept: questions to the control socket.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/core/screen.h"
#include "tools/core/tool.h"

struct arguments {
	const char *socket;
	bool json;
};

/* Returns an exit status, or -1 to go on with argv[optind]. */
static int parse(const struct noon_verb *self, int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"socket", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'j')
			a->json = true;
		else if (c == 's')
			a->socket = optarg;
		else
			return c == 'h' ? noon_tool_help(self) : NOON_EXIT_USAGE;
	}
	return -1;
}

static int run_status(const struct noon_verb *self, int argc, char **argv)
{
	struct arguments a = {0};
	int status = parse(self, argc, argv, &a);
	json_t *answer;

	if (status >= 0)
		return status;
	if (optind < argc)
		return noon_tool_usage(self, "unexpected argument \"%s\"", argv[optind]);
	answer = noon_ask_once(self, a.socket, json_pack("{s:s}", "command", "status"));
	if (answer == NULL)
		return NOON_EXIT_FAILED;
	if (a.json)
		noon_json_print(answer);
	else
		noon_screen_print(stdout, answer, isatty(STDOUT_FILENO) == 1);
	status =
		strcmp(noon_json_str(answer, "state"), "ok") == 0 ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
	json_decref(answer);
	return status;
}

/* A command whose answer is {"ok": ..., "error": ...}. */
static int command(const struct noon_verb *self, const struct arguments *a, json_t *request)
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

static int run_step(const struct noon_verb *self, int argc, char **argv)
{
	struct arguments a = {0};
	const int status = parse(self, argc, argv, &a);

	if (status >= 0)
		return status;
	if (optind < argc)
		return noon_tool_usage(self, "unexpected argument \"%s\"", argv[optind]);
	return command(self, &a, json_pack("{s:s}", "command", "step"));
}

static int run_accept(const struct noon_verb *self, int argc, char **argv)
{
	struct arguments a = {0};
	const int status = parse(self, argc, argv, &a);

	if (status >= 0)
		return status;
	if (optind + 1 < argc)
		return noon_tool_usage(self, "unexpected argument \"%s\"", argv[optind + 1]);
	if (optind == argc)
		return command(self, &a, json_pack("{s:s}", "command", "accept"));
	return command(self, &a,
		       json_pack("{s:s, s:s}", "command", "accept", "source", argv[optind]));
}

#define SOCKET_HELP                                                                               \
	"  --json          print one JSON object\n"                                               \
	"  --socket FILE   control socket of the daemon (default /run/noonmark/noonmarkd.sock,\n" \
	"                  or that of a daemon started without configuration)\n"

const struct noon_verb noon_verb_status = {
	.name = "status",
	.summary = "show state, bound and its terms, sources and counters",
	.help = "Usage: noonmark status [--json] [--socket FILE]\n"
		"Show the state of the daemon on one screen. Exit status 0 only if the state is "
		"ok.\n"
		"\n" SOCKET_HELP,
	.run = run_status,
};

const struct noon_verb noon_verb_step = {
	.name = "step",
	.summary = "step the clock onto the estimate now",
	.help = "Usage: noonmark step [--json] [--socket FILE]\n"
		"Step the clock onto the estimate instead of slewing it there. Refused while a "
		"finding\n"
		"is active.\n"
		"\n" SOCKET_HELP,
	.run = run_step,
};

const struct noon_verb noon_verb_accept = {
	.name = "accept",
	.summary = "believe a source that contradicted itself",
	.help = "Usage: noonmark accept [SOURCE] [--json] [--socket FILE]\n"
		"Forget what a suspect source proved before and believe what it says from now on.\n"
		"Without SOURCE: all suspect sources. The bound rests on the old evidence until "
		"the\n"
		"sources agree again.\n"
		"\n" SOCKET_HELP,
	.run = run_accept,
};
