/* SPDX-License-Identifier: Apache-2.0
 *
 * The transmitter's side of the guard: round-trip times from its own stamps and the layovers that
 * receivers report, and the word that goes back.
 */
#include <string.h>

#include "proto/ptp/ptp_transmitter_priv.h"

noon_err noon_ptp_transmitter_watch(struct noon_ptp_transmitter *t,
				    const uint8_t clock[NOON_PTP_IDENTITY_LEN], uint32_t *ret_index)
{
	for (uint32_t i = 0; i < NOON_PTP_WATCHED_MAX; i++) {
		struct noon_ptp_watched *w = &t->watched[i];

		if (w->used)
			continue;
		memset(w, 0, sizeof(*w));
		w->used = true;
		w->verdict = NOON_PTP_GUARD_ABSENT;
		w->its_verdict = NOON_PTP_GUARD_ABSENT;
		w->audit.claim.bound_ns = NOON_PTP_CLAIM_UNKNOWN;
		memcpy(w->clock, clock, sizeof(w->clock));
		*ret_index = i;
		return NOON_OK;
	}
	return NOON_ERR_FULL;
}

void noon_ptp_transmitter_set_verdict(struct noon_ptp_transmitter *t, uint32_t index,
				      uint8_t verdict, uint8_t reasons)
{
	if (index >= NOON_PTP_WATCHED_MAX)
		return;
	t->watched[index].verdict = verdict;
	t->watched[index].reasons = verdict == NOON_PTP_GUARD_ALARM ? reasons : 0;
}

/* Who is off by more than it says is told so, whatever the guard of its path sees. */
struct noon_ptp_echo noon_ptp_echo_for(const struct noon_ptp_watched *w, uint64_t nonce)
{
	struct noon_ptp_echo e = {.nonce = nonce, .verdict = NOON_PTP_GUARD_ABSENT};

	if (w == NULL)
		return e;
	e.verdict = w->verdict;
	e.reasons = w->reasons;
	if (w->audit.state == NOON_PTP_AUDIT_FALSE) {
		e.verdict = NOON_PTP_GUARD_ALARM;
		e.reasons |= NOON_PTP_REASON_TIME;
	}
	return e;
}

struct noon_ptp_watched *noon_ptp_watched_of(struct noon_ptp_transmitter *t,
					     const struct noon_ptp_identity *id)
{
	for (size_t i = 0; i < NOON_PTP_WATCHED_MAX; i++)
		if (t->watched[i].used &&
		    memcmp(t->watched[i].clock, id->clock, NOON_PTP_IDENTITY_LEN) == 0)
			return &t->watched[i];
	return NULL;
}

static void remember(struct noon_ptp_departed *ring, size_t *n, const struct noon_ptp_departed *d)
{
	ring[(*n)++ % NOON_PTP_DEPARTED_MAX] = *d;
}

/* The newest of a number: one that started again may use it again. */
struct noon_ptp_departed *noon_ptp_recall(struct noon_ptp_departed ring[NOON_PTP_DEPARTED_MAX],
					  uint16_t sequence)
{
	struct noon_ptp_departed *found = NULL;

	for (size_t i = 0; i < NOON_PTP_DEPARTED_MAX; i++)
		if (ring[i].used && ring[i].sequence == sequence &&
		    (found == NULL || noon_time_before(found->t, ring[i].t)))
			found = &ring[i];
	return found;
}

/* A unicast Sync is for one receiver; a multicast one for all that have no unicast of their own. */
static bool is_for(const struct noon_ptp_transmitter *t, const struct noon_ptp_watched *w,
		   const struct noon_peer *peer)
{
	for (size_t i = 0; i < NOON_PTP_GRANTS_MAX; i++) {
		const struct noon_ptp_client *c = &t->client[i];

		if (c->used && memcmp(c->id.clock, w->clock, NOON_PTP_IDENTITY_LEN) == 0 &&
		    c->grant[NOON_PTP_GRANT_SYNC].active)
			return noon_peer_equal(&c->peer, peer);
	}
	return peer->n == 0;
}

void noon_ptp_note_departure(struct noon_ptp_transmitter *t, const struct noon_peer *peer,
			     uint16_t sequence, noon_time sent, noon_dur err)
{
	const struct noon_ptp_departed d = {
		.used = true, .sequence = sequence, .t = sent, .err = err};

	for (size_t i = 0; i < NOON_PTP_WATCHED_MAX; i++) {
		struct noon_ptp_watched *w = &t->watched[i];

		if (w->used && is_for(t, w, peer))
			remember(w->sync, &w->n_sync, &d);
	}
}

void noon_ptp_note_request(struct noon_ptp_watched *w, uint16_t sequence, noon_time arrived,
			   noon_dur err)
{
	const struct noon_ptp_departed d = {
		.used = true, .sequence = sequence, .t = arrived, .err = err};

	remember(w->request, &w->n_request, &d);
}

void noon_ptp_note_report(struct noon_ptp_transmitter *t, struct noon_ptp_watched *w,
			  const struct noon_ptp_layover *l, struct noon_actions *out)
{
	struct noon_ptp_departed *sync = noon_ptp_recall(w->sync, l->sync_sequence);
	struct noon_ptp_departed *request = noon_ptp_recall(w->request, l->request_sequence);
	struct noon_sample x;

	w->its_verdict = l->verdict;
	if (l->error_ns == UINT32_MAX)
		return; /* nothing to report yet */
	if (sync == NULL || request == NULL || l->layover_ns < 0) {
		w->n_unmatched++;
		return;
	}
	x = (struct noon_sample){
		.t1 = sync->t,
		.t2 = sync->t,
		.t3 = noon_time_add(sync->t, l->layover_ns),
		.t4 = request->t,
		.stamp_err = l->error_ns,
		.source = (uint32_t)(w - t->watched),
		.tx_stamp = NOON_STAMP_KERNEL,
		.rx_stamp = NOON_STAMP_KERNEL,
		.authenticated = noon_ptp_policy_authenticates(&t->conf.policy),
	};
	/* Each exchange counts once. */
	request->used = false;
	w->n_samples++;
	noon_actions_sample(out, &x);
}
