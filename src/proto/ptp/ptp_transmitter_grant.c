/* SPDX-License-Identifier: Apache-2.0
 *
 * Unicast negotiation (16.1), the side that grants.
 */
#include <string.h>

#include "proto/ptp/ptp_transmitter_priv.h"

/* Shortest grant that is given; shorter requests are denied (G.8265.1 asks for 60 s and more). */
#define DURATION_MIN 10

/* A request lists at most these; what follows is not looked at. */
#define TLVS_MAX 4

static int index_of(uint8_t type)
{
	switch (type) {
	case NOON_PTP_ANNOUNCE:
		return NOON_PTP_GRANT_ANNOUNCE;
	case NOON_PTP_SYNC:
		return NOON_PTP_GRANT_SYNC;
	case NOON_PTP_DELAY_RESP:
		return NOON_PTP_GRANT_DELAY;
	default:
		return -1;
	}
}

struct noon_ptp_client *noon_ptp_client_of(struct noon_ptp_transmitter *t,
					   const struct noon_ptp_message *m,
					   const struct noon_rx *rx)
{
	for (size_t i = 0; i < NOON_PTP_GRANTS_MAX; i++) {
		struct noon_ptp_client *c = &t->client[i];

		if (c->used && noon_ptp_identity_equal(&c->id, &m->h.source) &&
		    noon_peer_equal(&c->peer, &rx->peer))
			return c;
	}
	return NULL;
}

static struct noon_ptp_client *new_client(struct noon_ptp_transmitter *t,
					  const struct noon_ptp_message *m,
					  const struct noon_rx *rx)
{
	for (size_t i = 0; i < t->conf.grants_max; i++) {
		struct noon_ptp_client *c = &t->client[i];

		if (c->used)
			continue;
		memset(c, 0, sizeof(*c));
		c->id = m->h.source;
		c->peer = rx->peer;
		for (size_t k = 0; k < NOON_PTP_GRANT_TYPES; k++)
			c->grant[k].sequence = (uint16_t)noon_rng_u64(t->conf.rng);
		return c;
	}
	return NULL;
}

static bool is_grantable(const struct noon_ptp_transmitter *t, const struct noon_ptp_unicast *u)
{
	return t->conf.unicast && index_of(u->type) >= 0 && u->interval >= t->conf.log_grant_min &&
	       u->interval <= 6 && u->duration >= DURATION_MIN;
}

static struct noon_ptp_unicast decide(struct noon_ptp_transmitter *t, struct noon_ptp_client *c,
				      const struct noon_ptp_unicast *u, noon_time now)
{
	struct noon_ptp_unicast answer = {.type = u->type, .interval = u->interval};
	struct noon_ptp_grant *g;
	uint32_t duration = u->duration;

	if (c == NULL || !is_grantable(t, u)) {
		t->n_denied++;
		return answer;
	}
	if (duration > t->conf.duration_max_s)
		duration = t->conf.duration_max_s;
	g = &c->grant[index_of(u->type)];
	/* A renewal does not disturb the pace. */
	if (!g->active || g->log_interval != u->interval)
		g->next = now;
	g->active = true;
	g->log_interval = u->interval;
	g->interval = noon_ptp_interval(u->interval);
	g->expires = noon_time_add(now, NOON_S(duration));
	c->used = true;
	answer.duration = duration;
	answer.renewal = true;
	return answer;
}

static void cancel(struct noon_ptp_client *c, const struct noon_ptp_unicast *u)
{
	const int i = index_of(u->type);
	bool any = false;

	if (c == NULL || i < 0)
		return;
	c->grant[i].active = false;
	for (size_t k = 0; k < NOON_PTP_GRANT_TYPES; k++)
		any |= c->grant[k].active;
	c->used = any;
}

/* Answer one TLV; returns whether the answer fits. */
static bool answer(struct noon_ptp_transmitter *t, struct noon_ptp_client **c,
		   const struct noon_ptp_message *m, const struct noon_rx *rx,
		   const struct noon_ptp_tlv *tlv, struct noon_wr *wr)
{
	struct noon_ptp_unicast u;

	if (noon_ptp_unicast_get(tlv, &u))
		return true;
	if (tlv->type == NOON_PTP_TLV_CANCEL_UNICAST) {
		cancel(*c, &u);
		return noon_ptp_unicast_put(wr, NOON_PTP_TLV_ACK_CANCEL_UNICAST, &u) == NOON_OK;
	}
	if (tlv->type != NOON_PTP_TLV_REQUEST_UNICAST)
		return true;
	if (*c == NULL && is_grantable(t, &u))
		*c = new_client(t, m, rx);
	u = decide(t, *c, &u, rx->now);
	return noon_ptp_unicast_put(wr, NOON_PTP_TLV_GRANT_UNICAST, &u) == NOON_OK;
}

enum noon_verdict noon_ptp_take_request(struct noon_ptp_transmitter *t,
					const struct noon_ptp_message *m, const struct noon_rx *rx,
					struct noon_actions *out)
{
	struct noon_ptp_client *c = noon_ptp_client_of(t, m, rx);
	struct noon_wr wr = noon_actions_room(out);
	struct noon_rd rd = noon_rd_bytes(m->tlvs);
	struct noon_ptp_message reply;
	struct noon_ptp_tlv tlv;
	size_t body;

	if (!noon_ptp_port_is_target(&t->conf.port, m))
		return NOON_VERDICT_IDENTITY;
	reply = noon_ptp_port_message(&t->conf.port, NOON_PTP_SIGNALING, t->signal_sequence++, true,
				      NOON_PTP_INTERVAL_NONE);
	reply.target = m->h.source;
	if (noon_ptp_put(&wr, &reply))
		return NOON_VERDICT_LONG;
	body = noon_wr_len(&wr);
	for (int n = 0; n < TLVS_MAX && noon_ptp_tlv_get(&rd, &tlv) == NOON_OK; n++)
		if (!answer(t, &c, m, rx, &tlv, &wr))
			break;
	noon_ptp_transmitter_plan(t);
	/* The answer is never longer than a grant per request: 12 bytes for 10. */
	if (noon_wr_len(&wr) == body)
		return NOON_VERDICT_ACCEPTED;
	if (noon_ptp_auth_seal_for(&t->conf.policy, m->h.source.clock, &wr))
		return NOON_VERDICT_KEY_ID;
	noon_actions_send_to(out, &wr, t->next_token++, &rx->peer);
	noon_actions_arm(out);
	return NOON_VERDICT_ACCEPTED;
}
