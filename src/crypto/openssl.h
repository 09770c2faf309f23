/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files of crypto that use OpenSSL only.
 */
#ifndef NOON_CRYPTO_OPENSSL_H
#define NOON_CRYPTO_OPENSSL_H

#include <openssl/asn1.h>
#include <stdint.h>

/** A pem_password_cb that has none: never ask a terminal for a passphrase. */
int noon_openssl_no_passphrase(char *buf, int size, int rwflag, void *arg);

/** An instant in s since 1970 UTC; 0 if there is none or it is malformed. */
int64_t noon_openssl_seconds(const ASN1_TIME *t);

#endif
