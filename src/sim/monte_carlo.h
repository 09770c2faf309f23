/* SPDX-License-Identifier: Apache-2.0
 *
 * The channel of priority routers simulated, to verify its exact law.
 *
 * One trial is a run of round trips; the mean of its first n of them is compared with thresholds
 * for every n of a list. All sums are integers and every block of trials has its own seed, so the
 * counts are the same for any number of threads and any compiler.
 */
#ifndef NOON_SIM_MONTE_CARLO_H
#define NOON_SIM_MONTE_CARLO_H

#include <stdint.h>

#include "estimate/law/channel.h"

#define NOON_MC_POINTS	   64
#define NOON_MC_HISTOGRAMS 3
#define NOON_MC_BINS	   112
#define NOON_MC_N_MAX	   1000000 /**< round trips of a trial */

/** The mean test for one batch size. */
struct noon_mc_point {
	unsigned n;	  /**< round trips, 1..NOON_MC_N_MAX */
	double lambda_ns; /**< alarm when the mean is larger */
	double delta_ns;  /**< shift of the attack */
	uint64_t alarms;  /**< result: trials that alarm without an attack */
	uint64_t missed;  /**< result: trials that do not, with an attack */
};

/** Counts of means by value. */
struct noon_mc_histogram {
	unsigned n;
	double from_ns;		      /**< lower edge of bin 0 */
	double width_ns;	      /**< of a bin, > 0 */
	uint64_t count[NOON_MC_BINS]; /**< result; first and last bin include what lies beyond */
};

struct noon_mc {
	struct noon_channel channel;
	uint64_t trials; /**< >= 1 */
	uint64_t seed;
	unsigned threads; /**< 1..256 */
	struct noon_mc_point point[NOON_MC_POINTS];
	size_t n_points;
	struct noon_mc_histogram histogram[NOON_MC_HISTOGRAMS];
	size_t n_histograms;
	void (*progress)(void *arg, double part); /**< from the calling thread; NULL: none */
	void *arg;
	uint64_t draws; /**< result: of routers */
};

/**
 * Run the trials.
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  impossible channel, counts or sizes
 * @retval NOON_ERR_OS     no memory or no thread
 * Cost: about a nanosecond for each router of each round trip and core.
 */
NOON_MUST_USE noon_err noon_mc_run(struct noon_mc *m);

/**
 * Compute the interval of Clopper and Pearson for a probability.
 *
 * @param level  such as 0.95; the true probability is outside in at most 1 - level of all cases
 */
void noon_mc_interval(uint64_t hits, uint64_t trials, double level, double *ret_low,
		      double *ret_high);

#endif
