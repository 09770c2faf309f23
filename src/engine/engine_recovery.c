/* SPDX-License-Identifier: Apache-2.0
 *
 * While sources contradict their past: what explains it, what is true meanwhile, and the way back.
 */
#include "engine/engine_priv.h"

void noon_engine_clear_causes(struct noon_engine *e)
{
	noon_findings_clear(&e->of_engine, NOON_FINDING_JUMPED);
	noon_findings_clear(&e->of_engine, NOON_FINDING_WANDER);
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
		noon_engine_raise(e, NOON_FINDING_JUMPED, e->now, noon_recovery_jump(r, e->now), 0);
		break;
	case NOON_RECOVERY_SERVERS:
		noon_engine_clear_causes(e);
		break;
	case NOON_RECOVERY_UNKNOWN:
		break;
	}
}

void noon_engine_clear_contradictions(struct noon_engine *e, uint32_t sources)
{
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++)
		if (sources >> i & 1) {
			noon_findings_clear(&e->of_source[i], NOON_FINDING_INCONSISTENT);
			noon_findings_clear(&e->of_source[i], NOON_FINDING_SUPERLUMINAL);
		}
}

void noon_engine_discard_past(struct noon_engine *e)
{
	if (noon_engine_crosses_leap(e)) {
		noon_engine_forget(e);
		noon_engine_raise(e, NOON_FINDING_LEAP, e->now, 0, 0);
		return;
	}
	noon_engine_clear_contradictions(e, UINT32_MAX);
	noon_recovery_adopt(&e->recovery, e->source, &e->drift, e->now);
	e->past_dropped = true;
	e->doubt.is_on = false;
}

/* Believe the recent exchanges, and vote on them. */
static void restart_from_fresh(struct noon_engine *e, const struct noon_source *s)
{
	noon_engine_discard_past(e);
	noon_engine_request_polls(e);
	/* The next exchange steers: this one may have been refused. */
	noon_engine_vote(e, s, false);
}

/* Whether a vote has failed for another reason than that too few answer. */
static bool is_contradicted(const struct noon_vote *v)
{
	return v->outcome == NOON_VOTE_NO_MAJORITY ||
	       (v->outcome == NOON_VOTE_TOO_FEW && v->suspects != 0);
}

/* After a vote: while the sources contradict their past, look for what explains it; state what is
 * true whichever side is wrong; come back once that is known. */
void noon_engine_recover(struct noon_engine *e, const struct noon_source *s)
{
	struct noon_recovery *r = &e->recovery;

	if (e->vote.outcome == NOON_VOTE_AGREED) {
		noon_engine_clear_contradictions(
			e,
			noon_recovery_readmit(r, e->source, &e->vote, &e->conf, &e->drift, e->now));
		return;
	}
	/* One that stands is not over because fewer answer. */
	if (!r->open && !is_contradicted(&e->vote))
		return;
	if (!r->open) {
		noon_recovery_open(r, e->source, e->has_cert ? &e->cert : NULL, &e->wide, e->now);
		noon_engine_request_polls(e);
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
