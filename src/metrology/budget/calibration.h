/* SPDX-License-Identifier: Apache-2.0
 *
 * The result of a campaign: error of a clock against a reference, with its uncertainty budget, the
 * hard bound, and what single readings of it are worth.
 *
 * x(t) = T(S) - reference is the error of the clock under test, > 0 where it is ahead. Two
 * statements of 95 % are made and must not be mixed up: the result x +- U is where x was in the
 * middle of the campaign; the spread of single readings is what a client of the service sees. The
 * hard bound is neither: it assumes no distribution.
 *
 * A service that is asked and answers with two stamps (NTP, PTP) is estimated by the mean of the
 * offsets with the shorter round trips. One that only stamps (RFC 3161, 867, 868) is estimated by
 * the middle of the hard bound; the midpoint between question and answer is an indication, and
 * wrong by half of the resolution.
 */
#ifndef NOON_METROLOGY_CALIBRATION_H
#define NOON_METROLOGY_CALIBRATION_H

#include <stdbool.h>

#include "metrology/bound/stamped_bound.h"
#include "metrology/budget/budget.h"
#include "metrology/budget/path_model.h"

#define NOON_CALIBRATION_COMPONENTS 24 /**< with those of the caller */
#define NOON_CALIBRATION_OTHERS	    12 /**< most of the caller */

/** A sample against the reference: its error is already taken off tq and tr. */
struct noon_calibration_sample {
	struct noon_stamped s; /**< on the reference's scale */
	noon_dur stamp_err;    /**< of tq and tr together, ns, >= 0 */
	noon_dur bound;	       /**< of the reference, ns, >= 0; NOON_DUR_MAX: it promises none */
	double u_s;	       /**< standard uncertainty of the reference, s, >= 0 */
};

struct noon_calibration_conf {
	bool two_way;
	double max_rate; /**< of S against the reference, fractional, 0 <= max_rate < 1 ... */
	double wander;	 /**< ... and by how much that rate changes meanwhile, fractional, >= 0: the
			  *   hard bound relies on both */
	struct noon_path_minima path;	    /**< zeros: nothing is known of it */
	const struct noon_component *other; /**< more components; NULL: none */
	size_t n_others;		    /**< <= NOON_CALIBRATION_OTHERS */
	double correction_s;		    /**< taken off x: of cables, of the reference */
	size_t trials;			    /**< of the Monte Carlo; 0: none */
	uint64_t seed;			    /**< of it */
};

/** Of the errors that single readings show, s. */
struct noon_single_readings {
	double lower, upper; /**< 95 % are between these: 2.5 % below, 2.5 % above */
	double within_95;    /**< 95 % are within +- this of zero: "timing error (95 %)" */
	double within_999;   /**< 99.9 % */
	double most;	     /**< all are */
	double mean;	     /**< an indication only, for a service that only stamps */
};

/** Of question to answer, s, the service's own time taken off. */
struct noon_round_trips {
	double least, median, most_95, most;
};

struct noon_calibration {
	size_t n;	   /**< samples */
	size_t n_selected; /**< of which the mean was taken; 0: the middle of the bound */
	noon_time begin, end;
	noon_time epoch; /**< middle: the instant of x and of the bound */
	double x;	 /**< s */
	bool has_rate;	 /**< there was enough to fit a line */
	double rate;	 /**< of S against the reference, fractional */
	double u_rate;	 /**< standard uncertainty */
	struct noon_component component[NOON_CALIBRATION_COMPONENTS];
	size_t n_components;
	struct noon_uncertainty u;
	struct noon_coverage_interval monte_carlo; /**< about x; all zero without trials */
	struct noon_stamped_bound bound; /**< of x at `epoch`, the reference's bound included */
	bool has_bound;			 /**< the reference promises one */
	struct noon_single_readings single;
	struct noon_round_trips rtt;
};

/** Values of scratch that n samples and t trials need. */
#define NOON_CALIBRATION_SCRATCH(n, t) (3 * (n) + (t))

/**
 * Compute.
 *
 * @param s        n >= 1 samples in the order of tq
 * @param scratch  NOON_CALIBRATION_SCRATCH() values, and `index` 2 n
 * @param hull     n samples: with their bounds
 * @retval NOON_OK
 * @retval NOON_ERR_EMPTY  there is no sample
 * @retval NOON_ERR_RANGE  max_rate is out of its range
 *
 * An empty bound is no failure: ret->bound says which samples contradict each other, and x is what
 * the rest of the method makes of it. No result may be stated then.
 */
NOON_MUST_USE noon_err noon_calibrate(const struct noon_calibration_sample *s, size_t n,
				      const struct noon_calibration_conf *conf, double *scratch,
				      size_t *index, struct noon_stamped *hull,
				      struct noon_calibration *ret);

/** Offset that one sample shows, s: its middle. @return (last - tq + first - tr) / 2 */
double noon_calibration_offset(const struct noon_stamped *s);
/** Time of its way, s: tr - tq, less the service's own time where that is known (first > last, or
 *  the answer came before the question). */
double noon_calibration_rtt(const struct noon_stamped *s);

#endif
