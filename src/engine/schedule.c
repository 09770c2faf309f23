/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule.h"

#include "engine/conf.h"

#define CALM_ENOUGH   8 /* steady exchanges before the interval doubles */
#define POLLS_IN_ROOM 4 /* polls that must fit before the bound reaches the limit */
#define BURST_AGAIN   4 /* exchanges of a burst that is not the first */

void noon_schedule_start(struct noon_schedule *s, const struct noon_source_conf *conf)
{
	s->poll = conf->poll_min;
	s->burst_left = conf->burst;
	s->calm = 0;
}

void noon_schedule_hurry(struct noon_schedule *s, const struct noon_source_conf *conf)
{
	const uint8_t again = conf->burst < BURST_AGAIN ? conf->burst : BURST_AGAIN;

	s->poll = conf->poll_min;
	s->burst_left = s->burst_left > again ? s->burst_left : again;
	s->calm = 0;
}

static void count_burst(struct noon_schedule *s)
{
	if (s->burst_left > 0)
		s->burst_left--;
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

static noon_dur power_of_two_s(int8_t log2_s)
{
	return log2_s >= 0 ? NOON_NS_PER_SEC << log2_s : NOON_NS_PER_SEC >> -log2_s;
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
	return safe > least ? safe : least;
}
