/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "estimate/guard/step.h"

#define BATCH	 20
#define VALUES	 160
#define DISTANCE 0.15
#define LEAST	 1000.0

static struct noon_law law;
static struct noon_step step;
static struct noon_rng rng;

/* 1 ms and an exponential tail of 20 us. */
static double draw(void)
{
	return 1e6 + 20e3 * noon_rng_exp(&rng);
}

static int set_up(void **state)
{
	static int64_t rtt[5000];

	(void)state;
	rng = noon_rng_seeded(5);
	for (size_t i = 0; i < 5000; i++)
		rtt[i] = (int64_t)draw();
	assert_int_equal(noon_law_of_samples(rtt, 5000, 1.0, &law), NOON_OK);
	noon_step_reset(&step);
	return 0;
}

static void feed(double shift, double scale, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		noon_step_take(&step, &law, 1e6 + shift + scale * (draw() - 1e6), BATCH, VALUES,
			       DISTANCE, LEAST);
}

/* Far beyond the top of the law, or below its least value. */
static void a_route_is_a_step_of_all(void **state)
{
	static const double by[] = {50e3, 5e6, 3e3, -200e3};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		set_up(NULL);
		feed(by[i], 1.0, BATCH + VALUES - 1);
		assert_false(step.is_known);
		feed(by[i], 1.0, 1);
		assert_true(step.is_known);
		assert_true(fabs(step.by_ns - by[i]) < 6e3);
	}
}

static void another_spread_is_none(void **state)
{
	(void)state;
	set_up(NULL);
	feed(50e3, 3.0, BATCH + VALUES);
	assert_false(step.is_known);
	feed(50e3, 0.2, BATCH + VALUES);
	assert_false(step.is_known);
}

/* Only some packets are held. */
static void holding_some_is_none(void **state)
{
	(void)state;
	set_up(NULL);
	for (unsigned i = 0; i < BATCH + VALUES; i++)
		feed(i % 3 == 0 ? 200e3 : 0.0, 1.0, 1);
	assert_false(step.is_known);
}

static void no_move_is_none(void **state)
{
	(void)state;
	set_up(NULL);
	noon_step_take(&step, &law, 1e6, 1, VALUES, DISTANCE, LEAST);
	for (unsigned i = 0; i < VALUES; i++)
		noon_step_take(&step, &law, draw(), 1, VALUES, DISTANCE, 5 * LEAST);
	assert_int_equal(step.n, 0);
	assert_false(step.is_known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_route_is_a_step_of_all),
		cmocka_unit_test(another_spread_is_none),
		cmocka_unit_test(holding_some_is_none),
		cmocka_unit_test(no_move_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
