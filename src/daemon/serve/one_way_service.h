/* SPDX-License-Identifier: Apache-2.0
 *
 * The sockets of the daytime and the time service, UDP and TCP, in the main loop.
 *
 * A connection is answered when it is accepted and then only waits for its peer's FIN, for a few
 * seconds at most; at the cap the oldest of those is closed. So peers that send nothing, or never
 * close, do not block others.
 */
#ifndef NOON_DAEMON_ONE_WAY_SERVICE_H
#define NOON_DAEMON_ONE_WAY_SERVICE_H

#include "daemon/config/config.h"
#include "daemon/serve/served.h"
#include "platform/loop.h"

struct noon_one_way_service;

struct noon_one_way_service_counters {
	uint64_t requests; /**< datagrams and connections */
	uint64_t replies;
	uint64_t silent;      /**< no reply: no time to serve */
	uint64_t limited;     /**< no reply: too many from the address */
	uint64_t refused;     /**< no reply: from a port below 1024, or no free descriptor */
	uint64_t connections; /**< accepted */
	uint64_t crowded_out; /**< answered, but closed by us at the cap of connections */
	uint64_t send_failures;
};

/**
 * Open the sockets; nothing is served before noon_one_way_service_start(). Errors are logged.
 *
 * @param conf    borrowed for the life of the service
 * @param served  the time; borrowed
 * @retval NOON_OK, NOON_ERR_OS
 */
NOON_MUST_USE noon_err noon_one_way_service_new(const struct noon_config_one_way *conf,
						struct noon_loop *loop, struct noon_served *served,
						struct noon_one_way_service **ret);
/** Start serving. @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_one_way_service_start(struct noon_one_way_service *s);
/** Borrow the counters; thread: the loop's. */
const struct noon_one_way_service_counters *
noon_one_way_service_counters(const struct noon_one_way_service *s);
/** Close everything; NULL is fine. */
void noon_one_way_service_free(struct noon_one_way_service *s);

#endif
