/* SPDX-License-Identifier: Apache-2.0
 *
 * Announce: who is there, and who is best. Also the timescale that the chosen one counts.
 */
#include <string.h>

#include "proto/ptp/ptp_receiver_priv.h"

/* Our own knowledge of TAI - UTC is a second late at most, and the transmitter's clock may be off.
 */
#define LEAP_MARGIN NOON_S(3)

static bool is_acceptable(const struct noon_ptp_receiver *r, const struct noon_ptp_message *m)
{
	for (size_t i = 0; i < r->conf.n_acceptable; i++)
		if (memcmp(r->conf.acceptable[i], m->h.source.clock, NOON_PTP_IDENTITY_LEN) == 0)
			return true;
	return r->conf.n_acceptable == 0;
}

/* What the TLVs say: the first of a kind counts. */
static void take_tlvs(struct noon_ptp_foreign *f, struct noon_bytes tlvs)
{
	struct noon_rd rd = noon_rd_bytes(tlvs);
	struct noon_ptp_hello hello;
	struct noon_ptp_tlv tlv;
	uint32_t ns;

	f->takes_layover = false;
	f->takes_claim = false;
	f->inaccuracy = NOON_DUR_MAX;
	while (noon_ptp_tlv_get(&rd, &tlv) == NOON_OK)
		if (noon_ptp_hello_get(&tlv, &hello) == NOON_OK) {
			f->takes_layover |= (hello.flags & NOON_PTP_HELLO_LAYOVER) != 0;
			f->takes_claim |= (hello.flags & NOON_PTP_HELLO_CLAIM) != 0;
		} else if (noon_ptp_inaccuracy_get(&tlv, &ns) == NOON_OK &&
			   ns != NOON_PTP_INACCURACY_UNKNOWN && f->inaccuracy == NOON_DUR_MAX) {
			f->inaccuracy = ns;
		}
}

/* Unicast Announces say 0x7f; then it is what was granted. */
static noon_dur interval_of(const struct noon_ptp_receiver *r, const struct noon_ptp_message *m)
{
	if (m->h.interval != NOON_PTP_INTERVAL_NONE)
		return noon_ptp_interval(m->h.interval);
	return noon_ptp_interval(r->lease[NOON_PTP_LEASE_ANNOUNCE].interval);
}

enum noon_verdict noon_ptp_take_announce(struct noon_ptp_receiver *r,
					 const struct noon_ptp_message *m, const struct noon_rx *rx)
{
	struct noon_ptp_foreign *f;

	if (r->conf.unicast && !r->lease[NOON_PTP_LEASE_ANNOUNCE].granted)
		return NOON_VERDICT_GRANT;
	if ((m->h.flags & NOON_PTP_FLAG_ALTERNATE) != 0 || !is_acceptable(r, m))
		return NOON_VERDICT_DENIED;
	f = noon_ptp_foreigners_hear(&r->foreigners, m, &rx->peer, interval_of(r, m), rx->now);
	if (f == NULL)
		return NOON_VERDICT_RATE;
	take_tlvs(f, m->tlvs);
	noon_ptp_choose(r, rx->now);
	return NOON_VERDICT_ACCEPTED;
}

/* What belonged to the transmitter before means nothing of the next one. */
static void begin_with(struct noon_ptp_receiver *r, const struct noon_ptp_foreign *f, noon_time now)
{
	memset(&r->sync, 0, sizeof(r->sync));
	memset(&r->last, 0, sizeof(r->last));
	memset(&r->early, 0, sizeof(r->early));
	memset(&r->request, 0, sizeof(r->request));
	r->layover.error_ns = UINT32_MAX;
	r->log_delay = r->conf.log_delay;
	r->next_request = now;
	r->state = f == NULL ? NOON_PTP_LISTENING : NOON_PTP_UNCALIBRATED;
	if (f == NULL)
		return;
	noon_ptp_forget_declared(r, &f->set.sender);
	r->parent = f->set.sender;
	r->n_parents++;
}

/* Silence long enough to have started again: what it sent before is behind the next Announce. */
static void forget_silent(struct noon_ptp_receiver *r, noon_time now)
{
	for (size_t i = 0; i < NOON_PTP_FOREIGN_MAX; i++) {
		const struct noon_ptp_foreign *f = &r->foreigners.list[i];

		if (f->used && noon_time_diff(now, f->heard) >
				       f->interval * (noon_dur)r->conf.announce_timeout)
			noon_ptp_replay_forget(&r->replay, &f->set.sender);
	}
	noon_ptp_foreigners_expire(&r->foreigners, r->conf.announce_timeout, now);
}

void noon_ptp_choose(struct noon_ptp_receiver *r, noon_time now)
{
	const bool had = r->state != NOON_PTP_LISTENING;
	const struct noon_ptp_foreign *best;

	forget_silent(r, now);
	/* In unicast the operator has chosen. */
	best = noon_ptp_foreigners_best(&r->foreigners, r->conf.unicast, now);
	if (best != NULL && had && noon_ptp_identity_equal(&best->set.sender, &r->parent))
		return;
	begin_with(r, best, now);
	/* The transmitter fell silent: its grants are worth nothing. */
	if (best == NULL && had && r->conf.unicast)
		noon_ptp_drop_leases(r, now);
}

/* Seconds to take off the transmitter's time. */
static noon_err utc_offset(const struct noon_ptp_receiver *r, const struct noon_ptp_foreign *f,
			   int64_t *ret)
{
	const bool valid = (f->flags & NOON_PTP_FLAG_UTC_VALID) != 0;

	if ((f->flags & NOON_PTP_FLAG_PTP_TIMESCALE) == 0) {
		*ret = 0;
		return r->conf.arbitrary_is_utc ? NOON_OK : NOON_ERR_STATE;
	}
	if (r->tai_known) {
		/* Two that disagree: one of them is wrong, and nobody here can tell which. */
		*ret = r->tai_offset;
		return valid && f->announce.utc_offset != r->tai_offset ? NOON_ERR_STATE : NOON_OK;
	}
	*ret = f->announce.utc_offset;
	return valid ? NOON_OK : NOON_ERR_STATE;
}

/* Around the midnight of an announced leap second nobody can say which offset a stamp wants, and
 * the next Announce brings the new one: such stamps are passed over. */
static bool is_in_leap(const struct noon_ptp_foreign *f, noon_time utc)
{
	const int64_t day = INT64_C(86400) * NOON_NS_PER_SEC;
	const int64_t since = utc.ns % day;
	const int64_t margin = LEAP_MARGIN + 2 * f->interval;

	if ((f->flags & (NOON_PTP_FLAG_LEAP61 | NOON_PTP_FLAG_LEAP59)) == 0)
		return false;
	return since < margin || since > day - margin;
}

noon_err noon_ptp_to_utc(const struct noon_ptp_receiver *r, struct noon_ptp_stamp stamp,
			 noon_time *ret)
{
	const struct noon_ptp_foreign *f = noon_ptp_receiver_parent(r);
	int64_t ns, offset_s;

	if (f == NULL || utc_offset(r, f, &offset_s))
		return NOON_ERR_STATE;
	if (noon_ptp_stamp_to_ns(stamp, &ns))
		return NOON_ERR_RANGE;
	const noon_time utc = {noon_sat_sub(ns, offset_s * NOON_NS_PER_SEC)};

	if (is_in_leap(f, utc))
		return NOON_ERR_STATE;
	*ret = utc;
	return NOON_OK;
}
