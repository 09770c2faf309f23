/* SPDX-License-Identifier: Apache-2.0
 *
 * Intervals of the mean rate d theta / dh, and drift computed from them with outward rounding.
 */
#ifndef NOON_ESTIMATE_RATE_H
#define NOON_ESTIMATE_RATE_H

#include <stdbool.h>

#include "base/time.h"
#include "estimate/bound/interval.h"

/** The mean of d theta / dh over any span lies in [min, max]; > 0 where h runs slow. */
struct noon_rate {
	noon_freq min;
	noon_freq max;
};

/*@ assigns \nothing;
    ensures \result.min == -rate_max && \result.max == rate_max; */
static inline struct noon_rate noon_rate_within(noon_freq rate_max)
{
	return (struct noon_rate){-rate_max, rate_max};
}

static inline bool noon_rate_is_empty(struct noon_rate r)
{
	return !(r.min <= r.max);
}

/** Return the intersection; empty when the two do not meet. */
struct noon_rate noon_rate_meet(struct noon_rate a, struct noon_rate b);

/** Return f within r (which is not empty). */
noon_freq noon_rate_clamp(struct noon_rate r, noon_freq f);

/** Return a value <= rise / span, at most 1e-15 of it below; span > 0, both ns. */
noon_freq noon_rate_floor(noon_dur rise, noon_dur span);
/** Return a value >= rise / span, at most 1e-15 of it above; span > 0, both ns. */
noon_freq noon_rate_ceil(noon_dur rise, noon_dur span);

/** Return a value <= d * f, at most 1 ns + 1e-15 |d f| below it; saturated. */
noon_dur noon_scale_floor(noon_dur d, noon_freq f);
/** Return a value >= d * f, at most 1 ns + 1e-15 |d f| above it; saturated. */
noon_dur noon_scale_ceil(noon_dur d, noon_freq f);

/** Return the range of theta(h + d) - theta(h) for the rates r, ns, outward; d of any sign. */
struct noon_interval noon_rate_drift(struct noon_rate r, noon_dur d);

#endif
