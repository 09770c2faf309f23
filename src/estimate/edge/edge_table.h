/* SPDX-License-Identifier: Apache-2.0
 *
 * Edge offsets by kind of packet: one estimator for each key, and what to do for a key that has
 * none.
 *
 * The number of keys is limited; a new one takes the place of the one that was fed the longest ago.
 * A key with too few values borrows the estimate of the nearest key that has enough: the one that
 * differs in size only, then in association, in message type, in cipher, and last in the gap. What
 * it borrows is stated wider by an allowance for each difference.
 *
 * 440 KB, best kept out of stack frames. No heap.
 */
#ifndef NOON_ESTIMATE_EDGE_TABLE_H
#define NOON_ESTIMATE_EDGE_TABLE_H

#include "estimate/edge/edge_key.h"
#include "estimate/edge/edge_offset.h"

struct noon_edge_entry {
	struct noon_edge_key key;
	uint64_t fed; /**< value of noon_edge_table.fed at its last value */
	struct noon_edge_offset offset;
};

struct noon_edge_table {
	struct noon_edge_conf conf;
	size_t n;	 /**< entries in use, 0..conf.keys, in no order */
	uint64_t fed;	 /**< values in all, the rejected ones included */
	uint64_t reused; /**< entries that made room for another key */
	struct noon_edge_entry e[NOON_EDGE_KEYS_MAX];
};

/**
 * Start empty.
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  conf: noon_edge_conf_check(); the table is untouched
 */
NOON_MUST_USE noon_err noon_edge_table_init(struct noon_edge_table *t,
					    const struct noon_edge_conf *conf);

/**
 * Learn from a packet: noon_edge_offset_add() for its key, which is made if there is none.
 * A value that is rejected makes no key.
 *
 * @param value  t' - t or t2 - t2', ns, any
 * @param at     instant of the packet, any clock that is always the same
 * Cost: O(keys), plus that of the estimator.
 */
enum noon_edge_verdict noon_edge_table_add(struct noon_edge_table *t,
					   const struct noon_edge_key *key, noon_dur value,
					   noon_time at);

/**
 * Return the correction for a packet of a key at now, and how far it can be trusted.
 *
 * A key with one or two values of its own has the lower median of these and the borrowed estimate,
 * or, if that is of another gap, the smaller value of its own: after a change of rate it follows at
 * once, and one late packet of two does not mislead it.
 *
 * With basis NOON_EDGE_OTHER n, share, mad, p01, p50, p99 and mean are those of the other key;
 * share then holds as far as the allowances do. Where no key of the direction is usable, basis is
 * NOON_EDGE_UNKNOWN, the correction 0, half and uncertainty NOON_DUR_MAX.
 *
 * @param now  instant of the packet, on the clock of noon_edge_table_add()
 * Sign: add the correction to t on egress, subtract it from t2 on ingress. Rounds outward.
 * Cost: O(keys + window), some 0.6 us.
 */
struct noon_edge_estimate noon_edge_table_estimate(const struct noon_edge_table *t,
						   const struct noon_edge_key *key, noon_time now);

/** Return the estimator of exactly this key, borrowed until the next change of the table; NULL:
 *  there is none. Cost: O(keys). */
const struct noon_edge_offset *noon_edge_table_find(const struct noon_edge_table *t,
						    const struct noon_edge_key *key);

/**
 * Rename an association after its refresh: what was learned goes on under the new number, in both
 * directions. Where the new one has learned something already, the estimator with more values in
 * its window stays. Nothing happens if from is to. Cost: O(keys^2).
 */
void noon_edge_table_rename(struct noon_edge_table *t, uint32_t from, uint32_t to);

/** Drop all keys of an association that was deleted. Cost: O(keys). */
void noon_edge_table_forget(struct noon_edge_table *t, uint32_t association);

#endif
