/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "estimate/guard/plan.h"

static struct noon_plan_work work;
static struct noon_plan_conf conf;
static struct noon_plan_verdict v;
static struct noon_law law;

static bool near(double a, double b, double tolerance)
{
	if (fabs(a - b) <= tolerance)
		return true;
	print_message("# %.12g is not %.12g\n", a, b);
	return false;
}

/* A metre of cable, the channel of the reference, 100 round trips in a second. */
static int set_up(void **state)
{
	(void)state;
	conf = (struct noon_plan_conf){
		.limit_ns = 12e3,
		.period_s = 1.0,
		.clock = 1e-6,
		.server_ns = 500.0,
		.stamp_ns = 500.0,
		.rate_hz = 100.0,
		.p_d = 0.999,
		.p_fa = 1e-2,
		.channel = noon_channel_default(),
		.inflation = 1.0,
	};
	return 0;
}

static void budget_is_what_the_terms_leave(void **state)
{
	(void)state;
	assert_true(near(noon_plan_budget_ns(&conf), 10000.0, 1e-9));
	conf.period_s = 20.0;
	noon_plan_judge(&work, &conf, NOON_PLAN_MEAN, &v);
	assert_false(v.feasible);
	assert_int_equal(v.binding, NOON_PLAN_BUDGET);
}

/* 10 us, 100 round trips and P_D = 0.999: the case of the reference, P_FA = 0.0092. */
static void mean_test_is_that_of_the_reference(void **state)
{
	(void)state;
	noon_plan_judge(&work, &conf, NOON_PLAN_MEAN, &v);
	assert_true(v.feasible);
	assert_true(near(v.need, 99.0, 1.0) && near(v.have, 100.0, 0.0));
	assert_true(near(v.lambda_ns, 84530.0, 10.0));
	assert_true(near(v.n_cal, 100.0 * v.need, 1e-9));
	conf.midpoint = true;
	noon_plan_judge(&work, &conf, NOON_PLAN_MEAN, &v);
	assert_true(near(v.delta_ns, 20000.0, 1e-9) && v.need < 40.0);
}

/* Simulated minima of both ways against the probability that follows from their laws. */
static void bound_is_that_of_a_simulation(void **state)
{
	struct noon_rng rng = noon_rng_seeded(3);
	const int runs = 4000, n = 20;
	int wide = 0;

	(void)state;
	conf.limit_ns = 27e3;
	conf.rate_hz = n;
	noon_plan_judge(&work, &conf, NOON_PLAN_BOUND, &v);
	for (int i = 0; i < runs; i++) {
		double least[2] = {1e9, 1e9};

		for (int j = 0; j < 2 * n; j++) {
			double x = 0.0;

			for (int k = 0; k < 10; k++) {
				const double u = noon_rng_unit(&rng);

				x += u < 0.35 ? 0.0 : (u - 0.35) / 0.65 * 12336.0;
			}
			least[j % 2] = fmin(least[j % 2], x);
		}
		wide += (least[0] + least[1]) / 2.0 > v.budget_ns;
	}
	assert_true(v.p_fail > 0.01 && v.p_fail < 0.9);
	assert_true(near((double)wide / runs, v.p_fail, 0.025));
}

static void intersection_needs_fewer_than_the_smallest_round_trip(void **state)
{
	double gap = 0.0;

	(void)state;
	conf.p_fa = 1e-3;
	for (double g = 30e3; g > 14e3; g -= 5e3) {
		conf.limit_ns = 2e3 + g;
		noon_plan_judge(&work, &conf, NOON_PLAN_BOUND, &v);
		assert_true(v.need < v.need_single);
		assert_true(v.need_single / v.need > gap);
		gap = v.need_single / v.need;
	}
	assert_true(gap > 5.0);
}

static void need_is_the_smallest(void **state)
{
	double need;

	(void)state;
	conf.limit_ns = 30e3;
	noon_plan_judge(&work, &conf, NOON_PLAN_BOUND, &v);
	need = v.need;
	conf.rate_hz = need;
	noon_plan_judge(&work, &conf, NOON_PLAN_BOUND, &v);
	assert_true(v.feasible && v.p_fail <= conf.p_fa);
	conf.rate_hz = need - 1.0;
	noon_plan_judge(&work, &conf, NOON_PLAN_BOUND, &v);
	assert_true(!v.feasible && v.p_fail > conf.p_fa);
}

/* On average the CUSUM is the faster one by far. But what a period has to hold is the delay of all
 * but one in a thousand attacks, and that is no shorter than a batch. */
static void cusum_needs_its_late_alarms_too(void **state)
{
	double mean;

	(void)state;
	conf.p_fa = 1e-4;
	noon_plan_judge(&work, &conf, NOON_PLAN_MEAN, &v);
	mean = v.need;
	noon_plan_judge(&work, &conf, NOON_PLAN_CUSUM, &v);
	print_message("# batch %.0f, CUSUM %.1f on average, %.0f for 0.999\n", mean, work.cusum.add,
		      v.need);
	assert_true(work.cusum.add < mean / 2.0);
	assert_true(v.need > 2.0 * work.cusum.add && v.need < 2.0 * mean);
	assert_false(v.feasible);
	assert_true(near(v.arl0, 1e6, 1e4));
	conf.rate_hz = v.need * 1.1;
	noon_plan_judge(&work, &conf, NOON_PLAN_CUSUM, &v);
	assert_true(v.feasible);
}

/* Of values that hang together only each fourth counts: S goes further, the delay is longer, and
 * the demanded share of periods has an alarm all the same. */
static void correlation_slows_the_cusum_and_keeps_its_alarm_rate(void **state)
{
	double need;

	(void)state;
	conf.p_fa = 1e-4;
	noon_plan_judge(&work, &conf, NOON_PLAN_CUSUM, &v);
	need = v.need;
	conf.inflation = 4.0;
	noon_plan_judge(&work, &conf, NOON_PLAN_CUSUM, &v);
	assert_true(near(v.p_fail, 1e-4, 1e-6));
	assert_true(v.need > 3.0 * need && v.need < 4.0 * need);
}

/* 40 km of straight fibre against vacuum: 62 us of hidden advance. */
static void a_faster_path_is_refused(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		conf.minimum_ns[i] = 133426.0;
		conf.propagation_ns[i] = 195869.0;
	}
	conf.fastest_ns = 133426.0;
	conf.limit_ns = 50e3;
	noon_plan_judge(&work, &conf, NOON_PLAN_MEAN, &v);
	assert_false(v.feasible);
	assert_int_equal(v.binding, NOON_PLAN_PATH);
	assert_true(near(v.hidden_ns, 62443.0, 1.0));
	/* The longer way hides more, whichever it is. */
	for (int i = 0; i < 2; i++) {
		conf.propagation_ns[i] = 133426.0;
		assert_true(near(noon_plan_hidden_ns(&conf, NOON_PLAN_MEAN), 62443.0, 1.0));
		conf.propagation_ns[i] = 195869.0;
	}
	noon_plan_judge(&work, &conf, NOON_PLAN_BOUND, &v);
	assert_int_equal(v.binding, NOON_PLAN_EXCESS);
	assert_true(near(v.hidden_ns, 0.0, 0.0));
}

/* G = 100 us, 10 us of a path of 50 that nothing is faster than, minima of 40. */
static void set_path(double path_err_ns)
{
	conf.limit_ns = 102e3;
	for (int i = 0; i < 2; i++) {
		conf.minimum_ns[i] = 40e3;
		conf.propagation_ns[i] = 50e3;
	}
	conf.fastest_ns = 10e3;
	conf.path_err_ns = path_err_ns;
}

static void what_is_hidden_is_taken_from_every_way(void **state)
{
	(void)state;
	set_path(0.0);
	noon_plan_judge(&work, &conf, NOON_PLAN_BOUND, &v);
	assert_true(near(v.hidden_ns, 30e3, 1e-6) && near(v.left_ns, 70e3, 1e-6));
	assert_true(near(v.delta_ns, 120e3, 1e-6));
	for (int k = 0; k < 2; k++) {
		const enum noon_plan_way way = k == 0 ? NOON_PLAN_MEAN : NOON_PLAN_CUSUM;

		conf.midpoint = false;
		noon_plan_judge(&work, &conf, way, &v);
		assert_true(near(v.hidden_ns, 40e3, 1e-6) && near(v.left_ns, 60e3, 1e-6));
		assert_true(near(v.delta_ns, 60e3, 1e-6));
		conf.midpoint = true;
		noon_plan_judge(&work, &conf, way, &v);
		assert_true(near(v.delta_ns, 120e3, 1e-6));
	}
}

/* A bound of n round trips together with what is hidden is too wide as often as without it at a
 * limit that is smaller by as much. */
static void hidden_and_bound_share_the_limit(void **state)
{
	double alone;

	(void)state;
	set_path(0.0);
	conf.rate_hz = 10.0;
	conf.limit_ns = 62e3;
	noon_plan_judge(&work, &conf, NOON_PLAN_BOUND, &v);
	alone = v.p_fail;
	assert_true(alone > 1e-6 && alone < 0.999);
	conf.limit_ns -= 30e3;
	conf.fastest_ns = 40e3;
	noon_plan_judge(&work, &conf, NOON_PLAN_BOUND, &v);
	assert_true(near(v.p_fail, alone, 1e-12));
}

static void error_of_the_path_is_charged(void **state)
{
	(void)state;
	set_path(5e3);
	noon_plan_judge(&work, &conf, NOON_PLAN_BOUND, &v);
	assert_true(near(v.delta_ns, 110e3, 1e-6));
	noon_plan_judge(&work, &conf, NOON_PLAN_MEAN, &v);
	assert_true(near(v.delta_ns, 50e3, 1e-6) && near(v.left_ns, 60e3, 1e-6));
	set_path(45e3);
	noon_plan_judge(&work, &conf, NOON_PLAN_MEAN, &v);
	assert_int_equal(v.binding, NOON_PLAN_UNCERTAIN);
	assert_false(v.feasible);
	assert_int_equal(noon_law_of_channel(&conf.channel, &law), NOON_OK);
	conf.law = &law;
	noon_plan_judge(&work, &conf, NOON_PLAN_MEAN, &v);
	assert_true(near(v.delta_ns, 55e3, 1e-6) && v.feasible);
	/* As uncertain as the budget: compromised without an adversary (IV-A3). */
	set_path(100e3);
	for (int k = 0; k < 2; k++) {
		noon_plan_judge(&work, &conf, k == 0 ? NOON_PLAN_MEAN : NOON_PLAN_CUSUM, &v);
		assert_int_equal(v.binding, NOON_PLAN_UNCERTAIN);
		assert_false(v.feasible);
	}
	set_path(99.9e3);
	noon_plan_judge(&work, &conf, NOON_PLAN_MEAN, &v);
	assert_int_equal(v.binding, NOON_PLAN_EXCHANGES);
	/* By round trips of the model alone the bound is as much wider. */
	conf.law = NULL;
	set_path(0.0);
	noon_plan_judge(&work, &conf, NOON_PLAN_BOUND, &v);
	conf.rate_hz = v.need_single;
	set_path(20e3);
	noon_plan_judge(&work, &conf, NOON_PLAN_BOUND, &v);
	assert_true(v.need_single > conf.rate_hz);
}

static void nothing_left_by_a_faster_path_is_the_path(void **state)
{
	(void)state;
	set_path(0.0);
	for (int i = 0; i < 2; i++)
		conf.propagation_ns[i] = 110e3;
	noon_plan_judge(&work, &conf, NOON_PLAN_MEAN, &v);
	assert_int_equal(v.binding, NOON_PLAN_PATH);
	for (int i = 0; i < 2; i++)
		conf.propagation_ns[i] = 109e3;
	noon_plan_judge(&work, &conf, NOON_PLAN_MEAN, &v);
	assert_int_equal(v.binding, NOON_PLAN_EXCHANGES);
	for (int i = 0; i < 2; i++)
		conf.minimum_ns[i] = conf.propagation_ns[i] = 110e3;
	noon_plan_judge(&work, &conf, NOON_PLAN_BOUND, &v);
	assert_int_equal(v.binding, NOON_PLAN_PATH);
}

/* The least rise of the round trip that an attacker and the error of the model leave when they do
 * harm together, tried on a grid: never below what the test is asked to find, and once as small. */
static void no_harm_shows_less_than_the_shift_demanded(void **state)
{
	(void)state;
	for (int k = 0; k < 8; k++) {
		const bool measured = (k & 1) != 0;
		const double u = (k & 4) != 0 ? 44e3 : 4e3;
		double least = 1e12;

		set_path(u);
		conf.midpoint = (k & 2) != 0;
		assert_int_equal(noon_law_of_channel(&conf.channel, &law), NOON_OK);
		conf.law = measured ? &law : NULL;
		noon_plan_judge(&work, &conf, NOON_PLAN_MEAN, &v);
		for (int i = -10; i <= 10; i++)
			for (int j = -10; j <= 10; j++)
				for (int a = 0; a <= 10; a++) {
					const double ab = u * i / 10.0;
					const double ba = measured ? -ab : u * j / 10.0;
					const double ahead = fmax(40e3 + ba, 0.0) * a / 10.0;
					const double held = conf.midpoint
								    ? 2 * 100e3 - ahead - ab + ba
								    : 100e3 - ab;

					least = fmin(least, held - ahead + ab + ba);
				}
		/* A round trip that was not measured may lie 2 u above its model by itself. */
		least -= measured ? 0.0 : 2.0 * u;
		assert_true(least >= (v.delta_ns > 0.0 ? v.delta_ns : -1e12) - 1e-6);
		assert_true(near(least, v.delta_ns, 1e-6));
	}
}

static void every_change_found_is_enough_and_little_less_is_not(void **state)
{
	static const enum noon_plan_param linear[] = {NOON_PLAN_LIMIT, NOON_PLAN_RATE,
						      NOON_PLAN_P_FA};

	(void)state;
	conf.rate_hz = 10.0;
	for (int w = 0; w < NOON_PLAN_WAYS; w++) {
		for (size_t i = 0; i < 3; i++) {
			const struct noon_plan_conf was = conf;
			double value, now = noon_plan_get(&conf, linear[i]);

			if (noon_plan_change(&work, &conf, (enum noon_plan_way)w, linear[i],
					     &value))
				continue;
			assert_true(value > now);
			for (int k = 0; k < 2; k++) {
				const double to = k == 0 ? value : now * pow(value / now, 0.95);

				if (i == 0)
					conf.limit_ns = to;
				else if (i == 1)
					conf.rate_hz = to;
				else
					conf.p_fa = to;
				noon_plan_judge(&work, &conf, (enum noon_plan_way)w, &v);
				assert_true(v.feasible == (k == 0));
				conf = was;
			}
		}
	}
}

static void what_no_change_helps_is_not_found(void **state)
{
	double value = 77.0;

	(void)state;
	conf.limit_ns = 1e3;
	assert_int_equal(noon_plan_change(&work, &conf, NOON_PLAN_MEAN, NOON_PLAN_RATE, &value),
			 NOON_ERR_NOT_FOUND);
	assert_int_equal(noon_plan_change(&work, &conf, NOON_PLAN_BOUND, NOON_PLAN_P_D, &value),
			 NOON_ERR_NOT_FOUND);
	assert_true(near(value, 77.0, 0.0));
}

static void measured_round_trips_replace_the_channel(void **state)
{
	double value;

	(void)state;
	assert_int_equal(noon_law_of_channel(&conf.channel, &law), NOON_OK);
	conf.law = &law;
	noon_plan_judge(&work, &conf, NOON_PLAN_MEAN, &v);
	assert_true(near(v.need, 99.0, 1.0));
	law.count = 1000;
	noon_plan_judge(&work, &conf, NOON_PLAN_MEAN, &v);
	assert_true(v.need > 110.0);
	assert_int_equal(noon_plan_change(&work, &conf, NOON_PLAN_MEAN, NOON_PLAN_ROUTERS, &value),
			 NOON_ERR_NOT_FOUND);
}

/* Values far out share the last cell, and the mean that is tested counts them as that. So what the
 * calibration may be wrong by is the error of that mean, however far out they are. */
static void far_values_do_not_cost_the_mean_its_calibration(void **state)
{
	double need;

	(void)state;
	assert_int_equal(noon_law_of_channel(&conf.channel, &law), NOON_OK);
	law.count = 1000;
	conf.law = &law;
	noon_plan_judge(&work, &conf, NOON_PLAN_MEAN, &v);
	need = v.need;
	law.sd_ns *= 20.0;
	law.most_ns *= 100.0;
	noon_plan_judge(&work, &conf, NOON_PLAN_MEAN, &v);
	assert_true(near(v.need, need, 0.0));
}

/* A round trip has two differences that are each within the stamps' bound. */
static void stamps_smooth_by_their_deviation(void **state)
{
	static struct noon_cusum want;

	(void)state;
	conf.channel = (struct noon_channel){2, 0.5, 1542.0, 1e9, 0.0};
	noon_plan_judge(&work, &conf, NOON_PLAN_CUSUM, &v);
	assert_int_equal(noon_law_of_channel(&conf.channel, &law), NOON_OK);
	assert_int_equal(noon_cusum_design(&work.chain, &law, v.delta_ns, 100.0 / conf.p_fa,
					   sqrt(500.0 * 500.0 / 3.0 + 500.0 * 500.0 / 3.0), &want),
			 NOON_OK);
	assert_true(near(v.h, want.h, 1e-9) && near(work.cusum.add, want.add, 1e-9));
	for (int i = 0; i < 64; i++) {
		const double x = 777.0 * i;

		assert_true(near(noon_cusum_llr(&work.cusum, x), noon_cusum_llr(&want, x), 1e-9));
	}
	assert_true(near(noon_plan_budget_ns(&conf), 10e3, 1e-9)); /* there it is a bound */
}

/* However wide the limit, one value in as many as were measured may be beyond it. */
static void what_was_not_measured_may_be_too_wide(void **state)
{
	(void)state;
	assert_int_equal(noon_law_of_channel(&conf.channel, &law), NOON_OK);
	conf.limit_ns = 1e6;
	conf.rate_hz = 3.0;
	conf.p_fa = 1e-8;
	for (int way = NOON_PLAN_BOUND; way <= NOON_PLAN_MEAN; way++) {
		conf.law = NULL;
		noon_plan_judge(&work, &conf, (enum noon_plan_way)way, &v);
		assert_true(near(v.need, 1.0, 0.0) && near(v.p_fail, NOON_PLAN_P_LEAST, 0.0));
		law.count = 1000;
		conf.law = &law;
		noon_plan_judge(&work, &conf, (enum noon_plan_way)way, &v);
		assert_true(near(v.need, 3.0, 0.0) && near(v.p_fail / 1e-9, 1.0, 1e-6));
		assert_true(v.feasible);
	}
}

/* (z_d + z_fa)^2 (sd / delta)^2, for a law with nearly normal tails; and where no digit of 1 - p is
 * left to be lost. */
static void rare_misses_and_alarms_are_counted(void **state)
{
	static const struct {
		double p_d, p_fa;
	} cases[] = {{0.999, 1e-6},	   {1.0 - 1e-12, 1e-6}, {NOON_PLAN_P_D_MOST, 1e-6},
		     {1.0 - 1e-12, 1e-15}, {0.999, 1e-30},	{NOON_PLAN_P_D_MOST, 1e-300}};
	double mean = 0.0, var, m3;

	(void)state;
	noon_channel_moments(&conf.channel, &mean, &var, &m3);
	conf.limit_ns = 5e3; /* 3 us: batches are large, their means normal */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const double z =
			noon_normal_isf(1.0 - cases[i].p_d) + noon_normal_isf(cases[i].p_fa);
		const double normal = z * z * var / 9e6;

		conf.p_d = cases[i].p_d;
		conf.p_fa = cases[i].p_fa;
		conf.rate_hz = 9e4;
		assert_int_equal(noon_plan_check(&conf), NOON_OK);
		noon_plan_judge(&work, &conf, NOON_PLAN_MEAN, &v);
		print_message("# P_D %.17g, P_FA %g: %.0f, normal %.0f\n", conf.p_d, conf.p_fa,
			      v.need, normal);
		assert_true(near(v.need / normal, 1.0, 0.05));
		conf.rate_hz = v.need;
		noon_plan_judge(&work, &conf, NOON_PLAN_MEAN, &v);
		assert_true(v.feasible && v.p_fail > 0.0);
		assert_true(near(log(v.p_fail) / log(conf.p_fa), 1.0, 0.02));
		noon_plan_judge(&work, &conf, NOON_PLAN_CUSUM, &v);
		/* The run length is the one demanded, not the longest there is. */
		assert_true(near(log(v.p_fail) / log(conf.p_fa), 1.0, 0.02));
		assert_true(v.need > work.cusum.add && v.need < 1e9);
	}
}

/* At the far end of the range the queues are shorter than what the stamps smooth over, and no CUSUM
 * can be tuned; before it one is. */
static void a_window_before_the_far_end_is_found(void **state)
{
	double value = 0.0;

	(void)state;
	conf = (struct noon_plan_conf){
		.limit_ns = 13e3,
		.period_s = 1.0,
		.clock = 5e-8,
		.server_ns = 1e3,
		.stamp_ns = 1e3,
		.rate_hz = 100.0,
		.p_d = 0.999,
		.p_fa = 1e-6,
		.channel = noon_channel_default(),
		.inflation = 1.0,
	};
	noon_plan_judge(&work, &conf, NOON_PLAN_CUSUM, &v);
	assert_false(v.feasible);
	conf.channel.rate_bps = 1e13;
	noon_plan_judge(&work, &conf, NOON_PLAN_CUSUM, &v);
	assert_false(v.feasible);
	conf.channel.rate_bps = 1e9;
	assert_int_equal(
		noon_plan_change(&work, &conf, NOON_PLAN_CUSUM, NOON_PLAN_LINK_RATE, &value),
		NOON_OK);
	assert_true(value > 1.2e9 && value < 2e9);
	conf.channel.rate_bps = value;
	noon_plan_judge(&work, &conf, NOON_PLAN_CUSUM, &v);
	assert_true(v.feasible);
}

/* The CUSUM is judged by p_d, so less of it may be enough. */
static void less_detection_is_a_change_for_the_tests_alone(void **state)
{
	double value = 0.0;

	(void)state;
	conf.p_fa = 1e-4;
	for (int way = 0; way < NOON_PLAN_WAYS; way++) {
		if (way == NOON_PLAN_BOUND) {
			assert_int_equal(noon_plan_change(&work, &conf, NOON_PLAN_BOUND,
							  NOON_PLAN_P_D, &value),
					 NOON_ERR_NOT_FOUND);
			continue;
		}
		assert_int_equal(noon_plan_change(&work, &conf, (enum noon_plan_way)way,
						  NOON_PLAN_P_D, &value),
				 NOON_OK);
		assert_true(value > 0.5 && value < conf.p_d);
	}
}

/* The law of a channel is kept between calls. */
static void what_is_kept_is_that_of_the_channel(void **state)
{
	static struct noon_plan_work fresh;
	struct noon_plan_verdict other;

	(void)state;
	for (int i = 0; i < 12; i++) {
		conf.channel.routers = 3 + (unsigned)(i / 4) % 2;
		conf.channel.p_idle = i % 3 == 0 ? 0.5 : 0.4;
		for (int k = 0; k < 2; k++)
			conf.propagation_ns[k] = conf.fastest_ns = 100.0 * (i % 4);
		for (int way = 0; way < NOON_PLAN_WAYS; way++) {
			fresh.loaded = false;
			noon_plan_judge(&work, &conf, (enum noon_plan_way)way, &v);
			noon_plan_judge(&fresh, &conf, (enum noon_plan_way)way, &other);
			assert_true(near(v.need, other.need, 0.0) || v.need > 1e300);
			assert_true(near(log(v.p_fail), log(other.p_fail), 1e-6));
			assert_true(near(work.law.x0_ns, fresh.law.x0_ns, 1e-6));
		}
	}
}

static void impossible_values_are_refused(void **state)
{
	struct noon_plan_conf bad[12];

	(void)state;
	for (size_t i = 0; i < 12; i++)
		bad[i] = conf;
	assert_int_equal(noon_plan_check(&conf), NOON_OK);
	bad[0].limit_ns = 0.0;
	bad[1].p_d = 1.0;
	bad[2].rate_hz = -1.0;
	bad[3].minimum_ns[1] = 5.0; /* more than the propagation */
	bad[4].channel.p_idle = 1.5;
	bad[5].period_s = (double)NAN;
	bad[6].inflation = 0.5;
	bad[7].path_err_ns = -1.0;
	bad[8].p_d = 1.0 - 1e-16;
	bad[9].p_fa = 1e-301;
	bad[10].p_fa = 1.0;
	bad[11].p_fa = 1e-300;
	bad[11].rate_hz = 1e6; /* too long a run length */
	for (size_t i = 0; i < 12; i++)
		assert_int_equal(noon_plan_check(&bad[i]), NOON_ERR_RANGE);
	conf.p_fa = NOON_PLAN_P_LEAST;
	conf.p_d = NOON_PLAN_P_D_MOST;
	assert_int_equal(noon_plan_check(&conf), NOON_OK);
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(budget_is_what_the_terms_leave),
		TEST(mean_test_is_that_of_the_reference),
		TEST(bound_is_that_of_a_simulation),
		TEST(intersection_needs_fewer_than_the_smallest_round_trip),
		TEST(need_is_the_smallest),
		TEST(cusum_needs_its_late_alarms_too),
		TEST(correlation_slows_the_cusum_and_keeps_its_alarm_rate),
		TEST(a_faster_path_is_refused),
		TEST(what_is_hidden_is_taken_from_every_way),
		TEST(hidden_and_bound_share_the_limit),
		TEST(error_of_the_path_is_charged),
		TEST(nothing_left_by_a_faster_path_is_the_path),
		TEST(no_harm_shows_less_than_the_shift_demanded),
		TEST(every_change_found_is_enough_and_little_less_is_not),
		TEST(what_no_change_helps_is_not_found),
		TEST(measured_round_trips_replace_the_channel),
		TEST(far_values_do_not_cost_the_mean_its_calibration),
		TEST(stamps_smooth_by_their_deviation),
		TEST(what_was_not_measured_may_be_too_wide),
		TEST(rare_misses_and_alarms_are_counted),
		TEST(a_window_before_the_far_end_is_found),
		TEST(less_detection_is_a_change_for_the_tests_alone),
		TEST(what_is_kept_is_that_of_the_channel),
		TEST(impossible_values_are_refused),
	};

	return cmocka_run_group_tests_name("estimate/plan", tests, NULL, NULL);
}
