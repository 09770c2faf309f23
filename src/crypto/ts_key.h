/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the ts_*.c files only: private keys from files and tokens.
 */
#ifndef NOON_CRYPTO_TS_KEY_H
#define NOON_CRYPTO_TS_KEY_H

#include <openssl/evp.h>

#include "crypto/ts_signer.h"

/** Load a private key by file name or URI. No question is ever asked at a terminal. Errors as
 *  noon_ts_signer_load(); a PIN in the URI is never shown. */
NOON_MUST_USE noon_err noon_ts_key_load(const char *key, EVP_PKEY **ret,
					struct noon_ts_why *ret_why);

#endif
