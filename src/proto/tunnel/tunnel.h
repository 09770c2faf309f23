/* SPDX-License-Identifier: Apache-2.0
 *
 * An exclusive tunnel for timing traffic between two end systems: nothing but UDP between the
 * configured addresses and ports enters or leaves it.
 *
 * Associations live for an epoch, a number that both ends count. Each epoch has keys and SPIs of
 * its own for each direction, derived from the shared secret, so a refresh needs no message: an end
 * whose association has lived long enough sends with the next one, whose inbound half the other end
 * has had ready, and which follows as soon as it has authenticated a packet of it. The one before
 * is accepted for a grace period: no packet is lost.
 *
 * No key is used twice with one number, and nothing old is believed, whatever restarts: epochs are
 * reserved on disk before they are used (struct noon_tunnel_conf), and an end that starts goes on
 * behind all that it may have used. The other end, which looks some way ahead, follows. An end that
 * was away for longer is looked for further ahead while it is silent.
 *
 * Where the secret comes from a key exchange instead (conf.exchanged; proto/tunnel/tunnel_ke), each
 * exchange brings a fresh one, whose epochs begin behind all before: the end that asked sends with
 * it at once, the other one as soon as it has heard it. Such secrets live in this memory alone: an
 * end that restarts has none, and needs no epochs on disk.
 */
#ifndef NOON_PROTO_TUNNEL_TUNNEL_H
#define NOON_PROTO_TUNNEL_TUNNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/action.h"
#include "base/rng.h"
#include "base/time.h"
#include "proto/tunnel/padding.h"
#include "proto/tunnel/sa.h"
#include "proto/tunnel/tunnel_keys.h"
#include "proto/tunnel/tunnel_verdict.h"

#define NOON_TUNNEL_PORTS 6

/** Epochs ahead of the last one heard whose SPIs are known. */
#define NOON_TUNNEL_AHEAD NOON_TUNNEL_SPI_BLOCK

/** Epochs that are looked for while the other end is silent, in the first round; twice as many in
 *  each later one. */
#define NOON_TUNNEL_SEARCH     4096
#define NOON_TUNNEL_SEARCH_MAX (NOON_TUNNEL_SEARCH << 10)

/** Epochs to reserve at a time. */
#define NOON_TUNNEL_RESERVE 16

struct noon_tunnel_conf {
	struct noon_secret_tunnel secret; /**< wiped from here by the caller after init */
	bool exchanged;			  /**< secrets come by noon_tunnel_rekey(); `secret` counts
					   *   for nothing, `first` and `reserved` neither */
	bool is_initiator;		  /**< the other end is not */

	size_t key_len;	      /**< of AES: 16 or 32 bytes */
	bool extended;	      /**< sequence numbers of 64 bits */
	bool ah;	      /**< AH around ESP */
	bool udp;	      /**< inside UDP (RFC 3948), without AH */
	bool by_kernel;	      /**< the kernel seals and opens (tunnel_plan): this machine seals
			       *   nothing, and opens only packets that show a later epoch */
	struct noon_ip outer; /**< of what is sent: version, addresses, ttl, tos */

	struct noon_ip inner; /**< of what is sent inside: version, addresses, ttl, tos */
	uint16_t port[NOON_TUNNEL_PORTS]; /**< destination port, or source port of replies */
	size_t ports;
	struct noon_padding padding;

	noon_dur lifetime;   /**< of an association, > 0 */
	uint64_t packets;    /**< sent by it at most; 0: 2^31 */
	uint64_t bytes;	     /**< sent by it at most; 0: no limit */
	double jitter;	     /**< a lifetime is shorter by up to this share of it, 0..0.5 */
	noon_dur grace;	     /**< how long the one before is still accepted */
	noon_dur dead_after; /**< the other end is lost after so long a silence */
	noon_dur cover;	     /**< a cover packet after so long without one; 0: none */

	uint64_t first;	   /**< epoch to begin with: behind all that were ever reserved; >= 1 */
	uint64_t reserved; /**< last epoch that may be used, on disk; >= first */
};

/** Epochs of the secret before stay below those of a fresh one, by so many. */
#define NOON_TUNNEL_REKEY_GAP (UINT64_C(2) * NOON_TUNNEL_AHEAD)

/** Highest epoch that an exchange may begin with. */
#define NOON_TUNNEL_EPOCH_MAX (INT64_MAX / 2)

/** An inbound or outbound association. */
struct noon_tunnel_half {
	uint64_t epoch; /**< 0: none */
	struct noon_sa sa;
};

struct noon_tunnel {
	struct noon_tunnel_conf conf;
	struct noon_rng *rng; /**< borrowed */

	struct noon_tunnel_half out;
	noon_time out_until; /**< end of its lifetime */
	uint64_t heard;	     /**< highest epoch of an authentic packet; first - 1: none yet */
	struct noon_tunnel_half before; /**< epoch heard before `heard`, for the grace period */
	noon_time before_until;
	struct noon_tunnel_half now;  /**< epoch `heard`; none before a packet */
	struct noon_tunnel_half next; /**< the epoch behind it */

	bool has_keys;			  /**< false: exchanged, and no secret came yet */
	struct noon_secret_tunnel fresh;  /**< of the last exchange, until it is heard */
	uint64_t fresh_from;		  /**< first epoch of it; 0: there is none */
	struct noon_tunnel_half fresh_in; /**< of that epoch */

	uint32_t ahead[NOON_TUNNEL_AHEAD];  /**< SPI of epoch heard + 1 + i */
	uint32_t search[NOON_TUNNEL_AHEAD]; /**< SPI of epoch search_from + i, while silent */
	uint64_t search_from;		    /**< 0: nothing is searched */
	uint64_t search_span;		    /**< epochs of this round */
	uint32_t ended[NOON_TUNNEL_AHEAD];  /**< SPIs that were in use, a ring */
	size_t n_ended;

	uint32_t spi_set; /**< counts changes of the SPIs that may come in */

	noon_time last_heard;
	noon_time last_sent;
	noon_time tick;	 /**< next second of work */
	uint64_t wanted; /**< epoch that has to be reserved, 0: none */

	uint64_t verdicts[NOON_TUNNEL_VERDICTS];
	uint64_t sent;	    /**< inner packets */
	uint64_t covers;    /**< cover packets sent */
	uint64_t refreshes; /**< of the outbound association */
	uint64_t followed;  /**< refreshes that the other end began */
	uint64_t rekeys;    /**< secrets that were taken over */
	uint64_t refused;   /**< inner packets that were not sent: selector, size, no association */
};

/** A datagram that came out of the tunnel. */
struct noon_tunnel_datagram {
	struct noon_ip ip;
	struct noon_udp udp;
	struct noon_bytes data; /**< in the caller's room */
	uint32_t spi;
	uint64_t seq;
};

/**
 * Begin.
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE   a value of the configuration; nothing is kept
 * @retval NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_tunnel_init(struct noon_tunnel *t, const struct noon_tunnel_conf *conf,
					noon_time now, struct noon_rng *rng);
/** End all associations and wipe. */
void noon_tunnel_fini(struct noon_tunnel *t);

/**
 * Take an outer packet.
 *
 * @param[out] room  NOON_TUNNEL_PACKET_MAX bytes
 * @param[out] ret   set if NOON_TUNNEL_ACCEPTED
 * @return the verdict, counted; a packet that is not accepted changes nothing else. After
 *         NOON_TUNNEL_UNRESERVED: reserve what noon_tunnel_wants_reserved() says, and give the
 *         packet again
 */
enum noon_tunnel_verdict noon_tunnel_on_packet(struct noon_tunnel *t, const struct noon_rx *rx,
					       uint8_t *room, struct noon_tunnel_datagram *ret);

/** A packet that was sealed. */
struct noon_tunnel_sealed {
	uint32_t spi;
	uint64_t seq;
};

/**
 * Seal a datagram.
 *
 * @param[out] wr   takes the outer packet
 * @param[out] ret  what it is known by outside
 * @retval NOON_OK
 * @retval NOON_ERR_PERM    neither port is one of the tunnel's
 * @retval NOON_ERR_RANGE   larger than a cell, or than a packet
 * @retval NOON_ERR_STATE   the association has ended and the next epoch is not reserved yet
 * @retval NOON_ERR_FULL, NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_tunnel_seal(struct noon_tunnel *t, const struct noon_udp *udp,
					struct noon_bytes data, noon_time now, struct noon_wr *wr,
					struct noon_tunnel_sealed *ret);

/** Append a cover packet (SEND), if keys allow. */
void noon_tunnel_cover(struct noon_tunnel *t, noon_time now, struct noon_actions *out);

/** Do what is due: end, refresh and search associations, send cover packets (SEND). */
void noon_tunnel_on_timer(struct noon_tunnel *t, noon_time now, struct noon_actions *out);
noon_time noon_tunnel_deadline(const struct noon_tunnel *t);

/** Return the epoch up to which the owner has to reserve on disk, 0: enough are. To be asked after
 *  each of the calls above, which ask for it in time. */
uint64_t noon_tunnel_wants_reserved(const struct noon_tunnel *t);
/** Tell that epochs up to this one are reserved, on disk. */
void noon_tunnel_reserved(struct noon_tunnel *t, uint64_t epoch);

/** Return the lowest epoch that a fresh secret may begin with here. */
uint64_t noon_tunnel_epoch_floor(const struct noon_tunnel *t);

/**
 * Take over a secret of a key exchange. What was in use goes on until the other end is heard with
 * the fresh one, and for the grace period after that; then it is wiped.
 *
 * @param secret  wiped by the caller
 * @param from    epoch to begin with, agreed on in the exchange
 * @param leads   send with it at once: the other end has it. False: when it has been heard
 * @retval NOON_OK
 * @retval NOON_ERR_STATE   the secret of this tunnel is configured
 * @retval NOON_ERR_RANGE   from is below the floor, or above NOON_TUNNEL_EPOCH_MAX
 * @retval NOON_ERR_CRYPTO  nothing has changed
 */
NOON_MUST_USE noon_err noon_tunnel_rekey(struct noon_tunnel *t,
					 const struct noon_secret_tunnel *secret, uint64_t from,
					 bool leads, noon_time now);

/** End all associations of an exchanged secret, and wipe it: nothing passes until the next. */
void noon_tunnel_forget(struct noon_tunnel *t);

/** SPIs of ESP that may come in: in use, ahead and searched. */
#define NOON_TUNNEL_SPIS_MAX (4 + 2 * NOON_TUNNEL_AHEAD)

/**
 * Return the SPIs of ESP that may come in: a filter in front of this machine lets them through, and
 * is told when spi_set has changed, which is before the other end uses a new one. Those that were
 * heard are left out where the kernel opens.
 * @param[out] spi  NOON_TUNNEL_SPIS_MAX
 * @return how many
 */
size_t noon_tunnel_spis_in(const struct noon_tunnel *t, uint32_t *spi);

/**
 * Derive the keys and SPIs of an association, for one that is kept elsewhere.
 * @param[out] ret  wipe it; untouched unless NOON_OK
 * @retval NOON_OK, NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_tunnel_keys_for(const struct noon_tunnel *t, bool inbound,
					    uint64_t epoch, struct noon_secret_tunnel_epoch *ret);

/** Tell whether authentic packets of the other end came lately. */
bool noon_tunnel_is_up(const struct noon_tunnel *t, noon_time now);

#endif
