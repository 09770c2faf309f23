/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/monte_carlo.h"

static struct noon_mc mc;

static bool near(double a, double b, double tolerance)
{
	if (fabs(a - b) <= tolerance)
		return true;
	print_message("# %.12g is not %.12g\n", a, b);
	return false;
}

static void set_up(uint64_t trials, unsigned threads)
{
	memset(&mc, 0, sizeof(mc));
	mc.channel = noon_channel_default();
	mc.trials = trials;
	mc.seed = 7;
	mc.threads = threads;
	mc.n_points = 3;
	mc.point[0] = (struct noon_mc_point){.n = 100, .lambda_ns = 84535.0, .delta_ns = 1e4};
	mc.point[1] = (struct noon_mc_point){.n = 1, .lambda_ns = 80184.0, .delta_ns = 1e4};
	mc.point[2] = (struct noon_mc_point){.n = 20, .lambda_ns = 81000.0, .delta_ns = 1e4};
	mc.n_histograms = 1;
	mc.histogram[0] = (struct noon_mc_histogram){.n = 10, .from_ns = 5e4, .width_ns = 600.0};
}

/* The counts of one seed, seen once with each compiler: a change of them is a change of meaning. */
static void counts_do_not_depend_on_threads(void **state)
{
	uint64_t alarms[3], bins[NOON_MC_BINS];

	(void)state;
	set_up(1000, 1);
	assert_int_equal(noon_mc_run(&mc), NOON_OK);
	for (size_t i = 0; i < 3; i++)
		alarms[i] = mc.point[i].alarms;
	memcpy(bins, mc.histogram[0].count, sizeof(bins));
	for (unsigned threads = 2; threads < 9; threads += 3) {
		set_up(1000, threads);
		assert_int_equal(noon_mc_run(&mc), NOON_OK);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(mc.point[i].alarms, alarms[i]);
		assert_memory_equal(mc.histogram[0].count, bins, sizeof(bins));
	}
}

static void every_trial_is_counted_once(void **state)
{
	uint64_t all = 0;

	(void)state;
	set_up(777, 2);
	assert_int_equal(noon_mc_run(&mc), NOON_OK);
	for (size_t i = 0; i < NOON_MC_BINS; i++)
		all += mc.histogram[0].count[i];
	assert_int_equal(all, 777);
}

static void simulation_agrees_with_the_law(void **state)
{
	const struct noon_channel c = noon_channel_default();
	const struct noon_cgf k = noon_cgf_of_channel(&c);

	(void)state;
	set_up(20000, 2);
	assert_int_equal(noon_mc_run(&mc), NOON_OK);
	for (size_t i = 0; i < 3; i++) {
		const struct noon_mc_point *p = &mc.point[i];
		const double fa = noon_mean_sf(&k, p->n, p->lambda_ns);
		const double md = 1.0 - noon_mean_sf(&k, p->n, p->lambda_ns - p->delta_ns);
		double low, high;

		noon_mc_interval(p->alarms, mc.trials, 0.999, &low, &high);
		assert_true(low <= fa && fa <= high);
		noon_mc_interval(p->missed, mc.trials, 0.999, &low, &high);
		assert_true(low <= md && md <= high);
	}
}

static void propagation_only_moves_the_means(void **state)
{
	uint64_t alarms;

	(void)state;
	set_up(1000, 1);
	assert_int_equal(noon_mc_run(&mc), NOON_OK);
	alarms = mc.point[0].alarms;
	set_up(1000, 1);
	mc.channel.fixed_ns = 1e6;
	mc.point[0].lambda_ns += 1e6;
	assert_int_equal(noon_mc_run(&mc), NOON_OK);
	assert_int_equal(mc.point[0].alarms, alarms);
}

/* Without hits: 1 - (0.025)^(1/n). 5 of 50: a table of Clopper and Pearson. */
static void intervals_are_known(void **state)
{
	double low, high;

	(void)state;
	noon_mc_interval(0, 10000, 0.95, &low, &high);
	assert_true(near(low, 0.0, 0.0) && near(high, 1.0 - pow(0.025, 1e-4), 1e-10));
	noon_mc_interval(10000, 10000, 0.95, &low, &high);
	assert_true(near(low, pow(0.025, 1e-4), 1e-10) && near(high, 1.0, 0.0));
	noon_mc_interval(5, 50, 0.95, &low, &high);
	assert_true(near(low, 0.0333, 1e-4) && near(high, 0.2181, 1e-4));
	noon_mc_interval(50000000, 100000000, 0.95, &low, &high);
	assert_true(near(low, 0.5 - 1.96 * 5e-5, 1e-6) && near(high, 0.5 + 1.96 * 5e-5, 1e-6));
}

static void impossible_demands_are_refused(void **state)
{
	(void)state;
	set_up(0, 1);
	assert_int_equal(noon_mc_run(&mc), NOON_ERR_RANGE);
	set_up(10, 0);
	assert_int_equal(noon_mc_run(&mc), NOON_ERR_RANGE);
	set_up(10, 1);
	mc.point[1].n = 0;
	assert_int_equal(noon_mc_run(&mc), NOON_ERR_RANGE);
	set_up(10, 1);
	mc.histogram[0].width_ns = 0.0;
	assert_int_equal(noon_mc_run(&mc), NOON_ERR_RANGE);
	set_up(10, 1);
	mc.channel.p_idle = 1.0;
	assert_int_equal(noon_mc_run(&mc), NOON_ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_do_not_depend_on_threads),
		cmocka_unit_test(every_trial_is_counted_once),
		cmocka_unit_test(simulation_agrees_with_the_law),
		cmocka_unit_test(propagation_only_moves_the_means),
		cmocka_unit_test(intervals_are_known),
		cmocka_unit_test(impossible_demands_are_refused),
	};

	return cmocka_run_group_tests_name("sim/monte_carlo", tests, NULL, NULL);
}
