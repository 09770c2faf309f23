/* SPDX-License-Identifier: Apache-2.0
 *
 * The law of a batch mean, judged by exact laws.
 *
 * Random laws of round trips as networks have them: near the normal one, lognormal, Pareto, of two
 * points, with one outlier, bounded, quantised. From 16 values on, noon_mean_sf() and
 * noon_mean_isf() are judged by noon_convolve_law(): a false alarm is never said to be less likely
 * than it is by more than half an atom, and no limit lies much further out than it has to. What
 * takes the place of the formula for fewer values, noon_mean_law_isf(), is judged by sums over all
 * outcomes.
 *
 * use: prop_mean_law [SEED]; NOON_LAWS is their number (default 70). A failing seed is printed;
 * with it as argument it is run alone.
 */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "estimate/law/mean_law.h"
#include "guard_path.h"

#define LAWS_USUAL 70
#define SEED	   UINT64_C(1000)
#define VALUES	   4000
#define QUANTILES  12

/* How much more likely a tail may be than it is said to be, and less likely one cell further in. */
#define TOO_NEAR_SMOOTH 2.0
#define TOO_NEAR_ATOMS	4.0
#define TOO_FAR_SMOOTH	8.0
#define TOO_FAR_ATOMS	100.0
#define NEAR		1e-6 /* ns: rounding */

static struct noon_law law;
static struct noon_convolve exact, memory;
static uint64_t only_seed;
static double sum[4 * NOON_LAW_MAX], next[4 * NOON_LAW_MAX];

static uint64_t laws(void)
{
	const char *text = getenv("NOON_LAWS");

	return text != NULL ? strtoull(text, NULL, 10) : LAWS_USUAL;
}

/* Lay the law of a seed; whether it varies. */
static bool lay(uint64_t seed, enum guard_path_kind *ret_kind)
{
	static int64_t rtt[VALUES];
	struct guard_path path;

	*ret_kind = (enum guard_path_kind)(seed % GUARD_PATH_INDEPENDENT);
	path = guard_path_of(*ret_kind, seed);
	for (size_t i = 0; i < VALUES; i++)
		rtt[i] = guard_path_next(&path);
	assert_int_equal(noon_law_of_samples(rtt, VALUES, 1.0, &law), NOON_OK);
	return law.sd_ns > 0.0;
}

/* Return a tail of the mean of n beyond x by convolution; NaN where it does not fit. */
static double tail(unsigned n, double x, bool above)
{
	const struct noon_cgf k = noon_cgf_of_law(&law);
	const double at = fmin(fmax(x, k.least_ns), k.most_ns);

	if (noon_convolve_law(&exact, &law, n, at) != NOON_OK)
		return (double)NAN;
	if (above && x >= k.most_ns)
		return 0.0;
	return above ? noon_convolve_sf(&exact, x) : 1.0 - noon_convolve_sf(&exact, x);
}

/* A tail probability between 1e-8 and 0.3, on one side or the other. */
static double quantile(unsigned i)
{
	const double q = 0.3 * pow(10.0, -(double)(i / 2) * 1.5);

	return i % 2 == 0 ? q : 1.0 - q;
}

static void judge_formula(uint64_t seed, enum guard_path_kind kind, unsigned n)
{
	const struct noon_cgf k = noon_cgf_of_law(&law);
	const bool has_atoms = kind == GUARD_PATH_TWO_POINT || kind == GUARD_PATH_QUANTISED;
	const double near = has_atoms || n < 64 ? TOO_NEAR_ATOMS : TOO_NEAR_SMOOTH;

	const double far = has_atoms ? TOO_FAR_ATOMS : TOO_FAR_SMOOTH;

	for (unsigned i = 0; i < QUANTILES; i++) {
		const double p = quantile(i), q = fmin(p, 1.0 - p);
		const double x = noon_mean_isf(&k, n, p);
		const double in = x + (p < 0.5 ? -law.step_ns : law.step_ns);
		const double beyond = tail(n, x, p < 0.5), before = tail(n, in, p < 0.5);
		const double said = p < 0.5 ? noon_mean_sf(&k, n, x) : 1.0 - noon_mean_sf(&k, n, x);

		if (isnan(beyond) || isnan(before))
			return;
		if (beyond > near * q || before < q / far ||
		    (beyond > near * said && x < k.most_ns && x > k.least_ns))
			fail_msg("seed %" PRIu64 " (%s), mean of %u, p %g: %g beyond, %g one cell "
				 "before, %g said",
				 seed, guard_path_word(kind), n, p, beyond, before, said);
	}
}

static void formula_errs_on_the_safe_side(void **state)
{
	const uint64_t count = laws();
	uint64_t judged = 0;

	(void)state;
	for (uint64_t i = 0; i < count; i++) {
		const uint64_t seed = only_seed > 0 ? only_seed : SEED + i;
		enum guard_path_kind kind;

		if (lay(seed, &kind)) {
			judged++;
			for (unsigned n = 16; n <= 512; n *= 2)
				judge_formula(seed, kind, n);
		}
		if (only_seed > 0)
			break;
	}
	print_message("# %" PRIu64 " laws judged\n", judged);
	assert_true(judged > 0);
}

/* Write the law of the sum of n values to `sum`, and return its cells. */
static size_t add_up(unsigned n)
{
	size_t cells = law.n;

	memcpy(sum, law.p, law.n * sizeof(sum[0]));
	for (unsigned i = 1; i < n; i++) {
		memset(next, 0, (cells + law.n) * sizeof(next[0]));
		for (size_t j = 0; j < cells; j++)
			for (size_t k = 0; sum[j] > 0.0 && k < law.n; k++)
				next[j + k] += sum[j] * law.p[k];
		cells += law.n - 1;
		memcpy(sum, next, cells * sizeof(sum[0]));
	}
	return cells;
}

/* Return the mass of the outcomes whose mean is beyond x. */
static double mass_beyond(size_t cells, unsigned n, double x, bool above)
{
	double mass = 0.0;

	for (size_t i = 0; i < cells; i++) {
		const double mean = law.x0_ns + law.step_ns * (double)i / n;

		mass += (above ? mean > x + NEAR : mean < x - NEAR) ? sum[i] : 0.0;
	}
	return mass;
}

static void few_values_are_exact(void **state)
{
	const uint64_t count = laws() / 2;

	(void)state;
	for (uint64_t i = 0; i < count; i++) {
		const uint64_t seed = only_seed > 0 ? only_seed : SEED + i;
		enum guard_path_kind kind;
		struct noon_mean_law m;

		if (!lay(seed, &kind))
			continue;
		m = noon_mean_law_of(&law, &memory);
		for (unsigned n = 1; n <= 3; n++) {
			const size_t cells = add_up(n);

			for (unsigned k = 0; k < QUANTILES; k++) {
				const double p = quantile(k), q = fmin(p, 1.0 - p);
				const double x = noon_mean_law_isf(&m, n, p);
				const double cell = 2.1 * law.step_ns / n;
				const double in = x + (p < 0.5 ? -cell : cell);
				const double beyond = mass_beyond(cells, n, x, p < 0.5);

				if (beyond > q * 1.001 + 1e-13 ||
				    mass_beyond(cells, n, in, p < 0.5) < q * 0.999 - 1e-13)
					fail_msg("seed %" PRIu64 " (%s), mean of %u, p %g: %g",
						 seed, guard_path_word(kind), n, p, beyond);
			}
		}
		if (only_seed > 0)
			break;
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formula_errs_on_the_safe_side),
		cmocka_unit_test(few_values_are_exact),
	};

	only_seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
