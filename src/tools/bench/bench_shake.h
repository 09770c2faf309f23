/* SPDX-License-Identifier: Apache-2.0
 *
 * NTS key exchanges, several at once: one for its session, or many as a load.
 */
#ifndef NOON_TOOLS_BENCH_SHAKE_H
#define NOON_TOOLS_BENCH_SHAKE_H

#include "crypto/tls.h"
#include "platform/net/udp.h"
#include "proto/nts/nts_session.h"
#include "tools/bench/bench_tally.h"

#define NOON_BENCH_SHAKES_MAX 64 /**< at once */

struct noon_bench_shake_conf {
	struct noon_addr peer;
	const char *name; /**< required name in the certificate */
	struct noon_tls_ctx *tls;
	bool no_time_check;
	unsigned window; /**< at once, 1..NOON_BENCH_SHAKES_MAX */
	double rate;	 /**< per second; 0: closed loop */
	noon_dur length; /**< 0: one key exchange only */
};

/**
 * Make key exchanges.
 * @param ret_session  of the last success; secret; untouched if there was none; may be NULL
 * @retval NOON_OK      the result is in the tally
 * @retval NOON_ERR_OS  no memory or no event loop
 */
NOON_MUST_USE noon_err noon_bench_shake(const struct noon_bench_shake_conf *conf,
					struct noon_bench_tally *t,
					struct noon_nts_session *ret_session);

#endif
