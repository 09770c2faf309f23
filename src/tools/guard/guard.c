/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark guard: the verb, and its part `show`.
 */
#include "tools/guard/guard.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/number.h"
#include "platform/text.h"
#include "tools/core/ptp_options.h"

#define DUR 32

bool noon_guard_demand_take(struct noon_guard_demand *d, int option, const char *text)
{
	if (option == 'S')
		return noon_text_dur(text, &d->shift) == NOON_OK && d->shift > 0;
	if (option == 'D')
		return noon_number(text, 0.5, 1.0, &d->p_d) && d->p_d < 1.0;
	return noon_number(text, NOON_GUARD_P_FA_MIN, 0.1, &d->p_fa);
}

struct noon_guard_conf noon_guard_demand_conf(const struct noon_guard_demand *d)
{
	struct noon_guard_conf c = noon_guard_conf_default();

	c.shift_ns = (double)(d->shift > 0 ? d->shift : NOON_MS(1));
	c.p_d = d->p_d > 0.0 ? d->p_d : c.p_d;
	c.p_fa = d->p_fa > 0.0 ? d->p_fa : c.p_fa;
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
		     c->autocorrelation, 100.0 / c->inflation);
	(void)printf("stationary  %s (drift %s, by chance with probability %.2g; parts %.2g)\n",
		     noon_campaign_drifts(c) ? "NO" : "yes", words_of(c->drift_ns, t[5]),
		     c->drift_p, c->parts_p);
}

static void print_plan(const struct noon_guard_plan *p)
{
	char t[4][DUR];

	(void)printf("guard       finds a shift of %s with probability %g at %g false alarms for "
		     "each batch\n",
		     words_of(p->conf.shift_ns, t[0]), p->conf.p_d, p->conf.p_fa);
	if (p->regime == NOON_REGIME_EDGE)
		(void)printf(
			"leads       minimum: %.1f %% of the round trips lie within the shift of "
			"the least one,\n            so the smallest of %.0f tells; the mean "
			"would need %.0f\n",
			p->bottom * 100.0, p->needs_minimum, p->needs_mean);
	else
		(void)printf(
			"leads       mean: only %.3g %% of the round trips lie within the shift "
			"of the least one,\n            so the mean of %.0f tells; the "
			"minimum would need %.0f\n",
			p->bottom * 100.0, p->needs_mean, p->needs_minimum);
	(void)printf("batch       %u exchanges%s\n", p->batch,
		     p->feasible ? ""
				 : ": TOO FEW for the shift (condition 3 not met); larger ones "
				   "are found");
	(void)printf("mean        alarm above %s or below %s\n",
		     words_of(p->limit[NOON_STATISTIC_MEAN].high, t[1]),
		     words_of(p->limit[NOON_STATISTIC_MEAN_LOW].low, t[2]));
	for (size_t i = 0; i < p->refs; i++)
		(void)printf("cusum       shift of %s found after %.1f exchanges on average\n",
			     words_of(p->cusum[i].delta_ns, t[3]), p->cusum[i].add);
}

static json_t *plan_json(const struct noon_guard_plan *p)
{
	json_t *cusum = json_array();
	json_t *o;

	for (size_t i = 0; i < p->refs; i++)
		(void)json_array_append_new(cusum,
					    json_pack("{s:f, s:f, s:f, s:f}", "shift_s",
						      p->cusum[i].delta_ns * 1e-9, "threshold",
						      p->cusum[i].h, "arl0", p->cusum[i].arl0,
						      "delay_exchanges", p->cusum[i].add));
	o = json_pack("{s:b, s:s, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:o}", "feasible",
		      (int)p->feasible, "leads", noon_statistic_word(p->leads), "batch",
		      (int)p->batch, "shift_s", p->conf.shift_ns * 1e-9, "p_d", p->conf.p_d, "p_fa",
		      p->conf.p_fa, "bottom_share", p->bottom, "mean_limit_s",
		      p->limit[NOON_STATISTIC_MEAN].high * 1e-9, "mean_low_limit_s",
		      p->limit[NOON_STATISTIC_MEAN_LOW].low * 1e-9, "cusum", cusum);
	/* JSON has no infinity: what is never enough is left out. */
	if (o != NULL && isfinite(p->needs_mean))
		(void)json_object_set_new(o, "mean_needs", json_real(p->needs_mean));
	if (o != NULL && isfinite(p->needs_minimum))
		(void)json_object_set_new(o, "minimum_needs", json_real(p->needs_minimum));
	return o;
}

static void print_json(const struct noon_baseline_data *b, const struct noon_guard_plan *plan,
		       const char *why)
{
	const struct noon_campaign *c = &b->campaign;
	json_t *o = json_pack(
		"{s:s, s:s, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:b}",
		"path_id", b->head.path_id, "source", b->head.source, "started",
		(json_int_t)b->head.started_s, "ended", (json_int_t)b->head.ended_s, "count",
		(json_int_t)b->head.count, "lost", (json_int_t)b->head.lost, "rtt_mean_s",
		b->law.mean_ns * 1e-9, "rtt_sd_s", b->law.sd_ns * 1e-9, "rtt_skewness",
		b->law.skewness, "rtt_least_s", b->law.least_ns * 1e-9, "rtt_most_s",
		b->law.most_ns * 1e-9, "autocorrelation", c->autocorrelation, "inflation",
		c->inflation, "drift_s", c->drift_ns * 1e-9, "stationary",
		(int)!noon_campaign_drifts(c));

	if (noon_baseline_interval_s(&b->head) > 0.0)
		(void)json_object_set_new(o, "interval_s",
					  json_real(noon_baseline_interval_s(&b->head)));
	(void)json_object_set_new(o, "plan", plan != NULL ? plan_json(plan) : json_null());
	if (plan == NULL)
		(void)json_object_set_new(o, "refused", json_string(why));
	(void)json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
	(void)fputc('\n', stdout);
	json_decref(o);
}

void noon_guard_print(const struct noon_baseline_data *b, const struct noon_guard_plan *plan,
		      const char *why, bool json)
{
	if (json) {
		print_json(b, plan, why);
		return;
	}
	print_law(b);
	if (plan != NULL)
		print_plan(plan);
	else
		(void)printf("guard       REFUSED: %s\n", why);
}

struct show {
	struct noon_guard_demand demand;
	const char *key;
	bool json;
};

static int parse_show(const struct noon_verb *self, int argc, char **argv, struct show *s)
{
	static const struct option options[] = {
		{"key", required_argument, NULL, 'k'},
		{"shift", required_argument, NULL, 'S'},
		{"pd", required_argument, NULL, 'D'},
		{"pfa", required_argument, NULL, 'F'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return noon_tool_help(self);
		if (c == 'j')
			s->json = true;
		else if (c == 'k')
			s->key = optarg;
		else if (c == '?')
			return NOON_EXIT_USAGE;
		else if (!noon_guard_demand_take(&s->demand, c, optarg))
			return noon_tool_usage(self, "option value \"%s\" is out of range", optarg);
	}
	if (optind + 1 != argc)
		return noon_tool_usage(self, "expected one baseline file");
	return -1;
}

static int show(const struct noon_verb *self, int argc, char **argv)
{
	struct show s = {.json = false};
	struct noon_baseline_data *b;
	struct noon_guard_plan *plan;
	struct noon_guard_conf conf;
	char why[NOON_BASELINE_WHY_MAX];
	int status = parse_show(self, argc, argv, &s);
	noon_err err;

	if (status >= 0)
		return status;
	if (noon_baseline_read(argv[optind], s.key, &b, why))
		return noon_tool_fail(self, "%s", why);
	plan = calloc(1, sizeof(*plan));
	conf = noon_guard_demand_conf(&s.demand);
	err = plan == NULL ? NOON_ERR_OS : noon_baseline_plan(b, &conf, argv[optind], plan, why);
	if (plan != NULL)
		noon_guard_print(b, err ? NULL : plan, why, s.json);
	if (!s.json)
		(void)printf("signature   %s\n",
			     s.key != NULL ? "good" : "NOT CHECKED (--key checks it)");
	status = err || !plan->feasible ? NOON_EXIT_NOT_OK : NOON_EXIT_OK;
	free(plan);
	noon_baseline_free(b);
	return status;
}

static int run(const struct noon_verb *self, int argc, char **argv)
{
	if (argc < 2)
		return noon_tool_usage(self, "expected calibrate or show");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return noon_tool_help(self);
	if (strcmp(argv[1], "calibrate") == 0)
		return noon_guard_calibrate(self, argc - 1, argv + 1);
	if (strcmp(argv[1], "show") == 0)
		return show(self, argc - 1, argv + 1);
	return noon_tool_usage(self, "\"%s\": expected calibrate or show", argv[1]);
}

const struct noon_verb noon_verb_guard = {
	.name = "guard",
	.summary = "record and show the baseline of a path for the guard",
	.help = "Usage: noonmark guard calibrate nts://HOST[:PORT] --for T --key FILE --output "
		"FILE\n"
		"                          [OPTION]...\n"
		"       noonmark guard calibrate ptp://HOST --sa-file FILE --for T --key FILE\n"
		"                          --output FILE [OPTION]...\n"
		"       noonmark guard show FILE [--key FILE] [OPTION]...\n"
		"Record how long round trips to a server take while nobody attacks, sign the "
		"record,\n"
		"and show what a guard can find with it. noonmarkd watches by such a baseline and\n"
		"never changes it.\n"
		"\n"
		"calibrate:\n"
		"      --for T          how long, such as \"30min\"\n"
		"      --key FILE       your private Ed25519 key, PEM (openssl genpkey -algorithm\n"
		"                       ed25519); show: the public or private key to check with\n"
		"  -o, --output FILE    the baseline; replaced when the campaign was good\n"
		"      --path-id NAME   name of the path (default HOST)\n"
		"  -i, --interval T     between exchanges (default 1s)\n"
		"      --ca FILE        trust these certificates (default: the system's)\n"
		"      --server-name N  name the certificate must be for (default HOST)\n"
		"  -4, --ipv4, -6, --ipv6\n"
		"both:\n"
		"      --shift T        rise of the round trip that must be found (default 1ms)\n"
		"      --pd P           probability that a batch finds it (default 0.999)\n"
		"      --pfa P          false alarms for each batch (default 1e-6)\n"
		"      --json           print one JSON object\n"
		"\n" NOON_PTP_OPTIONS_HELP "\n"
		"A campaign that is too short, correlated or drifting is refused with the number "
		"that\n"
		"is missing; nothing is written then. Exit status 0 if the baseline is good for "
		"the\n"
		"shift.\n",
	.run = run,
};
