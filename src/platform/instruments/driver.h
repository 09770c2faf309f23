/* SPDX-License-Identifier: Apache-2.0
 *
 * What drivers of instruments share: readings on, and a fault once when nothing usable comes.
 */
#ifndef NOON_PLATFORM_DRIVER_H
#define NOON_PLATFORM_DRIVER_H

#include "platform/instruments/instrument.h"

/** How long after a failure a device or connection is tried again. */
#define NOON_INSTRUMENT_RETRY NOON_S(3)

/** Says once that an instrument is silent or fails, and nothing more until it gives a reading. */
struct noon_silence {
	struct noon_instrument *i; /**< borrowed */
	const char *why;	   /**< "no pulse for 3 s", static */
	noon_dur after;
	struct noon_timer timer;
	bool said;
};

/** Begin to wait for readings; *s must not move until noon_silence_end(). */
void noon_silence_begin(struct noon_silence *s, struct noon_instrument *i, noon_dur after,
			const char *why);
/** A zeroed *s is fine. */
void noon_silence_end(struct noon_silence *s);
/** Hand a reading on: count it, and be ready to complain again. */
void noon_instrument_give(struct noon_silence *s, const struct noon_instrument_reading *r);
/** Call on_fault(), unless that was done since the last reading. @param why  borrowed */
void noon_instrument_complain(struct noon_silence *s, const char *why);
/** Hand an interval on that came now. */
void noon_instrument_give_interval(struct noon_silence *s, double value_s, double u_s, bool lost);

#endif
