/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers of the SR620 time interval counter.
 */
#ifndef NOON_WIRE_SR620_H
#define NOON_WIRE_SR620_H

#include "base/bytes.h"

#define NOON_SR620_DUMP_LEN 8 /**< bytes of a value of BDMP */

/** Read an answer to MEAS?: one number, s. @retval NOON_OK, NOON_ERR_FORMAT, NOON_ERR_RANGE; then
 *  untouched */
NOON_MUST_USE noon_err noon_sr620_value(struct noon_bytes line, double *ret_s);
/** Read one value of a binary dump (BDMP) of time intervals: 8 bytes, little-endian, in units of
 *  1.05963812934e-14 s. @param[out] ret_s  s. @retval NOON_OK, NOON_ERR_SHORT: untouched */
NOON_MUST_USE noon_err noon_sr620_dump(struct noon_rd *rd, double *ret_s);

#endif
