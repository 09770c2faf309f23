/* SPDX-License-Identifier: Apache-2.0
 *
 * A source that speaks NTP: its association, its key exchanges, its addresses.
 */
#ifndef NOON_DAEMON_NTP_SOURCE_H
#define NOON_DAEMON_NTP_SOURCE_H

#include "daemon/source/source_ops.h"

extern const struct noon_source_ops noon_ntp_source_ops;

#endif
