/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of the key exchange of a tunnel: records of NTS-KE (wire/ntske) with types of our own.
 *
 * A request names the tunnel by its inner addresses, says what both ends must have alike, and the
 * lowest epoch that the asking end can begin with. The reply has the epoch to begin with. A refusal
 * is an Error record, and the form of this end where the two differ. Nothing secret is said: the
 * secret comes from TLS itself.
 *
 * Instead of a tunnel a request may ask for a key of PTP (proto/ptp/ptp_pairs), for a clockIdentity
 * in a domain; the reply says by which number the key is known, and for how long.
 */
#ifndef NOON_PROTO_TUNNEL_KE_MESSAGE_H
#define NOON_PROTO_TUNNEL_KE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "wire/ntske.h"

/** What both ends must have alike. */
struct noon_tunnel_ke_form {
	uint8_t key_len; /**< of AES, bytes */
	bool extended;
	bool ah;
	bool udp;
};

/** What a key is for: a tunnel as its two ends know it, or a receiver of PTP. */
struct noon_tunnel_ke_terms {
	bool is_ptp;
	uint8_t domain;	       /**< PTP: domainNumber */
	uint8_t clock[8];      /**< PTP: clockIdentity of the receiver */
	uint8_t version;       /**< of the inner addresses, 4 or 6 */
	uint8_t initiator[16]; /**< inner address; IPv4: 4 bytes, then zeros */
	uint8_t responder[16];
	struct noon_tunnel_ke_form form;
};

/** Why a request is refused: codes of an Error record. */
enum noon_tunnel_ke_refusal {
	NOON_TUNNEL_KE_UNKNOWN_CRITICAL = NOON_NTSKE_CODE_UNKNOWN_CRITICAL,
	NOON_TUNNEL_KE_BAD_REQUEST = NOON_NTSKE_CODE_BAD_REQUEST,
	NOON_TUNNEL_KE_INTERNAL = NOON_NTSKE_CODE_INTERNAL,
	NOON_TUNNEL_KE_NO_TUNNEL = NOON_NTSKE_CODE_NO_TUNNEL,
	NOON_TUNNEL_KE_NAME = NOON_NTSKE_CODE_NAME,
	NOON_TUNNEL_KE_FORM = NOON_NTSKE_CODE_FORM,
	NOON_TUNNEL_KE_ROOM = NOON_NTSKE_CODE_ROOM,
};

/** Longest message that is written, bytes. */
#define NOON_TUNNEL_KE_MESSAGE_MAX 96

/** The number of a key of PTP. */
struct noon_tunnel_ke_key {
	uint8_t spp;
	uint32_t id;	 /**< not 0 */
	uint32_t life_s; /**< not 0 */
};

/** What a message holds. */
struct noon_tunnel_ke_message {
	bool has_tunnel; /**< addresses of terms */
	bool has_form;
	bool has_epoch;
	bool has_ptp; /**< is_ptp, domain and clock of terms */
	bool has_key;
	bool is_refusal;
	struct noon_tunnel_ke_terms terms;
	struct noon_tunnel_ke_key key;
	uint64_t epoch;	  /**< 1..NOON_TUNNEL_EPOCH_MAX */
	uint16_t refusal; /**< enum noon_tunnel_ke_refusal */
};

/** Write a request. @param epoch  of a tunnel @retval NOON_OK, NOON_ERR_FULL */
NOON_MUST_USE noon_err noon_tunnel_ke_request_write(struct noon_wr *wr,
						    const struct noon_tunnel_ke_terms *terms,
						    uint64_t epoch);
/** Write a reply. @retval NOON_OK, NOON_ERR_FULL */
NOON_MUST_USE noon_err noon_tunnel_ke_reply_write(struct noon_wr *wr, uint64_t epoch);
/** Write the reply to a request for a key of PTP. @retval NOON_OK, NOON_ERR_FULL */
NOON_MUST_USE noon_err noon_tunnel_ke_key_write(struct noon_wr *wr,
						const struct noon_tunnel_ke_key *key);
/** Write a refusal. @param ours  NULL: none @retval NOON_OK, NOON_ERR_FULL */
NOON_MUST_USE noon_err noon_tunnel_ke_refusal_write(struct noon_wr *wr, uint16_t code,
						    const struct noon_tunnel_ke_form *ours);

/**
 * Read a whole message, END last. Records that are not understood are passed over unless they are
 * critical.
 * @param[out] ret  untouched unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_FORMAT       a record twice, or one with a body that it cannot have
 * @retval NOON_ERR_UNSUPPORTED  a critical record that is not understood
 */
NOON_MUST_USE noon_err noon_tunnel_ke_read(struct noon_bytes message,
					   struct noon_tunnel_ke_message *ret);

bool noon_tunnel_ke_form_equal(const struct noon_tunnel_ke_form *a,
			       const struct noon_tunnel_ke_form *b);

#endif
