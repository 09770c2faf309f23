/* SPDX-License-Identifier: Apache-2.0
 *
 * What others are told after each event: the shared page and the snapshot of the servers.
 */
#include "daemon/report/publish.h"

#include "daemon/report/limits.h"
#include "daemon/source/ptp_source.h"
#include "estimate/bound/rate.h"
#include "noonmark/clock.h"

/* A page that was not renewed for this long is stale: three ticks, and room for a busy machine. */
#define FRESH_FOR NOON_S(5)

/* "NOON" in the reference identifier of a server that serves its local clock. */
#define REF_ID_LOCAL 0x4e4f4f4eU

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

/* An instant of h at or after the map's, on CLOCK_MONOTONIC_RAW: not later than it truly is, for
 * what ends there. `since` is how long before the map, at most, h was r->h. */
static int64_t raw_until(const struct noon_clock_map *map, const struct noon_reading *r,
			 noon_dur since, noon_time h)
{
	const noon_dur left = noon_sat_sub(noon_time_diff(h, r->h), since);

	if (noon_time_is_never(h))
		return INT64_MAX;
	/* A fast oscillator is through with it sooner. */
	return noon_sat_add(map->from0, left > 0 && map->osc > 0
						? left - noon_dur_scale_out(left, map->osc)
						: left);
}

/* As noon_clock_real_ahead(), without sleep that the clock has not been told of yet (asleep0): a
 * reader has to find that out. Read in this order, sleep between the two makes it less, which makes
 * readers look closer. */
static noon_dur real_ahead_when_checked(const struct noon_clock *c)
{
	const noon_dur ahead = noon_clock_real_ahead();
	const noon_dur slept = noon_clock_asleep() - c->asleep0;

	return slept > 0 ? ahead - slept : ahead;
}

/* The page speaks of CLOCK_MONOTONIC_RAW; h follows it, but for a virtual clock's faults, so the
 * rates of the engine, which are relative to h, are taken over along the map. */
static void publish_page(struct noon_daemon *d, const struct noon_reading *r)
{
	const struct noon_clock_map map = noon_clock_map_raw(d->clock);
	const struct noon_line line = noon_engine_line(d->engine);
	const struct noon_rate late = noon_rate_within(d->conf.engine.max_rate_error);
	struct noon_page_body body = {
		.raw0 = map.from0,
		.fresh_until = map.from0 + FRESH_FOR,
		.status = page_status(r->state),
		.reason = noon_limits_reason(d, r),
		.has_time = r->bound != NOON_DUR_MAX,
		.asleep = d->clock->asleep0,
		.real_ahead = real_ahead_when_checked(d->clock),
	};

	if (d->page == NULL)
		return;
	if (body.has_time) {
		/* The map is of the line, the reading of the clock. */
		const noon_dur off = r->corr - noon_line_at(&line, r->h);
		const noon_dur at = noon_time_diff(map.to0, (noon_time){0}) + off;
		const noon_dur since = noon_sat_sub(noon_clock_now(d->clock).ns, r->h.ns);
		const noon_dur slack = noon_dur_scale_out(since, r->rate_bound) + 1;

		body.earliest0 = at + r->lower - slack;
		body.latest0 = at + r->upper + slack;
		body.earliest_rate = (1 + map.osc) * (1 + r->lower_rate) - 1;
		body.latest_rate = (1 + map.osc) * (1 + r->upper_rate) - 1;
		body.rates_until = raw_until(&map, r, since, r->rates_until);
		body.late_earliest_rate = (1 + map.osc) * (1 + late.min) - 1;
		body.late_latest_rate = (1 + map.osc) * (1 + late.max) - 1;
		body.void_after = raw_until(&map, r, since, r->void_after);
	}
	noon_page_writer_put(d->page, &body);
}

/* The best of those that steer: what a client of ours is one step further away from. */
static void fill_source(struct noon_daemon *d, noon_time h, struct noon_ntp_server_clock *c)
{
	c->stratum = 15;
	c->ref_id = 0;
	for (size_t i = 0; i < d->conf.n_sources; i++) {
		struct noon_source_report r;

		if (!d->source[i].up)
			continue;
		noon_engine_source_report(d->engine, d->source[i].index, h, &r);
		if (r.verdict != NOON_SOURCE_SELECTED || r.last.stratum + 1 >= c->stratum)
			continue;
		c->stratum = (uint8_t)(r.last.stratum + 1);
		c->ref_id = d->source[i].ptp != NULL ? r.last.ref_id
						     : noon_addr_ref_id(&d->source[i].ntp.peer);
	}
}

/* How long ago the reading was taken, on h. */
static noon_dur age(const struct noon_daemon *d, const struct noon_reading *r,
		    const struct noon_instant *now)
{
	const noon_time h = d->clock->ops->free_running(d->clock, now->raw_ns);

	return noon_sat_sub(h.ns, r->h.ns);
}

static noon_dur slack(const struct noon_daemon *d, const struct noon_reading *r,
		      const struct noon_instant *now)
{
	return noon_dur_scale_out(noon_dur_abs(age(d, r, now)), r->rate_bound) + 1;
}

/* Where CLOCK_REALTIME is the clock, its bound is of the instant when the reading compared it with
 * the line: from there it goes on. A step since then is one that the bound knows nothing of, so the
 * line is drawn through the reading and not through what CLOCK_REALTIME says now. */
static void anchor(const struct noon_daemon *d, const struct noon_reading *r,
		   const struct noon_instant *now, struct noon_served_state *s)
{
	const noon_dur since = age(d, r, now);

	s->line.from0 = now->raw_ns;
	if (noon_daemon_has_sources(d))
		s->line.to0 =
			noon_time_add(noon_time_add(r->h, r->corr),
				      noon_sat_add(since, noon_dur_scale(since, s->line.rate)));
	else
		s->line.to0 = (noon_time){now->real_ns};
}

bool noon_publish_may_serve(const struct noon_daemon *d, const struct noon_reading *r,
			    noon_time *ret_until)
{
	const noon_dur limit = d->conf.serve_limit;
	struct noon_reading plain;
	noon_dur off;

	noon_engine_reading(d->engine, r->h, &plain);
	/* How far the clock is off its line is in the reading only. */
	off = noon_sat_sub(r->bound, plain.bound);
	*ret_until = noon_engine_within_until(d->engine, r->h, noon_sat_sub(limit, off));
	/* Around a leap second two counts are covered, and nobody else may know which. */
	return r->certain && r->terms.leap == 0 && noon_sat_add(r->bound, r->hidden) <= limit;
}

static void publish_served(struct noon_daemon *d, const struct noon_reading *r)
{
	const struct noon_config_server *conf = &d->conf.server;
	const struct noon_instant now = noon_instant_now();
	struct noon_served_state s = {
		.map = noon_clock_map_real(d->clock),
		.line = noon_clock_map_raw(d->clock),
		.real_is_c = d->clock->ops->real_is_disciplined,
		.is_local = !noon_daemon_has_sources(d),
		.is_ok = !d->overslept,
		.asleep = d->clock->asleep0,
		.vmclock = d->machine.disruption.last.vmclock,
		.has_vmclock = d->machine.disruption.last.has_vmclock,
	};
	struct noon_ntp_server_clock *c = &s.clock;
	const struct noon_leap_plan *plan;

	plan = noon_daemon_has_sources(d) ? &d->engine->leap : &d->local_leap;
	noon_leap_plan_window(plan, &s.leap_from, &s.leap_until);
	s.leap_at = plan->from;
	if (s.real_is_c)
		anchor(d, r, &now, &s);
	c->precision = -24;
	c->reference = s.map.to0;
	c->leap = r->leap;
	if (noon_daemon_has_sources(d)) {
		noon_time until;
		const bool good = noon_publish_may_serve(d, r, &until);

		c->has_time = good;
		s.is_ok = good && noon_time_before(r->h, r->fresh_until);
		c->root_disp =
			good ? noon_sat_add(noon_sat_add(r->bound, now.err), slack(d, r, &now)) : 0;
		s.disp_rate = r->rate_bound;
		s.void_after = noon_time_add(until, r->corr);
		s.ok_until = noon_time_min(noon_time_add(r->fresh_until, r->corr),
					   noon_time_add(noon_time_add(r->h, r->corr), FRESH_FOR));
		fill_source(d, r->h, c);
	} else {
		c->has_time = conf->local_stratum > 0 && !d->overslept;
		c->stratum = conf->local_stratum;
		c->root_disp = conf->local_bound;
		c->ref_id = REF_ID_LOCAL;
		s.void_after = NOON_TIME_NEVER;
		s.ok_until = noon_time_add(s.map.to0, FRESH_FOR);
	}
	noon_served_put(&d->served, &s);
}

static void publish_guards(struct noon_daemon *d)
{
	uint8_t state[NOON_SOURCES_MAX];

	if (d->page == NULL)
		return;
	for (size_t i = 0; i < d->conf.n_sources; i++)
		state[i] = (uint8_t)noon_daemon_guard_state(d->guard[i]);
	noon_page_writer_put_guards(d->page, state, d->conf.n_sources);
}

/* Transmitters of PTP that take claims are told with the next request. */
static void publish_claims(struct noon_daemon *d, const struct noon_reading *r)
{
	for (size_t i = 0; i < d->conf.n_sources; i++)
		noon_ptp_source_tell(&d->source[i], r);
}

/* Until the next tick the clock may go astray at this most. */
#define CLAIM_FOR NOON_S(2)

/* TAI - UTC changes at midnight, which the kernel sees to itself; until it has been looked up for
 * the new day nothing is said. */
#define TAI_BEFORE NOON_S(2)
#define TAI_AFTER  NOON_S(60)
#define DAY	   NOON_S(86400)

/* Only what the list of leap seconds says is told to everybody. */
static int16_t tai_for_kernel(const struct noon_daemon *d, const struct noon_reading *r)
{
	const noon_dur of_day = noon_time_add(r->h, r->corr).ns % DAY;
	const bool listed = d->tai.known && d->conf.utc_offset == 0 &&
			    d->tai.leap.until.ns != NOON_LEAP_LIST_NONE.until.ns;

	if (!listed || r->state != NOON_STATE_OK || of_day <= TAI_AFTER ||
	    of_day >= DAY - TAI_BEFORE)
		return 0;
	return d->tai.offset;
}

/* Whoever asks the kernel how good its clock is. */
static void publish_kernel(struct noon_daemon *d, const struct noon_reading *r)
{
	struct noon_clock_claim claim = {
		.bound = r->bound,
		.estimate = NOON_DUR_MAX,
		.synchronised = r->state == NOON_STATE_OK || r->state == NOON_STATE_HOLDOVER,
	};

	if (!noon_daemon_has_sources(d))
		return;
	claim.tai = tai_for_kernel(d, r);
	if (!noon_time_is_never(d->engine->leap.from)) {
		claim.leap = d->engine->leap.shift;
		claim.leap_at = d->engine->leap.from;
	}
	if (r->bound != NOON_DUR_MAX) {
		claim.bound = noon_sat_add(r->bound, noon_dur_scale_out(CLAIM_FOR, r->rate_bound));
		claim.estimate = noon_dur_abs(r->lower / 2 + r->upper / 2);
	}
	noon_clock_tell(d->clock, &claim);
}

void noon_publish(struct noon_daemon *d, const struct noon_reading *r)
{
	publish_page(d, r);
	publish_guards(d);
	publish_served(d, r);
	publish_claims(d, r);
	publish_kernel(d, r);
}
