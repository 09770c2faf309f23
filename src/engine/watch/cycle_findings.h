/* SPDX-License-Identifier: Apache-2.0
 *
 * Turns what two paths to one transmitter say of each other into findings.
 *
 * Invariant: the finding ASYMMETRY is active at a source of the pair exactly while the cycle has an
 * alarm: at the one whose path carries the change, or at the first where that is not known.
 */
#ifndef NOON_ENGINE_WATCH_CYCLE_FINDINGS_H
#define NOON_ENGINE_WATCH_CYCLE_FINDINGS_H

#include <stdint.h>

#include "base/sample.h"
#include "engine/conf.h"
#include "engine/state.h"
#include "estimate/guard/cycle.h"

/** A cycle of two sources. */
struct noon_cycle_watch {
	struct noon_cycle *cycle; /**< borrowed; NULL: none */
	uint32_t source[2];	  /**< its first and second path */
};

/**
 * Show an accepted exchange to a cycle; one of another source changes nothing.
 *
 * @param conf        of the source of the exchange
 * @param now         instant of the event
 * @param of_source   findings by index of the source
 */
void noon_cycle_findings_take(const struct noon_cycle_watch *w, const struct noon_sample *x,
			      const struct noon_source_conf *conf, noon_time now,
			      struct noon_findings *of_source);

/** Learn the baseline again: an operator accepts what a source of the pair says. */
void noon_cycle_findings_accept(const struct noon_cycle_watch *w, uint32_t source,
				struct noon_findings *of_source);

#endif
