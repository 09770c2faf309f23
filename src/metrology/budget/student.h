/* SPDX-License-Identifier: Apache-2.0
 *
 * Student's t distribution.
 */
#ifndef NOON_METROLOGY_STUDENT_H
#define NOON_METROLOGY_STUDENT_H

#include "base/rng.h"

/** Return P(|T| <= t) for nu > 0 degrees of freedom, also broken ones; INFINITY: the normal one.
 *  To 1e-12. */
double noon_student_within(double t, double nu);

/** Return t with P(|T| <= t) = p, 0 < p < 1; to 1e-10 relative. */
double noon_student_factor(double p, double nu);

/** Draw a value. */
double noon_student_draw(struct noon_rng *rng, double nu);

#endif
