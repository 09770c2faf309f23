/* SPDX-License-Identifier: Apache-2.0
 *
 * Results of a run, by comparison with the truth.
 */
#ifndef NOON_SIM_TALLY_H
#define NOON_SIM_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/action.h"
#include "base/err.h"
#include "base/time.h"
#include "base/verdict.h"

/** The invariants of docs/theory.md, section 8; each counts how often it was broken. */
enum noon_invariant {
	NOON_I1, /**< |error| <= bound whenever the state is OK */
	NOON_I2, /**< no forged or replayed packet becomes a sample */
	NOON_I3, /**< the alarm is raised before |error| > L */
	NOON_I4, /**< no step on an alarmed or refused exchange */
	NOON_I5, /**< minima and baseline are not changed by packets */
	NOON_I6, /**< no alarm without an attack, an event of the machine or an excursion of its
		  *   oscillator */
	NOON_I7, /**< the bound grows at least at the certified rate while no packets arrive */
	NOON_INVARIANTS,
};

/** Results of the paper's seekers, and the truth. */
struct noon_sim_paper {
	uint64_t exchanges;
	uint64_t forged;	  /**< of them, answers to an attacker's requests */
	uint64_t declared;	  /**< comparisons while an attack was declared */
	uint64_t compromised;	  /**< comparisons with |error| > L (definition III.1) */
	uint64_t undetected;	  /**< of them, no attack declared (definition V.1) */
	double max_err;		  /**< greatest |error|, ns */
	double end_err;		  /**< at the end, ns */
	double max_rtt;		  /**< greatest |measured - modelled| round trip, ns */
	uint64_t noncompliant[3]; /**< seekers that do not meet condition 1, 2, 3 */
};

struct noon_sim_tally {
	uint64_t checks;
	uint64_t violations; /**< truth outside [lower, upper] or |error| > bound, any state */
	double outside;	     /**< largest distance of the truth outside, ns; those of `blind` too */
	uint64_t blind;	     /**< the same while the client could not know: between an event that
			      *   disturbed its clock and answers of more sources than may lie; not
			      *   among the violations */
	uint64_t stale;	     /**< truth outside an older reading extrapolated by its rates */
	uint64_t alarms;     /**< beginnings */
	uint64_t false_alarms; /**< of them without a cause so far (I6) */
	uint64_t findings[NOON_FINDING_KINDS];
	uint64_t verdicts[NOON_VERDICTS]; /**< on packets, by clients */
	uint64_t broken[NOON_INVARIANTS];
	uint64_t polls, samples, accepted, misses;
	uint64_t ke_asked, ke_ok, ke_failed;
	uint64_t steps;		     /**< of C */
	double state_s[4];	     /**< by enum noon_state */
	uint64_t n_err;		     /**< checks at equal distances, once synchronised */
	double sum_sq, max_err;	     /**< of the error of C there, ns^2, ns */
	double max_attacked;	     /**< greatest |error| since the first attack, ns */
	double bound_sum, bound_max; /**< ns, there */
	noon_dur synced_after;	     /**< first OK, ns after the start; NOON_DUR_MAX: never */
	noon_dur first_attack;	     /**< ns after the start; NOON_DUR_MAX: none */
	noon_dur alarm_at;	     /**< first alarm since the first attack, ns after the start */
	noon_dur harm_at; /**< first |error| > L while OK or HOLDOVER, or ever in ALARM */
	double err_at_alarm, bound_at_alarm; /**< ns */
	double end_err, end_bound;	     /**< |error| and bound at the end, ns */
	double max_rate;	  /**< greatest |rate error| of the oscillator, fractional */
	uint64_t noncompliant[3]; /**< paths for which condition 1, 2, 3 is not met at the end */
	noon_dur hidden_advance;  /**< greatest of the paths, ns (engine/conditions.h) */
	/* Since the first event, or since the first OK where there is none. */
	noon_dur event_end;    /**< of the last event, ns after the start; 0: none */
	noon_dur ok_again;     /**< from the end of the last event to the OK that lasts to the end;
				*   NOON_DUR_MAX: not OK at the end */
	noon_dur away_longest; /**< longest time that was not OK, ns */
	double away_err;       /**< greatest |error| before that OK, ns */
	double away_bound;     /**< greatest bound stated before it, ns */
	uint64_t n_after;      /**< checks at equal distances since it */
	double after_sq;       /**< sum of squares of the error there, ns^2 */
	struct noon_sim_paper paper;
};

/** Return an empty tally. */
struct noon_sim_tally noon_sim_tally_new(void);

/** Add the tally of another client: counts and times are added, extremes kept. */
void noon_sim_tally_add(struct noon_sim_tally *sum, const struct noon_sim_tally *t);

enum noon_metric_unit {
	NOON_METRIC_COUNT,   /**< or a truth value, 0 or 1 */
	NOON_METRIC_SECONDS, /**< HUGE_VAL: never */
	NOON_METRIC_FRACTION,
};

/** A figure that can be asked for by name. */
struct noon_metric {
	const char *name;
	enum noon_metric_unit unit;
	unsigned arg;
	double (*get)(const struct noon_sim_tally *t, unsigned arg);
};

/** Find a metric. @retval NOON_OK, NOON_ERR_NOT_FOUND */
NOON_MUST_USE noon_err noon_metric_find(const char *name, struct noon_metric *ret);

/** Return the i-th metric's name in `buf`; false past the last. */
bool noon_metric_name(size_t i, char *buf, size_t n);

#endif
