/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by ntske_server.c, ntske_request.c and ntske_reply.c only.
 */
#ifndef NOON_PROTO_NTSKE_PRIV_H
#define NOON_PROTO_NTSKE_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "crypto/aead.h"
#include "proto/nts/ntske_outcome.h"
#include "proto/nts/ntske_server.h"

/** What a request asks for. */
struct noon_ntske_request {
	enum noon_aead_id aead; /**< the one chosen; NOON_AEAD_NONE if none suits */
	bool ntpv4;		/**< offered */
	bool compliant;		/**< record 1024 came */
};

/**
 * Judge a whole request and choose.
 *
 * @param message   all records, END last
 * @param trailing  bytes followed END
 * @param gcm_siv   AEAD 30 may be chosen
 * @return DONE (keys and cookies are due), NO_PROTOCOL, NO_AEAD, UNKNOWN_CRITICAL, BAD_REQUEST
 *
 * An unknown critical record wins over every other fault (K12).
 */
enum noon_ntske_outcome noon_ntske_request_judge(struct noon_bytes message, bool trailing,
						 bool gcm_siv, struct noon_ntske_request *ret);

/**
 * Write the whole response to a request that was judged.
 *
 * @param keys  of the chosen AEAD; used for DONE only
 * @retval NOON_OK, NOON_ERR_FULL, or what make_cookie said (NOON_ERR_RANGE for a bad length)
 */
NOON_MUST_USE noon_err noon_ntske_reply_write(const struct noon_ntske_server_conf *conf,
					      const struct noon_ntske_request *req,
					      enum noon_ntske_outcome judged,
					      const struct noon_secret_nts_keys *keys,
					      struct noon_wr *wr);

#endif
