/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests built before a load starts, so that sending them is cheap.
 */
#ifndef NOON_TOOLS_BENCH_REQUEST_H
#define NOON_TOOLS_BENCH_REQUEST_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/rng.h"
#include "proto/nts/nts_session.h"
#include "wire/ntp.h"

/** Write a client's request; `transmit` will be the answer's origin.
 *  @param cookie  NULL: without NTS; the rest is then not used
 *  @retval NOON_OK, NOON_ERR_FULL (too many placeholders), NOON_ERR_CRYPTO */
NOON_MUST_USE noon_err noon_bench_request(struct noon_wr *wr, noon_ntp_ts transmit,
					  const struct noon_nts_session *session,
					  const struct noon_nts_cookie *cookie,
					  unsigned placeholders, struct noon_rng *rng);

#endif
