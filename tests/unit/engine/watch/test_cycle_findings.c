/* SPDX-License-Identifier: Apache-2.0
 *
 * Two sources that reach one transmitter over two paths: the finding is at the one that changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/engine.h"

#define THETA NOON_S(5) /* UTC - h */
#define DELAY 100000
#define LIMIT NOON_US(5)

static struct noon_engine e; /* too large for the stack */
static struct noon_actions out;
static struct noon_cycle cycle;
static noon_dur h;
static noon_dur added[2]; /* to the request of either path */
static struct noon_finding last;
static unsigned reported;

static void exchange(uint32_t source)
{
	const struct noon_sample x = {
		.t1 = {h},
		.t2 = {h + DELAY + added[source] + THETA},
		.t3 = {h + DELAY + added[source] + 10000 + THETA},
		.t4 = {h + 2 * DELAY + added[source] + 10000},
		.server_err = 1000,
		.stamp_err = 10,
		.source = source,
		.authenticated = true,
	};

	noon_engine_on_sample(&e, &x, x.t4, &out);
	for (size_t i = 0; i < out.n; i++) {
		if (out.a[i].kind != NOON_ACTION_FINDING ||
		    out.a[i].finding.kind != NOON_FINDING_ASYMMETRY)
			continue;
		last = out.a[i].finding;
		reported++;
	}
	noon_actions_reset(&out);
}

static void run(unsigned n)
{
	for (unsigned k = 0; k < n; k++)
		for (uint32_t i = 0; i < 2; i++) {
			h += NOON_MS(500);
			exchange(i);
		}
}

static bool found(void)
{
	struct noon_reading r;

	noon_engine_reading(&e, (noon_time){h + NOON_MS(1)}, &r);
	return r.findings >> NOON_FINDING_ASYMMETRY & 1;
}

static int setup(void **state)
{
	const struct noon_engine_conf conf = noon_engine_conf_default();
	const struct noon_source_conf source = noon_source_conf_default();
	uint32_t index;

	(void)state;
	h = NOON_S(1000);
	added[0] = added[1] = 0;
	reported = 0;
	noon_actions_reset(&out);
	assert_int_equal(noon_engine_init(&e, &conf), NOON_OK);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(noon_engine_add_source(&e, &source, &index), NOON_OK);
		assert_int_equal(index, i);
	}
	noon_cycle_init(&cycle, LIMIT);
	assert_int_equal(noon_engine_add_cycle(&e, &cycle, 0, 1), NOON_OK);
	run(NOON_CYCLE_LEARN + NOON_CYCLE_WINDOW + 2);
	assert_true(cycle.verdict.is_learned);
	assert_false(found());
	return 0;
}

static void the_path_that_changed_is_named(void **state)
{
	for (uint32_t path = 0; path < 2; path++) {
		(void)setup(state);
		added[path] = NOON_US(20);
		run(NOON_CYCLE_WINDOW);
		assert_true(found());
		assert_int_equal(reported, 1);
		assert_int_equal(last.source, path);
		/* It is told when the median has moved, which the rest of the window completes. */
		assert_true(noon_dur_abs(cycle.verdict.asymmetry) == NOON_US(10));
		assert_true(last.threshold == LIMIT);
		assert_string_equal(last.evidence.statistic, "request");
		added[path] = 0;
		run(NOON_CYCLE_WINDOW);
		assert_false(found());
	}
}

static void nobody_s_state_changes(void **state)
{
	struct noon_reading r;

	(void)state;
	added[0] = NOON_US(20);
	run(NOON_CYCLE_WINDOW);
	noon_engine_reading(&e, (noon_time){h + NOON_MS(1)}, &r);
	assert_int_equal(r.state, NOON_STATE_OK);
	assert_true(THETA - r.corr >= r.lower && THETA - r.corr <= r.upper);
}

static void an_operator_accepts_what_it_is_now(void **state)
{
	(void)state;
	added[1] = NOON_US(20);
	run(NOON_CYCLE_WINDOW);
	assert_true(found());
	noon_engine_accept(&e, NOON_SOURCE_NONE, (noon_time){h + 1});
	assert_false(found());
	assert_false(cycle.verdict.is_learned);
	run(NOON_CYCLE_LEARN + 2 * NOON_CYCLE_WINDOW);
	assert_true(cycle.verdict.is_learned);
	assert_false(found());
}

static void a_source_that_leaves_ends_the_pair(void **state)
{
	(void)state;
	assert_int_equal(e.cycles, 1);
	noon_engine_remove_source(&e, 1);
	assert_int_equal(e.cycles, 0);
	for (size_t i = 0; i < NOON_CYCLES_MAX; i++)
		assert_int_equal(noon_engine_add_cycle(&e, &cycle, 0, 0), NOON_OK);
	assert_int_equal(noon_engine_add_cycle(&e, &cycle, 0, 0), NOON_ERR_FULL);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_path_that_changed_is_named),
		TEST(nobody_s_state_changes),
		TEST(an_operator_accepts_what_it_is_now),
		TEST(a_source_that_leaves_ends_the_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
