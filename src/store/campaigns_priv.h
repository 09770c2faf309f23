/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the campaigns*.c files only.
 */
#ifndef NOON_STORE_CAMPAIGNS_PRIV_H
#define NOON_STORE_CAMPAIGNS_PRIV_H

#include <sqlite3.h>

#include "store/campaigns.h"

#define NOON_CAMPAIGNS_SAMPLES	4096 /**< that wait for a commit */
#define NOON_CAMPAIGNS_READINGS 4096
#define NOON_CAMPAIGNS_REASONS	32  /**< for misses; further ones are counted with the last */
#define NOON_CAMPAIGNS_WHY	200 /**< bytes of one */

struct noon_campaign_reason {
	struct noon_campaign_miss miss; /**< why points to text */
	char text[NOON_CAMPAIGNS_WHY];
};

struct noon_campaigns {
	sqlite3 *db;
	int lock;   /**< of the campaign that is written; -1: none */
	int64_t id; /**< of it; 0: none */
	char path[512];
	char error[200];
	char *head;		 /**< of the one that was found last */
	uint64_t samples;	 /**< on disk, of the campaign that is written */
	uint32_t readings;	 /**< on disk, and waiting */
	size_t n_samples;	 /**< waiting */
	size_t n_readings;	 /**< waiting */
	size_t n_reasons;	 /**< all of the campaign */
	sqlite3_stmt *insert[3]; /**< reading, sample, miss */
	struct noon_campaign_sample sample[NOON_CAMPAIGNS_SAMPLES];
	struct noon_reference_reading reading[NOON_CAMPAIGNS_READINGS];
	struct noon_campaign_reason reason[NOON_CAMPAIGNS_REASONS];
};

/** Keep SQLite's message. @return NOON_ERR_OS */
noon_err noon_campaigns_fail(struct noon_campaigns *c);

/** What a sample says besides its numbers, as bits: stamps (2 + 2), leap (2), authenticated (1),
 * one free, stratum (8). */
int noon_campaigns_flags(const struct noon_campaign_sample *s);

#endif
