/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/clock/bound.h"

#include <math.h>

static noon_dur larger(noon_dur a, noon_dur b)
{
	return a > b ? a : b;
}

static noon_dur smaller(noon_dur a, noon_dur b)
{
	return a < b ? a : b;
}

/* Return UTC - C at h. */
static struct noon_interval around(const struct noon_cert *c, const struct noon_line *line,
				   noon_time h)
{
	const struct noon_interval theta = noon_cert_at(c, h);
	const noon_dur corr = noon_line_at(line, h);

	return (struct noon_interval){noon_sat_sub(theta.lo, corr), noon_sat_sub(theta.hi, corr)};
}

noon_dur noon_bound_value(const struct noon_cert *c, const struct noon_line *line, noon_time h)
{
	const struct noon_interval in = around(c, line, h);

	return larger(noon_dur_abs(in.lo), noon_dur_abs(in.hi));
}

static noon_dur take(noon_dur *left, noon_dur wanted)
{
	const noon_dur part = smaller(*left, larger(wanted, 0));

	*left -= part;
	return part;
}

/* Split the bound. Edges of different exchanges may meet closer than their errors allow for;
 * then the terms taken last get what is left. */
static struct noon_terms terms_of(const struct noon_cert *c, struct noon_interval in,
				  noon_dur bound)
{
	const noon_dur half = noon_interval_half(in);
	const noon_dur grown = half - noon_interval_half(c->theta);
	const noon_dur stamps = c->lo.stamp_err / 2 + c->hi.stamp_err / 2;
	const noon_dur servers = c->lo.server_err / 2 + c->hi.server_err / 2;
	const noon_dur drifts = c->lo.drift / 2 + c->hi.drift / 2;
	struct noon_terms t;
	noon_dur left = half;

	t.slewing = larger(noon_sat_sub(bound, half), 0);
	t.quantisation = take(&left, stamps);
	t.server = take(&left, servers);
	t.drift = take(&left, noon_sat_add(drifts, grown));
	t.path = left;
	return t;
}

/* Return the rates from h on, until the next of holdover_from and rate_until. */
static struct noon_rate rates_at(const struct noon_cert *c, noon_time h)
{
	if (!noon_time_before(h, c->rate_until))
		return noon_rate_within(c->rate_max);
	return noon_time_before(h, c->holdover_from) ? c->rate : c->holdover;
}

static void fill_rates(const struct noon_cert *c, const struct noon_line *line,
		       struct noon_reading *ret)
{
	const bool held = noon_time_before(ret->h, c->rate_until);
	const struct noon_rate r = rates_at(c, ret->h);
	const noon_freq now =
		line->rate + (noon_time_before(ret->h, line->slew_end) ? line->slew : 0.0);

	ret->rates_until = held ? c->rate_until : NOON_TIME_NEVER;
	ret->rates_drop_at = held && noon_time_before(ret->h, c->holdover_from) ? c->holdover_from
										: NOON_TIME_NEVER;
	ret->lower_rate = r.min;
	ret->upper_rate = r.max;
	ret->rate_bound =
		fmax(fmax(r.max - now, now - r.min), fmax(r.max - line->rate, line->rate - r.min));
}

void noon_bound_at(const struct noon_cert *c, const struct noon_line *line,
		   struct noon_reading *ret)
{
	const struct noon_interval in = around(c, line, ret->h);

	ret->corr = noon_line_at(line, ret->h);
	ret->lower = in.lo;
	ret->upper = in.hi;
	ret->bound = larger(noon_dur_abs(in.lo), noon_dur_abs(in.hi));
	ret->terms = terms_of(c, in, ret->bound);
	ret->to_slew = noon_line_to_slew(line, ret->h);
	fill_rates(c, line, ret);
}

/* Return the ns that `room` ns of bound last at a growth; NOON_DUR_MAX if for ever. */
static noon_dur lasts(noon_dur room, noon_freq growth)
{
	double span_ns;

	if (!(growth > 0.0))
		return NOON_DUR_MAX;
	/* Two ns less, for the rounding of line and certificate. */
	span_ns = ((double)room - 2.0) / growth;
	if (span_ns > 9e18)
		return NOON_DUR_MAX;
	return span_ns > 0.0 ? (noon_dur)(span_ns * (1.0 - 1e-12)) : 0;
}

/* Return the last instant in [from, to] until which the bound stays within the limit, which it
 * does at `from`; line and certificate have no bend between the two. */
static noon_time last_within(const struct noon_cert *c, const struct noon_line *line,
			     noon_time from, noon_time to, noon_dur limit)
{
	const struct noon_interval in = around(c, line, from);
	const noon_freq slew = noon_time_before(from, line->slew_end) ? line->slew : 0.0;
	const noon_freq rate = line->rate + slew;
	const struct noon_rate r = rates_at(c, from);
	const noon_dur up = lasts(noon_sat_sub(limit, in.hi), r.max - rate);
	const noon_dur down = lasts(noon_sat_add(limit, in.lo), rate - r.min);

	return noon_time_min(to, noon_time_add(from, smaller(up, down)));
}

/* Return the next bend of line or certificate after h; rate_until, which ends it all, if none. */
static noon_time bend_after(const struct noon_cert *c, const struct noon_line *line, noon_time h)
{
	noon_time bend = c->rate_until;

	if (noon_time_before(h, line->slew_end))
		bend = noon_time_min(bend, line->slew_end);
	if (noon_time_before(h, c->holdover_from))
		bend = noon_time_min(bend, c->holdover_from);
	return bend;
}

noon_time noon_bound_until(const struct noon_cert *c, const struct noon_line *line, noon_time h,
			   noon_dur limit)
{
	noon_time until = h;

	while (noon_time_before(until, c->rate_until) &&
	       noon_bound_value(c, line, until) <= limit) {
		const noon_time bend = bend_after(c, line, until);

		until = last_within(c, line, until, bend, limit);
		if (noon_time_before(until, bend))
			break;
	}
	return until;
}
