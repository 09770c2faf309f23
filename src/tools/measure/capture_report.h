/* SPDX-License-Identifier: Apache-2.0
 *
 * What `noonmark capture` prints: exchanges, and what could not be read.
 */
#ifndef NOON_TOOLS_CAPTURE_REPORT_H
#define NOON_TOOLS_CAPTURE_REPORT_H

#include "ask/passive.h"
#include "tools/core/tool.h"

/** Print the line above the exchanges. */
void noon_capture_report_begin(void);
/** Print one exchange, or one answer without a time. */
void noon_capture_report_print(const struct noon_tap_exchange *e);
/** Print it as one JSON object on one line. */
void noon_capture_report_json(const struct noon_tap_exchange *e);

/** Print what was read and what could not be.
 *  @param dropped  frames that the kernel had no room for
 *  @param level    who stamped */
void noon_capture_report_end(const struct noon_tap_counts *c, uint64_t dropped,
			     enum noon_capture_level level);
/** The same as one JSON object on one line, {"summary": ...}. */
void noon_capture_report_end_json(const struct noon_tap_counts *c, uint64_t dropped,
				  enum noon_capture_level level);

#endif
