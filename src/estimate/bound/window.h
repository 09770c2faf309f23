/* SPDX-License-Identifier: Apache-2.0
 *
 * The edges that a source has proved, thinned so that few of them carry nearly all they prove.
 *
 * Lower and upper edges are kept in two lists, oldest first. When a list is full, the two
 * neighbours that are closest for their age lose the looser one: the newest stay dense, the
 * old ones spread out evenly on a logarithmic scale, each the tightest of its neighbourhood.
 * Dropping an edge never makes a bound false, only wider.
 */
#ifndef NOON_ESTIMATE_WINDOW_H
#define NOON_ESTIMATE_WINDOW_H

#include <stddef.h>

#include "estimate/bound/interval.h"

#define NOON_WINDOW_MAX 64

struct noon_edges {
	size_t n;
	struct noon_edge e[NOON_WINDOW_MAX]; /**< oldest first, by h */
};

struct noon_window {
	struct noon_edges lo;
	struct noon_edges hi;
};

/** Empty the window; also initialises it. */
void noon_window_clear(struct noon_window *w);

/** Drop edges with h < oldest. */
void noon_window_expire(struct noon_window *w, noon_time oldest);

/**
 * Add an exchange, thinning a full list first.
 *
 * Add only what noon_fuse() found consistent with the window. Exchanges may come in any order.
 *
 * @param rate  best knowledge of d theta / dh, to compare edges of different instants
 */
void noon_window_add(struct noon_window *w, const struct noon_exchange *x, noon_freq rate);

/** Move every lower edge down by lo and every upper one up by hi, ns: what the window proves when
 *  the minima are smaller by as much. Negative: back again. */
void noon_window_widen(struct noon_window *w, noon_dur lo, noon_dur hi);

/** Add d to the offset of every edge: the time scale itself was shifted (a leap second). */
void noon_window_shift(struct noon_window *w, noon_dur d);

#endif
