/* SPDX-License-Identifier: Apache-2.0
 *
 * Events of an honest machine: it is paused, migrated, or its clock jumps.
 *
 * A paused virtual machine executes nothing. Its packets wait in the host or in the socket and get
 * their receive stamp when it runs again, and its timers fire then. Whether its counter stops
 * meanwhile depends on the hypervisor; a clock that stopped has lost the duration, which here is a
 * jump at the end, since nothing reads it in between.
 */
#include <math.h>

#include "sim/world_priv.h"

void noon_machine_event_init(struct noon_world *w, uint32_t node)
{
	struct noon_machine_event_state *u = &w->node[node].machine_event;

	u->alarm_from = noon_scenario_machine_event_from(w->s, node);
	u->away_since = NOON_DUR_MAX;
}

void noon_machine_event_begin(struct noon_world *w, uint32_t machine_event)
{
	const struct noon_machine_event *conf = &w->s->machine_event[machine_event];
	struct noon_sim_machine *m = &w->node[conf->client];
	struct noon_machine_event_state *u = &m->machine_event;

	u->stopped_at = noon_osc_h(&m->osc, w->now);
	u->resumes = noon_time_add(w->now, conf->duration);
	/* An oscillator starts at a knot, so that its rate is constant from the start. */
	if (conf->kind == NOON_MACHINE_EVENT_MIGRATE)
		u->resumes = noon_osc_knot(&m->osc, u->resumes);
	if (m->tally.event_end == 0) {
		u->err = u->bound = m->tally.away_err = m->tally.away_bound = 0.0;
		m->tally.away_longest = 0;
	}
	m->wake_at = NOON_TIME_NEVER; /* no timer fires before the end */
	if (u->resumes.ns == w->now.ns) {
		noon_machine_event_end(w, machine_event);
		return;
	}
	u->paused = true;
	noon_sim_at(w, u->resumes, NOON_SIM_MACHINE_EVENT_END, machine_event, NULL);
}

/* Apply an event's effect to the clock. */
static void disturb(struct noon_world *w, struct noon_sim_machine *m,
		    const struct noon_machine_event *conf)
{
	noon_dur by = conf->jump;

	if (!conf->runs)
		by -= noon_time_diff(noon_osc_h(&m->osc, w->now), m->machine_event.stopped_at);
	if (by != 0)
		noon_osc_jump(&m->osc, w->now, by);
	if (conf->kind == NOON_MACHINE_EVENT_MIGRATE)
		noon_osc_replace(&m->osc, w->now, &conf->clock);
}

void noon_machine_event_end(struct noon_world *w, uint32_t machine_event)
{
	const struct noon_machine_event *conf = &w->s->machine_event[machine_event];
	struct noon_sim_machine *m = &w->node[conf->client];
	struct noon_machine_event_state *u = &m->machine_event;

	u->paused = false;
	m->tally.event_end = noon_time_diff(w->now, w->start);
	if (u->ok)
		m->tally.ok_again = 0;
	disturb(w, m, conf);
	/* A reader of the page does not extrapolate an earlier reading: its clock was disturbed
	 * too. */
	m->kept.bound = NOON_DUR_MAX;
	m->last.has = false;
	u->from_h = noon_osc_h(&m->osc, w->now);
	u->heard = 0;
	u->blind = !conf->noticed && !(conf->kind == NOON_MACHINE_EVENT_PAUSE && conf->runs);
	if (conf->noticed)
		noon_sim_client_disrupted(w, conf->client);
	noon_sim_look(w, conf->client, false);
	noon_sim_client_wake(w, conf->client);
}

/* Return the machine that an event of the queue concerns; NOON_SIM_NONE: none. */
static uint32_t machine_of(const struct noon_world *w, const struct noon_sim_event *e)
{
	const struct noon_sim_path *p = w->s->path;

	switch ((enum noon_sim_event_kind)e->kind) {
	case NOON_SIM_ARRIVAL: {
		const struct noon_flight *f = e->what;

		return f->dir == 0 ? p[f->path].server : p[f->path].client;
	}
	case NOON_SIM_KE_BYTES:
		return noon_sim_ke_side(e->what) == 0 ? p[e->who].server : p[e->who].client;
	case NOON_SIM_KE_LIMIT:
	case NOON_SIM_KE_HANDED:
		return p[e->who].client;
	case NOON_SIM_TRANSMIT:
	case NOON_SIM_SENT:
		return p[e->who].server;
	case NOON_SIM_WAKE: /* one that is due while the machine is paused is void */
	case NOON_SIM_LOOK:
	case NOON_SIM_SWITCH_ON:
	case NOON_SIM_SWITCH_OFF:
	case NOON_SIM_SEEK:
	case NOON_SIM_MACHINE_EVENT_BEGIN:
	case NOON_SIM_MACHINE_EVENT_END:
		break;
	}
	return NOON_SIM_NONE;
}

bool noon_machine_event_defers(struct noon_world *w, const struct noon_sim_event *e)
{
	const uint32_t node = w->s->machine_events > 0 ? machine_of(w, e) : NOON_SIM_NONE;
	const struct noon_machine_event_state *u;

	if (node == NOON_SIM_NONE || !w->node[node].machine_event.paused)
		return false;
	u = &w->node[node].machine_event;
	if (e->kind == NOON_SIM_ARRIVAL) {
		struct noon_flight *f = e->what;

		f->arrived = u->resumes;
	}
	noon_sim_at(w, u->resumes, (enum noon_sim_event_kind)e->kind, e->who, e->what);
	return true;
}

/* Return how many sources of a client may lie. */
static unsigned liars_of(const struct noon_world *w, uint32_t node)
{
	const int stated = w->s->node[node].engine.max_liars;
	unsigned n = 0;

	if (stated >= 0)
		return (unsigned)stated;
	for (size_t i = 0; i < w->s->paths; i++)
		n += w->s->path[i].client == node && !w->s->path[i].source.noselect;
	return n > 0 ? (n - 1) / 2 : 0;
}

/* Whether a server reports a time that differs from its own clock. */
static bool is_lying(const struct noon_world *w, uint32_t server)
{
	const noon_dur since = noon_time_diff(w->now, w->start);

	for (size_t i = 0; i < w->s->attacks; i++) {
		const struct noon_sim_attack *a = &w->s->attack[i];
		const bool lies = a->kind == NOON_ATTACK_LIE || a->kind == NOON_ATTACK_SMEAR ||
				  (a->kind == NOON_ATTACK_SERVER_STEP &&
				   noon_dur_abs(a->offset) > 2 * w->s->node[server].local_bound);

		if (lies && noon_sim_is_about(a, server, since))
			return true;
	}
	return false;
}

/* As long as no more sources contradict the past than may lie, a client must keep the past. A liar
 * may hide what happened. */
void noon_machine_event_heard(struct noon_world *w, uint32_t path, const struct noon_sample *x)
{
	const uint32_t node = w->s->path[path].client;
	struct noon_machine_event_state *u = &w->node[node].machine_event;
	unsigned n = 0;

	if (!u->blind || noon_time_before(x->t1, u->from_h) || is_lying(w, w->s->path[path].server))
		return;
	u->heard |= UINT64_C(1) << path;
	for (uint64_t bits = u->heard; bits != 0; bits &= bits - 1)
		n++;
	u->blind = n <= liars_of(w, node);
}

void noon_machine_event_look(struct noon_world *w, struct noon_sim_machine *m,
			     const struct noon_reading *r, double err, bool even)
{
	const noon_dur since = noon_time_diff(w->now, w->start);
	struct noon_machine_event_state *u = &m->machine_event;
	struct noon_sim_tally *t = &m->tally;
	const bool ok = r->state == NOON_STATE_OK;

	if (t->synced_after == NOON_DUR_MAX)
		return;
	u->err = fmax(u->err, fabs(err));
	if (r->bound != NOON_DUR_MAX)
		u->bound = fmax(u->bound, (double)r->bound);
	if (!ok || !u->ok || u->blind) {
		t->away_err = u->err;
		t->away_bound = u->bound;
	}
	if (!ok) {
		u->away_since = since < u->away_since ? since : u->away_since;
		t->ok_again = NOON_DUR_MAX;
		t->n_after = 0;
		t->after_sq = 0.0;
	} else if (!u->ok) {
		t->ok_again = since - t->event_end;
	}
	if (u->away_since != NOON_DUR_MAX && since - u->away_since > t->away_longest)
		t->away_longest = since - u->away_since;
	if (ok)
		u->away_since = NOON_DUR_MAX;
	if (ok && even) {
		t->n_after++;
		t->after_sq += err * err;
	}
	u->ok = ok;
}
