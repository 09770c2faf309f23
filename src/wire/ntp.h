/* SPDX-License-Identifier: Apache-2.0
 *
 * The NTP header (RFC 5905, section 7.3) and its number formats.
 *
 * Times on the wire are 32.32 fixed point seconds since 1900, in eras of 2^32 s; the era is not
 * on the wire. It is chosen so that the result lies within 2^31 s (68 years) of a pivot
 * (RFC 5905, section 6). Era 1 begins on 7 February 2036.
 */
#ifndef NOON_WIRE_NTP_H
#define NOON_WIRE_NTP_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/time.h"

#define NOON_NTP_HEADER_LEN 48
#define NOON_NTP_VERSION    4
#define NOON_NTP_PORT	    123
#define NOON_NTP_PACKET_MAX 1280 /**< bytes; longer packets are refused both ways */

/** Nothing that this release meets is earlier: 2025-01-01 UTC, a constant of the release, so that a
 *  build can be reproduced. Raised now and then, never beyond the day of a release. */
#define NOON_NTP_ERA_FLOOR_S INT64_C(1735689600)

/** The pivot whose nearest instants are those from the floor on, for 2^32 s (to 2161). What the
 * local clock says decides nothing: it may be wrong by more than an era before it is set. */
#define NOON_NTP_ERA_PIVOT \
	((noon_time){(NOON_NTP_ERA_FLOOR_S + (INT64_C(1) << 31)) * NOON_NS_PER_SEC})

enum noon_ntp_mode {
	NOON_NTP_MODE_CLIENT = 3,
	NOON_NTP_MODE_SERVER = 4,
};

/** A time as it is on the wire: seconds << 32 | fraction. 0 means unknown. */
typedef uint64_t noon_ntp_ts;

struct noon_ntp_header {
	uint8_t leap;	     /**< 0..3, enum noon_leap */
	uint8_t version;     /**< 0..7 */
	uint8_t mode;	     /**< 0..7 */
	uint8_t stratum;     /**< 0 kiss-o'-death or unspecified, 1..15, 16 unsynchronised */
	int8_t poll;	     /**< log2 s */
	int8_t precision;    /**< log2 s */
	uint32_t root_delay; /**< 16.16 s */
	uint32_t root_disp;  /**< 16.16 s */
	uint32_t ref_id;     /**< reference identifier, or kiss code when stratum is 0 */
	noon_ntp_ts reference;
	noon_ntp_ts origin;
	noon_ntp_ts receive;
	noon_ntp_ts transmit;
};

/** Kiss codes as they stand in ref_id (RFC 5905, section 7.4; RFC 8915, section 5.7). */
#define NOON_KISS(a, b, c, d) \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#define NOON_KISS_DENY NOON_KISS('D', 'E', 'N', 'Y')
#define NOON_KISS_RSTR NOON_KISS('R', 'S', 'T', 'R')
#define NOON_KISS_RATE NOON_KISS('R', 'A', 'T', 'E')
#define NOON_KISS_NTSN NOON_KISS('N', 'T', 'S', 'N')
#define NOON_KISS_INIT NOON_KISS('I', 'N', 'I', 'T')

/** Read a header. @retval NOON_OK, NOON_ERR_SHORT */
NOON_MUST_USE noon_err noon_ntp_header_get(struct noon_rd *rd, struct noon_ntp_header *ret);
/** Write a header. @retval NOON_OK, NOON_ERR_FULL */
NOON_MUST_USE noon_err noon_ntp_header_put(struct noon_wr *wr, const struct noon_ntp_header *h);

/** Convert a wire time to the instant nearest to `pivot`; truncates below 1 ns. */
noon_time noon_ntp_ts_to_time(noon_ntp_ts ts, noon_time pivot);
/** Convert an instant to wire time; rounds down to 2^-32 s. The era is lost. */
noon_ntp_ts noon_ntp_ts_from_time(noon_time t);

/** Convert 16.16 s to ns, rounded up (feeds a bound). */
noon_dur noon_ntp_short_to_dur(uint32_t v);
/** Convert ns to 16.16 s, rounded up, saturated; negative becomes 0. */
uint32_t noon_ntp_short_from_dur(noon_dur d);

/** Return 2^precision s in ns, rounded up; precision is clamped to [-32, 5]. */
noon_dur noon_ntp_precision_to_dur(int8_t precision);

#endif
