/* SPDX-License-Identifier: Apache-2.0
 *
 * The five verbs: when to send, what to wait for, when to give up.
 *
 * Timers, all folded into one deadline:
 *   next_poll            send the next request (if keys and cookies allow)
 *   t1 + timeout         give the outstanding request up: MISS
 *   ke.next              ask for a key exchange (NTS without cookies, with keys that the server
 * lost or that are old) stopped_until        after a kiss DENY or RSTR: ask once more
 */
#include "proto/ntp/ntp_client.h"

#include <assert.h>
#include <string.h>

#include "proto/ntp/ntp_client_priv.h"

/* A kiss RATE doubles the floor of the poll interval up to this (RFC 5905, section 7.4). */
#define POLL_FLOOR_MAX NOON_S(131072)

/* After this many good answers in a row it is halved again. */
#define FLOOR_KEPT 8

/* A server that denies service is asked again after this long: policies change, and a daemon that
 * runs for years must not lose a source for ever. */
#define DENIED_FOR NOON_S(4 * 3600)

struct noon_ntp_client_conf noon_ntp_client_conf_default(void)
{
	return (struct noon_ntp_client_conf){
		.timeout = NOON_S(2),
		.max_layover = NOON_S(1),
		.max_root = NOON_S(16),
	};
}

noon_err noon_ntp_client_init(struct noon_ntp_client *c, const struct noon_ntp_client_conf *conf,
			      noon_time now)
{
	if (conf->rng == NULL || conf->timeout <= 0 || conf->max_layover <= 0 ||
	    conf->max_root <= 0 || conf->user_stamp_err < 0)
		return NOON_ERR_RANGE;
	memset(c, 0, sizeof(*c));
	c->conf = *conf;
	c->next_poll = now;
	c->poll = NOON_S(64);
	c->ke.next = now;
	return NOON_OK;
}

void noon_ntp_client_fini(struct noon_ntp_client *c)
{
	noon_aead_fini(&c->seal);
	noon_aead_fini(&c->open);
	noon_nts_session_wipe(&c->session);
	noon_wipe(c, sizeof(*c));
}

static bool has_keys(const struct noon_ntp_client *c)
{
	return c->session.aead != NOON_AEAD_NONE && c->session.n_cookies > 0;
}

static bool can_ask(const struct noon_ntp_client *c)
{
	return !c->conf.nts || has_keys(c);
}

static bool needs_ke(const struct noon_ntp_client *c)
{
	return c->conf.nts && (c->disowned || c->aged || !has_keys(c)) && !c->ke_running &&
	       !c->request.active;
}

static noon_time give_up_at(const struct noon_ntp_client *c)
{
	return noon_time_add(c->request.asked, c->conf.timeout);
}

static noon_time ke_due(const struct noon_ntp_client *c)
{
	return noon_time_before(c->ke.next, c->next_poll) ? c->next_poll : c->ke.next;
}

noon_time noon_ntp_client_deadline(const struct noon_ntp_client *c)
{
	const noon_time poll = can_ask(c) ? c->next_poll : NOON_TIME_NEVER;

	if (c->request.active)
		return give_up_at(c);
	if (c->stopped)
		return c->stopped_until;
	return needs_ke(c) ? noon_time_min(ke_due(c), poll) : poll;
}

static noon_dur interval(const struct noon_ntp_client *c)
{
	return c->poll > c->poll_floor ? c->poll : c->poll_floor;
}

/* Move the next request by what the interval has changed since it was `before`. */
static void repace(struct noon_ntp_client *c, noon_dur before)
{
	if (c->paced)
		c->next_poll = noon_time_add(c->next_poll, noon_sat_sub(interval(c), before));
}

/* Intervals vary by a thirty-second either way, so that clients do not march in step. */
static noon_dur next_interval(struct noon_ntp_client *c)
{
	const noon_dur poll = interval(c);
	const double jitter = (2 * noon_rng_unit(c->conf.rng) - 1) / 32;

	return noon_sat_add(poll, noon_dur_scale(poll, jitter));
}

static noon_err write_request(struct noon_ntp_client *c, struct noon_wr *wr)
{
	/* Data minimisation: nothing but version, mode and a random transmit timestamp. */
	const struct noon_ntp_header h = {
		.version = NOON_NTP_VERSION,
		.mode = NOON_NTP_MODE_CLIENT,
		.precision = 0x20,
		.transmit = c->request.transmit,
	};
	const noon_err err = noon_ntp_header_put(wr, &h);

	if (err || !c->conf.nts)
		return err;
	return noon_nts_client_protect(c, wr);
}

static void send_request(struct noon_ntp_client *c, noon_time now, struct noon_actions *out)
{
	struct noon_wr wr = noon_actions_room(out);
	noon_err err;

	c->next_poll = noon_time_add(now, next_interval(c));
	c->paced = true;
	noon_wipe(&c->request, sizeof(c->request));
	do
		c->request.transmit = noon_rng_u64(c->conf.rng);
	while (c->request.transmit == 0);
	err = write_request(c, &wr);
	if (err)
		return; /* without a cookie the next timer asks for a key exchange */
	c->request.active = true;
	c->request.t1 = now;
	c->request.asked = now;
	c->request.stamp = NOON_STAMP_USER;
	c->request.token = c->next_token++;
	c->n_sent++;
	noon_actions_send(out, &wr, c->request.token);
}

/* A NAK that nothing contradicted: the server has lost our keys, so get new ones. Until they come
 * go on with the old ones (RFC 8915, section 5.7): the NAK may be forged, and the exchange fail.
 * The back-off keeps forged NAKs from turning into load (C2, C4). */
static void give_up(struct noon_ntp_client *c, struct noon_actions *out)
{
	if (c->request.ntsn)
		c->disowned = true;
	c->last_timed_out = c->request.transmit;
	c->request.active = false;
	c->misses++;
	noon_actions_miss(out);
}

static void begin_ke(struct noon_ntp_client *c, noon_time now, struct noon_actions *out)
{
	c->ke_running = true;
	c->n_ke++;
	noon_backoff_attempt(&c->ke, c->conf.rng, now);
	noon_actions_connect(out);
}

void noon_ntp_client_on_timer(struct noon_ntp_client *c, noon_time now, struct noon_actions *out)
{
	if (c->request.active && !noon_time_before(now, give_up_at(c)))
		give_up(c, out);
	if (c->stopped && !noon_time_before(now, c->stopped_until))
		c->stopped = false;
	if (c->request.active || c->stopped)
		return;
	if (needs_ke(c) && !noon_time_before(now, ke_due(c)))
		begin_ke(c, now, out);
	if (!can_ask(c))
		return;
	if (!noon_time_before(now, c->next_poll))
		send_request(c, now, out);
	noon_actions_arm(out);
}

void noon_ntp_client_on_sent(struct noon_ntp_client *c, uint32_t token, noon_time sent,
			     enum noon_stamp stamp, struct noon_actions *out)
{
	struct noon_ntp_request *r = &c->request;

	(void)out;
	if (!r->active || r->token != token || stamp <= r->stamp)
		return;
	r->t1 = sent;
	r->stamp = stamp;
}

void noon_ntp_client_renew(struct noon_ntp_client *c)
{
	c->aged = c->conf.nts;
}

void noon_ntp_client_drop_session(struct noon_ntp_client *c)
{
	noon_ntp_client_forget(c);
	noon_nts_session_wipe(&c->session);
}

void noon_ntp_client_forget(struct noon_ntp_client *c)
{
	if (c->request.active)
		c->last_timed_out = c->request.transmit;
	c->request.active = false;
}

static void obey_kiss(struct noon_ntp_client *c, uint32_t code, noon_time now)
{
	if (code == NOON_KISS_RATE) {
		const noon_dur before = interval(c);

		c->good_run = 0;
		c->poll_floor = before < POLL_FLOOR_MAX / 2 ? 2 * before : POLL_FLOOR_MAX;
		repace(c, before);
	} else if (code == NOON_KISS_DENY || code == NOON_KISS_RSTR) {
		c->stopped = true;
		c->stopped_until = noon_time_add(now, DENIED_FOR);
	}
}

/* Feel for the interval that the server can bear: one kiss may have been meant for a burst. */
static void relax(struct noon_ntp_client *c)
{
	const noon_dur before = interval(c);

	if (c->poll_floor == 0 || ++c->good_run < FLOOR_KEPT)
		return;
	c->good_run = 0;
	c->poll_floor = c->poll_floor / 2 > c->poll ? c->poll_floor / 2 : 0;
	repace(c, before);
}

static void accept_reply(struct noon_ntp_client *c, const struct noon_rx *rx,
			 const struct noon_ntp_reply *reply, struct noon_actions *out)
{
	struct noon_sample sample;
	const enum noon_verdict v = noon_ntp_client_sample(c, reply, rx, &sample);

	noon_counters_add(&c->counters, v);
	/* A genuine answer ends the request even when its times are no good. */
	c->request.active = false;
	c->last_answered = c->request.transmit;
	c->disowned = false; /* it has our keys after all */
	/* Of a renewal that fails an answer under the old keys is no success. */
	if (!c->aged)
		noon_backoff_success(&c->ke);
	if (v == NOON_VERDICT_ACCEPTED) {
		c->misses = 0;
		relax(c);
		noon_actions_sample(out, &sample);
	} else {
		c->misses++;
		noon_actions_miss(out);
	}
	if (v == NOON_VERDICT_KISS)
		obey_kiss(c, reply->header.ref_id, rx->now);
	noon_actions_arm(out);
}

void noon_ntp_client_on_packet(struct noon_ntp_client *c, const struct noon_rx *rx,
			       struct noon_actions *out)
{
	struct noon_ntp_reply reply;
	const enum noon_verdict v = noon_ntp_client_judge(c, rx->data, &reply);

	if (v == NOON_VERDICT_ACCEPTED) {
		accept_reply(c, rx, &reply, out);
		return;
	}
	noon_counters_add(&c->counters, v);
	if (v == NOON_VERDICT_NTSN)
		c->request.ntsn = true;
}

void noon_ntp_client_set_poll(struct noon_ntp_client *c, noon_dur poll)
{
	const noon_dur before = interval(c);

	assert(poll > 0);
	c->poll = poll;
	repace(c, before);
}

noon_err noon_ntp_client_set_session(struct noon_ntp_client *c, const struct noon_nts_session *s,
				     noon_time now)
{
	const size_t key_len = noon_aead_key_len(s->aead);
	struct noon_aead seal, open;
	noon_err err;

	c->ke_running = false;
	if (s->n_cookies == 0)
		return NOON_ERR_EMPTY;
	if (!noon_nts_session_is_sound(s))
		return NOON_ERR_RANGE;
	err = noon_aead_init(&seal, s->aead, noon_bytes_of(s->keys.c2s, key_len));
	if (err)
		return err;
	err = noon_aead_init(&open, s->aead, noon_bytes_of(s->keys.s2c, key_len));
	if (err) {
		noon_aead_fini(&seal);
		return err;
	}
	noon_aead_fini(&c->seal);
	noon_aead_fini(&c->open);
	c->seal = seal;
	c->open = open;
	c->session = *s;
	c->disowned = false;
	c->aged = false;
	noon_ntp_client_forget(c); /* nothing under the old keys can be verified any more */
	c->next_poll = now;
	c->paced = false;
	return NOON_OK;
}

void noon_ntp_client_ke_failed(struct noon_ntp_client *c, noon_time now)
{
	(void)now;
	c->ke_running = false;
}
