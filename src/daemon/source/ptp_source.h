/* SPDX-License-Identifier: Apache-2.0
 *
 * A source that is a PTP transmitter: what daemon/source does for NTP, for a ptp-receiver section.
 */
#ifndef NOON_DAEMON_PTP_SOURCE_H
#define NOON_DAEMON_PTP_SOURCE_H

#include "daemon/source/source.h"
#include "engine/clock/reading.h"

/** Open sockets and keys. Errors are logged. */
NOON_MUST_USE noon_err noon_ptp_source_open(struct noon_daemon_source *s,
					    struct noon_ptp_ports *ports);
/** Set up and start; s->host is set. Errors are logged. */
NOON_MUST_USE noon_err noon_ptp_source_init(struct noon_daemon_source *s);
/** Once a second. @param guard  state of our guard for the transmitter, 0xff: none */
void noon_ptp_source_tick(struct noon_daemon_source *s, uint8_t guard);
/** After each event: what the clock shows and what is known of it, for the transmitter to compare
 *  with its own. Of a source that is none of PTP nothing happens. */
void noon_ptp_source_tell(struct noon_daemon_source *s, const struct noon_reading *r);
void noon_ptp_source_fini(struct noon_daemon_source *s);

#endif
