/* SPDX-License-Identifier: Apache-2.0
 *
 * A PTP hardware clock as an instrument: read against the system clock, with pulses in (extts) and
 * out (perout).
 *
 * A regular file stands for a device in tests. Its line has the number of ns by which the "device"
 * is ahead of the system clock and, where pulses come in, that by which it is ahead of the
 * reference; it is read again each time.
 */
#ifndef NOON_PLATFORM_PHC_PORT_H
#define NOON_PLATFORM_PHC_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/instruments/instrument.h"

struct noon_phc_port {
	char path[256];
	int fd;
	bool is_file;
	int64_t pulse_s; /**< of a file: second of the last pulse that was handed on */
};

/** A reading, ns: the device was read between two readings of the system clock. */
struct noon_phc_reading {
	int64_t before, phc, after;
};

/** Open. @param pulses  it is to be set up for pulses, which needs the right to write
 *  @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_PERM, NOON_ERR_UNSUPPORTED (no such clock),
 *          NOON_ERR_OS: see *why */
NOON_MUST_USE noon_err noon_phc_port_open(struct noon_phc_port *d, const char *path, bool pulses,
					  struct noon_instrument_why *why);
void noon_phc_port_close(struct noon_phc_port *d);

/** Read it. @return 0, EBADMSG (a file without a number), or errno */
int noon_phc_port_read(const struct noon_phc_port *d, struct noon_phc_reading *ret);
/** Stamp the rising edges of pulses that come in on a channel. @return 0 or errno */
int noon_phc_port_pulses_in(const struct noon_phc_port *d, unsigned channel);
/** The newest pulse that came in and was not handed on yet.
 *  @param[out] ret_phc     device's time of it, ns
 *  @param[out] ret_passed  how many came since the last call
 *  @return 0, EAGAIN (none), EBADMSG, or errno */
int noon_phc_port_pulse(struct noon_phc_port *d, int64_t *ret_phc, unsigned *ret_passed);
/** Put out a pulse at each second of the device from one that is near on. @return 0 or errno */
int noon_phc_port_pulses_out(const struct noon_phc_port *d, unsigned channel);

/** A time, ns, less whole seconds: in (-0.5, 0.5] s. */
int64_t noon_phc_into_second(int64_t ns);

#endif
