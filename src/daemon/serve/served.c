/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/serve/served.h"

/* An older stamp was not taken on the clock as it is now. */
#define STAMP_AGE_MAX NOON_S(1)

/* The kernel steers its clock by 500 ppm at most. */
#define STAMP_STEERING 2000

void noon_served_init(struct noon_served *s)
{
	*s = (struct noon_served){.lock = PTHREAD_MUTEX_INITIALIZER};
}

void noon_served_fini(struct noon_served *s)
{
	(void)pthread_mutex_destroy(&s->lock);
}

void noon_served_put(struct noon_served *s, const struct noon_served_state *state)
{
	(void)pthread_mutex_lock(&s->lock);
	s->state = *state;
	(void)pthread_mutex_unlock(&s->lock);
}

void noon_served_get(struct noon_served *s, struct noon_served_state *ret)
{
	(void)pthread_mutex_lock(&s->lock);
	*ret = s->state;
	(void)pthread_mutex_unlock(&s->lock);
}

/* Shorter suspension is indistinguishable from an interruption of the measurement. */
#define SLEEP_MIN NOON_MS(1)

/* Whether the pending leap second may have taken effect at C = now. */
static bool may_have_leapt(const struct noon_served_state *s, noon_time now, noon_dur bound)
{
	return !noon_time_before(noon_time_add(now, bound), s->leap_at);
}

void noon_served_renew(struct noon_served_state *s, const struct noon_instant *now, noon_dur asleep)
{
	const noon_time want = noon_clock_map_apply(&s->line, now->raw_ns);
	const noon_time is = noon_clock_map_apply(&s->map, now->real_ns);

	s->clock = noon_served_clock_at(s, want);
	if (noon_sat_sub(asleep, s->asleep) > SLEEP_MIN) {
		s->clock.has_time = false;
		s->is_ok = false;
	}
	if (noon_time_before(s->ok_until, want))
		s->is_ok = false;
	if (s->real_is_c && !s->is_local)
		s->clock.root_disp =
			noon_sat_add(s->clock.root_disp, noon_dur_abs(noon_time_diff(is, want)));
	s->map.from0 = now->real_ns;
	s->map.to0 = s->real_is_c ? is : want;
	s->clock.root_disp = noon_sat_add(s->clock.root_disp, now->err);
	if (may_have_leapt(s, want, s->clock.root_disp)) {
		s->clock.has_time = false;
		s->is_ok = false;
	}
}

/* A machine that has just been migrated may be queried before the main loop runs. */
static bool is_disrupted(const struct noon_served *s, const struct noon_served_state *at)
{
	struct noon_vmclock_state now;

	return s->vmclock != NULL && at->has_vmclock &&
	       noon_vmclock_look(s->vmclock, &now) == NOON_OK &&
	       noon_vmclock_differs(&at->vmclock, &now);
}

void noon_served_read(struct noon_served *s, struct noon_served_state *ret,
		      struct noon_instant *ret_now)
{
	noon_served_get(s, ret);
	*ret_now = noon_instant_now();
	noon_served_renew(ret, ret_now, noon_clock_asleep());
	if (is_disrupted(s, ret)) {
		ret->clock.has_time = false;
		ret->is_ok = false;
	}
}

struct noon_ntp_server_clock noon_served_clock_at(const struct noon_served_state *s, noon_time now)
{
	struct noon_ntp_server_clock c = s->clock;
	const noon_dur since = noon_time_diff(now, s->map.to0);

	if (since > 0)
		c.root_disp = noon_sat_add(c.root_disp, noon_dur_scale_out(since, s->disp_rate));
	if (noon_time_before(s->void_after, now))
		c.has_time = false;
	if (may_have_leapt(s, now, c.root_disp))
		c.has_time = false;
	return c;
}

noon_time noon_served_arrival(const struct noon_served_state *s, int64_t stamp_ns, int64_t real_ns)
{
	const noon_dur age = noon_sat_sub(real_ns, stamp_ns);

	if (age < 0 || age > STAMP_AGE_MAX)
		stamp_ns = real_ns;
	else
		stamp_ns += age / STAMP_STEERING;
	return noon_clock_map_apply(&s->map, stamp_ns);
}
