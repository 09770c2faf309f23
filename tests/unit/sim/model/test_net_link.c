/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/model/net_link.h"

#define N 200000

static struct noon_rng rng;

/* Draw N delays and check mean and variance of the queueing. */
static void check_moments(const struct noon_net_link_conf *l, double mean, double var,
			  double relative)
{
	const double least = noon_net_link_least_ns(l, 0, 48);
	double sum = 0.0, squares = 0.0;

	rng = noon_rng_seeded(3);
	for (int i = 0; i < N; i++) {
		const struct noon_net_link_fate f = noon_net_link_draw(l, 0, 48, &rng);

		assert_true(f.delay_ns >= least);
		sum += f.queue_ns;
		squares += f.queue_ns * f.queue_ns;
	}
	sum /= N;
	squares = squares / N - sum * sum;
	assert_true(fabs(sum - mean) <= relative * mean);
	assert_true(fabs(squares - var) <= 3.0 * relative * var);
	assert_true(fabs(noon_net_link_mean_ns(l) - mean) <= 1e-9 * mean);
}

/* The channel of the paper: half of its round trip of 80.184 us, sd 18.3837 us. */
static void priority_routers_have_the_moments_of_the_paper(void **state)
{
	struct noon_net_link_conf l = noon_net_link_conf_default();

	(void)state;
	l.nodes = 10;
	l.rate_bps = 1e9;
	l.queue = NOON_QUEUE_PRIORITY;
	l.p_idle = 0.35;
	check_moments(&l, 40092.0, 18383.7 * 18383.7 / 2.0, 0.003);
}

static void exponential_queueing_has_its_moments(void **state)
{
	struct noon_net_link_conf l = noon_net_link_conf_default();

	(void)state;
	l.queue = NOON_QUEUE_EXPONENTIAL;
	l.scale_ns = 1000.0;
	check_moments(&l, 1000.0, 1e6, 0.01);
}

static void uniform_queueing_has_its_moments(void **state)
{
	struct noon_net_link_conf l = noon_net_link_conf_default();

	(void)state;
	l.queue = NOON_QUEUE_UNIFORM;
	l.scale_ns = 1200.0;
	l.nodes = 4;
	check_moments(&l, 2400.0, 4.0 * 1200.0 * 1200.0 / 12.0, 0.01);
}

static void pareto_queueing_has_its_mean(void **state)
{
	struct noon_net_link_conf l = noon_net_link_conf_default();

	(void)state;
	l.queue = NOON_QUEUE_PARETO;
	l.scale_ns = 1000.0;
	l.shape = 5.0;
	/* Lomax: mean s / (a - 1), variance s^2 a / ((a - 1)^2 (a - 2)) */
	check_moments(&l, 250.0, 1e6 * 5.0 / (16.0 * 3.0), 0.02);
}

static void recorded_queueing_repeats_what_was_recorded(void **state)
{
	static const double v[] = {0.0, 10.0, 50.0};
	struct noon_net_link_conf l = noon_net_link_conf_default();

	(void)state;
	l.queue = NOON_QUEUE_RECORDED;
	l.recorded = v;
	l.n_recorded = 3;
	check_moments(&l, 20.0, 466.6667, 0.01);
}

static void least_delay_is_propagation_and_serialisation(void **state)
{
	struct noon_net_link_conf l = noon_net_link_conf_default();

	(void)state;
	l.length_m = 1000.0;
	l.velocity = 1.0;
	l.nodes = 2;
	l.rate_bps = 1e9;
	l.forwarding_ns = 100.0;
	/* 3335.64 + 2 (100 + (48 + 66) 8) ns */
	assert_true(fabs(noon_net_link_least_ns(&l, 0, 48) - (3335.641 + 200.0 + 1824.0)) < 0.001);
}

static void route_changes_at_its_time(void **state)
{
	struct noon_net_link_conf l = noon_net_link_conf_default();

	(void)state;
	l.delay_ns = 5000.0;
	l.route_at = NOON_S(10);
	l.route_ns = -2000.0;
	assert_true(fabs(noon_net_link_least_ns(&l, NOON_S(10) - 1, 48) - 5000.0) < 1e-9);
	assert_true(fabs(noon_net_link_least_ns(&l, NOON_S(10), 48) - 3000.0) < 1e-9);
	assert_true(fabs(noon_net_link_floor_ns(&l, 48) - 3000.0) < 1e-9);
	l.route_ns = -9000.0;
	assert_true(fabs(noon_net_link_floor_ns(&l, 48)) < 1e-9);
}

static void losses_and_duplicates_have_their_frequency(void **state)
{
	struct noon_net_link_conf l = noon_net_link_conf_default();
	int lost = 0, twice = 0, late = 0;

	(void)state;
	l.loss = 0.1;
	l.duplicate = 0.2;
	l.reorder = 0.3;
	l.reorder_ns = 1e6;
	rng = noon_rng_seeded(5);
	for (int i = 0; i < N; i++) {
		const struct noon_net_link_fate f = noon_net_link_draw(&l, 0, 48, &rng);

		lost += f.lost;
		twice += f.duplicate;
		late += f.queue_ns > 1.0;
	}
	assert_in_range(lost, N / 10 - 600, N / 10 + 600);
	assert_in_range(twice, N / 5 - 800, N / 5 + 800);
	assert_in_range(late, 3 * N / 10 - 900, 3 * N / 10 + 900);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(priority_routers_have_the_moments_of_the_paper),
		cmocka_unit_test(exponential_queueing_has_its_moments),
		cmocka_unit_test(uniform_queueing_has_its_moments),
		cmocka_unit_test(pareto_queueing_has_its_mean),
		cmocka_unit_test(recorded_queueing_repeats_what_was_recorded),
		cmocka_unit_test(least_delay_is_propagation_and_serialisation),
		cmocka_unit_test(route_changes_at_its_time),
		cmocka_unit_test(losses_and_duplicates_have_their_frequency),
	};

	return cmocka_run_group_tests_name("sim/link", tests, NULL, NULL);
}
