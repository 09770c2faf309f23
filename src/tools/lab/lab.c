/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark lab run: scenarios with real daemons, several at a time, each in its own network
 * namespace.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/core/tool.h"
#include "tools/lab/lab_attack.h"
#include "tools/lab/lab_tally.h"
#include "tools/lab/lab_world.h"
#include "tools/sim/sim_run.h"

#define JOBS_MAX  64
#define FILES_MAX 256

struct arguments {
	struct noon_lab_conf conf;
	size_t jobs;
	bool json;
};

/* A running scenario. */
struct job {
	struct noon_sim_result r;
	struct noon_sim_outcome outcome;
	struct noon_lab_outcome got;
	pid_t pid;
	int fd;
};

/* Set by ctrl-C: running scenarios stop early and clean up. */
static volatile sig_atomic_t interrupted;

static void on_interrupt(int signo)
{
	interrupted = signo;
}

/* In a scenario's process: the outcome is sent through the pipe. */
static void child(const struct job *j, const struct arguments *a, int fd)
{
	struct noon_lab_outcome *o = calloc(1, sizeof(*o));
	ssize_t n = 0;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (o == NULL)
		_exit(1);
	o->err = noon_lab_enter_namespace();
	if (o->err)
		(void)snprintf(o->why, sizeof(o->why),
			       "a network namespace of its own is not allowed here: run as root or "
			       "allow user namespaces");
	else
		noon_lab_play(&j->r.file.s, &a->conf, &interrupted, o);
	for (size_t at = 0; at < sizeof(*o) && n >= 0; at += (size_t)(n > 0 ? n : 0))
		n = write(fd, (const char *)o + at, sizeof(*o) - at);
	_exit(0);
}

static bool start(struct job *j, const struct arguments *a)
{
	int fds[2];

	if (pipe(fds) < 0)
		return false;
	j->pid = fork();
	if (j->pid == 0) {
		(void)close(fds[0]);
		child(j, a, fds[1]);
	}
	(void)close(fds[1]);
	j->fd = fds[0];
	if (j->pid > 0)
		return true;
	(void)close(fds[0]);
	return false;
}

/* The tally of the client that an expectation names, or of all. */
static struct noon_sim_tally tally_of(const struct job *j, const char *client)
{
	const struct noon_scenario *s = &j->r.file.s;
	struct noon_sim_tally sum = noon_sim_tally_new();
	bool first = true;

	for (size_t i = 0; i < s->nodes; i++) {
		if (!s->node[i].client ||
		    (client[0] != '\0' && strcmp(client, s->node[i].name) != 0))
			continue;
		if (first)
			sum = j->got.client[i];
		else
			noon_sim_tally_add(&sum, &j->got.client[i]);
		first = false;
	}
	return sum;
}

static void judge(struct job *j)
{
	const struct noon_scenario_file *f = &j->r.file;
	struct noon_sim_outcome *o = &j->outcome;

	o->seed = f->s.seed;
	o->made = !j->got.err;
	o->passed = !j->got.err && !interrupted;
	o->tally = tally_of(j, "");
	for (size_t i = 0; i < f->s.expects; i++) {
		const struct noon_expect *e = &f->expect[i];
		const struct noon_sim_tally t = tally_of(j, e->client);

		o->held[i] = noon_expect_holds(e, &t, &o->value[i]) ||
			     !noon_lab_measures(e->metric.name);
		o->passed &= o->held[i];
	}
}

static void finish(struct job *j)
{
	ssize_t n = 1;
	size_t at = 0;

	while (at < sizeof(j->got) && n != 0) {
		if (interrupted)
			(void)kill(j->pid, SIGTERM); /* it stops its daemons and cleans up */
		n = read(j->fd, (char *)&j->got + at, sizeof(j->got) - at);
		if (n < 0 && errno != EINTR)
			break;
		at += n > 0 ? (size_t)n : 0;
	}
	(void)close(j->fd);
	while (waitpid(j->pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (at < sizeof(j->got)) {
		j->got.err = NOON_ERR_OS;
		(void)snprintf(j->got.why, sizeof(j->got.why), "its process died");
	}
	judge(j);
}

static int run_all(const struct noon_verb *self, const struct arguments *a, struct job *job,
		   size_t n)
{
	const struct sigaction sa = {.sa_handler = on_interrupt};
	size_t started = 0;
	int status = NOON_EXIT_OK;

	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
	for (size_t done = 0; done < n; done++) {
		while (started < n && started - done < a->jobs) {
			if (!start(&job[started], a))
				return noon_tool_fail(self, "cannot start a process");
			started++;
		}
		finish(&job[done]);
		if (isatty(STDERR_FILENO) == 1 && !a->json)
			(void)fprintf(stderr, "%zu of %zu scenarios\n", done + 1, n);
		if (!job[done].outcome.passed)
			status = NOON_EXIT_NOT_OK;
	}
	return interrupted ? NOON_EXIT_FAILED : status;
}

static void report(const struct arguments *a, const struct job *job, size_t n)
{
	struct noon_sim_result *r = calloc(n + 1, sizeof(*r));
	struct noon_sim_outcome *o = calloc(n + 1, sizeof(*o));

	if (interrupted)
		(void)fputs("noonmark lab: interrupted: what follows is of the time until then\n",
			    stderr);
	for (size_t i = 0; r != NULL && o != NULL && i < n; i++) {
		r[i] = job[i].r;
		o[i] = job[i].outcome;
		r[i].outcome = &o[i];
	}
	if (r != NULL && o != NULL && a->json)
		noon_sim_print_json(r, n);
	else if (r != NULL && o != NULL)
		noon_sim_print_table(r, n);
	for (size_t i = 0; i < n; i++) {
		if (job[i].got.why[0] != '\0')
			(void)fprintf(stderr, "noonmark lab: %s: %s\n", job[i].r.path,
				      job[i].got.why);
		if (job[i].got.dir[0] != '\0')
			(void)fprintf(stderr, "noonmark lab: %s: kept %s\n", job[i].r.path,
				      job[i].got.dir);
	}
	free(o);
	free(r);
}

static bool prepare(struct job *j, const char *path)
{
	char why[256];

	j->r.path = path;
	j->r.verb = "lab run";
	j->r.seeds = 1;
	if (noon_scenario_read(path, &j->r.file))
		return false;
	if (noon_lab_check(&j->r.file.s, why, sizeof(why)) == NOON_OK)
		return true;
	(void)fprintf(stderr, "%s: %s\n", path, why);
	return false;
}

static int run(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	const struct arguments *a = options;
	const size_t n = line->n;
	struct job *job = calloc(n + 1, sizeof(*job));
	int status = NOON_EXIT_USAGE;
	bool good = true;

	if (job == NULL)
		return noon_tool_fail(self, "out of memory");
	/* Report every bad file. */
	for (size_t i = 0; i < n; i++)
		good &= prepare(&job[i], line->argument[i]);
	if (good) {
		status = run_all(self, a, job, n);
		report(a, job, n);
	}
	for (size_t i = 0; i < n; i++)
		noon_scenario_file_fini(&job[i].r.file);
	free(job);
	return status;
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)

static const struct noon_option rows[] = {
	{"jobs", NOON_OPTION_UINT, OPTION(jobs), NOON_OPTION_RANGE(1, JOBS_MAX), .def = "1",
	 .letter = 'j', .help = "run N at a time"},
	{"json", NOON_OPTION_BOOL, OPTION(json), .help = "print JSON"},
	{"keep", NOON_OPTION_BOOL, OPTION(conf.keep),
	 .help = "keep configurations and logs, and say where"},
	{"noonmarkd", NOON_OPTION_BORROWED, OPTION(conf.daemon), .value = "file",
	 .says = "beside this program", .help = "the daemon"},
	NOON_OPTION_END,
};

static const struct noon_verb run_verb = {
	.name = "lab run",
	.summary = "run scenarios in real time",
	.arguments = "FILE...",
	.min = 1,
	.max = FILES_MAX,
	.about = "Run scenarios in real time: noonmarkd for each node, a relay for each path, "
		 "clocks\n"
		 "that are wrong as the file says, each scenario in a network namespace of its "
		 "own.\n",
	.notes = "What only a simulation can see (I2, I4, I5, I7, stale_violations, steps) is not\n"
		 "checked. Exit status: 0 all passed, 1 some failed, 2 usage or a file that cannot "
		 "be\n"
		 "played, 3 the lab itself failed. See noonmark(1) and noonmark-scenario(5).\n",
	.size = sizeof(struct arguments),
	.part = {{rows, 0, NULL}},
	.act = run,
};

static const struct noon_verb *const parts[] = {&run_verb, NULL};

const struct noon_verb noon_verb_lab = {
	.name = "lab",
	.summary = "run scenarios with real daemons, relays and virtual clocks",
	.about = "Real daemons, relays and virtual clocks.\n",
	.parts = parts,
};
