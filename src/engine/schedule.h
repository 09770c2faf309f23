/* SPDX-License-Identifier: Apache-2.0
 *
 * When to ask a source again.
 *
 * A burst at the start (and after an alarm), then 2^poll seconds between polls. The exponent
 * goes up after some exchanges in a row that say the line would be known well even after twice
 * the interval, down when it is badly known already after one, and never so far up that the
 * bound could reach the alert limit within four polls.
 */
#ifndef NOON_ENGINE_SCHEDULE_H
#define NOON_ENGINE_SCHEDULE_H

#include <stdint.h>

#include "base/time.h"

struct noon_source_conf;

struct noon_schedule {
	int8_t poll;	    /**< log2 s, between poll_min and poll_max */
	uint8_t burst_left; /**< exchanges left of the burst */
	uint8_t calm;	    /**< exchanges since the last change that suggest a longer interval */
};

/** Start with poll_min and the burst. */
void noon_schedule_start(struct noon_schedule *s, const struct noon_source_conf *conf);

/** Ask often again: poll_min and a burst; after an alarm or a discontinuity. */
void noon_schedule_hurry(struct noon_schedule *s, const struct noon_source_conf *conf);

/** What the regression said about the last exchange. */
enum noon_trend {
	NOON_TREND_OPEN,   /**< too early to say */
	NOON_TREND_STEADY, /**< the line will be known well after twice the interval */
	NOON_TREND_BENT,   /**< the line is badly known already after the interval */
};

/** Adapt to an accepted exchange. */
void noon_schedule_adapt(struct noon_schedule *s, const struct noon_source_conf *conf,
			 enum noon_trend trend);

/** Count a poll that brought nothing. */
void noon_schedule_miss(struct noon_schedule *s);

/**
 * Return the time from one poll to the next, ns, > 0.
 *
 * @param room  time until the bound reaches the alert limit, ns; NOON_DUR_MAX if it never does
 */
noon_dur noon_schedule_interval(const struct noon_schedule *s, const struct noon_source_conf *conf,
				noon_dur room);

#endif
