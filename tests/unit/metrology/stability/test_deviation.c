/* SPDX-License-Identifier: Apache-2.0
 *
 * Published values: NIST SP 1065, tables 30 and 31 (NBS14 and the 1000-point set).
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "metrology/stability/deviation.h"
#include "metrology/stability/edf.h"

static const double nbs14[9] = {892, 809, 823, 798, 671, 644, 883, 903, 677};

static double of(const struct noon_series *s, enum noon_statistic what, size_t m, size_t *ret_pairs)
{
	double *scratch = malloc((noon_deviation_scratch(what, s->n, m) + 1) * sizeof(*scratch));
	struct noon_deviation d;

	assert_non_null(scratch);
	assert_int_equal(noon_deviation(s, what, m, scratch, &d), NOON_OK);
	free(scratch);
	if (ret_pairs != NULL)
		*ret_pairs = d.pairs;
	return d.value;
}

/* A published value with so many decimals. */
static void is_printed(double value, double published, int decimals)
{
	if (fabs(value - published) > 0.5000001 * pow(10.0, -decimals))
		fail_msg("%.9f instead of %.*f", value, decimals, published);
}

static void nbs14_has_its_published_values(void **state)
{
	static const struct {
		enum noon_statistic what;
		double at[2];
		int decimals[2];
	} row[] = {
		{NOON_ADEV, {91.22945, 115.8082}, {5, 4}},
		{NOON_OADEV, {91.22945, 85.95287}, {5, 5}},
		{NOON_MDEV, {91.22945, 74.78849}, {5, 5}},
		{NOON_TDEV, {52.67135, 86.35831}, {5, 5}},
		{NOON_OHDEV, {70.80607, 85.61487}, {5, 5}},
		{NOON_HDEV, {70.80607, 116.7980}, {5, 4}},
		{NOON_TOTDEV, {91.22945, 93.90379}, {5, 5}},
		{NOON_MTOTDEV, {64.509, 64.794}, {3, 3}},
		{NOON_TTOTDEV, {37.244, 74.818}, {3, 3}},
	};
	double x[10], mean;
	const struct noon_series s = {.x = x, .n = 10, .tau0 = 1.0};

	(void)state;
	assert_false(noon_series_from_frequency(nbs14, 9, 1.0, true, x, &mean));
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		for (size_t m = 1; m <= 2; m++)
			is_printed(of(&s, row[i].what, m, NULL), row[i].at[m - 1],
				   row[i].decimals[m - 1]);
}

static void published_total_values_have_the_bias_of_white_fm_removed(void **state)
{
	double x[10], mean;
	const struct noon_series s = {.x = x, .n = 10, .tau0 = 1.0};
	const double bias = noon_bias(NOON_MTOTDEV, NOON_NOISE_WHITE_FM, 1, 10);

	(void)state;
	(void)noon_series_from_frequency(nbs14, 9, 1.0, true, x, &mean);
	is_printed(of(&s, NOON_MTOTDEV, 1, NULL) * bias, 75.50203, 5);
	/* Those for m = 2 are 75.836066 and 87.567946: cut off in print. */
	is_printed(of(&s, NOON_MTOTDEV, 2, NULL) * bias, 75.83607, 5);
	is_printed(of(&s, NOON_TTOTDEV, 1, NULL) * bias, 43.59112, 5);
	is_printed(of(&s, NOON_TTOTDEV, 2, NULL) * bias, 87.56795, 5);
	is_printed(of(&s, NOON_HTOTDEV, 1, NULL) *
			   noon_bias(NOON_HTOTDEV, NOON_NOISE_WHITE_FM, 1, 10),
		   70.80607, 5);
	is_printed(of(&s, NOON_HTOTDEV, 2, NULL) *
			   noon_bias(NOON_HTOTDEV, NOON_NOISE_WHITE_FM, 2, 10),
		   91.16396, 5);
}

/* n[i + 1] = 16807 n[i] mod 2147483647, over 2147483647. */
static void thousand_points_have_their_published_values(void **state)
{
	static const size_t m[3] = {1, 10, 100};
	static const struct {
		enum noon_statistic what;
		double at[3];
	} row[] = {
		{NOON_ADEV, {2.922319e-01, 9.965736e-02, 3.897804e-02}},
		{NOON_OADEV, {2.922319e-01, 9.159953e-02, 3.241343e-02}},
		{NOON_MDEV, {2.922319e-01, 6.172376e-02, 2.170921e-02}},
		{NOON_TDEV, {1.687202e-01, 3.563623e-01, 1.253382e+00}},
		{NOON_HDEV, {2.943883e-01, 1.052754e-01, 3.910860e-02}},
		{NOON_OHDEV, {2.943883e-01, 9.581083e-02, 3.237638e-02}},
		{NOON_TOTDEV, {2.922319e-01, 9.134743e-02, 3.406530e-02}},
		{NOON_HTOTDEV, {2.943883e-01, 9.614787e-02, 3.058103e-02}},
	};
	double y[1000], x[1001], mean;
	const struct noon_series s = {.x = x, .n = 1001, .tau0 = 1.0};
	uint64_t n = 1234567890;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		y[i] = (double)n / 2147483647.0;
		n = n * 16807 % 2147483647;
	}
	(void)noon_series_from_frequency(y, 1000, 1.0, false, x, &mean);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		for (size_t k = 0; k < 3; k++) {
			/* Seven digits, some of them cut off in print instead of rounded. */
			const double unit = pow(10.0, floor(log10(row[i].at[k])) - 6.0);
			const double v =
				of(&s, row[i].what, m[k], NULL) *
				(row[i].what == NOON_HTOTDEV
					 ? noon_bias(NOON_HTOTDEV, NOON_NOISE_WHITE_FM, m[k], 1001)
					 : 1.0);

			if (fabs(v - row[i].at[k]) >= unit)
				fail_msg("%s at %zu: %.9e", noon_statistic_name(row[i].what), m[k],
					 v);
		}
	is_printed(of(&s, NOON_MTOTDEV, 1, NULL) *
			   noon_bias(NOON_MTOTDEV, NOON_NOISE_WHITE_FM, 1, 1001),
		   2.418528e-01, 7);
	is_printed(of(&s, NOON_MTOTDEV, 100, NULL) *
			   noon_bias(NOON_MTOTDEV, NOON_NOISE_WHITE_FM, 100, 1001),
		   2.287774e-02, 8);
}

/* A large common phase and a frequency offset change nothing, within the digits of the phase. */
static void offset_and_slope_do_not_matter(void **state)
{
	struct noon_rng rng = noon_rng_seeded(3);
	double a[500], b[500];
	const struct noon_series s = {.x = a, .n = 500, .tau0 = 0.5};
	const struct noon_series t = {.x = b, .n = 500, .tau0 = 0.5};

	(void)state;
	for (size_t i = 0; i < 500; i++) {
		a[i] = noon_rng_gauss(&rng);
		b[i] = a[i] + 1e6 + (double)i * 8.0;
	}
	(void)noon_series_centre(b, 500);
	for (int k = 0; k < NOON_MTIE; k++)
		for (size_t m = 1; m < 100; m += 17) {
			const double v = of(&s, (enum noon_statistic)k, m, NULL);

			assert_true(fabs(of(&t, (enum noon_statistic)k, m, NULL) - v) < 1e-8 * v);
		}
}

static double third(const double *x, size_t i, size_t m)
{
	return x[i + 3 * m] - 3.0 * x[i + 2 * m] + 3.0 * x[i + m] - x[i];
}

/* By the definition, with the pairs that a gap leaves. */
static void gaps_leave_out_their_pairs(void **state)
{
	struct noon_rng rng = noon_rng_seeded(4);
	double x[200], sum = 0.0;
	const struct noon_series s = {.x = x, .n = 200, .tau0 = 1.0};
	size_t pairs, n = 0;

	(void)state;
	for (size_t i = 0; i < 200; i++)
		x[i] = i % 37 == 5 || (i > 90 && i < 99) ? (double)NAN : noon_rng_gauss(&rng);
	for (size_t i = 0; i + 21 < 200; i++)
		if (!isnan(third(x, i, 7))) {
			sum += third(x, i, 7) * third(x, i, 7);
			n++;
		}
	assert_true(fabs(of(&s, NOON_OHDEV, 7, &pairs) - sqrt(sum / 6.0 / (double)n) / 7.0) <
		    1e-12);
	assert_int_equal(pairs, n);
}

static void modified_deviation_slides_as_its_definition_says(void **state)
{
	struct noon_rng rng = noon_rng_seeded(5);
	double x[3000], sum = 0.0, inner;
	const struct noon_series s = {.x = x, .n = 3000, .tau0 = 1.0};
	size_t pairs, n = 0;

	(void)state;
	for (size_t i = 0; i < 3000; i++)
		x[i] = i == 1400 ? (double)NAN : 1e3 * noon_rng_gauss(&rng);
	for (size_t j = 0; j + 30 <= 3000; j++) {
		inner = 0.0;
		for (size_t i = j; i < j + 10; i++)
			inner += x[i + 20] - 2.0 * x[i + 10] + x[i];
		if (isnan(inner))
			continue;
		sum += inner * inner;
		n++;
	}
	assert_true(fabs(of(&s, NOON_MDEV, 10, &pairs) - sqrt(sum / 2.0 / (double)n) / 100.0) <
		    1e-10);
	assert_int_equal(pairs, n);
}

/* Phase from frequencies is lost in a gap. */
static void nothing_spans_a_gap_of_a_broken_series(void **state)
{
	const double x[] = {0.0, 1.0, 4.0, (double)NAN, 0.0, 5.0, 7.0};
	struct noon_series s = {.x = x, .n = 7, .tau0 = 1.0};
	size_t pairs;

	(void)state;
	(void)of(&s, NOON_OADEV, 2, &pairs);
	assert_int_equal(pairs, 2);
	assert_true(fabs(of(&s, NOON_TIERMS, 1, &pairs) - sqrt((1.0 + 9.0 + 25.0 + 4.0) / 4.0)) <
		    1e-12);
	s.broken = true;
	assert_true(fabs(of(&s, NOON_OADEV, 1, &pairs) - sqrt((4.0 + 9.0) / 4.0)) < 1e-12);
	assert_int_equal(pairs, 2);
	assert_int_equal(noon_deviation(&s, NOON_OADEV, 2, NULL, &(struct noon_deviation){0}),
			 NOON_ERR_EMPTY);
}

static void too_short_or_with_gaps_is_refused(void **state)
{
	double x[] = {0.0, 1.0, 4.0, 2.0, 0.0, 5.0, 7.0};
	const struct noon_series s = {.x = x, .n = 7, .tau0 = 1.0};
	struct noon_deviation d = {7.0, 7};
	double scratch[64];

	(void)state;
	for (int k = 0; k < NOON_STATISTICS; k++) {
		const size_t most = noon_statistic_m_max((enum noon_statistic)k, 7);

		assert_int_equal(noon_deviation(&s, (enum noon_statistic)k, most + 1, scratch, &d),
				 NOON_ERR_EMPTY);
		assert_true(d.pairs == 7);
		(void)of(&s, (enum noon_statistic)k, most, NULL);
	}
	x[3] = (double)NAN;
	assert_int_equal(noon_deviation(&s, NOON_TOTDEV, 1, scratch, &d), NOON_ERR_UNSUPPORTED);
	assert_int_equal(noon_deviation(&s, NOON_MTOTDEV, 1, scratch, &d), NOON_ERR_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nbs14_has_its_published_values),
		cmocka_unit_test(published_total_values_have_the_bias_of_white_fm_removed),
		cmocka_unit_test(thousand_points_have_their_published_values),
		cmocka_unit_test(offset_and_slope_do_not_matter),
		cmocka_unit_test(gaps_leave_out_their_pairs),
		cmocka_unit_test(modified_deviation_slides_as_its_definition_says),
		cmocka_unit_test(nothing_spans_a_gap_of_a_broken_series),
		cmocka_unit_test(too_short_or_with_gaps_is_refused),
	};

	return cmocka_run_group_tests_name("metrology/stability/deviation", tests, NULL, NULL);
}
