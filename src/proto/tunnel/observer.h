/* SPDX-License-Identifier: Apache-2.0
 *
 * What encryption takes in a tunnel that somebody else manages, from what is seen outside and
 * inside of it. Packets outside are opaque: the n-th that leaves is the n-th that went in, as long
 * as nothing else goes through the same association. That is checked: what does not add up is
 * thrown away, and nothing is believed for a while.
 *
 * Nothing of this may move a clock. Packets that come in are not authenticated here: anybody can
 * add one, which spoils the measurement until it is noticed.
 */
#ifndef NOON_PROTO_TUNNEL_OBSERVER_H
#define NOON_PROTO_TUNNEL_OBSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/time.h"
#include "wire/ip/ip.h"

/** Packets on their way through encryption at a time. */
#define NOON_OBSERVER_WAITING 64

/** Messages that are not PTP's event or general ones: of other programs. */
#define NOON_OBSERVED_OTHER 0xff

struct noon_observer_conf {
	struct noon_ip outer; /**< version and addresses; src is this end */
	struct noon_ip inner;
	uint16_t event_port; /**< of UDP, inside */
	uint16_t general_port;
};

/** A packet that was seen. */
struct noon_observed {
	bool inside;
	bool inbound;	 /**< to this end */
	uint8_t message; /**< inside: first byte of the datagram, or NOON_OBSERVED_OTHER */
	uint32_t spi;	 /**< outside: of AH, or of ESP without it */
	size_t n;	 /**< bytes of the IP packet */
	int64_t at;	 /**< ns, of one clock for all */
};

/** What one packet took. */
struct noon_observed_edge {
	bool inbound;
	uint8_t message; /**< of PTP */
	size_t n;	 /**< bytes of the outer packet */
	noon_dur took;	 /**< > 0 */
	noon_dur gap;	 /**< since the packet before on this side; NOON_DUR_MAX: none */
};

/** One direction. */
struct noon_observed_way {
	struct noon_observed waiting[NOON_OBSERVER_WAITING]; /**< a ring */
	size_t first;
	size_t n;
	struct noon_observed_edge held[NOON_OBSERVER_WAITING]; /**< until they are certain */
	size_t n_held;
	int64_t busy_since;	/**< since then something waits */
	int64_t last;		/**< when the last packet began; 0: none */
	int64_t distrust_until; /**< 0: no doubt yet */
	uint64_t outside;	/**< packets seen */
	uint64_t inside;
	uint64_t matched;
	uint64_t unmatched; /**< of either side, without one of the other */
	uint64_t others;    /**< inside: not PTP's */
	uint32_t spi;	    /**< of the last one, 0: none */
	uint64_t spis;	    /**< times that it changed */
	int64_t last_outside;
};

/** All zero but its configuration: nothing was seen. */
struct noon_observer {
	struct noon_observer_conf conf;
	struct noon_observed_way out;
	struct noon_observed_way in;
};

/**
 * Read a packet that was seen outside.
 * @param packet   whole, from its IP header on
 * @param[out] ret all but `at` and `n`, untouched unless true
 * @return whether it belongs to the tunnel: ESP or AH, or ESP in UDP from or to port 4500, between
 *         its ends
 */
bool noon_observe_outside(const struct noon_observer_conf *c, struct noon_bytes packet,
			  struct noon_observed *ret);
/** The same of one seen inside. */
bool noon_observe_inside(const struct noon_observer_conf *c, struct noon_bytes packet,
			 struct noon_observed *ret);

/** Called with each measurement. */
typedef void noon_observed_fn(void *arg, const struct noon_observed_edge *e);

/** Take a packet; those of one direction come in the order of their time. */
void noon_observer_take(struct noon_observer *o, const struct noon_observed *p,
			noon_observed_fn *each, void *arg);

/** Tell whether everything that was seen of late fits: nothing but what is inside goes through. */
bool noon_observed_is_exclusive(const struct noon_observed_way *w, int64_t now);

#endif
