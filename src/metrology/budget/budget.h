/* SPDX-License-Identifier: Apache-2.0
 *
 * The uncertainty of a measurement: components, their combination by the law of propagation (GUM,
 * JCGM 100:2008) and, beside it, by the propagation of distributions (JCGM 101:2008).
 *
 * A coverage interval of either kind is a statement of probability under the assumptions of its
 * components. It is not the hard bound (metrology/bound/stamped_bound.h), which assumes no
 * distribution.
 */
#ifndef NOON_METROLOGY_BUDGET_H
#define NOON_METROLOGY_BUDGET_H

#include <stddef.h>

#include "base/err.h"
#include "base/rng.h"

#define NOON_COVERAGE 0.9545 /**< of k = 2 and a normal distribution: what U covers */
#define NOON_NU_FEW   30     /**< below so many degrees of freedom k is Student's factor, not 2 */

/* A component's distribution: name, word, divisor of its width (GUM 4.3). */
#define NOON_DISTRIBUTION_LIST(X)                                                    \
	X(NORMAL, "normal", 1.0)	   /* the width is a standard uncertainty */ \
	X(RECTANGULAR, "rectangular", 3.0) /* the width is a half-width */           \
	X(TRIANGULAR, "triangular", 6.0)   /* the width is a half-width */           \
	X(U_SHAPED, "U-shaped", 2.0)	   /* arcsine: the width is a half-width */

enum noon_distribution {
#define NOON_DISTRIBUTION_ENUM(name, word, square) NOON_DISTRIBUTION_##name,
	NOON_DISTRIBUTION_LIST(NOON_DISTRIBUTION_ENUM)
#undef NOON_DISTRIBUTION_ENUM
		NOON_DISTRIBUTIONS,
};

/** "rectangular" and so on; static. */
const char *noon_distribution_word(enum noon_distribution d);

struct noon_component {
	const char *name;   /**< what it is; outlives the component */
	const char *source; /**< where its value is from */
	char type;	    /**< 'A': by statistics of these samples; 'B': by other means */
	enum noon_distribution distribution;
	double width;	    /**< s, >= 0: see the distributions */
	double sensitivity; /**< of the result, usually 1 */
	double nu;	    /**< degrees of freedom; INFINITY: the width is exact */
};

struct noon_uncertainty {
	double u_c; /**< combined standard uncertainty, s */
	double nu;  /**< effective degrees of freedom (Welch-Satterthwaite); INFINITY: all exact */
	double k;   /**< 2, or Student's factor of the same coverage where nu is small */
	double U;   /**< k * u_c, s */
};

/** Return the standard uncertainty that a component contributes, |c| u, s. */
double noon_component_u(const struct noon_component *c);

/** Combine n components that do not depend on each other (GUM 5.1.2, annex G.4). */
void noon_budget_combine(const struct noon_component *c, size_t n, struct noon_uncertainty *ret);

struct noon_coverage_interval {
	double lower; /**< s, about zero: the shortest interval with the coverage asked for */
	double upper;
	double u; /**< standard deviation of the trials, s */
};

/**
 * Propagate distributions: draw every component, add, look at the sums. A normal component with few
 * degrees of freedom is drawn from the scaled t distribution (JCGM 101, 6.4.9).
 * @param trials   > 0; 1e6 gives two digits of an end
 * @param scratch  trials values
 */
void noon_budget_monte_carlo(const struct noon_component *c, size_t n, struct noon_rng *rng,
			     double coverage, size_t trials, double *scratch,
			     struct noon_coverage_interval *ret);

#endif
