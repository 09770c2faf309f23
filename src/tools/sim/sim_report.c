/* SPDX-License-Identifier: Apache-2.0
 *
 * The results of scenarios as a table for users and as JSON.
 */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/seeker.h"
#include "tools/sim/sim_run.h"

#define CELL 24

void noon_sim_short_name(const char *path, char *out, size_t n)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	const char *dot = strrchr(name, '.');
	const size_t len = dot != NULL && dot != name ? (size_t)(dot - name) : strlen(name);

	(void)snprintf(out, n, "%.*s", (int)len, name);
}

static double figure(const struct noon_sim_outcome *o, const char *name)
{
	struct noon_metric m;

	return noon_metric_find(name, &m) ? 0.0 : m.get(&o->tally, m.arg);
}

/* Return the greatest figure of all seeds. */
static double worst(const struct noon_sim_result *r, const char *name)
{
	double most = -HUGE_VAL;

	for (size_t i = 0; i < r->seeds; i++)
		most = fmax(most, figure(&r->outcome[i], name));
	return most;
}

static double sum(const struct noon_sim_result *r, const char *name)
{
	double all = 0.0;

	for (size_t i = 0; i < r->seeds; i++)
		all += figure(&r->outcome[i], name);
	return all;
}

static void time_cell(char out[CELL], double seconds)
{
	if (isfinite(seconds))
		noon_tool_dur(out, CELL, seconds);
	else
		(void)snprintf(out, CELL, "-");
}

static size_t passed(const struct noon_sim_result *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->seeds; i++)
		n += r->outcome[i].passed;
	return n;
}

static void print_row(const struct noon_sim_result *r)
{
	char name[40], seeds[CELL], alarm[CELL], peak[CELL], bound[CELL], rms[CELL];

	noon_sim_short_name(r->path, name, sizeof(name));
	(void)snprintf(seeds, sizeof(seeds), "%zu/%zu", passed(r), r->seeds);
	time_cell(alarm, worst(r, "alarm_after"));
	time_cell(peak, worst(r, r->file.s.attacks > 0 ? "max_offset_attacked" : "max_offset"));
	time_cell(bound, worst(r, isfinite(worst(r, "alarm_after")) ? "alarm_bound" : "bound_max"));
	time_cell(rms, worst(r, "rms_offset"));
	(void)printf("%-30s %7s %10.0f%s %12s %11s %11s %11s\n", name, seeds,
		     sum(r, "bound_violations"), r->file.s.demonstration ? "*" : " ", alarm, peak,
		     bound, rms);
}

static void print_failure(const struct noon_sim_result *r, const struct noon_sim_outcome *o)
{
	if (!o->made)
		(void)printf("%s: seed %" PRIu64 ": %s\n", r->path, o->seed, o->why);
	for (size_t i = 0; o->made && i < r->file.s.expects; i++)
		if (!o->held[i])
			(void)printf("%s: seed %" PRIu64 ": expected \"%s\", found %.9g\n", r->path,
				     o->seed, r->file.s.expect[i], o->value[i]);
	if (r->verb != NULL)
		(void)printf("  again: noonmark %s %s\n", r->verb, r->path);
	else
		(void)printf("  again: noonmark sim run %s --seed %" PRIu64 "\n", r->path, o->seed);
}

/* Name the paper's conditions that a file's seekers do not meet. */
static void print_conditions(const struct noon_scenario *s)
{
	for (size_t i = 0; i < s->seekers; i++) {
		const struct noon_sim_compliance c = noon_sim_seeker_compliance(s, i);

		for (unsigned k = 0; k < 3; k++)
			if (!c.met[k])
				(void)printf("  seeker %s: condition %u %s\n", s->seeker[i].name,
					     k + 1, c.why[k]);
	}
}

/* An attack that succeeds by the paper's own test (definition V.1). */
static void print_noncompliant(const struct noon_sim_result *r)
{
	char error[CELL], limit[CELL], shift[CELL];
	bool measured = false;
	char name[40];

	if (!(sum(r, "paper.undetected") > 0.0))
		return;
	noon_sim_short_name(r->path, name, sizeof(name));
	time_cell(error, worst(r, "paper.max_offset"));
	time_cell(limit, noon_dur_to_s(noon_sim_seeker_limit(&r->file.s, 0)));
	time_cell(shift, worst(r, "paper.rtt_shift"));
	for (size_t i = 0; i < r->file.s.seekers; i++)
		measured |= !r->file.s.seeker[i].listens;
	(void)printf("\n%s: NON-COMPLIANT: by the paper's own test no attack is declared in %.0f "
		     "comparisons\n  with an error above the limit of %s: error up to %s, %s%s\n",
		     name, sum(r, "paper.undetected"), limit, error,
		     measured ? "round trip off by at most " : "no round trip is measured",
		     measured ? shift : "");
	print_conditions(&r->file.s);
}

void noon_sim_print_table(const struct noon_sim_result *r, size_t n)
{
	double checks = 0.0, false_bounds = 0.0, demonstrated = 0.0;
	size_t runs = 0, good = 0;

	(void)printf("%-30s %7s %10s  %12s %11s %11s %11s\n", "scenario", "passed", "violations",
		     "alarm after", "peak error", "bound then", "rms");
	for (size_t i = 0; i < n; i++) {
		print_row(&r[i]);
		runs += r[i].seeds;
		good += passed(&r[i]);
		for (size_t k = 0; k < r[i].seeds; k++)
			checks += (double)r[i].outcome[k].tally.checks;
		*(r[i].file.s.demonstration ? &demonstrated : &false_bounds) +=
			sum(&r[i], "bound_violations");
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < r[i].seeds; k++)
			if (!r[i].outcome[k].passed)
				print_failure(&r[i], &r[i].outcome[k]);
	for (size_t i = 0; i < n; i++)
		print_noncompliant(&r[i]);
	(void)printf("\n%zu of %zu runs passed; %.0f comparisons with the truth; bound violations: "
		     "%.0f",
		     good, runs, checks, false_bounds);
	if (demonstrated > 0.0)
		(void)printf(" (*: %.0f where an assumption was broken on purpose)", demonstrated);
	(void)printf("\n");
}

/* JSON has no infinity: "never" is null. */
static json_t *number(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static json_t *metrics_of(const struct noon_sim_outcome *o)
{
	json_t *all = json_object();
	char name[64];

	for (size_t i = 0; noon_metric_name(i, name, sizeof(name)); i++) {
		struct noon_metric m;
		char key[72];
		double v;

		if (noon_metric_find(name, &m))
			continue;
		v = m.get(&o->tally, m.arg);
		(void)snprintf(key, sizeof(key), "%s%s", name,
			       m.unit == NOON_METRIC_SECONDS ? "_s" : "");
		(void)json_object_set_new(all, key,
					  m.unit == NOON_METRIC_COUNT ? json_integer((json_int_t)v)
								      : number(v));
	}
	return all;
}

static json_t *run_of(const struct noon_sim_result *r, const struct noon_sim_outcome *o)
{
	json_t *expects = json_array();
	char digest[24];

	for (size_t i = 0; i < r->file.s.expects; i++)
		(void)json_array_append_new(
			expects, json_pack("{s:s, s:b, s:o}", "expected", r->file.s.expect[i],
					   "held", (int)o->held[i], "found", number(o->value[i])));
	(void)snprintf(digest, sizeof(digest), "%016" PRIx64, o->digest);
	return json_pack("{s:I, s:b, s:s, s:I, s:o, s:o}", "seed", (json_int_t)o->seed, "passed",
			 (int)o->passed, "digest", digest, "comparisons",
			 (json_int_t)o->tally.checks, "metrics", metrics_of(o), "expect", expects);
}

void noon_sim_print_json(const struct noon_sim_result *r, size_t n)
{
	json_t *files = json_array();
	double false_bounds = 0.0;
	json_t *all;

	for (size_t i = 0; i < n; i++) {
		json_t *runs = json_array();

		for (size_t k = 0; k < r[i].seeds; k++)
			(void)json_array_append_new(runs, run_of(&r[i], &r[i].outcome[k]));
		if (!r[i].file.s.demonstration)
			false_bounds += sum(&r[i], "bound_violations");
		(void)json_array_append_new(
			files,
			json_pack("{s:s, s:s, s:b, s:I, s:I, s:o}", "file", r[i].path, "title",
				  r[i].file.s.title, "demonstration",
				  (int)r[i].file.s.demonstration, "seeds", (json_int_t)r[i].seeds,
				  "passed", (json_int_t)passed(&r[i]), "runs", runs));
	}
	all = json_pack("{s:o, s:I}", "scenarios", files, "bound_violations",
			(json_int_t)false_bounds);
	(void)json_dumpf(all, stdout, JSON_INDENT(2));
	(void)printf("\n");
	json_decref(all);
}
