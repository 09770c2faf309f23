/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/bound/interval.h"

#include <assert.h>

/* Beyond this a difference of times may have saturated and proves nothing. */
#define SPAN_MAX (INT64_MAX / 4)

/*@ requires \valid_read(s);
    assigns \nothing;
    ensures \result ==> 0 <= s->stamp_err < SPAN_MAX && 0 <= s->server_err < SPAN_MAX;
    ensures \result ==> \abs(s->t2.ns - s->t1.ns) < SPAN_MAX &&
      \abs(s->t3.ns - s->t4.ns) < SPAN_MAX; */
/* NTP asks first: t1, t2, t3, t4. PTP is told the time first and asks afterwards: t3, t4, t1, t2.
 * Each way bounds theta at its own instant, so the order changes nothing but the signs of the
 * spans. */
static bool is_exchange(const struct noon_sample *s)
{
	const noon_dur up = noon_time_diff(s->t2, s->t1);
	const noon_dur down = noon_time_diff(s->t3, s->t4);

	return (s->t4.ns >= s->t1.ns) == (s->t3.ns >= s->t2.ns) && s->stamp_err >= 0 &&
	       s->server_err >= 0 && s->stamp_err < SPAN_MAX && s->server_err < SPAN_MAX &&
	       noon_dur_abs(up) < SPAN_MAX && noon_dur_abs(down) < SPAN_MAX;
}

noon_err noon_exchange_of(const struct noon_sample *s, noon_dur m_f, noon_dur m_r,
			  noon_freq rate_max, struct noon_exchange *ret)
{
	noon_dur err, slack, excess;

	assert(m_f >= 0 && m_r >= 0 && m_f < SPAN_MAX && m_r < SPAN_MAX && rate_max >= 0.0);
	if (!is_exchange(s))
		return NOON_ERR_FORMAT;
	excess = noon_sat_sub(noon_sample_rtt(s), m_f + m_r);
	slack = noon_dur_scale_out(noon_dur_abs(noon_time_diff(s->t4, s->t1)), rate_max);
	slack = noon_sat_add(slack, 2 * s->stamp_err);
	/* The server's clock may move from one end of its stated error to the other between t2 and
	 * t3, as it does when it slews or steps towards its own reference. */
	slack = noon_sat_add(slack, 2 * s->server_err);
	if (noon_sat_add(excess, slack) < 0)
		return NOON_ERR_RANGE;
	err = s->stamp_err + s->server_err;
	*ret = (struct noon_exchange){
		.lo = {.h = s->t4,
		       .theta = noon_time_diff(s->t3, s->t4) + m_r - err,
		       .server_err = s->server_err,
		       .stamp_err = s->stamp_err},
		.hi = {.h = s->t1,
		       .theta = noon_time_diff(s->t2, s->t1) - m_f + err,
		       .server_err = s->server_err,
		       .stamp_err = s->stamp_err},
		.excess = excess,
	};
	return NOON_OK;
}
