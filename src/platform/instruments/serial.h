/* SPDX-License-Identifier: Apache-2.0
 *
 * Serial lines on a loop: raw, 8 data bits, no parity, one stop bit, no flow control; lines in,
 * text out. A device that goes away is opened again every few seconds.
 */
#ifndef NOON_PLATFORM_SERIAL_H
#define NOON_PLATFORM_SERIAL_H

#include <termios.h>

#include "platform/instruments/driver.h"
#include "wire/instruments/lines.h"

#define NOON_SERIAL_LINE_MAX 128
#define NOON_SERIAL_PATH_MAX 256 /**< with the final NUL */

struct noon_serial {
	/* Set by the driver, the rest zero. */
	struct noon_silence *silence; /**< borrowed; its instrument counts */
	char path[NOON_SERIAL_PATH_MAX];
	speed_t speed; /**< B115200; ptys take any */
	bool two_stop_bits;
	bool middle; /**< it talks unasked: drop the first line */
	/** Opened, also again. May be NULL. */
	void (*on_open)(void *arg);
	void (*on_line)(void *arg, struct noon_bytes line); /**< borrowed for the call */
	void *arg;

	struct noon_fd_watch watch;
	struct noon_timer retry;
	struct noon_lines lines;
	uint8_t buf[NOON_SERIAL_LINE_MAX];
};

/** Open. @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_PERM, NOON_ERR_UNSUPPORTED (no terminal),
 *  NOON_ERR_OS: see *why; then nothing is open, and nothing is tried again */
NOON_MUST_USE noon_err noon_serial_open(struct noon_serial *s, struct noon_instrument_why *why);
/** Close; one that is not open or zeroed is fine. */
void noon_serial_close(struct noon_serial *s);
/** Send a short text, as it is; what the device does not take at once is lost. Nothing happens
 * while the device is away. */
void noon_serial_send(struct noon_serial *s, const char *text);

#endif
