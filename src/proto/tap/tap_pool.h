/* SPDX-License-Identifier: Apache-2.0
 *
 * The memory of a tap for bytes that it has to keep: blocks of one size, in chains. All connections
 * share one pool; what does not fit is lost to the capture, and counted as such.
 */
#ifndef NOON_PROTO_TAP_POOL_H
#define NOON_PROTO_TAP_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/time.h"

#define NOON_TAP_NONE	   UINT32_MAX /**< no index */
#define NOON_TAP_BLOCK_LEN 1460

struct noon_tap_block {
	uint32_t next; /**< in its chain, or NOON_TAP_NONE */
	uint32_t seq;  /**< of its first byte, where it is part of a stream */
	uint32_t n;    /**< bytes; <= NOON_TAP_BLOCK_LEN unless it is a hole */
	bool hole;     /**< these bytes are known to be missing from the capture */
	bool begins;   /**< a segment begins here */
	noon_time at;  /**< when they passed the tap */
	uint8_t p[NOON_TAP_BLOCK_LEN];
};

struct noon_tap_pool {
	struct noon_tap_block *blocks; /**< the caller's */
	uint32_t free;		       /**< chain */
};

/** A chain of blocks. */
struct noon_tap_chain {
	uint32_t first; /**< NOON_TAP_NONE: empty */
	uint32_t last;
	uint32_t n; /**< bytes */
};

/** Take over n blocks, 0 < n < UINT32_MAX; borrowed for as long as the pool is used. */
void noon_tap_pool_init(struct noon_tap_pool *p, struct noon_tap_block *blocks, size_t n);
/** Take a block out. @return its index, or NOON_TAP_NONE */
uint32_t noon_tap_pool_take(struct noon_tap_pool *p);
/** Give one block back. */
void noon_tap_pool_give(struct noon_tap_pool *p, uint32_t block);

/** An empty chain. */
struct noon_tap_chain noon_tap_chain_empty(void);
/** Append bytes. @return false if there was no room: the chain is a part of them then */
bool noon_tap_chain_put(struct noon_tap_pool *p, struct noon_tap_chain *c, struct noon_bytes b);
/** Copy out. @param out  c->n bytes */
void noon_tap_chain_copy(const struct noon_tap_pool *p, const struct noon_tap_chain *c,
			 uint8_t *out);
/** Give all of it back; it is empty then. */
void noon_tap_chain_drop(struct noon_tap_pool *p, struct noon_tap_chain *c);

#endif
