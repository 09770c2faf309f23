/* SPDX-License-Identifier: Apache-2.0
 *
 * What the edge offset of a packet depends on: direction, message type, size, gap, cipher and
 * association.
 *
 * Sizes and gaps come in classes. The gap matters most: caches are cold after a long one, and t' -
 * t was 2.5 times as long at 8 Hz as at 1 kHz.
 */
#ifndef NOON_ESTIMATE_EDGE_KEY_H
#define NOON_ESTIMATE_EDGE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

#define NOON_EDGE_SIZE_CLASSES 5
#define NOON_EDGE_GAP_CLASSES  7

enum noon_edge_direction {
	NOON_EDGE_EGRESS,  /**< t' - t: departure of the encrypted packet less the stamp inside */
	NOON_EDGE_INGRESS, /**< t2 - t2': stamp after decryption less the arrival */
};

struct noon_edge_key {
	enum noon_edge_direction direction;
	uint8_t message;      /**< messageType, IEEE 1588, or a number of the caller */
	uint8_t size;	      /**< noon_edge_size_class() */
	uint8_t gap;	      /**< noon_edge_gap_class() */
	uint8_t cipher;	      /**< a number of the caller for algorithms and key lengths */
	uint32_t association; /**< a number of the caller for the security association */
};

/** In what two keys of the same direction differ: the sum of these. A smaller sum is nearer. */
enum {
	NOON_EDGE_DIFFERS_SIZE = 1,
	NOON_EDGE_DIFFERS_ASSOCIATION = 2, /**< the same machine and code all the same */
	NOON_EDGE_DIFFERS_MESSAGE = 4,
	NOON_EDGE_DIFFERS_CIPHER = 8,
	NOON_EDGE_DIFFERS_GAP = 16,
};
#define NOON_EDGE_DIFFERENCES 5 /**< number of the bits above */

/**
 * Return the class of a packet, 0..NOON_EDGE_SIZE_CLASSES - 1.
 * @param bytes  length of the packet before encryption, counted alike for all
 * Limits, inclusive: 128, 256, 512, 1024 bytes; all PTP messages without padding are in class 0.
 */
uint8_t noon_edge_size_class(size_t bytes);

/**
 * Return the class of a gap, 0..NOON_EDGE_GAP_CLASSES - 1.
 * @param gap  time since the packet before on the same path through the machine, ns; a negative
 *             one counts as 0, NOON_DUR_MAX for the first packet
 * The limits are 2^-10.5, 2^-8.5, ... 2^-0.5 s (0.69 ms to 0.71 s): half-way, on a logarithmic
 * scale, between the message rates of PTP, so that jitter does not make a rate change class.
 */
uint8_t noon_edge_gap_class(noon_dur gap);

/** Return whether two keys are the same. */
bool noon_edge_key_is_same(const struct noon_edge_key *a, const struct noon_edge_key *b);

/** Return in what two keys of the same direction differ: a sum of NOON_EDGE_DIFFERS_*; 0: in
 *  nothing. */
unsigned noon_edge_key_difference(const struct noon_edge_key *a, const struct noon_edge_key *b);

#endif
