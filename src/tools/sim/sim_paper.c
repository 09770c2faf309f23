/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark sim paper: the study of the delay-attack test, by exact law and by simulation.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/number.h"
#include "tools/sim/sim.h"
#include "tools/sim/study.h"

#define TRIALS	   200000
#define TRIALS_MAX UINT64_C(10000000000)

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

static const char *take_preset(struct noon_study_conf *c, const char *name)
{
	for (size_t i = 0; noon_channel_preset(i) != NULL; i++) {
		if (strcmp(noon_channel_preset(i)->name, name) != 0)
			continue;
		set_preset(c, i);
		return NULL;
	}
	return "paper, wireless or ptp-aware";
}

/* Returns what was expected of the value, or NULL if it is good. */
static const char *take_channel(struct noon_channel *c, int o, const char *text)
{
	uint64_t v;

	switch (o) {
	case 'm':
		if (!noon_number_u64(text, 1, NOON_CHANNEL_ROUTERS_MAX, &v))
			return "a number of routers from 1 to 255";
		c->routers = (unsigned)v;
		return NULL;
	case 'p':
		return noon_number(text, 0.0, 0.999999, &c->p_idle)
			       ? NULL
			       : "a probability from 0 to 0.999999";
	case 'b':
		return noon_number(text, 1.0, 1e6, &c->packet_bytes) ? NULL : "bytes from 1 to 1e6";
	default:
		return noon_number_rate(text, &c->rate_bps) && noon_channel_check(c) == NOON_OK
			       ? NULL
			       : "bits per second, such as 1G or 100M";
	}
}

static const char *take_value(struct arguments *a, int o, const char *text)
{
	struct noon_study_conf *c = &a->conf;
	double us;
	uint64_t v;

	switch (o) {
	case 'd':
		if (!noon_number(text, 1e-3, 1e12, &us))
			return "microseconds from 0.001 to 1e12";
		c->delta_ns = us * 1e3;
		return NULL;
	case 'P':
		return noon_number(text, 1e-9, 1.0 - 1e-9, &c->p_d)
			       ? NULL
			       : "a probability between 0 and 1, both excluded";
	case 'n':
		c->n_sizes = noon_number_list(text, 1, NOON_MC_N_MAX, c->n, NOON_STUDY_SIZES);
		return c->n_sizes > 0 ? NULL
				      : "up to 64 numbers from 1 to 1000000, such as 10,100,1000";
	case 't':
		return noon_number_u64(text, 1, TRIALS_MAX, &c->trials)
			       ? NULL
			       : "a number of trials from 1 to 1e10";
	case 's':
		return noon_number_u64(text, 0, INT64_MAX, &c->seed) ? NULL : "a whole number >= 0";
	case 'T':
		if (!noon_number_u64(text, 1, 256, &v))
			return "threads from 1 to 256";
		c->threads = (unsigned)v;
		return NULL;
	default:
		return take_channel(&c->channel, o, text);
	}
}

/* Returns an exit status, or -1 to go on. A channel is what the other options change, wherever
 * among them it stands: it is looked for first. */
static int parse(const struct noon_verb *self, int argc, char **argv, struct arguments *a,
		 bool channel_only)
{
	static const struct option options[] = {
		{"channel", required_argument, NULL, 'c'},
		{"routers", required_argument, NULL, 'm'},
		{"p-idle", required_argument, NULL, 'p'},
		{"packet-bytes", required_argument, NULL, 'b'},
		{"rate", required_argument, NULL, 'r'},
		{"delay-us", required_argument, NULL, 'd'},
		{"p-d", required_argument, NULL, 'P'},
		{"n", required_argument, NULL, 'n'},
		{"trials", required_argument, NULL, 't'},
		{"seed", required_argument, NULL, 's'},
		{"threads", required_argument, NULL, 'T'},
		{"output", required_argument, NULL, 'o'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int o, index = 0;

	optind = 0; /* begin again, as glibc has it */
	while ((o = getopt_long(argc, argv, "hn:o:", options, &index)) != -1) {
		const char *expected;

		if (o == 'h')
			return noon_tool_help(self);
		if (o == '?')
			return NOON_EXIT_USAGE;
		if (channel_only != (o == 'c'))
			continue;
		if (o == 'j' || o == 'o') {
			a->json = a->json || o == 'j';
			a->output = o == 'o' ? optarg : a->output;
			continue;
		}
		expected = o == 'c' ? take_preset(&a->conf, optarg) : take_value(a, o, optarg);
		if (expected != NULL)
			return noon_tool_usage(self, "--%s \"%s\": expected %s",
					       o == 'n' ? "n" : options[index].name, optarg,
					       expected);
	}
	if (optind != argc)
		return noon_tool_usage(self, "unexpected argument \"%s\"", argv[optind]);
	if (a->output != NULL && *a->output == '\0')
		return noon_tool_usage(self, "--output: expected a folder");
	return -1;
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

static int run(const struct noon_verb *self, int argc, char **argv)
{
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct arguments a = {
		.conf = {.delta_ns = 1e4,
			 .p_d = 0.999,
			 .trials = TRIALS,
			 .seed = 1,
			 .threads = cores < 1	  ? 1
				    : cores > 256 ? 256
						  : (unsigned)cores},
	};
	int status;

	set_preset(&a.conf, 0);
	status = parse(self, argc, argv, &a, true);
	status = status < 0 ? parse(self, argc, argv, &a, false) : status;
	return status < 0 ? study(self, &a) : status;
}

const struct noon_verb noon_sim_paper = {
	.name = "sim paper",
	.summary = "the delay-attack test on a channel of routers",
	.help = "Usage: noonmark sim paper [OPTION]...\n"
		"Compute when the mean of N round trips tells a delay attack from queueing: the\n"
		"threshold that finds the delay with the demanded probability, and the false "
		"alarms\n"
		"that follow, from the exact law and from a simulation side by side.\n"
		"\n"
		"      --channel NAME     paper (default), wireless or ptp-aware; options below "
		"change it\n"
		"      --routers M        routers in each direction (default 10)\n"
		"      --p-idle P         probability that one is idle (default 0.35)\n"
		"      --packet-bytes B   size of other packets (default 1542)\n"
		"      --rate R           bits per second (default 1G)\n"
		"      --delay-us D       delay to be found (default 10)\n"
		"      --p-d P            probability to find it (default 0.999)\n"
		"  -n, --n LIST           round trips of a decision (default 10 to 1000)\n"
		"      --trials T         simulated decisions of each size (default 200000)\n"
		"      --seed S           of the simulation (default 1)\n"
		"      --threads T        default: one for each processor; no effect on results\n"
		"  -o, --output DIR       write figures and tables there (CSV, SVG, JSON)\n"
		"      --json             print one JSON object\n",
	.run = run,
};
