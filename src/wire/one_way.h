/* SPDX-License-Identifier: Apache-2.0
 *
 * The time protocol: seconds since 1900 in 32 bits, and nothing else (RFC 868).
 *
 * The count starts again at 2036-02-07 06:28:16 UTC; which turn is meant is not on the wire, so a
 * reader says around when it is. Leap seconds are not counted.
 */
#ifndef NOON_WIRE_ONE_WAY_H
#define NOON_WIRE_ONE_WAY_H

#include "base/bytes.h"
#include "base/time.h"

enum noon_one_way_protocol {
	NOON_ONE_WAY_DAYTIME, /**< RFC 867, a text: wire/daytime.h */
	NOON_ONE_WAY_TIME,    /**< RFC 868, a number */
};

#define NOON_ONE_WAY_DAYTIME_PORT 13
#define NOON_ONE_WAY_TIME_PORT	  37

#define NOON_ONE_WAY_TIME_LEN 4 /**< bytes of a reply */

/** Append the second that is current at `utc` (rounds down), mod 2^32.
 *  @retval NOON_OK, NOON_ERR_FULL */
NOON_MUST_USE noon_err noon_one_way_time_put(struct noon_wr *wr, noon_time utc);

/**
 * Read a whole reply.
 *
 * @param pivot     the result is the instant nearest to it, at most 2^31 s (68 years) away
 * @param[out] ret  beginning of the second that is said
 * @retval NOON_OK
 * @retval NOON_ERR_SHORT, NOON_ERR_LONG  not exactly 4 bytes
 * @retval NOON_ERR_RANGE                 beyond what noon_time can say
 */
NOON_MUST_USE noon_err noon_one_way_time_get(struct noon_bytes reply, noon_time pivot,
					     noon_time *ret);

#endif
