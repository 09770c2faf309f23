/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by tls.c, tls_ctx.c and tls_why.c only.
 */
#ifndef NOON_CRYPTO_TLS_PRIV_H
#define NOON_CRYPTO_TLS_PRIV_H

#include <openssl/ssl.h>

#include "crypto/tls.h"

struct noon_tls_ctx {
	SSL_CTX *ssl; /**< owned; connections hold references of their own */
	bool server;
	bool mutual; /**< the other end shows a certificate as well */
	/** ALPN name of the protocol; static. NULL: HTTP, which need not be named. */
	const char *alpn;
};

struct noon_tls {
	SSL *ssl;  /**< owned, with both BIOs */
	BIO *in;   /**< owned by ssl: bytes from the peer */
	BIO *out;  /**< owned by ssl: bytes for the peer */
	bool eof;  /**< no more bytes will come */
	bool open; /**< the handshake is done */
	bool closing;
	const char *alpn; /**< as in the context */
	struct noon_tls_why why;
};

/** Fill in why; returns err. The text is cut to fit. */
__attribute__((format(printf, 4, 5))) noon_err noon_tls_why_set(struct noon_tls_why *why,
								noon_err err,
								enum noon_tls_reason reason,
								const char *format, ...);

/** Find out from OpenSSL's error queue and verification result why the connection failed, unless a
 *  reason is there already; empties the queue; returns the code. */
noon_err noon_tls_why_of(struct noon_tls *t);

#endif
