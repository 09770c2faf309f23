/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark stability: the deviations of a measured series of phase or frequency.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/core/tool.h"
#include "tools/measure/series_file.h"
#include "tools/measure/stability_table.h"

enum type {
	TYPE_PHASE,
	TYPE_FREQUENCY,
};

struct arguments {
	enum type type;
	double tau0; /* s; 0: not given */
	unsigned unit;
	unsigned column, time_column;
	unsigned wanted; /* bits of noon_statistic */
	enum noon_stability_taus taus;
	double level;
	const char *mask;
	bool remove_mean, json;
};

/** A series in memory, as phase. */
struct input {
	struct noon_series s;
	double *phase;
	size_t gaps;
	double removed; /* s, or fractional for frequency */
};

/* ---- options ---- */

static const struct noon_word types[] = {
	{"phase", TYPE_PHASE}, {"frequency", TYPE_FREQUENCY}, {NULL, 0}};
static const struct noon_word all_taus[] = {{"octave", NOON_TAUS_OCTAVE},
					    {"decade", NOON_TAUS_DECADE},
					    {"all", NOON_TAUS_ALL},
					    {NULL, 0}};
/* A word's value is the negative power of ten. */
static const struct noon_word units[] = {{"s", 0},     {"ms", 3},    {"us", 6},
					 {"ns", 9},    {"ps", 12},   {"1", 100},
					 {"ppm", 106}, {"ppb", 109}, {NULL, 0}};
#define UNIT_OF_FREQUENCY 100

#define TOTALS (1U << NOON_TOTDEV | 1U << NOON_MTOTDEV | 1U << NOON_TTOTDEV | 1U << NOON_HTOTDEV)
#define EVERY  ((1U << NOON_STATISTICS) - 1)

/* The bits of a word; 0: it is none. */
static unsigned bits_of(const char *word, size_t n)
{
	if (n == 3 && strncmp(word, "all", n) == 0)
		return EVERY;
	if (n == 5 && strncmp(word, "plain", n) == 0)
		return EVERY & ~TOTALS;
	for (unsigned k = 0; k < NOON_STATISTICS; k++) {
		const char *name = noon_statistic_name((enum noon_statistic)k);

		if (strlen(name) == n && strncasecmp(name, word, n) == 0)
			return 1U << k;
	}
	return 0;
}

static bool read_deviations(const struct noon_option *o, const char *text, void *at,
			    char why[NOON_OPTION_WHY])
{
	unsigned wanted = 0;

	(void)o;
	for (;;) {
		const size_t n = strcspn(text, ",");
		const unsigned bits = bits_of(text, n);

		if (bits == 0) {
			(void)snprintf(why, NOON_OPTION_WHY,
				       "'%.*s' is no deviation; expected names such as oadev, "
				       "mdev, tdev, ohdev, mtie, or plain, or all",
				       (int)(n < 40 ? n : 40), text);
			return false;
		}
		wanted |= bits;
		if (text[n] == '\0')
			break;
		text += n + 1;
	}
	memcpy(at, &wanted, sizeof(wanted));
	return true;
}

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)

static const struct noon_option rows[] = {
	{"type", NOON_OPTION_WORD, OPTION(type), .words = types, .def = "phase",
	 .help = "what the values are: time error, or fractional frequency"},
	{"tau0", NOON_OPTION_REAL, OPTION(tau0), NOON_OPTION_RANGE(1e-12, 1e12), .unit = "s",
	 .says = "that of the first two time stamps", .help = "spacing of the samples"},
	{"unit", NOON_OPTION_WORD, OPTION(unit), .words = units,
	 .says = "s for phase, 1 for frequency", .help = "what a value of 1 is"},
	{"column", NOON_OPTION_UINT, OPTION(column), NOON_OPTION_RANGE(1, 1000), .value = "n",
	 .says = "the first that is not of time stamps", .help = "column of the values, from 1"},
	{"time-column", NOON_OPTION_UINT, OPTION(time_column), NOON_OPTION_RANGE(1, 1000),
	 .value = "n", .says = "none", .help = "column of time stamps in seconds, from 1"},
	{"deviations", NOON_OPTION_OWN, OPTION(wanted), .read = read_deviations, .value = "list",
	 .noun = "names of deviations", .def = "oadev,mdev,tdev,ohdev,mtie",
	 .help = "which ones, between commas; plain: all but the total ones; all"},
	{"taus", NOON_OPTION_WORD, OPTION(taus), .words = all_taus, .def = "octave",
	 .help = "averaging times: 1 2 4 8, 1 2 4 10, or each"},
	{"confidence", NOON_OPTION_REAL, OPTION(level), NOON_OPTION_RANGE(0.01, 0.9999),
	 .value = "p", .noun = "a probability", .def = "0.95", .help = "of the intervals"},
	{"mask", NOON_OPTION_BORROWED, OPTION(mask), .value = "file", .says = "none",
	 .help = "lines 'tau,limit'; exit status 1 if the one deviation is above it anywhere"},
	{"remove-mean", NOON_OPTION_BOOL, OPTION(remove_mean),
	 .help = "of frequencies; changes MTIE and TIErms only"},
	{"json", NOON_OPTION_BOOL, OPTION(json), .help = "print one JSON object"},
	NOON_OPTION_END,
};

/* ---- input ---- */

/* Returns what contradicts, or NULL. */
static const char *settle(struct arguments *a, bool unit_given)
{
	if (!unit_given)
		a->unit = a->type == TYPE_FREQUENCY ? UNIT_OF_FREQUENCY : 0;
	if ((a->unit >= UNIT_OF_FREQUENCY) != (a->type == TYPE_FREQUENCY))
		return "--unit s, ms, us, ns or ps is of --type phase; 1, ppm or ppb of --type "
		       "frequency";
	if (a->tau0 <= 0.0 && a->time_column == 0)
		return "--tau0 is missing: the spacing of the samples in seconds, or a "
		       "--time-column that shows it";
	if (a->column != 0 && a->column == a->time_column)
		return "--column and --time-column are the same";
	if (a->remove_mean && a->type != TYPE_FREQUENCY)
		return "--remove-mean is of --type frequency";
	if (a->mask != NULL && (a->wanted & (a->wanted - 1)) != 0)
		return "--mask is of one deviation: name it with --deviations, such as tdev or "
		       "mtie";
	return NULL;
}

static bool to_phase(const struct arguments *a, struct noon_series_data *d, struct input *in)
{
	in->gaps = d->gaps;
	in->s = (struct noon_series){.n = d->n, .tau0 = d->tau0};
	if (a->type == TYPE_PHASE) {
		in->phase = d->value;
		d->value = NULL;
		in->removed = noon_series_centre(in->phase, d->n);
	} else {
		in->phase = malloc((d->n + 1) * sizeof(*in->phase));
		if (in->phase == NULL)
			return false;
		in->s.n++;
		in->s.broken = noon_series_from_frequency(d->value, d->n, d->tau0, a->remove_mean,
							  in->phase, &in->removed);
	}
	in->s.x = in->phase;
	return true;
}

/* Returns an exit status, or -1 to continue. */
static int load(const struct noon_verb *self, const struct arguments *a, const char *path,
		struct input *in)
{
	const struct noon_series_layout layout = {a->column, a->time_column, a->tau0,
						  pow(10.0, -(double)(a->unit % 100))};
	const bool standard = strcmp(path, "-") == 0;
	struct noon_series_data data = {.n = 0};
	char why[NOON_SERIES_WHY_MAX];
	FILE *f = standard ? stdin : fopen(path, "re");
	int status = -1;

	if (f == NULL)
		return noon_tool_usage(self, "%s: %s", path, strerror(errno));
	if (noon_series_read(f, standard ? "standard input" : path, &layout, &data, why) != NOON_OK)
		status = noon_tool_usage(self, "%s", why);
	else if (!(data.tau0 > 0.0))
		status = noon_tool_usage(self, "%s: one time stamp shows no spacing; give --tau0",
					 path);
	else if (!to_phase(a, &data, in))
		status = noon_tool_fail(self, "out of memory");
	noon_series_data_fini(&data);
	if (!standard)
		(void)fclose(f);
	return status;
}

/* ---- output ---- */

static void print_text(const struct arguments *a, const struct input *in,
		       const struct noon_stability_table *t)
{
	(void)printf("%zu samples of %s, spacing %.9g s, %zu gaps",
		     a->type == TYPE_PHASE ? in->s.n : in->s.n - 1,
		     a->type == TYPE_PHASE ? "phase" : "frequency", in->s.tau0, in->gaps);
	if (a->type == TYPE_FREQUENCY && a->remove_mean)
		(void)printf(", mean %.9g removed", in->removed);
	else if (a->type == TYPE_FREQUENCY)
		(void)printf(", mean not removed");
	(void)printf("; intervals of %.4g %%\n\n", a->level * 100.0);
	noon_stability_print(t);
	if (t->skipped_totals)
		(void)printf("\nTotal deviations need a series without gaps: they are left out.\n");
}

static void print_json(const struct arguments *a, const struct input *in,
		       const struct noon_stability_table *t, bool above)
{
	json_t *o = json_pack("{s:s, s:I, s:I, s:f, s:b, s:f, s:b, s:o}", "type",
			      a->type == TYPE_PHASE ? "phase" : "frequency", "samples",
			      (json_int_t)(a->type == TYPE_PHASE ? in->s.n : in->s.n - 1), "gaps",
			      (json_int_t)in->gaps, "tau0_s", in->s.tau0, "mean_removed",
			      (int)(a->type == TYPE_FREQUENCY && a->remove_mean), "confidence",
			      a->level, "totals_left_out", (int)t->skipped_totals, "rows",
			      noon_stability_json(t));

	if (a->type == TYPE_FREQUENCY && a->remove_mean)
		(void)json_object_set_new(o, "mean", json_real(in->removed));
	if (a->mask != NULL)
		(void)json_object_set_new(o, "above_mask", json_boolean(above));
	noon_json_print(o);
	json_decref(o);
}

static int judge_mask(const struct noon_verb *self, const struct arguments *a,
		      const struct noon_stability_table *t)
{
	size_t above = 0, judged = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct noon_stability_row *r = &t->row[i];

		judged += isnan(r->limit) ? 0 : 1;
		if (!noon_stability_exceeds(r))
			continue;
		above++;
		if (!a->json)
			(void)printf("\n%s at tau %.6g s: %.5e is above the mask, %.5e",
				     noon_statistic_name(r->what), r->tau, r->value, r->limit);
	}
	if (judged == 0)
		return noon_tool_usage(self, "%s: no averaging time of the series is within it",
				       a->mask);
	if (!a->json)
		(void)printf("\n%s: %zu of %zu averaging times are above the mask\n", a->mask,
			     above, judged);
	return above > 0 ? NOON_EXIT_NOT_OK : NOON_EXIT_OK;
}

static int report(const struct noon_verb *self, const struct arguments *a, const struct input *in,
		  const struct noon_stability_table *t)
{
	bool above = false;

	if (t->n == 0)
		return noon_tool_usage(self, "%zu samples with %zu gaps are too few", in->s.n,
				       in->gaps);
	for (size_t i = 0; i < t->n; i++)
		above = above || noon_stability_exceeds(&t->row[i]);
	if (a->json)
		print_json(a, in, t, above);
	else
		print_text(a, in, t);
	return a->mask != NULL ? judge_mask(self, a, t) : NOON_EXIT_OK;
}

static int compute(const struct noon_verb *self, const struct arguments *a, const char *path,
		   const struct noon_mask *mask)
{
	struct noon_stability_plan plan = {.wanted = a->wanted,
					   .taus = a->taus,
					   .level = a->level,
					   .mask = mask,
					   .progress = !a->json && isatty(STDERR_FILENO) == 1};
	struct noon_stability_table t = {.n = 0};
	struct input in = {.gaps = 0};
	int status = load(self, a, path, &in);

	if (mask != NULL)
		plan.masked = (enum noon_statistic)__builtin_ctz(a->wanted);
	if (status < 0 && noon_stability_compute(&in.s, &plan, &t) != NOON_OK)
		status = noon_tool_fail(self, "out of memory");
	if (status < 0)
		status = report(self, a, &in, &t);
	noon_stability_fini(&t);
	free(in.phase);
	return status;
}

static int run(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	struct arguments *a = options;
	const char *wrong = settle(a, noon_arguments_has(line, "unit"));
	char why[NOON_SERIES_WHY_MAX];
	struct noon_mask mask;

	if (wrong != NULL)
		return noon_tool_usage(self, "%s", wrong);
	if (a->mask != NULL && noon_mask_read(a->mask, &mask, why) != NOON_OK)
		return noon_tool_usage(self, "%s", why);
	return compute(self, a, line->argument[0], a->mask != NULL ? &mask : NULL);
}

const struct noon_verb noon_verb_stability = {
	.name = "stability",
	.summary = "compute ADEV, TDEV, MTIE and others of a measured series",
	.about = "Compute deviations of a series of phase or frequency in a text file ('-': "
		 "standard input),\n"
		 "with the type of noise, how many pairs were used, and a confidence interval.\n",
	.notes = "Exit status 1 if the deviation is above the --mask anywhere.\n",
	.arguments = "FILE",
	.min = 1,
	.max = 1,
	.size = sizeof(struct arguments),
	.part = {{rows, 0, NULL}},
	.act = run,
};
