/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark watch: the status repeatedly; in place on a terminal, else one line each.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/core/screen.h"
#include "tools/core/tool.h"

struct options {
	struct noon_ask_options ask;
	bool lines;
	double interval_s;
	uint64_t count; /* 0: for ever */
};

#define OPTION(member) NOON_OPTION_AT(struct options, member)

static const struct noon_option rows[] = {
	{"interval", NOON_OPTION_REAL, OPTION(interval_s), NOON_OPTION_RANGE(0.05, 86400),
	 .def = "1", .unit = "s", .letter = 'i', .value = "s", .help = "between updates"},
	{"count", NOON_OPTION_UINT, OPTION(count), NOON_OPTION_LEAST(1), .says = "for ever",
	 .letter = 'n', .help = "end after N updates"},
	{"lines", NOON_OPTION_BOOL, OPTION(lines), .help = "one line each, on a terminal too"},
	NOON_OPTION_END,
};

/* Over the old screen: each line is erased past its end, to remove the rest of a longer one. */
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

static void show(const struct options *a, const json_t *s, bool first)
{
	if (a->ask.json) {
		(void)json_dumpf(s, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
		(void)fputc('\n', stdout);
	} else if (a->lines) {
		noon_screen_line(stdout, s, first);
	} else {
		redraw(s, first);
	}
	(void)fflush(stdout);
}

static int watch(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	struct options *a = options;
	struct timespec pause;
	struct noon_ask ask;

	(void)line;
	a->lines |= isatty(STDOUT_FILENO) != 1;
	pause.tv_sec = (time_t)a->interval_s;
	pause.tv_nsec = (long)((a->interval_s - (double)pause.tv_sec) * 1e9);
	if (!noon_ask_open(&ask, self, a->ask.socket))
		return NOON_EXIT_FAILED;
	for (uint64_t i = 0; a->count == 0 || i < a->count; i++) {
		const char *why;
		json_t *s;

		if (i > 0)
			(void)nanosleep(&pause, NULL);
		s = noon_ask(&ask, json_pack("{s:s}", "command", "status"), &why);
		if (s == NULL) {
			noon_ask_close(&ask);
			return noon_tool_fail(self, "%s: %s", ask.path, why);
		}
		show(a, s, i == 0);
		json_decref(s);
	}
	noon_ask_close(&ask);
	return NOON_EXIT_OK;
}

const struct noon_verb noon_verb_watch = {
	.name = "watch",
	.summary = "show the status live",
	.about = "Show the status again and again: in place on a terminal, one line each "
		 "elsewhere.\n",
	.size = sizeof(struct options),
	.part = {{rows, 0, NULL}, {noon_ask_rows, offsetof(struct options, ask), NULL}},
	.act = watch,
};
