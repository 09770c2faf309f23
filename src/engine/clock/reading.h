/* SPDX-License-Identifier: Apache-2.0
 *
 * What the engine tells: a reading of the disciplined clock, and a report on a source.
 */
#ifndef NOON_ENGINE_READING_H
#define NOON_ENGINE_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sample.h"
#include "base/time.h"
#include "engine/source.h"

/** How far a reading may be trusted. Its bound is true in every state that has one. */
enum noon_state {
	NOON_STATE_UNSYNCHRONISED, /**< bound + hidden not yet within L, or not for two polls */
	NOON_STATE_OK,		   /**< bound + hidden <= L, exchanges arrive */
	NOON_STATE_HOLDOVER,	   /**< the same, no good exchange for some polls */
	NOON_STATE_ALARM,	   /**< above L, or an assumption was seen to be false */
};

/** Return the short word of a state ("holdover"); static, never NULL. */
const char *noon_state_word(enum noon_state state);

/** The terms of the bound, ns, each >= 0; their sum is the bound (within rounding of 8 ns). */
struct noon_terms {
	noon_dur path;	       /**< delay that nothing explains, halved: B */
	noon_dur drift;	       /**< rate uncertainty times age: rho (t - t0) */
	noon_dur server;       /**< the servers' own error: E_s */
	noon_dur quantisation; /**< timestamps: e */
	noon_dur slewing;      /**< distance of C from the middle of the interval */
	noon_dur leap;	       /**< while a leap second may have taken effect or not */
};

/** The disciplined clock C at the instant h. */
struct noon_reading {
	enum noon_state state;
	noon_time h;		 /**< instant asked for, free-running clock */
	noon_dur corr;		 /**< C - h, ns */
	noon_dur lower;		 /**< UTC - C at least, ns, signed */
	noon_dur upper;		 /**< UTC - C at most, ns, signed */
	noon_dur bound;		 /**< max(|lower|, |upper|), ns; NOON_DUR_MAX: nothing is known */
	noon_dur hidden;	 /**< what a path faster than the minima assume could add to the
				  *   error, unseen, ns, >= 0 (condition 2) */
	struct noon_terms terms; /**< zeros when nothing is known */
	noon_dur to_slew;	 /**< still to be added to C by the slew under way, ns, signed */
	noon_freq freq_error;	 /**< of h as estimated; > 0: h runs fast */
	noon_freq rate_bound;	 /**< for h' >= h on the same line, until rates_until:
				  *   bound(h') <= bound + rate_bound (h' - h) */
	noon_freq lower_rate;	 /**< UTC(h') - h' >= corr + lower + lower_rate (h' - h) */
	noon_freq upper_rate;	 /**< UTC(h') - h' <= corr + upper + upper_rate (h' - h) */
	noon_time rates_until;	 /**< rate_bound, lower_rate and upper_rate hold until here */
	noon_time rates_drop_at; /**< the rates of a reading from here on are smaller, never larger;
				  *   NOON_TIME_NEVER: they stay */
	noon_time void_after;	 /**< last instant for which bound + hidden <= L can be said now;
				  *   <= h when it is above L already or unknown; never beyond
				  *   rates_until */
	noon_time fresh_until;	 /**< OK turns into HOLDOVER here */
	bool certain;		 /**< something is known, and no assumption was seen to be false
				  *   that as many good exchanges as end an alarm have not
				  *   confirmed since */
	enum noon_leap leap;	 /**< announced by the majority */
	uint32_t findings;	 /**< bit 1 << enum noon_finding_kind: active now */
	uint32_t voting;	 /**< sources that voted in the last vote */
	uint32_t selectable;	 /**< configured sources that may vote, silent ones included */
	uint32_t liars;		 /**< of them allowed to be false (f); f + 1 have to agree */
};

/** One source as an operator wants to see it. */
struct noon_source_report {
	enum noon_source_verdict verdict;
	bool has_data;		 /**< false: the fields up to `last` are zero */
	noon_dur offset;	 /**< UTC - C, middle of the newest exchange, ns */
	noon_dur lower;		 /**< UTC - C at `now` by this source alone: at least, ns */
	noon_dur upper;		 /**< ... at most, ns */
	noon_dur rtt;		 /**< newest exchange, ns */
	noon_dur age;		 /**< since the newest good exchange, ns */
	noon_dur jitter;	 /**< noise of a good exchange, ns, standard deviation */
	noon_dur offset_sd;	 /**< standard deviation of the estimate, ns */
	noon_freq freq_error;	 /**< of h by this source; > 0: h runs fast */
	struct noon_sample last; /**< newest good exchange */
	noon_dur m_f;		 /**< minima in force, ns */
	noon_dur m_r;
	enum noon_minima_kind minima;
	uint8_t reach;	     /**< last eight polls, newest lowest */
	int8_t poll;	     /**< log2 s */
	uint32_t in_window;  /**< lower and upper edges kept, together */
	uint32_t in_fit;     /**< exchanges on the regression line */
	uint64_t n_samples;  /**< handed in */
	uint64_t n_accepted; /**< of them accepted */
};

/** Return the short word of a source verdict ("falseticker"); static, never NULL. */
const char *noon_source_verdict_word(enum noon_source_verdict verdict);

#endif
