/* SPDX-License-Identifier: Apache-2.0
 *
 * Judging a response on the client's side (RFC 8915, section 4.1); for ntske_client.c.
 */
#ifndef NOON_PROTO_NTSKE_RESPONSE_H
#define NOON_PROTO_NTSKE_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "proto/nts/nts_session.h"
#include "proto/nts/ntske_outcome.h"

struct noon_ntske_response {
	bool compliant;	    /**< record 1024 came back */
	uint16_t peer_code; /**< of an Error or Warning record */
};

/**
 * Judge a whole response and take AEAD, cookies and server out of it.
 *
 * @param      message   all records, END last
 * @param      offer     AEAD numbers that were offered
 * @param[out] ret       what else was said
 * @param[out] session   filled in, except for its keys; meaningful for DONE only
 * @return DONE, NO_PROTOCOL, NO_AEAD, PEER_ERROR, PEER_WARNING, UNKNOWN_CRITICAL, BAD_REPLY,
 *         BAD_SERVER, BAD_COOKIE, NO_COOKIE
 */
enum noon_ntske_outcome noon_ntske_response_judge(struct noon_bytes message, const uint16_t *offer,
						  size_t n_offer, struct noon_ntske_response *ret,
						  struct noon_nts_session *session);

#endif
