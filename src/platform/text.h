/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers with units, and bytes, as users write them.
 */
#ifndef NOON_PLATFORM_TEXT_H
#define NOON_PLATFORM_TEXT_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/time.h"

/** Parse a duration such as "250ms", "1.5 us", "2h", "30" (seconds). @retval NOON_OK,
 *  NOON_ERR_FORMAT, NOON_ERR_RANGE */
NOON_MUST_USE noon_err noon_text_dur(const char *text, noon_dur *ret);
/** Parse a frequency such as "40ppm", "3ppb", "1e-6". @retval NOON_OK, NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_text_freq(const char *text, noon_freq *ret);
/** Write bytes as hexadecimal digits. @param[out] out  2 * b.n + 1 bytes, zero included */
void noon_text_hex(struct noon_bytes b, char *out);

#endif
