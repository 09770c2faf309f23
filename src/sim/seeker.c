/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/seeker.h"

#include <math.h>
#include <string.h>

#include "estimate/bound/minima.h"
#include "sim/world_priv.h"
#include "wire/ntp.h"

#define NTP_MODE_BROADCAST 5

/* The clock and the truth are read to a nanosecond. */
#define SLACK_NS 1.0

noon_dur noon_sim_seeker_limit(const struct noon_scenario *s, size_t seeker)
{
	return s->node[s->path[s->seeker[seeker].path].client].engine.alert_limit;
}

static void fail(struct noon_sim_compliance *c, unsigned condition, const char *why)
{
	c->met[condition - 1] = false;
	c->why[condition - 1] = why;
}

/* How much shorter a path of light is than the assumed one, ns. */
static noon_dur slack_of(const struct noon_scenario *s, const struct noon_sim_seeker_conf *k)
{
	noon_dur most = 0;

	for (int dir = 0; dir < 2; dir++) {
		const noon_dur light =
			noon_minimum_from_distance(s->path[k->path].link[dir].length_m);
		const noon_dur slack = k->model[dir] - light;

		/* With one way only, only the path from the server has an assumed delay. */
		if (slack > most && (dir == 1 || !k->listens))
			most = slack;
	}
	return most;
}

struct noon_sim_compliance noon_sim_seeker_compliance(const struct noon_scenario *s, size_t seeker)
{
	const struct noon_sim_seeker_conf *k = &s->seeker[seeker];
	const noon_dur limit = noon_sim_seeker_limit(s, seeker);
	struct noon_sim_compliance c = {.met = {true, true, true}};

	if (k->predictable)
		fail(&c, 1, "is not met: its signal can be guessed and nothing is authenticated");
	if (slack_of(s, k) > limit)
		fail(&c, 2, "is not met: the path can be shortened by more than the limit");
	if (k->listens)
		fail(&c, 3,
		     "cannot be met: nothing goes back, so there is no round trip to measure");
	else if (k->threshold >= limit)
		fail(&c, 3,
		     "is not met: the threshold that what is known of the round trip allows is "
		     "not below the limit");
	return c;
}

static struct noon_sim_machine *machine_of(struct noon_world *w, const struct noon_sim_seeker *k)
{
	return &w->node[w->s->path[k->conf->path].client];
}

static struct noon_sim_paper *paper_of(struct noon_world *w, const struct noon_sim_seeker *k)
{
	return &machine_of(w, k)->tally.paper;
}

void noon_sim_seeker_init(struct noon_world *w, uint32_t i)
{
	struct noon_sim_seeker *k = &w->seeker[i];
	const struct noon_sim_compliance c = noon_sim_seeker_compliance(w->s, i);

	k->conf = &w->s->seeker[i];
	k->rng = noon_rng_seeded(noon_rng_u64(&w->rng));
	for (int n = 0; n < 3; n++)
		paper_of(w, k)->noncompliant[n] += !c.met[n];
	if (!w->s->path[k->conf->path].ptp)
		noon_sim_at(w, noon_time_add(w->start, k->conf->every), NOON_SIM_SEEK, i, NULL);
}

static noon_time h_of(struct noon_world *w, const struct noon_sim_seeker *k, noon_time t)
{
	struct noon_sim_machine *m = machine_of(w, k);

	return noon_sim_stamp(m, noon_osc_h(&m->osc, t));
}

/* Send an NTP header, tagged as a seeker's. */
static void send(struct noon_world *w, uint32_t i, unsigned dir, const struct noon_ntp_header *h)
{
	struct noon_flight *f = noon_sim_flight_new(w, w->seeker[i].conf->path, dir);
	struct noon_wr wr = noon_wr_over(f->buf, sizeof(f->buf));

	(void)!noon_ntp_header_put(&wr, h); /* there is room */
	f->n = noon_wr_len(&wr);
	f->seeker = i + 1;
	f->sent = w->now;
	noon_sim_send(w, f);
}

static void ask(struct noon_world *w, uint32_t i)
{
	struct noon_sim_seeker *k = &w->seeker[i];
	const struct noon_ntp_header h = {
		.version = NOON_NTP_VERSION,
		.mode = NOON_NTP_MODE_CLIENT,
		.transmit = k->conf->predictable ? ++k->counter : noon_rng_u64(&k->rng),
	};

	k->asked = true;
	k->signal = h.transmit;
	k->t1 = h_of(w, k, w->now);
	send(w, i, 0, &h);
}

/* The server's own schedule: it sends its time to all listeners. */
static void broadcast(struct noon_world *w, uint32_t i)
{
	const uint32_t server = w->s->path[w->seeker[i].conf->path].server;
	const struct noon_ntp_header h = {
		.version = NOON_NTP_VERSION,
		.mode = NTP_MODE_BROADCAST,
		.stratum = w->node[server].conf->stratum,
		.transmit = noon_ntp_ts_from_time(noon_sim_server_time(w, server, w->now)),
	};

	send(w, i, 1, &h);
}

void noon_sim_seeker_wake(struct noon_world *w, uint32_t i)
{
	const struct noon_sim_seeker_conf *conf = w->seeker[i].conf;

	if (conf->listens)
		broadcast(w, i);
	else
		ask(w, i);
	noon_sim_at(w, noon_time_add(w->now, conf->every), NOON_SIM_SEEK, i, NULL);
}

static noon_time time_of(noon_ntp_ts ts)
{
	return noon_ntp_ts_to_time(ts, NOON_NTP_ERA_PIVOT);
}

/* Take an exchange: equation (4), with the sign of docs/units.md, and station A's test, z_RTT =
 * (t4 - t1) - (t3 - t2) against bar tau_RTT (the paper, section V). */
static void take(struct noon_world *w, struct noon_sim_seeker *k, const struct noon_sample *x)
{
	struct noon_sim_paper *p = paper_of(w, k);
	noon_dur off;

	k->has = true;
	k->offset = noon_time_diff(x->t3, x->t4) + k->conf->model[1];
	p->exchanges++;
	if (k->conf->listens)
		return;
	off = noon_dur_abs(noon_sample_rtt(x) - k->conf->model[0] - k->conf->model[1]);
	k->declared = off > k->conf->threshold;
	p->max_rtt = fmax(p->max_rtt, (double)off);
}

/* Condition 1 as the paper has it: what is not from the server, or answers no request, is refused.
 * Only the signal shows that an attacker made the request. */
static bool is_refused(const struct noon_sim_seeker *k, const struct noon_flight *f,
		       const struct noon_ntp_header *h)
{
	if (f->forged && !f->prompted && !k->conf->predictable)
		return true;
	if (k->conf->listens)
		return h->mode != NTP_MODE_BROADCAST;
	return h->mode != NOON_NTP_MODE_SERVER || !k->asked || h->origin != k->signal;
}

void noon_sim_seeker_arrival(struct noon_world *w, const struct noon_flight *f)
{
	struct noon_sim_seeker *k = &w->seeker[f->seeker - 1];
	struct noon_rd rd = noon_rd_over(f->buf, f->n);
	struct noon_ntp_header h;
	struct noon_sample x;

	if (noon_ntp_header_get(&rd, &h) || is_refused(k, f, &h))
		return;
	k->asked = false;
	x = (struct noon_sample){
		.t1 = k->t1,
		.t2 = time_of(h.receive),
		.t3 = time_of(h.transmit),
		.t4 = h_of(w, k, f->arrived),
	};
	take(w, k, &x);
	paper_of(w, k)->forged += f->forged;
}

void noon_sim_seekers_sample(struct noon_world *w, uint32_t path, const struct noon_sample *x)
{
	for (uint32_t i = 0; i < w->s->seekers; i++)
		if (w->s->seeker[i].path == path)
			take(w, &w->seeker[i], x);
}

/* Collaborative verification (III-D): the participants compare their clocks over a channel without
 * attackers. One that is off by more declares an attack, whichever of the two is wrong. */
static void cross_check(const struct noon_world *w, struct noon_sim_seeker *k)
{
	k->disagrees = false;
	for (uint32_t i = 0; i < w->s->seekers; i++) {
		const struct noon_sim_seeker *other = &w->seeker[i];

		if (k->conf->agreement > 0 && other->conf->agreement > 0 && k->has && other->has)
			k->disagrees |=
				fabs(k->err - other->err) > (double)k->conf->agreement + SLACK_NS;
	}
}

static void judge(struct noon_world *w, uint32_t i)
{
	struct noon_sim_seeker *k = &w->seeker[i];
	struct noon_sim_paper *p = paper_of(w, k);
	const double err = fabs(k->err);
	const bool over = err > (double)noon_sim_seeker_limit(w->s, i) + SLACK_NS;
	const bool declared = k->declared || k->disagrees;

	if (!k->has)
		return;
	p->max_err = fmax(p->max_err, err);
	p->end_err = err;
	p->declared += declared;
	p->compromised += over;
	p->undetected += over && !declared;
}

void noon_sim_seekers_look(struct noon_world *w)
{
	for (uint32_t i = 0; i < w->s->seekers; i++) {
		struct noon_sim_seeker *k = &w->seeker[i];

		k->err = noon_sim_error_of(w, machine_of(w, k), k->offset);
	}
	for (uint32_t i = 0; i < w->s->seekers; i++) {
		cross_check(w, &w->seeker[i]);
		judge(w, i);
	}
}
