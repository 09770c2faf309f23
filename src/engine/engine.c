/* SPDX-License-Identifier: Apache-2.0
 *
 * Each event runs the same course: look whether the bound has passed the limit meanwhile, take the
 * event in, vote, steer, look at the limit again, move the latch, report what is new.
 */
#include "engine/engine.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "engine/clock/bound.h"
#include "engine/guard_findings.h"

/* A correction is spread over a quarter of the poll interval, between these. */
#define SLEW_SHARE 4
#define SLEW_LEAST NOON_MS(250)
#define SLEW_MOST  NOON_S(16)

/* The bound has to be below the limit by this part of it before an alarm ends. */
#define CLEAR_SHARE 8

noon_err noon_engine_init(struct noon_engine *e, const struct noon_engine_conf *conf)
{
	const noon_err err = noon_engine_conf_check(conf);

	if (err)
		return err;
	memset(e, 0, sizeof(*e));
	e->conf = *conf;
	e->drift = (struct noon_drift){
		.rate_max = conf->max_rate_error,
		.wander = conf->wander,
		.max_age = conf->max_age,
		.holdover = fmin(conf->holdover, conf->wander),
	};
	e->discipline.line = conf->start;
	e->discipline.slew_rate = conf->slew_rate;
	e->now = NOON_TIME_FIRST;
	e->fresh_until = NOON_TIME_FIRST;
	e->leap_list = NOON_LEAP_LIST_NONE;
	e->leap_at = NOON_TIME_FIRST;
	noon_leap_plan_init(&e->leap);
	noon_recovery_init(&e->recovery);
	return NOON_OK;
}

void noon_engine_set_leap_list(struct noon_engine *e, const struct noon_leap_list *list)
{
	e->leap_list = *list;
}

noon_err noon_engine_add_source(struct noon_engine *e, const struct noon_source_conf *conf,
				uint32_t *ret_index)
{
	const noon_err err = noon_source_conf_check(conf);

	if (err)
		return err;
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		if (e->source[i].in_use)
			continue;
		noon_source_init(&e->source[i], conf);
		e->of_source[i] = (struct noon_findings){0};
		*ret_index = i;
		return NOON_OK;
	}
	return NOON_ERR_FULL;
}

static struct noon_source *source_of(struct noon_engine *e, uint32_t source)
{
	return source < NOON_SOURCES_MAX && e->source[source].in_use ? &e->source[source] : NULL;
}

static void remove_cycles(struct noon_engine *e, uint32_t source)
{
	size_t n = 0;

	for (size_t i = 0; i < e->cycles; i++)
		if (e->cycle[i].source[0] != source && e->cycle[i].source[1] != source)
			e->cycle[n++] = e->cycle[i];
	e->cycles = n;
}

void noon_engine_remove_source(struct noon_engine *e, uint32_t source)
{
	struct noon_source *s = source_of(e, source);

	if (!s)
		return;
	noon_source_forget(s);
	s->in_use = false;
	s->verdict = NOON_SOURCE_UNUSED;
	e->of_source[source] = (struct noon_findings){0};
	e->declared[source] = (struct noon_declared){0};
	e->guard[source] = NULL;
	remove_cycles(e, source);
	noon_recovery_forget_source(&e->recovery, source);
}

noon_err noon_engine_add_cycle(struct noon_engine *e, struct noon_cycle *cycle, uint32_t a,
			       uint32_t b)
{
	if (e->cycles == NOON_CYCLES_MAX)
		return NOON_ERR_FULL;
	e->cycle[e->cycles++] = (struct noon_cycle_watch){.cycle = cycle, .source = {a, b}};
	return NOON_OK;
}

void noon_engine_set_guard(struct noon_engine *e, uint32_t source, struct noon_guard *guard)
{
	assert(source < NOON_SOURCES_MAX && e->source[source].in_use);
	e->guard[source] = guard;
}

static void request_polls(struct noon_engine *e)
{
	e->poll_requests++;
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++)
		if (e->source[i].in_use)
			noon_schedule_advance(&e->source[i].schedule, &e->source[i].conf);
}

/* So long one source does not have the others asked again. */
#define ASK_AGAIN NOON_S(300)

/* Ask the others whether it is the source, or our clock, now that it contradicts itself. They are
 * honest perhaps, and it is not: their intervals stay as they are, and it does so now and then
 * only.
 */
static void poll_others(struct noon_engine *e, struct noon_source *s)
{
	if (s->asked.ns != NOON_TIME_FIRST.ns && noon_time_diff(e->now, s->asked) < ASK_AGAIN)
		return;
	s->asked = e->now;
	e->poll_requests++;
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++)
		if (e->source[i].in_use)
			noon_schedule_burst(&e->source[i].schedule, &e->source[i].conf);
}

/* Enter ALARM; ask often again when this is its beginning. */
static void alarm(struct noon_engine *e)
{
	const bool before = e->latch.alarm;

	noon_latch_bad(&e->latch);
	if (e->latch.alarm && !before)
		request_polls(e);
}

static void raise_engine(struct noon_engine *e, enum noon_finding_kind kind, noon_time at,
			 noon_dur value, noon_dur threshold)
{
	const struct noon_finding f = {
		.kind = kind,
		.source = NOON_SOURCE_NONE,
		.at = at,
		.value = value,
		.threshold = threshold,
	};

	noon_findings_raise(&e->of_engine, &f);
}

static void raise_source(struct noon_engine *e, uint32_t source, enum noon_finding_kind kind,
			 noon_dur value, noon_dur threshold)
{
	const struct noon_finding f = {
		.kind = kind,
		.source = source,
		.at = e->now,
		.value = value,
		.threshold = threshold,
	};

	noon_findings_raise(&e->of_source[source], &f);
}

static const struct noon_line *line_of(const struct noon_engine *e)
{
	return &e->discipline.line;
}

/* The latch moves this much before the limit, so that it has moved at noon_engine_deadline(). */
#define LIMIT_MARGIN 4

/* Events of the engine's own are at least this far apart. */
#define DEADLINE_STEP NOON_US(10)

static bool is_within(const struct noon_engine *e, noon_time h)
{
	return e->has_cert &&
	       noon_bound_value(&e->wide, line_of(e), h) <= e->conf.alert_limit - LIMIT_MARGIN;
}

/* An alarm ends only with a bound that is clear of the limit, not with one that moves about it. */
static bool is_clear_of_limit(const struct noon_engine *e, noon_time h)
{
	const noon_dur room = e->conf.alert_limit / CLEAR_SHARE;

	return noon_bound_value(&e->wide, line_of(e), h) <= e->conf.alert_limit - room;
}

/* Enter ALARM if the bound, with what a faster path could hide, is above the limit at h. The
 * finding stands as long as it keeps the alarm from ending. */
static void check_limit(struct noon_engine *e, noon_time h)
{
	if (!e->latch.synced)
		return;
	if (is_within(e, h)) {
		if (!e->latch.alarm || is_clear_of_limit(e, h))
			noon_findings_clear(&e->of_engine, NOON_FINDING_BOUND_LIMIT);
		return;
	}
	raise_engine(e, NOON_FINDING_BOUND_LIMIT, h,
		     e->has_cert ? noon_bound_value(&e->wide, line_of(e), h) : NOON_DUR_MAX,
		     e->conf.alert_limit);
	/* While past and present contradict each other, a wide bound says that and nothing else. */
	if (!e->recovery.open)
		e->latch.good_run = 0;
	alarm(e);
}

static void forget(struct noon_engine *e);

/* A server shifts its count within its own error of the leap, some a moment later; so does what
 * turns the time of PTP into UTC. */
#define LEAP_MARGIN NOON_S(2)

/* UTC at h, whatever path an attacker has, ns since 1970. */
static struct noon_interval utc_at(const struct noon_engine *e, noon_time h)
{
	const struct noon_interval theta = noon_cert_at(&e->wide, h);

	return (struct noon_interval){noon_time_add(h, theta.lo).ns, noon_time_add(h, theta.hi).ns};
}

static void announce_leap(struct noon_engine *e)
{
	noon_leap_plan_announce(&e->leap, &e->leap_vote, &e->leap_list, utc_at(e, e->now));
}

/* Carry a leap second out once it has certainly taken effect, and look for the next. */
static void tend_leap(struct noon_engine *e)
{
	enum noon_leap_act act;
	noon_dur shift = 0;

	if (!e->has_cert)
		return;
	act = noon_leap_plan_take(&e->leap, (noon_time){utc_at(e, e->now).lo}, &shift);
	/* What was measured since a contradiction may be of either count. */
	if (act == NOON_LEAP_ACT_SHIFT && e->recovery.open)
		act = NOON_LEAP_ACT_FORGET;
	switch (act) {
	case NOON_LEAP_ACT_SHIFT:
		noon_engine_shift(e, shift);
		e->leap_shift = shift;
		e->leaps++;
		e->leap_vote = (struct noon_leap_vote){NOON_LEAP_NONE, false};
		e->leap_at = e->now;
		break;
	case NOON_LEAP_ACT_FORGET:
		forget(e);
		raise_engine(e, NOON_FINDING_LEAP, e->now, 0, 0);
		e->leap_at = e->now;
		return;
	case NOON_LEAP_ACT_NONE:
		break;
	}
	announce_leap(e);
}

/* Whether an exchange may have one of its ends before a leap second and the other after it, or a
 * server that has not carried it out yet. As long as nothing is agreed, the server's own stamps
 * have to tell. */
static bool may_straddle(const struct noon_engine *e, const struct noon_sample *x)
{
	const noon_dur margin = noon_sat_add(LEAP_MARGIN, x->server_err);

	if (!e->has_cert || e->recovery.open)
		return noon_leap_is_near(x->t2, margin) || noon_leap_is_near(x->t3, margin);
	if (e->leap_at.ns != NOON_TIME_FIRST.ns &&
	    noon_time_before(noon_time_min(x->t1, x->t4), noon_time_add(e->leap_at, margin)))
		return true;
	return !noon_time_is_never(e->leap.from) &&
	       noon_sat_add(utc_at(e, e->now).hi, margin) >= e->leap.from.ns;
}

/* As long as nothing is agreed, nobody says whether a leap second lies between two exchanges of a
 * source: it begins again with each month. */
static void turn_month(const struct noon_engine *e, struct noon_source *s,
		       const struct noon_sample *x)
{
	if (!e->has_cert && s->has_cert && noon_leap_is_between(s->last.t3, x->t3))
		noon_source_restart(s);
}

/* Begin an event: the bound may have been above the limit at a bend of the line meanwhile. */
static void begin(struct noon_engine *e, noon_time now)
{
	const noon_time bend = line_of(e)->slew_end;

	if (noon_time_before(now, e->now))
		now = e->now;
	if (noon_time_before(e->now, bend) && noon_time_before(bend, now))
		check_limit(e, bend);
	e->now = now;
	tend_leap(e);
	check_limit(e, now);
}

/* End an event: report what is new while there is room. */
static void finish(struct noon_engine *e, struct noon_actions *out)
{
	bool all = noon_findings_report(&e->of_engine, out);

	for (uint32_t i = 0; all && i < NOON_SOURCES_MAX; i++)
		all = noon_findings_report(&e->of_source[i], out);
	e->pending = !all;
}

/* Return the time from one poll of a source to the next by a schedule, which may be its own. */
static noon_dur interval_by(const struct noon_engine *e, const struct noon_source *s,
			    const struct noon_schedule *schedule)
{
	noon_dur room = 0; /* as often as may be, until OK and in an alarm */
	struct noon_cert c = e->wide;

	/* What is only assumed once an exchange is overdue makes none come later. */
	c.holdover_from = NOON_TIME_NEVER;
	if (e->has_cert && e->latch.synced && !e->latch.alarm)
		room = noon_time_diff(noon_bound_until(&c, line_of(e), e->now, e->conf.alert_limit),
				      e->now);
	return noon_schedule_interval(schedule, &s->conf, room);
}

static noon_dur interval_of(const struct noon_engine *e, const struct noon_source *s)
{
	return interval_by(e, s, &s->schedule);
}

/* The same but for a burst: polls that are wanted soon make no exchange old. */
static noon_dur regular_interval_of(const struct noon_engine *e, const struct noon_source *s)
{
	const struct noon_schedule no_burst = {.poll = s->schedule.poll};

	return interval_by(e, s, &no_burst);
}

/* Sources that agree with the majority, a bit each; none where there is no agreement. */
static uint32_t agreeing(const struct noon_engine *e)
{
	if (e->vote.outcome != NOON_VOTE_AGREED)
		return 0;
	return e->vote.voters & ~e->vote.falsetickers;
}

/* Set the instant from which on the newest good exchange is too old for OK. */
static void refresh(struct noon_engine *e)
{
	const uint32_t good = agreeing(e);

	e->fresh_until = NOON_TIME_FIRST;
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		const struct noon_source *s = &e->source[i];
		noon_time until;

		if (!(good >> i & 1))
			continue;
		until = noon_time_add(s->last_good,
				      (noon_dur)e->conf.holdover_polls * regular_interval_of(e, s));
		if (noon_time_before(e->fresh_until, until))
			e->fresh_until = until;
	}
}

static noon_time later(noon_time a, noon_time b)
{
	return noon_time_before(a, b) ? b : a;
}

/* Let what is assumed of the long run begin where every source that agrees is overdue. No sooner
 * than their own certificates have it: theorem 6 wants the poll interval in force when they were
 * made, and what happened since may have shortened it. */
static void set_holdover(struct noon_engine *e)
{
	const uint32_t good = agreeing(e);
	noon_time from = e->cert.holdover_from;

	/* Without agreement the last certificate stays as it is. */
	if (good == 0 || noon_time_is_never(from))
		return;
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		const struct noon_source *s = &e->source[i];
		const noon_time due =
			noon_time_add(s->last_good, noon_source_overdue(regular_interval_of(e, s)));

		if (good >> i & 1)
			from = later(from, due);
	}
	e->cert.holdover_from = from;
	if (!noon_time_is_never(e->wide.holdover_from))
		e->wide.holdover_from = later(from, e->wide.holdover_from);
}

/* Whether a guard, ours or the source's own, has something against the path to a source. */
static bool is_alarmed(const struct noon_engine *e, uint32_t i)
{
	return noon_guard_findings_is_alarmed(e->guard[i]) || e->declared[i].alarm;
}

/* Those of them whose guard has nothing against them. */
static uint32_t undoubted(const struct noon_engine *e)
{
	uint32_t good = agreeing(e);

	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++)
		if (is_alarmed(e, i))
			good &= ~(UINT32_C(1) << i);
	return good;
}

/* Whether there are sources that agree, and the guards have something against all of them. */
static bool is_doubtful(const struct noon_engine *e)
{
	return agreeing(e) != 0 && undoubted(e) == 0;
}

static uint32_t goal(const struct noon_engine *e, struct noon_goal *ret)
{
	return noon_goal_of(e->source, undoubted(e), &e->cert, line_of(e)->rate, e->now, ret);
}

/* How long a correction may take. */
static noon_dur horizon_of(const struct noon_engine *e, const struct noon_source *s)
{
	const noon_dur share = interval_of(e, s) / SLEW_SHARE;

	if (share < SLEW_LEAST)
		return SLEW_LEAST;
	return share < SLEW_MOST ? share : SLEW_MOST;
}

/* Steer towards what the sources agree on; a step only before the first OK, or before the first one
 * after the past was dropped. */
static uint32_t steer(struct noon_engine *e, const struct noon_source *s)
{
	struct noon_goal g;
	const uint32_t used = goal(e, &g);
	const noon_dur off = noon_dur_abs(noon_sat_sub(g.theta, noon_line_at(line_of(e), e->now)));

	const bool may_step = e->conf.step_at_start && (!e->latch.synced || e->past_dropped);

	if (may_step && off > e->conf.step_threshold)
		noon_discipline_step(&e->discipline, e->now, &g);
	else
		noon_discipline_slew(&e->discipline, e->now, &g, horizon_of(e, s));
	return used;
}

/* Give each source its verdict from the vote and begin or end its FALSETICKER finding. */
static void judge(struct noon_engine *e)
{
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		struct noon_source *s = &e->source[i];

		if (!s->in_use)
			continue;
		if (s->suspect) {
			s->verdict = NOON_SOURCE_INCONSISTENT;
		} else if (!(e->vote.voters >> i & 1)) {
			s->verdict = NOON_SOURCE_UNREACHABLE;
		} else if (e->vote.falsetickers >> i & 1) {
			const noon_dur off =
				noon_sat_sub(noon_interval_mid(noon_cert_at(&s->cert, e->now)),
					     noon_interval_mid(e->cert.theta));

			s->verdict = NOON_SOURCE_FALSETICKER;
			raise_source(e, i, NOON_FINDING_FALSETICKER, off,
				     noon_interval_half(e->cert.theta));
			continue;
		} else {
			s->verdict = e->steering >> i & 1 ? NOON_SOURCE_SELECTED
							  : NOON_SOURCE_TRUECHIMER;
		}
		if (e->vote.outcome == NOON_VOTE_AGREED)
			noon_findings_clear(&e->of_source[i], NOON_FINDING_FALSETICKER);
	}
}

/* Without a majority the last certificate stays and widens. One source alone has said what is
 * wrong in a finding of its own. */
static void disagree(struct noon_engine *e)
{
	const unsigned n = noon_source_count(e->vote.voters | e->vote.suspects);

	if (n > 1)
		raise_engine(e, NOON_FINDING_NO_MAJORITY, e->now,
			     (noon_dur)noon_source_count(e->vote.voters),
			     (noon_dur)(n - e->vote.liars));
	noon_latch_doubt(&e->latch);
	alarm(e);
	/* Exchanges of sources that disagree with each other are no evidence for either. */
	if (e->vote.suspects == 0)
		e->latch.good_run = 0;
}

/* So few answer that all of them may be lying: the last certificate stays and widens, and what
 * they say is no evidence for anything. Before the first agreement this is how every start looks.
 */
static void miss_sources(struct noon_engine *e)
{
	if (e->latch.synced)
		raise_engine(e, NOON_FINDING_TOO_FEW, e->now,
			     (noon_dur)noon_source_count(e->vote.voters),
			     (noon_dur)e->vote.liars + 1);
}

/* Whether some guard sees round trips that are shorter than calibrated: then a minimum may be too
 * large, and with it the certificate false. A source that gives no reason for its alarm, or says
 * that our time is false, may mean the same. */
static bool is_shortened(const struct noon_engine *e)
{
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		const struct noon_declared *d = &e->declared[i];

		if (e->of_source[i].active >> NOON_FINDING_SHORTENED & 1 ||
		    (d->alarm && !d->delay_only))
			return true;
	}
	return false;
}

/* All who agree are under attack by the verdict of their guards. What delays packets does not
 * make their intervals false, so the certificate stands and the clock is kept within it. But no
 * estimate is followed, and somebody has to look. */
static void doubt(struct noon_engine *e, const struct noon_source *s)
{
	e->steering = 0;
	e->latch.good_run = 0;
	noon_latch_doubt(&e->latch);
	alarm(e);
	if (!is_shortened(e)) {
		const struct noon_goal g = noon_goal_hold(&e->cert, line_of(e), e->now);

		noon_discipline_slew(&e->discipline, e->now, &g, horizon_of(e, s));
	}
}

/* Give an oscillator that turns further than it did more room before it contradicts. */
static void widen(struct noon_engine *e)
{
	const noon_freq before = e->drift.wander;
	const noon_freq seen =
		noon_recovery_raise_wander(e->source, agreeing(e), e->vote.liars, &e->drift);
	struct noon_finding f = {
		.kind = NOON_FINDING_WANDER,
		.source = NOON_SOURCE_NONE,
		.at = e->now,
		.evidence = {"wander", seen, before, 0},
	};

	if (!(seen > 0.0))
		return;
	noon_findings_raise(&e->of_engine, &f);
	noon_findings_clear(&e->of_engine, NOON_FINDING_WANDER); /* told once; nothing is wrong */
}

/* Vote after an exchange of s, and draw the consequences. */
static void vote(struct noon_engine *e, const struct noon_source *s, bool accepted)
{
	noon_vote_hold(e->source, NOON_SOURCES_MAX, e->conf.max_liars, &e->drift, e->now, &e->vote);
	if (e->vote.outcome == NOON_VOTE_NO_MAJORITY)
		disagree(e);
	if (e->vote.outcome == NOON_VOTE_TOO_FEW)
		miss_sources(e);
	if (e->vote.outcome == NOON_VOTE_AGREED) {
		noon_findings_clear(&e->of_engine, NOON_FINDING_NO_MAJORITY);
		noon_findings_clear(&e->of_engine, NOON_FINDING_TOO_FEW);
		e->cert = e->vote.cert;
		e->wide = e->vote.wide;
		e->has_cert = true;
		noon_recovery_close(&e->recovery, e->source, &e->vote);
		widen(e);
		e->leap_vote = e->vote.leap;
		announce_leap(e); /* so that the very first reading ends with it */
		if (is_doubtful(e))
			doubt(e, s);
		else if (accepted)
			e->steering = steer(e, s);
	}
	judge(e);
}

static void clear_causes(struct noon_engine *e)
{
	noon_findings_clear(&e->of_engine, NOON_FINDING_JUMPED);
	noon_findings_clear(&e->of_engine, NOON_FINDING_WANDER);
}

/* Return whether the bound will stay within the limit for some polls, burst or not. Without that,
 * OK would turn into ALARM before anybody could do anything about it. */
static bool lasts(const struct noon_engine *e, const struct noon_source *s)
{
	const noon_dur bound = noon_bound_value(&e->wide, line_of(e), e->now);
	const noon_time until = noon_bound_until(&e->wide, line_of(e), e->now, e->conf.alert_limit);
	const struct noon_outlook at = {
		.room = noon_time_diff(until, e->now),
		.left = noon_sat_sub(e->conf.alert_limit, bound),
		.path = noon_sat_sub(e->wide.theta.hi, e->wide.theta.lo),
		.span = noon_time_diff(e->now, s->window.lo.n > 0 ? s->window.lo.e[0].h : e->now),
		.wander = e->drift.wander,
	};

	return noon_schedule_lasts(&s->schedule, &s->conf, &at);
}

/* Move the latch after an accepted exchange. */
static void settle(struct noon_engine *e, const struct noon_source *s)
{
	/* Without agreement an exchange counts only for the suspect that stands in its way. */
	const bool recovers = e->vote.outcome == NOON_VOTE_NO_MAJORITY && e->vote.suspects != 0;

	if (e->vote.outcome != NOON_VOTE_AGREED && !recovers)
		return;
	if (s->verdict == NOON_SOURCE_FALSETICKER || s->conf.noselect || is_doubtful(e))
		return;
	if (s->duplicate)
		return;
	/* Samples of a source under a guard alarm do not count towards clearing. */
	if (is_alarmed(e, (uint32_t)(s - e->source)))
		return;
	if (e->latch.good_run < e->conf.clear_after)
		e->latch.good_run++;
	if (e->vote.outcome != NOON_VOTE_AGREED)
		return;
	noon_latch_agree(&e->latch, e->conf.clear_after);
	if (!is_within(e, e->now) || (e->latch.alarm && !is_clear_of_limit(e, e->now))) {
		e->latch.good_run = 0;
		return;
	}
	if (!lasts(e, s))
		return;
	if (!e->latch.synced) {
		noon_findings_clear(&e->of_engine, NOON_FINDING_SUSPENDED);
		noon_findings_clear(&e->of_engine, NOON_FINDING_DISRUPTED);
		noon_findings_clear(&e->of_engine, NOON_FINDING_LEAP);
	}
	noon_findings_clear(&e->of_engine, NOON_FINDING_CLOCK_STEPPED);
	noon_latch_good(&e->latch, e->conf.clear_after);
	if (e->latch.alarm)
		return;
	e->past_dropped = false;
	clear_causes(e);
}

/* An announcement that the list contradicts is a finding; it counts for nothing. */
static void judge_leap(struct noon_engine *e, uint32_t i)
{
	const noon_dur said = noon_leap_shift(e->source[i].last.leap);
	const noon_time utc = e->source[i].last.t3;
	bool known = false;
	const noon_dur listed = noon_leap_list_month(&e->leap_list, utc, &known);

	if (known && said != 0 && said != listed)
		raise_source(e, i, NOON_FINDING_LEAP, said, listed);
	else
		noon_findings_clear(&e->of_source[i], NOON_FINDING_LEAP);
}

static void note_fate(struct noon_engine *e, uint32_t i, enum noon_sample_fate fate)
{
	const struct noon_source *s = &e->source[i];

	switch (fate) {
	case NOON_SAMPLE_SUPERLUMINAL:
		raise_source(e, i, NOON_FINDING_SUPERLUMINAL, s->seen, s->allowed);
		break;
	case NOON_SAMPLE_INCONSISTENT:
		raise_source(e, i, NOON_FINDING_INCONSISTENT, s->seen, s->allowed);
		break;
	case NOON_SAMPLE_ACCEPTED:
		if (!s->suspect) {
			noon_findings_clear(&e->of_source[i], NOON_FINDING_SUPERLUMINAL);
			{
				noon_findings_clear(&e->of_source[i], NOON_FINDING_INCONSISTENT);
				noon_findings_clear(&e->of_source[i], NOON_FINDING_SUPERLUMINAL);
			}
		}
		judge_leap(e, i);
		break;
	case NOON_SAMPLE_MALFORMED:
	case NOON_SAMPLE_UNAUTHENTICATED:
	case NOON_SAMPLE_UNSYNCHRONISED:
		break;
	}
}

/* Say what was concluded from the recent exchanges. */
static void report_cause(struct noon_engine *e)
{
	const struct noon_recovery *r = &e->recovery;
	struct noon_finding f = {.source = NOON_SOURCE_NONE, .at = e->now};

	switch (r->cause) {
	case NOON_RECOVERY_WANDER:
		noon_findings_clear(&e->of_engine, NOON_FINDING_JUMPED);
		f.kind = NOON_FINDING_WANDER;
		f.value = noon_recovery_jump(r, e->now);
		f.evidence = (struct noon_evidence){"wander", noon_recovery_wander(r),
						    e->drift.wander, 0};
		noon_findings_raise(&e->of_engine, &f);
		break;
	case NOON_RECOVERY_JUMP:
		noon_findings_clear(&e->of_engine, NOON_FINDING_WANDER);
		raise_engine(e, NOON_FINDING_JUMPED, e->now, noon_recovery_jump(r, e->now), 0);
		break;
	case NOON_RECOVERY_SERVERS:
		clear_causes(e);
		break;
	case NOON_RECOVERY_UNKNOWN:
		break;
	}
}

static void clear_contradictions(struct noon_engine *e, uint32_t sources)
{
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++)
		if (sources >> i & 1) {
			noon_findings_clear(&e->of_source[i], NOON_FINDING_INCONSISTENT);
			noon_findings_clear(&e->of_source[i], NOON_FINDING_SUPERLUMINAL);
		}
}

/* Whether a leap second is due that the recent exchanges may be on either side of: it was planned
 * by the time of the past. */
static bool crosses_leap(const struct noon_engine *e)
{
	const struct noon_cert *c = &e->recovery.trial.wide;
	const noon_dur latest = noon_time_add(e->now, noon_cert_at(c, e->now).hi).ns;

	return !noon_time_is_never(e->leap.from) &&
	       noon_sat_add(latest, LEAP_MARGIN) >= e->leap.from.ns;
}

/* Put the recent exchanges in the place of the past. */
static void discard_past(struct noon_engine *e)
{
	if (crosses_leap(e)) {
		forget(e);
		raise_engine(e, NOON_FINDING_LEAP, e->now, 0, 0);
		return;
	}
	clear_contradictions(e, UINT32_MAX);
	noon_recovery_adopt(&e->recovery, e->source, &e->drift, e->now);
	e->past_dropped = true;
}

/* Believe the recent exchanges, and vote on them. */
static void restart_from_fresh(struct noon_engine *e, const struct noon_source *s)
{
	discard_past(e);
	request_polls(e);
	vote(e, s, false); /* the next exchange steers: this one may have been refused */
}

/* Whether a vote has failed for another reason than that too few answer. */
static bool is_contradicted(const struct noon_vote *v)
{
	return v->outcome == NOON_VOTE_NO_MAJORITY ||
	       (v->outcome == NOON_VOTE_TOO_FEW && v->suspects != 0);
}

/* After a vote: while the sources contradict their past, look for what explains it; state what is
 * true whichever side is wrong; come back once that is known. */
static void recover(struct noon_engine *e, const struct noon_source *s)
{
	struct noon_recovery *r = &e->recovery;

	if (e->vote.outcome == NOON_VOTE_AGREED) {
		clear_contradictions(e, noon_recovery_readmit(r, e->source, &e->vote, &e->conf,
							      &e->drift, e->now));
		return;
	}
	/* One that stands is not over because fewer answer. */
	if (!r->open && !is_contradicted(&e->vote))
		return;
	if (!r->open) {
		noon_recovery_open(r, e->source, e->has_cert ? &e->cert : NULL, &e->wide, e->now);
		request_polls(e);
	}
	noon_recovery_judge(r, e->source, &e->conf, &e->drift, e->now);
	report_cause(e);
	if (noon_recovery_is_due(r, e->now)) {
		restart_from_fresh(e, s);
		return;
	}
	if (r->had_cert)
		noon_recovery_certify(r, e->source, &e->drift, e->now, &e->cert, &e->wide);
}

/* Show an accepted exchange to those who look for attacks. */
static void watch(struct noon_engine *e, const struct noon_source *s, const struct noon_sample *x)
{
	noon_guard_findings_take(e->guard[x->source], x, e->now, &e->of_source[x->source]);
	for (size_t i = 0; i < e->cycles; i++)
		noon_cycle_findings_take(&e->cycle[i], x, &s->conf, e->now, e->of_source);
}

void noon_engine_on_sample(struct noon_engine *e, const struct noon_sample *x, noon_time now,
			   struct noon_actions *out)
{
	struct noon_source *s = source_of(e, x->source);
	enum noon_sample_fate fate;
	bool was_suspect;

	if (!s)
		return;
	was_suspect = s->suspect;
	begin(e, now);
	noon_schedule_count(&s->schedule, &s->conf, e->now);
	if (may_straddle(e, x)) {
		noon_source_miss(s);
		finish(e, out);
		return;
	}
	turn_month(e, s, x);
	s->interval = regular_interval_of(e, s);
	fate = noon_source_take(s, x, e->now, &e->drift, e->conf.clear_after);
	noon_recovery_take(&e->recovery, x->source, s, was_suspect, x, e->now, &e->drift);
	note_fate(e, x->source, fate);
	if (s->suspect && !was_suspect)
		poll_others(e, s);
	if (fate == NOON_SAMPLE_ACCEPTED)
		watch(e, s, x);
	vote(e, s, fate == NOON_SAMPLE_ACCEPTED);
	recover(e, s);
	if (fate == NOON_SAMPLE_ACCEPTED)
		settle(e, s);
	else if (e->vote.outcome == NOON_VOTE_NO_MAJORITY)
		e->latch.good_run = 0;
	set_holdover(e);
	check_limit(e, e->now);
	refresh(e);
	finish(e, out);
}

void noon_engine_on_miss(struct noon_engine *e, uint32_t source, noon_time now,
			 struct noon_actions *out)
{
	struct noon_source *s = source_of(e, source);

	if (!s)
		return;
	begin(e, now);
	noon_schedule_count(&s->schedule, &s->conf, e->now);
	noon_source_miss(s);
	noon_guard_findings_miss(e->guard[source], source, e->now, &e->of_source[source]);
	finish(e, out);
}

bool noon_engine_declare(struct noon_engine *e, uint32_t source,
			 const struct noon_declared *declared, noon_time now,
			 struct noon_actions *out)
{
	const struct noon_source *s = source_of(e, source);
	struct noon_declared *d = &e->declared[source < NOON_SOURCES_MAX ? source : 0];

	if (!s || (declared->alarm == d->alarm && declared->delay_only == d->delay_only))
		return false;
	begin(e, now);
	*d = *declared;
	if (d->alarm)
		raise_source(e, source, NOON_FINDING_PEER_ALARM, 0, 0);
	else
		noon_findings_clear(&e->of_source[source], NOON_FINDING_PEER_ALARM);
	/* The end of an alarm waits for good exchanges, as always. */
	if (d->alarm && is_doubtful(e)) {
		doubt(e, s);
		judge(e);
	}
	finish(e, out);
	return true;
}

void noon_engine_on_timer(struct noon_engine *e, noon_time now, struct noon_actions *out)
{
	begin(e, now);
	finish(e, out);
}

/* When a leap second that is due will certainly have taken effect. */
static noon_time leap_deadline(const struct noon_engine *e)
{
	noon_dur left;

	if (!e->has_cert || noon_time_is_never(e->leap.from))
		return NOON_TIME_NEVER;
	left = noon_sat_sub(e->leap.until.ns, utc_at(e, e->now).lo);
	left = left > 0 ? left : 0;
	left = noon_sat_add(left, noon_dur_scale_out(left, e->conf.max_rate_error) + 1);
	return noon_time_add(e->now, left);
}

noon_time noon_engine_deadline(const struct noon_engine *e)
{
	noon_time until = leap_deadline(e);

	if (e->pending)
		return e->now;
	/* That instant is rounded down, so it may be now, a few ns before the limit. Readings look
	 * at their bound themselves, so the latch may follow a little later. */
	if (e->latch.synced && e->has_cert && is_within(e, e->now))
		until = noon_time_min(until,
				      noon_time_add(noon_bound_until(&e->wide, line_of(e), e->now,
								     e->conf.alert_limit),
						    1));
	if (noon_time_is_never(until))
		return until;
	return noon_time_before(until, noon_time_add(e->now, DEADLINE_STEP))
		       ? noon_time_add(e->now, DEADLINE_STEP)
		       : until;
}

static void forget_source(struct noon_engine *e, uint32_t i)
{
	noon_source_forget(&e->source[i]);
	e->of_source[i] = (struct noon_findings){0};
	e->declared[i] = (struct noon_declared){0};
	noon_recovery_forget_source(&e->recovery, i);
	if (e->guard[i])
		noon_guard_reset(e->guard[i]);
}

/* Forget everything that was measured on h. */
static void forget(struct noon_engine *e)
{
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		if (!e->source[i].in_use)
			continue;
		forget_source(e, i);
	}
	e->vote = (struct noon_vote){.outcome = NOON_VOTE_NONE};
	noon_recovery_init(&e->recovery);
	clear_causes(e);
	e->has_cert = false;
	e->steering = 0;
	e->leap_vote = (struct noon_leap_vote){NOON_LEAP_NONE, false};
	e->leap.from = NOON_TIME_NEVER; /* one that passes meanwhile is in what comes */
	e->leap_at = NOON_TIME_FIRST;
	e->latch = (struct noon_latch){0};
	e->fresh_until = NOON_TIME_FIRST;
	noon_findings_clear(&e->of_engine, NOON_FINDING_BOUND_LIMIT);
	noon_findings_clear(&e->of_engine, NOON_FINDING_NO_MAJORITY);
	noon_findings_clear(&e->of_engine, NOON_FINDING_TOO_FEW);
}

void noon_engine_set_duplicate(struct noon_engine *e, uint32_t source, bool duplicate)
{
	struct noon_source *s = source_of(e, source);

	if (!s || s->duplicate == duplicate)
		return;
	s->duplicate = duplicate;
	if (!duplicate)
		forget_source(e, source);
}

static enum noon_finding_kind finding_of(enum noon_discontinuity kind)
{
	switch (kind) {
	case NOON_DISCONTINUITY_SUSPENDED:
		return NOON_FINDING_SUSPENDED;
	case NOON_DISCONTINUITY_DISRUPTED:
		return NOON_FINDING_DISRUPTED;
	case NOON_DISCONTINUITY_STEPPED:
		break;
	}
	return NOON_FINDING_CLOCK_STEPPED;
}

void noon_engine_on_discontinuity(struct noon_engine *e, noon_time now,
				  enum noon_discontinuity kind, struct noon_actions *out)
{
	const enum noon_finding_kind finding = finding_of(kind);

	if (kind != NOON_DISCONTINUITY_STEPPED) {
		forget(e);
		e->now = now; /* h may have gone backwards */
	} else {
		begin(e, now);
	}
	noon_findings_clear(&e->of_engine, finding);
	raise_engine(e, finding, now, 0, 0);
	finish(e, out);
}

struct noon_line noon_engine_line(const struct noon_engine *e)
{
	return e->discipline.line;
}

noon_dur noon_engine_next_poll(const struct noon_engine *e, uint32_t source)
{
	assert(source < NOON_SOURCES_MAX && e->source[source].in_use);
	return interval_of(e, &e->source[source]);
}

noon_err noon_engine_step(struct noon_engine *e, noon_time now)
{
	struct noon_goal g;

	if (!e->has_cert)
		return NOON_ERR_EMPTY;
	if (e->vote.outcome != NOON_VOTE_AGREED)
		return NOON_ERR_STATE;
	begin(e, now);
	(void)goal(e, &g);
	noon_discipline_step(&e->discipline, e->now, &g);
	check_limit(e, e->now);
	return NOON_OK;
}

void noon_engine_accept(struct noon_engine *e, uint32_t source, noon_time now)
{
	struct noon_recovery *r = &e->recovery;

	begin(e, now);
	if (source == NOON_SOURCE_NONE && r->open && !noon_time_is_never(r->agreed_since)) {
		discard_past(e);
		request_polls(e);
	}
	for (size_t i = 0; i < e->cycles; i++)
		noon_cycle_findings_accept(&e->cycle[i], source, e->of_source);
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		struct noon_source *s = &e->source[i];
		const bool doubted =
			s->suspect || s->verdict == NOON_SOURCE_FALSETICKER || is_alarmed(e, i);

		if (!s->in_use || !(i == source || (source == NOON_SOURCE_NONE && doubted)))
			continue;
		forget_source(e, i);
		e->past_dropped = true;
	}
}
