/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of text out of a stream of bytes, of bounded length.
 *
 * A line ends with CR, LF or both; empty lines do not count. A line that is longer than the buffer
 * is dropped as a whole. Where the stream may begin in the middle of a line, the first one is
 * dropped as well: what is left of it may look like a number.
 */
#ifndef NOON_WIRE_LINES_H
#define NOON_WIRE_LINES_H

#include <stdbool.h>

#include "base/bytes.h"

struct noon_lines {
	uint8_t *buf; /**< borrowed */
	size_t cap;
	size_t n;
	bool first;  /**< the line that is read may have begun before the stream */
	bool excess; /**< the line that is read is too long */
};

enum noon_line {
	NOON_LINE_NONE,	   /**< all bytes are used up */
	NOON_LINE_WHOLE,   /**< a line, without its end */
	NOON_LINE_DROPPED, /**< one that was too long */
};

/** Begin a stream. @param buf  for lines of up to cap bytes; borrowed as long as l is used
 *  @param middle  the stream may begin in the middle of a line */
void noon_lines_init(struct noon_lines *l, uint8_t *buf, size_t cap, bool middle);
/** Take bytes off *in up to the end of a line. @param[out] ret  of a whole line; borrowed from the
 *  buffer until the next call; else untouched */
NOON_MUST_USE enum noon_line noon_lines_next(struct noon_lines *l, struct noon_bytes *in,
					     struct noon_bytes *ret);

#endif
