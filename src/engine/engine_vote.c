/* SPDX-License-Identifier: Apache-2.0
 *
 * What follows from a vote: certificate, verdicts, findings, and where the clock is steered.
 */
#include <math.h>

#include "engine/engine_priv.h"
#include "engine/watch/guard_findings.h"

/* A correction is spread over a quarter of the poll interval, between these. */
#define SLEW_SHARE 4
#define SLEW_LEAST NOON_MS(250)
#define SLEW_MOST  NOON_S(16)

uint32_t noon_engine_agreeing(const struct noon_engine *e)
{
	if (e->vote.outcome != NOON_VOTE_AGREED)
		return 0;
	return e->vote.voters & ~e->vote.falsetickers;
}

bool noon_engine_is_alarmed(const struct noon_engine *e, uint32_t i)
{
	return noon_guard_findings_is_alarmed(e->guard[i]) || e->declared[i].alarm;
}

/* Those that agree and whose guards have nothing against them, a bit each. */
static uint32_t undoubted(const struct noon_engine *e)
{
	uint32_t good = noon_engine_agreeing(e);

	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++)
		if (noon_engine_is_alarmed(e, i))
			good &= ~(UINT32_C(1) << i);
	return good;
}

bool noon_engine_is_doubtful(const struct noon_engine *e)
{
	return noon_engine_agreeing(e) != 0 && undoubted(e) == 0;
}

uint32_t noon_engine_goal(const struct noon_engine *e, struct noon_goal *ret)
{
	return noon_goal_of(e->source, undoubted(e), &e->cert, line_of(e)->rate, e->now, ret);
}

/* How long a correction may take. */
static noon_dur horizon_of(const struct noon_engine *e, const struct noon_source *s)
{
	const noon_dur share = noon_engine_interval(e, s) / SLEW_SHARE;

	if (share < SLEW_LEAST)
		return SLEW_LEAST;
	return share < SLEW_MOST ? share : SLEW_MOST;
}

/* Steer towards what the sources agree on; a step only before the first OK, or before the first one
 * after the past was dropped. */
static uint32_t steer(struct noon_engine *e, const struct noon_source *s)
{
	struct noon_goal g;
	const uint32_t used = noon_engine_goal(e, &g);
	const noon_dur off = noon_dur_abs(noon_sat_sub(g.theta, noon_line_at(line_of(e), e->now)));

	const bool may_step = e->conf.step_at_start && (!e->latch.synced || e->past_dropped);

	if (may_step && off > e->conf.step_threshold)
		noon_discipline_step(&e->discipline, e->now, &g);
	else
		noon_discipline_slew(&e->discipline, e->now, &g, horizon_of(e, s));
	return used;
}

static uint32_t follow(struct noon_engine *e, const struct noon_source *s)
{
	e->doubt.is_on = false;
	return steer(e, s);
}

/* Give each source its verdict from the vote and begin or end its FALSETICKER finding. */
void noon_engine_judge(struct noon_engine *e)
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
			noon_engine_raise_source(e, i, NOON_FINDING_FALSETICKER, off,
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
		noon_engine_raise(e, NOON_FINDING_NO_MAJORITY, e->now,
				  (noon_dur)noon_source_count(e->vote.voters),
				  (noon_dur)(n - e->vote.liars));
	noon_latch_doubt(&e->latch);
	noon_engine_alarm(e);
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
		noon_engine_raise(e, NOON_FINDING_TOO_FEW, e->now,
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

/* By how much the estimate may be wrong: a round trip that is longer by d moves the middle of an
 * exchange by d/2 at most (docs/theory.md, theorem 4). Of a source that only says of itself that it
 * has an alarm nothing is known. */
static noon_dur doubt_of(const struct noon_engine *e, uint32_t used)
{
	double most = 0.0;

	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		if (!(used >> i & 1))
			continue;
		if (!noon_guard_findings_is_alarmed(e->guard[i]))
			return NOON_DUR_MAX;
		most = fmax(most, noon_guard_delay_ns(e->guard[i]) / 2.0);
	}
	return most < 1e18 ? (noon_dur)ceil(most) : NOON_DUR_MAX;
}

/* All who agree are under attack by the verdict of their guards. What delays packets does not
 * make their intervals false, so the certificate stands and the clock is kept within it; and
 * somebody has to look. To follow nobody would cost more than what the attacker does, for the clock
 * drifts: so it follows, with the delay as a doubt on both sides. */
void noon_engine_doubt(struct noon_engine *e, const struct noon_source *s)
{
	struct noon_goal estimate, g;
	uint32_t used;

	e->steering = 0;
	e->latch.good_run = 0;
	noon_latch_doubt(&e->latch);
	noon_engine_alarm(e);
	if (is_shortened(e))
		return;
	used = noon_goal_of(e->source, noon_engine_agreeing(e), &e->cert, line_of(e)->rate, e->now,
			    &estimate);
	noon_doubt_begin(&e->doubt, e->source, used, e->now);
	g = noon_goal_doubted(&e->doubt, &e->cert, line_of(e), &estimate,
			      used != 0 ? doubt_of(e, used) : NOON_DUR_MAX, e->now);
	noon_discipline_slew(&e->discipline, e->now, &g, horizon_of(e, s));
}

/* Give an oscillator that turns further than it did more room before it contradicts. */
static void widen(struct noon_engine *e)
{
	const noon_freq before = e->drift.wander;
	const noon_freq seen = noon_recovery_raise_wander(e->source, noon_engine_agreeing(e),
							  e->vote.liars, &e->drift);
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

void noon_engine_vote(struct noon_engine *e, const struct noon_source *s, bool accepted)
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
		noon_engine_announce_leap(e); /* so that the very first reading ends with it */
		if (noon_engine_is_doubtful(e))
			noon_engine_doubt(e, s);
		else if (accepted)
			e->steering = follow(e, s);
	}
	noon_engine_judge(e);
}
