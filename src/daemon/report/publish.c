/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/report/publish.h"

#include <string.h>

#include "estimate/bound/rate.h"

/*@ assigns \nothing;
    ensures \result == NOON_CLOCK_OK <==> state == NOON_STATE_OK;
    ensures \result == NOON_CLOCK_HOLDOVER <==> state == NOON_STATE_HOLDOVER; */
static enum noon_clock_status page_status(enum noon_state state)
{
	switch (state) {
	case NOON_STATE_OK:
		return NOON_CLOCK_OK;
	case NOON_STATE_HOLDOVER:
		return NOON_CLOCK_HOLDOVER;
	case NOON_STATE_ALARM:
		return NOON_CLOCK_ALARM;
	case NOON_STATE_UNSYNCHRONISED:
		break;
	}
	return NOON_CLOCK_UNSYNCHRONISED;
}

/*@ requires \valid_read(in) && \valid_read(in->reading);
    requires -1 < in->raw.osc < 1 && in->age >= 0;
    assigns \nothing;
    ensures never: h.ns == INT64_MAX ==> \result == INT64_MAX;
    // What is left of h lasts left / (1 + osc) on CLOCK_MONOTONIC_RAW.
    ensures not_late: \let left = h.ns - in->reading->h.ns - in->age;
      h.ns != INT64_MAX && 0 <= left && h.ns - in->reading->h.ns <= INT64_MAX ==>
	(\result - in->raw.from0) * (1 + in->raw.osc) <= left; */
/* Convert an instant of h at or after the map's to CLOCK_MONOTONIC_RAW: rounded down, since it is a
 * deadline. */
static int64_t raw_until(const struct noon_publish_input *in, noon_time h)
{
	const noon_dur left = noon_sat_sub(noon_time_diff(h, in->reading->h), in->age);
	const noon_freq osc = in->raw.osc;

	if (noon_time_is_never(h))
		return INT64_MAX;
	/* A fast oscillator reaches it sooner. */
	if (left > 0 && osc > 0)
		return noon_sat_add(in->raw.from0, left - noon_dur_scale_out(left, osc));
	return noon_sat_add(in->raw.from0, left);
}

/*@ requires \valid_read(in);
    assigns \nothing;
    ensures \result == (1 + in->raw.osc) * (1 + rate) - 1; */
/* Convert a rate against h to one against CLOCK_MONOTONIC_RAW. */
static double raw_rate(const struct noon_publish_input *in, noon_freq rate)
{
	return (1 + in->raw.osc) * (1 + rate) - 1;
}

/*@ requires \valid_read(in);
    assigns \nothing;
    ensures \result <= in->real_ahead; */
/* CLOCK_REALTIME - CLOCK_MONOTONIC without suspension that the clock has not processed yet: readers
 * must detect that. Suspension between the two reads reduces it, which only makes readers check
 * more.
 */
static noon_dur real_ahead_when_checked(const struct noon_publish_input *in)
{
	const noon_dur slept = noon_sat_sub(in->asleep_now, in->asleep);

	return slept > 0 ? noon_sat_sub(in->real_ahead, slept) : in->real_ahead;
}

/* The page uses CLOCK_MONOTONIC_RAW; h follows it, apart from a virtual clock's faults, so the
 * engine's rates, which are relative to h, are converted by the map. */
void noon_publish_page(const struct noon_publish_input *in, struct noon_page_body *ret)
{
	const struct noon_reading *r = in->reading;
	const struct noon_rate late = noon_rate_within(in->max_rate_error);
	noon_dur at;
	noon_dur slack;

	*ret = (struct noon_page_body){
		.raw0 = in->raw.from0,
		.fresh_until = in->raw.from0 + NOON_PUBLISH_FRESH,
		.status = page_status(r->state),
		.reason = in->reason,
		.has_time = r->bound != NOON_DUR_MAX,
		.asleep = in->asleep,
		.real_ahead = real_ahead_when_checked(in),
	};
	if (!ret->has_time)
		return;
	/* The map is that of the line, the reading that of the clock. */
	at = noon_sat_add(in->raw.to0.ns, in->off_line);
	slack = noon_sat_add(noon_dur_scale_out(in->age, r->rate_bound), 1);
	ret->earliest0 = noon_sat_sub(noon_sat_add(at, r->lower), slack);
	ret->latest0 = noon_sat_add(noon_sat_add(at, r->upper), slack);
	ret->earliest_rate = raw_rate(in, r->lower_rate);
	ret->latest_rate = raw_rate(in, r->upper_rate);
	ret->rates_until = raw_until(in, r->rates_until);
	ret->late_earliest_rate = raw_rate(in, late.min);
	ret->late_latest_rate = raw_rate(in, late.max);
	ret->void_after = raw_until(in, r->void_after);
}

bool noon_publish_may_serve(const struct noon_reading *r, noon_dur limit)
{
	/* Around a leap second both counts are covered, and the time is not served. */
	return r->certain && r->terms.leap == 0 && noon_sat_add(r->bound, r->hidden) <= limit;
}

noon_time noon_publish_serve_until(const struct noon_engine *e, const struct noon_reading *r,
				   noon_dur limit)
{
	struct noon_reading plain;
	noon_dur off;

	noon_engine_reading(e, r->h, &plain);
	/* Only the reading contains the offset of the clock from its line. */
	off = noon_sat_sub(r->bound, plain.bound);
	return noon_engine_within_until(e, r->h, noon_sat_sub(limit, off));
}

/* Where CLOCK_REALTIME is the clock, its bound holds for the instant when the reading compared it
 * with the line, and is extrapolated from there. The bound does not include a later step, so the
 * line starts at the reading and not at the current CLOCK_REALTIME. */
static void anchor(const struct noon_publish_input *in, struct noon_served_state *s)
{
	const struct noon_reading *r = in->reading;
	const noon_dur since = in->age_now;

	s->line.from0 = in->now.raw_ns;
	s->line.to0 = (noon_time){in->now.real_ns};
	if (in->has_sources)
		s->line.to0 =
			noon_time_add(noon_time_add(r->h, r->corr),
				      noon_sat_add(since, noon_dur_scale(since, s->line.rate)));
}

/* A clock whose offset is known from its sources. */
static void serve_sources(const struct noon_publish_input *in, struct noon_served_state *s)
{
	const struct noon_reading *r = in->reading;
	const noon_time c = noon_time_add(r->h, r->corr);
	const noon_dur slack =
		noon_sat_add(noon_dur_scale_out(noon_dur_abs(in->age_now), r->rate_bound), 1);

	s->clock.has_time = in->may_serve;
	if (in->may_serve)
		s->clock.root_disp = noon_sat_add(noon_sat_add(r->bound, in->now.err), slack);
	s->is_ok = in->may_serve && noon_time_before(r->h, r->fresh_until);
	s->disp_rate = r->rate_bound;
	s->void_after = noon_time_add(in->serve_until, r->corr);
	s->ok_until = noon_time_min(noon_time_add(r->fresh_until, r->corr),
				    noon_time_add(c, NOON_PUBLISH_FRESH));
}

/* A clock that is declared correct by configuration. */
static void serve_local(const struct noon_publish_input *in, struct noon_served_state *s)
{
	s->clock.has_time = in->stratum > 0 && !in->lost_time;
	s->clock.root_disp = in->local_bound;
	s->is_ok = !in->lost_time;
	s->void_after = NOON_TIME_NEVER;
	s->ok_until = noon_time_add(s->map.to0, NOON_PUBLISH_FRESH);
}

void noon_publish_served(const struct noon_publish_input *in, struct noon_served_state *ret)
{
	*ret = (struct noon_served_state){
		.map = in->real,
		.line = in->raw,
		.real_is_c = in->real_is_c,
		.is_local = !in->has_sources,
		.asleep = in->asleep,
		.vmclock = in->vmclock,
		.has_vmclock = in->has_vmclock,
		.leap_at = in->leap->from,
		.clock = {.precision = -24,
			  .stratum = in->stratum,
			  .ref_id = in->ref_id,
			  .reference = in->real.to0,
			  .leap = in->reading->leap},
	};
	noon_leap_plan_window(in->leap, &ret->leap_from, &ret->leap_until);
	if (in->real_is_c)
		anchor(in, ret);
	if (in->has_sources)
		serve_sources(in, ret);
	else
		serve_local(in, ret);
}

/* Greatest interval until the next claim. */
#define CLAIM_FOR NOON_S(2)

/* TAI - UTC changes at midnight, which the kernel handles itself; until it has been looked up for
 * the new day nothing is claimed. */
#define TAI_BEFORE NOON_S(2)
#define TAI_AFTER  NOON_S(60)
#define DAY	   NOON_S(86400)

static int16_t tai_for_kernel(const struct noon_publish_input *in)
{
	const struct noon_reading *r = in->reading;
	const noon_dur of_day = noon_time_add(r->h, r->corr).ns % DAY;

	if (r->state != NOON_STATE_OK || of_day <= TAI_AFTER || of_day >= DAY - TAI_BEFORE)
		return 0;
	return in->tai;
}

void noon_publish_claim(const struct noon_publish_input *in, struct noon_clock_claim *ret)
{
	const struct noon_reading *r = in->reading;

	*ret = (struct noon_clock_claim){
		.bound = NOON_DUR_MAX,
		.estimate = NOON_DUR_MAX,
		.synchronised = r->state == NOON_STATE_OK || r->state == NOON_STATE_HOLDOVER,
		.tai = tai_for_kernel(in),
	};
	if (!noon_time_is_never(in->leap->from)) {
		ret->leap = in->leap->shift;
		ret->leap_at = in->leap->from;
	}
	if (r->bound != NOON_DUR_MAX) {
		ret->bound = noon_sat_add(r->bound, noon_dur_scale_out(CLAIM_FOR, r->rate_bound));
		ret->estimate = noon_dur_abs(r->lower / 2 + r->upper / 2);
	}
}
