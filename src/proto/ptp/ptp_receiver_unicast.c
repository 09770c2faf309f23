/* SPDX-License-Identifier: Apache-2.0
 *
 * Unicast negotiation (16.1), the side that asks: Announce first; Sync and Delay_Resp once the
 * transmitter is known to be usable (the order of G.8265.1).
 */
#include <string.h>

#include "proto/ptp/ptp_receiver_priv.h"

#define RETRY	    NOON_S(1) /* G.8265.1: not more often than once a second */
#define TRIES	    3	      /* in a row, then a pause (G.8265.1, 6.6) */
#define TRIES_MAX   (50 * TRIES)
#define PAUSE	    NOON_S(60)
#define PAUSE_FIRST NOON_S(4) /* a start, and the end of a short outage, want to be quick */

static const uint8_t types[NOON_PTP_LEASES] = {NOON_PTP_ANNOUNCE, NOON_PTP_SYNC,
					       NOON_PTP_DELAY_RESP};

static int8_t wanted(const struct noon_ptp_receiver *r, size_t i)
{
	const int8_t list[NOON_PTP_LEASES] = {r->conf.log_announce, r->conf.log_sync,
					      r->conf.log_delay};

	return list[i];
}

void noon_ptp_drop_leases(struct noon_ptp_receiver *r, noon_time now)
{
	memset(r->lease, 0, sizeof(r->lease));
	for (size_t i = 0; i < NOON_PTP_LEASES; i++) {
		r->lease[i].interval = wanted(r, i);
		r->lease[i].next = now;
	}
}

static bool is_due(const struct noon_ptp_receiver *r, size_t i)
{
	return r->conf.unicast && r->conf.peer.n > 0 &&
	       (i == NOON_PTP_LEASE_ANNOUNCE || r->state != NOON_PTP_LISTENING);
}

noon_time noon_ptp_negotiate_at(const struct noon_ptp_receiver *r)
{
	noon_time at = NOON_TIME_NEVER;

	for (size_t i = 0; i < NOON_PTP_LEASES; i++) {
		if (is_due(r, i))
			at = noon_time_min(at, r->lease[i].next);
		if (r->lease[i].granted)
			at = noon_time_min(at, r->lease[i].expires);
	}
	return at;
}

static noon_err write_signal(struct noon_ptp_receiver *r, enum noon_ptp_tlv_type tlv,
			     const struct noon_ptp_unicast *u, struct noon_wr *wr)
{
	struct noon_ptp_message m =
		noon_ptp_port_message(&r->conf.port, NOON_PTP_SIGNALING, r->signal_sequence++, true,
				      NOON_PTP_INTERVAL_NONE);
	noon_err err;

	/* Before its Announce nobody knows its identity: all ones (16.1.4). */
	memset(&m.target, 0xff, sizeof(m.target));
	if (r->state != NOON_PTP_LISTENING)
		m.target = r->parent;
	err = noon_ptp_put(wr, &m);
	err = err ? err : noon_ptp_unicast_put(wr, tlv, u);
	return err ? err : noon_ptp_auth_seal(&r->conf.policy, wr);
}

static void signal(struct noon_ptp_receiver *r, enum noon_ptp_tlv_type tlv,
		   const struct noon_ptp_unicast *u, struct noon_actions *out)
{
	struct noon_wr wr = noon_actions_room(out);

	if (write_signal(r, tlv, u, &wr))
		noon_counters_add(&r->counters, NOON_VERDICT_KEY_ID);
	else
		noon_actions_send_to(out, &wr, r->next_token++, &r->conf.peer);
}

/* Silence may be an outage of seconds, or of days: each pause is twice as long as the one before,
 * up to the minute of G.8265.1. */
static noon_dur pause_after(uint8_t tries)
{
	const unsigned rounds = tries / TRIES - 1U;
	const noon_dur pause = PAUSE_FIRST << (rounds < 8 ? rounds : 8);

	return pause < PAUSE ? pause : PAUSE;
}

static void ask(struct noon_ptp_receiver *r, size_t i, noon_time now, struct noon_actions *out)
{
	struct noon_ptp_lease *l = &r->lease[i];
	const struct noon_ptp_unicast u = {
		.type = types[i],
		.interval = wanted(r, i),
		.duration = r->conf.duration_s,
	};

	if (l->tries < TRIES_MAX)
		l->tries++;
	else
		l->tries = TRIES_MAX - TRIES + 1; /* the pauses stay as they are */
	l->next = noon_time_add(now, RETRY);
	if (l->tries % TRIES == 0)
		l->next = noon_time_add(now, pause_after(l->tries));
	signal(r, NOON_PTP_TLV_REQUEST_UNICAST, &u, out);
}

void noon_ptp_negotiate(struct noon_ptp_receiver *r, noon_time now, struct noon_actions *out)
{
	for (size_t i = 0; i < NOON_PTP_LEASES; i++) {
		struct noon_ptp_lease *l = &r->lease[i];

		if (l->granted && !noon_time_before(now, l->expires))
			l->granted = false;
		if (is_due(r, i) && !noon_time_before(now, l->next))
			ask(r, i, now, out);
	}
}

/* A grant for more messages than were asked for, or for none, is none. */
static bool is_usable(const struct noon_ptp_receiver *r, size_t i, const struct noon_ptp_unicast *u)
{
	return u->duration > 0 && u->interval >= wanted(r, i) && u->interval <= 6;
}

static void take_grant(struct noon_ptp_receiver *r, const struct noon_ptp_unicast *u, noon_time now)
{
	for (size_t i = 0; i < NOON_PTP_LEASES; i++) {
		struct noon_ptp_lease *l = &r->lease[i];
		noon_dur left = NOON_S(u->duration < 3600 ? u->duration : 3600);

		if (types[i] != u->type)
			continue;
		l->denied = u->duration == 0;
		if (!is_usable(r, i, u)) {
			l->next = noon_time_add(now, r->n_parents > 0 ? PAUSE : PAUSE_FIRST);
			return;
		}
		l->granted = true;
		l->interval = u->interval;
		l->tries = 0;
		l->expires = noon_time_add(now, left);
		/* Renewed with a quarter left, and at least three tries away from the end. */
		l->next = noon_time_add(now,
					left / 4 > 4 * RETRY ? left - left / 4 : left - left / 2);
		if (i == NOON_PTP_LEASE_DELAY)
			r->log_delay = u->interval;
	}
}

static void take_cancel(struct noon_ptp_receiver *r, const struct noon_ptp_unicast *u,
			noon_time now, struct noon_actions *out)
{
	const struct noon_ptp_unicast ack = {.type = u->type, .flags = u->flags};

	for (size_t i = 0; i < NOON_PTP_LEASES; i++)
		if (types[i] == u->type) {
			r->lease[i].granted = false;
			r->lease[i].next = noon_time_add(now, PAUSE_FIRST);
		}
	signal(r, NOON_PTP_TLV_ACK_CANCEL_UNICAST, &ack, out);
}

enum noon_verdict noon_ptp_take_signaling(struct noon_ptp_receiver *r,
					  const struct noon_ptp_message *m,
					  const struct noon_rx *rx, struct noon_actions *out)
{
	struct noon_rd rd = noon_rd_bytes(m->tlvs);
	struct noon_ptp_unicast u;
	struct noon_ptp_tlv tlv;

	if (!r->conf.unicast || !noon_ptp_port_is_target(&r->conf.port, m))
		return NOON_VERDICT_IDENTITY;
	if (r->state != NOON_PTP_LISTENING && !noon_ptp_is_parent(r, m))
		return NOON_VERDICT_IDENTITY;
	/* At most one TLV of each type counts; more than that is not negotiation. */
	for (int n = 0; n < NOON_PTP_LEASES && noon_ptp_tlv_get(&rd, &tlv) == NOON_OK; n++) {
		if (noon_ptp_unicast_get(&tlv, &u))
			continue;
		if (tlv.type == NOON_PTP_TLV_GRANT_UNICAST)
			take_grant(r, &u, rx->now);
		else if (tlv.type == NOON_PTP_TLV_CANCEL_UNICAST)
			take_cancel(r, &u, rx->now, out);
	}
	return NOON_VERDICT_ACCEPTED;
}

void noon_ptp_receiver_close(struct noon_ptp_receiver *r, struct noon_actions *out)
{
	for (size_t i = 0; i < NOON_PTP_LEASES; i++) {
		const struct noon_ptp_unicast u = {.type = types[i]};

		if (r->lease[i].granted)
			signal(r, NOON_PTP_TLV_CANCEL_UNICAST, &u, out);
		r->lease[i].granted = false;
	}
}
