/* SPDX-License-Identifier: Apache-2.0
 *
 * One time source: its exchanges, what they prove, and whether it may vote.
 *
 * Invariant: an exchange that contradicts the window, is superluminal or unauthenticated where that
 * is required never enters the window nor the points (invariants I2 and I4). A source that was seen
 * to contradict itself is suspect and does not vote until `clear_after` exchanges in a row agree
 * with the window again, the engine replaces its past by recent exchanges (engine/recovery.h), or
 * the operator accepts what it says now. Agreement that results only from the widening of the
 * window does not count: see is_ambiguous() in source.c.
 */
#ifndef NOON_ENGINE_SOURCE_H
#define NOON_ENGINE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sample.h"
#include "engine/conf.h"
#include "engine/recent.h"
#include "engine/schedule.h"
#include "estimate/bound/fuse.h"
#include "estimate/bound/regress.h"

/** How the engine classifies a source. */
enum noon_source_verdict {
	NOON_SOURCE_UNUSED,	  /**< no such source */
	NOON_SOURCE_UNREACHABLE,  /**< no exchange yet, none in the last 8 polls, or too old */
	NOON_SOURCE_INCONSISTENT, /**< suspect: contradicts itself or light; does not vote */
	NOON_SOURCE_FALSETICKER,  /**< outside the majority */
	NOON_SOURCE_TRUECHIMER,	  /**< agrees with the majority, not steering */
	NOON_SOURCE_SELECTED,	  /**< agrees with the majority and steers */
};

/** Result of handing in a sample. */
enum noon_sample_fate {
	NOON_SAMPLE_ACCEPTED,
	NOON_SAMPLE_MALFORMED,	     /**< times out of order or too old, negative error: ignored */
	NOON_SAMPLE_UNAUTHENTICATED, /**< ignored */
	NOON_SAMPLE_UNSYNCHRONISED,  /**< the server does not know the time: ignored */
	NOON_SAMPLE_SUPERLUMINAL,    /**< refused, finding */
	NOON_SAMPLE_INCONSISTENT,    /**< refused, finding */
};

/** How far the exchanges of a suspect source may reach and still count towards clearing it: not as
 *  far as the contradiction. */
struct noon_rejection_limit {
	bool active;
	noon_time h;	/**< instant of the contradiction, free-running clock */
	noon_dur theta; /**< its nearest edge, ns; sign: units.md "offset" */
};

struct noon_source {
	bool in_use;
	struct noon_source_conf conf;
	struct noon_schedule schedule;
	struct noon_window window;
	struct noon_cert cert; /**< of the window; valid when has_cert */
	struct noon_cert wide; /**< the same with minima of light: true for any path of an attacker;
				*   valid when has_cert */
	struct noon_points points; /**< for the regression */
	struct noon_fit fit;	   /**< valid when has_fit */
	struct noon_sample last;   /**< newest accepted one; valid when has_cert */
	noon_time last_good;	   /**< when it was accepted; NOON_TIME_FIRST: never */
	noon_time asked;	   /**< when its contradiction last made the engine poll the others;
				    *   NOON_TIME_FIRST: never */
	noon_dur interval;	 /**< after which the next exchange is due, ns; set by the engine */
	noon_freq wander_needed; /**< least wander that the window needs, where that is more than
				  *   half of what was assumed; else 0 */
	noon_freq holdover_needed; /**< the same for holdover: noon_fuse_needed_holdover() */
	bool has_cert;
	bool has_fit;
	bool suspect;
	bool duplicate; /**< another source is the same machine and votes in place of this one */
	struct noon_rejection_limit above, below; /**< of this suspicion */
	unsigned good_run;			  /**< accepted exchanges in a row */
	uint8_t reach;				  /**< one bit per poll, newest lowest */
	uint64_t n_samples;			  /**< samples handed in */
	uint64_t n_accepted;			  /**< of them accepted */
	enum noon_source_verdict verdict;
	noon_dur seen;	  /**< numbers of the last refusal: measured, ns */
	noon_dur allowed; /**< ... and allowed, ns */
};

/** Return the set of source i alone. */
static inline uint32_t noon_source_bit(uint32_t i)
{
	return UINT32_C(1) << i;
}

/** Return how many sources are in a set, which has a bit for each index. */
static inline unsigned noon_source_count(uint32_t set)
{
	unsigned n = 0;

	for (; set; set &= set - 1)
		n++;
	return n;
}

/** Initialise for a checked configuration; the first poll is due at once. */
void noon_source_init(struct noon_source *s, const struct noon_source_conf *conf);

/**
 * Accept or refuse one exchange.
 *
 * @param s      the source
 * @param x      times on the free-running clock
 * @param now    >= x->t4
 * @param d      assumptions about the oscillator
 * @param clear  accepted exchanges in a row that clear the suspicion
 */
enum noon_sample_fate noon_source_take(struct noon_source *s, const struct noon_sample *x,
				       noon_time now, const struct noon_drift *d, unsigned clear);

/**
 * Evaluate one exchange by itself, with the source's minima and errors.
 *
 * @param[out] sample  the sample with the server's error as it is counted; valid when ACCEPTED
 * @param[out] ret     valid when ACCEPTED
 * @return ACCEPTED, MALFORMED, UNAUTHENTICATED, UNSYNCHRONISED or SUPERLUMINAL
 */
enum noon_sample_fate noon_source_weigh(const struct noon_source *s, const struct noon_sample *x,
					noon_time now, const struct noon_drift *d,
					struct noon_sample *sample, struct noon_exchange *ret);

/** Record a poll without an answer. */
void noon_source_miss(struct noon_source *s);

/** Drop everything the source has proved; it stays suspect until enough of its new exchanges agree
 *  with each other. */
void noon_source_restart(struct noon_source *s);

/**
 * Replace the source's past by recent exchanges; it is no longer suspect.
 *
 * @param f    of this source; has exchanges
 * @param now  not before the newest of them
 * @retval NOON_OK
 * @retval NOON_ERR_EMPTY  they contradict each other under `d`, whose wander is too small for them;
 *                         s untouched
 */
NOON_MUST_USE noon_err noon_source_adopt(struct noon_source *s, const struct noon_recent *f,
					 const struct noon_drift *d, noon_time now);

/** Forget all exchanges; the configuration and counters stay. */
void noon_source_forget(struct noon_source *s);

/** Return when an exchange is overdue, ns after the last, for a poll interval: the interval plus an
 *  eighth for jitter. The exchange itself shows what the oscillator did until then. */
static inline noon_dur noon_source_overdue(noon_dur interval)
{
	return noon_sat_add(interval, interval / 8);
}

/** Return whether the source can vote at h: a certificate not older than max_age, not suspect. */
bool noon_source_can_vote(const struct noon_source *s, noon_time h);

#endif
