/* SPDX-License-Identifier: Apache-2.0
 *
 * Cyclic asymmetry on random pairs of paths: no alarm without an attack, whatever the clock does;
 * 10 us on one way of one path are found and attributed.
 *
 * use: prop_cycle [SEED]: run one world alone; a failing seed is printed.
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
#include "estimate/guard/cycle.h"

#define SEED   UINT64_C(4711)
#define WORLDS 200
#define THETA  INT64_C(1789876543210987654)
#define ATTACK 10e3 /* ns */
#define QUIET  2000 /* exchanges without an attack */

static uint64_t only_seed;

struct cycle_world {
	struct noon_rng rng;
	struct noon_cycle cycle;
	int64_t h;
	double x_ns, rate;	    /* of theta */
	double least[2], jitter[2]; /* of either path, ns */
	double added[2][2];	    /* by the attacker: path, and way: 0 Sync, 1 Delay_Req */
};

static double unit(struct cycle_world *w)
{
	return noon_rng_unit(&w->rng);
}

static void advance(struct cycle_world *w, double ns)
{
	w->h += llround(ns);
	w->x_ns += w->rate * ns;
	/* A wandering oscillator, and now and then a jump of what the machine counts. */
	w->rate += 1e-9 * noon_rng_gauss(&w->rng);
	if (unit(w) < 0.0005)
		w->x_ns += 1e6 * (unit(w) - 0.5);
}

/* Symmetric in the mean; now and then somebody's queue. */
static double delay(struct cycle_world *w, int path, int way)
{
	double d = w->least[path] + w->jitter[path] * noon_rng_exp(&w->rng) + w->added[path][way];

	if (unit(w) < 0.01)
		d += 100e3 * noon_rng_exp(&w->rng);
	return d;
}

static void exchange(struct cycle_world *w, int path)
{
	const double sync = delay(w, path, 0), request = delay(w, path, 1);
	const struct noon_cycle_point p = {
		.h = {w->h},
		.theta = THETA + llround(w->x_ns + (request - sync) / 2.0),
		.rtt = llround(request + sync),
	};

	(void)noon_cycle_take(&w->cycle, (unsigned)path, &p);
}

static void run(struct cycle_world *w, int n)
{
	for (int i = 0; i < n; i++)
		for (int path = 0; path < 2; path++) {
			advance(w, 125e6 * unit(w));
			exchange(w, path);
		}
}

static void start(struct cycle_world *w, uint64_t seed)
{
	*w = (struct cycle_world){.rng = noon_rng_seeded(seed)};
	noon_cycle_init(&w->cycle, NOON_US(3));
	w->rate = 200e-6 * (unit(w) - 0.5);
	for (int path = 0; path < 2; path++) {
		w->least[path] = 1e3 * pow(10.0, 4.0 * unit(w));
		/* 10 us stand out of this noise; a larger one has a wider limit. */
		w->jitter[path] = 1.5e3 * unit(w);
	}
}

static void truth_is_told(void **state)
{
	static struct cycle_world w;
	uint64_t alarms = 0, found = 0, right = 0;
	const uint64_t worlds = only_seed > 0 ? 1 : WORLDS;

	(void)state;
	for (uint64_t i = 0; i < worlds; i++) {
		const uint64_t seed = only_seed > 0 ? only_seed : SEED + i;
		const int path = (int)(seed % 2), way = (int)(seed / 2 % 2);
		const struct noon_cycle_verdict *const v = &w.cycle.verdict;

		start(&w, seed);
		for (int k = 0; k < QUIET; k += 20) {
			run(&w, 20);
			if (v->alarm) {
				printf("# seed %" PRIu64 ": alarm without an attack\n", seed);
				alarms++;
				break;
			}
		}
		w.added[path][way] = ATTACK;
		run(&w, 3 * NOON_CYCLE_WINDOW);
		found += v->alarm;
		right += v->alarm && v->path == path &&
			 v->leg == (way == 1 ? NOON_CYCLE_LEG_REQUEST : NOON_CYCLE_LEG_SYNC);
		if (!v->alarm)
			printf("# seed %" PRIu64
			       ": %.0f ns of asymmetry not found, limit %.0f ns\n",
			       seed, (double)v->asymmetry, (double)v->limit);
	}
	printf("# %" PRIu64 " worlds: %" PRIu64 " false alarms in %d exchanges each, %" PRIu64
	       " attacks found, %" PRIu64 " with path and way (seed %" PRIu64 ")\n",
	       worlds, alarms, QUIET, found, right, SEED);
	assert_int_equal(alarms, 0);
	assert_int_equal(found, worlds);
	assert_int_equal(right, worlds);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truth_is_told),
	};

	only_seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
