/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers as users write them, checked: the whole text must be a number within its range.
 */
#ifndef NOON_PLATFORM_NUMBER_H
#define NOON_PLATFORM_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Parse a finite decimal number. @return whether it is a number within [min, max] */
bool noon_number(const char *text, double min, double max, double *ret);
/** Parse a non-negative integer of decimal digits. @return as above */
bool noon_number_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret);
/** Parse a bit rate such as "1G", "100M", "1e9", bits per second. @return whether it is one > 0 */
bool noon_number_rate(const char *text, double *ret);
/** Parse integers separated by commas, at most cap, and sort them; duplicates count once.
 *  @return how many, 0 if the text is not such a list */
size_t noon_number_list(const char *text, uint64_t min, uint64_t max, uint64_t *ret, size_t cap);

#endif
