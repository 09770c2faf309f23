/* SPDX-License-Identifier: Apache-2.0 */
#include "link/stamp.h"

/* Convert a stamp to h, with all its errors. */
static noon_err translate(struct noon_clock *c, const struct noon_link_stamp *s, noon_time *ret,
			  noon_dur *ret_err)
{
	const noon_err err = noon_clock_from_stamp(c, &s->since, s->real_ns, ret, ret_err);

	if (!err)
		*ret_err = noon_sat_add(*ret_err, s->err);
	return err;
}

void noon_stamp_arrival(struct noon_clock *c, const struct noon_link_stamp *s, struct noon_rx *rx)
{
	noon_time at;
	noon_dur err;

	rx->at = rx->now;
	rx->stamp = NOON_STAMP_USER;
	if (s->kind == NOON_STAMP_USER || translate(c, s, &at, &err))
		return;
	rx->at = at;
	rx->stamp = s->kind;
	rx->stamp_err = err;
}

noon_err noon_stamp_departure(struct noon_clock *c, const struct noon_link_stamp *s, noon_time *ret)
{
	noon_time at;
	noon_dur at_err;
	const noon_err err = translate(c, s, &at, &at_err);

	if (!err)
		*ret = noon_time_add(at, -at_err);
	return err;
}
