/* SPDX-License-Identifier: Apache-2.0
 *
 * All times in seconds, as doubles where nanoseconds survive that, as strings where they do not
 * ("utc": 19 digits). Keys follow chrony's and Prometheus' habits: unit as suffix.
 */
#include "daemon/report/status.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "daemon/core/daemon.h"
#include "daemon/report/limits.h"
#include "daemon/report/recovery.h"
#include "daemon/report/status_one_way.h"
#include "daemon/report/status_ptp.h"
#include "estimate/guard/baseline.h"

static json_t *seconds(noon_dur d)
{
	return json_real(noon_dur_to_s(d));
}

/* An instant with all its digits: "1793000000.123456789". */
static json_t *instant(int64_t ns)
{
	int64_t s = ns / NOON_NS_PER_SEC;
	int64_t rest = ns % NOON_NS_PER_SEC;

	if (rest < 0) {
		s--;
		rest += NOON_NS_PER_SEC;
	}
	return json_sprintf("%lld.%09lld", (long long)s, (long long)rest);
}

json_t *noon_status_findings(uint32_t mask)
{
	json_t *list = json_array();

	for (unsigned k = 0; k < NOON_FINDING_KINDS; k++)
		if (mask & 1U << k)
			(void)json_array_append_new(
				list, json_string(noon_finding_word((enum noon_finding_kind)k)));
	return list;
}

json_t *noon_status_verdicts(const struct noon_counters *c)
{
	json_t *o = json_object();

	for (unsigned v = 0; v < NOON_VERDICTS; v++)
		if (c->n[v] > 0)
			(void)json_object_set_new(o, noon_verdict_word((enum noon_verdict)v),
						  json_integer((json_int_t)c->n[v]));
	return o;
}

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

static json_t *nts_part(const struct noon_daemon_source *s)
{
	const struct noon_ntp_client *c = &s->ntp.client;

	if (!s->conf->nts)
		return json_null();
	return json_pack("{s:i, s:i, s:I, s:I, s:s}", "aead", (int)c->session.aead, "cookies",
			 (int)c->session.n_cookies, "ke_ok", (json_int_t)s->ke_ok, "ke_failed",
			 (json_int_t)s->ke_failed, "ke_last",
			 s->ke_why[0] != '\0' ? s->ke_why : "none yet");
}

static void set_measurements(json_t *o, const struct noon_source_report *r)
{
	(void)json_object_set_new(o, "offset_s", seconds(r->offset));
	(void)json_object_set_new(o, "lower_s", seconds(r->lower));
	(void)json_object_set_new(o, "upper_s", seconds(r->upper));
	(void)json_object_set_new(o, "rtt_s", seconds(r->rtt));
	(void)json_object_set_new(o, "jitter_s", seconds(r->jitter));
	(void)json_object_set_new(o, "age_s", seconds(r->age));
	(void)json_object_set_new(o, "frequency_ppm", json_real(r->freq_error * 1e6));
	(void)json_object_set_new(o, "stratum", json_integer(r->last.stratum));
	(void)json_object_set_new(o, "root_delay_s", seconds(r->last.root_delay));
	(void)json_object_set_new(o, "root_dispersion_s", seconds(r->last.root_disp));
	(void)json_object_set_new(o, "authenticated", json_boolean(r->last.authenticated));
	(void)json_object_set_new(o, "tx_stamp", json_string(stamp_word(r->last.tx_stamp)));
	(void)json_object_set_new(o, "rx_stamp", json_string(stamp_word(r->last.rx_stamp)));
}

/* Whether the campaign says anything of polls as they come now. */
static void set_interval(json_t *o, const struct noon_daemon *d, size_t i, noon_time now)
{
	const double campaign_s = d->guard[i]->interval_s;
	struct noon_source_report r;

	if (campaign_s <= 0.0)
		return;
	noon_engine_source_report(d->engine, d->source[i].index, now, &r);
	(void)json_object_set_new(o, "baseline_interval_s", json_real(campaign_s));
	(void)json_object_set_new(
		o, "interval_fits",
		json_boolean(noon_baseline_suits(campaign_s, exp2((double)r.poll))));
}

static json_t *guard_part(const struct noon_daemon *d, size_t i, noon_time now)
{
	const struct noon_daemon_guard *g = d->guard[i];
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
		set_interval(o, d, i, now);
	if (o != NULL && g->guard.batches > 0)
		(void)json_object_set_new(o, "batch_mean_s",
					  json_real(g->guard.batch_mean_ns * 1e-9));
	return o;
}

/* Numbers behind the third condition; null where there is none. */
static json_t *third_condition(const struct noon_conditions *c)
{
	const bool guarded = c->batch > 0;

	return json_pack("{s:o, s:o, s:o, s:o}", "shift_s",
			 guarded ? seconds(c->shift) : json_null(), "shift_allowed_s",
			 guarded ? seconds(c->shift_allowed) : json_null(), "batch_s",
			 guarded ? seconds(c->batch) : json_null(), "uncertainty_s",
			 c->uncertainty == NOON_DUR_MAX ? json_null() : seconds(c->uncertainty));
}

/* The three conditions of secure synchronisation, in their order. */
static json_t *conditions(const struct noon_daemon *d, size_t i, noon_time now)
{
	json_t *list = json_array();
	struct noon_conditions c;

	noon_engine_conditions(d->engine, d->source[i].index, now, &c);
	for (unsigned k = 0; k < NOON_CONDITIONS; k++)
		(void)json_array_append_new(
			list, json_pack("{s:i, s:s, s:s}", "condition", (int)k + 1, "met",
					noon_met_word(c.met[k]), "why", c.why[k]));
	return json_pack("{s:o, s:f, s:b, s:f, s:b, s:o}", "list", list, "hidden_advance_s",
			 noon_dur_to_s(c.hidden_advance), "hidden_advance_known",
			 (int)c.hidden_known, "shortening_s", noon_dur_to_s(c.shortening),
			 "sufficient", (int)c.sufficient, "round_trip", third_condition(&c));
}

/* What depends on the protocol. */
struct spoken {
	char address[64];
	uint64_t sent;
	const struct noon_counters *counters;
	json_t *nts;
	json_t *ptp;
};

static struct spoken spoken(const struct noon_daemon_source *s)
{
	struct spoken p = {.address = "-"};
	struct noon_addr peer = s->ntp.peer;

	if (s->ptp != NULL) {
		noon_ptp_peer_addr(&s->ptp->machine.conf.peer, NOON_PTP_EVENT_PORT, &peer);
		p.sent = s->ptp->machine.n_requests;
		p.counters = &s->ptp->machine.counters;
		p.nts = json_null();
		p.ptp = noon_status_ptp_receiver(s);
	} else {
		p.sent = s->ntp.client.n_sent;
		p.counters = &s->ntp.client.counters;
		p.nts = nts_part(s);
		p.ptp = json_null();
	}
	if (peer.len > 0)
		noon_addr_format(&peer, p.address, sizeof(p.address));
	return p;
}

static json_t *source(struct noon_daemon *d, const struct noon_daemon_source *s, noon_time now)
{
	const struct spoken p = spoken(s);
	struct noon_source_report r;
	json_t *o;

	noon_engine_source_report(d->engine, s->index, now, &r);
	o = json_pack("{s:s, s:s, s:s, s:i, s:i, s:I, s:I, s:I, s:i, s:s, s:f, s:f, s:o, s:o, s:o}",
		      "name", s->conf->host, "address", p.address, "verdict",
		      noon_source_verdict_word(r.verdict), "reach", (int)r.reach, "poll",
		      (int)r.poll, "sent", (json_int_t)p.sent, "samples", (json_int_t)r.n_samples,
		      "accepted", (json_int_t)r.n_accepted, "in_fit", (int)r.in_fit, "minima",
		      noon_minima_kind_word(r.minima), "minimum_forward_s", noon_dur_to_s(r.m_f),
		      "minimum_reverse_s", noon_dur_to_s(r.m_r), "nts", p.nts, "ptp", p.ptp,
		      "verdicts", noon_status_verdicts(p.counters));
	if (o != NULL && r.has_data)
		set_measurements(o, &r);
	if (o != NULL && s->duplicate_of != NULL) {
		(void)json_object_set_new(o, "duplicate_of",
					  json_string(s->duplicate_of->conf->host));
		(void)json_object_set_new(o, "duplicate_why", json_string(s->duplicate_why));
	}
	return o;
}

static json_t *sources(struct noon_daemon *d, noon_time now)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->conf.n_sources; i++) {
		json_t *o = d->source[i].up ? source(d, &d->source[i], now) : NULL;

		if (o == NULL)
			continue;
		(void)json_object_set_new(o, "guard", guard_part(d, i, now));
		(void)json_object_set_new(o, "conditions", conditions(d, i, now));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *ntp_server(struct noon_daemon *d)
{
	struct noon_ntp_service_counters c;
	struct noon_served_state state;

	if (d->ntp == NULL)
		return json_null();
	noon_ntp_service_counters(d->ntp, &c);
	noon_served_get(&d->served, &state);
	return json_pack("{s:b, s:i, s:f, s:I, s:I, s:I, s:I, s:I, s:o}", "has_time",
			 (int)state.clock.has_time, "stratum", (int)state.clock.stratum,
			 "root_dispersion_s", noon_dur_to_s(state.clock.root_disp), "nts_replies",
			 (json_int_t)c.nts_replies, "ntsn_replies", (json_int_t)c.ntsn_replies,
			 "cookies_made", (json_int_t)c.cookies_made, "send_failures",
			 (json_int_t)c.send_failures, "unstamped", (json_int_t)c.unstamped,
			 "verdicts", noon_status_verdicts(&c.verdicts));
}

static json_t *ke_server(struct noon_daemon *d)
{
	struct noon_ke_service_counters c;
	json_t *outcomes = json_object();

	if (d->ke == NULL) {
		json_decref(outcomes);
		return json_null();
	}
	noon_ke_service_counters(d->ke, &c);
	for (unsigned k = 0; k < NOON_KE_OUTCOMES; k++)
		if (c.outcomes.n[k] > 0)
			(void)json_object_set_new(
				outcomes, noon_ntske_outcome_word((enum noon_ntske_outcome)k),
				json_integer((json_int_t)c.outcomes.n[k]));
	return json_pack("{s:I, s:I, s:I, s:o}", "accepted", (json_int_t)c.accepted, "deferred",
			 (json_int_t)c.deferred, "crowded_out", (json_int_t)c.crowded_out,
			 "outcomes", outcomes);
}

static json_t *event(const struct noon_daemon *d, const struct noon_daemon_event *e)
{
	const struct noon_evidence *v = &e->finding.evidence;
	const char *who = "-";
	json_t *o;

	if (e->is_state)
		return json_pack("{s:o, s:s, s:s}", "at", instant(e->real_ns), "event", "state",
				 "state", noon_state_word(e->state));
	for (size_t i = 0; i < d->conf.n_sources; i++)
		if (d->source[i].up && d->source[i].index == e->finding.source)
			who = d->conf.source[i].host;
	if (e->who != NULL)
		who = e->who;
	o = json_pack("{s:o, s:s, s:s, s:s, s:f, s:f}", "at", instant(e->real_ns), "event",
		      "finding", "finding", noon_finding_word(e->finding.kind), "source", who,
		      "value_s", noon_dur_to_s(e->finding.value), "threshold_s",
		      noon_dur_to_s(e->finding.threshold));
	if (o != NULL && v->statistic != NULL)
		(void)json_object_update_new(o, json_pack("{s:s, s:f, s:f, s:I}", "statistic",
							  v->statistic, "statistic_value", v->value,
							  "statistic_limit", v->limit, "samples",
							  (json_int_t)v->samples));
	return o;
}

static json_t *events(const struct noon_daemon *d)
{
	const size_t n = d->n_events < NOON_DAEMON_EVENTS ? d->n_events : NOON_DAEMON_EVENTS;
	json_t *list = json_array();

	for (size_t i = d->n_events - n; i < d->n_events; i++)
		(void)json_array_append_new(list, event(d, &d->event[i % NOON_DAEMON_EVENTS]));
	return list;
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

	(void)json_object_set_new(o, "time", instant(c.ns));
	if (r->bound == NOON_DUR_MAX)
		return;
	(void)json_object_set_new(o, "earliest", instant(noon_time_add(c, r->lower).ns));
	(void)json_object_set_new(o, "latest", instant(noon_time_add(c, r->upper).ns));
	(void)json_object_set_new(o, "bound_s", seconds(r->bound));
	(void)json_object_set_new(o, "hidden_advance_s", seconds(r->hidden));
	(void)json_object_set_new(o, "lower_s", seconds(r->lower));
	(void)json_object_set_new(o, "upper_s", seconds(r->upper));
	(void)json_object_set_new(o, "terms", terms(&r->terms));
	(void)json_object_set_new(o, "frequency_ppm", json_real(r->freq_error * 1e6));
	(void)json_object_set_new(o, "rate_bound_ppm", json_real(r->rate_bound * 1e6));
	(void)json_object_set_new(o, "to_slew_s", seconds(r->to_slew));
	(void)json_object_set_new(o, "void_after_s", seconds(noon_time_diff(r->void_after, r->h)));
}

/* A virtual clock knows the truth: CLOCK_REALTIME is what it is a faulty copy of. Both are read
 * as one instant, so the error is right to the time it takes to read two clocks. */
static void set_truth(json_t *o, struct noon_daemon *d)
{
	const struct noon_clock_map map = noon_clock_map_real(d->clock);

	if (d->conf.clock.kind != NOON_CLOCK_KIND_VIRTUAL)
		return;
	/* C is map.to0 where CLOCK_REALTIME is map.from0. */
	(void)json_object_set_new(o, "true_error_s", seconds(map.to0.ns - map.from0));
}

static void set_recovery(json_t *o, struct noon_daemon *d)
{
	struct noon_recovery_report r;

	if (!noon_daemon_has_sources(d))
		return;
	noon_engine_recovery(d->engine, noon_clock_now(d->clock), &r);
	(void)json_object_set_new(o, "contradiction", noon_recovery_json(&r));
}

/* Nothing of it while the state is ok. */
static void set_why(json_t *o, const struct noon_daemon *d, const struct noon_reading *r)
{
	const enum noon_clock_reason reason = noon_limits_reason(d, r);
	char why[NOON_LIMITS_TEXT];

	if (reason == NOON_CLOCK_REASON_NONE)
		return;
	noon_limits_why(d, r, why);
	(void)json_object_set_new(o, "reason", json_string(noon_clock_reason_word(reason)));
	(void)json_object_set_new(o, "why", json_string(why));
}

json_t *noon_status_json(struct noon_daemon *d)
{
	struct noon_reading r;
	json_t *o;

	noon_daemon_reading(d, &r);
	o = json_pack("{s:s, s:s, s:s, s:f, s:s, s:i, s:i, s:i}", "version", NOON_VERSION, "state",
		      noon_state_word(r.state), "clock", d->clock->ops->name, "alert_limit_s",
		      noon_dur_to_s(d->conf.engine.alert_limit), "leap", leap_word(r.leap),
		      "selectable", (int)r.selectable, "voting", (int)r.voting, "max_liars",
		      (int)r.liars);
	if (o == NULL)
		return NULL;
	set_why(o, d, &r);
	set_reading(o, &r);
	set_truth(o, d);
	(void)json_object_set_new(o, "serve_limit_s", seconds(d->conf.serve_limit));
	(void)json_object_set_new(o, "findings", noon_status_findings(r.findings));
	set_recovery(o, d);
	(void)json_object_set_new(o, "sources", sources(d, r.h));
	(void)json_object_set_new(o, "server", ntp_server(d));
	(void)json_object_set_new(o, "nts_ke", ke_server(d));
	(void)json_object_set_new(o, "tsa", noon_tsa_service_status(d->tsa));
	(void)json_object_set_new(o, "one_way", noon_status_one_way(d));
	(void)json_object_set_new(o, "ptp_transmitters", noon_status_ptp_transmitters(d));
	(void)json_object_set_new(o, "events", events(d));
	return o;
}
