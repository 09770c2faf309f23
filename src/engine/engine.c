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
#include "engine/engine_priv.h"
#include "engine/watch/guard_findings.h"

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

void noon_engine_request_polls(struct noon_engine *e)
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
void noon_engine_alarm(struct noon_engine *e)
{
	const bool before = e->latch.alarm;

	noon_latch_bad(&e->latch);
	if (e->latch.alarm && !before)
		noon_engine_request_polls(e);
}

void noon_engine_raise(struct noon_engine *e, enum noon_finding_kind kind, noon_time at,
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

void noon_engine_raise_source(struct noon_engine *e, uint32_t source, enum noon_finding_kind kind,
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
	noon_engine_raise(e, NOON_FINDING_BOUND_LIMIT, h,
			  e->has_cert ? noon_bound_value(&e->wide, line_of(e), h) : NOON_DUR_MAX,
			  e->conf.alert_limit);
	/* While past and present contradict each other, a wide bound says that and nothing else. */
	if (!e->recovery.open)
		e->latch.good_run = 0;
	noon_engine_alarm(e);
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
	noon_engine_tend_leap(e);
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

noon_dur noon_engine_interval(const struct noon_engine *e, const struct noon_source *s)
{
	return interval_by(e, s, &s->schedule);
}

/* The same but for a burst: polls that are wanted soon make no exchange old. */
static noon_dur regular_interval_of(const struct noon_engine *e, const struct noon_source *s)
{
	const struct noon_schedule no_burst = {.poll = s->schedule.poll};

	return interval_by(e, s, &no_burst);
}

/* Set the instant from which on the newest good exchange is too old for OK. */
static void refresh(struct noon_engine *e)
{
	const uint32_t good = noon_engine_agreeing(e);

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
	const uint32_t good = noon_engine_agreeing(e);
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
	if (s->verdict == NOON_SOURCE_FALSETICKER || s->conf.noselect || noon_engine_is_doubtful(e))
		return;
	if (s->duplicate)
		return;
	/* Samples of a source under a guard alarm do not count towards clearing. */
	if (noon_engine_is_alarmed(e, (uint32_t)(s - e->source)))
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
	noon_engine_clear_causes(e);
}

static void note_fate(struct noon_engine *e, uint32_t i, enum noon_sample_fate fate)
{
	const struct noon_source *s = &e->source[i];

	switch (fate) {
	case NOON_SAMPLE_SUPERLUMINAL:
		noon_engine_raise_source(e, i, NOON_FINDING_SUPERLUMINAL, s->seen, s->allowed);
		break;
	case NOON_SAMPLE_INCONSISTENT:
		noon_engine_raise_source(e, i, NOON_FINDING_INCONSISTENT, s->seen, s->allowed);
		break;
	case NOON_SAMPLE_ACCEPTED:
		if (!s->suspect)
			noon_engine_clear_contradictions(e, UINT32_C(1) << i);
		noon_engine_judge_leap(e, i);
		break;
	case NOON_SAMPLE_MALFORMED:
	case NOON_SAMPLE_UNAUTHENTICATED:
	case NOON_SAMPLE_UNSYNCHRONISED:
		break;
	}
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
	if (noon_engine_may_straddle(e, x)) {
		noon_source_miss(s);
		finish(e, out);
		return;
	}
	noon_engine_turn_month(e, s, x);
	s->interval = regular_interval_of(e, s);
	fate = noon_source_take(s, x, e->now, &e->drift, e->conf.clear_after);
	noon_recovery_take(&e->recovery, x->source, s, was_suspect, x, e->now, &e->drift);
	note_fate(e, x->source, fate);
	if (s->suspect && !was_suspect)
		poll_others(e, s);
	if (fate == NOON_SAMPLE_ACCEPTED)
		watch(e, s, x);
	noon_engine_vote(e, s, fate == NOON_SAMPLE_ACCEPTED);
	noon_engine_recover(e, s);
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
		noon_engine_raise_source(e, source, NOON_FINDING_PEER_ALARM, 0, 0);
	else
		noon_findings_clear(&e->of_source[source], NOON_FINDING_PEER_ALARM);
	/* The end of an alarm waits for good exchanges, as always. */
	if (d->alarm && noon_engine_is_doubtful(e)) {
		noon_engine_doubt(e, s);
		noon_engine_judge(e);
	}
	finish(e, out);
	return true;
}

void noon_engine_on_timer(struct noon_engine *e, noon_time now, struct noon_actions *out)
{
	begin(e, now);
	finish(e, out);
}

noon_time noon_engine_deadline(const struct noon_engine *e)
{
	noon_time until = noon_engine_leap_deadline(e);

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
void noon_engine_forget(struct noon_engine *e)
{
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		if (!e->source[i].in_use)
			continue;
		forget_source(e, i);
	}
	e->vote = (struct noon_vote){.outcome = NOON_VOTE_NONE};
	noon_recovery_init(&e->recovery);
	noon_engine_clear_causes(e);
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
		noon_engine_forget(e);
		e->now = now; /* h may have gone backwards */
	} else {
		begin(e, now);
	}
	noon_findings_clear(&e->of_engine, finding);
	noon_engine_raise(e, finding, now, 0, 0);
	finish(e, out);
}

struct noon_line noon_engine_line(const struct noon_engine *e)
{
	return e->discipline.line;
}

noon_dur noon_engine_next_poll(const struct noon_engine *e, uint32_t source)
{
	assert(source < NOON_SOURCES_MAX && e->source[source].in_use);
	return noon_engine_interval(e, &e->source[source]);
}

noon_err noon_engine_step(struct noon_engine *e, noon_time now)
{
	struct noon_goal g;

	if (!e->has_cert)
		return NOON_ERR_EMPTY;
	if (e->vote.outcome != NOON_VOTE_AGREED)
		return NOON_ERR_STATE;
	begin(e, now);
	(void)noon_engine_goal(e, &g);
	noon_discipline_step(&e->discipline, e->now, &g);
	check_limit(e, e->now);
	return NOON_OK;
}

void noon_engine_accept(struct noon_engine *e, uint32_t source, noon_time now)
{
	struct noon_recovery *r = &e->recovery;

	begin(e, now);
	if (source == NOON_SOURCE_NONE && r->open && !noon_time_is_never(r->agreed_since)) {
		noon_engine_discard_past(e);
		noon_engine_request_polls(e);
	}
	for (size_t i = 0; i < e->cycles; i++)
		noon_cycle_findings_accept(&e->cycle[i], source, e->of_source);
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		struct noon_source *s = &e->source[i];
		const bool doubted = s->suspect || s->verdict == NOON_SOURCE_FALSETICKER ||
				     noon_engine_is_alarmed(e, i);

		if (!s->in_use || !(i == source || (source == NOON_SOURCE_NONE && doubted)))
			continue;
		forget_source(e, i);
		e->past_dropped = true;
		e->doubt.is_on = false;
	}
}
