/* SPDX-License-Identifier: Apache-2.0
 *
 * What both key-exchange machines share: a TLS stream that carries one message, collected up to a
 * limit of bytes and of time, and output that waits until the list of actions has room.
 *
 * The time limit is absolute, counted from the first moment: a peer that sends a byte now and then
 * gains nothing.
 */
#ifndef NOON_PROTO_NTSKE_STREAM_H
#define NOON_PROTO_NTSKE_STREAM_H

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

#define NOON_NTSKE_MESSAGE_MAX	 16384 /**< longest message collected, bytes */
#define NOON_NTSKE_HANDSHAKE_MAX 65536 /**< bytes from the peer until the handshake is done */
#define NOON_NTSKE_TIME_LIMIT	 NOON_S(5)

enum noon_ntske_phase {
	NOON_NTSKE_PHASE_CLOSED,    /**< CLOSE was given out; also a zeroed struct */
	NOON_NTSKE_PHASE_HANDSHAKE, /**< TLS */
	NOON_NTSKE_PHASE_MESSAGE,   /**< collecting the peer's message */
	NOON_NTSKE_PHASE_FLUSH,	    /**< only output is left */
};

struct noon_ntske_stream {
	struct noon_tls *tls; /**< owned; NULL once closed */
	noon_time now;	      /**< of the latest call */
	noon_time limit;      /**< deadline of the exchange */
	size_t fed;	      /**< bytes from the peer, before decryption */
	size_t max;	      /**< longest message accepted, bytes */
	size_t n;	      /**< bytes in buf */
	size_t scanned;	      /**< bytes of buf in whole records */
	enum noon_ntske_phase phase;
	enum noon_ntske_outcome outcome;
	uint8_t buf[NOON_NTSKE_MESSAGE_MAX]; /**< the message; a server's reply as well */
};

/** Begin; takes tls over. max 0 and limit 0 mean the defaults. */
void noon_ntske_stream_init(struct noon_ntske_stream *st, struct noon_tls *tls, size_t max,
			    noon_dur limit, noon_time now);
/** Free TLS and wipe the buffer; a zeroed struct is fine. */
void noon_ntske_stream_fini(struct noon_ntske_stream *st);

/** Take in what came; data.n == 0 means that the peer's stream ended. May finish the stream. */
void noon_ntske_stream_feed(struct noon_ntske_stream *st, struct noon_bytes data, noon_time now);

/** Go on with the handshake. Returns true in the call that completes it; may finish the stream. */
bool noon_ntske_stream_handshake(struct noon_ntske_stream *st);

/**
 * Collect the message. Finishes the stream if it can never become whole.
 * @retval NOON_OK          the message is in buf[0..n), END is its last record
 * @retval NOON_ERR_FORMAT  the same, but bytes follow END
 * @retval NOON_ERR_EMPTY   not yet, or finished
 */
NOON_MUST_USE noon_err noon_ntske_stream_collect(struct noon_ntske_stream *st);

/** End the exchange: close_notify, and only output is left. The first outcome stays. */
void noon_ntske_stream_finish(struct noon_ntske_stream *st, enum noon_ntske_outcome outcome);

/** Note the time; finish with TIMEOUT when it is up. */
void noon_ntske_stream_tick(struct noon_ntske_stream *st, noon_time now);

/** Give out pending bytes as SEND, as many as fit, and CLOSE when nothing is left to do. */
void noon_ntske_stream_flush(struct noon_ntske_stream *st, struct noon_actions *out);

/** Return when on_timer() must be called: now while output waits, else the limit. */
noon_time noon_ntske_stream_deadline(const struct noon_ntske_stream *st);

/**
 * Derive both keys (RFC 8915, section 5.1).
 *
 * @param compliant  for AES-128-GCM-SIV: put 30 into the exporter's context, as the RFC says.
 *                   Otherwise 15, as chrony did first and still does unless both sides send record
 *                   1024. Other AEADs do not care.
 * @retval NOON_OK, NOON_ERR_STATE, NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_ntske_stream_keys(const struct noon_ntske_stream *st,
					      enum noon_aead_id aead, bool compliant,
					      struct noon_secret_nts_keys *ret);

#endif
