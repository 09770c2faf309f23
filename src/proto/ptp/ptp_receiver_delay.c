/* SPDX-License-Identifier: Apache-2.0
 *
 * Delay_Req and Delay_Resp: t3 and t4, and the sample.
 */
#include <string.h>

#include "proto/ptp/ptp_receiver_priv.h"

/* Where requests come seldomer than Syncs, asking a little sooner than the interval keeps a Sync
 * from being passed over because it came early. */
#define EARLY 8

static noon_dur random_below(struct noon_ptp_receiver *r, noon_dur d)
{
	return (noon_dur)(noon_rng_u64(r->conf.rng) % (uint64_t)d);
}

/* The least time to the next request. In multicast it is drawn at random, so that receivers do not
 * ask in step (9.5.11.2). */
static void pace(struct noon_ptp_receiver *r, noon_time now)
{
	const noon_dur interval = noon_ptp_interval(r->log_delay);
	noon_dur wait = interval / 2;

	if (!r->conf.unicast)
		wait = random_below(r, 2 * interval);
	else if (r->log_delay > r->lease[NOON_PTP_LEASE_SYNC].interval)
		wait = interval - interval / EARLY;
	r->next_request = noon_time_add(now, wait);
}

/* In unicast nobody is in step with us, but a request sent at once after its Sync would find the
 * machine's caches warm, and its way would look shorter than that of the Sync, which found them
 * cold: about 1 us of software stamps. At random it is as cold. */
void noon_ptp_plan_request(struct noon_ptp_receiver *r, noon_time t2)
{
	const noon_dur wait = random_below(r, noon_ptp_interval(r->log_delay) / 2);
	const noon_time at = noon_time_add(t2, wait);

	if (r->conf.unicast && noon_time_before(r->next_request, at))
		r->next_request = at;
}

static noon_err write_request(struct noon_ptp_receiver *r, const struct noon_ptp_foreign *parent,
			      struct noon_wr *wr)
{
	struct noon_ptp_message m =
		noon_ptp_port_message(&r->conf.port, NOON_PTP_DELAY_REQ, r->request.sequence,
				      r->conf.unicast, NOON_PTP_INTERVAL_NONE);
	noon_err err;

	if (r->conf.egress_in_request && r->egress.unstamped)
		m.h.correction = noon_ptp_correction_of(r->egress.later);
	err = noon_ptp_put(wr, &m);

	if (!err && parent->takes_layover) {
		r->layover.nonce = r->request.nonce;
		r->layover.verdict = r->own_verdict;
		err = noon_ptp_layover_put(wr, &r->layover);
	}
	if (!err && noon_ptp_may_claim(r, parent))
		err = noon_ptp_claim_put(wr, &r->claim);
	return err ? err : noon_ptp_auth_seal(&r->conf.policy, wr);
}

bool noon_ptp_receiver_asks(const struct noon_ptp_receiver *r, noon_time now)
{
	if (noon_ptp_receiver_parent(r) == NULL || r->request.active || !r->last.complete ||
	    noon_time_before(now, r->next_request))
		return false;
	return !r->conf.unicast || r->lease[NOON_PTP_LEASE_DELAY].granted;
}

void noon_ptp_ask(struct noon_ptp_receiver *r, noon_time now, struct noon_actions *out)
{
	const struct noon_ptp_foreign *parent = noon_ptp_receiver_parent(r);
	struct noon_wr wr = noon_actions_room(out);

	if (!noon_ptp_receiver_asks(r, now))
		return;
	r->request = (struct noon_ptp_request){
		.active = true,
		.sequence = r->request_sequence++,
		.token = r->next_token++,
		.nonce = noon_rng_u64(r->conf.rng),
		.asked = now,
		.t3 = noon_time_add(now, -r->conf.user_stamp_err),
		.stamped = r->egress.unstamped,
		.echoed = parent->takes_layover,
		.later = r->conf.egress_in_request && r->egress.unstamped ? 0 : r->egress.later,
		.stamp = NOON_STAMP_USER,
		.sync = r->last,
		.utc = r->utc,
	};
	pace(r, now);
	if (write_request(r, parent, &wr)) {
		/* Without a key to seal with nothing may be sent. */
		r->request.active = false;
		noon_counters_add(&r->counters, NOON_VERDICT_KEY_ID);
		return;
	}
	/* One Sync makes one exchange: samples stay independent. */
	r->last.complete = false;
	r->n_requests++;
	noon_actions_send_to(out, &wr, r->request.token, &r->conf.peer);
}

static enum noon_leap leap_of(const struct noon_ptp_foreign *f)
{
	if ((f->flags & NOON_PTP_FLAG_SYNC_UNCERTAIN) != 0)
		return NOON_LEAP_UNKNOWN;
	if ((f->flags & NOON_PTP_FLAG_LEAP61) != 0)
		return NOON_LEAP_INSERT;
	return (f->flags & NOON_PTP_FLAG_LEAP59) != 0 ? NOON_LEAP_DELETE : NOON_LEAP_NONE;
}

/* What a grandmaster claims of itself, or what the operator says of one that claims nothing. */
static noon_dur grandmaster_of(const struct noon_ptp_receiver *r, const struct noon_ptp_foreign *f)
{
	const noon_dur claimed = noon_ptp_accuracy_to_dur(f->announce.accuracy);

	return claimed == NOON_DUR_MAX ? r->conf.accuracy : claimed;
}

/* What the sender says that grandmaster and boundary clocks are off together, where nobody else can
 * have said it. */
static noon_dur total_of(const struct noon_ptp_receiver *r, const struct noon_ptp_foreign *f)
{
	return r->conf.policy.keys != NULL ? f->inaccuracy : NOON_DUR_MAX;
}

/* What the boundary clocks on the way add: clockAccuracy is the grandmaster's alone, and Announce
 * says no more of them than how many there are (stepsRemoved). */
static noon_dur steps_of(const struct noon_ptp_receiver *r, const struct noon_ptp_foreign *f)
{
	const noon_dur each = r->conf.accuracy_per_step;
	const noon_dur n = f->announce.steps_removed;

	if (n == 0)
		return 0;
	return each > (NOON_DUR_MAX - 1) / n ? NOON_DUR_MAX : n * each;
}

/* The error of the time that a transmitter sends; NOON_DUR_MAX: not known. */
static noon_dur accuracy_of(const struct noon_ptp_receiver *r, const struct noon_ptp_foreign *f)
{
	const noon_dur total = total_of(r, f);
	const noon_dur sum = noon_sat_add(grandmaster_of(r, f), steps_of(r, f));

	/* Two statements of the same: the larger one, so that neither can make the bound too small.
	 */
	if (total == NOON_DUR_MAX || sum == NOON_DUR_MAX)
		return total == NOON_DUR_MAX ? sum : total;
	return sum > total ? sum : total;
}

static uint32_t ref_id_of(const struct noon_ptp_foreign *f)
{
	const uint8_t *g = f->announce.grandmaster;

	return (uint32_t)g[4] << 24 | (uint32_t)g[5] << 16 | (uint32_t)g[6] << 8 | g[7];
}

/* What the ends guess of departures later than their stamps, as a change of the offset: a Sync that
 * left later brings it up, a Delay_Req that left later down. */
static noon_dur shift_of(const struct noon_ptp_request *q)
{
	const noon_dur own = q->stamp == NOON_STAMP_USER ? q->later : 0;

	return noon_sat_sub(q->sync.later, noon_sat_add(own, q->claimed)) / 2;
}

/* No guess is worth more than the way that the packets had. */
static noon_dur within_rtt(const struct noon_sample *x, noon_dur shift)
{
	const noon_dur rtt = noon_sample_rtt(x);
	const noon_dur most = rtt > 0 ? rtt / 2 : 0;

	if (shift > most)
		return most;
	return shift < -most ? -most : shift;
}

static struct noon_sample sample_of(const struct noon_ptp_receiver *r,
				    const struct noon_ptp_foreign *f)
{
	const struct noon_ptp_request *q = &r->request;
	const unsigned stratum = f->announce.steps_removed + 1U;

	/* Offset is reference - local (docs/units.md); IEEE 1588's offsetFromMaster is its
	 * negative.
	 */
	return (struct noon_sample){
		.t1 = q->t3,
		.t2 = q->t4,
		.t3 = q->sync.t1,
		.t4 = q->sync.t2,
		.stamp_err = q->sync.t2_err,
		.server_err = accuracy_of(r, f),
		.ref_id = ref_id_of(f),
		.source = r->conf.source,
		.leap = leap_of(f),
		.tx_stamp = q->stamp,
		.rx_stamp = q->sync.stamp,
		.stratum = stratum < 15 ? (uint8_t)stratum : 15,
		.precision = -30,
		.authenticated = noon_ptp_policy_authenticates(&r->conf.policy),
		.replayable = !q->echoed,
	};
}

static enum noon_verdict check_sample(const struct noon_ptp_receiver *r,
				      const struct noon_ptp_foreign *f, const struct noon_sample *x)
{
	const noon_dur layover = noon_time_diff(x->t1, x->t4);

	if (x->server_err == NOON_DUR_MAX)
		return grandmaster_of(r, f) == NOON_DUR_MAX ? NOON_VERDICT_ACCURACY
							    : NOON_VERDICT_STEPS;
	if (x->leap == NOON_LEAP_UNKNOWN)
		return NOON_VERDICT_UNSYNC;
	/* A departure after the answer came is not what was answered: too late a t3 would narrow
	 * the interval. */
	if (layover < 0 || layover > r->conf.max_layover || noon_time_before(x->t2, x->t3) ||
	    noon_time_before(r->request.answered_at, x->t1))
		return NOON_VERDICT_TIMES;
	return NOON_VERDICT_ACCEPTED;
}

/* For the transmitter's guard, with the next request. */
static void note_layover(struct noon_ptp_receiver *r, const struct noon_sample *x)
{
	const noon_dur err = x->stamp_err;

	r->layover = (struct noon_ptp_layover){
		.sync_sequence = r->request.sync.sequence,
		.request_sequence = r->request.sequence,
		.layover_ns = noon_time_diff(x->t1, x->t4),
		.error_ns = err < UINT32_MAX - 1 ? (uint32_t)err : UINT32_MAX - 1,
	};
}

void noon_ptp_finish_request(struct noon_ptp_receiver *r, struct noon_actions *out)
{
	const struct noon_ptp_foreign *f = noon_ptp_receiver_parent(r);
	struct noon_sample x;
	enum noon_verdict v;

	r->request.active = false;
	if (f == NULL)
		return;
	x = sample_of(r, f);
	x.shift = within_rtt(&x, shift_of(&r->request));
	v = check_sample(r, f, &x);
	if (v != NOON_VERDICT_ACCEPTED) {
		noon_counters_add(&r->counters, v);
		return;
	}
	note_layover(r, &x);
	noon_ptp_make_claim(r, &x);
	r->state = NOON_PTP_SLAVE;
	r->measured = r->request.answered_at;
	r->next_miss = noon_time_add(r->measured, noon_ptp_interval(r->log_delay) * 4);
	r->n_samples++;
	noon_actions_sample(out, &x);
}

/* The echo of the nonce proves that this very request was answered. */
static bool is_echoed(struct noon_ptp_receiver *r, const struct noon_ptp_message *m)
{
	struct noon_rd rd = noon_rd_bytes(m->tlvs);
	struct noon_ptp_tlv tlv;
	struct noon_ptp_echo echo;

	while (noon_ptp_tlv_get(&rd, &tlv) == NOON_OK) {
		if (noon_ptp_echo_get(&tlv, &echo) != NOON_OK)
			continue;
		if (echo.nonce != r->request.nonce)
			return false;
		r->peer_verdict = echo.verdict;
		r->peer_reasons = echo.reasons;
		return true;
	}
	return false;
}

/* In multicast the transmitter says how often it wants to be asked (9.5.11.2). */
static void take_interval(struct noon_ptp_receiver *r, int8_t told)
{
	if (told == NOON_PTP_INTERVAL_NONE || told < r->conf.log_delay)
		told = r->conf.log_delay;
	if (told > NOON_PTP_LOG_MAX)
		told = NOON_PTP_LOG_MAX;
	r->log_delay = told;
}

enum noon_verdict noon_ptp_take_delay_resp(struct noon_ptp_receiver *r,
					   const struct noon_ptp_message *m,
					   const struct noon_rx *rx, struct noon_actions *out)
{
	struct noon_ptp_request *q = &r->request;
	noon_dur residence = noon_ptp_correction_floor(m->h.correction);
	noon_time t4;

	if (!noon_ptp_is_parent(r, m))
		return NOON_VERDICT_IDENTITY;
	if (!q->active || m->h.sequence != q->sequence)
		return NOON_VERDICT_ORIGIN;
	if (q->answered)
		return NOON_VERDICT_DUPLICATE;
	if (q->echoed && !is_echoed(r, m))
		return NOON_VERDICT_ORIGIN;
	noon_ptp_tell_declared(r, out);
	if (noon_ptp_to_utc(r, m->event.stamp, &t4))
		return NOON_VERDICT_TIMESCALE;
	if (m->h.correction == NOON_PTP_CORRECTION_HUGE ||
	    noon_dur_abs(residence) > r->conf.max_correction)
		return NOON_VERDICT_TIMES;
	if (!r->conf.unicast)
		take_interval(r, m->h.interval);
	q->claimed = noon_ptp_guess_of(r, &residence);
	/* Less the floor of the residence is rounded up: a later t4 widens the interval. */
	q->t4 = noon_time_add(t4, -residence);
	q->answered = true;
	q->answered_at = rx->now;
	if (q->stamped)
		noon_ptp_finish_request(r, out);
	return NOON_VERDICT_ACCEPTED;
}
