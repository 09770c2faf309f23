/* SPDX-License-Identifier: Apache-2.0
 *
 * The drivers of instruments.
 */
#ifndef NOON_PLATFORM_DRIVERS_H
#define NOON_PLATFORM_DRIVERS_H

#include "platform/instruments/instrument.h"

/** Pulses that the kernel stamps (RFC 2783): /dev/ppsN, or a file of instants. */
extern const struct noon_instrument_driver noon_instrument_pps;
/** TAPR TICC on a serial line. */
extern const struct noon_instrument_driver noon_instrument_ticc;
/** Keysight 53220A and 53230A by TCP. */
extern const struct noon_instrument_driver noon_instrument_53230a;
/** Stanford SR620 on RS-232 or GPIB. */
extern const struct noon_instrument_driver noon_instrument_sr620;
/** Pulses as gpsd stamps them. */
extern const struct noon_instrument_driver noon_instrument_gpsd;
/** A PTP hardware clock: /dev/ptpN, or a file with a number of ns. */
extern const struct noon_instrument_driver noon_instrument_phc;

#endif
