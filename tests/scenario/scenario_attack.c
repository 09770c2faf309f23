/* SPDX-License-Identifier: Apache-2.0
 *
 * Attacks on the path and losses, with one server. Numbers of the catalogue in parentheses
 * (docs/theory.md, section 8).
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

#define WARM_UP 1200.0

static double since_start(const struct world *w)
{
	return (double)(w->h.ns - w->h0.ns) / 1e9;
}

/* Make a world that has been in order for a while; L = 1 ms. */
static struct world *settled_world(const struct server *s)
{
	const struct oscillator osc = {.rate_ppm = -37, .walk = 1e-9, .limit_ppm = 0.45};
	struct noon_engine_conf conf = world_conf();
	struct world *w = world_new(7, &conf, &osc, NOON_MS(250));

	(void)world_add(w, s);
	world_run(w, WARM_UP);
	assert_int_equal(world_reading(w).state, NOON_STATE_OK);
	assert_int_equal(w->tally.violations, 0);
	world_watch(w);
	return w;
}

/* What must hold after anything at all. */
static void assert_promises(const struct world *w)
{
	assert_int_equal(w->tally.violations, 0);
	assert_int_equal(w->tally.outside, 0);
	assert_int_equal(w->tally.stale, 0);
	assert_int_equal(w->tally.harmed, 0);
}

static void assert_alarm_before_harm(const struct world *w)
{
	assert_false(noon_time_is_never(w->tally.first_alarm));
	assert_true(fabs(w->tally.err_at_alarm) <= (double)w->engine.conf.alert_limit);
	printf("# alarm after %.0f s, true error then %.0f ns\n",
	       noon_dur_to_s(w->tally.first_alarm.ns - w->h0.ns) - WARM_UP, w->tally.err_at_alarm);
}

static bool forward_by_knob(struct world *w, unsigned server, unsigned dir, double *delay_ns)
{
	(void)server;
	if (dir == 0)
		*delay_ns += w->knob;
	return true;
}

static bool backward_ramp(struct world *w, unsigned server, unsigned dir, double *delay_ns)
{
	(void)server;
	if (dir == 1)
		*delay_ns += w->knob * (since_start(w) - WARM_UP);
	return true;
}

static bool lose_all(struct world *w, unsigned server, unsigned dir, double *delay_ns)
{
	(void)w, (void)server, (void)dir, (void)delay_ns;
	return false;
}

static bool too_fast(struct world *w, unsigned server, unsigned dir, double *delay_ns)
{
	(void)w, (void)server, (void)dir;
	*delay_ns = 1000.0;
	return true;
}

static double stepped(struct world *w, unsigned server)
{
	(void)server;
	return w->knob;
}

/* Attack 1: the estimate hardly moves, the bound widens, the alarm comes at L; when it stops, the
 * clock recovers by itself. */
static void one_way_delay_raises_the_alarm_and_recovers(void **state)
{
	const struct server s = server_typical();
	struct world *w = settled_world(&s);

	(void)state;
	w->attack = forward_by_knob;
	w->knob = 20e6;
	world_run(w, 3600);
	assert_promises(w);
	assert_alarm_before_harm(w);
	assert_true(w->tally.findings[NOON_FINDING_BOUND_LIMIT] >= 1);
	w->attack = NULL;
	world_run(w, 300);
	assert_int_equal(world_reading(w).state, NOON_STATE_OK);
	assert_int_equal(world_reading(w).findings, 0);
	assert_true(fabs(world_error(w, w->h)) < 1e5);
	assert_promises(w);
	free(w);
}

/* Attack 1, small: within L nothing has to be said, but the bound tells. */
static void small_one_way_delay_stays_within_the_bound(void **state)
{
	const struct server s = server_typical();
	struct world *w = settled_world(&s);

	(void)state;
	w->attack = forward_by_knob;
	w->knob = 5e5;
	world_run(w, 7200);
	assert_promises(w);
	assert_int_equal(w->tally.in_state[NOON_STATE_ALARM], 0);
	printf("# 500 us one way for 2 h: rms %.0f ns, worst bound %.0f ns\n", world_rms(w),
	       w->tally.bound_max);
	free(w);
}

/* Attack 2: 0.1 us more each second. */
static void slow_ramp_raises_the_alarm_before_harm(void **state)
{
	const struct server s = server_typical();
	struct world *w = settled_world(&s);

	(void)state;
	w->attack = backward_ramp;
	w->knob = 100.0;
	world_run(w, 40000);
	assert_promises(w);
	assert_alarm_before_harm(w);
	w->attack = NULL;
	world_run(w, 300);
	assert_int_equal(world_reading(w).state, NOON_STATE_OK);
	assert_promises(w);
	free(w);
}

/* Attack 9: HOLDOVER after three polls, ALARM when the bound reaches L, not before. */
static void loss_gives_holdover_then_alarm_at_the_limit(void **state)
{
	const struct server s = server_typical();
	struct world *w = settled_world(&s);
	struct noon_reading r;

	(void)state;
	w->attack = lose_all;
	world_run(w, 3 * 128 + 2);
	r = world_reading(w);
	assert_int_equal(r.state, NOON_STATE_HOLDOVER);
	assert_true(r.bound <= NOON_MS(1));
	assert_true(r.void_after.ns > w->h.ns);
	/* The alarm may come before that by the few ns of bound that rounding takes, and 4 ns last
	 * 4 ms at 1 ppm. */
	world_run(w, noon_dur_to_s(r.void_after.ns - w->h.ns) - 0.01);
	assert_int_equal(world_reading(w).state, NOON_STATE_HOLDOVER);
	world_run(w, 0.011);
	assert_int_equal(world_reading(w).state, NOON_STATE_ALARM);
	assert_int_equal(w->tally.findings[NOON_FINDING_BOUND_LIMIT], 1);
	assert_alarm_before_harm(w);
	world_run(w, 86400); /* rates expire on the way: the bound stays true */
	assert_promises(w);
	r = world_reading(w);
	assert_true(r.bound > NOON_S(1));
	w->attack = NULL;
	world_run(w, 600);
	assert_int_equal(world_reading(w).state, NOON_STATE_OK);
	assert_promises(w);
	free(w);
}

/* Attack 15: forged or wrong minima. The sample does not count; the alarm needs four good
 * exchanges to end. */
static void superluminal_exchange_alarms_and_moves_nothing(void **state)
{
	struct server s = server_typical();
	struct world *w;
	struct noon_line before, after;
	double x;

	(void)state;
	s.conf.m_f = s.conf.m_r = 90000;
	s.conf.minima = NOON_MINIMA_GEOMETRY;
	w = settled_world(&s);
	before = noon_engine_line(&w->engine);
	w->attack = too_fast;
	while (!w->tally.findings[NOON_FINDING_SUPERLUMINAL])
		world_run(w, 1);
	assert_int_equal(world_reading(w).state, NOON_STATE_ALARM);
	after = noon_engine_line(&w->engine);
	x = (double)(noon_line_at(&after, w->h) - noon_line_at(&before, w->h));
	assert_true(fabs(x) < 2e5);
	assert_int_equal(after.steps, before.steps);
	w->attack = NULL;
	while (world_reading(w).state == NOON_STATE_ALARM && since_start(w) < 4000)
		world_run(w, 1);
	assert_true(w->engine.source[0].good_run >= 4);
	assert_int_equal(world_reading(w).state, NOON_STATE_OK);
	assert_promises(w);
	free(w);
}

/* Attack 16 with one server: it contradicts itself. Never averaged, never followed; an operator
 * may accept it. */
static void stepping_server_is_not_followed(void **state)
{
	const struct server s = server_typical();
	struct world *w = settled_world(&s);

	(void)state;
	w->engine.conf.readmit_lone_after = 0;
	w->lie = stepped;
	w->knob = 50e6;
	world_run(w, 3600);
	assert_promises(w);
	assert_int_equal(w->tally.findings[NOON_FINDING_INCONSISTENT], 1);
	assert_int_equal(world_reading(w).state, NOON_STATE_ALARM);
	assert_true(w->tally.max_ns < 5e6);
	w->lie = NULL;
	world_run(w, 600);
	assert_int_equal(world_reading(w).state, NOON_STATE_OK);
	w->lie = stepped;
	world_run(w, 600);
	noon_engine_accept(&w->engine, NOON_SOURCE_NONE, w->h);
	world_run(w, 600); /* C slews 50 ms at 500 ppm: 100 s */
	assert_true(fabs(world_error(w, w->h) + 50e6) < 1e6);
	free(w);
}

/* An oscillator that turns by more than was assumed looks like a lying server. Where that is
 * configured, the clock comes back by itself after a while of ALARM. */
static void readmission_ends_the_alarm_after_an_excursion(void **state)
{
	const struct oscillator osc = {
		.rate_ppm = 10, .sine_ppm = 3, .sine_s = 20000, .square = true};
	const struct server s = server_typical();
	struct noon_engine_conf conf = world_conf();
	struct world *w;

	(void)state;
	conf.readmit_after = NOON_S(1800);
	w = world_new(7, &conf, &osc, 0);
	(void)world_add(w, &s);
	world_run(w, 11000);
	assert_int_equal(world_reading(w).state, NOON_STATE_ALARM);
	assert_int_equal(w->tally.findings[NOON_FINDING_INCONSISTENT], 1);
	assert_int_equal(w->tally.harmed, 0);
	world_run(w, 3000);
	assert_int_equal(world_reading(w).state, NOON_STATE_OK);
	world_watch(w);
	world_run(w, 5000);
	assert_promises(w);
	assert_int_equal(world_reading(w).state, NOON_STATE_OK);
	free(w);
}

/* Attack 8: fast packets of one direction are dropped. */
static bool drop_fast(struct world *w, unsigned server, unsigned dir, double *delay_ns)
{
	(void)w, (void)server;
	return dir != 0 || *delay_ns > 3e5;
}

static void selective_drop_keeps_the_bound_true(void **state)
{
	const struct server s = server_typical();
	struct world *w = settled_world(&s);

	(void)state;
	w->attack = drop_fast;
	world_run(w, 20000);
	assert_promises(w);
	printf("# fast packets dropped: rms %.0f ns, worst bound %.0f ns\n", world_rms(w),
	       w->tally.bound_max);
	free(w);
}

static void heavy_loss_is_survived(void **state)
{
	struct server s = server_typical();
	struct world *w;

	(void)state;
	s.there.loss = s.back.loss = 0.3;
	w = settled_world(&s);
	world_run(w, 20000);
	assert_promises(w);
	assert_int_equal(w->tally.in_state[NOON_STATE_ALARM], 0);
	assert_true(world_rms(w) < 50e3);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_way_delay_raises_the_alarm_and_recovers),
		cmocka_unit_test(small_one_way_delay_stays_within_the_bound),
		cmocka_unit_test(slow_ramp_raises_the_alarm_before_harm),
		cmocka_unit_test(loss_gives_holdover_then_alarm_at_the_limit),
		cmocka_unit_test(superluminal_exchange_alarms_and_moves_nothing),
		cmocka_unit_test(stepping_server_is_not_followed),
		cmocka_unit_test(readmission_ends_the_alarm_after_an_excursion),
		cmocka_unit_test(selective_drop_keeps_the_bound_true),
		cmocka_unit_test(heavy_loss_is_survived),
	};

	return cmocka_run_group_tests_name("attack", tests, NULL, NULL);
}
