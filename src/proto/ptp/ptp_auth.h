/* SPDX-License-Identifier: Apache-2.0
 *
 * Integrated security of PTP (IEEE 1588-2019, 16.14), immediate processing: every message of every
 * type gets an AUTHENTICATION TLV, and none without a good one is looked at.
 *
 * Replay. A sequence number has 16 bits and wraps within minutes, so a window alone lets a message
 * of the last wrap pass. A stream (sender, port, type, unicast or not) may therefore advance,
 * beyond its window, only as fast as messages may come at all. One that was silent for so long that
 * all numbers may have passed (256 s) can be at any of them: its sender may have started again.
 */
#ifndef NOON_PROTO_PTP_AUTH_H
#define NOON_PROTO_PTP_AUTH_H

#include <stdbool.h>

#include "base/time.h"
#include "base/verdict.h"
#include "proto/ptp/ptp_keys.h"
#include "proto/ptp/ptp_pairs.h"
#include "wire/ptp.h"

/** Streams remembered: two of each receiver that a transmitter may serve, and some to spare. */
#define NOON_PTP_STREAMS_MAX 640

/** What a port seals with and asks for. */
struct noon_ptp_policy {
	struct noon_ptp_keys *keys;   /**< borrowed, may change between calls (reload); NULL: no
				       *   authentication */
	struct noon_ptp_pairs *pairs; /**< instead, of a transmitter: a key for each receiver;
				       *   borrowed; NULL: none */
	uint8_t spp;
	uint32_t key_id; /**< to seal with; 0: the last one of the file */
	bool in_tunnel;	 /**< what carries the messages authenticates them, and refuses replays */
};

/** Tell whether messages have an AUTHENTICATION TLV. */
static inline bool noon_ptp_policy_has_keys(const struct noon_ptp_policy *p)
{
	return p->keys != NULL || p->pairs != NULL;
}

/** Tell whether messages that are accepted are authentic. */
static inline bool noon_ptp_policy_authenticates(const struct noon_ptp_policy *p)
{
	return noon_ptp_policy_has_keys(p) || p->in_tunnel;
}

struct noon_ptp_stream {
	struct noon_ptp_identity sender;
	uint8_t type;
	bool unicast;
	bool used;
	uint16_t sequence; /**< of the newest message */
	uint64_t seen;	   /**< bit k: the message k before it came */
	noon_time at;	   /**< of the newest message, as the caller counts time */
};

/** Newest sequence numbers; the stream that was silent longest makes room. */
struct noon_ptp_replay {
	struct noon_ptp_stream stream[NOON_PTP_STREAMS_MAX];
};

/** Forget all. */
void noon_ptp_replay_reset(struct noon_ptp_replay *r);

/** Forget the streams of one sender: it has been silent, and may have started again. */
void noon_ptp_replay_forget(struct noon_ptp_replay *r, const struct noon_ptp_identity *sender);

/**
 * Close a message: append the AUTHENTICATION TLV if the policy has keys, and set messageLength.
 * Nothing may be changed behind it.
 * @param clock  of a receiver whose pair has the key; NULL: a key of the association
 * @retval NOON_OK, NOON_ERR_FULL, NOON_ERR_NOT_FOUND (the policy's association, key or pair does
 *         not exist), NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_ptp_auth_seal_for(const struct noon_ptp_policy *p, const uint8_t *clock,
					      struct noon_wr *wr);

/** The same with a key of the association. */
NOON_MUST_USE noon_err noon_ptp_auth_seal(const struct noon_ptp_policy *p, struct noon_wr *wr);

/**
 * Check a message that came in.
 *
 * @param[in,out] r   of the port; changed by an accepted message only
 * @param[in,out] m   its TLVs lose the AUTHENTICATION TLV
 * @param         now instant, on a scale of the caller's that only goes forward
 * @retval NOON_VERDICT_ACCEPTED    as the policy demands; or the policy demands nothing (an
 *                                  AUTHENTICATION TLV is then ignored, as by who knows none)
 * @retval NOON_VERDICT_EXT_FORMAT  the chain of TLVs does not parse
 * @retval NOON_VERDICT_NO_AUTH     no AUTHENTICATION TLV
 * @retval NOON_VERDICT_KEY_ID      another policy pointer, options that are not used here, or a key
 *                                  that there is not
 * @retval NOON_VERDICT_AUTH        the check value is wrong
 * @retval NOON_VERDICT_REPLAY      the sequence number was passed
 */
enum noon_verdict noon_ptp_auth_open(const struct noon_ptp_policy *p, struct noon_ptp_replay *r,
				     struct noon_ptp_message *m, noon_time now);

#endif
