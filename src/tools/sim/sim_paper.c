/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark sim paper: the study of the delay-attack test, by exact law and by simulation.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/number.h"
#include "tools/sim/channel_options.h"
#include "tools/sim/sim.h"
#include "tools/sim/study.h"

#define TRIALS_MAX  UINT64_C(10000000000)
#define THREADS_MAX 256

struct arguments {
	struct noon_study_conf conf;
	bool json;
	const char *output;
};

static const uint64_t default_sizes[] = {10,  13,  16,	20,  25,  32,  40,  50,	 63,  79,  100,
					 126, 158, 200, 251, 316, 398, 501, 631, 794, 1000};

static const uint64_t stable_sizes[] = {1, 2, 3, 4, 5, 6, 8, 10};

static void set_sizes(struct noon_study_conf *c, const uint64_t *n, size_t n_sizes)
{
	memcpy(c->n, n, n_sizes * sizeof(n[0]));
	c->n_sizes = n_sizes;
}

static void set_preset(struct noon_study_conf *c, size_t i)
{
	const struct noon_channel_preset *p = noon_channel_preset(i);

	c->channel_name = p->name;
	c->channel_what = p->what;
	c->channel = p->channel;
	if (i == 0)
		set_sizes(c, default_sizes, sizeof(default_sizes) / sizeof(default_sizes[0]));
	else
		set_sizes(c, stable_sizes, sizeof(stable_sizes) / sizeof(stable_sizes[0]));
}

static bool read_preset(const struct noon_option *o, const char *text, void *at,
			char why[NOON_OPTION_WHY])
{
	(void)o;
	(void)why;
	for (size_t i = 0; noon_channel_preset(i) != NULL; i++) {
		if (strcmp(noon_channel_preset(i)->name, text) != 0)
			continue;
		set_preset(at, i);
		return true;
	}
	return false;
}

static void show_preset(const void *at, char out[NOON_OPTION_SHOW])
{
	(void)snprintf(out, NOON_OPTION_SHOW, "%s",
		       ((const struct noon_study_conf *)at)->channel_name);
}

static bool read_sizes(const struct noon_option *o, const char *text, void *at,
		       char why[NOON_OPTION_WHY])
{
	struct noon_study_conf *c = at;

	(void)o;
	(void)why;
	c->n_sizes = noon_number_list(text, 1, NOON_MC_N_MAX, c->n, NOON_STUDY_SIZES);
	return c->n_sizes > 0;
}

static bool read_delay(const struct noon_option *o, const char *text, void *at,
		       char why[NOON_OPTION_WHY])
{
	double us;

	(void)o;
	(void)why;
	if (!noon_number(text, 1e-3, 1e12, &us))
		return false;
	us *= 1e3;
	memcpy(at, &us, sizeof(us));
	return true;
}

static void on_progress(void *arg, double part)
{
	int *last = arg;
	const int percent = (int)(part * 100.0);

	if (percent == *last)
		return;
	*last = percent;
	(void)fprintf(stderr, "\rsimulating: %3d %%", percent);
}

static void print_table(const struct noon_study *s)
{
	const double trials = (double)s->conf.trials;

	(void)printf("\n  round trips   threshold   false alarms, exact   simulated (%.0f %% "
		     "interval)\n",
		     100.0 * NOON_STUDY_LEVEL);
	for (size_t i = 0; i < s->conf.n_sizes; i++) {
		const struct noon_study_row *r = &s->row[i];

		(void)printf("  %11u %8.3f us   %19.4g   %9.4g  [%.3g, %.3g]\n", r->n,
			     r->lambda_ns * 1e-3, r->p_fa, (double)r->alarms / trials, r->p_fa_low,
			     r->p_fa_high);
	}
}

static void print_agreement(const struct noon_study *s)
{
	size_t power, agree;

	noon_study_agreement(s, &power, &agree);
	(void)printf(
		"\nThe exact law lies within the interval of the simulation for %zu of %zu sizes "
		"where %llu trials\nare enough to expect a false alarm.",
		agree, power, (unsigned long long)s->conf.trials);
	if (power < s->conf.n_sizes)
		(void)printf(" For the other %zu the simulation has no power: it can only say\n"
			     "\"less than %.2g\"; there the exact law stands alone.",
			     s->conf.n_sizes - power, s->row[s->conf.n_sizes - 1].p_fa_high);
	(void)printf("\nThe sizes share their trials, so neighbours err together.\n");
}

/* The cases come in threes: one limit and drift, three sizes. */
static void print_practical(const struct noon_study *s)
{
	(void)fputc('\n', stdout);
	(void)printf("In practice, by alert limit and drift between updates, false alarms of a "
		     "decision\n(and what a threshold with one in a million would miss), us:\n"
		     "  limit  drift  to be found");
	for (size_t i = 0; i < 3; i++)
		(void)printf("   %6u round trips", s->practical[i].n);
	(void)fputc('\n', stdout);
	for (size_t i = 0; i + 2 < s->n_practical; i += 3) {
		const struct noon_study_case *c = &s->practical[i];

		(void)printf("  %5g  %5g ", c->limit_ns * 1e-3, c->drift_ns * 1e-3);
		if (c->delta_ns <= 0.0) {
			(void)printf("        none   the drift alone reaches the limit\n");
			continue;
		}
		(void)printf("%12g", c->delta_ns * 1e-3);
		for (size_t k = 0; k < 3; k++)
			(void)printf("  %9.2g (%8.2g)", c[k].p_fa, c[k].p_md);
		(void)fputc('\n', stdout);
	}
}

static void print_demands(const struct noon_study *s)
{
	if (s->needed > 0)
		(void)printf("one false alarm in a million: %u round trip%s", s->needed,
			     s->needed > 1 ? "s" : "");
	else
		(void)printf("one false alarm in a million: more than %d round trips",
			     NOON_MC_N_MAX);
	(void)printf("; a single one finds %.4g us\n", s->least_ns * 1e-3);
}

static void print_study(const struct noon_study *s)
{
	const struct noon_channel *c = &s->conf.channel;
	const struct noon_study_row *r = &s->row[s->fig8];

	(void)printf("channel %s: %s\n", s->conf.channel_name, s->conf.channel_what);
	(void)printf(
		"%u nodes each way, nothing with probability %g, else up to %g us (%g bytes at %g "
		"Gbit/s)\n"
		"round trip (queueing): mean %.3f us, standard deviation %.4f us, skewness %.4f;\n"
		"mean of 10: standard deviation %.4f us\n"
		"delay to be found: %g us with probability %g\n"
		"%u round trips: threshold %.3f us, false alarm %.4g\n",
		c->routers, c->p_idle, noon_channel_service_ns(c) * 1e-3, c->packet_bytes,
		c->rate_bps * 1e-9, s->mean_ns * 1e-3, s->sd_ns * 1e-3, s->skewness,
		s->sd_ns / sqrt(10.0) * 1e-3, s->conf.delta_ns * 1e-3, s->conf.p_d, r->n,
		r->lambda_ns * 1e-3, r->p_fa);
	print_demands(s);
	print_table(s);
	print_agreement(s);
	print_practical(s);
	(void)printf("\nexact table: %.3f s\n", s->exact_s);
}

static int report(const struct noon_verb *self, const struct arguments *a,
		  const struct noon_study *s)
{
	const char *name = "";

	if (a->output != NULL && noon_study_write(s, a->output, &name) != NOON_OK)
		return noon_tool_fail(self, "%s/%s: %s", a->output, name, strerror(errno));
	if (a->json) {
		json_t *o = noon_study_json(s);

		(void)json_dumpf(o, stdout, JSON_INDENT(2));
		(void)fputc('\n', stdout);
		json_decref(o);
	} else {
		print_study(s);
	}
	if (fflush(stdout) != 0)
		return noon_tool_fail(self, "standard output: %s", strerror(errno));
	return NOON_EXIT_OK;
}

static int study(const struct noon_verb *self, const struct arguments *a)
{
	struct noon_study *s = calloc(1, sizeof(*s));
	struct noon_convolve *work = calloc(1, sizeof(*work));
	const bool tells = isatty(STDERR_FILENO) == 1;
	int status, last = -1;
	noon_err err = NOON_ERR_OS;

	if (s != NULL && work != NULL) {
		s->conf = a->conf;
		err = noon_study_run(s, work, tells ? on_progress : NULL, &last);
		if (tells)
			(void)fputs("\r                    \r", stderr);
	}
	if (s == NULL || err)
		status = noon_tool_fail(self, "%s", noon_err_text(err));
	else
		status = report(self, a, s);
	free(work);
	free(s);
	return status;
}

static int run(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	const struct arguments *a = options;

	(void)line;
	if (noon_channel_check(&a->conf.channel))
		return noon_tool_usage(self,
				       "--rate, --packet-bytes: a packet takes less than 1 ps "
				       "or more than 1000 s");
	if (a->output != NULL && *a->output == '\0')
		return noon_tool_usage(self, "--output \"\": expected a folder");
	return study(self, a);
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)

static const struct noon_option rows[] = {
	{"channel", NOON_OPTION_OWN, OPTION(conf), .read = read_preset, .flags = NOON_OPTION_FIRST,
	 .show = show_preset, .value = "name", .noun = "paper, wireless or ptp-aware",
	 .help = "paper, wireless or ptp-aware; other options change it"},
	{"delay-us", NOON_OPTION_OWN, OPTION(conf.delta_ns), .read = read_delay, .value = "d",
	 .unit = "us", .def = "10", .noun = "microseconds from 0.001 to 1e12",
	 .help = "delay to be found"},
	{"p-d", NOON_OPTION_REAL, OPTION(conf.p_d), NOON_OPTION_RANGE(1e-9, 1.0 - 1e-9),
	 .value = "p", .def = "0.999", .noun = "a probability", .help = "probability to find it"},
	{"n", NOON_OPTION_OWN, OPTION(conf), .read = read_sizes, .letter = 'n', .value = "list",
	 .says = "10 to 1000", .noun = "up to 64 numbers from 1 to 1000000, such as 10,100,1000",
	 .help = "round trips of a decision"},
	{"trials", NOON_OPTION_UINT, OPTION(conf.trials), NOON_OPTION_RANGE(1, TRIALS_MAX),
	 .def = "200000", .help = "simulated decisions of each size"},
	{"seed", NOON_OPTION_UINT, OPTION(conf.seed), .def = "1", .help = "of the simulation"},
	{"threads", NOON_OPTION_UINT, OPTION(conf.threads), NOON_OPTION_RANGE(1, THREADS_MAX),
	 .says = "one for each processor", .help = "no effect on results"},
	{"output", NOON_OPTION_BORROWED, OPTION(output), .letter = 'o', .value = "folder",
	 .says = "none", .help = "write figures and tables there (CSV, SVG, JSON)"},
	{"json", NOON_OPTION_BOOL, OPTION(json), .help = "print one JSON object"},
	NOON_CHANNEL_RATE_ROW("rate", OPTION(conf.channel.rate_bps)),
	NOON_OPTION_END,
};

static void init(void *options)
{
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct arguments *a = options;

	set_preset(&a->conf, 0);
	a->conf.threads = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (unsigned)cores;
}

const struct noon_verb noon_sim_paper = {
	.name = "sim paper",
	.summary = "the delay-attack test on a channel of routers",
	.about = "Compute when the mean of N round trips tells a delay attack from queueing: the\n"
		 "threshold that finds the delay with the demanded probability, and the false "
		 "alarms\n"
		 "that follow, from the exact law and from a simulation side by side.\n",
	.size = sizeof(struct arguments),
	.init = init,
	.part = {{rows, 0, NULL},
		 {noon_channel_rows, offsetof(struct arguments, conf.channel), NULL}},
	.act = run,
};
