/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: no sequence of exchanges, misses, timers and orders makes the engine assert or state
 * an interval that is upside down, and a deadline that was served moves on.
 *
 * Times follow a virtual clock that the input moves; now and then it gives a raw number instead.
 */
#include <assert.h>
#include <math.h>

#include "engine/engine.h"
#include "input.h"

#define EVENTS_MAX 150

static struct noon_engine e;
static struct noon_actions as;
static noon_time now;
static noon_dur theta; /* of the honest servers */

static void check_at(noon_time h)
{
	struct noon_reading r;

	noon_engine_reading(&e, h, &r);
	assert(r.bound >= 0 && r.lower <= r.upper);
	assert(r.bound == NOON_DUR_MAX ||
	       (noon_dur_abs(r.lower) <= r.bound && noon_dur_abs(r.upper) <= r.bound));
	assert(r.terms.path >= 0 && r.terms.drift >= 0 && r.terms.server >= 0);
	assert(r.terms.quantisation >= 0 && r.terms.slewing >= 0);
	assert(isfinite(r.freq_error) && isfinite(r.rate_bound));
	assert(isfinite(r.lower_rate) && isfinite(r.upper_rate));
	if (r.state == NOON_STATE_OK)
		assert(r.bound <= e.conf.alert_limit);
	assert(noon_state_word(r.state) != NULL);
}

static void check(struct input *in)
{
	struct noon_line line = noon_engine_line(&e);

	assert(isfinite(line.rate) && isfinite(line.slew));
	check_at(now);
	check_at(noon_time_add(now, (noon_dur)input_u(in, 3) * 1000));
	for (uint32_t i = 0; i < 4; i++) {
		struct noon_source_report r;

		noon_engine_source_report(&e, i, now, &r);
		if (r.verdict == NOON_SOURCE_UNUSED)
			continue;
		assert(noon_engine_next_poll(&e, i) > 0);
		assert(r.lower <= r.upper && isfinite(r.freq_error));
		(void)noon_source_verdict_word(r.verdict);
	}
	for (size_t i = 0; i < as.n; i++)
		assert(as.a[i].kind == NOON_ACTION_FINDING || as.a[i].kind == NOON_ACTION_ARM);
	noon_actions_reset(&as);
}

static int64_t odd(struct input *in, int64_t usual)
{
	switch (input_u8(in)) {
	case 255:
		return input_i64(in);
	case 254:
		return noon_sat_add(usual, input_i32(in));
	case 253:
		return noon_sat_add(usual, (int64_t)input_i32(in) * 1000000);
	default:
		return usual;
	}
}

static void sample(struct input *in)
{
	const uint8_t how = input_u8(in);
	const noon_dur up = (noon_dur)input_u16(in) * (how & 1 ? 100 : 100000);
	const noon_dur down = (noon_dur)input_u16(in) * (how & 2 ? 100 : 100000);
	struct noon_sample s = {
		.stamp_err = input_u8(in) * 10,
		.server_err = how & 4 ? input_u16(in) * 1000 : 1000,
		.source = how >> 4 & 3,
		.leap = (enum noon_leap)(how >> 6),
		.stratum = (uint8_t)(1 + (how & 7)),
		.precision = -20,
		.authenticated = !(how & 8),
		.tx_stamp = NOON_STAMP_KERNEL,
		.rx_stamp = NOON_STAMP_KERNEL,
	};

	s.t1 = now;
	s.t2 = noon_time_add(noon_time_add(s.t1, theta), up);
	s.t3 = noon_time_add(s.t2, 10000);
	now = noon_time_add(now, up + down + 10000);
	s.t4 = now;
	if (how == 0x77) {
		s.t1.ns = odd(in, s.t1.ns);
		s.t2.ns = odd(in, s.t2.ns);
		s.t3.ns = odd(in, s.t3.ns);
		s.t4.ns = odd(in, s.t4.ns);
		s.source = input_u8(in);
		s.server_err = noon_dur_abs(odd(in, s.server_err));
		s.stamp_err = noon_dur_abs(odd(in, s.stamp_err));
	}
	noon_engine_on_sample(&e, &s, now, &as);
}

static void add_source(struct input *in)
{
	struct noon_source_conf conf = noon_source_conf_default();
	const uint8_t how = input_u8(in);
	uint32_t index = 0;
	noon_err err;

	conf.m_f = how & 1 ? input_u16(in) * 100 : 0;
	conf.m_r = how & 2 ? input_u16(in) * 100 : 0;
	conf.noselect = how & 4;
	conf.require_auth = !(how & 8);
	conf.extra_err = how & 16 ? odd(in, 1000) : 0;
	conf.burst = how >> 5;
	err = noon_engine_add_source(&e, &conf, &index);
	assert(err || index < NOON_SOURCES_MAX);
}

static void timer(struct input *in)
{
	const noon_time deadline = noon_engine_deadline(&e);

	if (input_u8(in) & 1 && !noon_time_is_never(deadline) && noon_time_before(now, deadline))
		now = deadline;
	noon_engine_on_timer(&e, now, &as);
	if (noon_time_before(now, NOON_TIME_NEVER) && as.n < NOON_ACTIONS_MAX)
		assert(noon_time_before(now, noon_engine_deadline(&e)));
}

/* A list that knows of nothing, or of a second at the end of this month. */
static void set_leap_list(uint8_t which)
{
	const noon_time utc = noon_time_add(now, noon_engine_line(&e).corr0);
	const struct noon_leap_list list = {
		noon_time_add(utc, NOON_S(86400 * 40)),
		which & 8 ? NOON_TIME_NEVER : noon_time_add(utc, NOON_S(which)),
		which & 64 ? NOON_S(1) : -NOON_S(1),
	};

	noon_engine_set_leap_list(&e, &list);
}

static void order(struct input *in)
{
	const uint8_t which = input_u8(in);

	switch (which % 6) {
	case 0:
		(void)!noon_engine_step(&e, now);
		break;
	case 1:
		noon_engine_accept(&e, which & 64 ? NOON_SOURCE_NONE : which >> 3 & 7, now);
		break;
	case 2:
		set_leap_list(which);
		break;
	case 3:
		noon_engine_on_discontinuity(&e, now, NOON_DISCONTINUITY_STEPPED, &as);
		break;
	case 4:
		noon_engine_on_discontinuity(&e, now,
					     which & 64 ? NOON_DISCONTINUITY_DISRUPTED
							: NOON_DISCONTINUITY_SUSPENDED,
					     &as);
		break;
	default:
		noon_engine_remove_source(&e, which >> 3 & 3);
		break;
	}
}

static void step(struct input *in)
{
	switch (input_u8(in) % 8) {
	case 0:
	case 1:
	case 2:
		sample(in);
		break;
	case 3:
		noon_engine_on_miss(&e, input_u8(in) & 3, now, &as);
		break;
	case 4:
		timer(in);
		break;
	case 5:
		now = noon_time_add(now, (noon_dur)input_u(in, 1) * NOON_S(1));
		break;
	case 6:
		if (input_u8(in) < 4)
			add_source(in);
		else
			now = noon_time_add(now, (noon_dur)input_u(in, 6));
		break;
	default:
		if (input_u8(in) < 32)
			order(in);
		else
			theta += input_i32(in) / 1000;
		break;
	}
	check(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct noon_engine_conf conf = noon_engine_conf_default();
	const uint8_t how = input_u8(&in);
	noon_err err;

	conf.step_at_start = !(how & 1);
	conf.max_liars = how & 2 ? 1 : -1;
	conf.alert_limit = how & 4 ? NOON_MS(100) : NOON_MS(1);
	now = (noon_time){NOON_S(1000)};
	theta = NOON_S(1790000000);
	err = noon_engine_init(&e, &conf);
	assert(!err);
	noon_actions_reset(&as);
	for (uint8_t i = 0; i <= (how >> 3 & 3); i++)
		add_source(&in);
	for (int i = 0; i < EVENTS_MAX && in.n > 0; i++)
		step(&in);
	return 0;
}
