/* SPDX-License-Identifier: Apache-2.0
 *
 * The edge offset on random streams: as many packets are within the stated half-width as it says,
 * the median is not biased, a change of rate or size costs little, and steps are found.
 *
 * Each figure is the mean over repetitions with its standard error. The same seeds every time.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "edge_stream.h"
#include "estimate/edge/edge_table.h"

#define SEED  UINT64_C(20260)
#define ALPHA 0.05 /* of the exponentially weighted mean that is compared */

static struct noon_edge_table t;
static noon_time now;

/* ---- figures ---- */

struct figure {
	double n, sum, squares;
};

static void note(struct figure *f, double x)
{
	f->n += 1.0;
	f->sum += x;
	f->squares += x * x;
}

static double mean_of(const struct figure *f)
{
	return f->sum / f->n;
}

static double error_of(const struct figure *f)
{
	const double m = mean_of(f);

	return sqrt((f->squares / f->n - m * m) / (f->n - 1.0));
}

static void print(const char *what, const struct figure *f, const char *unit)
{
	printf("# %s: %.2f +- %.2f %s, rms %.2f (%.0f repetitions, seed %llu)\n", what, mean_of(f),
	       error_of(f), unit, sqrt(f->squares / f->n), f->n, (unsigned long long)SEED);
}

/* ---- the estimator under test, and others on the same values ---- */

static const struct noon_edge_key fast = {.gap = 1};

struct others {
	double n, mean, ewma; /* ns */
};

static void follow(struct others *o, noon_dur v)
{
	o->n += 1.0;
	o->mean += ((double)v - o->mean) / o->n;
	o->ewma += ((double)v - o->ewma) * fmax(ALPHA, 1.0 / o->n);
}

static void start(void)
{
	const struct noon_edge_conf conf = noon_edge_conf_default();

	assert_int_equal(noon_edge_table_init(&t, &conf), NOON_OK);
	now = (noon_time){NOON_S(1)};
}

static enum noon_edge_verdict feed(const struct noon_edge_key *key, noon_dur v)
{
	now = noon_time_add(now, NOON_MS(1));
	return noon_edge_table_add(&t, key, v, now);
}

static double error_us(const struct noon_edge_key *key, double truth_us)
{
	return (double)noon_edge_table_estimate(&t, key, now).correction / 1e3 - truth_us;
}

/* ---- coverage ---- */

enum { FROM_3, FROM_10, FROM_32, FROM_99, STAGES };

static size_t stage_of(size_t residuals)
{
	return residuals >= 99 ? FROM_99 : residuals >= 32 ? FROM_32 : residuals >= 10;
}

struct coverage {
	double n, inside, stated; /* packets, within the half-width, expected there as stated */
};

/* Feed a stream of n values and count them by the number of residuals at the time. */
static void cover(struct edge_stream *s, int n, struct coverage c[STAGES])
{
	start();
	for (int i = 0; i < n; i++) {
		const struct noon_edge_estimate e = noon_edge_table_estimate(&t, &fast, now);
		const noon_dur v = edge_stream_next(s);

		if (e.basis == NOON_EDGE_OWN) {
			const size_t k = stage_of(t.e[0].offset.residuals.n);

			c[k].n += 1.0;
			c[k].inside += noon_dur_abs(v - e.correction) <= e.half ? 1.0 : 0.0;
			c[k].stated += e.share;
		}
		feed(&fast, v);
	}
}

/* The share that is stated has to hold for any law; the least one for those that are common. */
static void check_coverage(bool correlated, double outliers, double least)
{
	static const char *const names[STAGES] = {"3..9", "10..31", "32..98", "99 and more"};
	struct coverage c[STAGES] = {{.n = 0.0}};

	for (uint64_t i = 0; i < 400; i++) {
		struct edge_stream s = edge_stream_of(SEED + i, i % 2 ? 24.0 : 60.0);

		s.correlated = correlated;
		s.outliers = outliers;
		cover(&s, 1500, c);
	}
	printf("# %s, outliers %.3f, seed %llu\n", correlated ? "correlated" : "white", outliers,
	       (unsigned long long)SEED);
	for (size_t k = 0; k < STAGES; k++)
		printf("#   %s residuals: %.4f of %.0f within the half-width, %.4f stated\n",
		       names[k], c[k].inside / c[k].n, c[k].n, c[k].stated / c[k].n);
	for (size_t k = 0; k < STAGES; k++)
		assert_true(c[k].inside >= c[k].stated && c[k].inside >= least * c[k].n);
}

static void half_width_covers_what_it_says(void **state)
{
	(void)state;
	check_coverage(false, 0.005, 0.99);
	check_coverage(true, 0.005, 0.99);
	check_coverage(false, 0.0, 0.99);
	/* More outliers than 1 - share: few residuals cannot know of them. */
	check_coverage(false, 0.02, 0.97);
}

/* ---- bias ---- */

static void median_of_64_is_not_biased(void **state)
{
	struct figure median = {.n = 0.0}, mean = {.n = 0.0}, ewma = {.n = 0.0};

	(void)state;
	for (uint64_t i = 0; i < 300; i++) {
		struct edge_stream s = edge_stream_of(SEED + i, 20.0);
		struct others o = {.n = 0.0};

		start();
		for (int k = 0; k < 64; k++) {
			const noon_dur v = edge_stream_next(&s);

			feed(&fast, v);
			follow(&o, v);
		}
		note(&median, error_us(&fast, 20.0));
		note(&mean, o.mean / 1e3 - 20.0);
		note(&ewma, o.ewma / 1e3 - 20.0);
	}
	print("error after 64 values, median", &median, "us");
	print("error after 64 values, running mean", &mean, "us");
	print("error after 64 values, EWMA", &ewma, "us");
	assert_true(fabs(mean_of(&median)) <= 1.0);
	assert_true(median.squares < mean.squares && median.squares < ewma.squares);
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

	start();
	for (int i = 0; i < 500; i++) {
		const noon_dur v = edge_stream_next(&s);

		feed(&fast, v);
		follow(&o, v);
	}
	s.median_us = to_us;
	for (int i = 0; i < 32; i++) {
		const noon_dur v = edge_stream_next(&s);

		sum += error_us(to, to_us) / 32.0;
		mean += (o.mean / 1e3 - to_us) / 32.0;
		ewma += (o.ewma / 1e3 - to_us) / 32.0;
		feed(to, v);
		follow(&o, v);
	}
	note(&ret_others[0], mean);
	note(&ret_others[1], ewma);
	return sum;
}

static void check_change(const char *what, double from_us, const struct noon_edge_key *to,
			 double to_us, double most_us)
{
	struct figure here = {.n = 0.0}, after = {.n = 0.0}, others[2] = {{.n = 0.0}, {.n = 0.0}};

	for (uint64_t i = 0; i < 300; i++) {
		note(&here, change(SEED + i, from_us, to, to_us, others));
		note(&after, error_us(to, to_us));
	}
	printf("# %s, mean error over the first 32 packets:\n", what);
	print("  table", &here, "us");
	print("  table, after these 32", &after, "us");
	print("  running mean", &others[0], "us");
	print("  EWMA", &others[1], "us");
	assert_true(fabs(mean_of(&here)) <= most_us);
	assert_true(fabs(mean_of(&after)) <= 1.0);
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
	check_change("a step within a key", 24.0, &fast, 60.0, 9.0);
}

static void finds_steps_within_a_key(void **state)
{
	struct figure up = {.n = 0.0}, down = {.n = 0.0}, after = {.n = 0.0};
	unsigned missed = 0;

	(void)state;
	for (uint64_t i = 0; i < 300; i++) {
		const bool rise = i % 2;
		struct edge_stream s = edge_stream_of(SEED + i, rise ? 24.0 : 60.0);
		int k = 0;

		start();
		for (int n = 0; n < 500; n++)
			feed(&fast, edge_stream_next(&s));
		s.median_us = rise ? 60.0 : 24.0;
		while (++k < 32 && feed(&fast, edge_stream_next(&s)) != NOON_EDGE_STEP)
			;
		missed += k == 32;
		note(rise ? &up : &down, k);
		while (k++ < 32)
			feed(&fast, edge_stream_next(&s));
		note(&after, error_us(&fast, s.median_us));
	}
	print("values until a step of +36 us is found", &up, "values");
	print("values until a step of -36 us is found", &down, "values");
	print("error 32 values after a step", &after, "us");
	printf("# steps not found within 32 values: %u\n", missed);
	assert_int_equal(missed, 0);
	assert_true(fabs(mean_of(&after)) <= 1.0);
}

static void finds_no_steps_where_there_are_none(void **state)
{
	for (int correlated = 0; correlated < 2; correlated++) {
		uint64_t n = 0, steps = 0, outliers = 0;

		(void)state;
		for (uint64_t i = 0; i < 100; i++) {
			struct edge_stream s = edge_stream_of(SEED + i, 24.0);

			s.correlated = correlated != 0;
			start();
			for (int k = 0; k < 5000; k++)
				feed(&fast, edge_stream_next(&s));
			n += t.e[0].offset.n;
			steps += t.e[0].offset.steps;
			outliers += t.e[0].offset.outliers;
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
		cmocka_unit_test(half_width_covers_what_it_says),
		cmocka_unit_test(median_of_64_is_not_biased),
		cmocka_unit_test(change_of_rate_or_size_costs_little),
		cmocka_unit_test(finds_steps_within_a_key),
		cmocka_unit_test(finds_no_steps_where_there_are_none),
	};

	return cmocka_run_group_tests_name("edge", tests, NULL, NULL);
}
