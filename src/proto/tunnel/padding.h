/* SPDX-License-Identifier: Apache-2.0
 *
 * Padding against traffic analysis (RFC 4303, section 2.7), at the tail of the inner packet, so
 * that the size of what is seen says little or nothing of the type of message.
 */
#ifndef NOON_PROTO_TUNNEL_PADDING_H
#define NOON_PROTO_TUNNEL_PADDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/rng.h"

enum noon_padding_mode {
	NOON_PADDING_NONE,
	NOON_PADDING_RANDOM, /**< min..max bytes, uniform: sizes overlap, their mean still tells */
	NOON_PADDING_CONSTANT, /**< min bytes: hides the size, not which types differ in it */
	NOON_PADDING_CELL,     /**< up to min bytes in all: every packet has one size */
};

#define NOON_PADDING_MAX 1024 /**< bytes, of any mode */

struct noon_padding {
	enum noon_padding_mode mode;
	size_t min; /**< bytes, 0..NOON_PADDING_MAX; CELL: of the padded inner packet */
	size_t max; /**< bytes, min..NOON_PADDING_MAX; RANDOM only */
};

/** Tell whether the lengths fit the mode. */
bool noon_padding_is_sound(const struct noon_padding *p);

/**
 * Return how many bytes are added to an inner packet of n bytes.
 * @retval NOON_OK, NOON_ERR_RANGE (longer than a cell: it would stick out)
 */
NOON_MUST_USE noon_err noon_padding_len(const struct noon_padding *p, size_t n,
					struct noon_rng *rng, size_t *ret);

#endif
