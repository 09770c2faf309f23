/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "estimate/guard/cusum.h"
#include "estimate/law/channel.h"

#define TABLE 65536

static struct noon_cusum_work work;
static struct noon_cusum cusum;
static struct noon_law law;
static double cell[TABLE]; /* index of the cell with that part of the mass */
static int64_t samples[4000];

static bool near(double a, double b, double tolerance)
{
	if (fabs(a - b) <= tolerance)
		return true;
	print_message("# %.12g is not %.12g\n", a, b);
	return false;
}

static void make_gaussian(void)
{
	double sum = 0.0;

	memset(&law, 0, sizeof(law));
	law.n = 1601;
	law.step_ns = 10.0;
	law.mean_ns = 8000.0;
	law.sd_ns = 1000.0;
	law.most_ns = 16000.0;
	for (size_t k = 0; k < law.n; k++) {
		const double z = ((double)k - 800.0) / 100.0;

		law.p[k] = exp(-z * z / 2.0);
		sum += law.p[k];
	}
	for (size_t k = 0; k < law.n; k++)
		law.p[k] /= sum;
}

static void make_table(void)
{
	double sum = law.p[0];
	size_t k = 0;

	for (size_t i = 0; i < TABLE; i++) {
		while (k + 1 < law.n && sum < ((double)i + 0.5) / TABLE)
			sum += law.p[++k];
		cell[i] = law.x0_ns + law.step_ns * (double)k;
	}
}

static double draw(struct noon_rng *rng)
{
	return cell[noon_rng_u64(rng) % TABLE];
}

/* Return the mean number of values to the alarm. */
static double simulate(double shift, unsigned runs, uint64_t seed)
{
	struct noon_rng rng = noon_rng_seeded(seed);
	double values = 0.0;

	for (unsigned i = 0; i < runs; i++) {
		double s = 0.0;

		do {
			s = noon_cusum_step(&cusum, s, draw(&rng) + shift);
			values += 1.0;
		} while (s <= cusum.h);
	}
	return values / runs;
}

/* Tables of the one-sided normal chart with k = 1/2: h = 4 has 336 and 8.38, h = 5 has 930 and
 * 10.4. In units of the log-likelihood ratio of a shift by one sigma these are the same h. */
static void normal_chart_of_the_tables_comes_out(void **state)
{
	(void)state;
	make_gaussian();
	assert_int_equal(noon_cusum_design(&work, &law, 1000.0, 336.0, 0.0, &cusum), NOON_OK);
	assert_true(near(cusum.h, 4.0, 0.03));
	assert_true(near(cusum.add, 8.38, 0.06));
	assert_int_equal(noon_cusum_design(&work, &law, 1000.0, 930.0, 0.0, &cusum), NOON_OK);
	assert_true(near(cusum.h, 5.0, 0.03));
	assert_true(near(cusum.add, 10.4, 0.06));
	assert_int_equal(noon_cusum_design(&work, &law, -1000.0, 930.0, 0.0, &cusum), NOON_OK);
	assert_true(near(cusum.h, 5.0, 0.03));
}

static void increments_are_those_of_the_formula(void **state)
{
	(void)state;
	make_gaussian();
	assert_int_equal(noon_cusum_design(&work, &law, 1000.0, 1e4, 0.0, &cusum), NOON_OK);
	for (double z = -2.5; z < 2.5; z += 0.37)
		assert_true(near(noon_cusum_llr(&cusum, 8000.0 + 1000.0 * z), z - 0.5, 0.02));
	assert_true(near(noon_cusum_step(&cusum, 1.0, 8000.0), 0.5, 0.02));
	assert_true(near(noon_cusum_step(&cusum, 0.1, 5000.0), 0.0, 0.0));
}

static void simulation_confirms_the_chain(void **state)
{
	const struct noon_channel c = noon_channel_default();
	double delay = 0.0;

	(void)state;
	assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
	make_table();
	assert_int_equal(noon_cusum_design(&work, &law, 10000.0, 2000.0, 0.0, &cusum), NOON_OK);
	assert_true(near(simulate(0.0, 1500, 1) / 2000.0, 1.0, 0.1));
	assert_true(near(simulate(10000.0, 5000, 2) / cusum.add, 1.0, 0.04));
	assert_int_equal(noon_cusum_delay(&work, &cusum, &law, 20000.0, &delay), NOON_OK);
	assert_true(near(simulate(20000.0, 5000, 3) / delay, 1.0, 0.04));
	assert_true(delay < cusum.add);
	assert_int_equal(noon_cusum_delay(&work, &cusum, &law, 0.0, &delay), NOON_OK);
	assert_true(near(delay / 2000.0, 1.0, 0.01));
}

/* Nine attacks in ten are found within ret_n; and the mean is not what a period has to hold. */
static void simulation_confirms_the_quantiles(void **state)
{
	const struct noon_channel c = noon_channel_default();
	struct noon_rng rng = noon_rng_seeded(4);
	double n = 0.0;
	unsigned within = 0;

	(void)state;
	assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
	make_table();
	assert_int_equal(noon_cusum_design(&work, &law, 10000.0, 2000.0, 0.0, &cusum), NOON_OK);
	assert_int_equal(noon_cusum_within(&work, &cusum, &law, 10000.0, 0.9, &n), NOON_OK);
	for (unsigned i = 0; i < 5000; i++) {
		double s = 0.0;

		for (unsigned k = 0; k < (unsigned)n && s <= cusum.h; k++)
			s = noon_cusum_step(&cusum, s, draw(&rng) + 10000.0);
		within += s > cusum.h;
	}
	print_message("# mean %.1f, nine in ten within %.0f: %u of 5000\n", cusum.add, n, within);
	assert_true(within > 4400 && within < 4650);
	/* Far out: what is left shrinks by the same factor with each value. */
	assert_int_equal(noon_cusum_within(&work, &cusum, &law, 0.0, 0.5, &n), NOON_OK);
	assert_true(near(n / (2000.0 * log(2.0)), 1.0, 0.05));
	/* So small a shift that nothing happens for long. */
	assert_int_equal(noon_cusum_design(&work, &law, 100.0, 1e9, 0.0, &cusum), NOON_OK);
	assert_int_equal(noon_cusum_within(&work, &cusum, &law, 100.0, 0.9, &n), NOON_OK);
	print_message("# mean %.4g, nine in ten within %.4g\n", cusum.add, n);
	assert_true(n > cusum.add && n < 4.0 * cusum.add);
	assert_int_equal(noon_cusum_within(&work, &cusum, &law, 0.0, 1.0, &n), NOON_ERR_RANGE);
	assert_int_equal(noon_cusum_within(&work, &cusum, &law, -1e9, 0.5, &n), NOON_ERR_EMPTY);
}

/* Return the share of shifts that are found within n values. Each begins while S is stationary:
 * after `before` values without an alarm. */
static double found_within(double shift, unsigned n, unsigned before, unsigned runs, uint64_t seed)
{
	struct noon_rng rng = noon_rng_seeded(seed);
	unsigned found = 0;

	print_message("# seed %llu\n", (unsigned long long)seed);
	for (unsigned i = 0; i < runs; i++) {
		double s = 0.0;

		for (unsigned k = 0; k < before; k++) {
			s = noon_cusum_step(&cusum, s, draw(&rng));
			s = s > cusum.h ? 0.0 : s;
		}
		for (unsigned k = 0; k < n && s <= cusum.h; k++)
			s = noon_cusum_step(&cusum, s, draw(&rng) + shift);
		found += s > cusum.h;
	}
	return (double)found / runs;
}

/* Thousands of values, and probabilities that no simulation reaches: there what is left shrinks
 * by the same factor from one power of ten to the next. */
static void the_tail_of_the_delay_is_that_of_its_long_run(void **state)
{
	static const struct {
		double delta_ns, arl0;
	} cases[] = {{10000.0, 1e8}, {2000.0, 1e8}, {1000.0, 1e8}};
	const struct noon_channel c = noon_channel_default();

	(void)state;
	assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
	make_table();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const double delta = cases[i].delta_ns;
		double n[5], found;

		assert_int_equal(noon_cusum_design(&work, &law, delta, cases[i].arl0, 0.0, &cusum),
				 NOON_OK);
		for (int k = 0; k < 5; k++)
			assert_int_equal(noon_cusum_within(&work, &cusum, &law, delta,
							   1.0 - pow(1e-3, k + 1), &n[k]),
					 NOON_OK);
		found = found_within(delta, (unsigned)n[0], 0, 3000, 21 + i);
		print_message("# %.0f ns: %.0f %.0f %.0f %.0f %.0f, %.4f within the first\n", delta,
			      n[0], n[1], n[2], n[3], n[4], found);
		assert_true(found > 0.9975);
		found = found_within(delta, (unsigned)(n[0] * 0.9), 0, 3000, 31 + i);
		assert_true(found < 0.9985);
		assert_true(near(n[3] - n[2], n[2] - n[1], 1.0 + 0.001 * n[2]));
		assert_true(near(n[4] - n[3], n[3] - n[2], 1.0 + 0.001 * n[2]));
	}
}

/* S >= 0 when a shift comes: it is found no later than from S = 0. */
static void a_shift_at_any_moment_is_found_as_soon(void **state)
{
	const struct noon_channel c = noon_channel_default();
	double n = 0.0, later, first;

	(void)state;
	assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
	make_table();
	assert_int_equal(noon_cusum_design(&work, &law, 10000.0, 300.0, 0.0, &cusum), NOON_OK);
	assert_int_equal(noon_cusum_within(&work, &cusum, &law, 10000.0, 0.9, &n), NOON_OK);
	first = found_within(10000.0, (unsigned)n, 0, 20000, 41);
	later = found_within(10000.0, (unsigned)n, 200, 20000, 42);
	print_message("# within %.0f: %.4f from 0, %.4f from where S happens to be\n", n, first,
		      later);
	assert_true(near(first, 0.9, 0.015));
	assert_true(later > first);
}

/* What few values have not seen alarms by itself, but need not come with a small shift: then a
 * false alarm is sooner than a true one. */
static void a_shift_slower_than_false_alarms_is_refused(void **state)
{
	const struct noon_channel c = noon_channel_default();
	struct noon_rng rng = noon_rng_seeded(14);
	static struct noon_cusum before;
	unsigned slower = 0;

	(void)state;
	assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
	make_table();
	for (size_t i = 0; i < 200; i++)
		samples[i] = (int64_t)draw(&rng);
	assert_int_equal(noon_law_of_samples(samples, 200, 1.0, &law), NOON_OK);
	assert_int_equal(noon_cusum_design(&work, &law, 2e4, 1e4, 0.0, &cusum), NOON_OK);
	for (int i = 0; i < 20; i++) {
		const double delta = 100.0 * pow(1.3, i);
		noon_err err;

		memcpy(&before, &cusum, sizeof(before));
		work.made.add = 0.0;
		err = noon_cusum_design(&work, &law, delta, 1e4, 0.0, &cusum);
		print_message("# %.0f ns: %d, add %.4g, arl0 %.4g\n", delta, (int)err,
			      work.made.add, work.made.arl0);
		if (err == NOON_OK) {
			assert_true(cusum.add < cusum.arl0);
			continue;
		}
		assert_int_equal(err, NOON_ERR_EMPTY);
		assert_memory_equal(&before, &cusum, sizeof(before));
		slower += work.made.add >= work.made.arl0;
	}
	assert_true(slower > 0);
}

/* Increments that are small beside the steps of the chain: the delay is that of a simulation all
 * the same, and what it says of nine in ten is no promise too much. */
static void a_coarse_grid_does_not_hurry(void **state)
{
	static const struct {
		double delta_ns, arl0;
		unsigned runs;
	} cases[] = {{10000.0, 1e17, 2000},
		     {1000.0, 1e8, 1000},
		     {1000.0, 1e17, 200},
		     {10000.0, 1e60, 1000},
		     {40000.0, 1e300, 1000}};
	const struct noon_channel c = noon_channel_default();

	(void)state;
	assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
	make_table();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const double delta = cases[i].delta_ns;
		double n = 0.0, mean, found;

		assert_int_equal(noon_cusum_design(&work, &law, delta, cases[i].arl0, 0.0, &cusum),
				 NOON_OK);
		assert_int_equal(noon_cusum_within(&work, &cusum, &law, delta, 0.9, &n), NOON_OK);
		mean = simulate(delta, cases[i].runs, 51 + i);
		found = found_within(delta, (unsigned)n, 0, cases[i].runs, 61 + i);
		print_message(
			"# %.0f ns, %.0e: h %.2f, delay %.1f, simulated %.1f, %.3f within %.0f\n",
			delta, cases[i].arl0, cusum.h, cusum.add, mean, found, n);
		assert_true(near(cusum.add / mean, 1.0, 0.06));
		assert_true(found > 0.9 - 3.0 * sqrt(0.09 / cases[i].runs));
	}
}

/* h grows like the logarithm of the run length, the delay like h. */
static void long_runs_keep_their_digits(void **state)
{
	const struct noon_channel c = noon_channel_default();
	double h[4], run = 0.0;

	(void)state;
	assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
	for (int i = 0; i < 4; i++) {
		const double arl0 = pow(10.0, 3.0 * (i + 1));

		assert_int_equal(noon_cusum_design(&work, &law, 10000.0, arl0, 0.0, &cusum),
				 NOON_OK);
		h[i] = cusum.h;
		assert_int_equal(noon_cusum_delay(&work, &cusum, &law, 0.0, &run), NOON_OK);
		assert_true(near(run / arl0, 1.0, 0.01));
	}
	assert_true(near((h[2] - h[1]) / log(1000.0), 1.0, 0.02));
	assert_true(near((h[3] - h[2]) / log(1000.0), 1.0, 0.02));
}

/* Mostly idle: whatever is less than delta above the bottom cannot come from an attack. */
static void law_with_an_edge_is_treated_like_a_minimum(void **state)
{
	const struct noon_channel c = {2, 0.9, 1542.0, 1e9, 0.0};

	(void)state;
	assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
	make_table();
	assert_int_equal(noon_cusum_design(&work, &law, 2000.0, 2000.0, 20.0, &cusum), NOON_OK);
	assert_true(noon_cusum_llr(&cusum, 0.0) < -5.0);
	assert_true(noon_cusum_llr(&cusum, -500.0) < -5.0);
	assert_true(noon_cusum_llr(&cusum, 2000.0) > 3.0);
	assert_true(cusum.add < 4.0);
	assert_true(near(simulate(2000.0, 4000, 5) / cusum.add, 1.0, 0.05));
	/* The run length jumps where one value is enough for an alarm: never to the wrong side. */
	assert_true(simulate(0.0, 1000, 6) > 0.9 * 2000.0);
	assert_int_equal(noon_cusum_design(&work, &law, 2000.0, 20000.0, 20.0, &cusum), NOON_OK);
	assert_true(near(simulate(0.0, 300, 7) / cusum.arl0, 1.0, 0.2));
}

static void a_far_value_stays_suspicious(void **state)
{
	(void)state;
	make_gaussian();
	assert_int_equal(noon_cusum_design(&work, &law, 1000.0, 1e5, 0.0, &cusum), NOON_OK);
	for (double x = 11000.0; x < 1e12; x *= 3.0)
		assert_true(noon_cusum_llr(&cusum, x) > 2.0);
	for (double x = 5000.0; x > -1e9; x = x * 3.0 - 20000.0)
		assert_true(noon_cusum_llr(&cusum, x) < -2.0);
}

static void few_samples_do_not_invent_information(void **state)
{
	const struct noon_channel c = noon_channel_default();
	struct noon_rng rng = noon_rng_seeded(11);
	double run = 0.0;

	(void)state;
	assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
	make_table();
	for (size_t i = 0; i < 4000; i++)
		samples[i] = (int64_t)draw(&rng);
	assert_int_equal(noon_law_of_samples(samples, 4000, 1.0, &law), NOON_OK);
	assert_int_equal(noon_cusum_design(&work, &law, 10000.0, 1e4, 0.0, &cusum), NOON_OK);
	assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
	assert_int_equal(noon_cusum_delay(&work, &cusum, &law, 0.0, &run), NOON_OK);
	assert_true(run > 3e3);
}

/* An atom makes a peak of the ratio one cell wide; that no measured value fell on it is chance. */
static void what_was_not_measured_on_a_peak_counts(void **state)
{
	const struct noon_channel c = {1, 0.9, 1542.0, 1e9, 0.0};
	struct noon_rng rng = noon_rng_seeded(12);

	(void)state;
	for (size_t n = 1000; n <= 4000; n *= 2) {
		double run = 0.0;

		assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
		make_table();
		for (size_t i = 0; i < n; i++)
			samples[i] = (int64_t)draw(&rng);
		assert_int_equal(noon_law_of_samples(samples, n, 1.0, &law), NOON_OK);
		assert_int_equal(noon_cusum_design(&work, &law, 5000.0, 36000.0, 0.3, &cusum),
				 NOON_OK);
		assert_true(cusum.add < 10.0);
		assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
		assert_int_equal(noon_cusum_delay(&work, &cusum, &law, 0.0, &run), NOON_OK);
		assert_true(run > 12000.0);
	}
}

/* A campaign of n values has not seen what comes once in n. That counts as the worst value there
 * is: without it the run length is longer than demanded. */
static void what_few_values_have_not_seen_is_in_the_run_length(void **state)
{
	const struct noon_channel c = noon_channel_default();
	struct noon_rng rng = noon_rng_seeded(13);
	double run = 0.0;

	(void)state;
	assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
	make_table();
	for (size_t i = 0; i < 300; i++)
		samples[i] = (int64_t)draw(&rng);
	assert_int_equal(noon_law_of_samples(samples, 300, 1.0, &law), NOON_OK);
	assert_int_equal(noon_cusum_design(&work, &law, 20000.0, 2e4, 0.0, &cusum), NOON_OK);
	assert_true(cusum.arl0 < 1.02 * 2e4);
	assert_int_equal(noon_cusum_delay(&work, &cusum, &law, 0.0, &run), NOON_OK);
	print_message("# run length of what was seen %.3g, demanded 2e4\n", run);
	assert_true(run > 1.1 * 2e4);
}

static void one_value_only_alarms_on_the_shift(void **state)
{
	(void)state;
	for (size_t i = 0; i < 100; i++)
		samples[i] = 5000;
	assert_int_equal(noon_law_of_samples(samples, 100, 8.0, &law), NOON_OK);
	assert_int_equal(noon_cusum_design(&work, &law, 1000.0, 1e6, 0.0, &cusum), NOON_OK);
	assert_true(noon_cusum_llr(&cusum, 5000.0) < 0.0);
	assert_true(noon_cusum_llr(&cusum, 6000.0) > 0.0);
	assert_true(cusum.add < 10.0);
}

static void a_refusal_leaves_the_last_design_alone(void **state)
{
	static struct noon_cusum before;

	(void)state;
	make_gaussian();
	assert_int_equal(noon_cusum_design(&work, &law, 1e3, 1e4, 0.0, &cusum), NOON_OK);
	memcpy(&before, &cusum, sizeof(before));
	assert_int_equal(noon_cusum_design(&work, &law, 0.0, 1e4, 0.0, &cusum), NOON_ERR_RANGE);
	assert_memory_equal(&before, &cusum, sizeof(before));
	assert_int_equal(noon_cusum_design(&work, &law, 1e-3, 1e4, 0.0, &cusum), NOON_ERR_EMPTY);
	assert_memory_equal(&before, &cusum, sizeof(before));
}

static void impossible_demands_are_refused(void **state)
{
	double add = 77.0;

	(void)state;
	make_gaussian();
	assert_int_equal(noon_cusum_design(&work, &law, 0.0, 1e4, 0.0, &cusum), NOON_ERR_RANGE);
	assert_int_equal(noon_cusum_design(&work, &law, (double)NAN, 1e4, 0.0, &cusum),
			 NOON_ERR_RANGE);
	assert_int_equal(noon_cusum_design(&work, &law, 1e3, 1.0, 0.0, &cusum), NOON_ERR_RANGE);
	assert_int_equal(noon_cusum_design(&work, &law, 1e3, 1e4, -1.0, &cusum), NOON_ERR_RANGE);
	assert_int_equal(noon_cusum_design(&work, &law, 1e-3, 1e4, 0.0, &cusum), NOON_ERR_EMPTY);
	assert_int_equal(noon_cusum_design(&work, &law, 1e3, 1e4, 0.0, &cusum), NOON_OK);
	assert_int_equal(noon_cusum_delay(&work, &cusum, &law, (double)INFINITY, &add),
			 NOON_ERR_RANGE);
	assert_int_equal(noon_cusum_delay(&work, &cusum, &law, -1e6, &add), NOON_ERR_EMPTY);
	assert_true(near(add, 77.0, 0.0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normal_chart_of_the_tables_comes_out),
		cmocka_unit_test(increments_are_those_of_the_formula),
		cmocka_unit_test(simulation_confirms_the_chain),
		cmocka_unit_test(simulation_confirms_the_quantiles),
		cmocka_unit_test(the_tail_of_the_delay_is_that_of_its_long_run),
		cmocka_unit_test(a_shift_at_any_moment_is_found_as_soon),
		cmocka_unit_test(a_shift_slower_than_false_alarms_is_refused),
		cmocka_unit_test(a_coarse_grid_does_not_hurry),
		cmocka_unit_test(long_runs_keep_their_digits),
		cmocka_unit_test(law_with_an_edge_is_treated_like_a_minimum),
		cmocka_unit_test(a_far_value_stays_suspicious),
		cmocka_unit_test(few_samples_do_not_invent_information),
		cmocka_unit_test(what_was_not_measured_on_a_peak_counts),
		cmocka_unit_test(what_few_values_have_not_seen_is_in_the_run_length),
		cmocka_unit_test(one_value_only_alarms_on_the_shift),
		cmocka_unit_test(a_refusal_leaves_the_last_design_alone),
		cmocka_unit_test(impossible_demands_are_refused),
	};

	return cmocka_run_group_tests_name("estimate/cusum", tests, NULL, NULL);
}
