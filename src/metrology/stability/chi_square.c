/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/stability/chi_square.h"

#include <assert.h>
#include <math.h>

#define PRECISION 1e-15
/* Both expansions need some sqrt(a) terms near x = a; this is enough for 1e9 degrees. */
#define TERMS_MAX 1000000
/* From here on the normal approximation of Wilson and Hilferty is better than 1e-9. */
#define MANY 1e9

/* P(a, x) by its series; Abramowitz and Stegun 6.5.29. */
static double series(double a, double x)
{
	double term = 1.0 / a, sum = term;

	for (int n = 1; n < TERMS_MAX && term > sum * PRECISION; n++) {
		term *= x / (a + n);
		sum += term;
	}
	return sum * exp(a * log(x) - x - lgamma(a));
}

/* Q(a, x) by its continued fraction, from the front (Lentz); Abramowitz and Stegun 6.5.31. */
static double fraction(double a, double x)
{
	double b = x + 1.0 - a, c = 1e300, d = 1.0 / b, h = d;

	for (int n = 1; n < TERMS_MAX; n++) {
		const double num = -(double)n * ((double)n - a);
		double step;

		b += 2.0;
		d = 1.0 / (num * d + b);
		c = b + num / c;
		step = c * d;
		h *= step;
		if (fabs(step - 1.0) < PRECISION)
			break;
	}
	return h * exp(a * log(x) - x - lgamma(a));
}

static double normal_below(double z)
{
	return 0.5 * erfc(-z / sqrt(2.0));
}

double noon_chi_square_below(double x, double nu)
{
	const double a = nu / 2.0, half = x / 2.0, v = 2.0 / (9.0 * nu);

	assert(x >= 0.0 && nu > 0.0);
	if (!(half > 0.0))
		return 0.0;
	if (nu >= MANY)
		return normal_below((cbrt(x / nu) - (1.0 - v)) / sqrt(v));
	return half < a + 1.0 ? series(a, half) : 1.0 - fraction(a, half);
}

/* Bisection in the logarithm: slow, and safe for any p and nu. */
double noon_chi_square_quantile(double p, double nu)
{
	double lo = -700.0, hi = log(nu + 20.0 * sqrt(nu) + 1500.0);

	assert(p > 0.0 && p < 1.0);
	for (int i = 0; i < 100 && hi - lo > 1e-13 * fmax(fabs(lo), 1.0); i++) {
		const double mid = 0.5 * (lo + hi);

		if (noon_chi_square_below(exp(mid), nu) < p)
			lo = mid;
		else
			hi = mid;
	}
	return exp(0.5 * (lo + hi));
}
