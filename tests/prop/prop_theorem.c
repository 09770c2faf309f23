/* SPDX-License-Identifier: Apache-2.0
 *
 * Theorems 1 to 3 on random worlds, estimate/ alone: random oscillators within the assumptions,
 * random paths, attackers who delay as they like, and minima that are true. No exchange and no
 * certificate may ever exclude the truth.
 *
 * use: prop_theorem [SEED]; NOON_SAMPLES is the number of exchanges (default 200000). A failing
 * seed is printed; with it as argument it is run alone.
 */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "estimate/bound/fuse.h"

#define SAMPLES_USUAL 200000
#define PER_WORLD     1000
#define STAMP_ERR     3 /* ns: rounding of the four times here */
#define THETA	      INT64_C(1789876543210987654)
#define SLACK	      1.0 /* ns: rounding of the truth */

static uint64_t only_seed;

struct world {
	struct noon_rng rng;
	struct noon_drift drift;
	double rate0, swing; /* of theta; the rate is rate0 +- swing / 2 */
	double rate;
	double x_ns; /* theta - THETA at h */
	int64_t h;
	double least[2], jitter[2]; /* of each direction, ns */
	noon_dur m_f, m_r;
	int attack;
	double knob_ns;
	double advance_ns; /* a shorter path: forward faster, reverse slower */
	struct noon_window window;
	struct noon_cert cert;
	bool has_cert;
	uint64_t broken; /* times the truth was excluded */
	uint64_t empty;	 /* contradictions */
};

static double unit(struct world *w)
{
	return noon_rng_unit(&w->rng);
}

/* Return 10 to a power between two. */
static double decades(struct world *w, double from, double to)
{
	return pow(10.0, from + (to - from) * unit(w));
}

static void world_init(struct world *w, uint64_t seed)
{
	w->rng = noon_rng_seeded(seed);
	w->drift = (struct noon_drift){.rate_max = 500e-6, .max_age = NOON_S(4 * 3600)};
	w->drift.wander = decades(w, -9.0, -5.0);
	w->rate0 = (unit(w) - 0.5) * 900e-6;
	w->swing = w->drift.wander * 0.999;
	w->rate = w->rate0 + w->swing / 2.0;
	w->x_ns = 0.0;
	w->h = 0;
	for (int dir = 0; dir < 2; dir++) {
		w->least[dir] = decades(w, 3.0, 8.0);
		w->jitter[dir] = decades(w, 1.0, 8.0);
	}
	w->m_f = (noon_dur)(w->least[0] * unit(w));
	w->m_r = (noon_dur)(w->least[1] * unit(w));
	if (unit(w) < 0.3) {
		w->m_f = (noon_dur)w->least[0];
		w->m_r = (noon_dur)w->least[1];
	}
	w->attack = (int)(unit(w) * 5.0);
	w->knob_ns = decades(w, 3.0, 9.0);
	w->advance_ns = 0.0;
	w->has_cert = false;
	w->broken = w->empty = 0;
	noon_window_clear(&w->window);
}

/* Let the clock run on. The rate jumps between its limits, the hardest it may do. */
static void advance(struct world *w, double ns)
{
	const int64_t step = llround(ns);

	w->h += step;
	w->x_ns += w->rate * (double)step;
	if (unit(w) < 0.05)
		w->rate = w->rate0 + (unit(w) < 0.5 ? -0.5 : 0.5) * w->swing;
}

/* What an attacker adds in one direction, ns, >= 0. */
static double attack_ns(struct world *w, int dir, unsigned i)
{
	switch (w->attack) {
	case 1:
		return dir == 0 ? w->knob_ns : 0.0;
	case 2:
		return dir == 1 ? w->knob_ns * i / PER_WORLD : 0.0;
	case 3:
		return unit(w) < 0.5 ? w->knob_ns * noon_rng_exp(&w->rng) : 0.0;
	case 4:
		return (dir == 0) == (i % 100 < 50) ? w->knob_ns : 0.0;
	default:
		return 0.0;
	}
}

static double delay_ns(struct world *w, int dir, unsigned i)
{
	const double natural = w->least[dir] + w->jitter[dir] * noon_rng_exp(&w->rng);
	const double shifted = natural + (dir == 0 ? -w->advance_ns : w->advance_ns);

	return fmax(0.0, shifted) + attack_ns(w, dir, i);
}

/* Draw an exchange; the clock stands at its t4 afterwards. */
static struct noon_sample exchange(struct world *w, unsigned i, double *ret_x1)
{
	const double forward = delay_ns(w, 0, i), layover = 1e6 * unit(w);
	const double reverse = delay_ns(w, 1, i);
	struct noon_sample s = {.t1 = {w->h}, .stamp_err = STAMP_ERR};

	/* UTC passes by 1 + rate times what h shows; t2 is on UTC. */
	*ret_x1 = w->x_ns;
	s.t2.ns = w->h + THETA + llround(w->x_ns + forward);
	s.t3.ns = s.t2.ns + llround(layover);
	advance(w, (double)(s.t3.ns - s.t2.ns + llround(forward + reverse)) / (1.0 + w->rate));
	s.t4.ns = w->h;
	return s;
}

static bool excludes(struct noon_interval in, double x_ns)
{
	return x_ns < (double)(in.lo - THETA) - SLACK || x_ns > (double)(in.hi - THETA) + SLACK;
}

/* Theorem 1 for an exchange, theorem 3 for all of them so far. */
static void check(struct world *w, const struct noon_sample *s, double x1_ns)
{
	struct noon_exchange x;
	struct noon_cert cert;

	if (noon_exchange_of(s, w->m_f, w->m_r, w->drift.rate_max, &x)) {
		w->empty++;
		return;
	}
	w->broken += x1_ns > (double)(x.hi.theta - THETA) + SLACK;
	w->broken += w->x_ns < (double)(x.lo.theta - THETA) - SLACK;
	if (w->has_cert)
		w->broken += excludes(noon_cert_at(&w->cert, s->t4), w->x_ns);
	noon_window_expire(&w->window, noon_time_add(s->t1, -w->drift.max_age));
	if (noon_fuse(&w->window, &x, &w->drift, s->t4, &cert)) {
		w->empty++;
		return;
	}
	w->broken += excludes(cert.theta, w->x_ns);
	w->broken += noon_interval_half(cert.theta) >
		     noon_exchange_half(&x) + 1 +
			     noon_dur_scale_out(s->t4.ns - s->t1.ns, w->drift.rate_max);
	noon_window_add(&w->window, &x, (cert.rate.min + cert.rate.max) / 2.0);
	w->cert = cert;
	w->has_cert = true;
}

static void run(struct world *w, unsigned n)
{
	const double interval = decades(w, 8.0, 11.0);

	for (unsigned i = 0; i < n; i++) {
		double x1;
		const struct noon_sample s = exchange(w, i, &x1);

		check(w, &s, x1);
		advance(w, interval * (0.5 + unit(w)));
	}
}

static uint64_t samples_wanted(void)
{
	const char *text = getenv("NOON_SAMPLES");
	const uint64_t n = text ? strtoull(text, NULL, 10) : SAMPLES_USUAL;

	return n > PER_WORLD ? n : PER_WORLD;
}

static void truth_is_never_excluded(void **state)
{
	const uint64_t worlds = only_seed ? 1 : (samples_wanted() + PER_WORLD - 1) / PER_WORLD;
	uint64_t broken = 0, empty = 0;
	static struct world w;

	(void)state;
	for (uint64_t i = 0; i < worlds; i++) {
		const uint64_t seed = only_seed ? only_seed : i + 1;

		world_init(&w, seed);
		run(&w, PER_WORLD);
		if (w.broken + w.empty > 0)
			printf("# seed %" PRIu64 ": excluded %" PRIu64 ", contradictions %" PRIu64
			       "\n",
			       seed, w.broken, w.empty);
		broken += w.broken;
		empty += w.empty;
	}
	printf("# %" PRIu64 " exchanges, bound violations: %" PRIu64 "\n", worlds * PER_WORLD,
	       broken);
	assert_int_equal(broken, 0);
	assert_int_equal(empty, 0);
}

/* The minima are those of the ordinary path; the attacker has one that is faster one way. */
static void a_shorter_path_breaks_overstated_minima(void **state)
{
	uint64_t broken = 0;
	static struct world w;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		world_init(&w, seed);
		w.attack = 0;
		w.m_f = (noon_dur)w.least[0];
		w.m_r = (noon_dur)w.least[1];
		w.jitter[0] = w.jitter[1] = 100.0;
		w.advance_ns = w.least[0] / 2.0;
		run(&w, 50);
		broken += w.broken > 0;
	}
	assert_int_equal(broken, 20);
}

/* The same, with minima that allow for the shorter path. */
static void minima_of_the_shorter_path_hold(void **state)
{
	static struct world w;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		world_init(&w, seed);
		w.attack = 0;
		w.advance_ns = w.least[0] / 2.0;
		w.m_f = (noon_dur)(w.least[0] / 2.0);
		run(&w, 50);
		assert_int_equal(w.broken + w.empty, 0);
	}
}

/* Theorem 2: what one exchange says is said by every theta of its interval alike, so nothing
 * tighter can be true. */
static void interval_of_an_exchange_is_tight(void **state)
{
	struct noon_rng rng = noon_rng_seeded(2);

	(void)state;
	for (int i = 0; i < 10000; i++) {
		const int64_t d_f = (int64_t)(1e6 * noon_rng_unit(&rng)) + 1000;
		const int64_t d_r = (int64_t)(1e6 * noon_rng_unit(&rng)) + 1000;
		const struct noon_sample s = {.t1 = {0},
					      .t2 = {THETA + d_f},
					      .t3 = {THETA + d_f + 7},
					      .t4 = {d_f + d_r + 7}};
		const noon_dur m = 1000;
		struct noon_exchange x;
		int64_t shift;

		assert_int_equal(noon_exchange_of(&s, m, m, 0.0, &x), NOON_OK);
		/* The greatest theta: the request was as fast as can be, and the least. */
		shift = d_f - m;
		assert_int_equal(x.hi.theta, THETA + shift);
		shift = -(d_r - m);
		assert_int_equal(x.lo.theta, THETA + shift);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truth_is_never_excluded),
		cmocka_unit_test(a_shorter_path_breaks_overstated_minima),
		cmocka_unit_test(minima_of_the_shorter_path_hold),
		cmocka_unit_test(interval_of_an_exchange_is_tight),
	};

	if (argc > 1)
		only_seed = strtoull(argv[1], NULL, 10);
	return cmocka_run_group_tests_name("theorems", tests, NULL, NULL);
}
