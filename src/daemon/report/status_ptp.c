/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/report/status_ptp.h"

#include <math.h>
#include <stdio.h>

#include "daemon/report/status_tunnel.h"
#include "daemon/report/status_words.h"
#include "noonmark/clock.h"

#define IDENTITY_TEXT 19

/* As linuxptp writes it: "507c6f.fffe.1fb16b". */
static void identity_text(const uint8_t id[NOON_PTP_IDENTITY_LEN], char out[IDENTITY_TEXT])
{
	(void)snprintf(out, IDENTITY_TEXT, "%02x%02x%02x.%02x%02x.%02x%02x%02x", id[0], id[1],
		       id[2], id[3], id[4], id[5], id[6], id[7]);
}

static json_t *port_part(const struct noon_daemon_ptp_port *p)
{
	const struct noon_ptp_link *l = &p->link;
	char id[IDENTITY_TEXT];

	identity_text(p->identity, id);
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "interface",
			 p->conf.interface, "tunnel", p->conf.tunnel, "clock_identity", id,
			 "stamps", noon_ptp_stamps_word(p), "events_sent", (json_int_t)l->n_sent,
			 "events_sent_stamped", (json_int_t)l->n_stamped, "events_received",
			 (json_int_t)l->n_arrived, "events_received_stamped",
			 (json_int_t)l->n_arrived_stamped, "send_failures",
			 (json_int_t)l->n_failed);
}

/* Guards on both sides inform each other by one byte. */
static json_t *verdict_word(uint8_t verdict)
{
	if (verdict > NOON_CLOCK_GUARD_ALARM)
		return json_null();
	return json_string(noon_clock_guard_word((enum noon_clock_guard)verdict));
}

/* The subject of an alarm: the words of findings. */
static json_t *reason_words(uint8_t verdict, uint8_t reasons)
{
	uint32_t mask = 0;

	if (verdict != NOON_PTP_GUARD_ALARM)
		return json_array();
	if (reasons & NOON_PTP_REASON_DELAYED)
		mask |= UINT32_C(1) << NOON_FINDING_DELAYED;
	if (reasons & NOON_PTP_REASON_SHORTENED)
		mask |= UINT32_C(1) << NOON_FINDING_SHORTENED;
	if (reasons & NOON_PTP_REASON_SHAPE)
		mask |= UINT32_C(1) << NOON_FINDING_RTT_SHAPE;
	if (reasons & NOON_PTP_REASON_TIME)
		mask |= UINT32_C(1) << NOON_FINDING_RECEIVER_TIME;
	return noon_status_findings(mask);
}

static void set_parent(json_t *o, const struct noon_ptp_foreign *f)
{
	const struct noon_ptp_announce *a = &f->announce;
	const noon_dur accuracy = noon_ptp_accuracy_to_dur(a->accuracy);
	char parent[IDENTITY_TEXT], grandmaster[IDENTITY_TEXT];

	identity_text(f->set.sender.clock, parent);
	identity_text(a->grandmaster, grandmaster);
	(void)json_object_update_new(
		o,
		json_pack("{s:s, s:i, s:s, s:i, s:i, s:o, s:i, s:i, s:i, s:i, s:b, s:b}", "parent",
			  parent, "parent_port", (int)f->set.sender.port, "grandmaster",
			  grandmaster, "clock_class", (int)a->clock_class, "clock_accuracy",
			  (int)a->accuracy, "accuracy_s",
			  accuracy == NOON_DUR_MAX ? json_null()
						   : json_real(noon_dur_to_s(accuracy)),
			  "priority1", (int)a->priority1, "priority2", (int)a->priority2,
			  "steps_removed", (int)a->steps_removed, "utc_offset", (int)a->utc_offset,
			  "ptp_timescale", (int)((f->flags & NOON_PTP_FLAG_PTP_TIMESCALE) != 0),
			  "takes_layover", (int)f->takes_layover));
}

static json_t *leases(const struct noon_ptp_receiver *m, noon_time now)
{
	static const char *const names[NOON_PTP_LEASES] = {"announce", "sync", "delay_resp"};
	json_t *list = json_array();

	for (unsigned i = 0; i < NOON_PTP_LEASES; i++) {
		const struct noon_ptp_lease *l = &m->lease[i];

		(void)json_array_append_new(
			list, json_pack("{s:s, s:b, s:b, s:i, s:f}", "type", names[i], "granted",
					(int)l->granted, "denied", (int)l->denied, "log_interval",
					(int)l->interval, "left_s",
					l->granted ? noon_dur_to_s(noon_time_diff(l->expires, now))
						   : 0.0));
	}
	return list;
}

json_t *noon_status_ptp_receiver(const struct noon_ptp_receiver *m,
				 const struct noon_daemon_ptp_port *port, noon_time now)
{
	const struct noon_ptp_foreign *f = noon_ptp_receiver_parent(m);
	json_t *o = json_pack(
		"{s:s, s:i, s:s, s:b, s:b, s:I, s:I, s:I, s:o, s:o, s:o}", "state",
		noon_ptp_receiver_state_word(m->state), "domain", (int)m->conf.port.domain, "mode",
		m->conf.unicast ? "unicast" : "multicast", "authentication",
		(int)(m->conf.policy.keys != NULL), "in_tunnel", (int)m->conf.policy.in_tunnel,
		"syncs", (json_int_t)m->n_sync, "samples", (json_int_t)m->n_samples, "parents",
		(json_int_t)m->n_parents, "port", port_part(port), "transmitter_guard",
		verdict_word(m->peer_verdict), "transmitter_reasons",
		reason_words(m->peer_verdict, m->peer_reasons));

	if (o == NULL)
		return NULL;
	if (f != NULL)
		set_parent(o, f);
	if (m->conf.unicast)
		(void)json_object_set_new(o, "grants", leases(m, now));
	return o;
}

/* What a receiver claims of its time, compared with our stamps. */
static json_t *audit(const struct noon_ptp_audit *a)
{
	const bool claims = a->claim.bound_ns <= INT64_MAX;
	json_t *o = json_pack("{s:s, s:I, s:I}", "state", noon_ptp_audit_word(a->state), "claims",
			      (json_int_t)a->n, "false", (json_int_t)a->n_false);

	if (o == NULL || !a->heard)
		return o;
	(void)json_object_update_new(
		o, json_pack("{s:s, s:o, s:o}", "receiver_state",
			     noon_state_word((enum noon_state)a->claim.state), "offset_s",
			     claims ? json_real(noon_dur_to_s(a->claim.offset_ns)) : json_null(),
			     "bound_s",
			     claims ? json_real((double)a->claim.bound_ns * 1e-9) : json_null()));
	if (a->n > 0)
		(void)json_object_update_new(o, json_pack("{s:f, s:f}", "lower_s",
							  noon_dur_to_s(a->lower), "upper_s",
							  noon_dur_to_s(a->upper)));
	return o;
}

static json_t *watched(const struct noon_ptp_service *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->conf->n_watch; i++) {
		const struct noon_ptp_watched *w = &s->machine.watched[s->watch[i].index];
		const struct noon_daemon_guard *g = s->watch[i].guard;
		char id[IDENTITY_TEXT];
		json_t *o;

		identity_text(w->clock, id);
		o = json_pack("{s:s, s:b, s:o, s:s, s:o, s:I, s:I, s:o}", "clock_identity", id,
			      "alarm", (int)noon_ptp_service_is_alarmed(s, i), "findings",
			      noon_status_findings(s->watch[i].findings.active), "guard",
			      noon_clock_guard_word(noon_daemon_guard_state(g)), "receiver_guard",
			      verdict_word(w->its_verdict), "samples", (json_int_t)w->n_samples,
			      "unmatched", (json_int_t)w->n_unmatched, "audit", audit(&w->audit));
		if (o != NULL && g != NULL)
			(void)json_object_update_new(o, json_pack("{s:s, s:f, s:i}", "baseline",
								  g->digest, "shift_s",
								  g->plan.conf.shift_ns * 1e-9,
								  "batch", (int)g->plan.batch));
		(void)json_array_append_new(list, o);
	}
	return list;
}

static json_t *transmitter(const struct noon_ptp_service *s)
{
	const struct noon_ptp_transmitter *m = &s->machine;
	const struct noon_ptp_quality *q = &m->quality;

	json_t *o = json_pack(
		"{s:s, s:s, s:i, s:b, s:i, s:i, s:b, s:i, s:i, s:I, s:I, s:I, s:I, s:I, "
		"s:o, s:o, s:o}",
		"name", s->conf->name, "state",
		noon_ptp_transmitter_state_word(
			noon_ptp_transmitter_state_of(m, noon_clock_now(s->clock))),
		"domain", (int)m->conf.port.domain, "authentication",
		(int)noon_ptp_policy_has_keys(&m->conf.policy), "clock_class", (int)q->clock_class,
		"clock_accuracy", (int)noon_ptp_accuracy_from_dur(q->bound), "ptp_timescale",
		(int)q->tai_known, "utc_offset", (int)q->tai_offset, "unicast_receivers",
		(int)noon_ptp_transmitter_clients(m), "announces", (json_int_t)m->n_announce,
		"syncs", (json_int_t)m->n_sync, "delay_resps", (json_int_t)m->n_delay_resp,
		"unstamped_syncs", (json_int_t)m->n_no_stamp, "denied", (json_int_t)m->n_denied,
		"port", port_part(s->port), "verdicts", noon_status_verdicts(&m->counters),
		"watched", watched(s));

	if (o != NULL && s->giver.exchange != NULL) {
		json_t *x = noon_status_exchange(s->giver.exchange, noon_mono_now());

		(void)json_object_set_new(
			x, "pairs", json_integer((json_int_t)noon_ptp_pairs_count(s->giver.pairs)));
		(void)json_object_set_new(o, "exchange", x);
	}
	return o;
}

json_t *noon_status_ptp_transmitters(struct noon_ptp_service *const *s, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		if (s[i] != NULL && s[i]->clock != NULL)
			(void)json_array_append_new(list, transmitter(s[i]));
	return list;
}
