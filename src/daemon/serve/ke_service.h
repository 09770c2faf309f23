/* SPDX-License-Identifier: Apache-2.0
 *
 * The NTS-KE server: listener, connection cap and the loop it runs on.
 *
 * With the event backend it has its own thread and loop, so that handshakes never delay an NTP
 * reply; with the poll backend it runs in the main loop. At the cap a connection that has sent
 * nothing, or is slow to complete its handshake, is closed for a new one; without any, the new one
 * waits in the kernel's backlog. Each has an absolute time limit.
 */
#ifndef NOON_DAEMON_KE_SERVICE_H
#define NOON_DAEMON_KE_SERVICE_H

#include "daemon/config/config.h"
#include "daemon/serve/served.h"
#include "platform/loop.h"
#include "proto/nts/nts_keys.h"
#include "proto/nts/ntske_outcome.h"

struct noon_ke_service;

struct noon_ke_service_counters {
	struct noon_ntske_counters outcomes;
	uint64_t accepted;
	uint64_t deferred;    /**< times new connections had to wait: cap or descriptors */
	uint64_t crowded_out; /**< silent or slow ones closed at the cap */
};

/** Open the listeners and load certificate and key. Errors are logged.
 *  @retval NOON_OK, NOON_ERR_OS, NOON_ERR_CRYPTO, NOON_ERR_CERT, NOON_ERR_NOT_FOUND, ... */
NOON_MUST_USE noon_err noon_ke_service_new(const struct noon_config_ke *conf,
					   struct noon_loop *loop, struct noon_served *served,
					   const struct noon_secret_nts_master *master,
					   struct noon_ke_service **ret);
NOON_MUST_USE noon_err noon_ke_service_start(struct noon_ke_service *s);
/** Request a reload of certificate and key; the result is logged. Thread: any. */
void noon_ke_service_reload(struct noon_ke_service *s);
void noon_ke_service_counters(struct noon_ke_service *s, struct noon_ke_service_counters *ret);
/** Stop, join, close; NULL is fine. */
void noon_ke_service_free(struct noon_ke_service *s);

#endif
