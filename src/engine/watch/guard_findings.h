/* SPDX-License-Identifier: Apache-2.0
 *
 * Turns what the guard of a source sees into findings.
 *
 * Invariant: the findings DELAYED, SHORTENED, RTT_SHAPE and LOSS of a source are active exactly
 * while a statistic of that kind is active in its guard; ROUTE, while all round trips of an alarm
 * have moved by one step.
 */
#ifndef NOON_ENGINE_WATCH_GUARD_FINDINGS_H
#define NOON_ENGINE_WATCH_GUARD_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sample.h"
#include "base/time.h"
#include "engine/state.h"
#include "estimate/guard/guard.h"

/** Return whether a guard has an alarm; NULL, no guard, has none. */
bool noon_guard_findings_is_alarmed(const struct noon_guard *g);

/**
 * Show an accepted exchange to the guard.
 *
 * @param g    NULL: nothing happens
 * @param x    the exchange; x->source is named in the findings
 * @param now  instant of the event
 * @param fs   findings of the source: one for each kind that begins or ends
 */
void noon_guard_findings_take(struct noon_guard *g, const struct noon_sample *x, noon_time now,
			      struct noon_findings *fs);

/** Tell the guard of a lost exchange. As noon_guard_findings_take(). */
void noon_guard_findings_miss(struct noon_guard *g, uint32_t source, noon_time now,
			      struct noon_findings *fs);

#endif
