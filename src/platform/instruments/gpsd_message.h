/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of gpsd (gpsd_json(5)): one JSON object a line.
 */
#ifndef NOON_PLATFORM_GPSD_MESSAGE_H
#define NOON_PLATFORM_GPSD_MESSAGE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/time.h"

#define NOON_GPSD_LINE_MAX 8192

enum noon_gpsd_class {
	NOON_GPSD_PPS,
	NOON_GPSD_TPV,
	NOON_GPSD_ERROR,
	NOON_GPSD_OTHER, /**< TOFF, VERSION, DEVICES, SKY and what comes in later versions */
};

struct noon_gpsd_message {
	enum noon_gpsd_class class;
	char device[128]; /**< PPS, TPV: as gpsd names it; "": not said */
	noon_time real;	  /**< PPS: time of the receiver at the pulse */
	noon_time clock;  /**< PPS: system clock at the pulse */
	double u_s;	  /**< PPS: from precision, a power of two, and the quantization error */
	int mode;	  /**< TPV: 0 unknown, 1 no fix, 2 2D, 3 3D */
	char text[128];	  /**< ERROR: what gpsd says */
};

/**
 * Read a line.
 *
 * @param[out] ret  untouched unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_FORMAT  no JSON object with a class, or a PPS or TPV without its members
 * @retval NOON_ERR_RANGE   a PPS with nanoseconds, seconds or a precision that cannot be
 */
NOON_MUST_USE noon_err noon_gpsd_read(struct noon_bytes line, struct noon_gpsd_message *ret);

#endif
