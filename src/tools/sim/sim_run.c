/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark sim run: files times seeds, several processes at a time.
 *
 * Each run is a process of its own when there are several; its outcome comes back through a pipe.
 * Outcomes are taken in the order of the runs, so nothing depends on who was faster.
 */
#include "tools/sim/sim_run.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/aead.h"
#include "platform/number.h"
#include "tools/sim/sim.h"

#define JOBS_MAX  256
#define SEEDS_MAX 1000000
#define PATH_MAX_ 512

struct arguments {
	const char *svg; /* folder; NULL: none */
	uint64_t seed;
	bool has_seed, json;
	size_t seeds;
	size_t jobs;
};

/* One run of all. */
struct job {
	struct noon_sim_result *r;
	size_t k; /* of its seeds */
	pid_t pid;
	int fd; /* to read its outcome from */
};

static int take_option(const struct noon_verb *self, struct arguments *a, int c, const char *text)
{
	uint64_t v = 0;
	bool ok = true;

	switch (c) {
	case 's':
		ok = noon_number_u64(text, 0, INT64_MAX, &a->seed);
		a->has_seed = true;
		break;
	case 'n':
		ok = noon_number_u64(text, 1, SEEDS_MAX, &v);
		a->seeds = (size_t)v;
		break;
	case 'j':
		ok = noon_number_u64(text, 1, JOBS_MAX, &v);
		a->jobs = (size_t)v;
		break;
	case 'J':
		a->json = true;
		break;
	case 'S':
		a->svg = text;
		break;
	default:
		return NOON_EXIT_USAGE;
	}
	return ok ? -1 : noon_tool_usage(self, "option value \"%s\" is out of range", text);
}

static int parse(const struct noon_verb *self, int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{"seed", required_argument, NULL, 's'},
		{"seeds", required_argument, NULL, 'n'},
		{"jobs", required_argument, NULL, 'j'},
		{"json", no_argument, NULL, 'J'},
		{"svg", required_argument, NULL, 'S'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	*a = (struct arguments){.seeds = 1, .jobs = 1};
	while ((c = getopt_long(argc, argv, "hj:", options, NULL)) != -1) {
		const int status =
			c == 'h' ? noon_tool_help(self) : take_option(self, a, c, optarg);

		if (status >= 0)
			return status;
	}
	if (optind == argc)
		return noon_tool_usage(self, "which scenario?");
	if (a->svg != NULL && mkdir(a->svg, 0777) < 0 && errno != EEXIST)
		return noon_tool_usage(self, "%s: %s", a->svg, strerror(errno));
	return -1;
}

/* Where the picture of a run goes; NULL: nowhere. */
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

/* Start a run in a process of its own; falls back to running it here. */
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

/* A process that dies leaves a run that was not made. */
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

/* Run what was read; returns the exit status. */
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

static int run(const struct noon_verb *self, int argc, char **argv)
{
	struct noon_sim_result *r;
	struct arguments a;
	int status = parse(self, argc, argv, &a);
	bool good = true;
	size_t n;

	if (status >= 0)
		return status;
	n = (size_t)(argc - optind);
	r = calloc(n + 1, sizeof(*r));
	if (r == NULL || noon_aead_global_init()) {
		free(r);
		return noon_tool_fail(self, "out of memory, or libgcrypt is broken");
	}
	/* Every bad file is named. */
	for (size_t i = 0; i < n; i++)
		good &= prepare(&a, &r[i], argv[optind + (int)i]);
	status = good ? run_results(self, &a, r, n) : NOON_EXIT_USAGE;
	for (size_t i = 0; i < n; i++) {
		noon_scenario_file_fini(&r[i].file);
		free(r[i].outcome);
	}
	free(r);
	return status;
}

const struct noon_verb noon_sim_run = {
	.name = "sim run",
	.summary = "run scenarios and check what they promise",
	.help = "Usage: noonmark sim run [OPTION]... FILE...\n"
		"Run scenarios in virtual time and check what they promise.\n"
		"\n"
		"      --seed=N    first seed (default: that of the file)\n"
		"      --seeds=N   run each file with N seeds, one after the other (default 1)\n"
		"  -j, --jobs=N    run N at a time (default 1); the results are the same\n"
		"      --json      print JSON\n"
		"      --svg=DIR   draw each run into a file in DIR\n"
		"\n"
		"Exit status: 0 all passed, 1 some failed, 2 usage or a bad file.\n"
		"See noonmark(1) and noonmark-scenario(5).\n",
	.run = run,
};
