/* SPDX-License-Identifier: Apache-2.0
 *
 * One key exchange of an NTS client (RFC 8915, section 4): TLS handshake, one request, one
 * response, from which come an AEAD, two keys and cookies.
 *
 * Certificate times are judged at the instant the owner gives: when the local clock is not trusted
 * the owner says so, or asks to ignore them. Nothing of a reply that breaks a rule is used.
 *
 * The five verbs on a stream are those of proto/nts/ntske_server.h. After init the deadline is
 * "now": once the TCP connection stands, on_timer gives the first bytes out.
 */
#ifndef NOON_PROTO_NTSKE_CLIENT_H
#define NOON_PROTO_NTSKE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/action.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/time.h"
#include "crypto/aead.h"
#include "crypto/tls.h"
#include "proto/nts/nts_session.h"
#include "proto/nts/ntske_outcome.h"
#include "proto/nts/ntske_stream.h"

#define NOON_NTSKE_AEADS 2 /**< that a client can offer */

struct noon_ntske_client_conf {
	struct noon_tls_ctx *tls;  /**< a client's; borrowed for init */
	struct noon_tls_peer peer; /**< whose certificate, valid when; borrowed for init */
	enum noon_aead_id aead[NOON_NTSKE_AEADS]; /**< offered, best first */
	size_t n_aeads;				  /**< 0: AES-SIV-CMAC-256, then AES-128-GCM-SIV */
	noon_dur time_limit; /**< for the whole exchange; 0: NOON_NTSKE_TIME_LIMIT */
};

struct noon_ntske_client {
	struct noon_ntske_stream stream;
	uint16_t offer[NOON_NTSKE_AEADS]; /**< AEAD numbers as sent */
	size_t n_offer;
	uint16_t peer_code;		 /**< of the Error or Warning record, if one came */
	struct noon_tls_why why;	 /**< what TLS says of its failure */
	struct noon_nts_session session; /**< secret */
};

/**
 * Begin.
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE        host name empty or too long
 * @retval NOON_ERR_UNSUPPORTED  an AEAD we do not have, or one twice
 * @retval NOON_ERR_CRYPTO       no memory for TLS
 */
NOON_MUST_USE noon_err noon_ntske_client_init(struct noon_ntske_client *c,
					      const struct noon_ntske_client_conf *conf,
					      noon_time now);
/** Free TLS, wipe keys and cookies; a zeroed struct is fine. */
void noon_ntske_client_fini(struct noon_ntske_client *c);

void noon_ntske_client_on_packet(struct noon_ntske_client *c, const struct noon_rx *rx,
				 struct noon_actions *out);
/** Does nothing: a key exchange needs no transmit times. */
void noon_ntske_client_on_sent(struct noon_ntske_client *c, uint32_t token, noon_time sent,
			       struct noon_actions *out);
void noon_ntske_client_on_timer(struct noon_ntske_client *c, noon_time now,
				struct noon_actions *out);
noon_time noon_ntske_client_deadline(const struct noon_ntske_client *c);

/** Return how it ended; NOON_KE_PENDING before the end. */
enum noon_ntske_outcome noon_ntske_client_outcome(const struct noon_ntske_client *c);
/** Return a sentence about how it ended, with TLS's own words if TLS failed; borrowed from c. */
const char *noon_ntske_client_reason(const struct noon_ntske_client *c);

/** Copy the session out; secret. @retval NOON_OK, NOON_ERR_STATE (no success) */
NOON_MUST_USE noon_err noon_ntske_client_result(const struct noon_ntske_client *c,
						struct noon_nts_session *ret);

#endif
