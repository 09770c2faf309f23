/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine: exchanges in, a bounded clock out. Sans-IO; several may exist side by side.
 *
 * Time scales. h is the free-running local clock (never steered): every noon_time here is an
 * instant of h. theta(h) = UTC - h. The disciplined clock is C(h) = h + corr(h), where corr is a
 * struct noon_line that the engine owns; the owner of the engine makes a real clock follow it, or
 * publishes it. Steering never rewrites history, since no sample refers to C.
 *
 * Promise. While the assumptions of the configuration hold, UTC lies in [C + lower, C + upper]
 * of every reading that has a bound, in every state, against anybody who can delay, drop,
 * reorder or replay. State OK says besides that the bound, and what a path faster than the minima
 * could hide, together are at most the alert limit (condition 2). When an
 * assumption is seen to be false, the engine raises a finding, states the hull of what the past and
 * the present say, and neither steers nor steps until it is known which of them is true
 * (engine/recovery.h).
 *
 * Use. Feed on_sample() and on_miss(); call on_timer() when deadline() has come; ask reading()
 * at any time, for any instant not before the last event; after each event ask line() and compare
 * `steps` to learn whether C was stepped, and `leaps` to learn whether that was a leap second. The
 * engine does not send polls: next_poll() says how long to wait from one poll of a source to its
 * next.
 *
 * Thread: no shared state; one thread per engine, const calls may run beside each other.
 */
#ifndef NOON_ENGINE_ENGINE_H
#define NOON_ENGINE_ENGINE_H

#include <stdint.h>

#include "base/action.h"
#include "base/err.h"
#include "base/sample.h"
#include "base/time.h"
#include "engine/clock/discipline.h"
#include "engine/clock/leap.h"
#include "engine/clock/reading.h"
#include "engine/conditions.h"
#include "engine/conf.h"
#include "engine/recovery.h"
#include "engine/source.h"
#include "engine/state.h"
#include "engine/vote.h"
#include "engine/watch/cycle_findings.h"
#include "estimate/guard/guard.h"

/** Pairs of paths that may be compared. */
#define NOON_CYCLES_MAX 8

/** All state; the caller's storage, about 250 kB. The fields are the engine's own. */
struct noon_engine {
	struct noon_engine_conf conf;
	struct noon_drift drift; /**< assumptions, from conf; the wander may have been raised */
	struct noon_source source[NOON_SOURCES_MAX];
	struct noon_findings of_source[NOON_SOURCES_MAX];
	struct noon_guard *guard[NOON_SOURCES_MAX]; /**< borrowed; NULL: not guarded */
	struct noon_declared declared[NOON_SOURCES_MAX];
	struct noon_cycle_watch cycle[NOON_CYCLES_MAX];
	size_t cycles; /**< of them in use */
	struct noon_findings of_engine;
	struct noon_vote vote; /**< the last one held */
	struct noon_cert cert; /**< the last one agreed; valid when has_cert */
	struct noon_cert wide; /**< ... with minima of light, which the limit is compared with */
	struct noon_recovery recovery;
	struct noon_discipline discipline;
	struct noon_doubt doubt; /**< while the guards have something against all who agree */
	struct noon_latch latch;
	struct noon_leap_list leap_list; /**< as the owner last told */
	struct noon_leap_vote leap_vote; /**< of the last vote that agreed */
	struct noon_leap_plan leap;
	noon_time leap_at;   /**< instant of h at which the last one was; NOON_TIME_FIRST: never */
	noon_dur leap_shift; /**< of the UTC count at the last one carried out */
	uint32_t leaps;	     /**< leap seconds carried out */
	uint32_t steering;   /**< bit per source whose estimate the line follows */
	noon_time now;	     /**< instant of the last event */
	noon_time fresh_until;	/**< HOLDOVER from here on */
	uint32_t poll_requests; /**< times that all sources were wanted soon */
	bool has_cert;
	bool past_dropped; /**< the past was dropped: C may be stepped until the state is OK */
	bool pending;	   /**< findings wait for room in an action list */
};

/** What happened to a clock from outside. */
enum noon_discontinuity {
	NOON_DISCONTINUITY_SUSPENDED, /**< h itself stopped or jumped: everything is forgotten */
	NOON_DISCONTINUITY_DISRUPTED, /**< the machine was paused or migrated, or its clock was
				       *   replaced: h may have jumped; everything is forgotten */
	NOON_DISCONTINUITY_STEPPED,   /**< somebody stepped the steered clock; h is unaffected */
};

/**
 * Initialise with no source.
 * @param conf  copied
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  noon_engine_conf_check() refuses it; e untouched
 */
NOON_MUST_USE noon_err noon_engine_init(struct noon_engine *e, const struct noon_engine_conf *conf);

/**
 * Add a source.
 * @param      conf       copied
 * @param[out] ret_index  for noon_sample.source and all calls about the source; stays valid
 *                        until the source is removed, then it may be given out again
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  noon_source_conf_check() refuses it
 * @retval NOON_ERR_FULL   NOON_SOURCES_MAX are in use
 */
NOON_MUST_USE noon_err noon_engine_add_source(struct noon_engine *e,
					      const struct noon_source_conf *conf,
					      uint32_t *ret_index);

/**
 * Let a guard watch the round-trip times of a source.
 *
 * While the guards of all sources that agree have an alarm, the state is ALARM; the bound, which
 * rests on no calibration, stays as it is. The clock goes on following, but with half of the
 * estimated delay as a doubt on both sides of the estimate, and within the certified interval;
 * where round trips got shorter, the interval itself is in doubt and nothing is followed. An alarm
 * of one guard, while the guards of others that agree have none, takes its source out of steering.
 *
 * @param source  in use
 * @param guard   initialised; borrowed until the source is removed; NULL: none
 */
void noon_engine_set_guard(struct noon_engine *e, uint32_t source, struct noon_guard *guard);

/**
 * Compare two sources that reach one transmitter over different paths: the finding ASYMMETRY, which
 * says that one way of a path changed, and no more than that (estimate/guard/cycle.h).
 *
 * @param cycle  initialised; borrowed until one of the sources is removed
 * @param a      in use; the first path
 * @param b      in use; the second path
 * @retval NOON_OK
 * @retval NOON_ERR_FULL  NOON_CYCLES_MAX are in use
 */
NOON_MUST_USE noon_err noon_engine_add_cycle(struct noon_engine *e, struct noon_cycle *cycle,
					     uint32_t a, uint32_t b);

/**
 * Take note of what a source's own guard says of the path to us. An alarm counts like one of our
 * own guard, as the finding PEER_ALARM, until the source says otherwise, an operator accepts the
 * source, or everything is forgotten; the same word again changes nothing.
 *
 * @param source    in use, else nothing happens
 * @param declared  authenticated, and an answer to something fresh: what anybody could have said
 *                  must not get here, neither an alarm nor the end of one
 * @param now       instant of the event
 * @param[out] out  FINDING; appended while there is room
 * @return whether anything changed
 */
bool noon_engine_declare(struct noon_engine *e, uint32_t source,
			 const struct noon_declared *declared, noon_time now,
			 struct noon_actions *out);

/**
 * Take a source's vote away, because another one is the same machine, or give it back. It counts
 * among the configured sources all the same, so that no more lies are needed to be believed. Given
 * back, it begins again: what it has proved was the other one's.
 */
void noon_engine_set_duplicate(struct noon_engine *e, uint32_t source, bool duplicate);

/** Remove a source with all it has proved; the certificate stays until the next vote. */
void noon_engine_remove_source(struct noon_engine *e, uint32_t source);

/**
 * Take one exchange in.
 *
 * @param      x    times on h; x->source in use, else the sample is ignored
 * @param      now  >= x->t4, else the sample is ignored. Events are expected in the order of their
 *                  instants; one that comes with an earlier `now` counts as of the last one
 * @param[out] out  FINDING, once each time one begins; appended while there is room
 */
void noon_engine_on_sample(struct noon_engine *e, const struct noon_sample *x, noon_time now,
			   struct noon_actions *out);

/** Take note that a poll of a source brought nothing within its time-out. */
void noon_engine_on_miss(struct noon_engine *e, uint32_t source, noon_time now,
			 struct noon_actions *out);

/** Do what is due: raise BOUND_LIMIT when the bound has reached the limit, report leftovers. */
void noon_engine_on_timer(struct noon_engine *e, noon_time now, struct noon_actions *out);

/** Return when on_timer() wants to be called; NOON_TIME_NEVER if not at all. */
noon_time noon_engine_deadline(const struct noon_engine *e);

/** Take note of a discontinuity (finding SUSPENDED, DISRUPTED or CLOCK_STEPPED). */
void noon_engine_on_discontinuity(struct noon_engine *e, noon_time now,
				  enum noon_discontinuity kind, struct noon_actions *out);

/**
 * Read the clock at h; pure.
 *
 * @param      h    not before the last event
 * @param[out] ret  always filled; ret->bound is NOON_DUR_MAX while nothing is known
 *
 * Cost: O(1).
 */
void noon_engine_reading(const struct noon_engine *e, noon_time h, struct noon_reading *ret);

/** Return an instant from h on until which bound + hidden stay within any limit, as void_after of a
 *  reading for the alert limit; h or earlier when they are above it at h or nothing is known. */
noon_time noon_engine_within_until(const struct noon_engine *e, noon_time h, noon_dur limit);

/** Return the line in force; it holds until the next event. */
struct noon_line noon_engine_line(const struct noon_engine *e);

/**
 * Return the time from one poll of a source to the next, ns, > 0; ask after each exchange or
 * miss of that source.
 */
noon_dur noon_engine_next_poll(const struct noon_engine *e, uint32_t source);

/** Return a number that changes when all sources are wanted soon: ask next_poll() of each then. */
uint32_t noon_engine_poll_requests(const struct noon_engine *e);

/** What the engine makes of a contradiction, and when it is over. */
struct noon_recovery_report {
	bool open; /**< one stands that no liar within the budget explains */
	enum noon_recovery_cause cause;
	noon_dur age;	    /**< since it was seen, ns */
	noon_dur left;	    /**< until the engine begins again by itself, ns, >= 0;
			     *   NOON_DUR_MAX: nothing but an operator's word does it */
	noon_dur jump;	    /**< UTC - h by the recent exchanges less by the past, ns */
	uint32_t agreeing;  /**< sources whose recent exchanges agree */
	noon_freq seen;	    /**< least wander that explains it; 0: none is needed */
	bool past_dropped;  /**< the past was dropped, and the state has not been OK since */
	noon_freq holdover; /**< holdover-wander in force, fractional */
	noon_freq wander;   /**< in force, fractional */
	bool raised;	    /**< ... above what is configured */
};

/** Report on the recovery at `now`; filled in any state. */
void noon_engine_recovery(const struct noon_engine *e, noon_time now,
			  struct noon_recovery_report *ret);

/** Report on a source at `now`; NOON_SOURCE_UNUSED and zeros when there is none. */
void noon_engine_source_report(const struct noon_engine *e, uint32_t source, noon_time now,
			       struct noon_source_report *ret);

/**
 * Judge the conditions of secure synchronisation for a source as it is used now.
 * @param      source  in use
 * @param      now     not before the last event
 * @param[out] ret     always filled
 */
void noon_engine_conditions(const struct noon_engine *e, uint32_t source, noon_time now,
			    struct noon_conditions *ret);

/**
 * Step C onto the estimate at once, because an operator asks for it.
 * @retval NOON_OK
 * @retval NOON_ERR_EMPTY  nothing is known
 * @retval NOON_ERR_STATE  a finding is active; accept() first
 */
NOON_MUST_USE noon_err noon_engine_step(struct noon_engine *e, noon_time now);

/**
 * Believe what a suspect source says from now on, because an operator asks for it: its past
 * exchanges are forgotten, and its guard's batch. NOON_SOURCE_NONE: all suspect sources and
 * falsetickers; where the recent exchanges of all agree, they count at once. The bound keeps
 * resting on the old certificate until the next vote agrees; C may be stepped then, once, as at a
 * start; an alarm ends as usual.
 */
void noon_engine_accept(struct noon_engine *e, uint32_t source, noon_time now);

/**
 * Tell what the list of leap seconds says; until then there is none. While it has not expired, it
 * decides which announcements of the sources count (engine/clock/leap.h).
 *
 * When a leap second has certainly taken effect, the event that comes next shifts the scale: every
 * offset that is remembered, and C, which steps with it. Readings meanwhile cover both counts and
 * are not ok; exchanges that may straddle the leap are ignored. Where the vote leaves open whether
 * there is one, all that was measured before midnight is forgotten after it.
 */
void noon_engine_set_leap_list(struct noon_engine *e, const struct noon_leap_list *list);

/** Shift every offset that the engine remembers by d ns, C with them: what a leap second does to
 * the scale. The engine calls it itself when one has taken effect; an owner need not. */
void noon_engine_shift(struct noon_engine *e, noon_dur d);

#endif
