/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS 1.3 over memory: bytes in, bytes out, no socket and no clock.
 *
 * A context holds certificates (server) or trust anchors (client) and makes connections. Both sides
 * speak TLS 1.3 only and ALPN "ntske/1" only (RFC 8915, section 4): a peer that offers or selects
 * another protocol, or none, is refused during the handshake. No session tickets, no early data, no
 * renegotiation. The backend is OpenSSL 3. A context for the web speaks TLS 1.2 as well, and
 * HTTP/1.1 to whoever names a protocol. A mutual context is for the key exchange of tunnels: ALPN
 * "noonmark-tunnel/1", and each end checks the other's certificate.
 *
 * One connection belongs to one thread at a time; so does a context while it is reloaded.
 */
#ifndef NOON_CRYPTO_TLS_H
#define NOON_CRYPTO_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define NOON_TLS_ALPN	     "ntske/1"
#define NOON_TLS_ALPN_TUNNEL "noonmark-tunnel/1" /**< not registered */

/** Why a context could not be made or a connection failed. */
#define NOON_TLS_REASON_LIST(X)                                              \
	X(NONE, "ok")                                                        \
	X(FILE_CERT, "certificate-file") /* cannot be read or parsed */      \
	X(FILE_KEY, "key-file")		 /* cannot be read or parsed */      \
	X(FILE_CA, "ca-file")		 /* cannot be read or parsed */      \
	X(KEY_MISMATCH, "key-mismatch")	 /* key is not the certificate's */  \
	X(VERSION, "tls-version")	 /* peer does not speak TLS 1.3 */   \
	X(ALPN, "alpn")			 /* peer does not speak ntske/1 */   \
	X(NOT_TLS, "not-tls")		 /* peer does not speak TLS */       \
	X(CERT_EXPIRED, "cert-expired")	 /* at the time given */             \
	X(CERT_NOT_YET, "cert-not-yet")	 /* not yet valid at that time */    \
	X(CERT_NAME, "cert-name")	 /* is for another name */           \
	X(CERT_ISSUER, "cert-issuer")	 /* unknown issuer or self-signed */ \
	X(CERT_OTHER, "cert-refused")	 /* anything else about it */        \
	X(ALERT, "peer-alert")		 /* the peer sent a fatal alert */   \
	X(CLOSED, "closed-early")	 /* the stream ended too soon */     \
	X(OTHER, "tls-failure")

enum noon_tls_reason {
#define NOON_TLS_REASON_ENUM(name, word) NOON_TLS_WHY_##name,
	NOON_TLS_REASON_LIST(NOON_TLS_REASON_ENUM)
#undef NOON_TLS_REASON_ENUM
		NOON_TLS_REASONS,
};

struct noon_tls_why {
	noon_err err;
	enum noon_tls_reason reason;
	char text[160]; /**< one sentence without a full stop; "" if nothing failed */
};

/** PEM text from a file (path) or, with path NULL, from memory; borrowed for the call. */
struct noon_tls_pem {
	const char *path;
	struct noon_bytes data;
};

struct noon_tls_ctx;
struct noon_tls;

#define NOON_TLS_DIGEST 32 /**< bytes, SHA-256 */

/** Return the short word of a reason ("cert-expired"); static, never NULL. */
const char *noon_tls_reason_word(enum noon_tls_reason reason);

/**
 * Make a server context.
 *
 * @param      chain    the server's certificate first, then its issuers
 * @param      key      its private key, not encrypted (no question is ever asked)
 * @param[out] ret_why  which part failed and how; untouched on NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_NOT_FOUND, NOON_ERR_PERM, NOON_ERR_OS  a file (ret_why->reason says which)
 * @retval NOON_ERR_FORMAT                                 not PEM of the right kind
 * @retval NOON_ERR_CERT                                   key and certificate do not match
 * @retval NOON_ERR_CRYPTO                                 the library failed
 */
NOON_MUST_USE noon_err noon_tls_server_ctx_new(const struct noon_tls_pem *chain,
					       const struct noon_tls_pem *key,
					       struct noon_tls_ctx **ret,
					       struct noon_tls_why *ret_why);

/** Make a server context for HTTPS: TLS 1.2 with forward secrecy and AEAD (RFC 9325), or 1.3; ALPN
 *  "http/1.1" or "http/1.0" if the client names protocols at all. Parameters and errors as
 *  noon_tls_server_ctx_new(). */
NOON_MUST_USE noon_err noon_tls_web_ctx_new(const struct noon_tls_pem *chain,
					    const struct noon_tls_pem *key,
					    struct noon_tls_ctx **ret,
					    struct noon_tls_why *ret_why);

/**
 * Load certificate and key again. Connections that exist keep the old ones; on failure the context
 * keeps the old ones as well. Errors as noon_tls_server_ctx_new().
 */
NOON_MUST_USE noon_err noon_tls_server_ctx_reload(struct noon_tls_ctx *ctx,
						  const struct noon_tls_pem *chain,
						  const struct noon_tls_pem *key,
						  struct noon_tls_why *ret_why);

/**
 * Make a client context.
 *
 * @param ca  trust anchors; NULL means those of the system
 * Errors as noon_tls_server_ctx_new().
 */
NOON_MUST_USE noon_err noon_tls_client_ctx_new(const struct noon_tls_pem *ca,
					       struct noon_tls_ctx **ret,
					       struct noon_tls_why *ret_why);

/** Identity and trust of an end of a tunnel. */
struct noon_tls_mutual {
	bool is_server;
	struct noon_tls_pem chain; /**< own certificate first, then its issuers */
	struct noon_tls_pem key;
	struct noon_tls_pem ca; /**< trust anchors for the other end's */
};

/** Make a context for either end of a mutual exchange. Errors as noon_tls_server_ctx_new(). */
NOON_MUST_USE noon_err noon_tls_mutual_ctx_new(const struct noon_tls_mutual *m,
					       struct noon_tls_ctx **ret,
					       struct noon_tls_why *ret_why);

/** Give the context up; its connections live on. NULL is fine. */
void noon_tls_ctx_free(struct noon_tls_ctx *ctx);

/** What is asked of the other end's certificate. */
struct noon_tls_peer {
	const char *host;   /**< name or IP address it must be for; borrowed for the call. A server
			     *   of a mutual context may have NULL: it asks noon_tls_peer_is() */
	int64_t time_s;	    /**< instant at which it must be valid, s since 1970 UTC */
	bool no_time_check; /**< ignore its validity times (the local clock is not trusted) */
};

/**
 * Make a connection. A client's first bytes are ready to be taken after the first handshake call.
 *
 * @param peer  a client's expectations, or a mutual server's; NULL for other servers
 * @retval NOON_OK, NOON_ERR_RANGE (host name is empty or too long), NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_tls_new(struct noon_tls_ctx *ctx, const struct noon_tls_peer *peer,
				    struct noon_tls **ret);
/** Close without a word to the peer; NULL is fine. */
void noon_tls_free(struct noon_tls *t);

/** Hand in bytes that came from the peer. Ignored after a failure. @retval NOON_OK,
 *  NOON_ERR_CRYPTO (no memory) */
NOON_MUST_USE noon_err noon_tls_feed(struct noon_tls *t, struct noon_bytes data);
/** Tell that the peer's stream ended (FIN): what is missing now will never come. */
void noon_tls_eof(struct noon_tls *t);

/** Append bytes for the peer to out, as many as fit; the rest stays pending. Returns the number. */
size_t noon_tls_take(struct noon_tls *t, struct noon_wr *out);
/** Return the number of bytes that wait to be taken. */
size_t noon_tls_pending(const struct noon_tls *t);

/**
 * Go on with the handshake.
 * @retval NOON_OK         done; read, write and export from now on
 * @retval NOON_ERR_EMPTY  needs more bytes from the peer
 * @retval NOON_ERR_CERT, NOON_ERR_TLS  failed: noon_tls_why(); an alert may be pending
 */
NOON_MUST_USE noon_err noon_tls_handshake(struct noon_tls *t);

/**
 * Read plaintext, as much as is there and fits. The handshake must be done.
 * @retval NOON_OK         *ret_n > 0 bytes
 * @retval NOON_ERR_EMPTY  needs more bytes from the peer
 * @retval NOON_ERR_STATE  the peer closed properly (close_notify); no more will come
 * @retval NOON_ERR_TLS    failed, or the stream ended without close_notify: noon_tls_why()
 */
NOON_MUST_USE noon_err noon_tls_read(struct noon_tls *t, uint8_t *out, size_t room, size_t *ret_n);

/** Encrypt all of data, n > 0, into the pending bytes. @retval NOON_OK, NOON_ERR_TLS */
NOON_MUST_USE noon_err noon_tls_write(struct noon_tls *t, struct noon_bytes data);

/** Make a close_notify pending; nothing may be written behind it. */
void noon_tls_close(struct noon_tls *t);

/** Tell whether the peer sent close_notify. */
bool noon_tls_is_peer_closed(const struct noon_tls *t);

/** Derive out.n bytes from the connection's secrets (RFC 8446, section 7.5). @retval NOON_OK,
 *  NOON_ERR_STATE (handshake not done), NOON_ERR_CRYPTO */
NOON_MUST_USE noon_err noon_tls_export(const struct noon_tls *t, const char *label,
				       struct noon_bytes context, uint8_t *out, size_t n);

/** Tell what the trust of a client rests on: SHA-256 of its anchors, as files. @param ca  as for
 *  noon_tls_client_ctx_new() @retval NOON_OK, NOON_ERR_CRYPTO, NOON_ERR_LONG (a path) */
NOON_MUST_USE noon_err noon_tls_trust_digest(const struct noon_tls_pem *ca,
					     uint8_t ret[NOON_TLS_DIGEST]);

/** Tell whether the certificate that the other end has shown is for this name or IP address;
 *  false before the end of the handshake. */
bool noon_tls_peer_is(const struct noon_tls *t, const char *host);

/** Tell when all certificates of the other end's verified chain are valid, s since 1970 UTC.
 *  @retval NOON_OK, NOON_ERR_STATE (it shows none, or before the end of the handshake) */
NOON_MUST_USE noon_err noon_tls_peer_validity(const struct noon_tls *t, int64_t *ret_from_s,
					      int64_t *ret_till_s);

/** Tell whose certificate the other end has shown, whatever its key: SHA-256 of its subject, or of
 *  its SubjectPublicKeyInfo if it has none. Errors as noon_tls_peer_key(). */
NOON_MUST_USE noon_err noon_tls_peer_owner(const struct noon_tls *t, uint8_t ret[NOON_TLS_DIGEST]);

/** Tell whose certificate the other end has shown: SHA-256 of its SubjectPublicKeyInfo.
 *  @retval NOON_OK, NOON_ERR_STATE (it shows none, or before the end of the handshake),
 * NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_tls_peer_key(const struct noon_tls *t, uint8_t ret[NOON_TLS_DIGEST]);

/** Return why it failed; reason NOON_TLS_WHY_NONE while it did not. Borrowed from t. */
const struct noon_tls_why *noon_tls_why(const struct noon_tls *t);

#endif
