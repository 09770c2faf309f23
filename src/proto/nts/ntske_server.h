/* SPDX-License-Identifier: Apache-2.0
 *
 * One connection of an NTS key-establishment server (RFC 8915, section 4): TLS handshake, one
 * request, one response in one piece, close_notify, CLOSE.
 *
 * A request without END gets no answer. Requirements K1-K17: tests of the same names.
 *
 * The five verbs on a stream: on_packet takes bytes of the stream in any pieces; a piece of length
 * 0 says that the peer closed its side. SEND actions carry bytes of the stream out, in order. One
 * call gives out what fits; while more waits, the deadline is "now": call on_timer. After CLOSE
 * the owner sends what it still has, closes the connection, and calls fini; it should cut a peer
 * off that does not read.
 */
#ifndef NOON_PROTO_NTSKE_SERVER_H
#define NOON_PROTO_NTSKE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/action.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/time.h"
#include "crypto/aead.h"
#include "crypto/tls.h"
#include "proto/nts/nts_session.h"
#include "proto/nts/ntske_outcome.h"
#include "proto/nts/ntske_stream.h"

/**
 * Make one cookie for these keys, distinct from all others; append it to out.
 * Length NOON_NTS_COOKIE_MIN..NOON_NTS_COOKIE_MAX and a multiple of 4, or the exchange fails.
 */
typedef noon_err noon_ntske_make_cookie(void *arg, enum noon_aead_id aead,
					const struct noon_secret_nts_keys *keys,
					struct noon_wr *out);

/** One for all connections; borrowed for their lives. */
struct noon_ntske_server_conf {
	struct noon_tls_ctx *tls;
	struct noon_ntske_counters *counters; /**< NULL: nobody counts */
	noon_ntske_make_cookie *make_cookie;
	void *arg;	     /**< of make_cookie */
	const char *host;    /**< NTP server to name to clients; NULL or "": this one */
	uint16_t port;	     /**< its NTP port; 0: 123, not mentioned */
	bool gcm_siv;	     /**< offer AES-128-GCM-SIV (30) beside AES-SIV-CMAC-256 (15) */
	size_t max_bytes;    /**< longest request, 0 or 1024..NOON_NTSKE_MESSAGE_MAX */
	noon_dur time_limit; /**< for the whole exchange; 0: NOON_NTSKE_TIME_LIMIT */
};

struct noon_ntske_server {
	const struct noon_ntske_server_conf *conf;
	struct noon_ntske_stream stream;
};

/**
 * Begin with a connection that was just accepted.
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE   host is no host name, or longer than NOON_NTS_HOST_MAX
 * @retval NOON_ERR_CRYPTO  no memory for TLS
 */
NOON_MUST_USE noon_err noon_ntske_server_init(struct noon_ntske_server *s,
					      const struct noon_ntske_server_conf *conf,
					      noon_time now);
/** Free TLS; a zeroed struct is fine. A connection that did not end is counted as closed-early. */
void noon_ntske_server_fini(struct noon_ntske_server *s);

void noon_ntske_server_on_packet(struct noon_ntske_server *s, const struct noon_rx *rx,
				 struct noon_actions *out);
/** Does nothing: a key exchange needs no transmit times. */
void noon_ntske_server_on_sent(struct noon_ntske_server *s, uint32_t token, noon_time sent,
			       struct noon_actions *out);
void noon_ntske_server_on_timer(struct noon_ntske_server *s, noon_time now,
				struct noon_actions *out);
noon_time noon_ntske_server_deadline(const struct noon_ntske_server *s);

/** Return how it ended; NOON_KE_PENDING before the end. */
enum noon_ntske_outcome noon_ntske_server_outcome(const struct noon_ntske_server *s);

#endif
