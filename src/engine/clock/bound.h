/* SPDX-License-Identifier: Apache-2.0
 *
 * E(t): what the certificate says about the disciplined clock, at any instant (docs/theory.md,
 * (6)).
 */
#ifndef NOON_ENGINE_BOUND_H
#define NOON_ENGINE_BOUND_H

#include "engine/clock/line.h"
#include "engine/clock/reading.h"
#include "estimate/bound/fuse.h"

/** Fill corr, lower, upper, bound, terms, to_slew and the rates of a reading at ret->h, which is
 *  not before c->h0. */
void noon_bound_at(const struct noon_cert *c, const struct noon_line *line,
		   struct noon_reading *ret);

/** Return the bound at h, ns. */
noon_dur noon_bound_value(const struct noon_cert *c, const struct noon_line *line, noon_time h);

/**
 * Return an instant from h on until which the bound stays within the limit; the last one, less
 * what some ns of rounding take.
 *
 * @return h or earlier when it is above the limit at h; never beyond what the rates of the
 *         certificate cover
 */
noon_time noon_bound_until(const struct noon_cert *c, const struct noon_line *line, noon_time h,
			   noon_dur limit);

#endif
