/* SPDX-License-Identifier: Apache-2.0
 *
 * The audit of a receiver's time: its claim of what time it was when a Delay_Req left, against our
 * own stamps of the same exchange (SecureTime's check of the slave's time by the master, made
 * two-sided: Annessi et al., arXiv 1705.10669).
 *
 * Let u be UTC when the Delay_Req left. It cannot have arrived sooner than the least delay after,
 * and it left at least `since` after the Sync had arrived, which cannot have been sooner than the
 * least delay after that left:
 *
 *     t1 - E1 + m_r + since  <=  u  <=  t4 + E4 - m_f
 *
 * with E the error of our own clock at each stamp. The receiver claims |u - time| <= bound. If no u
 * is in both, the claim is false, or our own bound, or a minimum, or an old message was passed off
 * as new: no delay explains it.
 */
#include "proto/ptp/ptp_transmitter_priv.h"

/* Claims in a row that hold before one that did not is forgotten. */
#define CLEAR_AFTER 8

/* Around midnight the two of us may count a leap second a moment apart. */
#define LEAP_MARGIN NOON_S(5)

static bool is_near_midnight(noon_time utc)
{
	const noon_dur day = 86400 * NOON_NS_PER_SEC;
	const noon_dur since = (utc.ns % day + day) % day;

	return since < LEAP_MARGIN || since > day - LEAP_MARGIN;
}

void noon_ptp_transmitter_set_minima(struct noon_ptp_transmitter *t, uint32_t index, noon_dur m_f,
				     noon_dur m_r)
{
	if (index >= NOON_PTP_WATCHED_MAX)
		return;
	t->watched[index].m_f = m_f;
	t->watched[index].m_r = m_r;
}

void noon_ptp_transmitter_accept(struct noon_ptp_transmitter *t, uint32_t index)
{
	if (index >= NOON_PTP_WATCHED_MAX)
		return;
	t->watched[index].audit.state = NOON_PTP_AUDIT_NONE;
	t->watched[index].audit.good_run = 0;
}

/* What a claim allows for, clipped to what a duration holds. */
static noon_dur claimed_bound(const struct noon_ptp_audit *a)
{
	return a->claim.bound_ns > INT64_MAX ? INT64_MAX : (noon_dur)a->claim.bound_ns;
}

/* How far UTC is from the claimed time at least, beyond its bound; 0: the claim may be true. */
static noon_dur contradiction(const struct noon_ptp_audit *a)
{
	const noon_dur bound = claimed_bound(a);

	if (a->upper < -bound)
		return a->upper;
	return a->lower > bound ? a->lower : 0;
}

static void hold(struct noon_ptp_audit *a)
{
	if (a->good_run < CLEAR_AFTER)
		a->good_run++;
	if (a->state != NOON_PTP_AUDIT_FALSE || a->good_run >= CLEAR_AFTER)
		a->state = NOON_PTP_AUDIT_HOLDS;
}

static void contradict(struct noon_ptp_audit *a, const struct noon_finding *f,
		       struct noon_actions *out)
{
	a->n_false++;
	a->good_run = 0;
	if (a->state == NOON_PTP_AUDIT_FALSE)
		return;
	a->state = NOON_PTP_AUDIT_FALSE;
	noon_actions_finding(out, f);
}

static void judge(struct noon_ptp_audit *a, uint32_t source, noon_time now,
		  struct noon_actions *out)
{
	const noon_dur off = contradiction(a);
	const struct noon_finding f = {
		.kind = NOON_FINDING_RECEIVER_TIME,
		.source = source,
		.at = now,
		.value = off,
		.threshold = claimed_bound(a),
	};

	a->n++;
	if (off != 0)
		contradict(a, &f, out);
	else
		hold(a);
}

void noon_ptp_note_claim(struct noon_ptp_transmitter *t, struct noon_ptp_watched *w,
			 const struct noon_ptp_claim *c, noon_time now, struct noon_actions *out)
{
	struct noon_ptp_audit *a = &w->audit;
	const struct noon_ptp_departed *sync = noon_ptp_recall(w->sync, c->sync_sequence);
	const struct noon_ptp_departed *request = noon_ptp_recall(w->request, c->request_sequence);
	noon_time least, most;

	/* Anybody could have written it. */
	if (!noon_ptp_policy_has_keys(&t->conf.policy))
		return;
	a->heard = true;
	a->claim = *c;
	if (c->bound_ns == NOON_PTP_CLAIM_UNKNOWN) {
		/* No claim is no evidence; one that was false before stays so. */
		a->good_run = 0;
		if (a->state == NOON_PTP_AUDIT_HOLDS)
			a->state = NOON_PTP_AUDIT_NONE;
		return;
	}
	if (sync == NULL || request == NULL || is_near_midnight(sync->t) ||
	    is_near_midnight(request->t))
		return;
	least = noon_time_add(sync->t, noon_sat_sub(noon_sat_add(w->m_r, c->since_ns), sync->err));
	most = noon_time_add(request->t, noon_sat_sub(request->err, w->m_f));
	a->lower = noon_sat_sub(least.ns, c->time_ns);
	a->upper = noon_sat_sub(most.ns, c->time_ns);
	judge(a, (uint32_t)(w - t->watched), now, out);
}
