/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark guard: the verb, and its part `show`.
 */
#include "tools/guard/guard.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/guard/limits.h"

#define DUR 32

#define DEMAND(member) NOON_OPTION_AT(struct noon_guard_demand, member)

const struct noon_option noon_guard_rows[] = {
	{"shift", NOON_OPTION_TIME, DEMAND(shift), NOON_OPTION_LEAST(1), .def = "1ms",
	 .help = "rise of the round trip that must be found"},
	{"pd", NOON_OPTION_REAL, DEMAND(p_d), NOON_OPTION_RANGE(0.5, 1),
	 .flags = NOON_OPTION_BELOW_MAX, .value = "p", .noun = "a probability",
	 .help = "probability that a batch finds it"},
	{"pfa", NOON_OPTION_REAL, DEMAND(p_fa), NOON_OPTION_RANGE(NOON_GUARD_P_FA_MIN, 0.1),
	 .value = "p", .noun = "a probability", .help = "false alarms for each batch"},
	NOON_OPTION_END,
};

void noon_guard_demand_init(struct noon_guard_demand *d)
{
	const struct noon_guard_conf c = noon_guard_conf_default();

	d->p_d = c.p_d;
	d->p_fa = c.p_fa;
}

struct noon_guard_conf noon_guard_demand_conf(const struct noon_guard_demand *d)
{
	struct noon_guard_conf c = noon_guard_conf_default();

	c.shift_ns = (double)d->shift;
	c.p_d = d->p_d;
	c.p_fa = d->p_fa;
	return c;
}

static void date(char out[32], int64_t s)
{
	const time_t t = (time_t)s;
	struct tm tm;

	(void)gmtime_r(&t, &tm);
	(void)strftime(out, 32, "%Y-%m-%d %H:%M:%S UTC", &tm);
}

static const char *words_of(double ns, char out[DUR])
{
	noon_tool_dur(out, DUR, ns * 1e-9);
	return out;
}

static void print_law(const struct noon_baseline_data *b)
{
	const struct noon_campaign *c = &b->campaign;
	const struct noon_law *l = &b->law;
	char t[6][DUR];
	char from[32];
	char to[32];

	date(from, b->head.started_s);
	date(to, b->head.ended_s);
	(void)printf("path        %s\nsource      %s\ncampaign    %s to %s\n", b->head.path_id,
		     b->head.source, from, to);
	(void)printf("exchanges   %zu, lost %llu\n", b->head.count,
		     (unsigned long long)b->head.lost);
	if (noon_baseline_interval_s(&b->head) > 0.0)
		(void)printf("interval    %s between exchanges on average\n",
			     words_of(noon_baseline_interval_s(&b->head) * 1e9, t[0]));
	(void)printf("round trip  mean %s, sd %s, skewness %.2f, least %s, median %s, most %s\n",
		     words_of(l->mean_ns, t[0]), words_of(l->sd_ns, t[1]), l->skewness,
		     words_of(l->least_ns, t[2]), words_of(noon_law_quantile(l, 0.5), t[3]),
		     words_of(l->most_ns, t[4]));
	(void)printf("correlation %.3f between neighbours; a mean varies as one of %.0f %% of the "
		     "values\n",
		     c->autocorrelation, 100.0 / c->inflation.long_run);
	(void)printf("moved       %s in parts, %s from end to end\n", words_of(c->moved_ns, t[5]),
		     words_of(c->drift_ns, t[0]));
}

static void print_json(const struct noon_baseline_data *b, const struct noon_guard_plan *plan,
		       const char *why)
{
	const struct noon_campaign *c = &b->campaign;
	json_t *o = json_pack(
		"{s:s, s:s, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}",
		"path_id", b->head.path_id, "source", b->head.source, "started",
		(json_int_t)b->head.started_s, "ended", (json_int_t)b->head.ended_s, "count",
		(json_int_t)b->head.count, "lost", (json_int_t)b->head.lost, "rtt_mean_s",
		b->law.mean_ns * 1e-9, "rtt_sd_s", b->law.sd_ns * 1e-9, "rtt_skewness",
		b->law.skewness, "rtt_least_s", b->law.least_ns * 1e-9, "rtt_most_s",
		b->law.most_ns * 1e-9, "autocorrelation", c->autocorrelation, "inflation",
		c->inflation.long_run, "drift_s", c->drift_ns * 1e-9, "moved_s",
		c->moved_ns * 1e-9);

	if (noon_baseline_interval_s(&b->head) > 0.0)
		(void)json_object_set_new(o, "interval_s",
					  json_real(noon_baseline_interval_s(&b->head)));
	(void)json_object_set_new(o, "stationary", json_boolean(!(c->moved_ns > 0.0)));
	(void)json_object_set_new(o, "signed", json_boolean(b->head.is_signed));
	(void)json_object_set_new(o, "plan",
				  plan != NULL ? noon_guard_limits_json(plan) : json_null());
	if (plan == NULL)
		(void)json_object_set_new(o, "refused", json_string(why));
	(void)json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
	(void)fputc('\n', stdout);
	json_decref(o);
}

/* What the campaign is evidence for. A whole day has what comes with the hours; of what comes less
 * often than once in a third of the values nothing is known with 95 %. */
static void print_evidence(const struct noon_baseline *h)
{
	const double took = (double)(h->ended_s - h->started_s);
	char t[DUR];

	(void)printf("evidence    %s; what comes less than once in\n            %zu exchanges",
		     took >= 7 * 86400.0 ? "a whole week"
		     : took >= 86400.0	 ? "a whole day, not a whole week"
					 : "part of a day, not of other loads",
		     h->count / 3);
	if (took > 0.0)
		(void)printf(", %s,", words_of(took / 3.0 * 1e9, t));
	(void)printf(" may not have been seen\n");
}

void noon_guard_print(const struct noon_baseline_data *b, const struct noon_guard_plan *plan,
		      const char *why, bool json)
{
	if (json) {
		print_json(b, plan, why);
		return;
	}
	print_law(b);
	print_evidence(&b->head);
	if (plan != NULL)
		noon_guard_limits_print(plan);
	else
		(void)printf("guard       REFUSED: %s\n", why);
}

static void print_signature(const struct noon_baseline *h, bool checked)
{
	if (!h->is_signed)
		(void)printf("signature   NONE: %s\n", h->reason);
	else
		(void)printf("signature   %s\n",
			     checked ? "good" : "NOT CHECKED (--key checks it)");
}

struct show {
	struct noon_guard_demand demand;
	const char *key;
	const char *svg;
	bool json;
};

static int show(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	const struct show *s = options;
	const char *file = line->argument[0];
	struct noon_baseline_data *b;
	struct noon_guard_plan *plan;
	struct noon_guard_conf conf;
	char why[NOON_BASELINE_WHY_MAX];
	int status;
	noon_err err;

	if (noon_baseline_read(file, s->key, &b, why))
		return noon_tool_fail(self, "%s", why);
	plan = calloc(1, sizeof(*plan));
	conf = noon_guard_demand_conf(&s->demand);
	err = plan == NULL ? NOON_ERR_OS : noon_baseline_plan(b, &conf, file, plan, why);
	if (plan != NULL)
		noon_guard_print(b, err ? NULL : plan, why, s->json);
	if (!s->json)
		print_signature(&b->head, s->key != NULL);
	status = err || !plan->feasible ? NOON_EXIT_NOT_OK : NOON_EXIT_OK;
	if (s->svg != NULL && plan != NULL &&
	    noon_guard_limits_draw(&b->law, err ? NULL : plan, b->head.path_id, s->svg, why))
		status = noon_tool_fail(self, "%s", why);
	free(plan);
	noon_baseline_free(b);
	return status;
}

#define SHOW(member) NOON_OPTION_AT(struct show, member)

static const struct noon_option show_rows[] = {
	{"key", NOON_OPTION_BORROWED, SHOW(key), .value = "file",
	 .says = "the signature is not checked", .help = "public or private key to check with"},
	{"svg", NOON_OPTION_BORROWED, SHOW(svg), .value = "file", .says = "no picture",
	 .help = "write a picture of the round trips and the limits"},
	{"json", NOON_OPTION_BOOL, SHOW(json), .help = "print one JSON object"},
	NOON_OPTION_END,
};

static void show_init(void *options)
{
	noon_guard_demand_init(&((struct show *)options)->demand);
}

static const struct noon_verb show_verb = {
	.name = "guard show",
	.summary = "show what a guard can find with a baseline",
	.arguments = "FILE",
	.min = 1,
	.max = 1,
	.about = "Show a baseline and what a guard can find with it. Exit status 0 if it is good "
		 "for "
		 "the\n"
		 "shift.\n",
	.size = sizeof(struct show),
	.init = show_init,
	.part = {{show_rows, 0, NULL}, {noon_guard_rows, offsetof(struct show, demand), NULL}},
	.act = show,
};

static const struct noon_verb *const parts[] = {&noon_guard_calibrate, &show_verb, NULL};

const struct noon_verb noon_verb_guard = {
	.name = "guard",
	.summary = "record and show the baseline of a path for the guard",
	.about =
		"Record how long round trips to a server take while nobody attacks, sign the "
		"record,\n"
		"and show what a guard can find with it. noonmarkd watches by such a baseline and\n"
		"never changes it.\n",
	.parts = parts,
};
