/* SPDX-License-Identifier: Apache-2.0
 *
 * All times in seconds, as doubles where these keep nanoseconds, else as strings ("utc": 19
 * digits). Keys follow chrony's and Prometheus' habits: unit as suffix.
 */
#include "daemon/report/status.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "daemon/report/recovery.h"
#include "daemon/report/status_one_way.h"
#include "daemon/report/status_ptp.h"
#include "daemon/report/status_tunnel.h"
#include "daemon/report/status_words.h"
#include "daemon/source/cycles.h"
#include "estimate/guard/baseline.h"

static const char *stamp_word(enum noon_stamp s)
{
	switch (s) {
	case NOON_STAMP_USER:
		return "user";
	case NOON_STAMP_KERNEL:
		return "kernel";
	case NOON_STAMP_HARDWARE:
		return "hardware";
	}
	return "unknown";
}

static const char *leap_word(enum noon_leap l)
{
	switch (l) {
	case NOON_LEAP_NONE:
		return "none";
	case NOON_LEAP_INSERT:
		return "insert";
	case NOON_LEAP_DELETE:
		return "delete";
	case NOON_LEAP_UNKNOWN:
		break;
	}
	return "unknown";
}

static void set_measurements(json_t *o, const struct noon_source_report *r)
{
	(void)json_object_set_new(o, "offset_s", noon_status_seconds(r->offset));
	(void)json_object_set_new(o, "lower_s", noon_status_seconds(r->lower));
	(void)json_object_set_new(o, "upper_s", noon_status_seconds(r->upper));
	(void)json_object_set_new(o, "rtt_s", noon_status_seconds(r->rtt));
	(void)json_object_set_new(o, "jitter_s", noon_status_seconds(r->jitter));
	(void)json_object_set_new(o, "age_s", noon_status_seconds(r->age));
	(void)json_object_set_new(o, "frequency_ppm", json_real(r->freq_error * 1e6));
	(void)json_object_set_new(o, "stratum", json_integer(r->last.stratum));
	(void)json_object_set_new(o, "root_delay_s", noon_status_seconds(r->last.root_delay));
	(void)json_object_set_new(o, "root_dispersion_s", noon_status_seconds(r->last.root_disp));
	(void)json_object_set_new(o, "authenticated", json_boolean(r->last.authenticated));
	(void)json_object_set_new(o, "tx_stamp", json_string(stamp_word(r->last.tx_stamp)));
	(void)json_object_set_new(o, "rx_stamp", json_string(stamp_word(r->last.rx_stamp)));
}

/* Whether the campaign applies to the current polling. */
static void set_interval(json_t *o, const struct noon_daemon_source *s, noon_time now)
{
	const double campaign_s = s->guard->interval_s;
	struct noon_source_report r;

	if (campaign_s <= 0.0)
		return;
	noon_engine_source_report(s->host->engine, s->index, now, &r);
	(void)json_object_set_new(o, "baseline_interval_s", json_real(campaign_s));
	(void)json_object_set_new(
		o, "interval_fits",
		json_boolean(noon_baseline_suits(campaign_s, exp2((double)r.poll))));
}

static json_t *guard_part(const struct noon_daemon_source *s, noon_time now)
{
	const struct noon_daemon_guard *g = s->guard;
	const struct noon_guard_plan *p;
	json_t *active = json_array();
	json_t *o;

	if (g == NULL) {
		json_decref(active);
		return json_null();
	}
	p = &g->plan;
	for (unsigned k = 0; k < NOON_STATISTICS; k++)
		if (g->guard.active >> k & 1)
			(void)json_array_append_new(
				active, json_string(noon_statistic_word((enum noon_statistic)k)));
	o = json_pack("{s:s, s:o, s:s, s:s, s:I, s:s, s:b, s:i, s:I, s:I, s:f, s:f, s:f}", "state",
		      noon_clock_guard_word(noon_daemon_guard_state(g)), "active", active,
		      "path_id", g->path_id, "baseline", g->digest, "baseline_count",
		      (json_int_t)g->count, "leads", noon_statistic_word(p->leads), "feasible",
		      (int)p->feasible, "batch", (int)p->batch, "seen", (json_int_t)g->guard.seen,
		      "lost", (json_int_t)g->guard.lost, "shift_s", p->conf.shift_ns * 1e-9,
		      "mean_s", p->centre_ns * 1e-9, "mean_limit_s",
		      p->limit[NOON_STATISTIC_MEAN].high * 1e-9);
	if (o != NULL)
		set_interval(o, s, now);
	if (o != NULL && g->guard.batches > 0)
		(void)json_object_set_new(o, "batch_mean_s",
					  json_real(g->guard.batch_mean_ns * 1e-9));
	return o;
}

/* Figures of the third condition; null where there is none. */
static json_t *third_condition(const struct noon_conditions *c)
{
	const bool guarded = c->batch > 0;

	return json_pack("{s:o, s:o, s:o, s:o}", "shift_s",
			 guarded ? noon_status_seconds(c->shift) : json_null(), "shift_allowed_s",
			 guarded ? noon_status_seconds(c->shift_allowed) : json_null(), "batch_s",
			 guarded ? noon_status_seconds(c->batch) : json_null(), "uncertainty_s",
			 c->uncertainty == NOON_DUR_MAX ? json_null()
							: noon_status_seconds(c->uncertainty));
}

/* The three conditions of secure synchronisation, in their order. */
static json_t *conditions(const struct noon_daemon_source *s, noon_time now)
{
	json_t *list = json_array();
	struct noon_conditions c;

	noon_engine_conditions(s->host->engine, s->index, now, &c);
	for (unsigned k = 0; k < NOON_CONDITIONS; k++)
		(void)json_array_append_new(
			list, json_pack("{s:i, s:s, s:s}", "condition", (int)k + 1, "met",
					noon_met_word(c.met[k]), "why", c.why[k]));
	return json_pack("{s:o, s:f, s:b, s:f, s:b, s:o}", "list", list, "hidden_advance_s",
			 noon_dur_to_s(c.hidden_advance), "hidden_advance_known",
			 (int)c.hidden_known, "shortening_s", noon_dur_to_s(c.shortening),
			 "sufficient", (int)c.sufficient, "round_trip", third_condition(&c));
}

static json_t *source(const struct noon_daemon_source *s, noon_time now)
{
	struct noon_source_traffic traffic = {.sent = 0};
	char address[64] = "-";
	struct noon_source_report r;
	json_t *o;

	s->ops->traffic(s, &traffic);
	if (traffic.peer.len > 0)
		noon_addr_format(&traffic.peer, address, sizeof(address));
	noon_engine_source_report(s->host->engine, s->index, now, &r);
	o = json_pack("{s:s, s:s, s:s, s:i, s:i, s:I, s:I, s:I, s:i, s:s, s:f, s:f, s:o}", "name",
		      s->conf->host, "address", address, "verdict",
		      noon_source_verdict_word(r.verdict), "reach", (int)r.reach, "poll",
		      (int)r.poll, "sent", (json_int_t)traffic.sent, "samples",
		      (json_int_t)r.n_samples, "accepted", (json_int_t)r.n_accepted, "in_fit",
		      (int)r.in_fit, "minima", noon_minima_kind_word(r.minima), "minimum_forward_s",
		      noon_dur_to_s(r.m_f), "minimum_reverse_s", noon_dur_to_s(r.m_r), "verdicts",
		      noon_status_verdicts(traffic.counters));
	if (o == NULL)
		return NULL;
	s->ops->status(s, o);
	if (r.has_data)
		set_measurements(o, &r);
	if (s->duplicate_of != NULL) {
		(void)json_object_set_new(o, "duplicate_of",
					  json_string(s->duplicate_of->conf->host));
		(void)json_object_set_new(o, "duplicate_why", json_string(s->duplicate_why));
	}
	(void)json_object_set_new(o, "cycle", noon_daemon_cycle_status(s));
	(void)json_object_set_new(o, "guard", guard_part(s, now));
	(void)json_object_set_new(o, "conditions", conditions(s, now));
	return o;
}

static json_t *sources(const struct noon_status_input *in)
{
	json_t *list = json_array();

	for (size_t i = 0; i < in->limits.conf->n_sources; i++) {
		const struct noon_daemon_source *s = &in->source[i];
		json_t *o = s->up ? source(s, in->limits.reading->h) : NULL;

		if (o != NULL)
			(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *ntp_server(struct noon_services *s)
{
	struct noon_ntp_service_counters c;
	struct noon_served_state state;

	if (s->ntp == NULL)
		return json_null();
	noon_ntp_service_counters(s->ntp, &c);
	noon_served_get(&s->served, &state);
	return json_pack("{s:b, s:i, s:f, s:I, s:I, s:I, s:I, s:I, s:o}", "has_time",
			 (int)state.clock.has_time, "stratum", (int)state.clock.stratum,
			 "root_dispersion_s", noon_dur_to_s(state.clock.root_disp), "nts_replies",
			 (json_int_t)c.nts_replies, "ntsn_replies", (json_int_t)c.ntsn_replies,
			 "cookies_made", (json_int_t)c.cookies_made, "send_failures",
			 (json_int_t)c.send_failures, "unstamped", (json_int_t)c.unstamped,
			 "verdicts", noon_status_verdicts(&c.verdicts));
}

static json_t *ke_server(struct noon_services *s)
{
	struct noon_ke_service_counters c;
	json_t *outcomes = json_object();

	if (s->ke == NULL) {
		json_decref(outcomes);
		return json_null();
	}
	noon_ke_service_counters(s->ke, &c);
	for (unsigned k = 0; k < NOON_KE_OUTCOMES; k++)
		if (c.outcomes.n[k] > 0)
			(void)json_object_set_new(
				outcomes, noon_ntske_outcome_word((enum noon_ntske_outcome)k),
				json_integer((json_int_t)c.outcomes.n[k]));
	return json_pack("{s:I, s:I, s:I, s:o}", "accepted", (json_int_t)c.accepted, "deferred",
			 (json_int_t)c.deferred, "crowded_out", (json_int_t)c.crowded_out,
			 "outcomes", outcomes);
}

static json_t *terms(const struct noon_terms *t)
{
	return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f}", "path_s", noon_dur_to_s(t->path),
			 "drift_s", noon_dur_to_s(t->drift), "server_s", noon_dur_to_s(t->server),
			 "quantisation_s", noon_dur_to_s(t->quantisation), "slewing_s",
			 noon_dur_to_s(t->slewing), "leap_s", noon_dur_to_s(t->leap));
}

static void set_reading(json_t *o, const struct noon_reading *r)
{
	const noon_time c = noon_time_add(r->h, r->corr);

	(void)json_object_set_new(o, "time", noon_status_instant(c.ns));
	if (r->bound == NOON_DUR_MAX)
		return;
	(void)json_object_set_new(o, "earliest",
				  noon_status_instant(noon_time_add(c, r->lower).ns));
	(void)json_object_set_new(o, "latest", noon_status_instant(noon_time_add(c, r->upper).ns));
	(void)json_object_set_new(o, "bound_s", noon_status_seconds(r->bound));
	(void)json_object_set_new(o, "hidden_advance_s", noon_status_seconds(r->hidden));
	(void)json_object_set_new(o, "lower_s", noon_status_seconds(r->lower));
	(void)json_object_set_new(o, "upper_s", noon_status_seconds(r->upper));
	(void)json_object_set_new(o, "terms", terms(&r->terms));
	(void)json_object_set_new(o, "frequency_ppm", json_real(r->freq_error * 1e6));
	(void)json_object_set_new(o, "rate_bound_ppm", json_real(r->rate_bound * 1e6));
	(void)json_object_set_new(o, "to_slew_s", noon_status_seconds(r->to_slew));
	(void)json_object_set_new(o, "void_after_s",
				  noon_status_seconds(noon_time_diff(r->void_after, r->h)));
}

/* A virtual clock knows its true error: it is a faulty copy of CLOCK_REALTIME. Both are read at one
 * instant, so the error is correct to the time it takes to read two clocks. */
static void set_truth(json_t *o, const struct noon_status_input *in)
{
	const struct noon_clock_map map = noon_clock_map_real(in->clock);

	if (in->limits.conf->clock.kind != NOON_CLOCK_KIND_VIRTUAL)
		return;
	/* C is map.to0 where CLOCK_REALTIME is map.from0. */
	(void)json_object_set_new(o, "true_error_s", noon_status_seconds(map.to0.ns - map.from0));
}

static void set_recovery(json_t *o, const struct noon_status_input *in)
{
	struct noon_recovery_report r;

	if (in->limits.conf->n_sources == 0)
		return;
	noon_engine_recovery(in->engine, in->limits.reading->h, &r);
	(void)json_object_set_new(o, "contradiction", noon_recovery_json(&r));
}

/* Omitted while the state is ok. */
static void set_why(json_t *o, const struct noon_limits_input *in)
{
	const enum noon_clock_reason reason = noon_limits_reason(in);
	char why[NOON_LIMITS_TEXT];

	if (reason == NOON_CLOCK_REASON_NONE)
		return;
	noon_limits_why(in, why);
	(void)json_object_set_new(o, "reason", json_string(noon_clock_reason_word(reason)));
	(void)json_object_set_new(o, "why", json_string(why));
}

json_t *noon_status_json(const struct noon_status_input *in)
{
	const struct noon_config *conf = in->limits.conf;
	const struct noon_reading *r = in->limits.reading;
	struct noon_services *s = in->services;
	json_t *o = json_pack("{s:s, s:s, s:s, s:f, s:s, s:i, s:i, s:i}", "version", NOON_VERSION,
			      "state", noon_state_word(r->state), "clock", in->clock->ops->name,
			      "alert_limit_s", noon_dur_to_s(conf->engine.alert_limit), "leap",
			      leap_word(r->leap), "selectable", (int)r->selectable, "voting",
			      (int)r->voting, "max_liars", (int)r->liars);

	if (o == NULL)
		return NULL;
	set_why(o, &in->limits);
	set_reading(o, r);
	set_truth(o, in);
	(void)json_object_set_new(o, "serve_limit_s", noon_status_seconds(conf->serve_limit));
	(void)json_object_set_new(o, "findings", noon_status_findings(r->findings));
	set_recovery(o, in);
	(void)json_object_set_new(o, "sources", sources(in));
	(void)json_object_set_new(o, "server", ntp_server(s));
	(void)json_object_set_new(o, "nts_ke", ke_server(s));
	(void)json_object_set_new(o, "tsa", noon_tsa_service_status(s->tsa));
	(void)json_object_set_new(o, "one_way", noon_status_one_way(s));
	(void)json_object_set_new(o, "ptp_transmitters",
				  noon_status_ptp_transmitters(s->ptp, conf->n_transmitters));
	(void)json_object_set_new(o, "tunnels", noon_status_tunnels(&s->tunnels));
	(void)json_object_set_new(o, "events", noon_events_json(in->events));
	return o;
}
