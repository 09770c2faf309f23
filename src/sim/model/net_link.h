/* SPDX-License-Identifier: Apache-2.0
 *
 * One direction of a path: how long a packet takes, and whether it arrives.
 *
 * delay = propagation + nodes x (serialisation + forwarding + queueing). Only the queueing is
 * random; each node draws its own. The rest is the least delay, the minimum of condition 2.
 */
#ifndef NOON_SIM_NET_LINK_H
#define NOON_SIM_NET_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rng.h"
#include "base/time.h"

enum noon_queue_kind {
	NOON_QUEUE_NONE,
	NOON_QUEUE_PRIORITY,	/**< 0 with p_idle, else uniform up to the time of one packet */
	NOON_QUEUE_UNIFORM,	/**< up to `scale_ns` */
	NOON_QUEUE_EXPONENTIAL, /**< of mean `scale_ns` */
	NOON_QUEUE_PARETO,	/**< Lomax: scale_ns ((1 - u)^(-1/shape) - 1), cut at 1000 scales */
	NOON_QUEUE_RECORDED,	/**< one of the recorded values */
};

struct noon_net_link_conf {
	double length_m; /**< >= 0 */
	double velocity; /**< of propagation, fraction of c, 0 < v <= 1; default 0.68 (fibre) */
	double delay_ns; /**< constant, in addition, >= 0 */
	unsigned nodes;	 /**< routers on the way; 0: one queue and one serialisation */
	double forwarding_ns; /**< of each node, >= 0 */
	double rate_bps;      /**< of the links between; 0: no serialisation */
	enum noon_queue_kind queue;
	double p_idle;		/**< of a node, 0..1 */
	double packet_bytes;	/**< of other traffic; default 1542 */
	double scale_ns;	/**< see enum noon_queue_kind */
	double shape;		/**< of the Pareto law, > 0 */
	const double *recorded; /**< ns, >= 0; borrowed for the life of the link */
	size_t n_recorded;
	double loss;	/**< 0..1 */
	double reorder; /**< 0..1: delayed by reorder_ns */
	double reorder_ns;
	double duplicate;  /**< 0..1 */
	noon_dur route_at; /**< the route changes then, ns after the start; 0: never */
	double route_ns;   /**< ... by this, ns, either sign; the least delay stays >= 0 */
};

/** Fate of a packet. */
struct noon_net_link_fate {
	double delay_ns;
	double queue_ns; /**< share above the least delay */
	bool lost;
	bool duplicate;
};

struct noon_net_link_conf noon_net_link_conf_default(void);

/** Return the least delay at an instant after the start, ns. */
double noon_net_link_least_ns(const struct noon_net_link_conf *l, noon_dur since, size_t bytes);

/** Return the smallest of the least delays over a whole run, for packets of that size, ns. */
double noon_net_link_floor_ns(const struct noon_net_link_conf *l, size_t bytes);

/** Return the mean of the queueing delay, ns (of the recorded values, of the uncut laws). */
double noon_net_link_mean_ns(const struct noon_net_link_conf *l);

/** Draw the fate of a packet of n bytes sent `since` ns after the start. */
struct noon_net_link_fate noon_net_link_draw(const struct noon_net_link_conf *l, noon_dur since,
					     size_t bytes, struct noon_rng *rng);

#endif
