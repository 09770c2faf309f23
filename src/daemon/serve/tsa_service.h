/* SPDX-License-Identifier: Apache-2.0
 *
 * The time-stamp authority: key, ledger writer, serial allocator and workers put together.
 *
 * Each worker is a thread with an HTTP server; one more thread writes the ledger. The path of a
 * request: worker (policy, clock, number, signature) -> ledger writer (on disk) -> worker (reply).
 */
#ifndef NOON_DAEMON_TSA_SERVICE_H
#define NOON_DAEMON_TSA_SERVICE_H

#include <jansson.h>

#include "daemon/config/config.h"
#include "daemon/serve/served.h"
#include "engine/state.h"

struct noon_tsa_service;

/** Load the key, open the sockets. Errors are logged.
 *  @retval NOON_OK, NOON_ERR_OS, NOON_ERR_CERT, others of the certificate's */
NOON_MUST_USE noon_err noon_tsa_service_new(const struct noon_config_tsa *conf,
					    struct noon_served *served,
					    struct noon_tsa_service **ret);
/** Open the ledger and start the threads, after privileges were dropped. Errors are logged.
 *  @retval NOON_OK, NOON_ERR_OS, NOON_ERR_STATE (the ledger is in use), NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_tsa_service_start(struct noon_tsa_service *s);
/** Reload the certificates and keys, its own and that of TLS; those that cannot be read stay as
 * they are. Logged, and written to the ledger. NULL is fine. */
void noon_tsa_service_reload(struct noon_tsa_service *s);
/** Record a change of the clock's state in the ledger. @param bound  half-width, ns; NOON_DUR_MAX:
 *  none. NULL is fine. */
void noon_tsa_service_tell_state(struct noon_tsa_service *s, enum noon_state state, noon_dur bound);
/** Record another event of the clock in the ledger. NULL is fine. */
void noon_tsa_service_tell(struct noon_tsa_service *s, const char *text);
/** The object for `status`; new reference. json null for NULL. */
json_t *noon_tsa_service_status(struct noon_tsa_service *s);
/** Stop, write everything pending, close; NULL is fine. */
void noon_tsa_service_free(struct noon_tsa_service *s);

#endif
