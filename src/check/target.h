/* SPDX-License-Identifier: Apache-2.0
 *
 * The server under test: its address, request limits, and the keys it has issued.
 */
#ifndef NOON_CHECK_TARGET_H
#define NOON_CHECK_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "platform/net/udp.h"
#include "proto/nts/nts_session.h"

struct noon_target_conf {
	const char *host;	 /**< as given */
	const char *server_name; /**< for SNI and the certificate; NULL: host */
	const char *ca;		 /**< PEM file; NULL: the system's */
	bool no_verify;		 /**< do not verify the certificate (checks of it are skipped) */
	uint16_t ke_port;	 /**< 0: 4460 */
	uint16_t ntp_port;	 /**< 0: as negotiated, else 123 */
	int family;
	noon_dur timeout; /**< for one answer */
	noon_dur pause;	  /**< between two requests */
	unsigned retries; /**< of an unanswered packet */
	noon_dur rotate;  /**< period of its cookie-key rotation; 0: not known */
	unsigned fuzz;	  /**< random key exchanges to try; 0: none */
	uint64_t seed;	  /**< of the first of them */
};

struct noon_check_client_server;

struct noon_target {
	struct noon_target_conf conf;
	struct noon_addr ke;  /**< address of the key exchange */
	struct noon_addr ntp; /**< address of NTP; len 0: not known yet */
	noon_time asked;      /**< monotonic: when the last request was sent */
	unsigned aeads;	      /**< bit 0: AEAD 15, bit 1: AEAD 30 were agreed to */
	uint64_t n_ke;	      /**< key exchanges started */
	uint64_t n_packets;   /**< packets sent */
	const struct noon_check_client_server *client; /**< a client under test: what it did */
};

/** Resolve the host. @param[out] ret_why  static or from the resolver, when it fails
 *  @retval NOON_OK, NOON_ERR_NOT_FOUND */
NOON_MUST_USE noon_err noon_target_init(struct noon_target *t, const struct noon_target_conf *conf,
					const char **ret_why);

/**
 * Send one request, to say in one sentence what prevents all checks.
 * @param nts      try the key exchange; else plain NTP
 * @param[out] why at least 200 bytes; filled unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_NOT_FOUND  port closed, or no answer
 * @retval NOON_ERR_TLS        it does not speak TLS, or its certificate is refused
 */
NOON_MUST_USE noon_err noon_target_greet(struct noon_target *t, bool nts, char *why, size_t n);

/** Wait until the next request may be sent. */
void noon_target_pause(struct noon_target *t);

#endif
