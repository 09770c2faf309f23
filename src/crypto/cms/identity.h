/* SPDX-License-Identifier: Apache-2.0
 *
 * Who signed a CMS SignedData, from the certificate and the SignerInfo.
 */
#ifndef NOON_CRYPTO_IDENTITY_H
#define NOON_CRYPTO_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

struct x509_st;		  /* of OpenSSL */
struct CMS_SignerInfo_st; /* of OpenSSL */

/** Who signed. Text is printable ASCII, cut where it is too long. */
struct noon_ts_identity {
	char subject[256]; /**< RFC 2253 */
	char issuer[256];
	char serial[48];       /**< of the certificate, hexadecimal */
	char key[48];	       /**< "ECDSA P-256", "RSA 2048" */
	char digest[16];       /**< of the signature: "sha256" */
	uint8_t cert_hash[32]; /**< SHA-256 of the certificate */
	uint8_t key_hash[32];  /**< SHA-256 of its public key, however that is encoded: one
				*   authority, one key */
	int64_t not_before_s;  /**< s since 1970 UTC */
	int64_t not_after_s;
};

/** Describe the owner of a certificate; `digest` is left as it is. @return false: OpenSSL failed */
bool noon_ts_identity_of(struct x509_st *cert, struct noon_ts_identity *who);
/** Name the digest of a signature in who->digest. @return whether it is of SHA-2 or SHA-3 */
bool noon_ts_identity_digest(const struct CMS_SignerInfo_st *signer, struct noon_ts_identity *who);

#endif
