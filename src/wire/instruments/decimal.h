/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers as instruments print them, and intervals between pulses that come once a second.
 */
#ifndef NOON_WIRE_DECIMAL_H
#define NOON_WIRE_DECIMAL_H

#include <stdbool.h>

#include "base/bytes.h"

#define NOON_PS_PER_SEC INT64_C(1000000000000)

/** Seconds and picoseconds apart, so that none is lost: a double has 15 digits, a time stamp of
 * some days has 18. */
struct noon_fixed {
	int64_t s;
	int64_t ps; /**< 0 <= ps < NOON_PS_PER_SEC, added to s also where s < 0 */
};

/**
 * Read a number such as "-0.00001234567" or "123", with up to 12 digits on both sides of the point.
 * @retval NOON_OK
 * @retval NOON_ERR_FORMAT  no such number
 * The cursor is behind the number, or where it was.
 */
NOON_MUST_USE noon_err noon_fixed_get(struct noon_rd *rd, struct noon_fixed *ret);
/** Subtract: a - b, ps. @retval NOON_OK, NOON_ERR_RANGE: more than 46 days, untouched */
NOON_MUST_USE noon_err noon_fixed_diff(struct noon_fixed a, struct noon_fixed b, int64_t *ret_ps);

/**
 * Read a number such as "+1.23456789012345E-009", ".5" or "13"; more than 18 digits are rounded.
 * @retval NOON_OK          finite
 * @retval NOON_ERR_FORMAT  no such number
 * @retval NOON_ERR_RANGE   an exponent of more than 99
 * The cursor is behind the number, or where it was.
 */
NOON_MUST_USE noon_err noon_decimal_get(struct noon_rd *rd, double *ret);

/**
 * Bring an interval between two trains of pulses, one a second each, into (-0.5, 0.5] s.
 *
 * A counter that pairs a pulse with the one before or after its partner is wrong by a second, and
 * one that measures in one direction only always does so for half of all intervals.
 *
 * @param s  s, any finite number
 * @retval NOON_OK, NOON_ERR_RANGE (more than a second and a half: no pairing explains it; then
 *         untouched)
 */
NOON_MUST_USE noon_err noon_interval_fold(double s, double *ret);

/** Take blanks off the front. */
void noon_blanks_skip(struct noon_rd *rd);
/** Tell whether a text begins with a word, in any case. @param word  lower case */
bool noon_text_begins(struct noon_bytes text, const char *word);
/** Find a word in a text, in any case. @return bytes behind the word, NULL: not in it */
const uint8_t *noon_text_after(struct noon_bytes text, const char *word);

#endif
