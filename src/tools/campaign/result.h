/* SPDX-License-Identifier: Apache-2.0
 *
 * A campaign read back and computed.
 */
#ifndef NOON_TOOLS_RESULT_H
#define NOON_TOOLS_RESULT_H

#include <jansson.h>
#include <stdbool.h>

#include "metrology/budget/calibration.h"
#include "store/campaigns.h"
#include "tools/campaign/campaign_head.h"

#define NOON_RESULT_FINDINGS 6

struct noon_result_why {
	char text[320];
};

struct noon_result {
	struct noon_campaign campaign; /**< head: of terms */
	struct noon_campaign_terms terms;
	struct noon_calibration c;
	bool stated;				/**< there is a result: x, U */
	bool broken;				/**< T(C) was stepped or went backwards */
	struct noon_calibration_sample *sample; /**< c.n of them, against the reference */
	struct noon_stamped
		*hull; /**< c.n: what bounds x, with what is known of path and reference */
	struct noon_reference_reading *reading; /**< `readings` of them */
	size_t readings;
	size_t unusable;	  /**< samples without a usable reference */
	noon_dur reference_error; /**< largest |T(C) - reference| that was taken off */
	noon_dur claimed; /**< least that the service claims; NOON_DUR_MAX: it claims nothing */
	size_t authenticated;
	size_t levels[3][3];		 /**< samples by enum noon_stamp of tq and tr */
	uint8_t stratum;		 /**< of the last sample */
	uint8_t digest[NOON_DIGEST_MAX]; /**< SHA-256 of the raw data */
	json_t *misses;			 /**< array of {why, n, first, last} */
	char finding[NOON_RESULT_FINDINGS][160];
	size_t n_findings;
};

/** Read and compute. *r must be ended with noon_result_fini() in any case.
 *  @param trials  of the Monte Carlo, as in struct noon_calibration_conf; 0: none
 *  @retval NOON_OK  also when r->stated is false: the findings say why
 *  @retval NOON_ERR_NOT_FOUND, NOON_ERR_FORMAT, NOON_ERR_OS  see *why */
NOON_MUST_USE noon_err noon_result_load(struct noon_campaigns *db, int64_t id, size_t trials,
					struct noon_result *r, struct noon_result_why *why);
void noon_result_fini(struct noon_result *r);

/** As an object (new reference). */
json_t *noon_result_json(const struct noon_result *r);
/** Print for people. */
void noon_result_print(const struct noon_result *r);

/** Return a member of the head, "" where it is not stated. */
const char *noon_result_head(const struct noon_result *r, const char *key);

#endif
