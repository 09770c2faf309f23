/* SPDX-License-Identifier: Apache-2.0
 *
 * What receivers and transmitters of PTP have in common: who they are, what they take for theirs,
 * how their messages begin.
 */
#ifndef NOON_PROTO_PTP_PORT_H
#define NOON_PROTO_PTP_PORT_H

#include <stdbool.h>

#include "base/time.h"
#include "base/verdict.h"
#include "wire/ptp.h"

/** Who a port is, and in which domain. */
struct noon_ptp_port {
	struct noon_ptp_identity self; /**< sourcePortIdentity */
	uint16_t sdo_id;	       /**< majorSdoId << 8 | minorSdoId */
	uint8_t domain;
};

/**
 * What is known of the way of the next event message from the instant that its stamp names to the
 * edge of the host, where encryption lies between them (link/tunnel_link).
 *
 * The message leaves later than its stamp says, never earlier. The stamp alone is therefore safe
 * for whoever computes an interval from it, and a guess of how much later is not: it moves the
 * estimate of the offset and nothing else (docs/theory.md, theorem 7).
 */
struct noon_ptp_egress {
	bool unstamped; /**< its departure will not become known: its stamp is all there is */
	noon_dur later; /**< by which it is guessed to leave later than its stamp says, ns, >= 0 */
};

/** Intervals of the profiles, log2 s. */
#define NOON_PTP_LOG_MIN (-7)
#define NOON_PTP_LOG_MAX 6

static inline bool noon_ptp_is_log(int8_t log2)
{
	return log2 >= NOON_PTP_LOG_MIN && log2 <= NOON_PTP_LOG_MAX;
}

/** Return 2^log2 s in ns, log2 clamped to its range. */
noon_dur noon_ptp_interval(int8_t log2);

/**
 * Read a datagram, and look whether it is of our domain and not our own.
 * @retval NOON_VERDICT_ACCEPTED    ret is filled
 * @retval NOON_VERDICT_SHORT, _LONG, _VERSION, _TIMES (a stamp with 1e9 ns or more), _DOMAIN,
 *         _IDENTITY
 */
enum noon_verdict noon_ptp_port_read(const struct noon_ptp_port *p, struct noon_bytes data,
				     struct noon_ptp_message *ret);

/** Begin a message: header filled, body zero. */
struct noon_ptp_message noon_ptp_port_message(const struct noon_ptp_port *p, uint8_t type,
					      uint16_t sequence, bool unicast, int8_t interval);

/** Return whether a Signaling or Management message is meant for this port, or for all. */
bool noon_ptp_port_is_target(const struct noon_ptp_port *p, const struct noon_ptp_message *m);

#endif
