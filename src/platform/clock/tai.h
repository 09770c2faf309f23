/* SPDX-License-Identifier: Apache-2.0
 *
 * TAI - UTC: from the list of leap seconds that IERS publishes, or from the kernel.
 */
#ifndef NOON_PLATFORM_TAI_H
#define NOON_PLATFORM_TAI_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/leap.h"
#include "base/sample.h"

/**
 * Look TAI - UTC and the next leap second up in a leap-seconds.list.
 *
 * @param      text      the file
 * @param      utc_s     instant, s since 1970 UTC
 * @param[out] ret       s
 * @param[out] ret_list  what it says about later times
 * @retval NOON_OK
 * @retval NOON_ERR_FORMAT     no such list
 * @retval NOON_ERR_STALE      the list has expired
 * @retval NOON_ERR_NOT_FOUND  before the first entry (1972)
 */
NOON_MUST_USE noon_err noon_tai_from_list(struct noon_bytes text, int64_t utc_s, int16_t *ret,
					  struct noon_leap_list *ret_list);

/**
 * Find TAI - UTC for an instant near now: from the list, else from the kernel, if a program has set
 * it.
 *
 * @param[out] ret_list  what the list says about later times; NOON_LEAP_LIST_NONE where it was not
 *                       used; always set
 * @param[out] ret_why   why it is not known, static
 * @retval NOON_OK
 * @retval NOON_ERR_STATE      list and kernel contradict each other
 * @retval NOON_ERR_NOT_FOUND  neither knows
 */
NOON_MUST_USE noon_err noon_tai_find(const char *list_path, int64_t utc_s, int16_t *ret,
				     struct noon_leap_list *ret_list, const char **ret_why);

/** The kernel's leap second of today: for a clock that another program steers. */
enum noon_leap noon_tai_kernel_leap(void);

#endif
