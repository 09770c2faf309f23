/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark plan: can a deployment hold its alert limit, and if not, what would have to change?
 */
#include "estimate/guard/plan.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "estimate/bound/minima.h"
#include "platform/number.h"
#include "platform/text.h"
#include "store/baseline_file.h"
#include "tools/core/tool.h"
#include "tools/guard/plan_report.h"

#define LIGHT_NS_PER_M 3.3356409519815204 /* 1e9 / 299792458 */
#define UNSET	       (-1.0)

struct arguments {
	struct noon_plan_conf conf;
	double distance_m, cable_m, tolerance_m; /* UNSET: not given */
	double minimum_ns[2];
	double index, attacker_index;
	const char *calibration;
	const char *key; /* that its signature is checked with; NULL: it is not */
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

static bool take_length(const char *text, double *ret_m)
{
	char digits[48];
	const size_t n = strcspn(text, "km");
	const char *unit = text + n;
	double v;

	if (n == 0 || n >= sizeof(digits) || (strcmp(unit, "km") != 0 && strcmp(unit, "m") != 0))
		return false;
	(void)snprintf(digits, sizeof(digits), "%.*s", (int)n, text);
	if (!noon_number(digits, 0.0, 1e9, &v))
		return false;
	*ret_m = unit[0] == 'k' ? v * 1e3 : v;
	return true;
}

static bool take_time(const char *text, double least_ns, double *ret_ns)
{
	noon_dur d;

	if (noon_text_dur(text, &d) != NOON_OK || (double)d < least_ns)
		return false;
	*ret_ns = (double)d;
	return true;
}

static bool take_clock(const char *text, double *ret)
{
	static const struct {
		const char *name;
		double rate;
	} grades[] = {{"tcxo", 1e-6}, {"ocxo", 5e-8}, {"rb", 1e-9}, {"vm", 5e-5}};

	for (size_t i = 0; i < sizeof(grades) / sizeof(grades[0]); i++) {
		if (strcmp(grades[i].name, text) == 0) {
			*ret = grades[i].rate;
			return true;
		}
	}
	return false;
}

enum option_key {
	O_LIMIT = 256,
	O_PERIOD,
	O_CLOCK,
	O_CLOCK_PPM,
	O_DISTANCE,
	O_CABLE,
	O_TOLERANCE,
	O_INDEX,
	O_ATTACKER_INDEX,
	O_M_F,
	O_M_R,
	O_SERVER,
	O_STAMP,
	O_ROUTERS,
	O_P_IDLE,
	O_PACKET,
	O_LINK_RATE,
	O_RATE,
	O_P_D,
	O_P_FA,
	O_ESTIMATOR,
	O_CALIBRATION,
	O_KEY,
	O_JSON,
};

#define TIME   "a time such as 50us or 1.5ms"
#define LENGTH "a length such as 300m or 40km"

/* Each returns what was expected of the value, or NULL if it is good. */
static const char *take_path(struct arguments *a, int o, const char *text)
{
	switch (o) {
	case O_DISTANCE:
		return take_length(text, &a->distance_m) ? NULL : LENGTH;
	case O_CABLE:
		return take_length(text, &a->cable_m) ? NULL : LENGTH;
	case O_TOLERANCE:
		return take_length(text, &a->tolerance_m) ? NULL : LENGTH;
	case O_INDEX:
		return noon_number(text, 1.0, 10.0, &a->index) ? NULL : "an index from 1 to 10";
	case O_ATTACKER_INDEX:
		return noon_number(text, 1.0, 10.0, &a->attacker_index) ? NULL
									: "an index from 1 to 10";
	case O_M_F:
		return take_time(text, 0.0, &a->minimum_ns[0]) ? NULL : TIME " >= 0";
	default:
		return take_time(text, 0.0, &a->minimum_ns[1]) ? NULL : TIME " >= 0";
	}
}

static const char *take_channel(struct noon_channel *c, int o, const char *text)
{
	uint64_t v;

	switch (o) {
	case O_ROUTERS:
		if (!noon_number_u64(text, 1, NOON_CHANNEL_ROUTERS_MAX, &v))
			return "a number of routers from 1 to 255";
		c->routers = (unsigned)v;
		return NULL;
	case O_P_IDLE:
		return noon_number(text, 0.0, 0.999999, &c->p_idle)
			       ? NULL
			       : "a probability from 0 to 0.999999";
	case O_PACKET:
		return noon_number(text, 1.0, 1e6, &c->packet_bytes) ? NULL : "bytes from 1 to 1e6";
	default:
		return noon_number_rate(text, &c->rate_bps) && noon_channel_check(c) == NOON_OK
			       ? NULL
			       : "bits per second, such as 1G or 100M";
	}
}

static const char *take_demand(struct arguments *a, int o, const char *text)
{
	static const char probability[] = "a probability between 0 and 1, both excluded";
	struct noon_plan_conf *c = &a->conf;
	double v;

	switch (o) {
	case O_RATE:
		return noon_number(text, 1e-9, 1e9, &c->rate_hz) ? NULL
								 : "round trips per second, > 0";
	case O_P_D:
		return noon_number(text, 1e-9, 1.0 - 1e-9, &c->p_d) ? NULL : probability;
	case O_P_FA:
		return noon_number(text, 1e-15, 1.0 - 1e-9, &c->p_fa) ? NULL : probability;
	case O_CLOCK:
		return take_clock(text, &c->clock) ? NULL : "tcxo, ocxo, rb or vm";
	case O_CLOCK_PPM:
		if (!noon_number(text, 0.0, 1e5, &v))
			return "ppm from 0 to 1e5";
		c->clock = v * 1e-6;
		return NULL;
	default:
		if (strcmp(text, "one-way") != 0 && strcmp(text, "midpoint") != 0)
			return "one-way or midpoint";
		c->midpoint = text[0] == 'm';
		return NULL;
	}
}

static const char *take_value(struct arguments *a, int o, const char *text)
{
	struct noon_plan_conf *c = &a->conf;
	double ns;

	switch (o) {
	case O_LIMIT:
		return take_time(text, 1.0, &c->limit_ns) ? NULL : TIME;
	case O_PERIOD:
		if (!take_time(text, 1e3, &ns))
			return "a time from 1us on";
		c->period_s = ns * 1e-9;
		return NULL;
	case O_SERVER:
		return take_time(text, 0.0, &c->server_ns) ? NULL : TIME " >= 0";
	case O_STAMP:
		return take_time(text, 0.0, &c->stamp_ns) ? NULL : TIME " >= 0";
	case O_ROUTERS:
	case O_P_IDLE:
	case O_PACKET:
	case O_LINK_RATE:
		return take_channel(&c->channel, o, text);
	case O_RATE:
	case O_P_D:
	case O_P_FA:
	case O_CLOCK:
	case O_CLOCK_PPM:
	case O_ESTIMATOR:
		return take_demand(a, o, text);
	case O_CALIBRATION:
		a->calibration = text;
		return NULL;
	case O_KEY:
		a->key = text;
		return NULL;
	default:
		return take_path(a, o, text);
	}
}

/* Returns an exit status, or -1 to go on. */
static int parse(const struct noon_verb *self, int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{"limit", required_argument, NULL, O_LIMIT},
		{"period", required_argument, NULL, O_PERIOD},
		{"clock", required_argument, NULL, O_CLOCK},
		{"clock-ppm", required_argument, NULL, O_CLOCK_PPM},
		{"distance", required_argument, NULL, O_DISTANCE},
		{"cable", required_argument, NULL, O_CABLE},
		{"tolerance", required_argument, NULL, O_TOLERANCE},
		{"index", required_argument, NULL, O_INDEX},
		{"attacker-index", required_argument, NULL, O_ATTACKER_INDEX},
		{"m-f", required_argument, NULL, O_M_F},
		{"m-r", required_argument, NULL, O_M_R},
		{"server", required_argument, NULL, O_SERVER},
		{"stamp", required_argument, NULL, O_STAMP},
		{"routers", required_argument, NULL, O_ROUTERS},
		{"p-idle", required_argument, NULL, O_P_IDLE},
		{"packet-bytes", required_argument, NULL, O_PACKET},
		{"link-rate", required_argument, NULL, O_LINK_RATE},
		{"rate", required_argument, NULL, O_RATE},
		{"p-d", required_argument, NULL, O_P_D},
		{"p-fa", required_argument, NULL, O_P_FA},
		{"estimator", required_argument, NULL, O_ESTIMATOR},
		{"calibration", required_argument, NULL, O_CALIBRATION},
		{"key", required_argument, NULL, O_KEY},
		{"json", no_argument, NULL, O_JSON},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int o, index = 0;

	while ((o = getopt_long(argc, argv, "h", options, &index)) != -1) {
		const char *expected = NULL;

		if (o == 'h')
			return noon_tool_help(self);
		if (o == '?')
			return NOON_EXIT_USAGE;
		if (o == O_JSON)
			a->json = true;
		else
			expected = take_value(a, o, optarg);
		if (expected != NULL)
			return noon_tool_usage(self, "--%s \"%s\": expected %s",
					       options[index].name, optarg, expected);
	}
	if (optind != argc)
		return noon_tool_usage(self, "unexpected argument \"%s\"", argv[optind]);
	return -1;
}

/* ---- the path ---- */

/* Returns what is missing or contradictory, or NULL. */
static const char *settle(const struct arguments *a)
{
	if (a->conf.limit_ns < 0.0)
		return "--limit is missing: the error that must not be passed";
	if (a->conf.period_s < 0.0)
		return "--period is missing: the time between two updates of the clock";
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

/* Fill minima, propagation and the fastest path of an attacker. */
static const char *set_path(struct arguments *a, const struct noon_law *law)
{
	struct noon_plan_conf *c = &a->conf;
	const double length = a->cable_m >= 0.0 ? a->cable_m : fmax(a->distance_m, 0.0);
	const double light = fmax(a->distance_m, 0.0) * LIGHT_NS_PER_M;
	const double tolerance = fmax(a->tolerance_m, 0.0);
	/* A minimum assumes no medium; what a packet takes is fibre unless something is said. */
	const double slow = a->index >= 0.0 ? a->index : NOON_FIBRE_INDEX;
	const double fast = a->index >= 0.0 ? a->index : NOON_CABLE_INDEX;

	/* The ends of a cable may be as near as they like. */
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
	/* A measured round trip says nothing of its halves: where one minimum is larger, split by
	 * the minima. */
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

static void judge(struct plan *p)
{
	struct noon_plan_report *r = &p->report;

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
		}
	}
}

/* Returns an exit status, or -1 to go on. */
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
		p->c->inflation = fmax(p->baseline->campaign.inflation, 1.0);
	}
	wrong = set_path(&p->a, p->c->law);
	if (wrong != NULL)
		return noon_tool_usage(p->self, "%s", wrong);
	if (noon_plan_check(p->c) != NOON_OK)
		return noon_tool_usage(p->self, "the values are out of the range of a plan");
	return -1;
}

static int run(const struct noon_verb *self, int argc, char **argv)
{
	struct plan p = {
		.self = self,
		.a = {.conf = {.limit_ns = UNSET,
			       .period_s = UNSET,
			       .clock = UNSET,
			       .server_ns = 1e3,
			       .stamp_ns = 1e3,
			       .rate_hz = 1.0,
			       .p_d = 0.999,
			       .p_fa = 1e-6,
			       .channel = noon_channel_default(),
			       .inflation = 1.0},
		      .distance_m = UNSET,
		      .cable_m = UNSET,
		      .tolerance_m = UNSET,
		      .minimum_ns = {UNSET, UNSET},
		      .index = UNSET,
		      .attacker_index = NOON_ATTACKER_INDEX},
	};
	int status = parse(self, argc, argv, &p.a);

	p.c = &p.a.conf;
	if (status < 0)
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
	.help = "Usage: noonmark plan --limit TIME --period TIME --clock GRADE PATH [OPTION]...\n"
		"Say whether the deterministic bound, the mean test and the CUSUM can hold an "
		"alert\n"
		"limit, what binds, and the smallest change of each parameter that would help.\n"
		"\n"
		"      --limit TIME          alert limit, such as 50us\n"
		"      --period TIME         between two updates of the clock, such as 1s\n"
		"      --clock GRADE         tcxo (1 ppm), ocxo (0.05), rb (0.001) or vm (50)\n"
		"      --clock-ppm X         largest rate error between updates\n"
		"PATH, one of\n"
		"      --distance LENGTH     between the ends: minima at the speed of light\n"
		"      --cable LENGTH        surveyed cable, with --tolerance LENGTH; give "
		"--distance\n"
		"                            as well: it tells what a faster path could save\n"
		"      --m-f TIME --m-r TIME minima, forward and reverse\n"
		"and\n"
		"      --index N             of the cable (default 1 for its minimum, 1.468 for "
		"what a\n"
		"                            packet takes), cable-index in noonmarkd.conf(5)\n"
		"      --attacker-index N    of the fastest medium an attacker has (default 1),\n"
		"                            attacker-index in noonmarkd.conf(5)\n"
		"      --server TIME         bound of the server's clock (default 1us)\n"
		"      --stamp TIME          error of the time stamps of a difference (default "
		"1us)\n"
		"      --routers M --p-idle P --packet-bytes B --link-rate R\n"
		"                            queues, as for 'noonmark sim paper'\n"
		"      --calibration FILE    measured round trips instead of those\n"
		"      --key FILE            the operator's key, to check its signature with\n"
		"      --rate R              round trips per second (default 1)\n"
		"      --p-d P               probability of detection (default 0.999)\n"
		"      --p-fa P              false alarms of a period (default 1e-6)\n"
		"      --estimator E         one-way (default) or midpoint\n"
		"      --json                print one JSON object\n"
		"\n"
		"Exit status 0 if one of the three is feasible, 1 if none is.\n",
	.run = run,
};
