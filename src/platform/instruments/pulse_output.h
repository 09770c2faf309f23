/* SPDX-License-Identifier: Apache-2.0
 *
 * A pulse each second of the system clock, for a counter to compare with a reference: from a line
 * of a serial port, a parallel port, or a file of instants (in tests, and to see what software can
 * do).
 *
 * Software is late by what the scheduler takes. When it began and ended to raise the line is read
 * from the clock around it, so that lateness and its uncertainty are known of each pulse.
 */
#ifndef NOON_PLATFORM_PULSE_OUTPUT_H
#define NOON_PLATFORM_PULSE_OUTPUT_H

#include "base/err.h"
#include "base/time.h"

struct noon_pulse_output;

struct noon_pulse_why {
	char text[256]; /**< a clause */
};

/**
 * Open "serial:DEVICE[,dtr]" (RTS, or DTR), "parallel:DEVICE" (all data pins), "file:PATH"
 * (appended: the instant that was meant, and those before and after it was raised, ns since 1970),
 * or "phc:DEVICE": a PTP hardware clock puts out a pulse at each second of its own, and when that
 * is on the system clock is read each time. The line is low.
 * @retval NOON_OK, NOON_ERR_FORMAT, NOON_ERR_NOT_FOUND, NOON_ERR_PERM, NOON_ERR_UNSUPPORTED,
 * NOON_ERR_OS: see *why
 */
NOON_MUST_USE noon_err noon_pulse_output_open(const char *spec, struct noon_pulse_output **ret,
					      struct noon_pulse_why *why);
/** Lowers the line. NULL is fine. */
void noon_pulse_output_close(struct noon_pulse_output *o);

/** One pulse. */
struct noon_pulse {
	noon_time meant;  /**< system clock */
	noon_time before; /**< just before the line was raised */
	noon_time after;  /**< just after it */
};

/**
 * Wait for an instant of the system clock, raise the line, and lower it after `width`. Blocks; a
 * signal ends the wait. A PTP hardware clock raises its own: `at` is the second it is held against.
 * @retval NOON_OK
 * @retval NOON_ERR_STATE  a signal came
 * @retval NOON_ERR_OS     the line cannot be set; errno tells more
 */
NOON_MUST_USE noon_err noon_pulse_output_send(struct noon_pulse_output *o, noon_time at,
					      noon_dur width, struct noon_pulse *ret);

#endif
