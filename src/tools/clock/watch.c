/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark watch: the status, again and again; in place on a terminal, a line each elsewhere.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "platform/number.h"
#include "tools/core/screen.h"
#include "tools/core/tool.h"

struct arguments {
	const char *socket;
	bool lines;
	bool json;
	double interval_s;
	uint64_t count; /* 0: for ever */
};

static int parse(const struct noon_verb *self, int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"lines", no_argument, NULL, 'l'},
		{"socket", required_argument, NULL, 's'},
		{"interval", required_argument, NULL, 'i'},
		{"count", required_argument, NULL, 'n'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "hi:n:", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			a->json = true;
			break;
		case 'l':
			a->lines = true;
			break;
		case 's':
			a->socket = optarg;
			break;
		case 'i':
			if (!noon_number(optarg, 0.05, 86400, &a->interval_s))
				return noon_tool_usage(
					self, "--interval %s: expected 0.05 to 86400 s", optarg);
			break;
		case 'n':
			if (!noon_number_u64(optarg, 1, UINT64_MAX, &a->count))
				return noon_tool_usage(self, "--count %s: expected 1 or more",
						       optarg);
			break;
		case 'h':
			return noon_tool_help(self);
		default:
			return NOON_EXIT_USAGE;
		}
	}
	if (optind < argc)
		return noon_tool_usage(self, "unexpected argument \"%s\"", argv[optind]);
	return -1;
}

/* Over the old screen: each line is erased behind its end, so that no tail of a longer one stays.
 */
static void redraw(const json_t *s, bool first)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (f == NULL)
		return;
	noon_screen_print(f, s, true);
	(void)fputs("(ctrl-C ends)\n", f);
	if (fclose(f) == 0) {
		(void)fputs(first ? "\033[2J\033[H" : "\033[H", stdout);
		for (const char *p = text; *p != '\0'; p++) {
			if (*p == '\n')
				(void)fputs("\033[K", stdout);
			(void)fputc(*p, stdout);
		}
		(void)fputs("\033[J", stdout);
	}
	free(text);
}

static void show(const struct arguments *a, const json_t *s, bool first)
{
	if (a->json) {
		(void)json_dumpf(s, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
		(void)fputc('\n', stdout);
	} else if (a->lines) {
		noon_screen_line(stdout, s, first);
	} else {
		redraw(s, first);
	}
	(void)fflush(stdout);
}

static int run(const struct noon_verb *self, int argc, char **argv)
{
	struct arguments a = {.interval_s = 1, .lines = isatty(STDOUT_FILENO) != 1};
	const int status = parse(self, argc, argv, &a);
	struct timespec pause;
	struct noon_ask ask;

	if (status >= 0)
		return status;
	pause.tv_sec = (time_t)a.interval_s;
	pause.tv_nsec = (long)((a.interval_s - (double)pause.tv_sec) * 1e9);
	if (!noon_ask_open(&ask, self, a.socket))
		return NOON_EXIT_FAILED;
	for (uint64_t i = 0; a.count == 0 || i < a.count; i++) {
		const char *why;
		json_t *s;

		if (i > 0)
			(void)nanosleep(&pause, NULL);
		s = noon_ask(&ask, json_pack("{s:s}", "command", "status"), &why);
		if (s == NULL) {
			noon_ask_close(&ask);
			return noon_tool_fail(self, "%s: %s", ask.path, why);
		}
		show(&a, s, i == 0);
		json_decref(s);
	}
	noon_ask_close(&ask);
	return NOON_EXIT_OK;
}

const struct noon_verb noon_verb_watch = {
	.name = "watch",
	.summary = "show the status live",
	.help = "Usage: noonmark watch [--interval S] [--count N] [--lines|--json] [--socket "
		"FILE]\n"
		"Show the status again and again: in place on a terminal, one line each "
		"elsewhere.\n"
		"\n"
		"  -i, --interval S   seconds between updates (default 1)\n"
		"  -n, --count N      end after N updates\n"
		"      --lines        one line each, on a terminal too\n"
		"      --json         one JSON object a line\n"
		"      --socket FILE  control socket of the daemon\n",
	.run = run,
};
