/* SPDX-License-Identifier: Apache-2.0
 *
 * The messages of the transmitter: Announce, Sync, Follow_Up, Delay_Resp.
 */
#include <string.h>

#include "proto/ptp/ptp_transmitter_priv.h"

static struct noon_ptp_message begin(const struct noon_ptp_transmitter *t, uint8_t type,
				     const struct noon_ptp_target *to)
{
	return noon_ptp_port_message(&t->conf.port, type, to->sequence, to->peer->n > 0,
				     to->interval);
}

/* Seal and hand out; false when there is no key to seal with: then nothing may be sent. */
static bool send(struct noon_ptp_transmitter *t, struct noon_wr *wr,
		 const struct noon_ptp_target *to, uint32_t token, struct noon_actions *out)
{
	if (noon_ptp_auth_seal_for(&t->conf.policy, to->id == NULL ? NULL : to->id->clock, wr)) {
		noon_counters_add(&t->counters, NOON_VERDICT_KEY_ID);
		return false;
	}
	noon_actions_send_to(out, wr, token, to->peer);
	return true;
}

/* Announce says what the timescale is; with a clock that is not fit, nothing of it is claimed. */
static uint16_t time_flags(const struct noon_ptp_quality *q)
{
	uint16_t flags = 0;

	if (q->tai_known)
		flags |= NOON_PTP_FLAG_PTP_TIMESCALE | NOON_PTP_FLAG_UTC_VALID;
	if (q->leap == NOON_LEAP_INSERT)
		flags |= NOON_PTP_FLAG_LEAP61;
	if (q->leap == NOON_LEAP_DELETE)
		flags |= NOON_PTP_FLAG_LEAP59;
	if (q->valid)
		flags |= NOON_PTP_FLAG_TIME_TRACEABLE | NOON_PTP_FLAG_FREQ_TRACEABLE;
	else
		flags |= NOON_PTP_FLAG_SYNC_UNCERTAIN;
	return flags;
}

static bool any_watched(const struct noon_ptp_transmitter *t)
{
	for (size_t i = 0; i < NOON_PTP_WATCHED_MAX; i++)
		if (t->watched[i].used)
			return true;
	return false;
}

void noon_ptp_send_announce(struct noon_ptp_transmitter *t, const struct noon_ptp_target *to,
			    noon_time utc, struct noon_actions *out)
{
	struct noon_ptp_hello hello = {.flags = NOON_PTP_HELLO_LAYOVER};
	const struct noon_ptp_quality *q = &t->quality;
	struct noon_ptp_message m = begin(t, NOON_PTP_ANNOUNCE, to);
	struct noon_wr wr = noon_actions_room(out);

	m.h.flags |= time_flags(q);
	m.announce = (struct noon_ptp_announce){
		.origin = noon_ptp_of_utc(t, utc),
		.utc_offset = q->tai_offset,
		.priority1 = t->conf.priority1,
		.clock_class = q->clock_class,
		.accuracy = noon_ptp_accuracy_from_dur(q->bound),
		.variance = q->variance,
		.priority2 = t->conf.priority2,
		.steps_removed = q->steps_removed,
		.time_source = q->time_source,
	};
	memcpy(m.announce.grandmaster, t->conf.port.self.clock, NOON_PTP_IDENTITY_LEN);
	/* With keys the nonce in a report makes the answer fresh; without, only who wants reports
	 * says that it takes them, since others stumble over TLVs that they do not know. */
	const bool greet = noon_ptp_policy_has_keys(&t->conf.policy) || any_watched(t);

	if (noon_ptp_policy_has_keys(&t->conf.policy) && any_watched(t))
		hello.flags |= NOON_PTP_HELLO_CLAIM;
	if (noon_ptp_put(&wr, &m) || (greet && noon_ptp_hello_put(&wr, &hello)))
		return;
	if (send(t, &wr, to, t->next_token++, out))
		t->n_announce++;
}

static struct noon_ptp_pending *free_pending(struct noon_ptp_transmitter *t)
{
	struct noon_ptp_pending *oldest = &t->pending[0];

	for (size_t i = 0; i < NOON_PTP_PENDING_MAX; i++) {
		if (!t->pending[i].used)
			return &t->pending[i];
		if (noon_time_before(t->pending[i].asked, oldest->asked))
			oldest = &t->pending[i];
	}
	t->n_no_stamp++;
	return oldest;
}

/* The Follow_Up of a Sync whose departure will not become known: our reading, which is early. */
static void tell_unstamped(struct noon_ptp_transmitter *t, const struct noon_ptp_target *to,
			   noon_time utc, struct noon_actions *out)
{
	struct noon_ptp_pending p = {.sequence = to->sequence, .peer = *to->peer};

	if (to->id != NULL)
		p.id = *to->id;
	if (!t->conf.one_step)
		noon_ptp_send_follow_up(t, &p, utc, out);
}

void noon_ptp_send_sync(struct noon_ptp_transmitter *t, const struct noon_ptp_target *to,
			noon_time now, noon_time utc, struct noon_actions *out)
{
	struct noon_ptp_message m = begin(t, NOON_PTP_SYNC, to);
	struct noon_wr wr = noon_actions_room(out);
	const uint32_t token = t->next_token++;
	struct noon_ptp_pending *p;

	/* Two-step: about right, since some receivers stumble over zero. One-step: it is early,
	 * never late, which widens the receiver's interval and cannot shift it the wrong way. */
	m.event.stamp = noon_ptp_of_utc(t, utc);
	m.h.flags |= t->conf.one_step ? 0 : NOON_PTP_FLAG_TWO_STEP;
	if (t->conf.one_step || t->egress.unstamped)
		m.h.correction = noon_ptp_correction_of(t->egress.later);
	if (noon_ptp_put(&wr, &m) || !send(t, &wr, to, token, out))
		return;
	t->n_sync++;
	if (t->conf.one_step || t->egress.unstamped) {
		noon_ptp_note_departure(t, to->peer, to->sequence, utc,
					noon_ptp_served_error(t, now));
		tell_unstamped(t, to, utc, out);
		return;
	}
	p = free_pending(t);
	*p = (struct noon_ptp_pending){
		.used = true,
		.token = token,
		.sequence = to->sequence,
		.peer = *to->peer,
		.asked = now,
		.err = noon_ptp_served_error(t, noon_time_add(now, NOON_PTP_STAMP_WAIT)),
	};
	if (to->id != NULL)
		p->id = *to->id;
}

void noon_ptp_send_follow_up(struct noon_ptp_transmitter *t, const struct noon_ptp_pending *p,
			     noon_time sent, struct noon_actions *out)
{
	const struct noon_ptp_target to = {
		.id = p->peer.n > 0 ? &p->id : NULL,
		.peer = &p->peer,
		.sequence = p->sequence,
		.interval = (int8_t)(p->peer.n > 0 ? NOON_PTP_INTERVAL_NONE : t->conf.log_sync),
	};
	struct noon_ptp_message m = begin(t, NOON_PTP_FOLLOW_UP, &to);
	struct noon_wr wr = noon_actions_room(out);

	m.event.stamp = noon_ptp_of_utc(t, sent);
	if (!noon_ptp_put(&wr, &m))
		(void)send(t, &wr, &to, t->next_token++, out);
}

/** What a receiver says beside its Delay_Req; the first of a kind counts. */
struct said {
	bool has_layover;
	bool has_claim;
	struct noon_ptp_layover layover;
	struct noon_ptp_claim claim;
};

static void listen(const struct noon_ptp_message *m, struct said *ret)
{
	struct noon_rd rd = noon_rd_bytes(m->tlvs);
	struct noon_ptp_tlv tlv;

	ret->has_layover = false;
	ret->has_claim = false;
	while (noon_ptp_tlv_get(&rd, &tlv) == NOON_OK) {
		if (!ret->has_layover)
			ret->has_layover = noon_ptp_layover_get(&tlv, &ret->layover) == NOON_OK;
		if (!ret->has_claim)
			ret->has_claim = noon_ptp_claim_get(&tlv, &ret->claim) == NOON_OK;
	}
}

static void send_delay_resp(struct noon_ptp_transmitter *t, const struct noon_ptp_message *request,
			    const struct noon_rx *rx, const struct noon_ptp_echo *echo,
			    struct noon_actions *out)
{
	static const struct noon_peer everybody = {.n = 0};
	const bool unicast = (request->h.flags & NOON_PTP_FLAG_UNICAST) != 0;
	const struct noon_ptp_target to = {
		.id = unicast ? &request->h.source : NULL,
		.peer = unicast ? &rx->peer : &everybody,
		.sequence = request->h.sequence,
		.interval = (int8_t)(unicast ? NOON_PTP_INTERVAL_NONE : t->conf.log_delay),
	};
	struct noon_ptp_message m = begin(t, NOON_PTP_DELAY_RESP, &to);
	struct noon_wr wr = noon_actions_room(out);

	/* 11.3.2: the request's residence time goes back with the answer. */
	m.h.correction = request->h.correction;
	m.event.stamp = noon_ptp_of_utc(t, rx->at);
	m.event.requesting = request->h.source;
	if (noon_ptp_put(&wr, &m) || (echo != NULL && noon_ptp_echo_put(&wr, echo)))
		return;
	if (send(t, &wr, &to, t->next_token++, out))
		t->n_delay_resp++;
}

/* May this receiver be answered? */
static enum noon_verdict may_ask(struct noon_ptp_transmitter *t, const struct noon_ptp_message *m,
				 const struct noon_rx *rx)
{
	const bool unicast = (m->h.flags & NOON_PTP_FLAG_UNICAST) != 0;
	const struct noon_ptp_client *c;

	if (!t->quality.valid)
		return NOON_VERDICT_NO_TIME;
	if (!unicast)
		return t->conf.multicast && !noon_ptp_transmitter_state_of(t, rx->now)
			       ? NOON_VERDICT_ACCEPTED
			       : NOON_VERDICT_MODE;
	c = noon_ptp_client_of(t, m, rx);
	if (c == NULL || !c->grant[NOON_PTP_GRANT_DELAY].active ||
	    !noon_time_before(rx->now, c->grant[NOON_PTP_GRANT_DELAY].expires))
		return NOON_VERDICT_GRANT;
	return NOON_VERDICT_ACCEPTED;
}

enum noon_verdict noon_ptp_take_delay_req(struct noon_ptp_transmitter *t,
					  const struct noon_ptp_message *m,
					  const struct noon_rx *rx, struct noon_actions *out)
{
	const enum noon_verdict v = may_ask(t, m, rx);
	struct noon_ptp_watched *w;
	struct noon_ptp_echo echo;
	struct said said;

	if (v != NOON_VERDICT_ACCEPTED)
		return v;
	listen(m, &said);
	if (!said.has_layover) {
		send_delay_resp(t, m, rx, NULL, out);
		return NOON_VERDICT_ACCEPTED;
	}
	w = noon_ptp_watched_of(t, &m->h.source);
	if (w != NULL) {
		if (said.has_claim)
			noon_ptp_note_claim(t, w, &said.claim, rx->now, out);
		noon_ptp_note_report(t, w, &said.layover, out);
		noon_ptp_note_request(w, m->h.sequence, rx->at, noon_ptp_served_error(t, rx->now));
	}
	echo = noon_ptp_echo_for(w, said.layover.nonce);
	send_delay_resp(t, m, rx, &echo, out);
	return NOON_VERDICT_ACCEPTED;
}
