/* SPDX-License-Identifier: Apache-2.0
 *
 * What a path is known to take at least: links that light or a signal passes and bits are clocked
 * onto, nodes that forward. Queues come on top and are not known.
 *
 * Per link: length / (c VF) + size / rate. Different sizes of question and answer, or different
 * rates, make a calculable asymmetry, (up - down) / 2.
 */
#ifndef NOON_METROLOGY_PATH_MODEL_H
#define NOON_METROLOGY_PATH_MODEL_H

#include <stddef.h>

#include "base/time.h"

#define NOON_PATH_LINKS_MAX 16

/** A link, and the node behind it. */
struct noon_path_link {
	double length_m;	/**< >= 0 */
	double velocity_factor; /**< of the speed of light in vacuum, 0 < VF <= 1 */
	double rate_up;		/**< bit/s, towards the service; INFINITY: not counted */
	double rate_down;
	double node_s; /**< least forwarding delay of the node behind it, >= 0 */
};

/** Ends of a path, as bits. */
enum noon_path_ends { NOON_PATH_HERE = 1, NOON_PATH_SERVICE = 2 };

/**
 * The links, from here to the service, and the bits that are stamped: a sender's stamp is of the
 * first bit of a frame and a receiver's of the last, so that each link counts its serialisation
 * once. Hardware often stamps the first bit on both sides.
 */
struct noon_path_model {
	unsigned sent_last;	 /**< enum noon_path_ends that stamp the last bit they send */
	unsigned received_first; /**< those that stamp the first bit they receive */
	size_t n;
	struct noon_path_link link[NOON_PATH_LINKS_MAX];
	double request_bytes; /**< of the frame, preamble included, >= 0 */
	double reply_bytes;
};

struct noon_path_minima {
	noon_dur up;   /**< between the stamps, rounded down: never more than it takes; less than
			*   0 where the first bit is received before the last is sent */
	noon_dur down; /**< the same */
	noon_dur asymmetry; /**< (up - down) / 2, to be taken off an offset of S - C that assumes
			     *   equal delays */
};

/** Compute. */
void noon_path_minima(const struct noon_path_model *p, struct noon_path_minima *ret);

/** Return the time to clock a frame onto a link, s: what is added where one end stamps the first
 * bit and the other the last. */
double noon_serialisation_s(double bytes, double rate);

#endif
