/* SPDX-License-Identifier: Apache-2.0
 *
 * As many packets are within the half-width of an edge offset as it says, however few it has seen,
 * for white and correlated values, borrowed estimates, and random laws.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "edge_world.h"

static struct edge_world w;

static const char *const names[] = {"  3..9 residuals", "  10..31 residuals", "  32..98 residuals",
				    "  99 and more residuals"};

enum { FROM_3, FROM_10, FROM_32, FROM_99, STAGES };

static size_t stage_of(size_t residuals)
{
	return residuals >= 99 ? FROM_99 : residuals >= 32 ? FROM_32 : residuals >= 10;
}

/* Feed a stream of n values and count them by the number of residuals at the time. */
static void cover(struct edge_stream *s, int n, struct coverage c[STAGES])
{
	edge_world_start(&w);
	for (int i = 0; i < n; i++) {
		const struct noon_edge_estimate e = edge_world_ask(&w, &edge_fast);
		const noon_dur v = edge_stream_next(s);

		if (e.basis == NOON_EDGE_OWN)
			coverage_count(&c[stage_of(w.table.e[0].offset.residuals.n)], &e, v);
		edge_world_feed(&w, &edge_fast, v);
	}
}

/* The share that is stated has to hold for any law; the least one for those that are common. */
static void check_coverage(bool correlated, double outliers, double least)
{
	struct coverage c[STAGES] = {{.n = 0.0}};

	for (uint64_t i = 0; i < 400; i++) {
		struct edge_stream s = edge_stream_of(EDGE_SEED + i, i % 2 ? 24.0 : 60.0);

		s.correlated = correlated;
		s.outliers = outliers;
		cover(&s, 1500, c);
	}
	printf("# %s, outliers %.3f, seed %llu\n", correlated ? "correlated" : "white", outliers,
	       (unsigned long long)EDGE_SEED);
	for (size_t k = 0; k < STAGES; k++)
		coverage_print(names[k], &c[k]);
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

/* The kinds of packets that nobody thought of: any median and spread. */
static void half_width_covers_random_laws(void **state)
{
	struct noon_rng rng = noon_rng_seeded(EDGE_SEED);
	struct coverage c[STAGES] = {{.n = 0.0}};

	(void)state;
	printf("# random laws\n");
	for (uint64_t i = 0; i < 300; i++) {
		struct edge_stream s = edge_stream_of(EDGE_SEED + i, 0.0);

		s.sd_us = exp(log(30.0) * noon_rng_unit(&rng));
		s.median_us = 4.0 + 3.0 * s.sd_us * (0.5 + noon_rng_unit(&rng));
		s.outliers = 0.008 * noon_rng_unit(&rng);
		s.correlated = noon_rng_unit(&rng) < 0.5;
		cover(&s, 1500, c);
	}
	for (size_t k = 0; k < STAGES; k++) {
		coverage_print(names[k], &c[k]);
		assert_true(c[k].inside >= 0.99 * c[k].n);
	}
}

/* The first packets of a key, with the estimate of another one. */
static void half_width_covers_what_is_borrowed(void **state)
{
	static const struct {
		struct noon_edge_key to;
		double from_us, to_us;
	} table[] = {
		{{.gap = 4}, 24.0, 60.0},
		{{.gap = 4}, 60.0, 24.0},
		{{.gap = 1, .size = 3}, 20.0, 28.0},
		{{.gap = 1, .message = 1}, 28.0, 20.0},
	};

	(void)state;
	for (size_t k = 0; k < sizeof(table) / sizeof(table[0]); k++) {
		struct coverage c = {.n = 0.0};

		for (uint64_t i = 0; i < 1000; i++) {
			struct edge_stream s = edge_stream_of(EDGE_SEED + i, table[k].from_us);

			edge_world_start(&w);
			for (int n = 0; n < 150; n++)
				edge_world_feed(&w, &edge_fast, edge_stream_next(&s));
			s.median_us = table[k].to_us;
			for (int n = 0; n < 3; n++) {
				const noon_dur v = edge_stream_next(&s);
				const struct noon_edge_estimate e =
					edge_world_ask(&w, &table[k].to);

				assert_int_equal(e.basis, NOON_EDGE_OTHER);
				coverage_count(&c, &e, v);
				edge_world_feed(&w, &table[k].to, v);
			}
		}
		printf("# borrowed, %.0f to %.0f us\n", table[k].from_us, table[k].to_us);
		coverage_print("  first three packets", &c);
		assert_true(c.inside >= 0.99 * c.n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_width_covers_what_it_says),
		cmocka_unit_test(half_width_covers_random_laws),
		cmocka_unit_test(half_width_covers_what_is_borrowed),
	};

	return cmocka_run_group_tests_name("edge_cover", tests, NULL, NULL);
}
