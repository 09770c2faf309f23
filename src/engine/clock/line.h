/* SPDX-License-Identifier: Apache-2.0
 *
 * The disciplined clock as a line over the free-running clock: C(h) = h + corr(h).
 *
 * Up to slew_end the correction changes at rate + slew, from there on at rate. Between two
 * changes of the line anybody who reads h computes the same C from it. The line is continuous
 * from one version to the next unless `steps` differs.
 */
#ifndef NOON_ENGINE_LINE_H
#define NOON_ENGINE_LINE_H

#include <stdint.h>

#include "base/time.h"

struct noon_line {
	noon_time h0;	    /**< start of the line, free-running clock */
	noon_dur corr0;	    /**< C - h at h0, ns */
	noon_freq rate;	    /**< d corr / dh without the slew; > 0 where h runs slow */
	noon_freq slew;	    /**< in addition until slew_end; 0 when slew_end <= h0 */
	noon_time slew_end; /**< free-running clock */
	uint32_t steps;	    /**< grows by one with each step of C */
};

/** Return C - h at h, ns, to nearest; h before h0 extends the first piece backwards. */
noon_dur noon_line_at(const struct noon_line *line, noon_time h);

/** Return what is still to be slewed at h, ns, signed: added to C by slew_end. */
noon_dur noon_line_to_slew(const struct noon_line *line, noon_time h);

#endif
