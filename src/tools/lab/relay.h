/* SPDX-License-Identifier: Apache-2.0
 *
 * A relay for UDP and TCP that delays, drops and corrupts: a configurable attacker on the path.
 */
#ifndef NOON_TOOLS_RELAY_H
#define NOON_TOOLS_RELAY_H

#include "platform/clock/clock.h"
#include "platform/entropy.h"
#include "platform/loop.h"
#include "platform/net/udp.h"
#include "tools/lab/impair.h"

enum noon_way { NOON_FORWARD, NOON_REVERSE, NOON_WAYS };

struct noon_way_counters {
	uint64_t packets;
	uint64_t bytes;
	uint64_t dropped;
	uint64_t duplicated;
	uint64_t replayed;
	uint64_t truncated;
	uint64_t flipped;
	uint64_t overflowed; /**< no buffer for it */
};

/** Shared by UDP and TCP. */
struct noon_relay {
	struct noon_loop *loop;
	struct noon_rng *rng;
	struct noon_impair impair[NOON_WAYS];
	struct noon_way_counters counters[NOON_WAYS];
};

struct noon_relay_udp;
struct noon_relay_tcp;

/** Relay datagrams from `listen` to `to`. *ret_sys is errno. @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_relay_udp_new(struct noon_relay *r, const struct noon_addr *listen,
					  const struct noon_addr *to, struct noon_relay_udp **ret,
					  int *ret_sys);
/** Relay datagrams between two hosts that send from the port they receive on, as PTP does: from
 * `server` to `client` and vice versa; others are ignored. */
NOON_MUST_USE noon_err noon_relay_between_new(struct noon_relay *r, const struct noon_addr *listen,
					      const struct noon_addr *server,
					      const struct noon_addr *client,
					      struct noon_relay_udp **ret, int *ret_sys);
void noon_relay_udp_free(struct noon_relay_udp *u);

/** Relay connections from `listen` to `to`. *ret_sys is errno. @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_relay_tcp_new(struct noon_relay *r, const struct noon_addr *listen,
					  const struct noon_addr *to, struct noon_relay_tcp **ret,
					  int *ret_sys);
void noon_relay_tcp_free(struct noon_relay_tcp *t);

#endif
