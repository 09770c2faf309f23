/* SPDX-License-Identifier: Apache-2.0
 *
 * The NTS extension fields of one NTP packet, read and checked for structure (RFC 8915,
 * section 5). Shared by client and server; what the fields must contain is theirs to judge.
 */
#ifndef NOON_PROTO_NTS_PACKET_H
#define NOON_PROTO_NTS_PACKET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/verdict.h"
#include "crypto/aead.h"
#include "wire/ntp_ext.h"

struct noon_nts_packet {
	struct noon_bytes whole;   /**< the packet; borrowed, like all below */
	struct noon_bytes uid;	   /**< body of the unique identifier; n 0 if there is none */
	struct noon_bytes cookie;  /**< body of the cookie; n 0 if there is none */
	struct noon_bytes ad;	   /**< associated data: everything before the authenticator */
	struct noon_ntp_auth auth; /**< meaningful if has_auth */
	size_t n_uid;
	size_t n_cookie;
	size_t n_placeholder; /**< outside of the ciphertext */
	bool bad_placeholder; /**< one has another length than the cookie */
	bool has_auth;
	bool has_nts; /**< any field of NTS was seen */
	bool has_mac; /**< a legacy MAC trails the fields */
};

/**
 * Read the fields behind the header. Fields after the authenticator are not authenticated and
 * ignored (RFC 8915, section 5.7); a field of an unknown type is skipped.
 *
 * @param packet  whole NTP packet, at least a header
 * @return NOON_VERDICT_ACCEPTED or NOON_VERDICT_EXT_FORMAT (ret untouched)
 */
enum noon_verdict noon_nts_packet_parse(struct noon_bytes packet, struct noon_nts_packet *ret);

/** Tell whether the nonce and its additional padding are long enough: at least
 *  N_REQ = min(16, N_MAX) bytes together (RFC 8915, section 5.6). */
bool noon_nts_auth_nonce_ok(const struct noon_ntp_auth *auth, enum noon_aead_id aead);

#endif
