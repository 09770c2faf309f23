/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/core/steering.h"

#include <string.h>

#include "daemon/report/log.h"

static struct noon_clock_line clock_line(const struct noon_line *l)
{
	return (struct noon_clock_line){
		.h0 = l->h0,
		.corr0 = l->corr0,
		.rate = l->rate,
		.slew = l->slew,
		.slew_end = l->slew_end,
	};
}

/* Another program steers a read-only clock: readings include its distance from the line. */
static bool is_ours(const struct noon_steering *s)
{
	return s->kind != NOON_CLOCK_KIND_SYSTEM_READ_ONLY;
}

bool noon_steering_follow(struct noon_steering *s)
{
	const struct noon_line line = noon_engine_line(s->engine);
	const struct noon_clock_line to = clock_line(&line);
	const bool is_step = line.steps != s->steps && is_ours(s);
	noon_err err;

	s->steps = line.steps;
	if (!is_step) {
		noon_clock_steer(s->clock, &to);
		return false;
	}
	err = noon_clock_step(s->clock, &to);
	if (!err) {
		noon_log(NOON_LOG_NOTICE, "clock stepped");
		return true;
	}
	noon_log(NOON_LOG_ERROR, "cannot step the clock: %s", noon_err_text(err));
	noon_clock_steer(s->clock, &to);
	return false;
}

void noon_steering_leap(struct noon_steering *s, noon_dur shift)
{
	const struct noon_line line = noon_engine_line(s->engine);
	const struct noon_clock_line to = clock_line(&line);
	noon_err err = NOON_OK;

	s->steps++;
	if (is_ours(s)) {
		err = noon_clock_leap(s->clock, &to, shift);
		if (!err)
			return;
		noon_log(NOON_LOG_ERROR, "cannot carry the leap second out: %s",
			 noon_err_text(err));
	}
	noon_clock_steer(s->clock, &to);
}

noon_err noon_steering_step(struct noon_steering *s)
{
	const struct noon_line line = noon_engine_line(s->engine);
	const struct noon_clock_line to = clock_line(&line);

	s->steps = line.steps;
	return noon_clock_step(s->clock, &to);
}

void noon_steering_local_reading(struct noon_clock *c, struct noon_reading *ret)
{
	const noon_time h = noon_clock_now(c);

	memset(ret, 0, sizeof(*ret));
	ret->state = NOON_STATE_UNSYNCHRONISED;
	ret->h = h;
	ret->corr = noon_time_diff(noon_clock_disciplined(c), h);
	ret->bound = NOON_DUR_MAX;
	ret->void_after = h;
}

/* How far the clock is from its line: a clock that is only steered by frequency, or that another
 * program steps, is never quite on it. A virtual clock is its line. Best of three, since the
 * program may be interrupted between two reads. The error of the best, ns, is half of the duration
 * of the reading, plus half of that of reading a card's clock in it. */
static noon_dur off_line(const struct noon_steering *s, noon_dur *ret_err)
{
	const struct noon_line line = noon_engine_line(s->engine);
	noon_dur least = NOON_DUR_MAX;
	noon_dur off = 0;

	*ret_err = 0;
	if (s->kind == NOON_CLOCK_KIND_VIRTUAL)
		return 0;
	for (int i = 0; i < 3; i++) {
		const noon_time before = noon_clock_now(s->clock);
		const noon_time c = noon_clock_disciplined(s->clock);
		const noon_dur took = noon_time_diff(noon_clock_now(s->clock), before);
		const noon_time h = noon_time_add(before, took / 2);

		if (took >= least)
			continue;
		least = took;
		off = noon_time_diff(c, h) - noon_line_at(&line, h);
	}
	*ret_err = noon_sat_add(least, 1);
	return off;
}

void noon_reading_of_clock(struct noon_reading *r, noon_dur off, noon_dur err, noon_dur alert_limit)
{
	const noon_dur more = noon_sat_add(noon_dur_abs(off), err);

	r->corr = noon_sat_add(r->corr, off);
	r->lower = noon_sat_sub(r->lower, noon_sat_add(off, err));
	r->upper = noon_sat_sub(r->upper, noon_sat_sub(off, err));
	r->terms.slewing = noon_sat_add(r->terms.slewing, noon_dur_abs(off));
	r->terms.quantisation = noon_sat_add(r->terms.quantisation, err);
	r->bound = noon_sat_add(r->bound, more);
	if (noon_sat_add(r->bound, r->hidden) > alert_limit &&
	    r->state != NOON_STATE_UNSYNCHRONISED) {
		r->state = NOON_STATE_ALARM;
		r->void_after = r->h;
	}
}

void noon_steering_reading(const struct noon_steering *s, struct noon_reading *ret)
{
	const noon_dur limit = s->engine->conf.alert_limit;
	noon_dur off;
	noon_dur err;

	noon_engine_reading(s->engine, noon_clock_now(s->clock), ret);
	if (ret->bound == NOON_DUR_MAX)
		return;
	off = off_line(s, &err);
	noon_reading_of_clock(ret, off, err, limit);
	/* The bound reaches the limit sooner by the offset of the clock. */
	if (off != 0 || err != 0)
		ret->void_after = noon_time_min(
			ret->void_after,
			noon_engine_within_until(
				s->engine, ret->h,
				noon_sat_sub(limit, noon_sat_add(noon_dur_abs(off), err))));
}
