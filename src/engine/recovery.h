/* SPDX-License-Identifier: Apache-2.0
 *
 * Recovery from a contradiction that no liar within the budget explains.
 *
 * Some assumption was false, and the exchanges that came afterwards tell which one. They prove
 * offsets without the past (engine/recent.h), so a vote on them alone is correct while at most f
 * sources lie.
 *
 *   The recent exchanges agree:     the local clock was wrong. Its oscillator wandered by more
 *                                   than `wander`, if a plausible larger wander reconciles past
 *                                   and present; otherwise the clock jumped.
 *   They do not agree, or a source  more than f sources are wrong. Only the operator can decide.
 *   agrees with its own past and
 *   with what was agreed before,
 *   but with no other source now:
 *
 * A source of the last kind is evidence that the clock went on as before. It may be lying, within
 * the budget; but then it would have to know by how much the clock jumped, which it cannot observe.
 *
 * While the contradiction is open, the stated interval is the hull of what was certified before and
 * of what the recent exchanges prove (docs/theory.md, (9)): true whichever of them is false. After
 * they have agreed for a while, the recent exchanges replace the past.
 *
 * A single source that contradicted itself, within the budget, and has agreed with the majority for
 * as long since, is believed again in the same way.
 */
#ifndef NOON_ENGINE_RECOVERY_H
#define NOON_ENGINE_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/conf.h"
#include "engine/recent.h"
#include "engine/source.h"
#include "engine/vote.h"

/** What explains a contradiction. */
enum noon_recovery_cause {
	NOON_RECOVERY_UNKNOWN, /**< too few recent exchanges yet */
	NOON_RECOVERY_WANDER,  /**< the oscillator wandered by more than `wander` */
	NOON_RECOVERY_JUMP,    /**< the free-running clock jumped or stood still */
	NOON_RECOVERY_SERVERS, /**< more sources are wrong than may lie: waits for the operator */
};

/** Return the short word of a cause ("jump"); static, never NULL. */
const char *noon_recovery_cause_word(enum noon_recovery_cause cause);

struct noon_recovery {
	bool open; /**< such a contradiction has not ended */
	enum noon_recovery_cause cause;
	noon_time since;	 /**< when it was detected; valid when open */
	noon_time agreed_since;	 /**< recent exchanges have agreed from here on;
				  *   NOON_TIME_NEVER: they do not */
	noon_time due;		 /**< when they replace the past; NOON_TIME_NEVER: not by
				  *   themselves */
	bool had_cert;		 /**< something was agreed before: */
	struct noon_cert before; /**< ... the certificate */
	struct noon_cert before_wide;
	uint32_t falsetickers_before; /**< falsetickers of the last vote that agreed, a bit each */
	uint32_t broken; /**< sources that have contradicted their recent exchanges since
			  *   those were begun, a bit each */
	uint32_t jumped; /**< sources that no oscillator's wander joins with their past, a
			  *   bit each */
	noon_freq wander[NOON_SOURCES_MAX]; /**< the least that does; 0: they did not disagree */
	uint32_t agreeing;		    /**< sources whose recent exchanges agree, a bit each */
	struct noon_vote trial;		    /**< of the recent exchanges; valid when open */
	struct noon_recent recent[NOON_SOURCES_MAX];
};

void noon_recovery_init(struct noon_recovery *r);

/**
 * Take note of an exchange that source i has been given.
 *
 * @param s            the source after it, whose past it has not entered if it is refused
 * @param was_suspect  whether it was suspect before
 * @param d            assumptions in force
 */
void noon_recovery_take(struct noon_recovery *r, uint32_t i, const struct noon_source *s,
			bool was_suspect, const struct noon_sample *x, noon_time now,
			const struct noon_drift *d);

/** Forget what is known of source i: it was removed, or an operator accepted it. */
void noon_recovery_forget_source(struct noon_recovery *r, uint32_t i);

/** Open when it is not: a vote has failed. `cert` and `wide` are what was agreed; NULL: nothing. */
void noon_recovery_open(struct noon_recovery *r, const struct noon_source *s,
			const struct noon_cert *cert, const struct noon_cert *wide, noon_time now);

/** The sources agree: the contradiction is over. */
void noon_recovery_close(struct noon_recovery *r, const struct noon_source *s,
			 const struct noon_vote *v);

/** While open: vote on the recent exchanges, and find the cause. */
void noon_recovery_judge(struct noon_recovery *r, const struct noon_source *s,
			 const struct noon_engine_conf *conf, const struct noon_drift *d,
			 noon_time now);

/** Return whether the recent exchanges are to replace the past now. */
bool noon_recovery_is_due(const struct noon_recovery *r, noon_time now);

/** While open and had_cert: certify the hull of past and present at `now`. */
void noon_recovery_certify(const struct noon_recovery *r, const struct noon_source *s,
			   const struct noon_drift *d, noon_time now, struct noon_cert *cert,
			   struct noon_cert *wide);

/**
 * Replace the past of all sources by their recent exchanges.
 *
 * @param[in,out] d  its wander is raised where they, or the past, need more
 */
void noon_recovery_adopt(struct noon_recovery *r, struct noon_source *s, struct noon_drift *d,
			 noon_time now);

/**
 * After a vote that agreed: believe the suspects again whose recent exchanges have met the majority
 * for long enough.
 * @return them, a bit each
 */
uint32_t noon_recovery_readmit(struct noon_recovery *r, struct noon_source *s,
			       const struct noon_vote *v, const struct noon_engine_conf *conf,
			       const struct noon_drift *d, noon_time now);

/**
 * Raise the assumed wander before the oscillator exceeds it: to twice the observed wander, where
 * that is more than half of the assumed one; `wander` and `holdover-wander` each. So an oscillator
 * whose rate changes more and more gets a wider bound before anything contradicts.
 *
 * @param voters  sources that agree, a bit each; any f of them may lie about it
 * @return the observed wander, where the assumed one was raised; else 0
 */
noon_freq noon_recovery_raise_wander(const struct noon_source *s, uint32_t voters, unsigned liars,
				     struct noon_drift *d);

/** Return how far the clock jumped by the recent exchanges, UTC - h now less before, ns; 0 where it
 *  is not known. */
noon_dur noon_recovery_jump(const struct noon_recovery *r, noon_time now);

/** Return the least wander that explains what was seen; 0: none is needed. */
noon_freq noon_recovery_wander(const struct noon_recovery *r);

/** Add d to every offset that was certified: the time scale itself was shifted (a leap second). The
 *  recent exchanges are dropped, since they may be of either count. */
void noon_recovery_shift(struct noon_recovery *r, noon_time now, noon_dur d);

#endif
