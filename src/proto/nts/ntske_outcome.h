/* SPDX-License-Identifier: Apache-2.0
 *
 * How a key exchange ended, for server and client alike: one word per reason, and counters of them.
 */
#ifndef NOON_PROTO_NTSKE_OUTCOME_H
#define NOON_PROTO_NTSKE_OUTCOME_H

#include <stdint.h>

#include "base/err.h"
#include "crypto/tls.h"

#define NOON_NTSKE_OUTCOME_LIST(X)                                                               \
	X(PENDING, "pending", NOON_ERR_STATE, "the exchange is still going on")                  \
	X(DONE, "ok", NOON_OK, "success")                                                        \
	X(TIMEOUT, "timeout", NOON_ERR_TIMEOUT, "the peer took too long")                        \
	X(CLOSED, "closed-early", NOON_ERR_SHORT, "the peer closed the connection too early")    \
	X(TOO_LONG, "too-long", NOON_ERR_LONG, "the peer sent too much")                         \
	X(NOT_TLS, "not-tls", NOON_ERR_TLS, "the peer does not speak TLS")                       \
	X(VERSION, "tls-version", NOON_ERR_TLS, "the peer does not speak TLS 1.3")               \
	X(ALPN, "alpn", NOON_ERR_TLS, "the peer does not speak ntske/1")                         \
	X(CERT_EXPIRED, "cert-expired", NOON_ERR_CERT, "the certificate has expired")            \
	X(CERT_NOT_YET, "cert-not-yet", NOON_ERR_CERT, "the certificate is not yet valid")       \
	X(CERT_NAME, "cert-name", NOON_ERR_CERT, "the certificate is for another name")          \
	X(CERT_ISSUER, "cert-issuer", NOON_ERR_CERT, "the issuer of the certificate is unknown") \
	X(CERT_OTHER, "cert-refused", NOON_ERR_CERT, "the certificate is not acceptable")        \
	X(ALERT, "peer-alert", NOON_ERR_TLS, "the peer ended TLS with an alert")                 \
	X(TLS, "tls-failure", NOON_ERR_TLS, "TLS failed")                                        \
	X(UNKNOWN_CRITICAL, "unknown-critical", NOON_ERR_UNSUPPORTED, "unknown critical record") \
	X(BAD_REQUEST, "bad-request", NOON_ERR_FORMAT, "the request breaks the rules")           \
	X(NO_PROTOCOL, "no-protocol", NOON_ERR_UNSUPPORTED, "no protocol in common")             \
	X(NO_AEAD, "no-aead", NOON_ERR_UNSUPPORTED, "no AEAD in common")                         \
	X(INTERNAL, "internal", NOON_ERR_CRYPTO, "internal failure")                             \
	X(BAD_REPLY, "bad-reply", NOON_ERR_FORMAT, "the reply breaks the rules")                 \
	X(PEER_ERROR, "peer-error", NOON_ERR_FORMAT, "the server answered with an Error record") \
	X(PEER_WARNING, "peer-warning", NOON_ERR_FORMAT,                                         \
	  "the server answered with a Warning record")                                           \
	X(NO_COOKIE, "no-cookie", NOON_ERR_EMPTY, "the server gave no cookie")                   \
	X(BAD_COOKIE, "bad-cookie", NOON_ERR_RANGE,                                              \
	  "the server gave a cookie of an unacceptable size")                                    \
	X(BAD_SERVER, "bad-server", NOON_ERR_FORMAT, "the server named an unacceptable NTP server")

enum noon_ntske_outcome {
#define NOON_NTSKE_OUTCOME_ENUM(name, word, err, text) NOON_KE_##name,
	NOON_NTSKE_OUTCOME_LIST(NOON_NTSKE_OUTCOME_ENUM)
#undef NOON_NTSKE_OUTCOME_ENUM
		NOON_KE_OUTCOMES,
};

/** One count per finished connection. */
struct noon_ntske_counters {
	uint64_t n[NOON_KE_OUTCOMES];
};

/** Return the short word of an outcome ("no-aead"); static, never NULL. */
const char *noon_ntske_outcome_word(enum noon_ntske_outcome o);
/** Return the sentence of an outcome, without a full stop; static, never NULL. */
const char *noon_ntske_outcome_text(enum noon_ntske_outcome o);
/** Return the error code that a CLOSE action carries for an outcome. */
noon_err noon_ntske_outcome_err(enum noon_ntske_outcome o);
/** Return the outcome that a failure of TLS means. */
enum noon_ntske_outcome noon_ntske_outcome_of_tls(enum noon_tls_reason reason);

#endif
