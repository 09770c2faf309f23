/* SPDX-License-Identifier: Apache-2.0
 *
 * A reading of the clock, and the clock that follows the engine's line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "daemon/core/steering.h"
#include "engine/clock/line.h"

#define LIMIT NOON_MS(1)

static struct noon_reading of_line(noon_dur lower, noon_dur upper)
{
	return (struct noon_reading){
		.state = NOON_STATE_OK,
		.h = {NOON_S(5)},
		.corr = 12345,
		.lower = lower,
		.upper = upper,
		.bound = noon_dur_abs(lower) > noon_dur_abs(upper) ? noon_dur_abs(lower)
								   : noon_dur_abs(upper),
		.void_after = {NOON_S(9)},
	};
}

static void a_clock_off_its_line_is_as_much_less_certain(void **state)
{
	struct noon_reading r = of_line(-2000, 1000);

	(void)state;
	noon_reading_of_clock(&r, 300, 20, LIMIT);
	assert_int_equal(r.corr, 12345 + 300);
	assert_int_equal(r.lower, -2000 - 300 - 20);
	assert_int_equal(r.upper, 1000 - 300 + 20);
	assert_int_equal(r.bound, 2000 + 300 + 20);
	assert_int_equal(r.terms.slewing, 300);
	assert_int_equal(r.terms.quantisation, 20);
	assert_int_equal(r.state, NOON_STATE_OK);
	assert_int_equal(r.void_after.ns, NOON_S(9));
}

/* Whatever UTC is within the line's reading, and whatever the clock shows within the error of
 * looking: UTC less the clock lies within the clock's reading. */
static void the_truth_stays_inside(void **state)
{
	struct noon_rng rng;

	(void)state;
	rng = noon_rng_seeded(20302);
	for (int i = 0; i < 100000; i++) {
		const noon_dur lower = (noon_dur)((noon_rng_unit(&rng) - 0.7) * 1e6);
		const noon_dur upper = lower + (noon_dur)(noon_rng_unit(&rng) * 1e6);
		const noon_dur off = (noon_dur)((noon_rng_unit(&rng) - 0.5) * 1e6);
		const noon_dur err = (noon_dur)(noon_rng_unit(&rng) * 1e4);
		/* UTC less the line, and the clock less the line. */
		const noon_dur utc =
			lower + (noon_dur)(noon_rng_unit(&rng) * (double)(upper - lower));
		const noon_dur clock =
			off + (noon_dur)((2 * noon_rng_unit(&rng) - 1) * (double)err);
		struct noon_reading r = of_line(lower, upper);

		noon_reading_of_clock(&r, off, err, LIMIT);
		assert_true(r.lower <= utc - clock && utc - clock <= r.upper);
		assert_true(noon_dur_abs(utc - clock) <= r.bound);
	}
}

static void above_the_limit_it_is_an_alarm(void **state)
{
	static const struct {
		enum noon_state state;
		noon_dur hidden;
		noon_dur off;
		enum noon_state then;
	} table[] = {
		{NOON_STATE_OK, 0, LIMIT - 1000, NOON_STATE_OK},
		{NOON_STATE_OK, 0, LIMIT - 999, NOON_STATE_ALARM},
		{NOON_STATE_OK, 0, 999 - LIMIT, NOON_STATE_ALARM},
		{NOON_STATE_OK, 500, LIMIT - 1499, NOON_STATE_ALARM},
		{NOON_STATE_OK, 500, LIMIT - 1500, NOON_STATE_OK},
		{NOON_STATE_HOLDOVER, 0, LIMIT, NOON_STATE_ALARM},
		{NOON_STATE_UNSYNCHRONISED, 0, LIMIT, NOON_STATE_UNSYNCHRONISED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_reading r = of_line(-1000, 1000);

		r.state = table[i].state;
		r.hidden = table[i].hidden;
		noon_reading_of_clock(&r, table[i].off, 0, LIMIT);
		assert_int_equal(r.state, table[i].then);
		assert_int_equal(r.void_after.ns == r.h.ns, r.state == NOON_STATE_ALARM);
	}
}

static void nothing_known_stays_so(void **state)
{
	struct noon_reading r = of_line(-1000, 1000);

	(void)state;
	r.lower = -NOON_DUR_MAX;
	r.upper = NOON_DUR_MAX;
	r.bound = NOON_DUR_MAX - 5;
	noon_reading_of_clock(&r, NOON_S(9), NOON_S(1), LIMIT);
	assert_true(r.bound == NOON_DUR_MAX && r.state == NOON_STATE_ALARM);
}

/* A clock that is told from outside where it stands. */
struct fake {
	struct noon_clock clock;
	noon_time h;
	noon_dur error; /* C less the line */
	struct noon_clock_line line;
	unsigned steered;
	unsigned stepped;
	unsigned leapt;
	noon_err fails;
};

static noon_time fake_h(struct noon_clock *c, int64_t raw_ns)
{
	(void)raw_ns;
	return ((struct fake *)(void *)c)->h;
}

static noon_time fake_c(struct noon_clock *c)
{
	const struct fake *f = (struct fake *)(void *)c;

	return noon_time_add(f->h, f->line.corr0 + f->error);
}

static void fake_steer(struct noon_clock *c, const struct noon_clock_line *line)
{
	struct fake *f = (struct fake *)(void *)c;

	f->line = *line;
	f->steered++;
}

static noon_err fake_step(struct noon_clock *c, const struct noon_clock_line *line)
{
	struct fake *f = (struct fake *)(void *)c;

	f->line = *line;
	f->stepped++;
	return f->fails;
}

static noon_err fake_leap(struct noon_clock *c, const struct noon_clock_line *line, noon_dur shift)
{
	struct fake *f = (struct fake *)(void *)c;

	(void)shift;
	f->line = *line;
	f->leapt++;
	return f->fails;
}

static const struct noon_clock_ops fake_ops = {
	.name = "fake",
	.free_running = fake_h,
	.disciplined = fake_c,
	.steer = fake_steer,
	.step = fake_step,
	.leap = fake_leap,
};

struct world {
	struct fake fake;
	struct noon_engine engine; /* too large for the stack */
	struct noon_steering steering;
};

/* An engine with a bound of 300 us, and a clock. */
static struct world *begin(enum noon_clock_kind kind)
{
	const struct noon_source_conf source = noon_source_conf_default();
	struct noon_engine_conf conf = noon_engine_conf_default();
	struct world *w = calloc(1, sizeof(*w));
	struct noon_actions *out = calloc(1, sizeof(*out));
	uint32_t index;

	assert_non_null(w);
	assert_non_null(out);
	w->fake.clock.ops = &fake_ops;
	w->fake.h = (noon_time){NOON_S(1000)};
	conf.alert_limit = LIMIT;
	conf.start.h0 = w->fake.h;
	conf.start.slew_end = w->fake.h;
	assert_int_equal(noon_engine_init(&w->engine, &conf), NOON_OK);
	assert_int_equal(noon_engine_add_source(&w->engine, &source, &index), NOON_OK);
	const struct noon_sample x = {
		.t1 = noon_time_add(w->fake.h, -NOON_US(600)),
		.t2 = noon_time_add(w->fake.h, -NOON_US(300)),
		.t3 = noon_time_add(w->fake.h, -NOON_US(300)),
		.t4 = w->fake.h,
		.authenticated = true,
	};
	noon_actions_reset(out);
	noon_engine_on_sample(&w->engine, &x, w->fake.h, out);
	free(out);
	w->steering =
		(struct noon_steering){.clock = &w->fake.clock, .engine = &w->engine, .kind = kind};
	return w;
}

static void a_reading_says_how_far_the_clock_is_off(void **state)
{
	static const noon_dur errors[] = {0, 1000, -1000, NOON_US(200)};

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct world *w = begin(NOON_CLOCK_KIND_SYSTEM);
		struct noon_reading line;
		struct noon_reading r;

		(void)noon_steering_follow(&w->steering);
		w->fake.error = errors[i];
		noon_engine_reading(&w->engine, w->fake.h, &line);
		noon_steering_reading(&w->steering, &r);
		assert_int_equal(r.corr - line.corr, errors[i]);
		/* The clock was read in no time at all, which is taken for 1 ns. */
		assert_int_equal(r.bound - line.bound, noon_dur_abs(errors[i]) + 1);
		assert_int_equal(r.upper - line.upper, 1 - errors[i]);
		/* And the limit is reached as much sooner. */
		assert_true(r.void_after.ns <= line.void_after.ns);
		if (errors[i] == NOON_US(200))
			assert_true(noon_time_diff(line.void_after, r.void_after) >
				    noon_time_diff(line.void_after, r.h) / 5);
		free(w);
	}
}

/* It is its line: nothing is to be looked for. */
static void a_virtual_clock_is_on_its_line(void **state)
{
	struct world *w = begin(NOON_CLOCK_KIND_VIRTUAL);
	struct noon_reading line;
	struct noon_reading r;

	(void)state;
	noon_engine_reading(&w->engine, w->fake.h, &line);
	noon_steering_reading(&w->steering, &r);
	assert_int_equal(r.corr, line.corr);
	assert_int_equal(r.lower, line.lower);
	assert_int_equal(r.upper, line.upper);
	assert_int_equal(r.bound, line.bound);
	assert_int_equal(r.state, line.state);
	assert_int_equal(r.void_after.ns, line.void_after.ns);
	assert_int_equal(r.terms.slewing, line.terms.slewing);
	assert_int_equal(r.terms.quantisation, line.terms.quantisation);
	free(w);
}

static void the_clock_is_stepped_once_for_each_step_of_the_line(void **state)
{
	struct world *w = begin(NOON_CLOCK_KIND_SYSTEM);

	(void)state;
	w->engine.discipline.line.steps = 1;
	assert_true(noon_steering_follow(&w->steering));
	assert_false(noon_steering_follow(&w->steering));
	assert_int_equal(w->fake.stepped, 1);
	assert_int_equal(w->fake.steered, 1);
	/* What cannot be stepped is steered, once and for all. */
	w->engine.discipline.line.steps = 2;
	w->fake.fails = NOON_ERR_PERM;
	assert_false(noon_steering_follow(&w->steering));
	assert_int_equal(w->fake.stepped, 2);
	assert_int_equal(w->fake.steered, 2);
	free(w);
}

static void a_clock_of_somebody_else_is_never_stepped(void **state)
{
	struct world *w = begin(NOON_CLOCK_KIND_SYSTEM_READ_ONLY);

	(void)state;
	w->engine.discipline.line.steps = 1;
	assert_false(noon_steering_follow(&w->steering));
	noon_steering_leap(&w->steering, -NOON_S(1));
	assert_int_equal(w->fake.stepped + w->fake.leapt, 0);
	assert_int_equal(w->fake.steered, 2);
	free(w);
}

static void a_leap_second_is_no_step(void **state)
{
	struct world *w = begin(NOON_CLOCK_KIND_SYSTEM);

	(void)state;
	w->engine.discipline.line.steps = 1; /* as the engine counts it */
	noon_steering_leap(&w->steering, -NOON_S(1));
	assert_int_equal(w->fake.leapt, 1);
	assert_false(noon_steering_follow(&w->steering));
	assert_int_equal(w->fake.stepped, 0);
	/* What the clock cannot do is at least steered. */
	w->fake.fails = NOON_ERR_OS;
	w->engine.discipline.line.steps = 2;
	noon_steering_leap(&w->steering, NOON_S(1));
	assert_int_equal(w->fake.steered, 2);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_off_its_line_is_as_much_less_certain),
		cmocka_unit_test(the_truth_stays_inside),
		cmocka_unit_test(above_the_limit_it_is_an_alarm),
		cmocka_unit_test(nothing_known_stays_so),
		cmocka_unit_test(a_reading_says_how_far_the_clock_is_off),
		cmocka_unit_test(a_virtual_clock_is_on_its_line),
		cmocka_unit_test(the_clock_is_stepped_once_for_each_step_of_the_line),
		cmocka_unit_test(a_clock_of_somebody_else_is_never_stepped),
		cmocka_unit_test(a_leap_second_is_no_step),
	};

	return cmocka_run_group_tests_name("daemon/steering", tests, NULL, NULL);
}
