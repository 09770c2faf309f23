/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/instruments/driver.h"

#include <time.h>

#include "platform/clock/clock.h"

static void on_silence(void *arg)
{
	struct noon_silence *s = arg;

	noon_instrument_complain(s, s->why);
}

void noon_silence_begin(struct noon_silence *s, struct noon_instrument *i, noon_dur after,
			const char *why)
{
	*s = (struct noon_silence){.i = i, .why = why, .after = after};
	s->timer = (struct noon_timer){.fire = on_silence, .arg = s};
	noon_loop_arm(i->conf.loop, &s->timer, after);
}

void noon_silence_end(struct noon_silence *s)
{
	noon_loop_disarm(&s->timer);
}

void noon_instrument_give(struct noon_silence *s, const struct noon_instrument_reading *r)
{
	s->said = false;
	noon_loop_arm(s->i->conf.loop, &s->timer, s->after);
	s->i->count[NOON_INSTRUMENT_COUNT_READINGS]++;
	s->i->conf.on_reading(s->i->conf.arg, r);
}

void noon_instrument_complain(struct noon_silence *s, const char *why)
{
	if (s->said)
		return;
	s->said = true;
	s->i->conf.on_fault(s->i->conf.arg, why);
}

void noon_instrument_give_interval(struct noon_silence *s, double value_s, double u_s, bool lost)
{
	const struct noon_instrument_reading r = {
		.kind = NOON_INSTRUMENT_INTERVAL,
		.at = {noon_clock_read(CLOCK_REALTIME)},
		.value_s = value_s,
		.u_s = u_s,
		.lost = lost,
	};

	noon_instrument_give(s, &r);
}
