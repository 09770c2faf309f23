/* SPDX-License-Identifier: Apache-2.0
 *
 * What the exchanges of a source prove since an instant, without its past.
 *
 * Theorem 1 needs no past: every exchange bounds theta by itself. So where the past and the present
 * of a source contradict each other because the local clock jumped, or turned by more than it was
 * said to, what came after is as true as ever. Rates are taken from nothing here: the exchanges are
 * carried at the largest rate error alone, which the oscillator has not been seen to break.
 */
#ifndef NOON_ENGINE_RECENT_H
#define NOON_ENGINE_RECENT_H

#include <stdbool.h>

#include "base/sample.h"
#include "engine/conf.h"
#include "estimate/bound/fuse.h"
#include "estimate/bound/regress.h"

struct noon_recent {
	bool on;	 /**< exchanges are collected */
	noon_time since; /**< those that left before do not count; valid when on */
	bool has;	 /**< some exchange is in the window */
	struct noon_window window;
	struct noon_points points;
	struct noon_cert cert;	   /**< of the window; valid when has */
	struct noon_cert wide;	   /**< the same with minima of light; valid when has */
	struct noon_sample last;   /**< the newest; valid when has */
	noon_time last_at;	   /**< when it was taken; valid when has */
	noon_time agrees_since;	   /**< its certificate has met the majority's from here on;
				    *   NOON_TIME_NEVER: it does not */
	bool has_claim;		   /**< the newest exchange of all, straddling ones included: */
	struct noon_interval said; /**< ... hull of what it proves, UTC - h, ns */
	noon_time claim_at;	   /**< ... and when */
};

/** Begin, or begin again: only exchanges that leave from `now` on count. */
void noon_recent_start(struct noon_recent *f, noon_time now);

/** Collect nothing any longer; what was collected is gone. */
void noon_recent_stop(struct noon_recent *f);

/**
 * Take one exchange in. One that left before the start is only noted as said; one that contradicts
 * those since the start begins again.
 * @return false where it did
 *
 * @param x       with the server's error as it is counted
 * @param ex      what it proves
 * @param conf    of the source
 * @param d       assumptions; only the largest rate error and the age are used
 */
bool noon_recent_take(struct noon_recent *f, const struct noon_sample *x,
		      const struct noon_exchange *ex, const struct noon_source_conf *conf,
		      const struct noon_drift *d, noon_time now);

/**
 * Return what the source says of theta at h, ns, be it that its newest exchange alone says so,
 * which the start may have split.
 * @param wide  with minima of light
 * @return empty when it has said nothing since the start
 */
struct noon_interval noon_recent_claim(const struct noon_recent *f, bool wide, noon_freq rate_max,
				       noon_time h);

/** Return the point of the regression for one exchange and the minima of its source, ns. */
struct noon_point noon_point_of(const struct noon_sample *x, noon_dur m_f, noon_dur m_r);

#endif
