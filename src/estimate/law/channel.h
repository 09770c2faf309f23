/* SPDX-License-Identifier: Apache-2.0
 *
 * The channel of priority routers (docs/theory.md, 5.1).
 *
 * A time packet finds each of the M routers of a direction idle with probability p_idle; else it
 * waits for the rest of the packet under way, uniform between 0 and the time a full one takes.
 */
#ifndef NOON_ESTIMATE_CHANNEL_H
#define NOON_ESTIMATE_CHANNEL_H

#include <stddef.h>

#include "estimate/law/law.h"
#include "estimate/law/threshold.h"

#define NOON_CHANNEL_ROUTERS_MAX 255 /**< a packet does not live through more */

struct noon_channel {
	unsigned routers; /**< M, in each direction, 1..NOON_CHANNEL_ROUTERS_MAX */
	double p_idle;	  /**< 0..1, not 1 */
	double packet_bytes;
	double rate_bps;
	double fixed_ns; /**< propagation both ways, ns, >= 0 */
};

/** Return the channel of the paper: 10 routers, 0.35, 1542 bytes, 1 Gb/s, 0. */
struct noon_channel noon_channel_default(void);

/** A channel with a name. What its nodes add is uniform like the wait for a packet under way, so
 *  packet_bytes and rate_bps stand for the width. */
struct noon_channel_preset {
	const char *name;
	const char *what; /**< what is taken for granted of it; a clause */
	struct noon_channel channel;
};

/** Return the i-th preset, the paper's first; NULL behind the last. */
const struct noon_channel_preset *noon_channel_preset(size_t i);

/** @retval NOON_OK
 *  @retval NOON_ERR_RANGE  a parameter is impossible */
NOON_MUST_USE noon_err noon_channel_check(const struct noon_channel *c);

/** Return the time a full packet takes, ns: packet_bytes 8 / rate. */
double noon_channel_service_ns(const struct noon_channel *c);

/** Return mean, variance (ns^2) and third central moment (ns^3) of one round trip. */
void noon_channel_moments(const struct noon_channel *c, double *ret_mean, double *ret_var,
			  double *ret_m3);

/** Return the cumulant function of one round trip; `c` is borrowed. */
struct noon_cgf noon_cgf_of_channel(const struct noon_channel *c);

/**
 * Compute the law of one round trip.
 *
 * Exact on its lattice while that resolves a single router; for many busy routers, where it does
 * not, from the saddlepoint, which is as good there as the lattice could be.
 * @retval NOON_OK, NOON_ERR_RANGE
 * Cost: some 5 ms.
 */
NOON_MUST_USE noon_err noon_law_of_channel(const struct noon_channel *c, struct noon_law *ret);

/** Compute the law of the queueing in one direction, without propagation. Errors as above. */
NOON_MUST_USE noon_err noon_law_of_one_way(const struct noon_channel *c, struct noon_law *ret);

#endif
