/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark now: the interval from the shared page, as libnoonmark returns it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "noonmark/clock.h"
#include "tools/core/tool.h"

#define GUARDS 16

/* Contents of the page. */
struct told {
	struct noon_clock_interval is;
	enum noon_clock_guard guard[GUARDS];
	size_t n_guards;
};

static void print_instant(char *out, size_t n, int64_t ns)
{
	(void)snprintf(out, n, "%" PRId64 ".%09" PRId64, ns / 1000000000, ns % 1000000000);
}

/* There is no interval if the page is from another boot or time namespace. */
static bool is_bounded(const struct told *t)
{
	return t->is.earliest != INT64_MIN;
}

static void print_plain(const struct told *t)
{
	const int64_t earliest = t->is.earliest;
	const int64_t latest = t->is.latest;
	const bool ok = t->is.status == NOON_CLOCK_OK;
	char instant[32];
	char utc[64];
	char width[32];

	if (!is_bounded(t)) {
		(void)printf("status    %s: %s\n", noon_clock_status_word(t->is.status),
			     noon_clock_reason_text(t->is.reason));
		return;
	}
	print_instant(instant, sizeof(instant), earliest);
	noon_tool_utc(utc, sizeof(utc), instant);
	(void)printf("earliest  %s\n", utc);
	print_instant(instant, sizeof(instant), latest);
	noon_tool_utc(utc, sizeof(utc), instant);
	(void)printf("latest    %s\n", utc);
	noon_tool_dur(width, sizeof(width), (double)(latest - earliest) / 2e9);
	(void)printf("bound     +-%s around the middle\n", width);
	(void)printf("status    %s%s%s\n", noon_clock_status_word(t->is.status), ok ? "" : ": ",
		     ok ? "" : noon_clock_reason_text(t->is.reason));
}

static void print_json(const struct told *t)
{
	char from[32];
	char to[32];

	print_instant(from, sizeof(from), t->is.earliest);
	print_instant(to, sizeof(to), t->is.latest);
	if (is_bounded(t))
		(void)printf("{\"earliest\": \"%s\", \"latest\": \"%s\", \"half_width_s\": %.9f, ",
			     from, to, (double)(t->is.latest - t->is.earliest) / 2e9);
	else
		(void)printf("{\"earliest\": null, \"latest\": null, \"half_width_s\": null, ");
	(void)printf("\"status\": \"%s\", \"reason\": \"%s\", ",
		     noon_clock_status_word(t->is.status), noon_clock_reason_word(t->is.reason));
	if (t->is.status != NOON_CLOCK_OK)
		(void)printf("\"why\": \"%s\", ", noon_clock_reason_text(t->is.reason));
	(void)printf("\"guards\": [");
	for (size_t i = 0; i < t->n_guards; i++)
		(void)printf("%s\"%s\"", i == 0 ? "" : ", ", noon_clock_guard_word(t->guard[i]));
	(void)puts("]}");
}

/* 0, or the result of noon_read(). */
static int read_page(const struct noon_clock_page *page, struct told *ret)
{
	const int err = noon_read(page, &ret->is);

	if (err)
		return err;
	if (noon_guards(page, ret->guard, GUARDS, &ret->n_guards))
		ret->n_guards = 0;
	if (ret->n_guards > GUARDS)
		ret->n_guards = GUARDS;
	return 0;
}

struct options {
	const char *page; /* NULL: the default */
	bool json;
};

#define OPTION(member) NOON_OPTION_AT(struct options, member)

static const struct noon_option rows[] = {
	{"json", NOON_OPTION_BOOL, OPTION(json), .help = "print one JSON object"},
	{"page", NOON_OPTION_BORROWED, OPTION(page), .value = "file",
	 .says = NOON_CLOCK_PAGE_DEFAULT ", or that of a daemon started without configuration",
	 .help = "shared page of the daemon"},
	NOON_OPTION_END,
};

static int now(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	const struct options *o = options;
	struct noon_clock_page *page;
	struct told told;
	char path[512];
	int err;

	(void)line;
	noon_tool_path(path, sizeof(path), o->page, "clock");
	err = noon_open(o->page, &page);
	if (err == EPERM)
		return noon_tool_fail(self,
				      "%s: not believed: folder and page must belong to root or to "
				      "you, and be writable by nobody else (--page takes any)",
				      path);
	if (err)
		return noon_tool_fail(self, "%s: %s (is noonmarkd running? --page names another)",
				      path, strerror(err));
	err = read_page(page, &told);
	noon_close(page);
	if (err)
		return noon_tool_fail(self, "%s: %s", path, strerror(err));
	if (!is_bounded(&told) && told.is.status != NOON_CLOCK_STALE)
		return noon_tool_fail(self, "%s: the daemon has no time yet: %s", path,
				      noon_clock_reason_text(told.is.reason));
	if (o->json)
		print_json(&told);
	else
		print_plain(&told);
	return told.is.status == NOON_CLOCK_OK ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
}

const struct noon_verb noon_verb_now = {
	.name = "now",
	.summary = "print the interval that contains UTC, and its status",
	.about = "Print the interval that contains UTC now. Exit status 0 only if the status is "
		 "ok.\n",
	.size = sizeof(struct options),
	.part = {{rows, 0, NULL}},
	.act = now,
};
