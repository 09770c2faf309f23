/* SPDX-License-Identifier: Apache-2.0
 *
 * Detects that two sources are one machine under two names.
 */
#ifndef NOON_DAEMON_IDENTITY_H
#define NOON_DAEMON_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/action.h"
#include "crypto/tls.h"
#include "platform/net/udp.h"
#include "proto/ptp/ptp_best.h"

/** The identity of a source, as far as it is known. */
struct noon_source_identity {
	struct noon_addr peer; /**< where NTP requests go; len 0: not known, or PTP */
	bool has_key;
	uint8_t key[NOON_TLS_DIGEST];	      /**< noon_tls_peer_key() of the NTS-KE server */
	struct noon_peer transmitter;	      /**< of PTP; n 0: none */
	uint8_t domain;			      /**< of PTP: corresponds to NTP's port */
	uint8_t clock[NOON_PTP_IDENTITY_LEN]; /**< its clockIdentity; valid with transmitter */
};

/** Return why two sources are one machine ("the same address and port"); NULL if there is no
 *  sign. */
const char *noon_source_identity_same(const struct noon_source_identity *a,
				      const struct noon_source_identity *b);

#endif
