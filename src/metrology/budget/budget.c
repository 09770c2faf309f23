/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/budget/budget.h"

#include <assert.h>
#include <math.h>

#include "metrology/budget/order.h"
#include "metrology/budget/student.h"

#define PI 3.14159265358979323846

const char *noon_distribution_word(enum noon_distribution d)
{
	static const char *const words[] = {
#define WORD(name, word, square) word,
		NOON_DISTRIBUTION_LIST(WORD)
#undef WORD
	};

	return words[d];
}

/* Square of the divisor that makes a standard uncertainty of a width. */
static double divisor_squared(enum noon_distribution d)
{
	static const double squares[] = {
#define SQUARE(name, word, square) square,
		NOON_DISTRIBUTION_LIST(SQUARE)
#undef SQUARE
	};

	return squares[d];
}

double noon_component_u(const struct noon_component *c)
{
	return fabs(c->sensitivity) * c->width / sqrt(divisor_squared(c->distribution));
}

void noon_budget_combine(const struct noon_component *c, size_t n, struct noon_uncertainty *ret)
{
	double sum = 0;
	double fourth = 0; /* GUM, equation G.2b: sum of u^4 / nu */

	for (size_t i = 0; i < n; i++) {
		const double u = noon_component_u(&c[i]);

		sum += u * u;
		fourth += u * u * u * u / c[i].nu;
	}
	ret->u_c = sqrt(sum);
	ret->nu = fourth > 0 ? sum * sum / fourth : (double)INFINITY;
	ret->k = ret->nu < NOON_NU_FEW ? noon_student_factor(NOON_COVERAGE, ret->nu) : 2;
	ret->U = ret->k * ret->u_c;
}

static double draw(const struct noon_component *c, struct noon_rng *rng)
{
	const double scale = c->sensitivity * c->width;

	switch (c->distribution) {
	case NOON_DISTRIBUTION_NORMAL:
		return scale * noon_student_draw(rng, c->nu);
	case NOON_DISTRIBUTION_RECTANGULAR:
		return scale * (2 * noon_rng_unit(rng) - 1);
	case NOON_DISTRIBUTION_TRIANGULAR:
		return scale * (noon_rng_unit(rng) - noon_rng_unit(rng));
	case NOON_DISTRIBUTION_U_SHAPED:
		return scale * sin(2 * PI * noon_rng_unit(rng));
	case NOON_DISTRIBUTIONS:
		break;
	}
	return (double)NAN;
}

void noon_budget_monte_carlo(const struct noon_component *c, size_t n, struct noon_rng *rng,
			     double coverage, size_t trials, double *scratch,
			     struct noon_coverage_interval *ret)
{
	double mean = 0;
	double square = 0;

	assert(trials > 0);
	for (size_t t = 0; t < trials; t++) {
		scratch[t] = 0;
		for (size_t i = 0; i < n; i++)
			scratch[t] += draw(&c[i], rng);
		mean += scratch[t] / (double)trials;
		square += scratch[t] * scratch[t] / (double)trials;
	}
	noon_sort(scratch, trials);
	noon_shortest_interval(scratch, trials, coverage, &ret->lower, &ret->upper);
	ret->u = sqrt(fmax(0, square - mean * mean));
}
