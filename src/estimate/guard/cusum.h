/* SPDX-License-Identifier: Apache-2.0
 *
 * Page's cumulative sum of log-likelihood ratios, designed for a demanded run length.
 *
 *     S_0 = 0,  S_i = max(0, S_{i-1} + ln f0(x_i - delta) / f0(x_i)),  alarm when S_i > h
 *
 * f0 is a calibrated law, delta the shift it is tuned to. The law is mixed with a little of a
 * uniform one, smoothed by the noise of the stamps and, where it rests on few values, over a
 * stretch that holds enough of them, so that no single value decides.
 */
#ifndef NOON_ESTIMATE_CUSUM_H
#define NOON_ESTIMATE_CUSUM_H

#include "estimate/law/law.h"

#define NOON_CUSUM_STATES   256	  /**< of the Markov chain */
#define NOON_CUSUM_ARL0_MAX 1e305 /**< of a design, excluded: the chain ends with the exponents */

struct noon_cusum {
	double delta_ns; /**< shift it is tuned to; negative: values that fall */
	double x0_ns;	 /**< of llr[0] */
	double step_ns;
	size_t n;
	double llr[NOON_LAW_MAX]; /**< of each cell; values beyond the ends take the last one */
	double h;		  /**< threshold of S, >= 0 */
	double arl0;		  /**< mean number of values between false alarms, as demanded or,
				   *   where even h = 0 gives more, more */
	double add;		  /**< mean number of values from a shift of delta to the alarm,
				   *   starting at S = 0 */
};

/** Memory for the chain; the caller's, 600 KiB, nothing in it is kept between calls. */
struct noon_cusum_work {
	double q[NOON_CUSUM_STATES][NOON_CUSUM_STATES]; /**< transitions, then their factors */
	double alarm[NOON_CUSUM_STATES];		/**< probability to pass the last state */
	double down[NOON_CUSUM_STATES];			/**< L^-1 1 */
	double across[NOON_CUSUM_STATES];		/**< first row of U^-1 */
	double now[2][NOON_CUSUM_STATES];		/**< law of S without an alarm so far */
	double pass[NOON_CUSUM_STATES];			/**< probability to alarm with a value */
	double step[2 * NOON_CUSUM_STATES + 1];		/**< law of the increments, in states */
	double sum[NOON_LAW_MAX + 1];			/**< of the cells of f0 */
	double smooth[NOON_LAW_MAX];			/**< f0 for the chain, if measured */
	struct noon_cusum made;				/**< until it is known to be good */
};

/**
 * Tune a CUSUM.
 *
 * h follows from the Markov chain of S on a grid (Brook and Evans). A shift larger than the law is
 * wide is taken as one of that width: the two laws do not overlap then anyway.
 *
 * @param w         workspace
 * @param f0        law when nobody attacks
 * @param delta_ns  shift, not 0
 * @param arl0      mean number of values between false alarms, > 1, < NOON_CUSUM_ARL0_MAX
 * @param noise_ns  standard deviation of the stamps, >= 0, for the smoothing
 * @param[out] ret  untouched unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  an argument is out of its range
 * @retval NOON_ERR_EMPTY  the law cannot tell such a shift from none, or on average a shift would
 * be found no sooner than a false alarm comes (add >= arl0) Cost: some 30 ms.
 */
NOON_MUST_USE noon_err noon_cusum_design(struct noon_cusum_work *w, const struct noon_law *f0,
					 double delta_ns, double arl0, double noise_ns,
					 struct noon_cusum *ret);

/** Return the increment for a value. Cost: O(1). */
double noon_cusum_llr(const struct noon_cusum *c, double x_ns);

/** Return the next S after a value; the alarm is S > c->h. Cost: O(1). */
double noon_cusum_step(const struct noon_cusum *c, double s, double x_ns);

/**
 * Compute the mean number of values to the alarm when values are shifted by shift_ns, starting at
 * S = 0: the delay for an attack other than the reference, the run length for 0. Same chain.
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  the shift is not a finite number
 * @retval NOON_ERR_EMPTY  S cannot reach the threshold then
 */
NOON_MUST_USE noon_err noon_cusum_delay(struct noon_cusum_work *w, const struct noon_cusum *c,
					const struct noon_law *f0, double shift_ns,
					double *ret_add);

/**
 * Compute after how many values the alarm has come with probability p when they are shifted by
 * shift_ns, starting at S = 0. The mean of noon_cusum_delay() is exceeded by a third of all
 * attacks. Same chain, value by value, and from its largest eigenvalue in the long run.
 *
 * S only grows with the S that it starts from, so a shift that comes later, whatever S is then, is
 * found within as many values with at least that probability.
 * @param p          0..1, both excluded; 1 - p keeps its digits, down to the smallest there is
 * @param[out] ret_n  rather too many than too few; untouched unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  the shift is not a finite number, p is not within (0, 1)
 * @retval NOON_ERR_EMPTY  S cannot reach the threshold then
 * Cost: some 30 us for each value until what is left shrinks steadily, 50 ms at most.
 */
NOON_MUST_USE noon_err noon_cusum_within(struct noon_cusum_work *w, const struct noon_cusum *c,
					 const struct noon_law *f0, double shift_ns, double p,
					 double *ret_n);

#endif
