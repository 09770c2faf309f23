/* SPDX-License-Identifier: Apache-2.0
 *
 * Several servers, some of which lie.
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

static double in_concert(struct world *w, unsigned server)
{
	return server < w->liars ? w->knob : 0.0;
}

static double apart(struct world *w, unsigned server)
{
	return server < w->liars ? w->knob * (server % 2 ? -1.0 : 1.0) : 0.0;
}

/* A lie that grows slowly enough to stay consistent with itself: 0.4 us/s. */
static double creeping(struct world *w, unsigned server)
{
	return server < w->liars ? 400.0 * (double)(w->h.ns - w->h0.ns) / 1e9 : 0.0;
}

static struct world *world_of(unsigned servers, unsigned n_liars, lie_fn *lie, double knob)
{
	const struct oscillator osc = {.rate_ppm = 55, .walk = 1e-9, .limit_ppm = 0.45};
	struct noon_engine_conf conf = world_conf();
	const struct server s = server_typical();
	struct world *w;

	conf.alert_limit = NOON_MS(2);
	w = world_new(11, &conf, &osc, NOON_MS(-80));
	for (unsigned i = 0; i < servers; i++)
		(void)world_add(w, &s);
	w->liars = n_liars;
	w->lie = lie;
	w->knob = knob;
	return w;
}

static enum noon_source_verdict verdict(const struct world *w, unsigned i)
{
	struct noon_source_report r;

	noon_engine_source_report(&w->engine, i, w->h, &r);
	return r.verdict;
}

static void assert_true_bound(const struct world *w)
{
	assert_int_equal(w->tally.violations, 0);
	assert_int_equal(w->tally.outside, 0);
	assert_int_equal(w->tally.harmed, 0);
}

static void two_conspiring_liars_of_five_are_named(void **state)
{
	struct world *w = world_of(5, 2, NULL, 0);

	(void)state;
	world_run(w, 10);
	w->lie = in_concert;
	w->knob = 30e6;
	world_watch(w);
	world_run(w, 7200);
	assert_true_bound(w);
	assert_int_equal(world_reading(w).state, NOON_STATE_OK);
	assert_int_equal(world_reading(w).liars, 2);
	/* They contradict what they said in the first ten seconds. */
	assert_int_equal(verdict(w, 0), NOON_SOURCE_INCONSISTENT);
	assert_int_equal(verdict(w, 1), NOON_SOURCE_INCONSISTENT);
	assert_int_equal(verdict(w, 4), NOON_SOURCE_SELECTED);
	assert_true(world_rms(w) < 50e3);
	free(w);
}

static void born_liars_are_falsetickers(void **state)
{
	struct world *w = world_of(5, 2, apart, 30e6);

	(void)state;
	world_run(w, 600);
	world_watch(w);
	world_run(w, 7200);
	assert_true_bound(w);
	assert_int_equal(world_reading(w).state, NOON_STATE_OK);
	assert_int_equal(verdict(w, 0), NOON_SOURCE_FALSETICKER);
	assert_int_equal(verdict(w, 1), NOON_SOURCE_FALSETICKER);
	assert_int_equal(verdict(w, 2), NOON_SOURCE_SELECTED);
	assert_true(world_rms(w) < 50e3);
	free(w);
}

static void creeping_lie_of_one_in_three_never_breaks_the_bound(void **state)
{
	struct world *w = world_of(3, 1, creeping, 0);

	(void)state;
	world_run(w, 600);
	world_watch(w);
	world_run(w, 20000);
	assert_true_bound(w);
	assert_int_not_equal(verdict(w, 0), NOON_SOURCE_SELECTED);
	assert_int_equal(world_reading(w).state, NOON_STATE_OK);
	printf("# creeping liar: rms %.0f ns, worst %.0f ns\n", world_rms(w), w->tally.max_ns);
	free(w);
}

static void two_that_disagree_give_no_majority(void **state)
{
	struct world *w = world_of(2, 0, NULL, 0);

	(void)state;
	world_run(w, 600);
	assert_int_equal(world_reading(w).state, NOON_STATE_OK);
	w->liars = 1;
	w->lie = in_concert;
	w->knob = 100e6;
	world_watch(w);
	world_run(w, 3600);
	assert_true_bound(w);
	assert_int_equal(world_reading(w).state, NOON_STATE_ALARM);
	assert_true(w->tally.findings[NOON_FINDING_NO_MAJORITY] >= 1);
	assert_true(w->tally.max_ns < 5e6);
	free(w);
}

static unsigned lost;

static bool first_lost(struct world *w, unsigned server, unsigned dir, double *delay_ns)
{
	(void)w, (void)dir, (void)delay_ns;
	return server >= lost;
}

static void losing_a_minority_keeps_ok(void **state)
{
	struct world *w = world_of(3, 0, NULL, 0);

	(void)state;
	world_run(w, 600);
	w->attack = first_lost;
	lost = 1;
	world_watch(w);
	world_run(w, 40000);
	assert_true_bound(w);
	assert_int_equal(w->tally.in_state[NOON_STATE_ALARM], 0);
	assert_int_equal(world_reading(w).state, NOON_STATE_OK);
	assert_int_equal(verdict(w, 0), NOON_SOURCE_UNREACHABLE);
	free(w);
}

/* One source alone cannot outvote the last words of two, so their bound widens the result. */
static void losing_the_majority_raises_the_alarm_at_the_limit(void **state)
{
	struct world *w = world_of(3, 0, NULL, 0);

	(void)state;
	world_run(w, 600);
	w->attack = first_lost;
	lost = 2;
	world_watch(w);
	world_run(w, 5000);
	assert_true_bound(w);
	assert_int_equal(world_reading(w).state, NOON_STATE_ALARM);
	assert_true(w->tally.max_ns < 1e6);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_conspiring_liars_of_five_are_named),
		cmocka_unit_test(born_liars_are_falsetickers),
		cmocka_unit_test(creeping_lie_of_one_in_three_never_breaks_the_bound),
		cmocka_unit_test(two_that_disagree_give_no_majority),
		cmocka_unit_test(losing_a_minority_keeps_ok),
		cmocka_unit_test(losing_the_majority_raises_the_alarm_at_the_limit),
	};

	return cmocka_run_group_tests_name("majority", tests, NULL, NULL);
}
