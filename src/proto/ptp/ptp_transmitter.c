/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ptp/ptp_transmitter.h"

#include <string.h>

#include "proto/ptp/ptp_transmitter_priv.h"

/* Messages of one call of the timer: what is left is due at once again. */
#define BURST (NOON_ACTIONS_MAX - 2)

#define CLASS_DEFAULT 248

struct noon_ptp_transmitter_conf noon_ptp_transmitter_conf_default(void)
{
	return (struct noon_ptp_transmitter_conf){
		.priority1 = 128,
		.priority2 = 128,
		.multicast = true,
		.unicast = true,
		.log_announce = 1,
		.log_grant_min = -7,
		.duration_max_s = 1000,
		.grants_max = NOON_PTP_GRANTS_MAX,
		.announce_timeout = 3,
	};
}

noon_err noon_ptp_transmitter_init(struct noon_ptp_transmitter *t,
				   const struct noon_ptp_transmitter_conf *conf, noon_time now)
{
	if (!noon_ptp_is_log(conf->log_announce) || !noon_ptp_is_log(conf->log_sync) ||
	    !noon_ptp_is_log(conf->log_delay) || !noon_ptp_is_log(conf->log_grant_min) ||
	    conf->duration_max_s < 10 || conf->duration_max_s > 3600 ||
	    conf->grants_max > NOON_PTP_GRANTS_MAX || conf->announce_timeout < 2 ||
	    conf->rng == NULL || conf->port.sdo_id > 0xfff)
		return NOON_ERR_RANGE;
	memset(t, 0, sizeof(*t));
	t->conf = *conf;
	t->quality_at = now;
	t->quality = (struct noon_ptp_quality){.clock_class = CLASS_DEFAULT,
					       .bound = NOON_DUR_MAX,
					       .variance = 0xffff,
					       .time_source = 0xa0};
	for (size_t i = 0; i < 2; i++) {
		struct noon_ptp_grant *g = &t->group[i];

		g->active = conf->multicast;
		g->log_interval =
			(int8_t)(i == NOON_PTP_GRANT_SYNC ? conf->log_sync : conf->log_announce);
		g->interval = noon_ptp_interval(g->log_interval);
		g->next = now;
		g->expires = NOON_TIME_NEVER;
		/* At random: after a restart an old message is not the next one. */
		g->sequence = (uint16_t)noon_rng_u64(conf->rng);
	}
	t->signal_sequence = (uint16_t)noon_rng_u64(conf->rng);
	noon_ptp_transmitter_plan(t);
	return NOON_OK;
}

/* Receivers take our word until the next Announce: one that claims too much must not wait. */
static bool is_outdated(const struct noon_ptp_quality *old, const struct noon_ptp_quality *q)
{
	return old->valid &&
	       (!q->valid || q->tai_known != old->tai_known || q->tai_offset != old->tai_offset ||
		noon_ptp_accuracy_from_dur(q->bound) > noon_ptp_accuracy_from_dur(old->bound));
}

static void announce_at(struct noon_ptp_transmitter *t, noon_time now)
{
	struct noon_ptp_grant *g = &t->group[NOON_PTP_GRANT_ANNOUNCE];

	g->next = noon_time_min(g->next, now);
	for (size_t i = 0; i < NOON_PTP_GRANTS_MAX; i++) {
		g = &t->client[i].grant[NOON_PTP_GRANT_ANNOUNCE];
		g->next = noon_time_min(g->next, now);
	}
	noon_ptp_transmitter_plan(t);
}

void noon_ptp_transmitter_set_quality(struct noon_ptp_transmitter *t,
				      const struct noon_ptp_quality *q, noon_time now)
{
	const struct noon_ptp_quality old = t->quality;

	t->quality = *q;
	t->quality_at = now;
	if (!q->valid) {
		t->quality.clock_class = CLASS_DEFAULT;
		t->quality.bound = NOON_DUR_MAX;
	}
	if (is_outdated(&old, &t->quality))
		announce_at(t, now);
}

void noon_ptp_transmitter_set_egress(struct noon_ptp_transmitter *t,
				     const struct noon_ptp_egress *e)
{
	t->egress = *e;
}

noon_dur noon_ptp_served_error(const struct noon_ptp_transmitter *t, noon_time now)
{
	const noon_dur age = noon_time_diff(now, t->quality_at);

	if (t->quality.bound == NOON_DUR_MAX)
		return NOON_DUR_MAX;
	return noon_sat_add(t->quality.bound,
			    noon_dur_scale_out(age > 0 ? age : 0, t->quality.rate));
}

struct noon_ptp_stamp noon_ptp_of_utc(const struct noon_ptp_transmitter *t, noon_time utc)
{
	const int64_t tai = t->quality.tai_known ? t->quality.tai_offset * NOON_NS_PER_SEC : 0;

	return noon_ptp_stamp_from_ns(noon_sat_add(utc.ns, tai));
}

/* Our own data set, as others see it. */
static struct noon_ptp_dataset own_dataset(const struct noon_ptp_transmitter *t)
{
	struct noon_ptp_dataset d = {
		.priority1 = t->conf.priority1,
		.clock_class = t->quality.clock_class,
		.accuracy = noon_ptp_accuracy_from_dur(t->quality.bound),
		.variance = t->quality.variance,
		.priority2 = t->conf.priority2,
		.sender = t->conf.port.self,
	};

	memcpy(d.grandmaster, t->conf.port.self.clock, sizeof(d.grandmaster));
	return d;
}

static bool is_passive(const struct noon_ptp_transmitter *t, noon_time now)
{
	const struct noon_ptp_dataset own = own_dataset(t);

	if (t->conf.always)
		return false;
	for (size_t i = 0; i < NOON_PTP_FOREIGN_MAX; i++) {
		const struct noon_ptp_foreign *f = &t->foreigners.list[i];

		if (noon_ptp_foreign_is_qualified(f, now) &&
		    noon_time_diff(now, f->heard) <=
			    f->interval * (noon_dur)t->conf.announce_timeout &&
		    noon_ptp_dataset_cmp(&f->set, &own) < 0)
			return true;
	}
	return false;
}

enum noon_ptp_transmitter_state noon_ptp_transmitter_state_of(const struct noon_ptp_transmitter *t,
							      noon_time now)
{
	if (!t->quality.valid)
		return NOON_PTP_MUTE;
	return is_passive(t, now) ? NOON_PTP_PASSIVE : NOON_PTP_MASTER;
}

const char *noon_ptp_transmitter_state_word(enum noon_ptp_transmitter_state s)
{
	static const char *const words[] = {"MASTER", "PASSIVE", "UNSYNCHRONISED"};

	return words[s];
}

const char *noon_ptp_audit_word(enum noon_ptp_audit_state s)
{
	static const char *const words[] = {"none", "holds", "false"};

	return words[s];
}

/* ---- what comes in ---- */

static enum noon_verdict take_announce(struct noon_ptp_transmitter *t,
				       const struct noon_ptp_message *m, const struct noon_rx *rx)
{
	const noon_dur interval = m->h.interval == NOON_PTP_INTERVAL_NONE
					  ? noon_ptp_interval(t->conf.log_announce)
					  : noon_ptp_interval(m->h.interval);

	/* Unicast Announces are between the two; alternates do not stand for election (17.3). */
	if ((m->h.flags & (NOON_PTP_FLAG_UNICAST | NOON_PTP_FLAG_ALTERNATE)) != 0)
		return NOON_VERDICT_MODE;
	noon_ptp_foreigners_expire(&t->foreigners, t->conf.announce_timeout, rx->now);
	return noon_ptp_foreigners_hear(&t->foreigners, m, &rx->peer, interval, rx->now) == NULL
		       ? NOON_VERDICT_RATE
		       : NOON_VERDICT_ACCEPTED;
}

static enum noon_verdict dispatch(struct noon_ptp_transmitter *t, const struct noon_ptp_message *m,
				  const struct noon_rx *rx, struct noon_actions *out)
{
	switch (m->h.type) {
	case NOON_PTP_ANNOUNCE:
		return take_announce(t, m, rx);
	case NOON_PTP_DELAY_REQ:
		return noon_ptp_take_delay_req(t, m, rx, out);
	case NOON_PTP_SIGNALING:
		return noon_ptp_take_request(t, m, rx, out);
	default:
		return NOON_VERDICT_MODE;
	}
}

void noon_ptp_transmitter_on_packet(struct noon_ptp_transmitter *t, const struct noon_rx *rx,
				    struct noon_actions *out)
{
	struct noon_ptp_message m;
	enum noon_verdict v = noon_ptp_port_read(&t->conf.port, rx->data, &m);

	if (v == NOON_VERDICT_ACCEPTED)
		v = noon_ptp_auth_open(&t->conf.policy, &t->replay, &m, rx->now);
	if (v == NOON_VERDICT_ACCEPTED)
		v = dispatch(t, &m, rx, out);
	noon_counters_add(&t->counters, v);
}

static struct noon_ptp_pending *pending_of(struct noon_ptp_transmitter *t, uint32_t token)
{
	for (size_t i = 0; i < NOON_PTP_PENDING_MAX; i++)
		if (t->pending[i].used && t->pending[i].token == token)
			return &t->pending[i];
	return NULL;
}

void noon_ptp_transmitter_on_sent(struct noon_ptp_transmitter *t, uint32_t token, noon_time sent,
				  enum noon_stamp stamp, struct noon_actions *out)
{
	struct noon_ptp_pending *p = pending_of(t, token);

	(void)stamp;
	if (p == NULL)
		return;
	p->used = false;
	/* What was fit when the Sync left and is not now is not told any more. */
	if (!t->quality.valid)
		return;
	noon_ptp_send_follow_up(t, p, sent, out);
	/* Whatever was told of the clock since. */
	noon_ptp_note_departure(t, &p->peer, p->sequence, sent,
				p->err > t->quality.bound ? p->err : t->quality.bound);
}

/* ---- what is due ---- */

static void expire_pending(struct noon_ptp_transmitter *t, noon_time now)
{
	for (size_t i = 0; i < NOON_PTP_PENDING_MAX; i++) {
		struct noon_ptp_pending *p = &t->pending[i];

		if (p->used && noon_time_diff(now, p->asked) > NOON_PTP_STAMP_WAIT) {
			p->used = false;
			t->n_no_stamp++;
		}
	}
}

/* Keep the pace, but never make up for what was missed. */
static void pace(struct noon_ptp_grant *g, noon_time now)
{
	g->next = noon_time_add(g->next, g->interval);
	if (noon_time_before(g->next, now))
		g->next = noon_time_add(now, g->interval);
}

static bool is_due(const struct noon_ptp_grant *g, noon_time now)
{
	return g->active && !noon_time_before(now, g->next);
}

bool noon_ptp_transmitter_syncs(const struct noon_ptp_transmitter *t, noon_time now)
{
	if (!t->quality.valid || noon_time_before(now, t->next))
		return false;
	for (size_t i = 0; i < NOON_PTP_GRANTS_MAX; i++)
		if (t->client[i].used && is_due(&t->client[i].grant[NOON_PTP_GRANT_SYNC], now))
			return true;
	return false;
}

/* Send what a grant (of `c`; NULL: the multicast timer) says, unless there is nothing good to say.
 */
static unsigned serve(struct noon_ptp_transmitter *t, struct noon_ptp_grant *g, size_t type,
		      const struct noon_ptp_client *c, noon_time now, noon_time utc,
		      struct noon_actions *out)
{
	static const struct noon_peer everybody = {.n = 0};
	const struct noon_peer *const peer = c != NULL ? &c->peer : &everybody;
	const struct noon_ptp_target to = {
		.id = c != NULL ? &c->id : NULL,
		.peer = peer,
		.sequence = g->sequence,
		.interval = (int8_t)(peer->n > 0 ? NOON_PTP_INTERVAL_NONE : g->log_interval),
	};

	pace(g, now);
	if (type == NOON_PTP_GRANT_SYNC && !t->quality.valid)
		return 0;
	g->sequence++;
	if (type != NOON_PTP_GRANT_SYNC) {
		noon_ptp_send_announce(t, &to, utc, out);
		return 1;
	}
	noon_ptp_send_sync(t, &to, now, utc, out);
	return t->egress.unstamped ? 2 : 1;
}

static unsigned serve_group(struct noon_ptp_transmitter *t, noon_time now, noon_time utc,
			    struct noon_actions *out)
{
	const bool passive = is_passive(t, now);
	unsigned sent = 0;

	for (size_t i = 0; i < 2; i++) {
		if (!is_due(&t->group[i], now))
			continue;
		if (passive)
			pace(&t->group[i], now);
		else
			sent += serve(t, &t->group[i], i, NULL, now, utc, out);
	}
	return sent;
}

static void end_grants(struct noon_ptp_client *c, noon_time now)
{
	bool any = false;

	for (size_t i = 0; i < NOON_PTP_GRANT_TYPES; i++) {
		if (c->grant[i].active && !noon_time_before(now, c->grant[i].expires))
			c->grant[i].active = false;
		any |= c->grant[i].active;
	}
	c->used = any;
}

void noon_ptp_transmitter_on_timer(struct noon_ptp_transmitter *t, noon_time now, noon_time utc,
				   struct noon_actions *out)
{
	unsigned sent = serve_group(t, now, utc, out);

	expire_pending(t, now);
	for (size_t i = 0; i < NOON_PTP_GRANTS_MAX && sent < BURST; i++) {
		struct noon_ptp_client *c = &t->client[i];

		if (!c->used)
			continue;
		end_grants(c, now);
		/* The Sync first: what encryption takes depends on the time since the packet
		 * before. */
		for (size_t k = NOON_PTP_GRANT_SYNC + 1; k-- > 0 && sent < BURST;)
			if (is_due(&c->grant[k], now))
				sent += serve(t, &c->grant[k], k, c, now, utc, out);
	}
	noon_ptp_transmitter_plan(t);
}

void noon_ptp_transmitter_plan(struct noon_ptp_transmitter *t)
{
	noon_time next = NOON_TIME_NEVER;

	for (size_t i = 0; i < 2; i++)
		if (t->group[i].active)
			next = noon_time_min(next, t->group[i].next);
	for (size_t i = 0; i < NOON_PTP_GRANTS_MAX; i++) {
		const struct noon_ptp_client *c = &t->client[i];

		for (size_t k = 0; c->used && k < NOON_PTP_GRANT_TYPES; k++) {
			if (!c->grant[k].active)
				continue;
			next = noon_time_min(next, c->grant[k].expires);
			if (k != NOON_PTP_GRANT_DELAY)
				next = noon_time_min(next, c->grant[k].next);
		}
	}
	t->next = next;
}

noon_time noon_ptp_transmitter_deadline(const struct noon_ptp_transmitter *t)
{
	return t->next;
}

size_t noon_ptp_transmitter_clients(const struct noon_ptp_transmitter *t)
{
	size_t n = 0;

	for (size_t i = 0; i < NOON_PTP_GRANTS_MAX; i++)
		n += t->client[i].used;
	return n;
}
