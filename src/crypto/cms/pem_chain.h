/* SPDX-License-Identifier: Apache-2.0
 *
 * A certificate and its issuers in one PEM file.
 */
#ifndef NOON_CRYPTO_PEM_CHAIN_H
#define NOON_CRYPTO_PEM_CHAIN_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "crypto/cms/why.h"

#define NOON_PEM_CHAIN_MAX 16 /**< one more than there may be */

/** Read all of a file. Those that were read are to be freed in any case.
 *  @retval NOON_OK
 *  @retval NOON_ERR_NOT_FOUND  it cannot be read
 *  @retval NOON_ERR_FORMAT     no certificate, one that is damaged, or too many */
NOON_MUST_USE noon_err noon_pem_chain_read(const char *path, X509 *chain[NOON_PEM_CHAIN_MAX],
					   size_t *ret_n, struct noon_ts_why *why);
/** Whether a certificate is its own issuer. */
bool noon_pem_chain_is_root(X509 *cert);

#endif
