/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys that a transmitter shares with one receiver each, from key exchanges (proto/tunnel): the
 * receiver of one pair can neither read another pair's key nor speak for another receiver.
 *
 * A pair is of a certificate (owner) and a clockIdentity. Messages from that identity, sealed with
 * that pair's key, are authentic. What is sent to the receiver is sealed with the newest pair that
 * it has used: it may not have the answer of its last exchange yet.
 */
#ifndef NOON_PROTO_PTP_PAIRS_H
#define NOON_PROTO_PTP_PAIRS_H

#include <stdbool.h>

#include "base/rng.h"
#include "base/time.h"
#include "crypto/mac.h"
#include "wire/ptp.h"

#define NOON_PTP_PAIRS_MAX 512 /**< two of each receiver that a transmitter may serve */
#define NOON_PTP_PAIR_KEY  32  /**< bytes of a key, HMAC-SHA256-128 */
#define NOON_PTP_OWNER	   32  /**< bytes, a digest */

/** Clock identities that one certificate may have pairs for at a time. */
#define NOON_PTP_OWNER_CLOCKS 16

struct noon_ptp_pair {
	uint32_t id; /**< key identifier; 0: none */
	bool heard;  /**< the receiver has used it */
	struct noon_mac mac;
	uint8_t owner[NOON_PTP_OWNER];
	uint8_t clock[NOON_PTP_IDENTITY_LEN];
	noon_time until;
	uint64_t number; /**< counts the pairs that were ever made */
};

struct noon_ptp_pairs {
	uint8_t spp; /**< security policy pointer of all */
	uint32_t next_id;
	uint64_t made;
	struct noon_ptp_pair pair[NOON_PTP_PAIRS_MAX];
};

/** Who asks for a pair. */
struct noon_ptp_pair_request {
	uint8_t owner[NOON_PTP_OWNER];
	uint8_t clock[NOON_PTP_IDENTITY_LEN];
};

/** Begin without a pair; key identifiers start somewhere. */
void noon_ptp_pairs_init(struct noon_ptp_pairs *p, uint8_t spp, struct noon_rng *rng);
/** Close all; a zeroed struct is fine. */
void noon_ptp_pairs_fini(struct noon_ptp_pairs *p);

/**
 * Tell whether a pair would be made.
 * @retval NOON_OK
 * @retval NOON_ERR_PERM  another owner has pairs of this clockIdentity
 * @retval NOON_ERR_FULL  no room, or this owner has pairs of too many identities
 */
NOON_MUST_USE noon_err noon_ptp_pairs_check(struct noon_ptp_pairs *p,
					    const struct noon_ptp_pair_request *r, noon_time now);

/** Return the identifier that the next pair gets. */
uint32_t noon_ptp_pairs_next(const struct noon_ptp_pairs *p);

/**
 * Make a pair; of an identity's earlier ones the one in use stays until its end.
 * @param key    NOON_PTP_PAIR_KEY bytes
 * @param until  its end
 * @retval NOON_OK, NOON_ERR_CRYPTO, as noon_ptp_pairs_check()
 */
NOON_MUST_USE noon_err noon_ptp_pairs_add(struct noon_ptp_pairs *p,
					  const struct noon_ptp_pair_request *r, const uint8_t *key,
					  noon_time now, noon_time until);

/** Return the pair of a key identifier; NULL if there is none any more. Borrowed. */
struct noon_ptp_pair *noon_ptp_pairs_find(struct noon_ptp_pairs *p, uint32_t id, noon_time now);

/** Return the pair to seal with for a receiver; NULL if there is none. Borrowed. */
struct noon_ptp_pair *noon_ptp_pairs_for(struct noon_ptp_pairs *p, const uint8_t *clock);

/** Return how many there are. */
size_t noon_ptp_pairs_count(const struct noon_ptp_pairs *p);

#endif
