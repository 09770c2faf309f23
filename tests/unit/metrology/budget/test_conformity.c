/* SPDX-License-Identifier: Apache-2.0
 *
 * Statements of conformity with a guard band of U.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "metrology/budget/conformity.h"

/* Values are sums of powers of two, so that the limits are met exactly. */
static void decides_by_the_table(void **state)
{
	static const struct {
		double x, U, limit;
		enum noon_conformity is;
	} known[] = {
		{0, 0, 0, NOON_CONFORMITY_PASS},
		{0.25, 0.25, 0.5, NOON_CONFORMITY_PASS}, /* the guard band ends at the limit */
		{-0.25, 0.25, 0.5, NOON_CONFORMITY_PASS},
		{0.3125, 0.25, 0.5, NOON_CONFORMITY_UNDECIDED}, /* simple acceptance would pass */
		{0.5, 0.25, 0.5, NOON_CONFORMITY_UNDECIDED},
		{-0.625, 0.25, 0.5, NOON_CONFORMITY_UNDECIDED}, /* it would fail */
		{0.75, 0.25, 0.5, NOON_CONFORMITY_UNDECIDED},	/* not beyond it */
		{0.8125, 0.25, 0.5, NOON_CONFORMITY_FAIL},
		{-0.8125, 0.25, 0.5, NOON_CONFORMITY_FAIL},
		{0.5, 0, 0.5, NOON_CONFORMITY_PASS},
		{0.5625, 0, 0.5, NOON_CONFORMITY_FAIL},
		{0, 1, 0.5, NOON_CONFORMITY_UNDECIDED}, /* U is too large for any statement */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_int_equal(noon_conformity_decide(known[i].x, known[i].U, known[i].limit),
				 known[i].is);
}

static void decides_nothing_without_numbers(void **state)
{
	const double nan = (double)NAN;
	const double inf = (double)INFINITY;

	(void)state;
	assert_int_equal(noon_conformity_decide(nan, 1, 2), NOON_CONFORMITY_UNDECIDED);
	assert_int_equal(noon_conformity_decide(9, nan, 2), NOON_CONFORMITY_UNDECIDED);
	assert_int_equal(noon_conformity_decide(9, 1, nan), NOON_CONFORMITY_UNDECIDED);
	assert_int_equal(noon_conformity_decide(9, -1, 2), NOON_CONFORMITY_UNDECIDED);
	assert_int_equal(noon_conformity_decide(1, 1, -2), NOON_CONFORMITY_UNDECIDED);
	assert_int_equal(noon_conformity_decide(9, inf, 2), NOON_CONFORMITY_UNDECIDED);
}

/* No true value within U of x contradicts a statement. */
static void no_statement_is_turned_around_by_the_uncertainty(void **state)
{
	struct noon_rng rng = noon_rng_seeded(17);
	unsigned seen[NOON_CONFORMITIES] = {0};

	(void)state;
	for (int i = 0; i < 20000; i++) {
		const double limit = noon_rng_unit(&rng);
		const double U = noon_rng_unit(&rng) / 2;
		const double x = 4 * noon_rng_unit(&rng) - 2;
		const double truth = x + U * (2 * noon_rng_unit(&rng) - 1);
		const enum noon_conformity c = noon_conformity_decide(x, U, limit);

		seen[c]++;
		if (c == NOON_CONFORMITY_PASS)
			assert_true(fabs(truth) <= limit + 1e-12);
		if (c == NOON_CONFORMITY_FAIL)
			assert_true(fabs(truth) > limit - 1e-12);
	}
	for (size_t i = 0; i < NOON_CONFORMITIES; i++)
		assert_true(seen[i] > 1000);
}

static void has_words(void **state)
{
	(void)state;
	assert_string_equal(noon_conformity_word(NOON_CONFORMITY_PASS), "pass");
	assert_string_equal(noon_conformity_word(NOON_CONFORMITY_FAIL), "fail");
	assert_string_equal(noon_conformity_word(NOON_CONFORMITY_UNDECIDED), "not decided");
	assert_string_equal(noon_conformity_word((enum noon_conformity)NOON_CONFORMITIES),
			    "unknown");
	assert_string_equal(noon_conformity_text(NOON_CONFORMITY_FAIL), "|x| - U > limit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides_by_the_table),
		cmocka_unit_test(decides_nothing_without_numbers),
		cmocka_unit_test(no_statement_is_turned_around_by_the_uncertainty),
		cmocka_unit_test(has_words),
	};

	return cmocka_run_group_tests_name("metrology/conformity", tests, NULL, NULL);
}
