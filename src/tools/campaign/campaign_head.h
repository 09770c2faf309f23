/* SPDX-License-Identifier: Apache-2.0
 *
 * What a campaign is of: the head of its record, as JSON, and what the computation needs of it.
 */
#ifndef NOON_TOOLS_CAMPAIGN_HEAD_H
#define NOON_TOOLS_CAMPAIGN_HEAD_H

#include <jansson.h>

#include "metrology/budget/calibration.h"
#include "option/option.h"
#include "tools/campaign/reference.h"

/** The scale that a service is to be on. */
enum noon_scale { NOON_SCALE_UTC, NOON_SCALE_TAI, NOON_SCALE_SMEARED };

/** What the user says of a campaign. Strings outlive it. */
struct noon_campaign_options {
	const char *database;
	const char *device;	  /**< NULL: the service's host */
	const char *access_point; /**< NULL: this host */
	const char *laboratory;
	const char *customer;
	const char *environment;
	enum noon_scale scale;
	int rounding; /**< of genTime: enum noon_one_way_rounding */
	struct noon_reference_conf reference;
	struct noon_path_model path;
	double request_bytes, reply_bytes; /**< 0: of the protocol */
	double max_rate, wander;
	double correction_s;
	size_t n_others;
	struct noon_component other[NOON_CALIBRATION_OTHERS];
	char other_name[NOON_CALIBRATION_OTHERS][48];
};

/** Of struct noon_campaign_options. */
extern const struct noon_option noon_campaign_rows[];

/** Row of the file of campaigns. @param ...  NOON_OPTION_AT() of the pointer */
#define NOON_DATABASE_ROW(...)                                                                 \
	{                                                                                      \
		"database", NOON_OPTION_BORROWED, __VA_ARGS__, .def = "campaigns.db",          \
							       .value = "file", .letter = 'd', \
							       .help = "file of campaigns"     \
	}

#define NOON_CAMPAIGN_HEADING "About the campaign:"

/** Add what the options say to the head of a new campaign. @return a new reference; NULL: no memory
 */
json_t *noon_campaign_head(const struct noon_campaign_options *o);

/** What a head says to the computation. */
struct noon_campaign_terms {
	json_t *head;			   /**< owned */
	struct noon_calibration_conf conf; /**< other: of this struct */
	struct noon_component other[NOON_CALIBRATION_OTHERS];
};

/** Read a head. *ret must be ended with noon_campaign_terms_fini() in any case.
 *  @retval NOON_OK, NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_campaign_terms(const char *head, struct noon_campaign_terms *ret);
void noon_campaign_terms_fini(struct noon_campaign_terms *t);

#endif
