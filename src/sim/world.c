/* SPDX-License-Identifier: Apache-2.0
 *
 * The event loop, and packets in flight.
 */
#include "sim/world.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/x509.h"
#include "sim/world_priv.h"

/* Free-running clocks start at an arbitrary value. */
#define H_AT_START INT64_C(123456789012345)

/* Independent streams of random numbers. */
#define STREAM_LINKS	UINT64_C(0x10000)
#define STREAM_CLOCKS	UINT64_C(0x20000)
#define STREAM_MACHINES UINT64_C(0x30000)
#define STREAM_ATTACKS	UINT64_C(0x40000)

#define DIGEST_START UINT64_C(0xcbf29ce484222325)

static uint64_t stream(const struct noon_world *w, uint64_t which)
{
	return w->seed * UINT64_C(0x9e3779b97f4a7c15) ^ which * UINT64_C(0xd1b54a32d192ed03);
}

void noon_sim_at(struct noon_world *w, noon_time at, enum noon_sim_event_kind kind, uint32_t who,
		 void *what)
{
	noon_sim_queue_put(
		&w->queue,
		(struct noon_sim_event){.at = at, .kind = (int)kind, .who = who, .what = what});
}

struct noon_flight *noon_sim_flight_new(struct noon_world *w, uint32_t path, unsigned dir)
{
	struct noon_flight *f = w->spare;

	if (f != NULL)
		w->spare = f->next;
	else
		f = malloc(sizeof(*f));
	if (f == NULL)
		abort();
	/* The bytes need no clearing. */
	memset(f, 0, offsetof(struct noon_flight, buf));
	f->path = path;
	f->dir = dir;
	return f;
}

void noon_sim_flight_free(struct noon_world *w, struct noon_flight *f)
{
	if (f == NULL)
		return;
	f->next = w->spare;
	w->spare = f;
}

void noon_sim_launch(struct noon_world *w, struct noon_flight *f)
{
	if (f->lost) {
		noon_sim_flight_free(w, f);
		return;
	}
	f->arrived = noon_time_add(f->sent, (noon_dur)llround(fmax(f->delay_ns, 0.0)));
	/* The program sees a packet a little after the stamp; the true arrival is kept. */
	noon_sim_at(w, f->dir == 0 ? f->arrived : noon_time_add(f->arrived, NOON_SIM_LATENCY),
		    NOON_SIM_ARRIVAL, f->path, f);
}

void noon_sim_send(struct noon_world *w, struct noon_flight *f)
{
	const struct noon_net_link_conf *l = &w->s->path[f->path].link[f->dir];
	const noon_dur since = noon_time_diff(f->sent, w->start);
	const struct noon_net_link_fate fate = noon_net_link_draw(l, since, f->n, &w->rng);

	f->delay_ns = fate.delay_ns;
	f->queue_ns = fate.queue_ns;
	f->least_ns = fate.delay_ns - fate.queue_ns;
	f->lost = fate.lost;
	if (fate.duplicate && !fate.lost) {
		struct noon_flight *copy = noon_sim_flight_new(w, f->path, f->dir);

		*copy = *f;
		copy->delay_ns += 1000.0;
		noon_sim_attack_pass(w, copy);
		noon_sim_launch(w, copy);
	}
	noon_sim_attack_pass(w, f);
	noon_sim_launch(w, f);
}

noon_time noon_sim_stamp(struct noon_sim_machine *m, noon_time h)
{
	const noon_dur g = m->conf->granularity;
	double ns = 0.0;

	if (m->conf->stamp_ns > 0.0)
		ns = m->conf->stamp_ns * fmax(-3.0, fmin(3.0, noon_rng_gauss(&m->rng)));
	h = noon_time_add(h, (noon_dur)llround(ns));
	return (noon_time){h.ns - h.ns % g};
}

static noon_err make_tls(struct noon_world *w)
{
	static const char *const name = "sim.invalid";
	const struct noon_x509_conf conf = {.common_name = name,
					    .names = &name,
					    .n_names = 1,
					    .not_after_s = INT64_C(4000000000)};
	struct noon_secret_x509 *x;
	struct noon_tls_why why;
	struct noon_tls_pem cert, key;
	noon_err err;
	bool wanted = false;

	for (size_t i = 0; i < w->s->paths; i++)
		wanted |= !w->s->path[i].ptp && w->s->path[i].nts && w->s->path[i].tls;
	if (!wanted)
		return NOON_OK;
	x = malloc(sizeof(*x));
	if (x == NULL)
		abort();
	err = noon_x509_self_signed(&conf, x);
	if (!err) {
		cert = (struct noon_tls_pem){NULL, noon_bytes_of(x->cert, x->cert_n)};
		key = (struct noon_tls_pem){NULL, noon_bytes_of(x->key, x->key_n)};
		err = noon_tls_server_ctx_new(&cert, &key, &w->tls_server, &why);
		err = err ? err : noon_tls_client_ctx_new(&cert, &w->tls_client, &why);
		noon_x509_wipe(x);
	}
	free(x);
	return err;
}

static noon_err make_node(struct noon_world *w, uint32_t i)
{
	struct noon_sim_machine *m = &w->node[i];
	const noon_dur theta0 = w->start.ns - H_AT_START;
	noon_err err = NOON_OK;

	m->conf = &w->s->node[i];
	m->rng = noon_rng_seeded(stream(w, STREAM_MACHINES + i));
	noon_osc_init(&m->osc, &m->conf->clock, w->start, theta0, stream(w, STREAM_CLOCKS + i));
	m->noise_ns = (noon_dur)ceil(3.0 * m->conf->stamp_ns) + m->conf->granularity;
	if (m->conf->granularity == 1)
		m->noise_ns--; /* only rounding is left, which the machines allow for */
	m->stamp_err = m->conf->stamp_error >= 0 ? m->conf->stamp_error : m->noise_ns;
	m->tally = noon_sim_tally_new();
	m->tally.first_attack = w->first_attack;
	m->kept.bound = NOON_DUR_MAX;
	m->wake_at = NOON_TIME_NEVER;
	noon_machine_event_init(w, i);
	if (m->conf->client)
		err = noon_sim_client_init(w, i);
	if (!err && m->conf->server)
		err = noon_sim_server_init(w, i);
	return err;
}

static noon_err make_all(struct noon_world *w)
{
	noon_err err = make_tls(w);

	for (uint32_t i = 0; !err && i < w->s->nodes; i++)
		err = make_node(w, i);
	for (uint32_t i = 0; i < w->s->attacks; i++) {
		struct noon_sim_attacker *a = &w->attacker[i];

		a->conf = &w->s->attack[i];
		a->rng = noon_rng_seeded(stream(w, STREAM_ATTACKS + i));
		if (a->conf->from == 0)
			noon_sim_attack_switch(w, i, true);
		else
			noon_sim_at(w, noon_time_add(w->start, a->conf->from), NOON_SIM_SWITCH_ON,
				    i, NULL);
		if (a->conf->until < w->s->duration)
			noon_sim_at(w, noon_time_add(w->start, a->conf->until), NOON_SIM_SWITCH_OFF,
				    i, NULL);
	}
	for (uint32_t i = 0; !err && i < w->s->paths; i++)
		err = noon_sim_assoc_init(w, i);
	if (!err && w->s->guard)
		err = noon_sim_guard_all(w);
	for (uint32_t i = 0; !err && i < w->s->nodes; i++)
		if (w->node[i].engine != NULL)
			noon_sim_client_wake(w, i);
	for (uint32_t i = 0; !err && i < w->s->seekers; i++)
		noon_sim_seeker_init(w, i);
	for (uint32_t i = 0; !err && i < w->s->machine_events; i++)
		noon_sim_at(w, noon_time_add(w->start, w->s->machine_event[i].at),
			    NOON_SIM_MACHINE_EVENT_BEGIN, i, NULL);
	noon_sim_at(w, noon_time_add(w->start, w->s->check_every), NOON_SIM_LOOK, 0, NULL);
	return err;
}

noon_err noon_world_new(const struct noon_scenario *s, uint64_t seed, struct noon_world **ret)
{
	struct noon_world *w;
	struct noon_sim_fault fault;
	noon_err err = noon_scenario_check(s, &fault);

	if (err)
		return err;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		abort();
	w->node = calloc(s->nodes, sizeof(w->node[0]));
	w->assoc = calloc(s->paths, sizeof(w->assoc[0]));
	w->attacker = calloc(s->attacks + 1, sizeof(w->attacker[0]));
	if (w->node == NULL || w->assoc == NULL || w->attacker == NULL)
		abort();
	w->s = s;
	w->seed = seed;
	w->start = w->now = noon_sim_start(s);
	w->first_attack = noon_scenario_first_attack(s);
	w->digest = DIGEST_START;
	w->rng = noon_rng_seeded(stream(w, STREAM_LINKS));
	noon_actions_reset(&w->actions);
	noon_actions_reset(&w->findings);
	err = make_all(w);
	if (err)
		noon_world_free(w);
	else
		*ret = w;
	return err;
}

static void drop_events(struct noon_world *w)
{
	struct noon_sim_event e;

	while (noon_sim_queue_take(&w->queue, &e)) {
		if (e.kind == NOON_SIM_ARRIVAL)
			free(e.what);
		else if (e.kind == NOON_SIM_KE_BYTES)
			noon_sim_ke_drop(e.what);
	}
	noon_sim_queue_fini(&w->queue);
}

void noon_world_free(struct noon_world *w)
{
	if (w == NULL)
		return;
	drop_events(w);
	for (uint32_t i = 0; i < w->s->paths; i++)
		noon_sim_assoc_fini(w, i);
	for (uint32_t i = 0; i < w->s->nodes; i++) {
		noon_sim_server_fini(&w->node[i]);
		free(w->node[i].engine);
	}
	for (uint32_t i = 0; i < w->s->attacks; i++)
		for (uint32_t k = 0; k < w->s->paths; k++) {
			free(w->attacker[i].kept[k][0]);
			free(w->attacker[i].kept[k][1]);
		}
	while (w->spare != NULL) {
		struct noon_flight *f = w->spare;

		w->spare = f->next;
		free(f);
	}
	noon_tls_ctx_free(w->tls_client);
	noon_tls_ctx_free(w->tls_server);
	free(w->node);
	free(w->assoc);
	free(w->attacker);
	free(w);
}

void noon_world_watch(struct noon_world *w, noon_sim_on_look *fn, void *arg)
{
	w->watch = fn;
	w->watch_arg = arg;
}

static void look_at_all(struct noon_world *w)
{
	for (uint32_t i = 0; i < w->s->nodes; i++)
		if (w->node[i].engine != NULL && !w->node[i].machine_event.paused)
			noon_sim_look(w, i, true);
	noon_sim_seekers_look(w);
	noon_sim_at(w, noon_time_add(w->now, w->s->check_every), NOON_SIM_LOOK, 0, NULL);
}

static void arrival(struct noon_world *w, struct noon_flight *f)
{
	if (!noon_sim_tunnel_open(w, f)) {
		noon_sim_flight_free(w, f);
		return;
	}
	if (f->dir == 0 && w->assoc[f->path].ptp != NULL)
		noon_sim_ptp_arrival(w, f);
	else if (f->dir == 0)
		noon_sim_server_arrival(w, f);
	else if (f->seeker > 0)
		noon_sim_seeker_arrival(w, f);
	else
		noon_sim_client_arrival(w, f);
	noon_sim_flight_free(w, f);
}

static void carry_out(struct noon_world *w, const struct noon_sim_event *e)
{
	switch ((enum noon_sim_event_kind)e->kind) {
	case NOON_SIM_ARRIVAL:
		arrival(w, e->what);
		break;
	case NOON_SIM_WAKE:
		/* A rescheduled event is void. */
		if (e->at.ns == w->node[e->who].wake_at.ns)
			noon_sim_client_wake(w, e->who);
		break;
	case NOON_SIM_LOOK:
		look_at_all(w);
		break;
	case NOON_SIM_KE_BYTES:
		noon_sim_ke_bytes(w, e->what);
		break;
	case NOON_SIM_KE_LIMIT:
		noon_sim_ke_limit(w, e->who, e->what);
		break;
	case NOON_SIM_KE_HANDED:
		noon_sim_ke_handed(w, e->who);
		break;
	case NOON_SIM_SWITCH_ON:
		noon_sim_attack_switch(w, e->who, true);
		break;
	case NOON_SIM_SWITCH_OFF:
		noon_sim_attack_switch(w, e->who, false);
		break;
	case NOON_SIM_SEEK:
		noon_sim_seeker_wake(w, e->who);
		break;
	case NOON_SIM_TRANSMIT:
		noon_sim_ptp_transmit(w, e->who);
		break;
	case NOON_SIM_SENT:
		noon_sim_ptp_sent(w, e->who);
		break;
	case NOON_SIM_MACHINE_EVENT_BEGIN:
		noon_machine_event_begin(w, e->who);
		break;
	case NOON_SIM_MACHINE_EVENT_END:
		noon_machine_event_end(w, e->who);
		break;
	}
}

void noon_world_run(struct noon_world *w, noon_dur until)
{
	const noon_time end = noon_time_add(w->start, until);
	struct noon_sim_event e;

	while (!noon_time_before(end, noon_sim_queue_next(&w->queue)) &&
	       noon_sim_queue_take(&w->queue, &e)) {
		assert(!noon_time_before(e.at, w->now));
		w->now = e.at;
		if (!noon_machine_event_defers(w, &e))
			carry_out(w, &e);
	}
	w->now = end;
	for (uint32_t i = 0; i < w->s->paths; i++)
		w->node[w->s->path[i].client].tally.broken[NOON_I5] +=
			!noon_sim_baseline_is_kept(w, i);
}

struct noon_sim_tally noon_world_tally(const struct noon_world *w, uint32_t node)
{
	const struct noon_engine *e = w->node[node].engine;
	struct noon_sim_tally t = w->node[node].tally;

	for (uint32_t i = 0; e != NULL && i < w->s->paths; i++) {
		const struct noon_sim_assoc *a = &w->assoc[i];
		struct noon_conditions c;

		if (w->s->path[i].client != node)
			continue;
		noon_engine_conditions(e, a->source, e->now, &c);
		for (size_t k = 0; k < NOON_CONDITIONS; k++)
			t.noncompliant[k] += c.met[k] == NOON_MET_NO;
		if (c.hidden_advance > t.hidden_advance)
			t.hidden_advance = c.hidden_advance;
	}
	return t;
}

struct noon_sim_tally noon_world_total(const struct noon_world *w)
{
	struct noon_sim_tally sum = noon_sim_tally_new();

	for (uint32_t i = 0; i < w->s->nodes; i++) {
		const struct noon_sim_tally t = noon_world_tally(w, i);

		if (w->node[i].engine != NULL)
			noon_sim_tally_add(&sum, &t);
	}
	return sum;
}

uint64_t noon_world_digest(const struct noon_world *w)
{
	return w->digest;
}
