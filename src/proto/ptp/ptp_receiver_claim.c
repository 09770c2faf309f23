/* SPDX-License-Identifier: Apache-2.0
 *
 * What receiver and transmitter tell each other beyond the times: our claim of what time it was,
 * and the transmitter's word that it sees an attack.
 */
#include "proto/ptp/ptp_receiver_priv.h"

void noon_ptp_receiver_set_utc(struct noon_ptp_receiver *r, const struct noon_ptp_utc *utc)
{
	r->utc = *utc;
}

/* UTC - h at an instant of h, rounded outward; false: nothing can be said of it. */
static bool utc_at(const struct noon_ptp_utc *u, noon_time h, noon_dur *ret_lo, noon_dur *ret_hi)
{
	const noon_dur since = noon_time_diff(h, u->h);
	noon_dur slack;

	if (!u->known || noon_time_before(u->until, h))
		return false;
	/* The stamp of a departure, less its error, may be a little before the reading was taken.
	 */
	if (since < 0) {
		slack = noon_dur_scale_out(noon_dur_abs(since), u->max_rate);
		*ret_lo = noon_sat_sub(u->lower, slack);
		*ret_hi = noon_sat_add(u->upper, slack);
		return true;
	}
	*ret_lo = noon_sat_add(u->lower, noon_dur_scale(since, u->lower_rate) - 1);
	*ret_hi = noon_sat_add(u->upper, noon_dur_scale(since, u->upper_rate) + 1);
	return true;
}

/* The least true time that a duration on our clock can be, rounded down. */
static noon_dur least(const struct noon_ptp_utc *u, noon_dur d)
{
	return noon_sat_sub(d, noon_dur_scale_out(noon_dur_abs(d), u->max_rate));
}

void noon_ptp_make_claim(struct noon_ptp_receiver *r, const struct noon_sample *x)
{
	const struct noon_ptp_request *q = &r->request;
	const struct noon_ptp_utc *u = &q->utc;
	const noon_dur layover = noon_time_diff(x->t1, x->t4);
	noon_dur lo, hi;

	r->claim = (struct noon_ptp_claim){
		.sync_sequence = q->sync.sequence,
		.request_sequence = q->sequence,
		.bound_ns = NOON_PTP_CLAIM_UNKNOWN,
		.offset_ns = u->offset,
		.since_ns = least(u, noon_sat_sub(layover, x->stamp_err)),
		.state = u->state,
	};
	if (!utc_at(u, x->t1, &lo, &hi) || hi < lo)
		return;
	const noon_dur mid = lo + noon_sat_sub(hi, lo) / 2;

	r->claim.time_ns = noon_time_add(x->t1, mid).ns;
	r->claim.bound_ns = (uint64_t)noon_sat_sub(hi, mid);
}

bool noon_ptp_may_claim(const struct noon_ptp_receiver *r, const struct noon_ptp_foreign *parent)
{
	/* What anybody could have written is evidence of nothing, and nobody may count on a TLV
	 * that was asked for by an Announce of anybody's. */
	return r->conf.policy.keys != NULL && parent->takes_layover && parent->takes_claim &&
	       r->layover.error_ns != UINT32_MAX;
}

/* What one transmitter declared says nothing of the path to another. */
void noon_ptp_forget_declared(struct noon_ptp_receiver *r, const struct noon_ptp_identity *next)
{
	if (noon_ptp_identity_equal(&r->parent, next))
		return;
	r->peer_verdict = NOON_PTP_VERDICT_NONE;
	r->peer_reasons = 0;
}

/* Whether a reason is given, and none but what delays do. */
static bool is_harmless(uint8_t reasons)
{
	return reasons != 0 && (reasons & ~(NOON_PTP_REASON_DELAYED | NOON_PTP_REASON_SHAPE)) == 0;
}

void noon_ptp_tell_declared(const struct noon_ptp_receiver *r, struct noon_actions *out)
{
	const bool alarm = r->peer_verdict == NOON_PTP_GUARD_ALARM;
	const struct noon_declared d = {
		.alarm = alarm,
		.delay_only = alarm && is_harmless(r->peer_reasons),
	};

	/* Without keys anybody can raise an alarm, and end one. */
	if (r->conf.policy.keys != NULL)
		noon_actions_declare(out, &d);
}
