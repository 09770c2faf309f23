/* SPDX-License-Identifier: Apache-2.0
 *
 * Which associations of a tunnel the kernel has to have, one step at a time, where the kernel seals
 * and opens (by_kernel of struct noon_tunnel_conf).
 *
 * The machine (tunnel.h) says which epochs there are. What the kernel has is brought there so that
 * no packet is lost: an inbound association is there before the other end uses it, an outbound one
 * before it is sent with, and the one before it goes a moment later.
 *
 * No key meets a number twice: an epoch is on disk before the kernel gets it, the kernel gets it
 * once, and what others have removed from the kernel is replaced by the next epoch. An inbound
 * association that this machine has opened packets of refuses their numbers in the kernel.
 */
#ifndef NOON_PROTO_TUNNEL_PLAN_H
#define NOON_PROTO_TUNNEL_PLAN_H

#include "proto/tunnel/tunnel.h"

/** Inbound: the one before, the one in force, the next, the first of a fresh secret, and the one
 *  behind that which this end sends with: the other end may go on to that as soon as it has heard
 *  this one. */
#define NOON_TUNNEL_PLAN_IN 5

/** Outbound: the one in force, and the one before or behind it. */
#define NOON_TUNNEL_PLAN_OUT 2

/** An association that the kernel has. */
struct noon_tunnel_held {
	uint64_t epoch; /**< 0: none */
	uint32_t spi;
	uint32_t ah_spi;
	uint64_t packets; /**< as last counted, and so on */
	uint32_t replays;
	uint32_t bad;
	uint32_t ah_bad;
};

/** All zero: the kernel has nothing. */
struct noon_tunnel_plan {
	struct noon_tunnel_held in[NOON_TUNNEL_PLAN_IN];
	struct noon_tunnel_held out[NOON_TUNNEL_PLAN_OUT];
	uint64_t used;	    /**< highest epoch that the kernel ever had outbound */
	uint64_t with;	    /**< epoch that the policies send with; 0: none yet */
	noon_time switched; /**< when they began to */
};

enum noon_tunnel_step_kind {
	NOON_TUNNEL_STEP_NONE,
	NOON_TUNNEL_STEP_ADD,	 /**< an association: ESP, and AH where the tunnel has it */
	NOON_TUNNEL_STEP_SWITCH, /**< send with this one from now on */
	NOON_TUNNEL_STEP_REMOVE,
};

struct noon_tunnel_step {
	enum noon_tunnel_step_kind kind;
	bool inbound;
	size_t slot; /**< among its direction's */
	uint64_t epoch;
	uint32_t spi;
	uint32_t ah_spi;
	uint64_t top; /**< ADD, inbound: numbers of ESP up to this one have been used */
	uint64_t ah_top;
};

/** Return what is to be done next. Epochs that are not on disk yet are asked for
 *  (noon_tunnel_wants_reserved()) and not used. */
struct noon_tunnel_step noon_tunnel_plan_step(const struct noon_tunnel_plan *p,
					      struct noon_tunnel *t, noon_time now);
/** Tell that a step was done. */
void noon_tunnel_plan_done(struct noon_tunnel_plan *p, const struct noon_tunnel_step *s,
			   noon_time now);

/** What the kernel says of an association. */
struct noon_tunnel_count {
	uint64_t packets; /**< sealed or opened */
	uint64_t bytes;
	uint64_t top;	  /**< inbound: highest number */
	uint32_t replays; /**< refused by ESP, or by AH where there is one */
	uint32_t bad;	  /**< not authentic, of ESP */
	uint32_t ah_bad;  /**< of AH */
};

/**
 * Take the kernel's count of an association that it has: for refreshes by packets and bytes, for
 * whether the other end is there, and for the verdicts.
 * @param slot  among its direction's
 */
void noon_tunnel_plan_counted(struct noon_tunnel_plan *p, struct noon_tunnel *t, bool inbound,
			      size_t slot, const struct noon_tunnel_count *c, noon_time now);

/** Tell that the kernel has an association no more, which nobody here removed: this end sends with
 *  the next epoch, and the other one follows. */
void noon_tunnel_plan_lost(struct noon_tunnel_plan *p, struct noon_tunnel *t, bool inbound,
			   size_t slot, noon_time now);

/** Tell whether the other end has to be told of this end's epoch: nothing of it came since this end
 *  began to send with it. */
bool noon_tunnel_plan_is_unheard(const struct noon_tunnel *t);

#endif
