/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"

#include <math.h>

/*@ assigns \nothing;
    ensures in_range: -0x1p63 <= ns < 0x1p63 ==> \result == \truncate(ns);
    ensures whole: \forall integer k; ns == k && INT64_MIN <= k <= INT64_MAX ==> \result == k;
    ensures above: ns >= 0x1p63 ==> \result == INT64_MAX;
    ensures below: ns < -0x1p63 ==> \result == INT64_MIN; */
/* 2^63 is exact in a double; every double below it fits. */
static int64_t saturate(double ns)
{
	if (isnan(ns))
		return 0;
	if (ns >= 0x1p63)
		return INT64_MAX;
	if (ns < -0x1p63)
		return INT64_MIN;
	return (int64_t)ns;
}

noon_dur noon_dur_from_s(double s)
{
	return saturate(round(s * 1e9));
}

noon_dur noon_dur_scale_out(noon_dur d, noon_freq f)
{
	const double x = (double)d * f;

	/* The product of two doubles is off by at most 2^-52 relative (d beyond 2^53 included). */
	const double margin = fabs(x) * 0x1p-51;

	return saturate(x < 0 ? floor(x - margin) : ceil(x + margin));
}

noon_dur noon_dur_scale(noon_dur d, noon_freq f)
{
	const double x = (double)d * f;
	const int64_t whole = saturate(x);
	const double rest = x - (double)whole;

	/* round() without a call. From 2^52 on there is no fraction left. */
	if (!(fabs(x) < 0x1p52))
		return whole;
	return whole + (rest >= 0.5) - (rest <= -0.5);
}
