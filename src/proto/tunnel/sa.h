/* SPDX-License-Identifier: Apache-2.0
 *
 * One security association of a timing tunnel, one direction of one set of keys: inner packets into
 * ESP in tunnel mode (RFC 4303, AES-GCM), with AH around it if asked for (RFC 4302), and back.
 *
 * An outer packet begins with its IP header, which AH authenticates; inside UDP (RFC 3948) it is
 * the ESP packet alone, and there is no AH, which no address translation lets pass.
 */
#ifndef NOON_PROTO_TUNNEL_SA_H
#define NOON_PROTO_TUNNEL_SA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "crypto/gcm.h"
#include "crypto/mac.h"
#include "proto/tunnel/replay.h"
#include "proto/tunnel/tunnel_verdict.h"
#include "wire/ip/ah.h"
#include "wire/ip/esp.h"
#include "wire/ip/ip.h"

/** Outer packets, and inner ones with their padding: an Ethernet with room to spare. */
#define NOON_TUNNEL_PACKET_MAX 2048

#define NOON_TUNNEL_AH_KEY 32 /**< bytes (RFC 4868: the length of the hash) */

/** Keys of one direction; secret: wipe with noon_wipe(). */
struct noon_secret_sa_keys {
	uint8_t cipher[NOON_GCM_KEY_MAX]; /**< 16 or 32 bytes of it */
	uint8_t salt[NOON_ESP_SALT_LEN];
	uint8_t ah[NOON_TUNNEL_AH_KEY];
};

/** What both ends of an association have agreed on. */
struct noon_sa_form {
	size_t key_len; /**< of AES: 16 or 32 bytes */
	bool extended;	/**< sequence numbers of 64 bits (RFC 4303, section 2.2.1) */
	bool ah;	/**< AH around ESP; not with `udp` */
	bool udp;	/**< inside UDP: no IP header of ours */
	uint32_t spi;	/**< of ESP, above NOON_ESP_SPI_RESERVED */
	uint32_t ah_spi;
	struct noon_ip outer; /**< version, ttl, tos and addresses of what is sent, or expected */
};

/** One association. Heap inside (keyed contexts). */
struct noon_sa {
	struct noon_sa_form form;
	struct noon_gcm gcm;
	struct noon_mac mac; /**< with AH */
	uint8_t salt[NOON_ESP_SALT_LEN];
	uint64_t seq;		      /**< outbound: of the last packet, of ESP and AH alike */
	struct noon_replay replay;    /**< inbound */
	struct noon_replay ah_replay; /**< inbound, with AH: its numbers are its own */
	uint64_t bytes;		      /**< of inner packets, padding included */
};

/**
 * Make an association with keys, which may be wiped afterwards.
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE   key length, a reserved SPI, AH together with UDP, or no IP version
 * @retval NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_sa_init(struct noon_sa *sa, const struct noon_sa_form *form,
				    const struct noon_secret_sa_keys *keys);
/** End it and forget the keys; a zeroed struct is fine. */
void noon_sa_fini(struct noon_sa *sa);

/** Return the bytes of an outer packet around n bytes, the inner packet with its padding. */
size_t noon_sa_outer_len(const struct noon_sa *sa, size_t n);

/**
 * Seal an inner packet.
 *
 * @param      inner  an IP packet; or anything at all, of no meaning, where `next` is
 *                    NOON_IP_PROTO_NONE
 * @param      next   protocol of `inner`: NOON_IP_PROTO_IP4, _IP6 or _NONE
 * @param      pad    bytes of padding against traffic analysis behind it
 * @param[out] wr     takes the outer packet; must not overlap `inner`
 * @retval NOON_OK
 * @retval NOON_ERR_FULL    no room; nothing was written, no number was used
 * @retval NOON_ERR_EMPTY   the sequence numbers are used up: the association must be replaced
 * @retval NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_sa_seal(struct noon_sa *sa, struct noon_bytes inner, uint8_t next,
				    size_t pad, struct noon_wr *wr);

/** An outer packet that was opened. */
struct noon_sa_opened {
	struct noon_bytes inner; /**< with padding behind it; in the caller's room */
	uint8_t next;		 /**< protocol of `inner` */
	uint64_t seq;		 /**< of ESP */
};

/** What an outer packet says of itself, before anything of it is believed. */
struct noon_sa_outer {
	bool has_ah;
	struct noon_ip ip;     /**< version 0: inside UDP */
	struct noon_bytes all; /**< header and all; borrowed */
	struct noon_ah ah;
	struct noon_esp esp;
};

/**
 * Read an outer packet as far as it is in the clear, to find its association by SPI.
 * @param udp  inside UDP: the packet begins with ESP
 * @return NOON_TUNNEL_ACCEPTED, _SHORT, _LONG, _FORMAT
 */
enum noon_tunnel_verdict noon_sa_outer_of(struct noon_bytes packet, bool udp,
					  struct noon_sa_outer *ret);

/**
 * Open an outer packet of this association: AH first, which is cheap, then ESP. Numbers are
 * remembered, and anything of `ret` is set, only when both are authentic.
 *
 * @param      o     its SPI is this association's
 * @param[out] room  NOON_TUNNEL_PACKET_MAX bytes
 * @return NOON_TUNNEL_ACCEPTED, _FORMAT, _NO_AH, _SPI (of AH), _REPLAY, _AH_AUTH, _AUTH
 */
enum noon_tunnel_verdict noon_sa_open(struct noon_sa *sa, const struct noon_sa_outer *o,
				      uint8_t *room, struct noon_sa_opened *ret);

#endif
