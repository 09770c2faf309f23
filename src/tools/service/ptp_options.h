/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of the verbs that ask a PTP transmitter.
 */
#ifndef NOON_TOOLS_PTP_OPTIONS_H
#define NOON_TOOLS_PTP_OPTIONS_H

#include "ask/asker.h"
#include "option/option.h"

/** Of struct noon_asker_ptp. */
extern const struct noon_option noon_ptp_rows[];

/** Their heading in --help. */
#define NOON_PTP_HEADING "For ptp:// (needs the right to open ports 319 and 320):"

/** Return the defaults. */
struct noon_asker_ptp noon_ptp_options_default(void);

#endif
