/* SPDX-License-Identifier: Apache-2.0
 *
 * Samples on their way into a campaign: each with the reading of the reference that is in force,
 * and none counted as kept before it is on disk.
 */
#ifndef NOON_TOOLS_WRITER_H
#define NOON_TOOLS_WRITER_H

#include "tools/campaign/reference.h"

struct noon_writer {
	struct noon_campaigns *db; /**< with a campaign that is being written */
	struct noon_reference
		*reference; /**< NULL: `reading` is in force from the first sample on */
	struct noon_reference_reading reading; /**< the last that was kept */
	uint32_t reading_number;	       /**< 0: none yet */
	uint64_t samples;		       /**< on disk */
	uint64_t waiting;
	uint64_t missed;
	bool full; /**< the last commit failed */
};

/** Say between which instants a clock was that stamped `stamp` in multiples of `unit`, ns.
 *  @param rounding  enum noon_one_way_rounding */
void noon_writer_span(noon_time stamp, noon_dur unit, int rounding, struct noon_campaign_sample *s);

/** Keep a sample; its reading is filled in. @retval NOON_OK, NOON_ERR_FULL (commit first) */
NOON_MUST_USE noon_err noon_writer_sample(struct noon_writer *w, struct noon_campaign_sample *s);
/** Count a question without a usable answer. */
void noon_writer_miss(struct noon_writer *w, noon_time at, const char *why);
/** Put all of it on disk. @retval NOON_OK, NOON_ERR_OS (all is kept for the next commit) */
NOON_MUST_USE noon_err noon_writer_commit(struct noon_writer *w);

#endif
