/* SPDX-License-Identifier: Apache-2.0
 *
 * A source that is a PTP transmitter, for a ptp-receiver section.
 */
#ifndef NOON_DAEMON_PTP_SOURCE_H
#define NOON_DAEMON_PTP_SOURCE_H

#include "daemon/source/source_ops.h"

extern const struct noon_source_ops noon_ptp_source_ops;

#endif
