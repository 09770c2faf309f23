/* SPDX-License-Identifier: Apache-2.0
 *
 * The `status` of PTP.
 */
#ifndef NOON_DAEMON_STATUS_PTP_H
#define NOON_DAEMON_STATUS_PTP_H

#include <jansson.h>

#include "daemon/serve/ptp_service.h"
#include "proto/ptp/ptp_receiver.h"

/** The state of a receiver. @param now  free-running clock */
json_t *noon_status_ptp_receiver(const struct noon_ptp_receiver *m,
				 const struct noon_daemon_ptp_port *port, noon_time now);

/** A list of the transmitters that have been started. @param s  s[n], some may be NULL */
json_t *noon_status_ptp_transmitters(struct noon_ptp_service *const *s, size_t n);

#endif
