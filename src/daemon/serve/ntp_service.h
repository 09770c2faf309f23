/* SPDX-License-Identifier: Apache-2.0
 *
 * The NTP server's sockets: worker threads with batched system calls, or, in the poll backend,
 * the loop itself with one message per call.
 *
 * Each worker has its own machine, keys, randomness and rate limiter; they share only the snapshot
 * of the time and, after each batch, their counters.
 */
#ifndef NOON_DAEMON_NTP_SERVICE_H
#define NOON_DAEMON_NTP_SERVICE_H

#include "daemon/config/config.h"
#include "daemon/serve/served.h"
#include "platform/loop.h"
#include "proto/nts/nts_keys.h"

struct noon_ntp_service;

struct noon_ntp_service_counters {
	struct noon_counters verdicts;
	uint64_t nts_replies;
	uint64_t ntsn_replies;
	uint64_t cookies_made;
	uint64_t send_failures;
	uint64_t unstamped; /**< requests without a kernel stamp */
};

/**
 * Open the sockets; nothing is served before noon_ntp_service_start(). Errors are logged.
 *
 * @param master  cookie master secret, copied; NULL: no NTS
 * @retval NOON_OK, NOON_ERR_OS, NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_ntp_service_new(const struct noon_config_server *conf,
					    struct noon_loop *loop, struct noon_served *served,
					    const struct noon_secret_nts_master *master,
					    noon_dur rotate, struct noon_ntp_service **ret);
/** Start serving (threads start here, after privileges were dropped). */
NOON_MUST_USE noon_err noon_ntp_service_start(struct noon_ntp_service *s);
/** Sum over the workers, as of their last batch. */
void noon_ntp_service_counters(struct noon_ntp_service *s, struct noon_ntp_service_counters *ret);
/** Stop, join, close; NULL is fine. */
void noon_ntp_service_free(struct noon_ntp_service *s);

#endif
