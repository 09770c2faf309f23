/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark wait: until the time is known well enough, also for a daemon that does not run yet.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "noonmark/clock.h"
#include "tools/core/tool.h"

/* Between two reads of the page. */
#define LOOK_EVERY NOON_MS(100)

struct waiting {
	const struct noon_verb *self;
	const char *given; /* --page; NULL: the default */
	char path[512];	   /* of the page, for messages */
	noon_dur bound;	   /* half-width, ns; NOON_DUR_MAX: any */
	noon_dur timeout;  /* ns; NOON_DUR_MAX: none */
	bool quiet;
	bool terminal; /* progress in one line */
	int64_t begin;
	int64_t told_at;
	char told[704]; /* room for path and words */
	struct noon_clock_page *page;
};

/* Result of one read of the page. */
struct look {
	int err;    /* of opening the page; 0: it exists */
	bool lives; /* its daemon is running */
	struct noon_clock_interval is;
};

static int64_t mono_ns(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NOON_S(1) + ts.tv_nsec;
}

static noon_dur half_width(const struct noon_clock_interval *is)
{
	return is->earliest == INT64_MIN ? NOON_DUR_MAX : (is->latest - is->earliest + 1) / 2;
}

/* A stale page may be replaced by a new file: it is reopened each time. */
static void look_at(struct waiting *w, struct look *ret)
{
	*ret = (struct look){.err = 0};
	if (w->page == NULL)
		ret->err = noon_open(w->given, &w->page);
	if (ret->err)
		return;
	ret->err = noon_read(w->page, &ret->is);
	ret->lives = !ret->err && ret->is.status != NOON_CLOCK_STALE;
	if (!ret->lives) {
		noon_close(w->page);
		w->page = NULL;
	}
}

static bool is_good(const struct waiting *w, const struct look *l)
{
	return l->lives && l->is.status == NOON_CLOCK_OK && half_width(&l->is) <= w->bound;
}

/* The condition waited for, in words that change only when the cause does. */
static void describe(const struct waiting *w, const struct look *l, char *out, size_t n)
{
	char limit[32];

	if (l->err == ENOENT)
		(void)snprintf(out, n, "no daemon yet: there is no %s", w->path);
	else if (l->err == EPROTO)
		(void)snprintf(out, n, "no daemon of this version yet: %s is of another one",
			       w->path);
	else if (l->err == EPERM)
		(void)snprintf(out, n,
			       "no daemon: its folder or page belongs to somebody else, or others "
			       "can write there (--page takes any)");
	else if (l->err)
		(void)snprintf(out, n, "%s: %s", w->path, strerror(l->err));
	else if (l->is.status == NOON_CLOCK_OK) {
		noon_tool_dur(limit, sizeof(limit), noon_dur_to_s(w->bound));
		(void)snprintf(out, n, "ok, but the bound is above %s", limit);
	} else
		(void)snprintf(out, n, "%s: %s", noon_clock_status_word(l->is.status),
			       noon_clock_reason_text(l->is.reason));
}

/* On a terminal one line, renewed each second; elsewhere one for each new cause. */
static void tell(struct waiting *w, const struct look *l, int64_t now)
{
	const noon_dur half = l->lives ? half_width(&l->is) : NOON_DUR_MAX;
	char what[sizeof(w->told)];
	char width[32] = "";

	describe(w, l, what, sizeof(what));
	const bool is_new = strcmp(what, w->told) != 0;

	if (w->quiet || !(is_new || (w->terminal && now - w->told_at >= NOON_S(1))))
		return;
	memcpy(w->told, what, sizeof(what));
	w->told_at = now;
	if (half != NOON_DUR_MAX)
		noon_tool_dur(width, sizeof(width), noon_dur_to_s(half));
	if (!w->terminal)
		(void)fprintf(stderr, "waiting: %s\n", what);
	else
		(void)fprintf(stderr, "\r\033[Kwaiting %.0f s: %s%s%s",
			      noon_dur_to_s(now - w->begin), what,
			      half == NOON_DUR_MAX ? "" : ", bound +-", width);
}

static void end_progress(const struct waiting *w)
{
	if (w->terminal && !w->quiet && w->told[0] != '\0')
		(void)fputs("\r\033[K", stderr);
}

static int succeed(const struct waiting *w, const struct look *l)
{
	char width[32];

	end_progress(w);
	if (w->quiet)
		return NOON_EXIT_OK;
	noon_tool_dur(width, sizeof(width), noon_dur_to_s(half_width(&l->is)));
	(void)printf("ok, bound +-%s, after %.1f s\n", width, noon_dur_to_s(mono_ns() - w->begin));
	return NOON_EXIT_OK;
}

static int give_up(const struct waiting *w, const struct look *l)
{
	char what[sizeof(w->told)];

	end_progress(w);
	describe(w, l, what, sizeof(what));
	(void)fprintf(stderr, "noonmark %s: not within %g s: %s\n", w->self->name,
		      noon_dur_to_s(w->timeout), what);
	return l->lives ? NOON_EXIT_NOT_OK : NOON_EXIT_FAILED;
}

static void sleep_ns(noon_dur d)
{
	const struct timespec ts = {.tv_sec = d / NOON_S(1), .tv_nsec = d % NOON_S(1)};

	(void)nanosleep(&ts, NULL);
}

static int wait_for_time(struct waiting *w)
{
	struct look l;

	for (;;) {
		const noon_dur since = mono_ns() - w->begin;

		look_at(w, &l);
		if (is_good(w, &l))
			return succeed(w, &l);
		if (since >= w->timeout)
			return give_up(w, &l);
		tell(w, &l, mono_ns());
		sleep_ns(w->timeout - since < LOOK_EVERY ? w->timeout - since : LOOK_EVERY);
	}
}

#define OPTION(member) NOON_OPTION_AT(struct waiting, member)

static const struct noon_option rows[] = {
	{"bound", NOON_OPTION_TIME, OPTION(bound), NOON_OPTION_LEAST(1), .says = "the alert limit",
	 .help = "half-width of the interval at most"},
	{"timeout", NOON_OPTION_TIME, OPTION(timeout), NOON_OPTION_LEAST(0), .says = "never",
	 .help = "give up after that; 0 looks once"},
	{"quiet", NOON_OPTION_BOOL, OPTION(quiet), .letter = 'q',
	 .help = "print nothing but errors"},
	{"page", NOON_OPTION_BORROWED, OPTION(given), .value = "file",
	 .says = "as for noonmark now", .help = "shared page of the daemon"},
	NOON_OPTION_END,
};

static void init(void *options)
{
	struct waiting *w = options;

	w->bound = NOON_DUR_MAX;
	w->timeout = NOON_DUR_MAX;
}

static int wait_until(const struct noon_verb *self, void *options,
		      const struct noon_arguments *line)
{
	struct waiting *w = options;
	int status;

	(void)line;
	w->self = self;
	w->begin = mono_ns();
	(void)snprintf(w->path, sizeof(w->path), "%s",
		       w->given != NULL ? w->given : NOON_CLOCK_PAGE_DEFAULT);
	w->terminal = isatty(STDERR_FILENO);
	status = wait_for_time(w);
	noon_close(w->page);
	return status;
}

const struct noon_verb noon_verb_wait = {
	.name = "wait",
	.summary = "wait until the time is known well enough",
	.about =
		"Wait until the status is ok, and the bound at most that of --bound. A daemon that "
		"is\n"
		"not there yet is waited for too. The page is looked at ten times a second.\n",
	.notes = "Exit status: 0 ok, 1 not in time, 2 usage, 3 no daemon in time, or its page is "
		 "not\n"
		 "to be believed.\n",
	.size = sizeof(struct waiting),
	.init = init,
	.part = {{rows, 0, NULL}},
	.act = wait_until,
};
