/* SPDX-License-Identifier: Apache-2.0
 *
 * How well the clock is kept without an attacker. Oscillators: 100 ppm off, random walk of
 * frequency 1e-9 / sqrt(s) (a plain crystal) or 1e-10 (temperature-compensated), within 0.5 ppm.
 * The limits leave room over the figures printed beside them.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "world.h"

#define SEEDS 5

struct figures {
	double converged_s; /* worst */
	double rms_ns;	    /* mean of the seeds */
	double max_ns, bound_ns;
	uint64_t broken;
};

/* Run the seeds: some time to converge, then the rest. */
static struct figures measure(const struct server *s, double walk, noon_dur limit, double over_ns,
			      double warm_up, double seconds)
{
	const struct oscillator osc = {.rate_ppm = 100, .walk = walk, .limit_ppm = 0.45};
	struct noon_engine_conf conf = world_conf();
	struct figures f = {0};

	conf.alert_limit = limit;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct world *w = world_new(seed, &conf, &osc, NOON_MS(250));
		const struct tally *t = &w->tally;

		(void)world_add(w, s);
		w->over_ns = over_ns;
		world_run(w, warm_up);
		f.converged_s = fmax(f.converged_s, noon_dur_to_s(t->last_over.ns - w->h0.ns));
		f.broken += t->violations + t->outside + t->harmed;
		world_watch(w);
		world_run(w, seconds);
		f.rms_ns += world_rms(w) / SEEDS;
		f.max_ns = fmax(f.max_ns, t->max_ns);
		f.bound_ns += t->bound_sum / (double)t->in_state[NOON_STATE_OK] / SEEDS;
		f.broken += t->violations + t->outside + t->harmed + t->in_state[NOON_STATE_ALARM] +
			    t->in_state[NOON_STATE_HOLDOVER];
		free(w);
	}
	printf("# converged within %.0f s; rms %.1f ns, worst %.0f ns, mean bound %.0f ns\n",
	       f.converged_s, f.rms_ns, f.max_ns, f.bound_ns);
	return f;
}

static void jittery_path_at_adaptive_poll(void **state)
{
	const struct server s = server_typical();
	const struct figures f = measure(&s, 1e-9, NOON_MS(10), 1e5, 600, 50000);

	(void)state;
	assert_int_equal(f.broken, 0);
	assert_true(f.converged_s <= 180);
	assert_true(f.rms_ns < 30e3);
	assert_true(f.max_ns < 250e3);
}

static void jittery_path_at_fixed_poll_of_16_s(void **state)
{
	struct server s = server_typical();
	struct figures f;

	(void)state;
	s.conf.poll_max = 4;
	f = measure(&s, 1e-9, NOON_MS(10), 1e5, 600, 30000);
	assert_int_equal(f.broken, 0);
	assert_true(f.converged_s <= 180);
	assert_true(f.rms_ns < 15e3);
}

static void jittery_path_at_fixed_poll_of_1024_s(void **state)
{
	struct server s = server_typical();
	struct figures f;

	(void)state;
	s.conf.poll_min = s.conf.poll_max = 10;
	f = measure(&s, 1e-9, NOON_MS(20), 1e5, 20000, 150000);
	assert_int_equal(f.broken, 0);
	assert_true(f.rms_ns < 80e3);
}

static void default_limit_of_a_millisecond_is_kept_by_polling_often_enough(void **state)
{
	const struct server s = server_typical();
	const struct figures f = measure(&s, 1e-9, NOON_MS(1), 1e5, 600, 30000);

	(void)state;
	assert_int_equal(f.broken, 0);
	assert_true(f.rms_ns < 20e3);
}

static void hardware_timestamps(void **state)
{
	const struct server s = server_hardware();
	const struct figures f = measure(&s, 1e-10, NOON_US(50), 1e2, 600, 10000);

	(void)state;
	assert_int_equal(f.broken, 0);
	assert_true(f.converged_s <= 180);
	assert_true(f.rms_ns < 20);
	assert_true(f.max_ns < 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jittery_path_at_adaptive_poll),
		cmocka_unit_test(jittery_path_at_fixed_poll_of_16_s),
		cmocka_unit_test(jittery_path_at_fixed_poll_of_1024_s),
		cmocka_unit_test(default_limit_of_a_millisecond_is_kept_by_polling_often_enough),
		cmocka_unit_test(hardware_timestamps),
	};

	return cmocka_run_group_tests_name("accuracy", tests, NULL, NULL);
}
