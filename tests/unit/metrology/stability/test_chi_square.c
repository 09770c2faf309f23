/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metrology/stability/chi_square.h"

/* Tables of the distribution: Abramowitz and Stegun, table 26.8. */
static void quantiles_are_those_of_the_tables(void **state)
{
	static const struct {
		double p, nu, x;
	} row[] = {
		{0.95, 1, 3.841459},	 {0.05, 1, 0.003932},	{0.5, 2, 1.386294},
		{0.975, 4, 11.143287},	 {0.025, 4, 0.484419},	{0.975, 10, 20.483177},
		{0.025, 10, 3.246973},	 {0.99, 30, 50.892181}, {0.01, 30, 14.953457},
		{0.95, 100, 124.342113},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_true(fabs(noon_chi_square_quantile(row[i].p, row[i].nu) - row[i].x) < 1e-6);
}

/* With 2 degrees it is exponential: known everywhere. */
static void tails_are_exact_where_they_are_known(void **state)
{
	(void)state;
	for (double x = 1e-6; x < 200.0; x *= 1.7)
		assert_true(fabs(noon_chi_square_below(x, 2.0) / -expm1(-x / 2.0) - 1.0) < 1e-10);
	for (double p = 1e-9; p < 0.5; p *= 3.0)
		assert_true(fabs(noon_chi_square_quantile(p, 2.0) / (-2.0 * log1p(-p)) - 1.0) <
			    1e-9);
}

static void quantile_inverts_the_probability(void **state)
{
	static const double nu[] = {0.1, 0.3, 1.7, 25.5, 1e3, 1e6, 0.99e9, 1.01e9};

	(void)state;
	for (size_t i = 0; i < sizeof(nu) / sizeof(nu[0]); i++)
		for (double p = 0.025; p < 1.0; p += 0.19) {
			const double x = noon_chi_square_quantile(p, nu[i]);

			if (fabs(noon_chi_square_below(x, nu[i]) - p) > 1e-6)
				fail_msg("nu %g p %g: %.9g", nu[i], p,
					 noon_chi_square_below(x, nu[i]));
		}
	/* Mean nu and variance 2 nu. */
	assert_true(fabs(noon_chi_square_quantile(0.8413447, 1e8) / 1e8 - 1.0 - sqrt(2e-8)) < 1e-7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_those_of_the_tables),
		cmocka_unit_test(tails_are_exact_where_they_are_known),
		cmocka_unit_test(quantile_inverts_the_probability),
	};

	return cmocka_run_group_tests_name("metrology/stability/chi_square", tests, NULL, NULL);
}
