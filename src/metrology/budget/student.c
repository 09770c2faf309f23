/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/budget/student.h"

#include <math.h>

#define TINY	 1e-300
#define STEPS	 400 /* more than the continued fraction takes for nu up to 1e6 */
#define NU_LARGE 1e6 /* beyond, the normal distribution is as good as 1e-6 of the quantile */

/* The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method;
 * converges fast for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double x, double a, double b)
{
	double c = 1;
	double d = 1 - (a + b) * x / (a + 1);
	double f;

	d = 1 / (fabs(d) < TINY ? TINY : d);
	f = d;
	for (int m = 1; m <= STEPS; m++) {
		const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double step;

		d = 1 + even * d;
		d = 1 / (fabs(d) < TINY ? TINY : d);
		c = 1 + even / c;
		c = fabs(c) < TINY ? TINY : c;
		f *= d * c;
		d = 1 + odd * d;
		d = 1 / (fabs(d) < TINY ? TINY : d);
		c = 1 + odd / c;
		c = fabs(c) < TINY ? TINY : c;
		step = d * c;
		f *= step;
		if (fabs(step - 1) < 1e-15)
			break;
	}
	return f;
}

/* I_x(a, b) (DLMF 8.17.2) */
static double beta_ratio(double x, double a, double b)
{
	double front;

	if (x <= 0)
		return 0;
	if (x >= 1)
		return 1;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(x, a, b) / a;
	return 1 - front * beta_fraction(1 - x, b, a) / b;
}

double noon_student_within(double t, double nu)
{
	if (nu > NU_LARGE)
		return erf(t / sqrt(2.0));
	return 1 - beta_ratio(nu / (nu + t * t), nu / 2, 0.5);
}

double noon_student_factor(double p, double nu)
{
	double low = 0;
	double high = 1;

	while (noon_student_within(high, nu) < p && high < 1e300)
		high *= 2;
	for (int i = 0; i < 200 && high - low > 1e-12 * high; i++) {
		const double middle = low + (high - low) / 2;

		if (noon_student_within(middle, nu) < p)
			low = middle;
		else
			high = middle;
	}
	return low + (high - low) / 2;
}

/* A gamma value of shape k >= 1/2 and scale 1 (Marsaglia and Tsang, 2000; k < 1 by U^(1/k)). */
static double gamma_draw(struct noon_rng *rng, double k)
{
	const double shape = k < 1 ? k + 1 : k;
	const double d = shape - 1.0 / 3;
	const double c = 1 / sqrt(9 * d);
	double v;
	double u;
	double x;

	do {
		x = noon_rng_gauss(rng);
		v = 1 + c * x;
		v = v * v * v;
		u = 1 - noon_rng_unit(rng);
	} while (v <= 0 || log(u) > x * x / 2 + d - d * v + d * log(v));
	return k < 1 ? d * v * pow(1 - noon_rng_unit(rng), 1 / k) : d * v;
}

double noon_student_draw(struct noon_rng *rng, double nu)
{
	const double z = noon_rng_gauss(rng);

	return nu > NU_LARGE ? z : z / sqrt(2 * gamma_draw(rng, nu / 2) / nu);
}
