/* SPDX-License-Identifier: Apache-2.0
 *
 * Impairment of one direction by a relay, for all system tests.
 *
 * Written as "delay=10ms,jitter=1ms,loss=0.1"; each key replaces its old value, "clear" resets
 * all. Probabilities are 0..1 for each packet.
 */
#ifndef NOON_TOOLS_IMPAIR_H
#define NOON_TOOLS_IMPAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rng.h"
#include "base/time.h"

struct noon_impair {
	noon_dur delay;	      /**< constant, ns */
	noon_dur jitter;      /**< mean of an exponential, ns */
	noon_dur uniform;     /**< width of a uniform, ns */
	double ramp;	      /**< delay added per second since `since`, s/s */
	noon_time since;      /**< when the ramp was set, monotonic */
	noon_dur long_delay;  /**< for packets longer than long_bytes only, ns */
	size_t long_bytes;    /**< 0: none are */
	noon_dur short_delay; /**< for packets of up to short_bytes only, ns */
	size_t short_bytes;
	double loss;
	double duplicate;
	double reorder; /**< delayed by reorder_delay */
	noon_dur reorder_delay;
	double replay;	 /**< an earlier packet follows */
	double truncate; /**< cut at a random length */
	double flip;	 /**< one random bit flipped */
};

/** Fate of one packet. */
struct noon_fate {
	noon_dur delay; /**< of the packet, >= 0 */
	bool drop;
	bool duplicate;
	bool replay;
	bool truncate;
	bool flip;
};

/**
 * Change an impairment according to a specification.
 * @param[out] ret_bad  the part that is wrong, points into spec; untouched on NOON_OK
 * @retval NOON_OK, NOON_ERR_FORMAT (im untouched)
 */
NOON_MUST_USE noon_err noon_impair_parse(struct noon_impair *im, const char *spec, noon_time now,
					 const char **ret_bad);

/** Draw the fate of a packet of n bytes. */
struct noon_fate noon_impair_draw(const struct noon_impair *im, struct noon_rng *rng, noon_time now,
				  size_t n);

#endif
