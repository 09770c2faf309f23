/* SPDX-License-Identifier: Apache-2.0
 *
 * Which sources are one machine by two names?
 *
 * The vote counts machines that may lie. One that is configured twice would lie with two voices,
 * and together they could outvote an honest one. Of such sources one votes: the first, but an
 * authenticated one before others. The rest are measured and shown, and the number of liars that is
 * reckoned with stays that of the configured sources.
 *
 * This finds what an operator does by mistake. A machine that means to hide can show two addresses
 * and two certificates.
 */
#ifndef NOON_DAEMON_DUPLICATES_H
#define NOON_DAEMON_DUPLICATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/action.h"
#include "crypto/tls.h"
#include "platform/net/udp.h"
#include "proto/ptp/ptp_best.h"

struct noon_daemon;

/** What tells who a source is, as far as it is known. */
struct noon_source_identity {
	struct noon_addr peer; /**< where NTP requests go; len 0: not known, or PTP */
	bool has_key;
	uint8_t key[NOON_TLS_DIGEST];	      /**< noon_tls_peer_key() of the NTS-KE server */
	struct noon_peer transmitter;	      /**< of PTP; n 0: none */
	uint8_t domain;			      /**< of PTP: what a port is to NTP */
	uint8_t clock[NOON_PTP_IDENTITY_LEN]; /**< its clockIdentity; valid with transmitter */
};

/** Tell by what two sources are one machine ("the same address and port"); NULL if nothing says so.
 */
const char *noon_source_identity_same(const struct noon_source_identity *a,
				      const struct noon_source_identity *b);

/**
 * Find those that are one machine, give one of each a vote, and log what is new.
 *
 * Only sources count that have given a good exchange, so that nobody takes a vote away by a claim.
 *
 * @param current  index of the source whose exchange is about to be taken in: it counts as well
 */
void noon_duplicates_find(struct noon_daemon *d, size_t current);

#endif
