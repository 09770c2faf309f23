/* SPDX-License-Identifier: Apache-2.0
 *
 * The median of edge offsets is not biased, a change of rate or size costs little, and steps are
 * found; a running mean and an exponentially weighted one on the same values for comparison.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "edge_world.h"

#define ALPHA 0.05 /* of the exponentially weighted mean */

static struct edge_world w;

/* Estimators that know neither keys nor outliers. */
struct others {
	double n, mean, ewma; /* ns */
};

static void follow(struct others *o, noon_dur v)
{
	o->n += 1.0;
	o->mean += ((double)v - o->mean) / o->n;
	o->ewma += ((double)v - o->ewma) * fmax(ALPHA, 1.0 / o->n);
}

/* ---- bias ---- */

static void median_of_64_is_not_biased(void **state)
{
	struct figure median = {.n = 0.0}, mean = {.n = 0.0}, ewma = {.n = 0.0};

	(void)state;
	for (uint64_t i = 0; i < 300; i++) {
		struct edge_stream s = edge_stream_of(EDGE_SEED + i, 20.0);
		struct others o = {.n = 0.0};

		edge_world_start(&w);
		for (int k = 0; k < 64; k++) {
			const noon_dur v = edge_stream_next(&s);

			edge_world_feed(&w, &edge_fast, v);
			follow(&o, v);
		}
		figure_add(&median, edge_world_error_us(&w, &edge_fast, 20.0));
		figure_add(&mean, o.mean / 1e3 - 20.0);
		figure_add(&ewma, o.ewma / 1e3 - 20.0);
	}
	figure_print("error after 64 values, median", &median, "us");
	figure_print("error after 64 values, running mean", &mean, "us");
	figure_print("error after 64 values, EWMA", &ewma, "us");
	assert_true(fabs(figure_mean(&median)) <= 1.0);
	assert_true(median.squares < mean.squares && median.squares < ewma.squares);
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

#define RESIDUALS 5000 /* packets */

/* Print what is left of single packets; returns 1.4826 MAD, us. */
static double print_residuals(const char *what, double *r)
{
	struct figure f = {.n = 0.0};
	double median, mad;

	for (size_t i = 0; i < RESIDUALS; i++)
		figure_add(&f, r[i]);
	qsort(r, RESIDUALS, sizeof(r[0]), ascending);
	median = r[RESIDUALS / 2];
	for (size_t i = 0; i < RESIDUALS; i++)
		r[i] = fabs(r[i] - median);
	qsort(r, RESIDUALS, sizeof(r[0]), ascending);
	mad = r[RESIDUALS / 2];
	printf("# residuals, %s: median %.2f, sd %.2f, 1.48 MAD %.2f, p99 of |.| %.2f us\n", what,
	       median, sqrt(f.squares / f.n - figure_mean(&f) * figure_mean(&f)), 1.4826 * mad,
	       r[(size_t)RESIDUALS / 100 * 99]);
	return 1.4826 * mad;
}

/* The floor: values are almost white, so that no estimate makes the single packet better. */
static void residuals_of_single_packets_are_compared(void **state)
{
	static double ours[RESIDUALS], mean[RESIDUALS], ewma[RESIDUALS];
	struct edge_stream s = edge_stream_of(EDGE_SEED, 20.0);
	struct others o = {.n = 0.0};

	(void)state;
	edge_world_start(&w);
	s.correlated = true;
	for (size_t i = 0; i < RESIDUALS + 100; i++) {
		const noon_dur v = edge_stream_next(&s);

		if (i >= 100) {
			ours[i - 100] =
				(double)(v - edge_world_ask(&w, &edge_fast).correction) / 1e3;
			mean[i - 100] = ((double)v - o.mean) / 1e3;
			ewma[i - 100] = ((double)v - o.ewma) / 1e3;
		}
		edge_world_feed(&w, &edge_fast, v);
		follow(&o, v);
	}
	(void)print_residuals("running mean", mean);
	(void)print_residuals("EWMA", ewma);
	assert_true(print_residuals("median", ours) < 11.0);
}

/* ---- changes ---- */

/* Teach one key 500 values, then feed 32 of another; returns the mean error over these 32, and in
 * ret_others that of estimators that know no keys. */
static double change(uint64_t seed, double from_us, const struct noon_edge_key *to, double to_us,
		     struct figure ret_others[2])
{
	struct edge_stream s = edge_stream_of(seed, from_us);
	struct others o = {.n = 0.0};
	double sum = 0.0, mean = 0.0, ewma = 0.0;

	edge_world_start(&w);
	for (int i = 0; i < 500; i++) {
		const noon_dur v = edge_stream_next(&s);

		edge_world_feed(&w, &edge_fast, v);
		follow(&o, v);
	}
	s.median_us = to_us;
	for (int i = 0; i < 32; i++) {
		const noon_dur v = edge_stream_next(&s);

		sum += edge_world_error_us(&w, to, to_us) / 32.0;
		mean += (o.mean / 1e3 - to_us) / 32.0;
		ewma += (o.ewma / 1e3 - to_us) / 32.0;
		edge_world_feed(&w, to, v);
		follow(&o, v);
	}
	figure_add(&ret_others[0], mean);
	figure_add(&ret_others[1], ewma);
	return sum;
}

static void check_change(const char *what, double from_us, const struct noon_edge_key *to,
			 double to_us, double most_us)
{
	struct figure here = {.n = 0.0}, after = {.n = 0.0}, others[2] = {{.n = 0.0}, {.n = 0.0}};

	for (uint64_t i = 0; i < 300; i++) {
		figure_add(&here, change(EDGE_SEED + i, from_us, to, to_us, others));
		figure_add(&after, edge_world_error_us(&w, to, to_us));
	}
	printf("# %s, mean error over the first 32 packets:\n", what);
	figure_print("  table", &here, "us");
	figure_print("  table, after these 32", &after, "us");
	figure_print("  running mean", &others[0], "us");
	figure_print("  EWMA", &others[1], "us");
	assert_true(fabs(figure_mean(&here)) <= most_us);
	assert_true(fabs(figure_mean(&after)) <= 1.0);
}

static void change_of_rate_or_size_costs_little(void **state)
{
	const struct noon_edge_key slow = {.gap = noon_edge_gap_class(NOON_MS(125))};
	const struct noon_edge_key large = {.gap = 1, .size = noon_edge_size_class(1000)};

	(void)state;
	check_change("1 kHz to 8 Hz", 24.0, &slow, 60.0, 3.0);
	check_change("8 Hz to 1 kHz", 60.0, &slow, 24.0, 3.0);
	check_change("44 to 1000 bytes", 20.0, &large, 28.0, 3.0);
	/* Here the key says nothing: what the values until the step is found cost, 36 us each. */
	check_change("a step within a key", 24.0, &edge_fast, 60.0, 9.0);
}

static void rate_that_is_known_costs_nothing(void **state)
{
	const struct noon_edge_key slow = {.gap = 4};
	struct figure here = {.n = 0.0};

	(void)state;
	for (uint64_t i = 0; i < 300; i++) {
		struct edge_stream at_8_hz = edge_stream_of(EDGE_SEED + 1000 + i, 60.0);
		struct edge_stream at_1_khz = edge_stream_of(EDGE_SEED + i, 24.0);
		double sum = 0.0;

		edge_world_start(&w);
		for (int k = 0; k < 200; k++)
			edge_world_feed(&w, &slow, edge_stream_next(&at_8_hz));
		for (int k = 0; k < 200; k++)
			edge_world_feed(&w, &edge_fast, edge_stream_next(&at_1_khz));
		for (int k = 0; k < 32; k++) {
			sum += edge_world_error_us(&w, &slow, 60.0) / 32.0;
			edge_world_feed(&w, &slow, edge_stream_next(&at_8_hz));
		}
		figure_add(&here, sum);
	}
	figure_print("back to a rate that is known, mean error over the first 32 packets", &here,
		     "us");
	assert_true(fabs(figure_mean(&here)) <= 1.0);
}

/* ---- steps ---- */

/* Feed 500 values at one level, then more at another until the step is found; returns how many. */
static int step(struct edge_stream *s, double to_us)
{
	int n = 1;

	edge_world_start(&w);
	for (int i = 0; i < 500; i++)
		edge_world_feed(&w, &edge_fast, edge_stream_next(s));
	s->median_us = to_us;
	while (n < 1000 && edge_world_feed(&w, &edge_fast, edge_stream_next(s)) != NOON_EDGE_STEP)
		n++;
	return n;
}

static void finds_steps_within_a_key(void **state)
{
	struct figure up = {.n = 0.0}, down = {.n = 0.0}, after = {.n = 0.0};
	struct coverage c = {.n = 0.0};

	(void)state;
	for (uint64_t i = 0; i < 400; i++) {
		struct edge_stream s = edge_stream_of(EDGE_SEED + i, i % 2 ? 24.0 : 60.0);
		const double to_us = i % 2 ? 60.0 : 24.0;
		const int n = step(&s, to_us);

		figure_add(i % 2 ? &up : &down, n);
		for (int k = n; k < 100; k++) {
			const noon_dur v = edge_stream_next(&s);
			const struct noon_edge_estimate e = edge_world_ask(&w, &edge_fast);

			coverage_count(&c, &e, v);
			if (k == 32)
				figure_add(&after, (double)e.correction / 1e3 - to_us);
			edge_world_feed(&w, &edge_fast, v);
		}
	}
	figure_print("values until a step of +36 us is found", &up, "values");
	figure_print("values until a step of -36 us is found", &down, "values");
	figure_print("error 32 values after a step", &after, "us");
	coverage_print("values after a step", &c);
	assert_true(figure_mean(&up) <= 10.0 && figure_mean(&down) <= 10.0);
	assert_true(fabs(figure_mean(&after)) <= 1.0);
	assert_true(c.inside >= 0.99 * c.n);
}

/* The small steps that no sum finds are followed as the window moves on. */
static void follows_small_steps(void **state)
{
	struct figure at_64 = {.n = 0.0}, at_160 = {.n = 0.0};

	(void)state;
	for (uint64_t i = 0; i < 300; i++) {
		struct edge_stream s = edge_stream_of(EDGE_SEED + i, 20.0);

		edge_world_start(&w);
		for (int k = 0; k < 500; k++)
			edge_world_feed(&w, &edge_fast, edge_stream_next(&s));
		s.median_us = 28.0;
		for (int k = 0; k < 160; k++) {
			edge_world_feed(&w, &edge_fast, edge_stream_next(&s));
			if (k == 63)
				figure_add(&at_64, edge_world_error_us(&w, &edge_fast, 28.0));
		}
		figure_add(&at_160, edge_world_error_us(&w, &edge_fast, 28.0));
	}
	figure_print("error 64 values after a step of 8 us", &at_64, "us");
	figure_print("error 160 values after a step of 8 us", &at_160, "us");
	assert_true(fabs(figure_mean(&at_160)) <= 1.0);
}

static void finds_no_steps_where_there_are_none(void **state)
{
	for (int correlated = 0; correlated < 2; correlated++) {
		uint64_t n = 0, steps = 0, outliers = 0;

		(void)state;
		for (uint64_t i = 0; i < 100; i++) {
			struct edge_stream s = edge_stream_of(EDGE_SEED + i, 24.0);

			s.correlated = correlated != 0;
			edge_world_start(&w);
			for (int k = 0; k < 5000; k++)
				edge_world_feed(&w, &edge_fast, edge_stream_next(&s));
			n += w.table.e[0].offset.n;
			steps += w.table.e[0].offset.steps;
			outliers += w.table.e[0].offset.outliers;
		}
		printf("# %s: %llu false steps, %llu outliers in %llu values\n",
		       correlated ? "correlated" : "white", (unsigned long long)steps,
		       (unsigned long long)outliers, (unsigned long long)n);
		assert_true(steps * 10000 <= n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(median_of_64_is_not_biased),
		cmocka_unit_test(residuals_of_single_packets_are_compared),
		cmocka_unit_test(change_of_rate_or_size_costs_little),
		cmocka_unit_test(rate_that_is_known_costs_nothing),
		cmocka_unit_test(finds_steps_within_a_key),
		cmocka_unit_test(follows_small_steps),
		cmocka_unit_test(finds_no_steps_where_there_are_none),
	};

	return cmocka_run_group_tests_name("edge", tests, NULL, NULL);
}
