/* SPDX-License-Identifier: Apache-2.0
 *
 * What `status` says of PTP.
 */
#ifndef NOON_DAEMON_STATUS_PTP_H
#define NOON_DAEMON_STATUS_PTP_H

#include <jansson.h>

#include "daemon/core/daemon.h"

/** Counters of verdicts that are not zero, by their words (status.c). */
json_t *noon_status_verdicts(const struct noon_counters *c);
/** The words of findings, a bit per enum noon_finding_kind. */
json_t *noon_status_findings(uint32_t mask);

/** The state of a receiver. */
json_t *noon_status_ptp_receiver(const struct noon_daemon_source *s);

/** A list of the transmitters. */
json_t *noon_status_ptp_transmitters(const struct noon_daemon *d);

#endif
