/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define EPOCH	     INT64_C(1790000000000000000)
#define H_AT_START   INT64_C(123456789012345)
#define LOOK_AHEAD_S 100.0 /* the longest delay of a packet */

static double slow_sine_ppm(const struct oscillator *osc, double t)
{
	double wave;

	if (!(osc->sine_s > 0.0))
		return 0.0;
	wave = sin(6.283185307179586 * t / osc->sine_s);
	return osc->sine_ppm * (osc->square ? copysign(1.0, wave) : wave);
}

/* Lay the oscillator out until `end` seconds. */
static void lay_out(struct world *w, double end)
{
	const struct oscillator *osc = &w->osc;

	for (; w->laid < end && w->laid < WORLD_SECONDS; w->laid++) {
		const double ppm = osc->rate_ppm + w->walked_ppm + slow_sine_ppm(osc, w->laid);

		w->x[w->laid + 1] = w->x[w->laid] + ppm * 1e3;
		w->walked_ppm += osc->walk * 1e6 * noon_rng_gauss(&w->osc_rng);
		if (osc->limit_ppm > 0.0 && fabs(w->walked_ppm) > osc->limit_ppm)
			w->walked_ppm =
				copysign(2.0 * osc->limit_ppm - fabs(w->walked_ppm), w->walked_ppm);
	}
}

struct noon_engine_conf world_conf(void)
{
	struct noon_engine_conf conf = noon_engine_conf_default();

	conf.alert_limit = NOON_MS(1);
	conf.wander = 1e-6;
	return conf;
}

struct world *world_new(uint64_t seed, const struct noon_engine_conf *conf,
			const struct oscillator *osc, noon_dur c_error)
{
	struct world *w = calloc(1, sizeof(*w));
	struct noon_engine_conf c = *conf;

	assert(w);
	w->rng = noon_rng_seeded(seed);
	w->h0 = w->h = (noon_time){H_AT_START};
	w->theta0 = EPOCH - H_AT_START;
	w->over_ns = 1e5;
	w->kept.bound = NOON_DUR_MAX;
	w->osc = *osc;
	w->osc_rng = noon_rng_seeded(~seed);
	lay_out(w, 1.0);
	c.start.h0 = w->h0;
	c.start.corr0 = w->theta0 - c_error;
	if (noon_engine_init(&w->engine, &c))
		abort();
	world_watch(w);
	return w;
}

struct server server_typical(void)
{
	return (struct server){
		.conf = noon_source_conf_default(),
		.there = {.least_ns = 1e5, .jitter_ns = 1e5},
		.back = {.least_ns = 1e5, .jitter_ns = 1e5},
		.stamp_ns = 100,
		.stamp_err = 700,
		.server_err = 1000,
		.layover = 50000,
		.time_out = NOON_S(1),
	};
}

struct server server_hardware(void)
{
	struct server s = server_typical();

	s.there = s.back = (struct path){.least_ns = 5000, .jitter_ns = 5};
	s.conf.m_f = s.conf.m_r = 4990;
	s.conf.minima = NOON_MINIMA_SURVEYED;
	s.conf.poll_min = 0;
	s.conf.poll_max = 4;
	s.stamp_ns = 10;
	s.stamp_err = 64;
	s.server_err = 50;
	return s;
}

unsigned world_add(struct world *w, const struct server *s)
{
	struct server *mine = &w->server[w->servers];

	*mine = *s;
	if (noon_engine_add_source(&w->engine, &s->conf, &mine->index))
		abort();
	mine->next_poll = noon_time_add(w->h, NOON_MS(10) * (w->servers + 1));
	return w->servers++;
}

double world_x(const struct world *w, noon_time h)
{
	const int64_t since = h.ns - w->h0.ns;
	const int64_t i = since / NOON_NS_PER_SEC;
	const double part = (double)(since % NOON_NS_PER_SEC) / 1e9;

	assert(since >= 0 && i < w->laid);
	return w->x[i] + (w->x[i + 1] - w->x[i]) * part;
}

double world_error(const struct world *w, noon_time h)
{
	const struct noon_line line = noon_engine_line(&w->engine);

	return world_x(w, h) - (double)(noon_line_at(&line, h) - w->theta0);
}

void world_watch(struct world *w)
{
	w->tally = (struct tally){.first_alarm = NOON_TIME_NEVER, .last_over = w->h};
}

double world_rms(const struct world *w)
{
	const struct tally *t = &w->tally;
	const uint64_t n = t->in_state[0] + t->in_state[1] + t->in_state[2] + t->in_state[3];

	return sqrt(t->sum_sq / (double)(n ? n : 1));
}

struct noon_reading world_reading(const struct world *w)
{
	struct noon_reading r;

	noon_engine_reading(&w->engine, w->h, &r);
	return r;
}

/* Carry an old reading on by its rates, as somebody does who only reads a page. */
static bool is_stale_true(const struct world *w, const struct noon_reading *r)
{
	const double span = (double)noon_time_diff(w->h, r->h);
	const double x = world_x(w, w->h);
	const double mid = (double)(r->corr - w->theta0);

	if (r->bound == NOON_DUR_MAX || w->h.ns > r->rates_until.ns)
		return true;
	return x >= mid + (double)r->lower + r->lower_rate * span - 2.0 &&
	       x <= mid + (double)r->upper + r->upper_rate * span + 2.0;
}

static void check(struct world *w, bool full_second)
{
	struct tally *t = &w->tally;
	const struct noon_reading r = world_reading(w);
	const double err = world_error(w, w->h);
	/* The truth is known to a nanosecond: its own rounding and that of the line. */
	const double slack = 1.0;

	t->checks++;
	if (r.bound != NOON_DUR_MAX) {
		t->violations += fabs(err) > (double)r.bound + slack;
		t->outside += err < (double)r.lower - slack || err > (double)r.upper + slack;
	}
	t->stale += !is_stale_true(w, &w->kept);
	if (noon_time_diff(w->h, w->kept.h) > NOON_S(600) || w->kept.bound == NOON_DUR_MAX)
		w->kept = r;
	t->harmed += (r.state == NOON_STATE_OK || r.state == NOON_STATE_HOLDOVER) &&
		     fabs(err) > (double)w->engine.conf.alert_limit + slack;
	if (r.state == NOON_STATE_ALARM && noon_time_is_never(t->first_alarm)) {
		t->first_alarm = w->h;
		t->err_at_alarm = err;
	}
	if (!full_second)
		return;
	t->in_state[r.state]++;
	t->sum_sq += err * err;
	t->max_ns = fmax(t->max_ns, fabs(err));
	if (r.bound != NOON_DUR_MAX) {
		t->bound_sum += (double)r.bound;
		t->bound_max = fmax(t->bound_max, (double)r.bound);
	}
	if (fabs(err) > w->over_ns)
		t->last_over = w->h;
	if (w->loud && (w->h.ns - w->h0.ns) / NOON_NS_PER_SEC % 60 == 0)
		printf("# %6.0f s %-14s err %10.0f ns bound %10.0f ns poll %d fit %zu\n",
		       (double)(w->h.ns - w->h0.ns) / 1e9, noon_state_word(r.state), err,
		       (double)r.bound, w->engine.source[0].schedule.poll,
		       w->engine.source[0].fit.used);
}

static void count(struct world *w, const struct noon_actions *as)
{
	for (size_t i = 0; i < as->n; i++)
		if (as->a[i].kind == NOON_ACTION_FINDING)
			w->tally.findings[as->a[i].finding.kind]++;
}

static double stamp_noise(struct world *w, const struct server *s)
{
	return s->stamp_ns * fmax(-3.0, fmin(3.0, noon_rng_gauss(&w->rng)));
}

static bool travel(struct world *w, unsigned i, unsigned dir, double *ret_ns)
{
	const struct path *p = dir == 0 ? &w->server[i].there : &w->server[i].back;

	*ret_ns = p->least_ns + p->jitter_ns * noon_rng_exp(&w->rng);
	if (noon_rng_unit(&w->rng) < p->loss)
		return false;
	return !w->attack || w->attack(w, i, dir, ret_ns);
}

/* Find h with UTC(h) = utc_ns after the truth at w->h. */
static noon_time after(const struct world *w, double utc_ns)
{
	double h = utc_ns;

	for (int k = 0; k < 3; k++) {
		const noon_time at = noon_time_add(w->h, (noon_dur)llround(h));

		h = utc_ns - (world_x(w, at) - world_x(w, w->h));
	}
	return noon_time_add(w->h, (noon_dur)llround(h));
}

/* Send a poll. The reply, if one comes in time, waits in flight until its t4. */
static void poll_server(struct world *w, unsigned i)
{
	struct server *s = &w->server[i];
	const int64_t utc = w->h.ns + w->theta0 + llround(world_x(w, w->h));
	double d_f = 0.0, d_r = 0.0;
	const bool there = travel(w, i, 0, &d_f);
	const bool back = travel(w, i, 1, &d_r);
	const double lie = w->lie ? w->lie(w, i) : 0.0;
	const noon_time arrival = after(w, d_f + (double)s->layover + d_r);
	struct noon_sample *x = &s->reply;

	s->in_flight = there && back && noon_time_diff(arrival, w->h) <= s->time_out;
	*x = (struct noon_sample){
		.t1 = {w->h.ns + llround(stamp_noise(w, s))},
		.t2 = {utc + llround(d_f + lie + stamp_noise(w, s))},
		.t3 = {utc + s->layover + llround(d_f + lie + stamp_noise(w, s))},
		.t4 = {arrival.ns + llround(stamp_noise(w, s))},
		.stamp_err = s->stamp_err,
		.server_err = s->server_err,
		.source = s->index,
		.stratum = 1,
		.authenticated = true,
	};
	if (x->t3.ns < x->t2.ns)
		x->t3 = x->t2;
	s->next_poll = NOON_TIME_NEVER;
	if (!s->in_flight)
		x->t4 = noon_time_add(w->h, s->time_out);
	s->next_poll = noon_time_add(x->t4, 50000); /* when the engine hears of it */
}

/* Poll the others as soon as the engine wants it now. */
static void request_polls(struct world *w)
{
	for (unsigned i = 0; i < w->servers; i++) {
		struct server *s = &w->server[i];

		if (s->reply.t4.ns <= H_AT_START)
			s->next_poll = noon_time_min(
				s->next_poll,
				noon_time_add(w->h, noon_engine_next_poll(&w->engine, s->index)));
	}
}

static void hear(struct world *w, unsigned i)
{
	const uint32_t poll_requests = noon_engine_poll_requests(&w->engine);
	struct server *s = &w->server[i];
	struct noon_actions *as = &w->actions;

	noon_actions_reset(as);
	if (s->in_flight)
		noon_engine_on_sample(&w->engine, &s->reply, w->h, as);
	else
		noon_engine_on_miss(&w->engine, s->index, w->h, as);
	count(w, as);
	s->in_flight = false;
	s->reply.t4 = NOON_TIME_FIRST;
	s->next_poll = noon_time_add(w->h, noon_engine_next_poll(&w->engine, s->index));
	if (noon_engine_poll_requests(&w->engine) != poll_requests)
		request_polls(w);
}

/* Do what is due at w->h for one server: its poll is sent, or its outcome is heard. */
static void serve(struct world *w, unsigned i)
{
	struct server *s = &w->server[i];

	if (noon_time_before(w->h, s->next_poll))
		return;
	if (s->reply.t4.ns > H_AT_START)
		hear(w, i);
	else
		poll_server(w, i);
	check(w, false);
}

static void ring(struct world *w)
{
	struct noon_actions *as = &w->actions;

	if (noon_time_before(w->h, noon_engine_deadline(&w->engine)))
		return;
	noon_actions_reset(as);
	noon_engine_on_timer(&w->engine, w->h, as);
	count(w, as);
	check(w, false);
}

void world_run(struct world *w, double seconds)
{
	const noon_time end = noon_time_add(w->h, noon_dur_from_s(seconds));

	lay_out(w, noon_dur_to_s(end.ns - w->h0.ns) + LOOK_AHEAD_S);
	while (noon_time_before(w->h, end)) {
		const int64_t since = w->h.ns - w->h0.ns;
		const noon_time second = {w->h0.ns +
					  (since / NOON_NS_PER_SEC + 1) * NOON_NS_PER_SEC};
		noon_time next = noon_time_min(end, second);

		for (unsigned i = 0; i < w->servers; i++)
			next = noon_time_min(next, w->server[i].next_poll);
		if (noon_time_before(w->h, noon_engine_deadline(&w->engine)))
			next = noon_time_min(next, noon_engine_deadline(&w->engine));
		w->h = next.ns > w->h.ns ? next : w->h;
		ring(w);
		for (unsigned i = 0; i < w->servers; i++)
			serve(w, i);
		if (next.ns == second.ns)
			check(w, true);
	}
}
