/* SPDX-License-Identifier: Apache-2.0
 *
 * The `status` of the daytime and the time service.
 */
#ifndef NOON_DAEMON_STATUS_ONE_WAY_H
#define NOON_DAEMON_STATUS_ONE_WAY_H

#include <jansson.h>

#include "daemon/serve/services.h"

/** A list of the served ones. */
json_t *noon_status_one_way(const struct noon_services *s);

#endif
