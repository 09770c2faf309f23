/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys and SPIs of a tunnel, from the secret that its two ends share: one set for each epoch,
 * direction and pair of inner addresses (HKDF-SHA256, RFC 5869). Without the
 * secret neither can be predicted. Two ends that are configured for one role, or hosts to which a
 * secret was copied, have different keys and do not understand each other, instead of using one key
 * with equal numbers.
 */
#ifndef NOON_PROTO_TUNNEL_KEYS_H
#define NOON_PROTO_TUNNEL_KEYS_H

#include <stdint.h>

#include "base/err.h"
#include "proto/tunnel/sa.h"

#define NOON_TUNNEL_SECRET 32 /**< bytes */

/** Shared by the two ends and nobody else; wipe with noon_wipe(). */
struct noon_secret_tunnel {
	uint8_t key[NOON_TUNNEL_SECRET];
};

/** Which of the two ends sends. */
enum noon_tunnel_direction {
	NOON_TUNNEL_FROM_INITIATOR,
	NOON_TUNNEL_FROM_RESPONDER,
};

/** Who sends to whom. */
struct noon_tunnel_way {
	enum noon_tunnel_direction direction;
	uint8_t version;  /**< of the inner addresses, 4 or 6 */
	uint8_t from[16]; /**< IPv4: 4 bytes, then zeros */
	uint8_t to[16];
};

struct noon_secret_tunnel_epoch {
	struct noon_secret_sa_keys keys;
	uint32_t spi;	 /**< never a reserved one */
	uint32_t ah_spi; /**< another one than spi */
};

/** SPIs of ESP are derived for so many epochs at once. */
#define NOON_TUNNEL_SPI_BLOCK 64

/**
 * Derive the keys and SPIs of an epoch.
 * @retval NOON_OK, NOON_ERR_CRYPTO
 * Cost: allocates inside the library; two derivations.
 */
NOON_MUST_USE noon_err noon_tunnel_keys_of(const struct noon_secret_tunnel *secret,
					   const struct noon_tunnel_way *way, uint64_t epoch,
					   struct noon_secret_tunnel_epoch *ret);

/**
 * Derive the SPIs of ESP of NOON_TUNNEL_SPI_BLOCK epochs, which need not begin with a block.
 * @param      from  the first of them
 * @param[out] ret   untouched unless NOON_OK
 * @retval NOON_OK, NOON_ERR_CRYPTO
 * Cost: as above, whatever the number of epochs.
 */
NOON_MUST_USE noon_err noon_tunnel_spis_of(const struct noon_secret_tunnel *secret,
					   const struct noon_tunnel_way *way, uint64_t from,
					   uint32_t ret[NOON_TUNNEL_SPI_BLOCK]);

#endif
