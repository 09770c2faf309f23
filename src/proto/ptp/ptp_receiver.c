/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ptp/ptp_receiver.h"

#include <string.h>

#include "proto/ptp/ptp_receiver_priv.h"

/* How long an answered Delay_Req waits for the stamp of its departure. */
#define STAMP_WAIT NOON_MS(10)

/* Without an answer a Delay_Req is given up after so long, at least. */
#define TIMEOUT_MIN NOON_MS(100)

/* Intervals without an exchange until a MISS. */
#define MISS_INTERVALS 4

struct noon_ptp_receiver_conf noon_ptp_receiver_conf_default(void)
{
	return (struct noon_ptp_receiver_conf){
		.log_announce = 1,
		.duration_s = 300,
		.announce_timeout = 3,
		.accuracy = NOON_DUR_MAX,
		.accuracy_per_step = NOON_DUR_MAX,
		.max_layover = NOON_NS_PER_SEC,
		.max_correction = NOON_NS_PER_SEC,
	};
}

noon_err noon_ptp_receiver_init(struct noon_ptp_receiver *r,
				const struct noon_ptp_receiver_conf *conf, noon_time now)
{
	if (!noon_ptp_is_log(conf->log_announce) || !noon_ptp_is_log(conf->log_sync) ||
	    !noon_ptp_is_log(conf->log_delay) || conf->duration_s < 10 || conf->duration_s > 1000 ||
	    conf->announce_timeout < 2 || conf->accuracy < 0 || conf->accuracy_per_step < 0 ||
	    conf->max_layover <= 0 || conf->max_correction <= 0 || conf->user_stamp_err < 0 ||
	    conf->n_acceptable > NOON_PTP_ACCEPTABLE_MAX || conf->rng == NULL ||
	    conf->port.sdo_id > 0xfff)
		return NOON_ERR_RANGE;
	memset(r, 0, sizeof(*r));
	r->conf = *conf;
	r->request_sequence = (uint16_t)noon_rng_u64(conf->rng);
	r->signal_sequence = (uint16_t)noon_rng_u64(conf->rng);
	r->own_verdict = NOON_PTP_VERDICT_NONE;
	r->peer_verdict = NOON_PTP_VERDICT_NONE;
	noon_ptp_receiver_forget(r, now);
	return NOON_OK;
}

void noon_ptp_receiver_forget(struct noon_ptp_receiver *r, noon_time now)
{
	noon_ptp_foreigners_reset(&r->foreigners);
	r->utc.known = false;
	noon_ptp_choose(r, now);
	noon_ptp_drop_leases(r, now);
	r->next_miss = noon_time_add(now, noon_ptp_interval(r->conf.log_announce) *
						  (r->conf.announce_timeout + 1));
}

const struct noon_ptp_foreign *noon_ptp_receiver_parent(const struct noon_ptp_receiver *r)
{
	if (r->state == NOON_PTP_LISTENING)
		return NULL;
	for (size_t i = 0; i < NOON_PTP_FOREIGN_MAX; i++)
		if (r->foreigners.list[i].used &&
		    noon_ptp_identity_equal(&r->foreigners.list[i].set.sender, &r->parent))
			return &r->foreigners.list[i];
	return NULL;
}

bool noon_ptp_is_parent(const struct noon_ptp_receiver *r, const struct noon_ptp_message *m)
{
	return r->state != NOON_PTP_LISTENING && noon_ptp_identity_equal(&m->h.source, &r->parent);
}

/* Whose message it may be at all. */
static enum noon_verdict check(const struct noon_ptp_receiver *r, const struct noon_ptp_message *m,
			       const struct noon_rx *rx)
{
	if (r->conf.unicast && !noon_peer_equal(&rx->peer, &r->conf.peer))
		return NOON_VERDICT_IDENTITY;
	/* A transmitter may speak both ways in one domain; what it says to all is not what was
	 * granted. */
	if (((m->h.flags & NOON_PTP_FLAG_UNICAST) != 0) != r->conf.unicast)
		return NOON_VERDICT_MODE;
	/* What others asked for: its numbers are theirs, and would unsettle the order of ours. */
	if (m->h.type == NOON_PTP_DELAY_RESP &&
	    !noon_ptp_identity_equal(&m->event.requesting, &r->conf.port.self))
		return NOON_VERDICT_IDENTITY;
	/* Other receivers' requests, and what belongs to other mechanisms. */
	if (m->h.type == NOON_PTP_DELAY_REQ || m->h.type == NOON_PTP_MANAGEMENT)
		return NOON_VERDICT_MODE;
	return NOON_VERDICT_ACCEPTED;
}

static enum noon_verdict dispatch(struct noon_ptp_receiver *r, const struct noon_ptp_message *m,
				  const struct noon_rx *rx, struct noon_actions *out)
{
	switch (m->h.type) {
	case NOON_PTP_ANNOUNCE:
		return noon_ptp_take_announce(r, m, rx);
	case NOON_PTP_SYNC:
		return noon_ptp_take_sync(r, m, rx);
	case NOON_PTP_FOLLOW_UP:
		return noon_ptp_take_follow_up(r, m);
	case NOON_PTP_DELAY_RESP:
		return noon_ptp_take_delay_resp(r, m, rx, out);
	case NOON_PTP_SIGNALING:
		return noon_ptp_take_signaling(r, m, rx, out);
	default:
		return NOON_VERDICT_MODE;
	}
}

void noon_ptp_receiver_on_packet(struct noon_ptp_receiver *r, const struct noon_rx *rx,
				 struct noon_actions *out)
{
	struct noon_ptp_message m;
	enum noon_verdict v = noon_ptp_port_read(&r->conf.port, rx->data, &m);

	if (v == NOON_VERDICT_ACCEPTED)
		v = check(r, &m, rx);
	if (v == NOON_VERDICT_ACCEPTED)
		v = noon_ptp_auth_open(&r->conf.policy, &r->replay, &m, rx->now);
	if (v == NOON_VERDICT_ACCEPTED)
		v = dispatch(r, &m, rx, out);
	noon_counters_add(&r->counters, v);
	noon_actions_arm(out);
}

void noon_ptp_receiver_on_sent(struct noon_ptp_receiver *r, uint32_t token, noon_time sent,
			       enum noon_stamp stamp, struct noon_actions *out)
{
	struct noon_ptp_request *q = &r->request;

	/* A departure before we asked for it is none of this request. */
	if (!q->active || q->token != token || q->stamped || noon_time_before(sent, q->sync.t2))
		return;
	q->t3 = sent;
	q->stamp = stamp;
	q->stamped = true;
	if (q->answered)
		noon_ptp_finish_request(r, out);
}

static noon_time request_deadline(const struct noon_ptp_receiver *r)
{
	const noon_dur interval = noon_ptp_interval(r->log_delay);

	if (r->request.answered)
		return noon_time_add(r->request.answered_at, STAMP_WAIT);
	return noon_time_add(r->request.asked, interval > TIMEOUT_MIN ? interval : TIMEOUT_MIN);
}

static void expire_request(struct noon_ptp_receiver *r, noon_time now, struct noon_actions *out)
{
	if (!r->request.active || noon_time_before(now, request_deadline(r)))
		return;
	if (r->request.answered) {
		/* No stamp: our reading before the departure is earlier, hence safe. */
		noon_counters_add(&r->counters, NOON_VERDICT_STAMP);
		noon_ptp_finish_request(r, out);
		return;
	}
	r->request.active = false;
	noon_actions_miss(out);
}

/* Nothing measured for too long: say so, again and again. */
static void note_silence(struct noon_ptp_receiver *r, noon_time now, struct noon_actions *out)
{
	noon_dur wait = noon_ptp_interval(r->log_delay) * MISS_INTERVALS;

	if (r->state == NOON_PTP_LISTENING)
		wait = noon_ptp_interval(r->conf.log_announce) * MISS_INTERVALS;
	if (noon_time_before(now, r->next_miss))
		return;
	r->next_miss = noon_time_add(now, wait);
	noon_actions_miss(out);
}

/* When the transmitter in use counts as silent. */
static noon_time parent_until(const struct noon_ptp_receiver *r)
{
	const struct noon_ptp_foreign *p = noon_ptp_receiver_parent(r);

	if (p == NULL)
		return NOON_TIME_NEVER;
	return noon_time_add(p->heard, p->interval * (noon_dur)r->conf.announce_timeout + 1);
}

void noon_ptp_receiver_on_timer(struct noon_ptp_receiver *r, noon_time now,
				struct noon_actions *out)
{
	if (!noon_time_before(now, parent_until(r)))
		noon_ptp_choose(r, now);
	expire_request(r, now, out);
	noon_ptp_negotiate(r, now, out);
	if (!noon_time_before(now, r->next_request))
		noon_ptp_ask(r, now, out);
	note_silence(r, now, out);
	noon_actions_arm(out);
}

noon_time noon_ptp_receiver_deadline(const struct noon_ptp_receiver *r)
{
	noon_time at = noon_time_min(r->next_miss, parent_until(r));

	at = noon_time_min(at, noon_ptp_negotiate_at(r));
	if (r->request.active)
		return noon_time_min(at, request_deadline(r));
	if (r->last.complete && (!r->conf.unicast || r->lease[NOON_PTP_LEASE_DELAY].granted))
		at = noon_time_min(at, r->next_request);
	return at;
}

void noon_ptp_receiver_set_tai(struct noon_ptp_receiver *r, bool known, int16_t offset)
{
	r->tai_known = known;
	r->tai_offset = offset;
}

void noon_ptp_receiver_set_egress(struct noon_ptp_receiver *r, const struct noon_ptp_egress *e)
{
	r->egress = *e;
}

void noon_ptp_receiver_set_verdict(struct noon_ptp_receiver *r, uint8_t verdict)
{
	r->own_verdict = verdict;
}

const char *noon_ptp_receiver_state_word(enum noon_ptp_receiver_state s)
{
	static const char *const words[] = {"LISTENING", "UNCALIBRATED", "SLAVE"};

	return words[s];
}
