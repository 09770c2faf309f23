/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark plan: can a deployment hold its alert limit, and if not, what has to change?
 */
#include "estimate/guard/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "estimate/bound/minima.h"
#include "platform/clock/clock.h"
#include "platform/number.h"
#include "store/baseline_file.h"
#include "tools/core/tool.h"
#include "tools/guard/plan_report.h"
#include "tools/sim/channel_options.h"

#define LIGHT_NS_PER_M 3.3356409519815204 /* 1e9 / 299792458 */
#define UNSET	       (-1.0)
#define PROGRESS_AFTER NOON_S(2)

struct arguments {
	struct noon_plan_conf conf;
	noon_dur period;
	double clock_ppm;			 /* UNSET: not given */
	double distance_m, cable_m, tolerance_m; /* UNSET: not given */
	double minimum_ns[2];
	double index, attacker_index;
	const char *calibration;
	const char *key; /* to verify its signature; NULL: not verified */
	bool json;
};

struct plan {
	const struct noon_verb *self;
	struct arguments a;
	struct noon_plan_conf *c; /* of a */
	struct noon_plan_work *work;
	struct noon_baseline_data *baseline;
	struct noon_plan_report report;
};

/* ---- arguments ---- */

static bool read_length(const struct noon_option *o, const char *text, void *at,
			char why[NOON_OPTION_WHY])
{
	char digits[48];
	const size_t n = strcspn(text, "km");
	const char *unit = text + n;
	double v;

	(void)o;
	(void)why;
	if (n == 0 || n >= sizeof(digits) || (strcmp(unit, "km") != 0 && strcmp(unit, "m") != 0))
		return false;
	(void)snprintf(digits, sizeof(digits), "%.*s", (int)n, text);
	if (!noon_number(digits, 0.0, 1e9, &v))
		return false;
	v *= unit[0] == 'k' ? 1e3 : 1.0;
	memcpy(at, &v, sizeof(v));
	return true;
}

static bool read_clock(const struct noon_option *o, const char *text, void *at,
		       char why[NOON_OPTION_WHY])
{
	static const struct {
		const char *name;
		double rate;
	} grades[] = {{"tcxo", 1e-6}, {"ocxo", 5e-8}, {"rb", 1e-9}, {"vm", 5e-5}};

	(void)o;
	(void)why;
	for (size_t i = 0; i < sizeof(grades) / sizeof(grades[0]); i++) {
		if (strcmp(grades[i].name, text) != 0)
			continue;
		memcpy(at, &grades[i].rate, sizeof(grades[i].rate));
		return true;
	}
	return false;
}

static const struct noon_word estimators[] = {{"one-way", 0}, {"midpoint", 1}, {NULL, 0}};

#define OPTION(member) NOON_OPTION_AT(struct arguments, member)
#define OF(member)     offsetof(struct arguments, member)
#define LENGTH	       .read = read_length, .value = "length", .noun = "a length such as 300m or 40km"
#define P	       .value = "p", .noun = "a probability"
#define NEEDED	       .flags = NOON_OPTION_REQUIRED

static const struct noon_option rows[] = {
	{"limit", NOON_OPTION_TIME_NS, OPTION(conf.limit_ns), NOON_OPTION_LEAST(1), NEEDED,
	 .help = "alert limit, the error that must not be passed"},
	{"period", NOON_OPTION_TIME, OPTION(period), NOON_OPTION_LEAST(NOON_US(1)), NEEDED,
	 .help = "between two updates of the clock"},
	{"clock", NOON_OPTION_OWN, OPTION(conf.clock), .read = read_clock, .value = "grade",
	 .noun = "tcxo, ocxo, rb or vm",
	 .help = "tcxo (1 ppm), ocxo (0.05), rb (0.001) or vm (50)"},
	{"clock-ppm", NOON_OPTION_REAL, OPTION(clock_ppm), NOON_OPTION_RANGE(0, 1e5), .unit = "ppm",
	 .says = "of the grade", .help = "largest rate error between updates"},
	{"rate", NOON_OPTION_REAL, OPTION(conf.rate_hz), NOON_OPTION_RANGE(1e-9, 1e9), .value = "r",
	 .def = "1", .help = "round trips per second"},
	{"p-d", NOON_OPTION_REAL, OPTION(conf.p_d), NOON_OPTION_RANGE(1e-9, NOON_PLAN_P_D_MOST), P,
	 .def = "0.999", .help = "probability of detection"},
	{"p-fa", NOON_OPTION_REAL, OPTION(conf.p_fa),
	 NOON_OPTION_RANGE(NOON_PLAN_P_LEAST, 1.0 - 1e-9), P, .def = "1e-6",
	 .help = "false alarms of a period"},
	{"estimator", NOON_OPTION_WORD, OPTION(conf.midpoint), .words = estimators,
	 .help = "which estimate of the time"},
	{"server", NOON_OPTION_TIME_NS, OPTION(conf.server_ns), NOON_OPTION_LEAST(0), .def = "1us",
	 .help = "bound of the server's clock"},
	{"stamp", NOON_OPTION_TIME_NS, OPTION(conf.stamp_ns), NOON_OPTION_LEAST(0), .def = "1us",
	 .help = "error of the time stamps of a difference"},
	{"json", NOON_OPTION_BOOL, OPTION(json), .help = "print one JSON object"},
	NOON_OPTION_END,
};

static const struct noon_option path_rows[] = {
	{"distance", NOON_OPTION_OWN, OPTION(distance_m), LENGTH, .says = "not known",
	 .help = "between the ends: minima at the speed of light"},
	{"cable", NOON_OPTION_OWN, OPTION(cable_m), LENGTH, .says = "none",
	 .help = "surveyed cable; give --distance as well: it tells what a faster path could save"},
	{"tolerance", NOON_OPTION_OWN, OPTION(tolerance_m), LENGTH, .says = "none",
	 .help = "what the survey of the cable may be wrong by"},
	{"m-f", NOON_OPTION_TIME_NS, OPTION(minimum_ns[0]), NOON_OPTION_LEAST(0), .says = "none",
	 .help = "minimum, forward"},
	{"m-r", NOON_OPTION_TIME_NS, OPTION(minimum_ns[1]), NOON_OPTION_LEAST(0), .says = "none",
	 .help = "minimum, reverse"},
	{"index", NOON_OPTION_REAL, OPTION(index), NOON_OPTION_RANGE(1, 10), .value = "n",
	 .says = "1 for its minimum, 1.468 for what a packet takes",
	 .help = "of the cable, cable-index in noonmarkd.conf(5)"},
	{"attacker-index", NOON_OPTION_REAL, OPTION(attacker_index), NOON_OPTION_RANGE(1, 10),
	 .value = "n",
	 .help = "of the fastest medium an attacker has, attacker-index in noonmarkd.conf(5)"},
	NOON_OPTION_END,
};

static const struct noon_option queue_rows[] = {
	NOON_CHANNEL_RATE_ROW("link-rate", OPTION(conf.channel.rate_bps)),
	{"calibration", NOON_OPTION_BORROWED, OPTION(calibration), .value = "file", .says = "none",
	 .help = "measured round trips instead of those"},
	{"key", NOON_OPTION_BORROWED, OPTION(key), .value = "file",
	 .says = "the signature is not checked",
	 .help = "the operator's key, to check its signature with"},
	NOON_OPTION_END,
};

/* ---- the path ---- */

/* Returns what is missing or contradictory, or NULL. */
static const char *settle(const struct arguments *a)
{
	if (a->conf.clock < 0.0)
		return "--clock or --clock-ppm is missing: how far it drifts between updates";
	if (a->distance_m < 0.0 && a->cable_m < 0.0 &&
	    (a->minimum_ns[0] < 0.0 || a->minimum_ns[1] < 0.0))
		return "the path is missing: give --distance, --cable, or both --m-f and --m-r";
	if ((a->minimum_ns[0] < 0.0) != (a->minimum_ns[1] < 0.0))
		return "--m-f and --m-r: give both or none";
	if (a->tolerance_m >= 0.0 && a->cable_m < 0.0)
		return "--tolerance is that of a --cable";
	if (a->tolerance_m > a->cable_m)
		return "--tolerance is larger than --cable";
	if (a->cable_m >= 0.0 && a->cable_m < a->distance_m)
		return "--cable is shorter than --distance";
	if (a->cable_m >= 0.0 && a->minimum_ns[0] >= 0.0)
		return "--cable and --m-f, --m-r: give one of them";
	if (a->key != NULL && a->calibration == NULL)
		return "--key checks the signature of a --calibration: give one";
	return NULL;
}

/* Compute minima, propagation and the attacker's fastest path. */
static const char *set_path(struct arguments *a, const struct noon_law *law)
{
	struct noon_plan_conf *c = &a->conf;
	const double length = a->cable_m >= 0.0 ? a->cable_m : fmax(a->distance_m, 0.0);
	const double light = fmax(a->distance_m, 0.0) * LIGHT_NS_PER_M;
	const double tolerance = fmax(a->tolerance_m, 0.0);
	/* A minimum assumes no medium; a typical delay assumes fibre unless configured. */
	const double slow = a->index >= 0.0 ? a->index : NOON_FIBRE_INDEX;
	const double fast = a->index >= 0.0 ? a->index : NOON_CABLE_INDEX;

	/* The ends of a cable may be arbitrarily close. */
	c->fastest_ns = light * a->attacker_index;
	c->path_err_ns = tolerance * LIGHT_NS_PER_M * slow;
	for (int i = 0; i < 2; i++) {
		double minimum = light;

		if (a->cable_m >= 0.0)
			minimum = fmax(minimum, (a->cable_m - tolerance) * LIGHT_NS_PER_M * fast);
		if (a->minimum_ns[i] >= 0.0)
			minimum = a->minimum_ns[i];
		c->minimum_ns[i] = minimum;
		c->propagation_ns[i] = length * LIGHT_NS_PER_M * slow;
		if (law != NULL)
			c->propagation_ns[i] = fmax(law->least_ns / 2.0, 0.0);
		if (a->distance_m < 0.0 && a->cable_m < 0.0 && law == NULL)
			c->propagation_ns[i] = minimum;
	}
	if (law != NULL && c->minimum_ns[0] + c->minimum_ns[1] > law->least_ns)
		return "the calibration has a round trip shorter than the minima together: wrong "
		       "path, wrong length, or forged";
	if (law == NULL && (c->minimum_ns[0] > c->propagation_ns[0] * (1.0 + 1e-9) ||
			    c->minimum_ns[1] > c->propagation_ns[1] * (1.0 + 1e-9)))
		return "--m-f or --m-r is more than light in the fibre needs for --distance: such "
		       "a minimum would be false";
	/* A measured round-trip time does not determine its halves: if one minimum is larger, split
	 * by the minima. */
	if (law != NULL) {
		const double rest = law->least_ns - c->minimum_ns[0] - c->minimum_ns[1];

		for (int i = 0; i < 2; i++)
			c->propagation_ns[i] = c->minimum_ns[i] + rest / 2.0;
		if (a->tolerance_m < 0.0 || rest / 2.0 < c->path_err_ns)
			c->path_err_ns = rest / 2.0;
	}
	return NULL;
}

/* ---- the verb ---- */

/* Tells a terminal how far it is, if it takes long. */
static void show_progress(const struct plan *p, noon_time begun, int done)
{
	if (p->a.json || isatty(STDERR_FILENO) != 1 ||
	    noon_time_diff(noon_mono_now(), begun) < PROGRESS_AFTER)
		return;
	(void)fprintf(stderr, "\r%d of %d parameters", done, NOON_PLAN_WAYS * NOON_PLAN_PARAMS);
	if (done == NOON_PLAN_WAYS * NOON_PLAN_PARAMS)
		(void)fprintf(stderr, "\r%*s\r", 40, "");
}

static void judge(struct plan *p)
{
	struct noon_plan_report *r = &p->report;
	const noon_time begun = noon_mono_now();

	r->conf = p->c;
	if (p->baseline != NULL)
		r->path_id = p->baseline->head.path_id;
	r->signature_checked = p->a.key != NULL;
	for (int w = 0; w < NOON_PLAN_WAYS; w++) {
		noon_plan_judge(p->work, p->c, (enum noon_plan_way)w, &r->v[w]);
		r->feasible = r->feasible || r->v[w].feasible;
		for (int i = 0; i < NOON_PLAN_PARAMS; i++) {
			r->change[w][i] = (double)NAN;
			if (!r->v[w].feasible &&
			    noon_plan_change(p->work, p->c, (enum noon_plan_way)w,
					     (enum noon_plan_param)i, &r->change[w][i]))
				r->change[w][i] = (double)NAN;
			show_progress(p, begun, w * NOON_PLAN_PARAMS + i + 1);
		}
	}
}

/* Returns an exit status, or -1 to continue. */
static int prepare(struct plan *p)
{
	char why[NOON_BASELINE_WHY_MAX];
	const char *wrong = settle(&p->a);

	if (wrong != NULL)
		return noon_tool_usage(p->self, "%s", wrong);
	if (p->a.calibration != NULL) {
		if (noon_baseline_read(p->a.calibration, p->a.key, &p->baseline, why) != NOON_OK)
			return noon_tool_usage(p->self, "%s", why);
		p->c->law = &p->baseline->law;
		p->c->inflation = fmax(p->baseline->campaign.inflation.long_run, 1.0);
	}
	wrong = set_path(&p->a, p->c->law);
	if (wrong != NULL)
		return noon_tool_usage(p->self, "%s", wrong);
	if (noon_plan_check(p->c) != NOON_OK)
		return noon_tool_usage(p->self, "the values are out of the range of a plan, which "
						"has round trips up to 1e305 for one false alarm");
	return -1;
}

static void init(void *options)
{
	*(struct arguments *)options = (struct arguments){
		.conf = {.clock = UNSET, .channel = noon_channel_default(), .inflation = 1.0},
		.clock_ppm = UNSET,
		.distance_m = UNSET,
		.cable_m = UNSET,
		.tolerance_m = UNSET,
		.minimum_ns = {UNSET, UNSET},
		.index = UNSET,
		.attacker_index = NOON_ATTACKER_INDEX,
	};
}

static int run(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	struct plan p = {.self = self, .a = *(const struct arguments *)options};
	int status;

	(void)line;
	p.c = &p.a.conf;
	p.c->period_s = noon_dur_to_s(p.a.period);
	if (p.a.clock_ppm >= 0.0)
		p.c->clock = p.a.clock_ppm * 1e-6;
	status = prepare(&p);
	if (status < 0) {
		p.work = calloc(1, sizeof(*p.work));
		if (p.work == NULL) {
			status = noon_tool_fail(self, "out of memory");
		} else {
			judge(&p);
			status = p.report.feasible ? NOON_EXIT_OK : NOON_EXIT_NOT_OK;
			if (p.a.json)
				noon_plan_print_json(&p.report);
			else
				noon_plan_print_text(&p.report);
		}
	}
	free(p.work);
	noon_baseline_free(p.baseline);
	return status;
}

const struct noon_verb noon_verb_plan = {
	.name = "plan",
	.summary = "say whether a deployment can hold its alert limit",
	.about = "Say whether the deterministic bound, the mean test and the CUSUM can hold an "
		 "alert\n"
		 "limit, what binds, and the smallest change of each parameter that would help.\n",
	.notes = "Exit status 0 if one of the three is feasible, 1 if none is.\n",
	.size = sizeof(struct arguments),
	.init = init,
	.part = {{rows, 0, NULL},
		 {path_rows, 0, "The path, by --distance, --cable, or --m-f and --m-r:"},
		 {noon_channel_rows, OF(conf.channel), "Queues, as for 'noonmark sim paper':"},
		 {queue_rows, 0, NULL}},
	.act = run,
};
