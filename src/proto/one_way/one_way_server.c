/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/one_way/one_way_server.h"

#include <string.h>

#define RESERVED_PORTS 1024

bool noon_one_way_server_may_answer(uint16_t port)
{
	return port >= RESERVED_PORTS;
}

static bool is_near_leap(const struct noon_one_way_clock *c, noon_time now)
{
	if (noon_time_is_never(c->leap_from))
		return false;
	return !noon_time_before(noon_time_add(now, c->bound), c->leap_from) &&
	       !noon_time_before(c->leap_until, noon_time_add(now, -c->bound));
}

static uint8_t leap_flag(enum noon_leap leap)
{
	switch (leap) {
	case NOON_LEAP_INSERT:
		return 1;
	case NOON_LEAP_DELETE:
		return 2;
	case NOON_LEAP_NONE:
	case NOON_LEAP_UNKNOWN:
		break;
	}
	return 0;
}

/* Nothing is sent ahead of time and nothing is said of daylight saving time: msADV 000.0, TT 00. */
static noon_err put_daytime(const struct noon_one_way_server_conf *conf,
			    const struct noon_one_way_clock *clock, noon_time now,
			    struct noon_wr *out)
{
	struct noon_daytime d = {.utc = now, .leap = leap_flag(clock->leap)};

	memcpy(d.label, conf->label, sizeof(d.label));
	return noon_daytime_put(out, conf->dialect, &d);
}

enum noon_verdict noon_one_way_server_reply(const struct noon_one_way_server_conf *conf,
					    const struct noon_one_way_clock *clock, noon_time now,
					    struct noon_wr *out)
{
	noon_err err;

	if (noon_wr_room(out) < NOON_ONE_WAY_REPLY_MAX)
		return NOON_VERDICT_LONG;
	if (!clock->has_time || clock->bound > conf->bound_max || is_near_leap(clock, now))
		return NOON_VERDICT_NO_TIME;
	err = conf->protocol == NOON_ONE_WAY_TIME ? noon_one_way_time_put(out, now)
						  : put_daytime(conf, clock, now, out);
	return err ? NOON_VERDICT_NO_TIME : NOON_VERDICT_ACCEPTED;
}
