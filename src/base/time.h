/* SPDX-License-Identifier: Apache-2.0
 *
 * Instants, durations and frequencies, and the only arithmetic allowed on them.
 *
 * A time cannot be added to a time: noon_time is a one-member struct. All operations saturate
 * at the ends of int64, so no input from a network can overflow them. Conventions of sign and
 * unit: docs/units.md.
 */
#ifndef NOON_BASE_TIME_H
#define NOON_BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

typedef int64_t noon_dur; /**< duration, ns */
typedef double noon_freq; /**< fractional frequency, dimensionless; 1e-6 is 1 ppm */

typedef struct noon_time {
	int64_t ns; /**< since 1970-01-01 00:00 UTC on the clock that is named by the context */
} noon_time;

#define NOON_NS_PER_SEC INT64_C(1000000000)
#define NOON_DUR_MAX	INT64_MAX
#define NOON_TIME_NEVER ((noon_time){INT64_MAX})
#define NOON_TIME_FIRST ((noon_time){INT64_MIN})

#define NOON_US(n) ((noon_dur)(n)*1000)
#define NOON_MS(n) ((noon_dur)(n)*1000000)
#define NOON_S(n)  ((noon_dur)(n)*NOON_NS_PER_SEC)

/*@ assigns \nothing;
    ensures in_range: INT64_MIN <= a + b <= INT64_MAX ==> \result == a + b;
    ensures above: a + b > INT64_MAX ==> \result == INT64_MAX;
    ensures below: a + b < INT64_MIN ==> \result == INT64_MIN; */
static inline int64_t noon_sat_add(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return b > 0 ? INT64_MAX : INT64_MIN;
	return sum;
}

/*@ assigns \nothing;
    ensures in_range: INT64_MIN <= a - b <= INT64_MAX ==> \result == a - b;
    ensures above: a - b > INT64_MAX ==> \result == INT64_MAX;
    ensures below: a - b < INT64_MIN ==> \result == INT64_MIN; */
static inline int64_t noon_sat_sub(int64_t a, int64_t b)
{
	int64_t diff;

	if (__builtin_sub_overflow(a, b, &diff))
		return b < 0 ? INT64_MAX : INT64_MIN;
	return diff;
}

/*@ assigns \nothing;
    ensures in_range: INT64_MIN <= t.ns + d <= INT64_MAX ==> \result.ns == t.ns + d;
    ensures above: t.ns + d > INT64_MAX ==> \result.ns == INT64_MAX;
    ensures below: t.ns + d < INT64_MIN ==> \result.ns == INT64_MIN; */
static inline noon_time noon_time_add(noon_time t, noon_dur d)
{
	return (noon_time){noon_sat_add(t.ns, d)};
}

/*@ assigns \nothing;
    ensures in_range: INT64_MIN <= a.ns - b.ns <= INT64_MAX ==> \result == a.ns - b.ns;
    ensures above: a.ns - b.ns > INT64_MAX ==> \result == INT64_MAX;
    ensures below: a.ns - b.ns < INT64_MIN ==> \result == INT64_MIN; */
/** Return a - b, ns, saturated. */
static inline noon_dur noon_time_diff(noon_time a, noon_time b)
{
	return noon_sat_sub(a.ns, b.ns);
}

/*@ assigns \nothing;
    ensures \result <==> a.ns < b.ns; */
static inline bool noon_time_before(noon_time a, noon_time b)
{
	return a.ns < b.ns;
}

/*@ assigns \nothing;
    ensures \result.ns == \min(a.ns, b.ns); */
static inline noon_time noon_time_min(noon_time a, noon_time b)
{
	return a.ns < b.ns ? a : b;
}

/*@ assigns \nothing;
    ensures \result <==> t.ns == INT64_MAX; */
static inline bool noon_time_is_never(noon_time t)
{
	return t.ns == INT64_MAX;
}

/*@ assigns \nothing; */
/** Convert seconds to ns, to nearest, saturated; NaN becomes 0. */
noon_dur noon_dur_from_s(double s);

/*@ assigns \nothing; */
/** Convert ns to seconds; exact below 2^53 ns (104 days). */
static inline double noon_dur_to_s(noon_dur d)
{
	return (double)d / 1e9;
}

/*@ requires \is_finite(f);
    assigns \nothing;
    ensures away: d * f >= 0 ==> \result >= d * f || \result == INT64_MAX;
    ensures from_zero: d * f <= 0 ==> \result <= d * f || \result == INT64_MIN; */
/** Scale a duration by a fractional frequency, rounded away from zero (outward), saturated.
 *  For anything that feeds a bound: |result| >= |d * f|. */
noon_dur noon_dur_scale_out(noon_dur d, noon_freq f);

/*@ requires \is_finite(f);
    assigns \nothing; */
/** Scale a duration by a fractional frequency, rounded to nearest, saturated. */
noon_dur noon_dur_scale(noon_dur d, noon_freq f);

/*@ assigns \nothing;
    ensures d > INT64_MIN ==> \result == \abs(d);
    ensures d == INT64_MIN ==> \result == INT64_MAX; */
/** Return |d|, saturated (INT64_MIN gives INT64_MAX). */
static inline noon_dur noon_dur_abs(noon_dur d)
{
	return d < 0 ? noon_sat_sub(0, d) : d;
}

#endif
