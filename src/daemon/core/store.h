/* SPDX-License-Identifier: Apache-2.0
 *
 * Persistent state, in the state directory: the cookie master secret, a generated certificate, NTS
 * sessions of the client, and the frequency of the clock.
 *
 * A session file is removed as soon as it has been read, and written again at the end of the
 * run: after a crash there is none, and so no cookie is ever sent twice (requirement C3).
 */
#ifndef NOON_DAEMON_STORE_H
#define NOON_DAEMON_STORE_H

#include "base/err.h"
#include "base/rng.h"
#include "base/time.h"
#include "crypto/tls.h"
#include "daemon/config/config.h"
#include "platform/net/udp.h"
#include "proto/nts/nts_keys.h"
#include "proto/nts/nts_session.h"

/** Read the master secret, or create one. Errors are logged. */
NOON_MUST_USE noon_err noon_store_master(const char *dir, struct noon_rng *rng,
					 struct noon_secret_nts_master *ret);

/** Create a certificate for conf->names in the directory unless there is one, and put its paths
 *  into conf. Errors are logged. @param now_s  seconds since 1970 */
NOON_MUST_USE noon_err noon_store_certificate(const char *dir, int64_t now_s,
					      struct noon_config_ke *conf);

/** A session and what it depends on. */
struct noon_stored_session {
	struct noon_nts_session nts; /**< secret: wipe */
	struct noon_addr peer;
	uint8_t trust[NOON_TLS_DIGEST]; /**< noon_store_trust() when the keys were exchanged */
	int64_t made_s;			/**< UTC of the key exchange, s since 1970 */
};

/**
 * Identify the trust of a source's key exchange: SHA-256 of the anchors, of the name that the
 * certificate must be for, of the AEADs and of whether validity times count.
 * @param no_cert_time_check  general option nocerttimecheck
 * @retval NOON_OK, NOON_ERR_CRYPTO, NOON_ERR_LONG
 */
NOON_MUST_USE noon_err noon_store_trust(const struct noon_config_source *conf,
					unsigned no_cert_time_check, uint8_t ret[NOON_TLS_DIGEST]);

/** Take a session: read it and remove the file. The caller decides whether to use it.
 *  @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_FORMAT, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_store_take_session(const char *dir, const char *host, uint16_t port,
					       struct noon_stored_session *ret);
NOON_MUST_USE noon_err noon_store_save_session(const char *dir, const char *host, uint16_t port,
					       const struct noon_stored_session *s);

/** The frequency error of the local clock. @retval NOON_OK, NOON_ERR_NOT_FOUND, NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_store_read_drift(const char *dir, noon_freq *ret);
NOON_MUST_USE noon_err noon_store_save_drift(const char *dir, noon_freq freq_error);

#endif
