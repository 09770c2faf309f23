/* SPDX-License-Identifier: Apache-2.0
 *
 * NTP requests in batches from many sockets: a closed loop, or a fixed rate.
 *
 * Each socket has a ring of outstanding requests. The requests of a ring differ in their transmit
 * time, which the answer returns, so that each answer is matched to its request. A request without
 * an answer at the time-out, or when its place in the ring is reused, is lost.
 */
#ifndef NOON_TOOLS_BENCH_STORM_H
#define NOON_TOOLS_BENCH_STORM_H

#include "platform/net/udp.h"
#include "proto/nts/nts_session.h"
#include "tools/bench/bench_tally.h"

#define NOON_BENCH_RING	       1024 /**< outstanding requests per socket, at most */
#define NOON_BENCH_SOCKETS_MAX 512

struct noon_bench_storm_conf {
	struct noon_addr peer;
	struct noon_nts_session *session; /**< NULL: without NTS */
	unsigned placeholders;
	unsigned sockets; /**< 1..NOON_BENCH_SOCKETS_MAX */
	unsigned window;  /**< outstanding per socket, 1..NOON_BENCH_RING / 2 */
	double rate;	  /**< per second, all sockets; 0: closed loop */
	noon_dur length;
	noon_dur timeout;
};

/**
 * Run the load.
 * @retval NOON_OK       the result is in the tally
 * @retval NOON_ERR_OS   memory or sockets; t->why says
 * @retval other         the request could not be made; t->why says
 */
NOON_MUST_USE noon_err noon_bench_storm(const struct noon_bench_storm_conf *conf,
					struct noon_bench_tally *t);

#endif
