/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule.h"

#include "engine/conf.h"

#define CALM_ENOUGH   8 /* steady exchanges before the interval doubles */
#define POLLS_IN_ROOM 4 /* polls that must fit before the bound reaches the limit */
#define BURST_AGAIN   4 /* exchanges of a burst that is not the first */
#define POLLS_AHEAD   2 /* polls during which the bound must stay within the limit to enter OK */

/* Before the limit is reached there shall be time for so many polls at the interval of a burst. A
 * lost one takes twice that until it is given up (ntp_client.h, timeout). */
#define TRIES 8

/* Polls to spare that have to be left when the rate is known. */
#define SPARE_KEPT 4

void noon_schedule_start(struct noon_schedule *s, const struct noon_source_conf *conf)
{
	s->poll = conf->poll_min;
	s->burst_left = conf->burst;
	s->calm = 0;
	s->spare = conf->burst;
	s->counted = NOON_TIME_FIRST;
}

void noon_schedule_burst(struct noon_schedule *s, const struct noon_source_conf *conf)
{
	const uint8_t again = conf->burst < BURST_AGAIN ? conf->burst : BURST_AGAIN;

	s->burst_left = s->burst_left > again ? s->burst_left : again;
}

void noon_schedule_advance(struct noon_schedule *s, const struct noon_source_conf *conf)
{
	s->poll = conf->poll_min;
	s->calm = 0;
	noon_schedule_burst(s, conf);
}

static void count_burst(struct noon_schedule *s)
{
	if (s->burst_left > 0)
		s->burst_left--;
}

static noon_dur power_of_two_s(int8_t log2_s)
{
	return log2_s >= 0 ? NOON_NS_PER_SEC << log2_s : NOON_NS_PER_SEC >> -log2_s;
}

void noon_schedule_count(struct noon_schedule *s, const struct noon_source_conf *conf,
			 noon_time now)
{
	/* Whoever polls may vary the interval by some parts of it. */
	const noon_dur regular = power_of_two_s(conf->poll_min) / 4 * 3;
	const bool waited = noon_time_diff(now, s->counted) >= regular;

	s->counted = now;
	if (s->burst_left > 0)
		return;
	if (waited && s->spare < conf->burst)
		s->spare++;
	else if (!waited && s->spare > 0)
		s->spare--;
}

void noon_schedule_adapt(struct noon_schedule *s, const struct noon_source_conf *conf,
			 enum noon_trend trend)
{
	count_burst(s);
	switch (trend) {
	case NOON_TREND_OPEN:
		s->calm = 0;
		break;
	case NOON_TREND_STEADY:
		if (s->calm < CALM_ENOUGH)
			s->calm++;
		if (s->calm == CALM_ENOUGH && s->poll < conf->poll_max) {
			s->poll++;
			s->calm = 0;
		}
		break;
	case NOON_TREND_BENT:
		s->calm = 0;
		if (s->poll > conf->poll_min)
			s->poll--;
		break;
	}
}

void noon_schedule_miss(struct noon_schedule *s)
{
	count_burst(s);
	s->calm = 0;
}

/* How long before the limit is reached polls begin to come sooner than poll_min says. */
static noon_dur reserve(const struct noon_source_conf *conf)
{
	return TRIES * conf->burst_interval;
}

/* There is little room: wait as long as some more polls are possible afterwards, but no shorter
 * than in a burst. */
static noon_dur soon(const struct noon_source_conf *conf, noon_dur room, noon_dur least)
{
	const noon_dur safe = room / POLLS_IN_ROOM;
	noon_dur wait = room - reserve(conf);

	wait = wait > safe ? wait : safe;
	wait = wait > conf->burst_interval ? wait : conf->burst_interval;
	return wait < least ? wait : least;
}

noon_dur noon_schedule_interval(const struct noon_schedule *s, const struct noon_source_conf *conf,
				noon_dur room)
{
	const noon_dur least = power_of_two_s(conf->poll_min);
	const noon_dur wanted = power_of_two_s(s->poll);
	const noon_dur safe = room / POLLS_IN_ROOM;

	if (s->burst_left > 0)
		return conf->burst_interval < least ? conf->burst_interval : least;
	if (safe >= wanted)
		return wanted;
	if (safe >= least)
		return safe;
	return room > 0 && s->spare > 0 ? soon(conf, room, least) : least;
}

noon_dur noon_schedule_room_needed(const struct noon_source_conf *conf)
{
	const noon_dur least = power_of_two_s(conf->poll_min);
	const noon_dur twice = POLLS_AHEAD * least;
	const noon_dur spared = noon_sat_add(least, reserve(conf));

	return conf->burst < SPARE_KEPT || twice < spared ? twice : spared;
}

/* Two exchanges, `span` apart, tell the rate to the width of their intervals. */
static noon_dur room_after(const struct noon_outlook *at, noon_dur span)
{
	const double growth = at->wander + (double)at->path / (double)(span > 0 ? span : 1);
	const double room = (double)at->left / growth;

	return room < (double)(NOON_DUR_MAX / 2) ? (noon_dur)room : NOON_DUR_MAX / 2;
}

bool noon_schedule_lasts(const struct noon_schedule *s, const struct noon_source_conf *conf,
			 const struct noon_outlook *at)
{
	const noon_dur least = power_of_two_s(conf->poll_min);
	noon_dur room = at->room;
	noon_dur span = at->span;

	if (room >= POLLS_AHEAD * least)
		return true;
	if (room < reserve(conf))
		return false;
	for (uint8_t spare = s->spare; spare >= SPARE_KEPT; spare--) {
		if (room >= noon_sat_add(least, reserve(conf)))
			return true;
		span = noon_sat_add(span, soon(conf, room, least));
		room = room_after(at, span);
	}
	return false;
}
