/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/guard/plan_report.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

static const char *const way_keys[] = {"bound", "mean", "cusum"};
static const char *const way_names[] = {"deterministic bound", "mean test", "CUSUM"};

static const struct {
	const char *key; /* JSON, with its unit */
	double factor;	 /* from the unit of the field */
	const char *name;
	const char *unit;
} params[NOON_PLAN_PARAMS] = {
	[NOON_PLAN_LIMIT] = {"limit_us", 1e-3, "alert limit", "us"},
	[NOON_PLAN_PERIOD] = {"period_s", 1.0, "update period", "s"},
	[NOON_PLAN_CLOCK] = {"clock_ppm", 1e6, "clock rate error", "ppm"},
	[NOON_PLAN_SERVER] = {"server_us", 1e-3, "bound of the server", "us"},
	[NOON_PLAN_STAMP] = {"stamp_us", 1e-3, "time stamp error", "us"},
	[NOON_PLAN_RATE] = {"rate_hz", 1.0, "round trips", "per s"},
	[NOON_PLAN_P_D] = {"p_d", 1.0, "probability of detection", ""},
	[NOON_PLAN_P_FA] = {"p_fa", 1.0, "false alarms of a period", ""},
	[NOON_PLAN_SURPLUS] = {"surplus_us", 1e-3, "propagation above the minima", "us"},
	[NOON_PLAN_PATH_ERR] = {"path_err_us", 1e-3, "error of the propagation, one way", "us"},
	[NOON_PLAN_FASTEST] = {"fastest_us", 1e-3, "fastest path of an attacker", "us"},
	[NOON_PLAN_LENGTH] = {"propagation_us", 1e-3, "length of the path, one way", "us"},
	[NOON_PLAN_ROUTERS] = {"routers", 1.0, "routers each way", ""},
	[NOON_PLAN_P_IDLE] = {"p_idle", 1.0, "idle probability", ""},
	[NOON_PLAN_PACKET] = {"packet_bytes", 1.0, "size of other packets", "bytes"},
	[NOON_PLAN_LINK_RATE] = {"link_rate_bps", 1.0, "rate of the links", "bit/s"},
};

static const char *binding_text(enum noon_plan_binding b)
{
	switch (b) {
	case NOON_PLAN_BUDGET:
		return "drift, server and time stamps leave nothing of the limit";
	case NOON_PLAN_PATH:
		return "condition 2: a faster path could hide as much as is left of the limit";
	case NOON_PLAN_UNCERTAIN:
		return "condition 3: the propagation is not known to within what is left of the "
		       "limit";
	case NOON_PLAN_EXCESS:
		return "propagation above the assumed minima takes all that is left of the limit";
	case NOON_PLAN_EXCHANGES:
		return "the number of round trips in a period";
	}
	return "";
}

static const char *binding_key(enum noon_plan_binding b)
{
	static const char *const keys[] = {"budget", "path", "uncertain", "excess", "round-trips"};

	return keys[b];
}

static void print_count(const char *before, double v)
{
	if (isfinite(v))
		(void)printf("%s%.0f", before, v);
	else
		(void)printf("%sno number of", before);
}

#define P_TEXT 32 /* bytes */

/* A share that is not certain does not read 0 or 1. */
static const char *share_text(double p, char out[P_TEXT])
{
	if (p <= NOON_PLAN_P_LEAST)
		(void)snprintf(out, P_TEXT, "%g or less", NOON_PLAN_P_LEAST);
	else if (p >= 0.9995)
		(void)snprintf(out, P_TEXT, "more than 0.999");
	else
		(void)snprintf(out, P_TEXT, "%.3g", p);
	return out;
}

/* A value of the table; what is close to 1 as 1 less something. */
static const char *value_text(double v, bool is_share, char out[P_TEXT])
{
	if (is_share && v > 0.9999 && v < 1.0)
		(void)snprintf(out, P_TEXT, "1 - %.3g", 1.0 - v);
	else
		(void)snprintf(out, P_TEXT, "%.5g", v);
	return out;
}

static void print_cusum(const struct noon_plan_report *r, const struct noon_plan_verdict *v)
{
	char text[P_TEXT];

	if (v->arl0 > 0.0)
		(void)printf("\n  threshold %.3f, one false alarm in %.3g round trips\n", v->h,
			     v->arl0);
	else
		(void)fputs("\n  none can be tuned: too small a delay, or queues that the stamps "
			    "hide\n",
			    stdout);
	if (isfinite(v->need))
		(void)printf("  finds %s of all attacks within those, whenever they begin\n",
			     value_text(r->conf->p_d, true, text));
}

static void print_way(const struct noon_plan_report *r, enum noon_plan_way way)
{
	const struct noon_plan_verdict *v = &r->v[way];
	char share[P_TEXT];

	(void)printf("\n%s: %s\n", way_names[way], v->feasible ? "FEASIBLE" : "NOT FEASIBLE");
	if (!v->feasible || v->binding != NOON_PLAN_EXCHANGES)
		(void)printf("  binding: %s\n", binding_text(v->binding));
	if (v->binding != NOON_PLAN_BUDGET)
		(void)printf(
			"  condition 2: a faster path could hide %.3f us, which leaves %.3f us\n",
			v->hidden_ns * 1e-3, v->left_ns * 1e-3);
	if (v->binding != NOON_PLAN_EXCHANGES)
		return;
	if (way == NOON_PLAN_BOUND)
		(void)printf("  queueing both ways together may be %.3f us\n", v->delta_ns * 1e-3);
	else
		(void)printf("  delay to be found: %.3f us\n", v->delta_ns * 1e-3);
	print_count("  needs ", v->need);
	(void)printf(" round trips of %.0f in a period", v->have);
	if (way == NOON_PLAN_BOUND) {
		print_count(" (by the smallest alone: ", v->need_single);
		(void)printf(")\n  bound wider than the limit: %s of all periods\n",
			     share_text(v->p_fail, share));
	} else if (way == NOON_PLAN_MEAN) {
		(void)printf("\n  threshold %.3f us, false alarms: %s of all periods\n",
			     v->lambda_ns * 1e-3, share_text(v->p_fail, share));
	} else {
		print_cusum(r, v);
	}
	if (v->n_cal > 0.0)
		(void)printf("  calibrate with at least %.0f round trips\n", v->n_cal);
}

static void print_changes(const struct noon_plan_report *r)
{
	(void)printf("\nSmallest change of one parameter alone that would do:\n  %-30s %12s", "",
		     "now");
	for (int w = 0; w < NOON_PLAN_WAYS; w++) {
		if (!r->v[w].feasible)
			(void)printf(" %12s", way_keys[w]);
	}
	(void)fputc('\n', stdout);
	for (int i = 0; i < NOON_PLAN_PARAMS; i++) {
		const enum noon_plan_param param = (enum noon_plan_param)i;
		const bool is_share = param == NOON_PLAN_P_D || param == NOON_PLAN_P_IDLE;
		char name[64], text[P_TEXT];

		(void)snprintf(name, sizeof(name), "%s%s%s", params[i].name,
			       *params[i].unit != '\0' ? ", " : "", params[i].unit);
		(void)printf("  %-30s %12s", name,
			     value_text(noon_plan_get(r->conf, param) * params[i].factor, is_share,
					text));
		for (int w = 0; w < NOON_PLAN_WAYS; w++) {
			if (r->v[w].feasible)
				continue;
			if (isnan(r->change[w][i]))
				(void)printf(" %12s", "none");
			else
				(void)printf(" %12s", value_text(r->change[w][i] * params[i].factor,
								 is_share, text));
		}
		(void)fputc('\n', stdout);
	}
}

static void print_round_trips(const struct noon_plan_report *r)
{
	const struct noon_plan_conf *c = r->conf;

	if (c->law == NULL) {
		(void)printf(
			"round trips: %u routers each way, idle with probability %g, %g bytes at "
			"%g Mbit/s\n",
			c->channel.routers, c->channel.p_idle, c->channel.packet_bytes,
			c->channel.rate_bps * 1e-6);
		return;
	}
	(void)printf("round trips: %llu measured, mean %.3f us, standard deviation %.3f us\n",
		     (unsigned long long)c->law->count, c->law->mean_ns * 1e-3,
		     c->law->sd_ns * 1e-3);
	(void)printf("calibration: path %s, signature %s\n", r->path_id,
		     r->signature_checked ? "good" : "NOT CHECKED (--key checks it)");
}

void noon_plan_print_text(const struct noon_plan_report *r)
{
	const struct noon_plan_conf *c = r->conf;
	bool all = true;

	(void)printf(
		"limit %.3f us - drift %.3f us (%g ppm, %g s) - server %.3f us - stamps %.3f us "
		"= %.3f us left\n",
		c->limit_ns * 1e-3, r->v[0].drift_ns * 1e-3, c->clock * 1e6, c->period_s,
		c->server_ns * 1e-3, c->stamp_ns * 1e-3, r->v[0].budget_ns * 1e-3);
	(void)printf(
		"path: minima %.3f and %.3f us, propagation %.3f and %.3f us +- %.3f us, no signal "
		"faster than %.3f us\n",
		c->minimum_ns[0] * 1e-3, c->minimum_ns[1] * 1e-3, c->propagation_ns[0] * 1e-3,
		c->propagation_ns[1] * 1e-3, c->path_err_ns * 1e-3, c->fastest_ns * 1e-3);
	if (c->fastest_ns <= 0.0 && c->minimum_ns[0] > 0.0)
		(void)fputs("the distance is not known (--distance): a faster path may save all "
			    "of the minima\n",
			    stdout);
	print_round_trips(r);
	for (int w = 0; w < NOON_PLAN_WAYS; w++) {
		print_way(r, (enum noon_plan_way)w);
		all = all && r->v[w].feasible;
	}
	if (!all)
		print_changes(r);
}

static json_t *number_or_null(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

/* null where there is no CUSUM */
static json_t *number_if(double arl0, double v)
{
	return arl0 > 0.0 ? json_real(v) : json_null();
}

static json_t *way_json(const struct noon_plan_report *r, int w)
{
	const struct noon_plan_verdict *v = &r->v[w];
	json_t *changes = json_object();
	json_t *o = json_pack(
		"{s:b, s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:o, s:f}", "feasible", (int)v->feasible,
		"binding", binding_key(v->binding), "budget_us", v->budget_ns * 1e-3, "drift_us",
		v->drift_ns * 1e-3, "hidden_advance_us", v->hidden_ns * 1e-3, "left_us",
		v->left_ns * 1e-3, "delta_us", v->delta_ns * 1e-3, "round_trips", v->have,
		"round_trips_needed", number_or_null(v->need), "p_fail", v->p_fail);

	if (w == NOON_PLAN_BOUND)
		(void)json_object_set_new(o, "round_trips_needed_single",
					  number_or_null(v->need_single));
	else
		(void)json_object_set_new(o, "calibration_needed", json_real(v->n_cal));
	if (w == NOON_PLAN_MEAN)
		(void)json_object_set_new(o, "lambda_us", json_real(v->lambda_ns * 1e-3));
	if (w == NOON_PLAN_CUSUM)
		(void)json_object_update_new(o,
					     json_pack("{s:o, s:o}", "h", number_if(v->arl0, v->h),
						       "arl0", number_if(v->arl0, v->arl0)));
	for (int i = 0; i < NOON_PLAN_PARAMS && !v->feasible; i++)
		(void)json_object_set_new(changes, params[i].key,
					  number_or_null(r->change[w][i] * params[i].factor));
	(void)json_object_set_new(o, "changes", changes);
	return o;
}

static json_t *calibration_json(const struct noon_plan_report *r)
{
	if (r->path_id == NULL)
		return json_null();
	return json_pack("{s:s, s:b}", "path_id", r->path_id, "signature_checked",
			 (int)r->signature_checked);
}

void noon_plan_print_json(const struct noon_plan_report *r)
{
	json_t *o = json_object(), *given = json_object();

	for (int i = 0; i < NOON_PLAN_PARAMS; i++)
		(void)json_object_set_new(
			given, params[i].key,
			json_real(noon_plan_get(r->conf, (enum noon_plan_param)i) *
				  params[i].factor));
	(void)json_object_set_new(o, "feasible", json_boolean(r->feasible));
	(void)json_object_set_new(o, "parameters", given);
	(void)json_object_set_new(o, "calibration", calibration_json(r));
	(void)json_object_set_new(o, "estimator",
				  json_string(r->conf->midpoint ? "midpoint" : "one-way"));
	for (int w = 0; w < NOON_PLAN_WAYS; w++)
		(void)json_object_set_new(o, way_keys[w], way_json(r, w));
	(void)json_dumpf(o, stdout, JSON_INDENT(2));
	(void)fputc('\n', stdout);
	json_decref(o);
}
