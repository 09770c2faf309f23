/* SPDX-License-Identifier: Apache-2.0
 *
 * Order statistics, Student's t, budgets, means of values that depend on each other, paths.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "metrology/budget/bootstrap.h"
#include "metrology/budget/budget.h"
#include "metrology/budget/order.h"
#include "metrology/budget/path_model.h"
#include "metrology/budget/student.h"

#define TRIALS 1000000

static void sorts(void **state)
{
	struct noon_rng rng = noon_rng_seeded(1);
	double x[257];

	(void)state;
	for (size_t n = 0; n <= 257; n++) {
		double sum = 0;
		double after = 0;

		for (size_t i = 0; i < n; i++) {
			x[i] = floor(noon_rng_unit(&rng) * 100);
			sum += x[i];
		}
		noon_sort(x, n);
		for (size_t i = 0; i < n; i++) {
			after += x[i];
			assert_true(i == 0 || x[i - 1] <= x[i]);
		}
		assert_true(fabs(after - sum) < 1e-9);
	}
}

static void finds_quantiles(void **state)
{
	const double x[] = {1, 2, 4, 8, 100};
	double lower;
	double upper;

	(void)state;
	assert_true(fabs(noon_quantile(x, 5, 0) - 1) < 1e-12);
	assert_true(fabs(noon_quantile(x, 5, 0.5) - 4) < 1e-12);
	assert_true(fabs(noon_quantile(x, 5, 0.625) - 6) < 1e-12);
	assert_true(fabs(noon_quantile(x, 5, 1) - 100) < 1e-12);
	noon_shortest_interval(x, 5, 0.6, &lower, &upper);
	assert_true(fabs(lower - 1) < 1e-12 && fabs(upper - 4) < 1e-12);
	noon_shortest_interval(x + 2, 3, 0.5, &lower, &upper);
	assert_true(fabs(lower - 4) < 1e-12 && fabs(upper - 8) < 1e-12);
}

/* GUM, table G.2. */
static void has_the_factors_of_the_gum(void **state)
{
	static const struct {
		double nu, p, t;
	} known[] = {
		{1, 0.6827, 1.84},
		{1, 0.95, 12.71},
		{1, 0.9545, 13.97},
		{1, 0.9973, 235.80},
		{2, 0.9545, 4.53},
		{5, 0.95, 2.57},
		{5, 0.9545, 2.65},
		{10, 0.90, 1.81},
		{10, 0.9545, 2.28},
		{20, 0.99, 2.85},
		{30, 0.95, 2.04},
		{50, 0.9545, 2.05},
		{100, 0.95, 1.984},
		{(double)INFINITY, 0.95, 1.960},
		{(double)INFINITY, 0.9973, 3.000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const double t = noon_student_factor(known[i].p, known[i].nu);

		assert_true(fabs(t - known[i].t) < 0.0051 * (t > 100 ? 10 : 1));
		assert_true(fabs(noon_student_within(t, known[i].nu) - known[i].p) < 1e-9);
	}
	/* A closed form: nu = 2 has P = t / sqrt(2 + t^2). */
	assert_true(fabs(noon_student_within(3, 2) - 3 / sqrt(11.0)) < 1e-13);
	assert_true(fabs(noon_student_within(0.01, 2) - 0.01 / sqrt(2.0001)) < 1e-13);
}

static void draws_students_values(void **state)
{
	struct noon_rng rng = noon_rng_seeded(7);
	size_t within = 0;

	(void)state;
	for (size_t i = 0; i < 200000; i++)
		within += fabs(noon_student_draw(&rng, 3)) <= 3.182;
	assert_true(fabs((double)within / 200000 - 0.95) < 0.002);
}

static struct noon_component of(enum noon_distribution d, double width, double nu)
{
	return (struct noon_component){"c", "test", 'B', d, width, 1, nu};
}

/* GUM, H.1: the length of a gauge block; u_c = 32 nm, nu_eff = 16. */
static void combines_as_the_gum_does(void **state)
{
	const struct noon_component c[] = {
		of(NOON_DISTRIBUTION_NORMAL, 25, 18),
		of(NOON_DISTRIBUTION_NORMAL, 9.7, 25.6),
		of(NOON_DISTRIBUTION_NORMAL, 2.9, 50),
		of(NOON_DISTRIBUTION_NORMAL, 16.6, 2),
	};
	struct noon_uncertainty u;

	(void)state;
	noon_budget_combine(c, 4, &u);
	assert_true(fabs(u.u_c - 31.7) < 0.05);
	assert_true(fabs(u.nu - 16.7) < 0.1);
	assert_true(fabs(u.k - noon_student_factor(NOON_COVERAGE, u.nu)) < 1e-12);
	assert_true(fabs(u.U - u.k * u.u_c) < 1e-9);
}

static void divides_by_the_distribution(void **state)
{
	struct noon_component c = of(NOON_DISTRIBUTION_RECTANGULAR, 3, (double)INFINITY);
	struct noon_uncertainty u;

	(void)state;
	assert_true(fabs(noon_component_u(&c) - sqrt(3.0)) < 1e-12);
	c.sensitivity = -2;
	assert_true(fabs(noon_component_u(&c) - 2 * sqrt(3.0)) < 1e-12);
	c = of(NOON_DISTRIBUTION_TRIANGULAR, 3, (double)INFINITY);
	assert_true(fabs(noon_component_u(&c) - 3 / sqrt(6.0)) < 1e-12);
	c = of(NOON_DISTRIBUTION_U_SHAPED, 3, (double)INFINITY);
	assert_true(fabs(noon_component_u(&c) - 3 / sqrt(2.0)) < 1e-12);
	noon_budget_combine(&c, 1, &u);
	assert_true(isinf(u.nu) && fabs(u.k - 2) < 1e-12);
	noon_budget_combine(&c, 0, &u);
	assert_true(u.U >= 0 && u.U <= 0);
}

/* JCGM 101, 9.2: four components; tables 2, 3 and 4. */
static void propagates_distributions(void **state)
{
	static const struct {
		enum noon_distribution d;
		double last, end, u;
	} known[] = {
		{NOON_DISTRIBUTION_NORMAL, 1, 3.92, 2.00},
		{NOON_DISTRIBUTION_RECTANGULAR, 1, 3.88, 2.00},
		{NOON_DISTRIBUTION_RECTANGULAR, 10, 17.0, 10.1},
	};
	double *scratch = calloc(TRIALS, sizeof(*scratch));
	struct noon_rng rng = noon_rng_seeded(101);

	(void)state;
	assert_non_null(scratch);
	for (size_t i = 0; i < 3; i++) {
		const double half = known[i].d == NOON_DISTRIBUTION_NORMAL ? 1 : sqrt(3.0);
		struct noon_component c[4];
		struct noon_coverage_interval r;

		for (size_t k = 0; k < 4; k++)
			c[k] = of(known[i].d, half, (double)INFINITY);
		c[3].width *= known[i].last;
		noon_budget_monte_carlo(c, 4, &rng, 0.95, TRIALS, scratch, &r);
		/* Where the density is flat, many intervals are nearly as short. */
		assert_true(fabs((r.upper - r.lower) / 2 - known[i].end) < 0.05);
		assert_true(fabs(r.upper + r.lower) < known[i].end / 30);
		assert_true(fabs(r.u - known[i].u) < 0.06);
	}
	free(scratch);
}

/* Of other shapes and of few degrees of freedom. */
static void draws_every_shape(void **state)
{
	double *scratch = calloc(TRIALS, sizeof(*scratch));
	struct noon_rng rng = noon_rng_seeded(102);
	struct noon_coverage_interval r;
	struct noon_component c = of(NOON_DISTRIBUTION_TRIANGULAR, 1, (double)INFINITY);

	(void)state;
	assert_non_null(scratch);
	noon_budget_monte_carlo(&c, 1, &rng, 0.95, TRIALS, scratch, &r);
	assert_true(fabs(r.u - 1 / sqrt(6.0)) < 0.002);
	assert_true(fabs(r.upper - (1 - sqrt(0.05))) < 0.01);
	c.distribution = NOON_DISTRIBUTION_U_SHAPED;
	noon_budget_monte_carlo(&c, 1, &rng, 0.999, TRIALS, scratch, &r);
	assert_true(fabs(r.u - 1 / sqrt(2.0)) < 0.002 && r.upper <= 1 && r.lower >= -1);
	c = of(NOON_DISTRIBUTION_NORMAL, 1, 5);
	noon_budget_monte_carlo(&c, 1, &rng, 0.95, TRIALS, scratch, &r);
	assert_true(fabs(r.upper - 2.57) < 0.05 && fabs(r.lower + 2.57) < 0.05);
	free(scratch);
}

/* White noise: s / sqrt(n). Of values that stay for 20: sqrt(20) times that. */
static void sees_what_depends_on_each_other(void **state)
{
	enum { N = 20000, LAST = 20 };
	struct noon_rng rng = noon_rng_seeded(5);
	double *x = calloc(N, sizeof(*x));
	struct noon_mean_error white;
	struct noon_mean_error slow;

	(void)state;
	assert_non_null(x);
	for (size_t i = 0; i < N; i++)
		x[i] = 1000 + noon_rng_gauss(&rng);
	noon_mean_error(x, N, &white);
	assert_true(fabs(white.mean - 1000) < 0.03);
	assert_true(fabs(white.u * sqrt(N) - 1) < 0.1);
	for (size_t i = 0; i < N; i++)
		x[i] = i % LAST == 0 ? noon_rng_gauss(&rng) : x[i - 1];
	noon_mean_error(x, N, &slow);
	assert_true(slow.block >= LAST);
	assert_true(fabs(slow.u * sqrt(N / (double)LAST) - 1) < 0.15);
	assert_true(slow.nu >= 10 && slow.nu <= N / LAST);
	free(x);
}

static void is_right_for_two(void **state)
{
	const double x[] = {1, 3};
	struct noon_mean_error e;

	(void)state;
	noon_mean_error(x, 2, &e);
	assert_true(fabs(e.mean - 2) < 1e-12);
	assert_true(fabs(e.u - 1) < 1e-12);
	assert_true(fabs(e.nu - 1) < 1e-12);
}

/* VF 0.67: 4.98 us/km. 90 bytes: 7.2 us at 100 Mb/s, 72 ns at 10 Gb/s. */
static void computes_paths(void **state)
{
	struct noon_path_model p = {
		.n = 1,
		.link = {{.length_m = 1000,
			  .velocity_factor = 0.67,
			  .rate_up = (double)INFINITY,
			  .rate_down = (double)INFINITY}},
		.request_bytes = 90,
		.reply_bytes = 90,
	};
	struct noon_path_minima m;

	(void)state;
	assert_true(fabs(noon_serialisation_s(90, 100e6) - 7.2e-6) < 1e-12);
	assert_true(fabs(noon_serialisation_s(90, 10e9) - 72e-9) < 1e-14);
	noon_path_minima(&p, &m);
	assert_int_equal(m.up, 4978);
	assert_int_equal(m.down, 4978);
	assert_int_equal(m.asymmetry, 0);
	p.link[0].rate_up = 100e6;
	p.link[0].rate_down = 10e9;
	p.link[0].node_s = 1e-6;
	noon_path_minima(&p, &m);
	assert_int_equal(m.up, 4978 + 7200 + 1000);
	assert_int_equal(m.down, 4978 + 72 + 1000);
	assert_int_equal(m.asymmetry, 3564);
}

/* Two links: 100 Mb/s here, 1 Gb/s at the service; a request of 125 bytes, a reply of 250. */
static void counts_the_bits_between_the_stamps(void **state)
{
	struct noon_path_model p = {
		.n = 2,
		.link = {{.velocity_factor = 1, .rate_up = 100e6, .rate_down = 100e6},
			 {.velocity_factor = 1, .rate_up = 1e9, .rate_down = 1e9}},
		.request_bytes = 125,
		.reply_bytes = 250,
	};
	struct noon_path_minima m;

	(void)state;
	noon_path_minima(&p, &m);
	assert_int_equal(m.up, 10000 + 1000);
	assert_int_equal(m.down, 2000 + 20000);
	/* Hardware here: the reply's first bit is stamped, 20 us before its last. */
	p.received_first = NOON_PATH_HERE;
	noon_path_minima(&p, &m);
	assert_int_equal(m.up, 11000);
	assert_int_equal(m.down, 2000);
	assert_int_equal(m.asymmetry, 4500);
	p.received_first = NOON_PATH_HERE | NOON_PATH_SERVICE;
	noon_path_minima(&p, &m);
	assert_int_equal(m.up, 10000);
	p.sent_last = NOON_PATH_HERE;
	noon_path_minima(&p, &m);
	assert_int_equal(m.up, 0);
	assert_int_equal(m.down, 2000);
	/* On one link the first bit arrives before the last is sent. */
	p.n = 1;
	noon_path_minima(&p, &m);
	assert_int_equal(m.up, -10000);
	p.n = 0;
	noon_path_minima(&p, &m);
	assert_int_equal(m.up, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorts),
		cmocka_unit_test(finds_quantiles),
		cmocka_unit_test(has_the_factors_of_the_gum),
		cmocka_unit_test(draws_students_values),
		cmocka_unit_test(combines_as_the_gum_does),
		cmocka_unit_test(divides_by_the_distribution),
		cmocka_unit_test(propagates_distributions),
		cmocka_unit_test(draws_every_shape),
		cmocka_unit_test(sees_what_depends_on_each_other),
		cmocka_unit_test(is_right_for_two),
		cmocka_unit_test(computes_paths),
		cmocka_unit_test(counts_the_bits_between_the_stamps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
