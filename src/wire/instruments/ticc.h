/* SPDX-License-Identifier: Apache-2.0
 *
 * What the TAPR TICC time interval counter prints (its firmware, 2017 to 2025).
 *
 *     # a comment                       -0.00001234567 TI(A->B)     interval mode
 *     123.45678901234 chA               time-stamp mode, and the first two lines of TimeLab mode
 *     1.00000000012 chA                 period mode: the same form
 *
 * In interval mode firmware of 2025 leaves "TI(A->B)" out; a bare number is an interval only where
 * the heading of that mode was seen. Periods are told from time stamps by the heading or, where the
 * beginning was missed, by time stamps that move on: the first two of a channel are only looked at.
 * Time stamps of both channels that are less than half a second apart make an interval, B - A. The
 * counter may wrap them at a power of ten of seconds (setting WRAP).
 */
#ifndef NOON_WIRE_TICC_H
#define NOON_WIRE_TICC_H

#include <stdbool.h>

#include "base/bytes.h"
#include "wire/instruments/decimal.h"

#define NOON_TICC_LINE_MAX 128 /**< bytes of a line; those of the menu are shorter as well */

enum noon_ticc_mode {
	NOON_TICC_UNKNOWN, /**< no heading yet */
	NOON_TICC_STAMPS,  /**< time stamps, also of TimeLab mode */
	NOON_TICC_INTERVALS,
	NOON_TICC_OTHER, /**< periods, debug */
};

enum noon_ticc_event {
	NOON_TICC_READING,
	NOON_TICC_WAITING,	/**< a time stamp whose partner may still come */
	NOON_TICC_UNPAIRED,	/**< the same, and the one before it had no partner */
	NOON_TICC_COMMENT,	/**< comments; periods, time stamps that do not move on, debug */
	NOON_TICC_ASKS_KEY,	/**< a comment: it waits for a key before it goes on */
	NOON_TICC_OUT_OF_RANGE, /**< more than a second and a half */
	NOON_TICC_MALFORMED,
};

struct noon_ticc_channel {
	struct noon_fixed last;
	unsigned moved; /**< how often it moved on in a row */
	bool any;	/**< last is one */
	bool waiting;	/**< last has no partner yet */
};

struct noon_ticc {
	struct noon_ticc_channel channel[2]; /**< A, B */
	enum noon_ticc_mode mode;
	bool lost; /**< it says that its 10 MHz reference is lost */
};

/** Take a line, without its end. A zeroed *t is one that has just been connected.
 *  @param[out] ret_s  of a reading: interval B - A, s, in (-0.5, 0.5]; else untouched */
enum noon_ticc_event noon_ticc_line(struct noon_ticc *t, struct noon_bytes line, double *ret_s);

#endif
