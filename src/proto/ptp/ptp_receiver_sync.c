/* SPDX-License-Identifier: Apache-2.0
 *
 * Sync and Follow_Up: t1 and t2.
 */
#include "proto/ptp/ptp_receiver_priv.h"

noon_dur noon_ptp_guess_of(const struct noon_ptp_receiver *r, noon_dur *residence)
{
	const noon_dur guess = *residence;

	if (!r->conf.policy.in_tunnel || guess <= 0)
		return 0;
	*residence = 0;
	return guess;
}

static noon_err complete(struct noon_ptp_receiver *r, struct noon_ptp_stamp stamp,
			 int64_t follow_up_correction)
{
	struct noon_ptp_sync *s = &r->sync;
	noon_dur residence = noon_sat_add(noon_ptp_correction_floor(s->correction),
					  noon_ptp_correction_floor(follow_up_correction));
	noon_time t1;
	const noon_err err = noon_ptp_to_utc(r, stamp, &t1);

	if (err)
		return err;
	if (s->correction == NOON_PTP_CORRECTION_HUGE ||
	    follow_up_correction == NOON_PTP_CORRECTION_HUGE ||
	    noon_dur_abs(residence) > r->conf.max_correction)
		return NOON_ERR_RANGE;
	s->later = noon_ptp_guess_of(r, &residence);
	/* Rounded down: an earlier t1 widens the interval. */
	s->t1 = noon_time_add(t1, residence);
	s->complete = true;
	r->last = *s;
	r->n_sync++;
	noon_ptp_plan_request(r, s->t2);
	return NOON_OK;
}

static enum noon_verdict verdict_of(noon_err err)
{
	return err == NOON_OK	       ? NOON_VERDICT_ACCEPTED
	       : err == NOON_ERR_STATE ? NOON_VERDICT_TIMESCALE
				       : NOON_VERDICT_TIMES;
}

static enum noon_verdict check(const struct noon_ptp_receiver *r, const struct noon_ptp_message *m)
{
	if (!noon_ptp_is_parent(r, m))
		return NOON_VERDICT_IDENTITY;
	if (r->conf.unicast && !r->lease[NOON_PTP_LEASE_SYNC].granted)
		return NOON_VERDICT_GRANT;
	return NOON_VERDICT_ACCEPTED;
}

/* The Follow_Up was here before its Sync. */
static bool take_early(struct noon_ptp_receiver *r, struct noon_ptp_early *ret)
{
	*ret = r->early;
	r->early.used = false;
	return ret->used && ret->sequence == r->sync.sequence;
}

enum noon_verdict noon_ptp_take_sync(struct noon_ptp_receiver *r, const struct noon_ptp_message *m,
				     const struct noon_rx *rx)
{
	const enum noon_verdict v = check(r, m);
	struct noon_ptp_early early;

	if (v != NOON_VERDICT_ACCEPTED)
		return v;
	/* The same one again: the first arrival counts, and may be in use. */
	if (r->sync.arrived && r->sync.sequence == m->h.sequence)
		return NOON_VERDICT_DUPLICATE;
	if (r->sync.arrived && !r->sync.complete)
		noon_counters_add(&r->counters, NOON_VERDICT_STAMP);
	r->sync = (struct noon_ptp_sync){
		.sequence = m->h.sequence,
		.arrived = true,
		.t2 = rx->at,
		.t2_err = rx->stamp_err,
		.stamp = rx->stamp,
		.correction = m->h.correction,
	};
	if ((m->h.flags & NOON_PTP_FLAG_TWO_STEP) == 0)
		return verdict_of(complete(r, m->event.stamp, 0));
	if (take_early(r, &early))
		return verdict_of(complete(r, early.stamp, early.correction));
	return NOON_VERDICT_ACCEPTED;
}

enum noon_verdict noon_ptp_take_follow_up(struct noon_ptp_receiver *r,
					  const struct noon_ptp_message *m)
{
	const enum noon_verdict v = check(r, m);

	if (v != NOON_VERDICT_ACCEPTED)
		return v;
	if (!r->sync.arrived || r->sync.sequence != m->h.sequence) {
		const bool next =
			!r->sync.arrived || (uint16_t)(m->h.sequence - r->sync.sequence) < 0x8000;

		if (!next)
			return NOON_VERDICT_LATE;
		r->early = (struct noon_ptp_early){.used = true,
						   .sequence = m->h.sequence,
						   .stamp = m->event.stamp,
						   .correction = m->h.correction};
		return NOON_VERDICT_ACCEPTED;
	}
	if (r->sync.complete)
		return NOON_VERDICT_DUPLICATE;
	return verdict_of(complete(r, m->event.stamp, m->h.correction));
}
