/* SPDX-License-Identifier: Apache-2.0
 *
 * The latch behind UNSYNCHRONISED, OK, HOLDOVER and ALARM, and the findings behind it.
 *
 * The latch moves on events only; a reading combines it with the bound of its own instant, so
 * the state of a reading is never better than its bound.
 */
#ifndef NOON_ENGINE_STATE_H
#define NOON_ENGINE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/action.h"
#include "engine/clock/reading.h"

/** Findings of one subject; each is reported once when it begins, also if it is over by the end of
 *  the event that it began in. */
struct noon_findings {
	uint32_t active; /**< bit per enum noon_finding_kind */
	uint32_t due;	 /**< those to be reported */
	struct noon_finding last[NOON_FINDING_KINDS];
};

/** Make a finding active; its numbers are those of its beginning. */
void noon_findings_raise(struct noon_findings *fs, const struct noon_finding *f);
void noon_findings_clear(struct noon_findings *fs, enum noon_finding_kind kind);
/** Append what has not been reported while there is room; true when nothing is left over. */
bool noon_findings_report(struct noon_findings *fs, struct noon_actions *out);

struct noon_latch {
	bool synced;	   /**< was within L since the last discontinuity */
	bool alarm;	   /**< until cleared by evidence */
	bool doubt;	   /**< an assumption was seen to be false, not only the bound too large */
	unsigned good_run; /**< good exchanges in a row since the alarm */
	unsigned agreed;   /**< good exchanges in a row that agree, since the doubt */
};

/** Return the state of a reading. */
enum noon_state noon_latch_state(const struct noon_latch *l, bool within_limit, bool fresh);

/** Take note that the sources agree and the bound is within the limit and will be for a while:
 *  synchronised; ends an alarm
 *  once good_run has reached clear_after. */
void noon_latch_good(struct noon_latch *l, unsigned clear_after);

/** Take note that an assumption is seen to be false, in any state: for noon_reading.certain. */
void noon_latch_doubt(struct noon_latch *l);

/** Take note of a good exchange with which sources agree, whatever the bound: clear_after of them
 * in a row end the doubt. */
void noon_latch_agree(struct noon_latch *l, unsigned clear_after);

/** Raise the alarm, only once synchronised; its beginning starts the count again. */
void noon_latch_bad(struct noon_latch *l);

#endif
