/* SPDX-License-Identifier: Apache-2.0
 *
 * A guessed request (paper, IV-A1a): an attacker who can predict the next request sends it early.
 *
 * The server answers earlier by as much, and the answer is held by as much: the round-trip time is
 * the usual one, and the time in the answer is early. The guess replaces the request. It
 * extrapolates the last two requests: their distance in time, and the difference of their signals
 * (the transmit timestamp of NTP).
 */
#include "sim/world_priv.h"

#define SIGNAL_AT 40
#define SIGNAL_N  8

static uint64_t signal_of(const struct noon_flight *f)
{
	uint64_t v = 0;

	for (size_t i = 0; i < SIGNAL_N; i++)
		v = v << 8 | f->buf[SIGNAL_AT + i];
	return v;
}

static void set_signal(struct noon_flight *f, uint64_t v)
{
	for (size_t i = SIGNAL_N; i-- > 0; v >>= 8)
		f->buf[SIGNAL_AT + i] = (uint8_t)v;
}

/* Send the predicted request of `at`, earlier by the attack's delay. */
static void ask_before(struct noon_world *w, struct noon_sim_attacker *a,
		       const struct noon_flight *f, noon_time at, uint64_t signal)
{
	const struct noon_net_link_conf *l = &w->s->path[f->path].link[0];
	const noon_time sent = noon_time_add(at, -a->conf->delay);
	const noon_dur since = noon_time_diff(sent, w->start);
	struct noon_flight *early = noon_sim_flight_new(w, f->path, 0);

	*early = *f;
	early->forged = true;
	early->sent = sent;
	early->lost = false;
	early->delay_ns = noon_net_link_draw(l, since, f->n, &a->rng).delay_ns;
	set_signal(early, signal);
	noon_sim_launch(w, early);
}

void noon_sim_guess(struct noon_world *w, struct noon_sim_attacker *a, struct noon_flight *f)
{
	struct noon_sim_guess *g = &a->guess[f->path][f->seeker > 0];
	uint64_t signal;
	noon_time next;

	if (f->dir == 1 && f->forged)
		f->delay_ns += (double)a->conf->delay;
	if (f->dir == 1 || f->forged || f->n < SIGNAL_AT + SIGNAL_N)
		return;
	signal = signal_of(f);
	if (g->sent && g->guessed == signal)
		f->lost = true; /* already sent */
	g->sent = false;
	next = noon_time_add(f->sent, noon_time_diff(f->sent, g->at));
	if (g->seen && noon_time_diff(next, f->sent) > a->conf->delay) {
		g->guessed = signal + (signal - g->signal);
		g->sent = true;
		ask_before(w, a, f, next, g->guessed);
	}
	g->seen = true;
	g->at = f->sent;
	g->signal = signal;
}
