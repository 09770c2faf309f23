/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the files of the engine. Each works on the event that is under way, at e->now.
 */
#ifndef NOON_ENGINE_ENGINE_PRIV_H
#define NOON_ENGINE_ENGINE_PRIV_H

#include "engine/engine.h"

static inline const struct noon_line *line_of(const struct noon_engine *e)
{
	return &e->discipline.line;
}

/* engine.c */

/** Begin a finding of the engine itself. */
void noon_engine_raise(struct noon_engine *e, enum noon_finding_kind kind, noon_time at,
		       noon_dur value, noon_dur threshold);
/** Begin a finding of a source, now. */
void noon_engine_raise_source(struct noon_engine *e, uint32_t source, enum noon_finding_kind kind,
			      noon_dur value, noon_dur threshold);
/** Have all sources asked soon. */
void noon_engine_request_polls(struct noon_engine *e);
/** Enter ALARM; ask often again when this is its beginning. */
void noon_engine_alarm(struct noon_engine *e);
/** Return the time from one poll of a source to the next. */
noon_dur noon_engine_interval(const struct noon_engine *e, const struct noon_source *s);
/** Forget everything that was measured on h. */
void noon_engine_forget(struct noon_engine *e);

/* engine_vote.c */

/** Vote after an exchange of s, and draw the consequences.
 *  @param accepted  the exchange may steer */
void noon_engine_vote(struct noon_engine *e, const struct noon_source *s, bool accepted);
/** Return the sources that agree with the majority, a bit each; none where there is no agreement.
 */
uint32_t noon_engine_agreeing(const struct noon_engine *e);
/** Return whether a guard, ours or the source's own, has something against the path to a source. */
bool noon_engine_is_alarmed(const struct noon_engine *e, uint32_t i);
/** Return whether there are sources that agree, and the guards have something against all of them.
 */
bool noon_engine_is_doubtful(const struct noon_engine *e);
/** Find where to steer. @return the sources that say so, a bit each */
uint32_t noon_engine_goal(const struct noon_engine *e, struct noon_goal *ret);
/** Take all who agree to be under attack. */
void noon_engine_doubt(struct noon_engine *e, const struct noon_source *s);
/** Give each source its verdict from the vote. */
void noon_engine_judge(struct noon_engine *e);

/* engine_recovery.c */

/** After a vote: find out why sources contradict their past, and come back. */
void noon_engine_recover(struct noon_engine *e, const struct noon_source *s);
/** Put the recent exchanges in the place of the past. */
void noon_engine_discard_past(struct noon_engine *e);
/** End the findings about why there was a contradiction. */
void noon_engine_clear_causes(struct noon_engine *e);
/** End the contradictions of sources. @param sources  a bit each */
void noon_engine_clear_contradictions(struct noon_engine *e, uint32_t sources);

/* engine_leap.c */

/** Carry a leap second out once it has certainly taken effect, and look for the next. */
void noon_engine_tend_leap(struct noon_engine *e);
/** Take note of the leap second that the sources agree on. */
void noon_engine_announce_leap(struct noon_engine *e);
/** Return whether an exchange may have a leap second between its ends, or a server that has not
 *  carried it out yet. */
bool noon_engine_may_straddle(const struct noon_engine *e, const struct noon_sample *x);
/** Begin again with a source whose exchanges a leap second may lie between. */
void noon_engine_turn_month(const struct noon_engine *e, struct noon_source *s,
			    const struct noon_sample *x);
/** Hold what a source announces against the list. */
void noon_engine_judge_leap(struct noon_engine *e, uint32_t i);
/** Return whether a leap second is due that the recent exchanges may be on either side of. */
bool noon_engine_crosses_leap(const struct noon_engine *e);
/** Return when a leap second that is due will certainly have taken effect. */
noon_time noon_engine_leap_deadline(const struct noon_engine *e);

#endif
