/* SPDX-License-Identifier: Apache-2.0
 *
 * The three necessary conditions of secure clock synchronisation, for one source as it is used
 * (L. Narula and T. Humphreys, "Requirements for Secure Clock Synchronization", sections IV and
 * VI-A; docs/theory.md, section 4).
 *
 * 1. Both directions are unpredictable to an attacker. 2. The propagation time cannot be reduced
 * by more than the alert limit. 3. The round-trip time is known and measured to within the limit,
 * each reply mapped to its request. They are necessary: where one is not met, an attack exists
 * that nothing in the data shows. They suffice only with errors far below the limit (section V),
 * which is computed beside the third. The bound rests on none of the three but on the assumptions
 * of docs/threat-model.md.
 */
#ifndef NOON_ENGINE_CONDITIONS_H
#define NOON_ENGINE_CONDITIONS_H

#include "base/time.h"
#include "engine/source.h"
#include "estimate/guard/guard.h"

#define NOON_CONDITIONS 3

enum noon_met {
	NOON_MET_UNKNOWN,
	NOON_MET_YES,
	NOON_MET_NO,
	NOON_MET_NOT_RELIED, /**< nothing that is stated rests on it */
};

/** Return the word of it ("not-met"); static, never NULL. */
const char *noon_met_word(enum noon_met met);

struct noon_conditions_conf {
	noon_dur limit;	  /**< L, ns, > 0 */
	noon_dur max_age; /**< how long a rate is good for, ns */
	noon_time now;	  /**< free-running clock, not before the last exchange */
	bool declared;	  /**< the source itself declares an attack on the path */
};

struct noon_conditions {
	enum noon_met met[NOON_CONDITIONS];
	const char *why[NOON_CONDITIONS]; /**< a clause; static */
	noon_dur hidden_advance; /**< what an attacker with the fastest path there can be could
				  *   advance a packet by, unseen, ns, >= 0: the error that the
				  *   bound does not cover */
	bool hidden_known;	 /**< false: the distance is not known, hidden_advance is the
				  *   whole minimum, the most there can be */
	noon_dur shortening; /**< RTT/2 - D/c: what the path may be shortened by at most, ns, >= 0;
			      *   all but hidden_advance of it is inside the bound */
	noon_dur shift;	     /**< of the round-trip time that the guard must find, ns; 0: none */
	noon_dur shift_allowed; /**< the largest that leaves the midpoint within the limit,
				 *   2 (L - E_s - e - drift over a batch - hidden), ns */
	noon_dur batch;		/**< how long a batch takes at the poll interval, ns; 0: no guard */
	noon_dur uncertainty;	/**< 2 (U_model + U_noise), ns; NOON_DUR_MAX: not known */
	bool sufficient;	/**< uncertainty < L, and all three are met */
};

/**
 * Judge a source.
 *
 * @param guard     its guard, or NULL
 * @param[out] ret  always filled
 */
void noon_conditions_of(const struct noon_source *s, const struct noon_guard *guard,
			const struct noon_conditions_conf *conf, struct noon_conditions *ret);

#endif
