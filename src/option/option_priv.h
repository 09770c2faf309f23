/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files of this folder only.
 */
#ifndef NOON_OPTION_OPTION_PRIV_H
#define NOON_OPTION_OPTION_PRIV_H

#include <stdint.h>

#include "option/option.h"

/** Where the lowest `size` bytes of an int64_t begin. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define NOON_OPTION_LOW(size) (sizeof(int64_t) - (size))
#else
#define NOON_OPTION_LOW(size) 0
#endif

/** The limits that hold: of the row, else of its type. */
struct noon_option_limits {
	double min, max;
};

struct noon_option_limits noon_option_limits(const struct noon_option *o);

/** Write "expected ..., did you mean ...?" for a value that cannot be. */
void noon_option_expected(const struct noon_option *o, const char *text, char why[NOON_OPTION_WHY]);

#endif
