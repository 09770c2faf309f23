/* SPDX-License-Identifier: Apache-2.0
 *
 * The study of the mean test on a channel of routers (docs/theory.md, 5.1 and 5.2):
 * what `noonmark sim paper` computes, and its files.
 */
#ifndef NOON_TOOLS_STUDY_H
#define NOON_TOOLS_STUDY_H

#include <jansson.h>

#include "estimate/law/convolve.h"
#include "sim/monte_carlo.h"

#define NOON_STUDY_SIZES     NOON_MC_POINTS
#define NOON_STUDY_LEVEL     0.99 /**< of all confidence intervals */
#define NOON_STUDY_PRACTICAL 36
#define NOON_STUDY_CURVE     151

struct noon_study_conf {
	const char *channel_name; /**< name of the preset that it started from; static */
	const char *channel_what;
	struct noon_channel channel;
	double delta_ns;
	double p_d;
	uint64_t n[NOON_STUDY_SIZES]; /**< round trips of a decision, ascending */
	size_t n_sizes;
	uint64_t trials;
	uint64_t seed;
	unsigned threads;
};

/** One decision size: the exact law and its simulation. */
struct noon_study_row {
	unsigned n;
	double lambda_ns;
	double p_fa; /**< exact */
	uint64_t alarms, missed;
	double p_fa_low, p_fa_high;
	double p_md_low, p_md_high;
};

/** One case of the alert limit, of the drift between updates and of the number of round trips. */
struct noon_study_case {
	double limit_ns, drift_ns; /**< L, D_T */
	unsigned n;
	double delta_ns;  /**< L - D_T; not positive: no test can hold the limit */
	double lambda_ns; /**< with the demanded probability of detection */
	double p_fa;
	double p_md; /**< at the threshold with one false alarm in a million decisions */
};

struct noon_study {
	struct noon_study_conf conf;
	double mean_ns, sd_ns, skewness;
	struct noon_study_row row[NOON_STUDY_SIZES];
	size_t fig8;		       /**< row with 100 round trips, or the nearest */
	struct noon_mc mc;	       /**< histograms: one, mean of 10, mean of row[fig8].n */
	double x_ns[NOON_STUDY_CURVE]; /**< Fig 7: values of the mean ... */
	double h0[NOON_STUDY_CURVE];   /**< ... density without an attack, 1/ns ... */
	double h1[NOON_STUDY_CURVE];   /**< ... and with one */
	struct noon_study_case practical[NOON_STUDY_PRACTICAL];
	size_t n_practical;
	unsigned needed; /**< least round trips for p_d and one false alarm in a million; 0: more
			  *   than NOON_MC_N_MAX */
	double least_ns; /**< least delay that one round trip detects so */
	double exact_s;	 /**< time to compute the exact table */
};

/** Compute everything. @retval NOON_OK, NOON_ERR_RANGE (channel, delta or p_d), NOON_ERR_OS */
NOON_MUST_USE noon_err noon_study_run(struct noon_study *s, struct noon_convolve *work,
				      void (*progress)(void *arg, double part), void *arg);

/** Return the results as JSON (new reference); the same for any number of threads. */
json_t *noon_study_json(const struct noon_study *s);

/** Write CSV, SVG and JSON files into a folder, creating it. @retval NOON_OK, else the file that
 *  failed is in `ret_name`, errno tells more */
NOON_MUST_USE noon_err noon_study_write(const struct noon_study *s, const char *dir,
					const char **ret_name);

/** Count the rows where the simulation has power (expects at least one alarm), and those of them
 *  whose interval contains the exact probability. */
void noon_study_agreement(const struct noon_study *s, size_t *ret_with_power, size_t *ret_agree);

#endif
