/* SPDX-License-Identifier: Apache-2.0
 *
 * When to ask a source again.
 *
 * A burst at the start (and after an alarm), then 2^poll seconds between polls. The exponent
 * goes up after some exchanges in a row that say the line would be known well even after twice
 * the interval, down when it is badly known already after one, and never so far up that the
 * bound could reach the alert limit within four polls.
 *
 * Where even 2^poll_min seconds are too long for that, as after exchanges that were lost or
 * delayed, the next poll comes in time for some more before the limit is reached. There are as
 * many of these as a burst has exchanges, and one more for each poll that waited 2^poll_min: in
 * the long run no more than every other one.
 */
#ifndef NOON_ENGINE_SCHEDULE_H
#define NOON_ENGINE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

struct noon_source_conf;

struct noon_schedule {
	int8_t poll;	    /**< log2 s, between poll_min and poll_max */
	uint8_t burst_left; /**< exchanges left of the burst */
	uint8_t calm;	    /**< exchanges since the last change that suggest a longer interval */
	uint8_t spare;	    /**< polls that may come sooner than poll_min says */
	noon_time counted;  /**< instant of the last poll's end; NOON_TIME_FIRST: none yet */
};

/** Start with poll_min and the burst. */
void noon_schedule_start(struct noon_schedule *s, const struct noon_source_conf *conf);

/** Ask a few times in quick succession, at burst_interval; the interval is the same afterwards. */
void noon_schedule_burst(struct noon_schedule *s, const struct noon_source_conf *conf);

/** Ask often again: poll_min and a burst; after an alarm or a discontinuity. */
void noon_schedule_advance(struct noon_schedule *s, const struct noon_source_conf *conf);

/** What the regression said about the last exchange. */
enum noon_trend {
	NOON_TREND_OPEN,   /**< too early to say */
	NOON_TREND_STEADY, /**< the line will be known well after twice the interval */
	NOON_TREND_BENT,   /**< the line is badly known already after the interval */
};

/** Count a poll that has ended, by an exchange or without, before either is told below. Those that
 *  came sooner than poll_min says are taken from `spare`, others added. */
void noon_schedule_count(struct noon_schedule *s, const struct noon_source_conf *conf,
			 noon_time now);

/** Adapt to an accepted exchange. */
void noon_schedule_adapt(struct noon_schedule *s, const struct noon_source_conf *conf,
			 enum noon_trend trend);

/** Take note of a poll that brought nothing. */
void noon_schedule_miss(struct noon_schedule *s);

/**
 * Return the time from one poll to the next, ns, > 0.
 *
 * @param room  time until the bound reaches the alert limit, ns; NOON_DUR_MAX if it never does
 */
noon_dur noon_schedule_interval(const struct noon_schedule *s, const struct noon_source_conf *conf,
				noon_dur room);

/** Return the least room that noon_schedule_lasts() is ever content with, ns. */
noon_dur noon_schedule_room_needed(const struct noon_source_conf *conf);

/** How the bound will go on, for noon_schedule_lasts(). */
struct noon_outlook {
	noon_dur room;	  /**< time until it reaches the alert limit, ns; <= 0: it is above */
	noon_dur left;	  /**< what is left between it and the limit, ns */
	noon_dur path;	  /**< width of the interval: what hides the rate, ns */
	noon_dur span;	  /**< from the oldest exchange in the window to now, ns */
	noon_freq wander; /**< growth of the bound when the rate is known best */
};

/**
 * Tell whether the bound stays within the limit for two polls and a lost poll is no alarm: as
 * things stand for two at poll_min; or long enough to try some more times, if with the polls to
 * spare the rate gets known well enough to wait 2^poll_min seconds, before they are used up.
 */
bool noon_schedule_lasts(const struct noon_schedule *s, const struct noon_source_conf *conf,
			 const struct noon_outlook *at);

#endif
