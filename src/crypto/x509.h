/* SPDX-License-Identifier: Apache-2.0
 *
 * Self-signed certificates: what a server without configuration, and the tests, present.
 *
 * ECDSA on P-256 with SHA-256, X.509 v3, not a CA, for TLS servers, or for both ends of TLS. The
 * certificate is its own trust anchor: give it to a client as its CA file. The backend is
 * OpenSSL 3.
 */
#ifndef NOON_CRYPTO_X509_H
#define NOON_CRYPTO_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define NOON_X509_PEM_MAX 4096 /**< bytes of one PEM text made here */

struct noon_x509_conf {
	const char *common_name;  /**< subject and issuer, 1..64 bytes */
	const char *const *names; /**< names and IP addresses it is for; borrowed for the call */
	size_t n_names;		  /**< 0: for the common name only */
	int64_t not_before_s;	  /**< s since 1970 UTC */
	int64_t not_after_s;	  /**< s since 1970 UTC; > not_before_s */
	bool for_clients;	  /**< for TLS clients as well */
};

/** A certificate and its key as PEM text; secret: wipe with noon_x509_wipe(). */
struct noon_secret_x509 {
	size_t cert_n, key_n; /**< bytes */
	uint8_t cert[NOON_X509_PEM_MAX];
	uint8_t key[NOON_X509_PEM_MAX]; /**< PKCS #8, not encrypted */
};

/**
 * Make a key and a self-signed certificate.
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE   a name, or the validity
 * @retval NOON_ERR_FULL    too many names for the buffer
 * @retval NOON_ERR_CRYPTO  the library failed
 */
NOON_MUST_USE noon_err noon_x509_self_signed(const struct noon_x509_conf *conf,
					     struct noon_secret_x509 *ret);

/** Forget the key. */
void noon_x509_wipe(struct noon_secret_x509 *x);

#endif
