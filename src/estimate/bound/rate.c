/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/bound/rate.h"

#include <assert.h>
#include <math.h>

/* Relative error of two conversions and one operation in double is below 4e-16. */
#define ROUNDING 1e-15

/* Doubles at and beyond this are outside int64. */
#define INT64_END 9223372036854775808.0

struct noon_rate noon_rate_meet(struct noon_rate a, struct noon_rate b)
{
	return (struct noon_rate){fmax(a.min, b.min), fmin(a.max, b.max)};
}

noon_freq noon_rate_clamp(struct noon_rate r, noon_freq f)
{
	return fmin(fmax(f, r.min), r.max);
}

noon_freq noon_rate_floor(noon_dur rise, noon_dur span)
{
	const double q = (double)rise / (double)span;

	assert(span > 0);
	return q - fabs(q) * ROUNDING;
}

noon_freq noon_rate_ceil(noon_dur rise, noon_dur span)
{
	return -noon_rate_floor(noon_sat_sub(0, rise), span);
}

noon_dur noon_scale_floor(noon_dur d, noon_freq f)
{
	const double x = (double)d * f;
	const double down = x - fabs(x) * ROUNDING;
	noon_dur whole;

	if (!(down > -INT64_END))
		return INT64_MIN;
	if (down >= INT64_END)
		return INT64_MAX;
	/* floor() without a call, of which there would be a hundred for each exchange. */
	whole = (noon_dur)down;
	return (double)whole > down ? whole - 1 : whole;
}

noon_dur noon_scale_ceil(noon_dur d, noon_freq f)
{
	return noon_sat_sub(0, noon_scale_floor(d, -f));
}

struct noon_interval noon_rate_drift(struct noon_rate r, noon_dur d)
{
	if (d >= 0)
		return (struct noon_interval){noon_scale_floor(d, r.min),
					      noon_scale_ceil(d, r.max)};
	return (struct noon_interval){noon_scale_floor(d, r.max), noon_scale_ceil(d, r.min)};
}
