/* SPDX-License-Identifier: Apache-2.0
 *
 * A server: proto/ntp_server behind a clock that may be wrong or lie.
 *
 * A server that is a client as well serves its own disciplined clock with its own bound, as the
 * daemon does.
 */
#include <math.h>
#include <string.h>

#include "sim/world_priv.h"

#define REF_ID	NOON_KISS('S', 'I', 'M', 0)
#define DAY_NS	86400e9
#define LEAP_NS 1e9

/* Return log2 of the least power of two s that covers the greatest error of a stamp. */
static int8_t precision_of(const struct noon_sim_machine *m)
{
	const double s = fmax((double)m->noise_ns, 1.0) / 1e9;

	return (int8_t)fmax(ceil(log2(s)), -29.0);
}

noon_err noon_sim_server_init(struct noon_world *w, uint32_t node)
{
	struct noon_sim_machine *m = &w->node[node];
	struct noon_secret_nts_master master;
	noon_err err;

	noon_rng_fill(&m->rng, &master, sizeof(master));
	err = noon_nts_keys_init(&m->keys, &master, m->conf->rotate);
	if (err)
		return err;
	m->keys_up = true;
	err = noon_nts_keys_rotate(&m->keys, w->now);
	err = err ? err : noon_ntp_server_init(&m->server, &m->rng, &m->keys);
	m->server_up = !err;
	m->server.clock = (struct noon_ntp_server_clock){
		.has_time = true,
		.stratum = m->conf->stratum,
		.precision = precision_of(m),
		.root_disp = m->conf->local_bound,
		.ref_id = REF_ID,
	};
	return err;
}

void noon_sim_server_fini(struct noon_sim_machine *m)
{
	if (m->server_up)
		noon_ntp_server_fini(&m->server);
	if (m->keys_up)
		noon_nts_keys_fini(&m->keys);
	m->server_up = m->keys_up = false;
}

/* What one attack adds to a server's clock, ns. */
static double lie_of(const struct noon_sim_attack *a, double since_ns)
{
	if (a->kind == NOON_ATTACK_LIE)
		return (double)a->offset + a->ramp * since_ns;
	if (a->kind == NOON_ATTACK_SERVER_STEP)
		return (double)a->offset;
	if (a->kind == NOON_ATTACK_LEAP)
		return LEAP_NS;
	if (a->kind == NOON_ATTACK_SMEAR)
		return LEAP_NS * fmin(since_ns / DAY_NS, 1.0);
	return 0.0;
}

bool noon_sim_is_about(const struct noon_sim_attack *a, uint32_t node, noon_dur since)
{
	return (a->server == NOON_SIM_NONE || a->server == node) && since >= a->from &&
	       since < a->until;
}

noon_dur noon_sim_server_error(struct noon_world *w, uint32_t node, noon_time t)
{
	const struct noon_sim_machine *m = &w->node[node];
	const noon_dur since = noon_time_diff(t, w->start);
	double ns = m->conf->client ? 0.0 : (double)m->conf->offset;

	for (size_t i = 0; i < w->s->attacks; i++) {
		const struct noon_sim_attack *a = &w->s->attack[i];

		if (noon_sim_is_about(a, node, since))
			ns += lie_of(a, (double)(since - a->from));
	}
	return (noon_dur)llround(ns);
}

/* How much earlier than true the server claims the request came, ns. */
static noon_dur layover_lie(const struct noon_world *w, uint32_t node, noon_time t)
{
	const noon_dur since = noon_time_diff(t, w->start);
	noon_dur ns = 0;

	for (size_t i = 0; i < w->s->attacks; i++) {
		const struct noon_sim_attack *a = &w->s->attack[i];

		if (a->kind == NOON_ATTACK_LAYOVER_LIE && noon_sim_is_about(a, node, since))
			ns += a->offset;
	}
	return ns;
}

noon_time noon_sim_server_time(struct noon_world *w, uint32_t node, noon_time t)
{
	struct noon_sim_machine *m = &w->node[node];
	const noon_dur off = noon_sim_server_error(w, node, t);
	struct noon_line line;
	noon_time h;

	if (m->engine == NULL) {
		h = noon_time_add(noon_sim_stamp(m, t), off);
		return noon_time_add(h, noon_sim_leap_shift(w, h));
	}
	line = noon_engine_line(m->engine);
	h = noon_osc_h(&m->osc, t);
	return noon_time_add(noon_sim_stamp(m, noon_time_add(h, noon_line_at(&line, h))), off);
}

/* A server with sources reports its own reading. */
static void renew_clock(struct noon_world *w, struct noon_sim_machine *m, noon_dur ahead)
{
	struct noon_ntp_server_clock *c = &m->server.clock;
	struct noon_reading r;

	if (m->engine == NULL)
		return;
	noon_engine_reading(m->engine, noon_osc_h(&m->osc, w->now), &r);
	c->has_time = r.certain && noon_sat_add(r.bound, r.hidden) <= NOON_SIM_SERVE_LIMIT;
	c->leap = r.leap;
	if (!c->has_time)
		return;
	c->root_disp = noon_sat_add(r.bound, noon_dur_scale_out(ahead, r.rate_bound));
	c->root_disp = noon_sat_add(c->root_disp, 2);
}

bool noon_sim_server_answer(struct noon_world *w, uint32_t node, struct noon_bytes request,
			    noon_time arrived, noon_dur layover, noon_dur off,
			    struct noon_flight *f)
{
	struct noon_sim_machine *m = &w->node[node];
	const noon_time leaves = noon_time_add(arrived, layover);
	noon_time received = noon_time_add(noon_sim_server_time(w, node, arrived), off);
	noon_time transmit = noon_time_add(noon_sim_server_time(w, node, leaves), off);
	struct noon_wr wr = noon_wr_over(f->buf, NOON_NTP_PACKET_MAX);

	received = noon_time_add(received, -layover_lie(w, node, arrived));
	if (noon_time_before(transmit, received))
		transmit = received;
	if (noon_nts_keys_rotate(&m->keys, arrived))
		return false;
	m->server.clock.leap = noon_sim_leap_said(w, node, arrived);
	renew_clock(w, m, layover);
	m->server.clock.reference = received;
	(void)noon_ntp_server_reply(&m->server, request, received, transmit, &wr);
	f->sent = leaves;
	f->n = noon_wr_len(&wr);
	return f->n > 0;
}

void noon_sim_server_arrival(struct noon_world *w, const struct noon_flight *f)
{
	const uint32_t node = w->s->path[f->path].server;
	struct noon_sim_machine *m = &w->node[node];
	struct noon_flight *reply = noon_sim_flight_new(w, f->path, 1);

	/* An answer to a changed request does not answer the client's own. */
	reply->forged = f->forged;
	reply->prompted = f->forged;
	reply->asked = f->asked;
	reply->seeker = f->seeker;
	if (noon_sim_server_answer(w, node, noon_bytes_of(f->buf, f->n), f->arrived,
				   m->conf->layover, 0, reply))
		noon_sim_send(w, reply);
	else
		noon_sim_flight_free(w, reply);
}
