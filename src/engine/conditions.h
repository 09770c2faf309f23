/* SPDX-License-Identifier: Apache-2.0
 *
 * The three necessary conditions of secure clock synchronisation, for one source as it is used
 * (theory reference, section 2.1).
 *
 * They concern what no measurement shows: 1. both directions are unpredictable to an attacker;
 * 2. the path cannot be shortened; 3. the round-trip time is known and measurable. Where one is
 * not met the bound still holds as far as its own assumptions go, which the reason names.
 */
#ifndef NOON_ENGINE_CONDITIONS_H
#define NOON_ENGINE_CONDITIONS_H

#include "base/time.h"
#include "engine/source.h"
#include "estimate/guard.h"

#define NOON_CONDITIONS 3

enum noon_met {
	NOON_MET_UNKNOWN,
	NOON_MET_YES,
	NOON_MET_NO,
};

/** Return the word of it ("not-met"); static, never NULL. */
const char *noon_met_word(enum noon_met met);

struct noon_conditions {
	enum noon_met met[NOON_CONDITIONS];
	const char *why[NOON_CONDITIONS]; /**< a clause; static */
	noon_dur hidden_advance; /**< what an attacker with the fastest path there can be could
				  *   advance a packet by, unseen, ns, >= 0: the error that the
				  *   bound does not cover */
	bool hidden_known;	 /**< false: the distance is not known, hidden_advance is the
				  *   whole minimum, the most there can be */
};

/**
 * Judge a source.
 *
 * @param guard        its guard, or NULL
 * @param alert_limit  L, ns
 * @param[out] ret     always filled
 */
void noon_conditions_of(const struct noon_source *s, const struct noon_guard *guard,
			noon_dur alert_limit, struct noon_conditions *ret);

#endif
