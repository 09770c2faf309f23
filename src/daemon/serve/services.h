/* SPDX-License-Identifier: Apache-2.0
 *
 * What the daemon serves, opened and started together: NTP, NTS-KE, time stamps, daytime and time,
 * and the sockets of PTP.
 */
#ifndef NOON_DAEMON_SERVICES_H
#define NOON_DAEMON_SERVICES_H

#include "base/err.h"

struct noon_daemon;

/** Open sockets below 1024 and files that only root reads, while that is allowed. Errors are
 * logged; what was opened is closed by noon_daemon_fini(). @retval NOON_OK, others of the services'
 */
NOON_MUST_USE noon_err noon_services_open(struct noon_daemon *d);

/** Begin to serve, after privileges were dropped; transmitters of PTP begin with the sources.
 * Errors as noon_services_open(). */
NOON_MUST_USE noon_err noon_services_start(struct noon_daemon *d);

#endif
