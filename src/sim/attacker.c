/* SPDX-License-Identifier: Apache-2.0
 *
 * Attackers on the path: they see every byte of a packet when it is sent, and may delay, change or
 * drop it, or send others. Only FORGE has a key.
 */
#include <math.h>
#include <string.h>

#include "sim/world_priv.h"
#include "wire/ntp.h"
#include "wire/ntp_ext.h"
#include "wire/ptp.h"

#define LEARN 16 /* packets that drop-fast observes before it acts */

bool noon_sim_attack_is_on(const struct noon_sim_attacker *a, const struct noon_world *w,
			   uint32_t path)
{
	return a->on && noon_sim_attack_concerns(a->conf, &w->s->path[path]);
}

static bool is_chosen(struct noon_sim_attacker *a)
{
	return a->conf->probability >= 1.0 || noon_rng_unit(&a->rng) < a->conf->probability;
}

static double since_s(const struct noon_sim_attacker *a, const struct noon_world *w,
		      const struct noon_flight *f)
{
	return noon_dur_to_s(noon_time_diff(f->sent, w->start) - a->conf->from);
}

/* Delay by the sum of a constant, an exponential and a uniform delay. */
static void hold(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	const struct noon_sim_attack *c = a->conf;

	(void)w;
	if (!is_chosen(a))
		return;
	f->delay_ns += (double)c->delay;
	if (c->jitter > 0)
		f->delay_ns += (double)c->jitter * noon_rng_exp(&a->rng);
	if (c->uniform > 0)
		f->delay_ns += (double)c->uniform * noon_rng_unit(&a->rng);
}

/* The same for what is short: without padding a Sync is. */
static void hold_short(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	if (f->n <= a->conf->bytes)
		hold(w, a, f);
}

/* Add delay to the server; save as much from the server, as far as there is queueing to save. */
static void skew(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	const double ns = (double)a->conf->delay;
	const unsigned slow = a->conf->direction == NOON_SIM_REVERSE ? 1 : 0;

	(void)w;
	if (f->dir == slow)
		f->delay_ns += ns;
	else
		f->delay_ns = fmax(f->least_ns, f->delay_ns - ns);
}

/* The attacker's own path: faster one way and slower the other by the same amount. */
static void use_shorter_path(struct noon_world *w, struct noon_sim_attacker *a,
			     struct noon_flight *f)
{
	const double ns = (double)a->conf->delay;
	const unsigned fast = a->conf->direction == NOON_SIM_REVERSE ? 1 : 0;

	(void)w;
	if (f->dir == fast || a->conf->direction == NOON_SIM_BOTH)
		f->delay_ns = fmax(0.0, f->delay_ns - ns);
	else
		f->delay_ns += ns;
}

/* Hold a reply until its round-trip time is long enough. */
static void clamp(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	double elapsed;

	(void)w;
	if (f->dir == 0) {
		a->passed[f->path] = f->sent;
		return;
	}
	elapsed = (double)noon_time_diff(f->sent, a->passed[f->path]);
	f->delay_ns = fmax(f->delay_ns, (double)a->conf->delay - elapsed);
}

/* Drop a packet whose queueing is among the shortest seen. */
static void drop_fast(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	const size_t room = sizeof(a->seen_ns) / sizeof(a->seen_ns[0]);
	const size_t n = a->seen < room ? a->seen : room;
	size_t below = 0;

	(void)w;
	for (size_t i = 0; i < n; i++)
		below += a->seen_ns[i] < f->queue_ns;
	a->seen_ns[a->seen++ % room] = f->queue_ns;
	if (n >= LEARN && (double)below < a->conf->fraction * (double)n)
		f->lost = true;
}

/* Hold until the end of the current period. */
static void hold_burst(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	const noon_dur period = a->conf->time_constant;
	const noon_dur since = noon_time_diff(f->sent, w->start);

	f->delay_ns += (double)(period - since % period);
}

/* Also send a copy of some packet, from where the attacker is. */
static struct noon_flight *inject(struct noon_world *w, const struct noon_sim_attacker *a,
				  const struct noon_flight *seen, unsigned dir)
{
	struct noon_flight *f = noon_sim_flight_new(w, seen->path, dir);
	const struct noon_net_link_conf *l = &w->s->path[seen->path].link[dir];
	const double way = seen->dir == 0 ? a->conf->position : 1.0 - a->conf->position;
	const double rest = dir == 0 ? 1.0 - a->conf->position : a->conf->position;

	f->sent = seen->sent;
	f->asked = seen->asked;
	f->seeker = seen->seeker;
	f->delay_ns = way * seen->least_ns + rest * noon_net_link_least_ns(l, 0, seen->n) +
		      (double)a->conf->delay;
	f->forged = true;
	f->n = seen->n;
	memcpy(f->buf, seen->buf, seen->n);
	return f;
}

/* The same message of PTP: type and sequenceId. */
static bool is_same_message(const struct noon_flight *a, const struct noon_flight *b)
{
	return a->n >= NOON_PTP_HEADER_LEN && b->n >= NOON_PTP_HEADER_LEN &&
	       a->buf[0] == b->buf[0] && memcmp(a->buf + 30, b->buf + 30, 2) == 0;
}

/* Tell whether two packets of one direction belong to the same exchange, by their transmit or
 * origin timestamps. */
static bool is_same_exchange(const struct noon_world *w, const struct noon_flight *a,
			     const struct noon_flight *b)
{
	const size_t at = a->dir == 0 ? 40 : 24;

	/* SPI and sequence number, behind the outer header. */
	if (w->s->path[a->path].tunnel)
		return a->n >= 28 && b->n >= 28 && memcmp(a->buf + 20, b->buf + 20, 8) == 0;
	if (w->s->path[a->path].ptp)
		return is_same_message(a, b);
	return a->n >= NOON_NTP_HEADER_LEN && b->n >= NOON_NTP_HEADER_LEN &&
	       memcmp(a->buf + at, b->buf + at, 8) == 0;
}

/* PTP messages that are no answers: a replay of a lost message, or one before the first, is the
 * genuine message early or late, which I2 does not cover. */
static bool is_repeated(const struct noon_flight *first, const struct noon_flight *again)
{
	const double ahead = (double)noon_time_diff(again->sent, first->sent);

	return !first->lost && ahead + again->delay_ns > first->delay_ns;
}

static void replay(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	struct noon_flight **kept = &a->kept[f->path][f->dir];

	if (*kept != NULL && !is_same_exchange(w, *kept, f) && is_chosen(a)) {
		struct noon_flight *again = inject(w, a, f, f->dir);

		again->n = (*kept)->n;
		again->seeker = (*kept)->seeker;
		again->asked = (*kept)->asked;
		again->forged = w->s->path[f->path].ptp && is_repeated(*kept, again);
		memcpy(again->buf, (*kept)->buf, again->n);
		noon_sim_launch(w, again);
	}
	if (*kept == NULL)
		*kept = noon_sim_flight_new(w, f->path, f->dir);
	**kept = *f;
}

static void duplicate(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	struct noon_flight *copy;

	if (!is_chosen(a))
		return;
	copy = noon_sim_flight_new(w, f->path, f->dir);
	*copy = *f;
	copy->delay_ns += (double)a->conf->delay;
	noon_sim_launch(w, copy);
}

static bool header_of(const struct noon_flight *f, struct noon_ntp_header *h)
{
	struct noon_rd rd = noon_rd_over(f->buf, f->n);

	return noon_ntp_header_get(&rd, h) == NOON_OK;
}

static void set_header(struct noon_flight *f, const struct noon_ntp_header *h)
{
	struct noon_wr wr = noon_wr_over(f->buf, sizeof(f->buf));

	if (noon_ntp_header_put(&wr, h) == NOON_OK)
		f->forged = true;
}

static noon_ntp_ts moved(noon_ntp_ts ts, noon_dur by)
{
	return ts + (uint64_t)((double)by * 4.294967296); /* 2^32 / 1e9 */
}

/* Change T2 and T3 of a reply. */
static void tamper(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	struct noon_ntp_header h;

	(void)w;
	if (f->dir != 1 || !is_chosen(a) || !header_of(f, &h))
		return;
	h.receive = moved(h.receive, a->conf->offset > 0 ? a->conf->offset : 0);
	h.transmit = moved(h.transmit, a->conf->offset > 0 ? a->conf->offset : 0);
	if (a->conf->offset < 0) {
		h.receive -= moved(0, -a->conf->offset);
		h.transmit -= moved(0, -a->conf->offset);
	}
	set_header(f, &h);
}

/* Answer a request with a kiss-o'-death: with values seen in it, or with a guess. */
static void kiss(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	struct noon_flight *forged;
	struct noon_ntp_header h;

	if (f->dir != 0 || !is_chosen(a) || !header_of(f, &h))
		return;
	forged = inject(w, a, f, 1);
	h = (struct noon_ntp_header){
		.leap = NOON_LEAP_UNKNOWN,
		.version = NOON_NTP_VERSION,
		.mode = NOON_NTP_MODE_SERVER,
		.precision = -20,
		.ref_id = a->conf->code,
		.origin = a->conf->guess ? noon_rng_u64(&a->rng) : h.transmit,
	};
	/* The unique identifier comes first in our requests: 48 + 36 bytes. */
	forged->n = f->n >= 84 ? 84 : NOON_NTP_HEADER_LEN;
	if (a->conf->guess && forged->n > NOON_NTP_HEADER_LEN)
		noon_rng_fill(&a->rng, forged->buf + 52, NOON_UID_MIN);
	set_header(forged, &h);
	noon_sim_launch(w, forged);
}

/* Repeat a genuine reply with another origin, as if in interleaved mode or with none. */
static void re_origin(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	struct noon_flight *forged;
	struct noon_ntp_header h;

	if (f->dir != 1 || !is_chosen(a) || !header_of(f, &h))
		return;
	h.origin = a->conf->kind == NOON_ATTACK_ORIGIN_ZERO ? 0 : h.receive;
	forged = inject(w, a, f, 1);
	set_header(forged, &h);
	noon_sim_launch(w, forged);
}

static void reflect(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	if (f->dir == 0 && is_chosen(a))
		noon_sim_launch(w, inject(w, a, f, 1));
}

/* Answer in the server's place, with its key, before the request could have reached the server. */
static void forge(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	const uint32_t node = w->s->path[f->path].server;
	struct noon_flight *reply;
	noon_time there;

	if (f->dir != 0 || !is_chosen(a))
		return;
	reply = inject(w, a, f, 1);
	reply->forged = false; /* indistinguishable from a genuine one */
	there = noon_time_add(f->sent, (noon_dur)llround(f->least_ns * a->conf->position));
	if (!noon_sim_server_answer(w, node, noon_bytes_of(f->buf, f->n), there, 0, a->conf->offset,
				    reply)) {
		noon_sim_flight_free(w, reply);
		return;
	}
	reply->sent = f->sent;
	noon_sim_launch(w, reply);
	f->lost = true;
}

static void flip(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	(void)w;
	if (f->n == 0 || !is_chosen(a))
		return;
	f->buf[noon_rng_u64(&a->rng) % f->n] ^= (uint8_t)(1U << noon_rng_u64(&a->rng) % 8);
	f->forged = true;
}

static void cut(struct noon_sim_attacker *a, struct noon_flight *f, size_t n)
{
	if (n >= f->n || !is_chosen(a))
		return;
	f->n = n;
	f->forged = true;
}

static void ramp(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	f->delay_ns += 1e9 * a->conf->ramp * since_s(a, w, f);
}

static void drop(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	(void)w;
	f->lost |= is_chosen(a);
}

static void drop_reply(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	(void)w;
	f->lost |= f->dir == 1 && is_chosen(a);
}

static void strip(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	(void)w;
	cut(a, f, NOON_NTP_HEADER_LEN);
}

static void truncate_at_random(struct noon_world *w, struct noon_sim_attacker *a,
			       struct noon_flight *f)
{
	(void)w;
	cut(a, f, (size_t)(noon_rng_unit(&a->rng) * (double)f->n));
}

/* What each kind does to a packet; NULL where the attack is on something else. */
static const struct {
	void (*pass)(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f);
	bool both; /* needs both directions, whatever its configured one */
} doings[NOON_ATTACK_KINDS] = {
	[NOON_ATTACK_DELAY] = {hold, false},
	[NOON_ATTACK_RAMP] = {ramp, false},
	[NOON_ATTACK_ASYMMETRY] = {skew, true},
	[NOON_ATTACK_REPLAY] = {replay, false},
	[NOON_ATTACK_REFLECT] = {reflect, false},
	[NOON_ATTACK_SHORTER_PATH] = {use_shorter_path, true},
	[NOON_ATTACK_GUESS] = {noon_sim_guess, true},
	[NOON_ATTACK_TAMPER] = {tamper, false},
	[NOON_ATTACK_CLAMP] = {clamp, true},
	[NOON_ATTACK_DROP_FAST] = {drop_fast, false},
	[NOON_ATTACK_DROP] = {drop, false},
	[NOON_ATTACK_KISS] = {kiss, false},
	[NOON_ATTACK_COOKIE_EXHAUSTION] = {drop_reply, false},
	[NOON_ATTACK_STRIP] = {strip, false},
	[NOON_ATTACK_SIZE_DELAY] = {hold_short, false},
	[NOON_ATTACK_DUPLICATE] = {duplicate, false},
	[NOON_ATTACK_REORDER] = {hold, false},
	[NOON_ATTACK_BURST] = {hold_burst, false},
	[NOON_ATTACK_ORIGIN_ZERO] = {re_origin, false},
	[NOON_ATTACK_INTERLEAVED] = {re_origin, false},
	[NOON_ATTACK_FORGE] = {forge, false},
	[NOON_ATTACK_FLIP] = {flip, false},
	[NOON_ATTACK_TRUNCATE] = {truncate_at_random, false},
};

void noon_sim_attack_pass(struct noon_world *w, struct noon_flight *f)
{
	for (size_t i = 0; i < w->s->attacks; i++) {
		struct noon_sim_attacker *a = &w->attacker[i];
		const enum noon_attack_kind kind = a->conf->kind;

		if (doings[kind].pass == NULL || !noon_sim_attack_is_on(a, w, f->path))
			continue;
		if (doings[kind].both || a->conf->direction >> f->dir & 1)
			doings[kind].pass(w, a, f);
	}
}

void noon_sim_attack_switch(struct noon_world *w, uint32_t attack, bool on)
{
	struct noon_sim_attacker *a = &w->attacker[attack];

	a->on = on;
	for (uint32_t i = 0; i < w->s->nodes; i++) {
		if (w->node[i].engine == NULL ||
		    (a->conf->client != NOON_SIM_NONE && a->conf->client != i))
			continue;
		if (a->conf->kind == NOON_ATTACK_TEMPERATURE)
			noon_osc_shift(&w->node[i].osc, w->now,
				       on ? a->conf->frequency : -a->conf->frequency,
				       a->conf->time_constant);
		else if (a->conf->kind == NOON_ATTACK_RESTART && on &&
			 !w->node[i].machine_event.paused)
			noon_sim_client_restart(w, i);
	}
}
