/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark sim run: files times seeds, several processes at a time.
 *
 * Each of several runs is a separate process; its outcome is returned through a pipe. Outcomes are
 * collected in the order of the runs, so nothing depends on timing.
 */
#include "tools/sim/sim_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/aead.h"
#include "tools/sim/sim.h"

#define JOBS_MAX  256
#define SEEDS_MAX 1000000
#define PATH_MAX_ 512

struct arguments {
	const char *svg; /* folder; NULL: none */
	uint64_t seed;
	bool json;
	bool has_seed;
	size_t seeds;
	size_t jobs;
};

/* One of the runs. */
struct job {
	struct noon_sim_result *r;
	size_t k; /* of its seeds */
	pid_t pid;
	int fd; /* to read its outcome from */
};

/* Path of the picture of a run; NULL: none. */
static const char *picture_of(const struct arguments *a, const struct job *j, char out[PATH_MAX_])
{
	char name[64];

	if (a->svg == NULL)
		return NULL;
	noon_sim_short_name(j->r->path, name, sizeof(name));
	(void)snprintf(out, PATH_MAX_, "%s/%s-%llu.svg", a->svg, name,
		       (unsigned long long)j->r->outcome[j->k].seed);
	return out;
}

static void run_here(const struct arguments *a, const struct job *j)
{
	struct noon_sim_outcome *o = &j->r->outcome[j->k];
	char path[PATH_MAX_];

	noon_sim_outcome_of(&j->r->file, o->seed, picture_of(a, j, path), o);
}

static void write_all(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n > 0) {
		const ssize_t k = write(fd, at, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return;
		at += k;
		n -= (size_t)k;
	}
}

static bool read_all(int fd, void *p, size_t n)
{
	char *at = p;

	while (n > 0) {
		const ssize_t k = read(fd, at, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		at += k;
		n -= (size_t)k;
	}
	return true;
}

/* Start a run in its own process; falls back to running it here. */
static void start(const struct arguments *a, struct job *j)
{
	int fds[2];

	j->pid = -1;
	j->fd = -1;
	if (pipe(fds) < 0) {
		run_here(a, j);
		return;
	}
	j->pid = fork();
	if (j->pid == 0) {
		(void)close(fds[0]);
		run_here(a, j);
		write_all(fds[1], &j->r->outcome[j->k], sizeof(j->r->outcome[j->k]));
		_exit(0);
	}
	(void)close(fds[1]);
	if (j->pid < 0) {
		(void)close(fds[0]);
		run_here(a, j);
		return;
	}
	j->fd = fds[0];
}

/* A process that dies counts as a run that was not made. */
static void finish(struct job *j)
{
	struct noon_sim_outcome *o = &j->r->outcome[j->k];
	struct noon_sim_outcome got;

	if (j->pid < 0)
		return;
	if (read_all(j->fd, &got, sizeof(got)))
		*o = got;
	(void)close(j->fd);
	while (waitpid(j->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void tell_progress(size_t done, size_t all)
{
	if (!isatty(STDERR_FILENO))
		return;
	if (done < all)
		(void)fprintf(stderr, "\r%zu of %zu runs", done, all);
	else
		(void)fprintf(stderr, "\r%*s\r", 40, "");
	(void)fflush(stderr);
}

static void run_all(const struct arguments *a, struct job *job, size_t n)
{
	size_t started = 0;

	for (size_t done = 0; done < n; done++) {
		while (a->jobs > 1 && started < n && started - done < a->jobs)
			start(a, &job[started++]);
		if (a->jobs > 1)
			finish(&job[done]);
		else
			run_here(a, &job[done]);
		tell_progress(done + 1, n);
	}
}

static bool prepare(const struct arguments *a, struct noon_sim_result *r, const char *path)
{
	uint64_t seed;

	r->path = path;
	if (noon_scenario_read(path, &r->file))
		return false;
	r->seeds = a->seeds;
	r->outcome = calloc(r->seeds, sizeof(r->outcome[0]));
	if (r->outcome == NULL)
		return false;
	seed = a->has_seed ? a->seed : r->file.s.seed;
	for (size_t k = 0; k < r->seeds; k++)
		r->outcome[k].seed = seed + k;
	return true;
}

/* Run the scenarios; returns the exit status. */
static int run_results(const struct noon_verb *self, const struct arguments *a,
		       struct noon_sim_result *r, size_t n)
{
	struct job *job = calloc(n * a->seeds + 1, sizeof(*job));
	int status = NOON_EXIT_OK;

	if (job == NULL)
		return noon_tool_fail(self, "out of memory");
	for (size_t i = 0; i < n * a->seeds; i++)
		job[i] = (struct job){.r = &r[i / a->seeds], .k = i % a->seeds};
	run_all(a, job, n * a->seeds);
	free(job);
	if (a->json)
		noon_sim_print_json(r, n);
	else
		noon_sim_print_table(r, n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < r[i].seeds; k++) {
			if (!r[i].outcome[k].passed)
				status = NOON_EXIT_NOT_OK;
			if (a->svg != NULL && r[i].outcome[k].made && !r[i].outcome[k].pictured)
				status = noon_tool_fail(self, "%s: a picture could not be written",
							a->svg);
		}
	return status;
}

static int run(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	struct arguments *a = options;
	const size_t n = line->n;
	struct noon_sim_result *r;
	bool good = true;
	int status;

	a->has_seed = noon_arguments_has(line, "seed");
	if (a->svg != NULL && mkdir(a->svg, 0777) < 0 && errno != EEXIST)
		return noon_tool_usage(self, "--svg \"%s\": %s", a->svg, strerror(errno));
	r = calloc(n + 1, sizeof(*r));
	if (r == NULL || noon_aead_global_init()) {
		free(r);
		return noon_tool_fail(self, "out of memory, or libgcrypt is broken");
	}
	/* Report every bad file. */
	for (size_t i = 0; i < n; i++)
		good &= prepare(a, &r[i], line->argument[i]);
	status = good ? run_results(self, a, r, n) : NOON_EXIT_USAGE;
	for (size_t i = 0; i < n; i++) {
		noon_scenario_file_fini(&r[i].file);
		free(r[i].outcome);
	}
	free(r);
	return status;
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)

static const struct noon_option rows[] = {
	{"seed", NOON_OPTION_UINT, OPTION(seed), .says = "that of the file", .help = "first seed"},
	{"seeds", NOON_OPTION_UINT, OPTION(seeds), NOON_OPTION_RANGE(1, SEEDS_MAX), .def = "1",
	 .help = "run each file with N seeds, one after the other"},
	{"jobs", NOON_OPTION_UINT, OPTION(jobs), NOON_OPTION_RANGE(1, JOBS_MAX), .def = "1",
	 .letter = 'j', .help = "run N at a time; the results are the same"},
	{"json", NOON_OPTION_BOOL, OPTION(json), .help = "print JSON"},
	{"svg", NOON_OPTION_BORROWED, OPTION(svg), .value = "folder", .says = "none",
	 .help = "draw each run into a file there"},
	NOON_OPTION_END,
};

const struct noon_verb noon_sim_run = {
	.name = "sim run",
	.summary = "run scenarios and check what they promise",
	.arguments = "FILE...",
	.min = 1,
	.max = NOON_ARGUMENTS_ANY,
	.about = "Run scenarios in virtual time and check what they promise.\n",
	.notes = "Exit status: 0 all passed, 1 some failed, 2 usage or a bad file.\n"
		 "See noonmark(1) and noonmark-scenario(5).\n",
	.size = sizeof(struct arguments),
	.part = {{rows, 0, NULL}},
	.act = run,
};
