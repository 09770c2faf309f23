/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the tunnel machine share.
 */
#ifndef NOON_PROTO_TUNNEL_PRIV_H
#define NOON_PROTO_TUNNEL_PRIV_H

#include "proto/tunnel/tunnel.h"

/** Make the association of an epoch; what `half` held is ended. */
NOON_MUST_USE noon_err noon_tunnel_half_make(const struct noon_tunnel *t,
					     struct noon_tunnel_half *half, bool inbound,
					     uint64_t epoch);
/** End an association; none is fine. */
void noon_tunnel_half_end(struct noon_tunnel_half *half);

/** Ask for an epoch to be reserved; returns whether it is already. */
bool noon_tunnel_reserve(struct noon_tunnel *t, uint64_t epoch);

/** Derive the SPIs of inbound epochs from `from` on. */
NOON_MUST_USE noon_err noon_tunnel_spis(const struct noon_tunnel *t, uint64_t from,
					uint32_t spi[NOON_TUNNEL_AHEAD]);

/** Send with this epoch from now on. */
NOON_MUST_USE noon_err noon_tunnel_switch(struct noon_tunnel *t, uint64_t epoch, noon_time now);
/** Send with the next epoch if the association has lived long enough. */
void noon_tunnel_refresh(struct noon_tunnel *t, noon_time now);

/** Take an epoch that is ready for the one in force: the other end was heard with it elsewhere. */
void noon_tunnel_follow(struct noon_tunnel *t, uint64_t epoch, noon_time now);

#endif
