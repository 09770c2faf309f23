/* SPDX-License-Identifier: Apache-2.0
 *
 * A client: what link/ntp_link.c and daemon/source/source.c do with sockets, here with simulated
 * packets.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/world_priv.h"

static struct noon_sim_machine *client_of(struct noon_world *w, uint32_t path)
{
	return &w->node[w->s->path[path].client];
}

static bool is_authenticated(const struct noon_sim_path *p)
{
	return p->ptp ? p->sa || p->tunnel : p->nts;
}

static const struct noon_counters *counters_of(const struct noon_sim_assoc *a)
{
	return a->ptp != NULL ? &a->ptp->rx.counters : &a->ntp.counters;
}

static noon_time deadline_of(const struct noon_sim_assoc *a)
{
	return a->ptp != NULL ? noon_ptp_receiver_deadline(&a->ptp->rx)
			      : noon_ntp_client_deadline(&a->ntp);
}

static noon_time now_h(struct noon_world *w, struct noon_sim_machine *m)
{
	return noon_osc_h(&m->osc, w->now);
}

noon_err noon_sim_client_init(struct noon_world *w, uint32_t node)
{
	struct noon_sim_machine *m = &w->node[node];
	struct noon_engine_conf conf = m->conf->engine;
	noon_err err;

	conf.start.h0 = now_h(w, m);
	conf.start.corr0 = m->osc.theta0 - m->conf->offset;
	conf.start.slew_end = conf.start.h0;
	m->engine = calloc(1, sizeof(*m->engine));
	if (m->engine == NULL)
		abort();
	err = noon_engine_init(m->engine, &conf);
	return err;
}

/* Minima from a campaign under attack are too large by the attack's delay (17); minima of light, or
 * none, are not affected. */
static void add_poison(const struct noon_world *w, uint32_t path, struct noon_source_conf *conf)
{
	if (conf->minima == NOON_MINIMA_ZERO || conf->minima == NOON_MINIMA_GEOMETRY)
		return;
	for (size_t i = 0; i < w->s->attacks; i++) {
		const struct noon_sim_attack *a = &w->s->attack[i];
		const struct noon_sim_path *p = &w->s->path[path];

		if (a->kind != NOON_ATTACK_CALIBRATION ||
		    (a->client != NOON_SIM_NONE && a->client != p->client) ||
		    (a->server != NOON_SIM_NONE && a->server != p->server))
			continue;
		conf->minima = NOON_MINIMA_MEASURED;
		if (a->direction & NOON_SIM_FORWARD)
			conf->m_f += a->delay;
		if (a->direction & NOON_SIM_REVERSE)
			conf->m_r += a->delay;
	}
}

/* PTP does not poll. */
static void set_poll(struct noon_world *w, struct noon_sim_assoc *a)
{
	struct noon_sim_machine *m = &w->node[a->conf->client];

	if (a->ptp != NULL)
		return;
	noon_ntp_client_set_poll(&a->ntp, noon_engine_next_poll(m->engine, a->source));
}

/* Reschedule every path of a client when the engine wants all of them soon. */
static void set_polls(struct noon_world *w, struct noon_sim_assoc *a, uint32_t poll_requests)
{
	const uint32_t node = a->conf->client;

	set_poll(w, a);
	if (noon_engine_poll_requests(w->node[node].engine) == poll_requests)
		return;
	for (size_t i = 0; i < w->s->paths; i++)
		if (w->s->path[i].client == node && w->assoc[i].up)
			set_poll(w, &w->assoc[i]);
}

noon_err noon_sim_assoc_init(struct noon_world *w, uint32_t path)
{
	struct noon_sim_assoc *a = &w->assoc[path];
	struct noon_sim_machine *m = client_of(w, path);
	struct noon_ntp_client_conf conf = noon_ntp_client_conf_default();
	struct noon_source_conf source = w->s->path[path].source;
	noon_err err;

	a->conf = &w->s->path[path];
	source.require_auth = is_authenticated(a->conf);
	if (a->conf->ptp) {
		source.poll_max = source.poll_min; /* as in daemon/config/config_ptp.c */
		source.burst = 0;
	}
	add_poison(w, path, &source);
	a->m_f = source.m_f;
	a->m_r = source.m_r;
	err = noon_engine_add_source(m->engine, &source, &a->source);
	if (err)
		return err;
	a->up = true;
	if (a->conf->ptp)
		return noon_sim_ptp_init(w, path, a->source);
	conf.rng = &m->rng;
	conf.source = a->source;
	conf.nts = a->conf->nts;
	err = noon_ntp_client_init(&a->ntp, &conf, now_h(w, m));
	if (err) {
		a->up = false;
		return err;
	}
	set_poll(w, a);
	return NOON_OK;
}

static void add_verdicts(struct noon_sim_tally *t, const struct noon_counters *c)
{
	for (size_t i = 0; i < NOON_VERDICTS; i++)
		t->verdicts[i] += c->n[i];
}

void noon_sim_assoc_fini(struct noon_world *w, uint32_t path)
{
	struct noon_sim_assoc *a = &w->assoc[path];

	if (!a->up)
		return;
	noon_sim_ke_fini(&a->ke);
	noon_sim_tunnel_fini(a->tunnel);
	a->tunnel = NULL;
	if (a->conf->ptp)
		noon_sim_ptp_fini(a->ptp);
	else
		noon_ntp_client_fini(&a->ntp);
	free(a->guarding);
	a->up = false;
}

static void count_findings(struct noon_world *w, struct noon_sim_machine *m)
{
	for (size_t i = 0; i < w->findings.n; i++)
		if (w->findings.a[i].kind == NOON_ACTION_FINDING)
			m->tally.findings[w->findings.a[i].finding.kind]++;
	noon_actions_reset(&w->findings);
}

/* Hand a sample to the engine; I4: a refused or alarmed exchange never steps the clock, unless the
 * past was dropped. */
static void on_sample(struct noon_world *w, struct noon_sim_assoc *a, const struct noon_sample *x)
{
	struct noon_sim_machine *m = &w->node[a->conf->client];
	const uint32_t steps = noon_engine_line(m->engine).steps;
	const uint64_t accepted = m->engine->source[a->source].n_accepted;
	const uint32_t poll_requests = noon_engine_poll_requests(m->engine);
	const bool alarm = m->engine->latch.alarm && !m->engine->past_dropped;
	uint32_t stepped;

	m->tally.samples++;
	a->sampled = x->t1;
	noon_machine_event_heard(w, (uint32_t)(a->conf - w->s->path), x);
	if (w->campaign != NULL)
		noon_sim_campaign_note(&w->campaign[a->conf - w->s->path], x);
	if (a->ptp != NULL)
		noon_sim_seekers_sample(w, (uint32_t)(a->conf - w->s->path), x);
	noon_engine_on_sample(m->engine, x, now_h(w, m), &w->findings);
	stepped = noon_engine_line(m->engine).steps - steps;
	m->tally.steps += stepped;
	if (m->engine->source[a->source].n_accepted > accepted)
		m->tally.accepted++;
	else
		m->tally.broken[NOON_I4] += stepped;
	m->tally.broken[NOON_I4] += alarm && stepped > 0;
	set_polls(w, a, poll_requests);
	count_findings(w, m);
}

static void on_miss(struct noon_world *w, struct noon_sim_assoc *a)
{
	struct noon_sim_machine *m = &w->node[a->conf->client];

	m->tally.misses++;
	noon_engine_on_miss(m->engine, a->source, now_h(w, m), &w->findings);
	set_poll(w, a);
	count_findings(w, m);
}

static void tell_sent(struct noon_world *w, uint32_t path, uint32_t token, noon_time sent)
{
	struct noon_sim_assoc *a = &w->assoc[path];

	if (a->ptp != NULL)
		noon_ptp_receiver_on_sent(&a->ptp->rx, token, sent, NOON_STAMP_KERNEL, &w->actions);
	else
		noon_ntp_client_on_sent(&a->ntp, token, sent, NOON_STAMP_KERNEL, &w->actions);
}

static void on_send(struct noon_world *w, uint32_t path, const struct noon_action *action)
{
	struct noon_sim_machine *m = client_of(w, path);
	struct noon_flight *f = noon_sim_flight_new(w, path, 0);
	const noon_time stamp = noon_sim_stamp(m, now_h(w, m));

	f->sent = w->now;
	f->n = action->send.n;
	memcpy(f->buf, action->send.p, f->n);
	m->tally.polls++;
	/* Earlier is safe: it can only widen the interval. */
	f->asked = noon_time_add(stamp, -m->stamp_err);
	tell_sent(w, path, action->token, f->asked);
	noon_sim_tunnel_seal(w, f);
	noon_sim_send(w, f);
}

static void on_connect(struct noon_world *w, uint32_t path)
{
	client_of(w, path)->tally.ke_asked++;
	noon_sim_ke_start(w, path);
}

/* Move the actions to be executed away from those they cause; only those in use, since the array is
 * large. */
static void take_over(struct noon_world *w)
{
	w->doing.n = w->actions.n;
	w->doing.used = w->actions.used;
	memcpy(w->doing.a, w->actions.a, w->actions.n * sizeof(w->actions.a[0]));
	memcpy(w->doing.buf, w->actions.buf, w->actions.used);
	noon_actions_reset(&w->actions);
}

/* Execute the actions of a machine; what they cause is appended. */
static void pump(struct noon_world *w, uint32_t path)
{
	struct noon_sim_assoc *a = &w->assoc[path];

	while (w->actions.n > 0) {
		take_over(w);
		for (size_t i = 0; i < w->doing.n; i++) {
			struct noon_action *action = &w->doing.a[i];

			if (action->kind == NOON_ACTION_SEND) {
				action->send.p = w->doing.buf + (action->send.p - w->actions.buf);
				on_send(w, path, action);
			} else if (action->kind == NOON_ACTION_SAMPLE) {
				on_sample(w, a, &action->sample);
			} else if (action->kind == NOON_ACTION_MISS) {
				on_miss(w, a);
			} else if (action->kind == NOON_ACTION_CONNECT) {
				on_connect(w, path);
			}
		}
	}
}

/* Arm a client's timer for its next deadline. */
static void arm(struct noon_world *w, uint32_t node)
{
	struct noon_sim_machine *m = &w->node[node];
	noon_time next = noon_engine_deadline(m->engine);
	noon_time at;

	for (size_t i = 0; i < w->s->paths; i++)
		if (w->s->path[i].client == node && w->assoc[i].up)
			next = noon_time_min(next, deadline_of(&w->assoc[i]));
	if (noon_time_is_never(next))
		return;
	at = noon_osc_when(&m->osc, next, w->now);
	if (at.ns == m->wake_at.ns && noon_time_before(w->now, at))
		return;
	m->wake_at = at;
	noon_sim_at(w, at, NOON_SIM_WAKE, node, NULL);
}

/* After any event of a client. */
static void settle(struct noon_world *w, uint32_t node)
{
	noon_sim_look(w, node, false);
	arm(w, node);
}

void noon_sim_client_wake(struct noon_world *w, uint32_t node)
{
	struct noon_sim_machine *m = &w->node[node];
	const noon_time h = now_h(w, m);
	bool any = false;

	if (!noon_time_before(h, noon_engine_deadline(m->engine))) {
		noon_engine_on_timer(m->engine, h, &w->findings);
		count_findings(w, m);
		any = true;
	}
	for (uint32_t i = 0; i < w->s->paths; i++) {
		struct noon_sim_assoc *a = &w->assoc[i];

		if (w->s->path[i].client != node || noon_time_before(h, deadline_of(a)))
			continue;
		if (a->ptp != NULL)
			noon_ptp_receiver_on_timer(&a->ptp->rx, h, &w->actions);
		else
			noon_ntp_client_on_timer(&a->ntp, h, &w->actions);
		pump(w, i);
		any = true;
	}
	if (any)
		settle(w, node);
	else
		arm(w, node);
}

/* Whether a sample came from an answer to another request, or to one that already had its sample.
 * The first answer to a request is its answer, whoever sent it. */
static bool is_replay(const struct noon_sim_assoc *a, const struct noon_flight *f,
		      const struct noon_sample *x)
{
	return x->t1.ns == a->sampled.ns || (a->ptp == NULL && x->t1.ns != f->asked.ns);
}

/* I2: a packet made, changed or replayed without the key must not become a sample. */
static void check_forged(struct noon_world *w, const struct noon_flight *f)
{
	const struct noon_sim_assoc *a = &w->assoc[f->path];

	if (!is_authenticated(&w->s->path[f->path]))
		return;
	for (size_t i = 0; i < w->actions.n; i++) {
		const struct noon_action *action = &w->actions.a[i];

		if (action->kind == NOON_ACTION_SAMPLE &&
		    (f->forged || is_replay(a, f, &action->sample)))
			client_of(w, f->path)->tally.broken[NOON_I2]++;
	}
}

void noon_sim_client_arrival(struct noon_world *w, const struct noon_flight *f)
{
	struct noon_sim_machine *m = client_of(w, f->path);
	struct noon_sim_assoc *a = &w->assoc[f->path];
	const noon_time h = now_h(w, m);
	const noon_time at = noon_sim_stamp(m, noon_osc_h(&m->osc, f->arrived));
	const struct noon_rx rx = {
		.data = noon_bytes_of(f->buf, f->n),
		.at = noon_time_min(at, h),
		.now = h,
		.stamp_err = m->stamp_err,
		.stamp = NOON_STAMP_KERNEL,
		.peer = a->ptp != NULL ? noon_sim_ptp_peer() : (struct noon_peer){.n = 0},
	};
	const struct noon_counters before = *counters_of(a);
	struct noon_counters diff;

	if (a->ptp != NULL)
		noon_ptp_receiver_on_packet(&a->ptp->rx, &rx, &w->actions);
	else
		noon_ntp_client_on_packet(&a->ntp, &rx, &w->actions);
	for (size_t i = 0; i < NOON_VERDICTS; i++)
		diff.n[i] = counters_of(a)->n[i] - before.n[i];
	add_verdicts(&m->tally, &diff);
	check_forged(w, f);
	pump(w, f->path);
	settle(w, a->conf->client);
}

void noon_sim_client_ke_done(struct noon_world *w, uint32_t path,
			     const struct noon_nts_session *session)
{
	struct noon_sim_machine *m = client_of(w, path);
	struct noon_sim_assoc *a = &w->assoc[path];
	const noon_time h = now_h(w, m);

	if (session != NULL && noon_ntp_client_set_session(&a->ntp, session, h) == NOON_OK) {
		m->tally.ke_ok++;
	} else {
		m->tally.ke_failed++;
		noon_ntp_client_ke_failed(&a->ntp, h);
	}
	noon_ntp_client_on_timer(&a->ntp, h, &w->actions);
	pump(w, path);
	settle(w, a->conf->client);
}

void noon_sim_client_disrupted(struct noon_world *w, uint32_t node)
{
	struct noon_sim_machine *m = &w->node[node];
	const noon_time h = now_h(w, m);

	noon_engine_on_discontinuity(m->engine, h, NOON_DISCONTINUITY_DISRUPTED, &w->findings);
	count_findings(w, m);
	for (uint32_t i = 0; i < w->s->paths; i++) {
		struct noon_sim_assoc *a = &w->assoc[i];

		if (w->s->path[i].client != node)
			continue;
		/* An outstanding request was sent before: its times are on two scales. */
		if (a->ptp != NULL) {
			noon_ptp_receiver_forget(&a->ptp->rx, h);
			continue;
		}
		set_poll(w, a);
		noon_ntp_client_forget(&a->ntp);
	}
}

void noon_sim_client_restart(struct noon_world *w, uint32_t node)
{
	struct noon_sim_machine *m = &w->node[node];
	noon_err err;

	free(m->engine);
	err = noon_sim_client_init(w, node);
	for (uint32_t i = 0; !err && i < w->s->paths; i++) {
		struct noon_sim_assoc *a = &w->assoc[i];
		struct noon_sim_guarding *g = a->guarding;

		if (w->s->path[i].client != node)
			continue;
		a->guarding = NULL;
		noon_sim_assoc_fini(w, i);
		err = noon_sim_assoc_init(w, i);
		a->guarding = g;
		if (g == NULL)
			continue;
		noon_guard_init(&g->guard, &g->plan);
		noon_engine_set_guard(m->engine, a->source, &g->guard);
	}
	if (err)
		abort(); /* an earlier one succeeded */
	m->kept.bound = NOON_DUR_MAX;
	m->last.has = false;
	m->alarmed = false;
	noon_sim_client_wake(w, node);
}
