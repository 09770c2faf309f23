/* SPDX-License-Identifier: Apache-2.0
 *
 * The key of a time-stamp authority: certificate chain, private key, signatures (OpenSSL 3).
 *
 * A signer is read-only once it is loaded and may be shared by threads; each thread signs with a
 * signing context of its own: OpenSSL would otherwise make the same contexts for every signature.
 * The private key comes from a PEM file or, by an RFC 7512 URI ("pkcs11:..."), from a token through
 * OpenSSL's engine "pkcs11" or a provider.
 */
#ifndef NOON_CRYPTO_TS_SIGNER_H
#define NOON_CRYPTO_TS_SIGNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"
#include "crypto/cms/why.h"

struct noon_ts_signer;
struct noon_signing_context;

/** Which certificates go with a token. */
enum noon_ts_certs { NOON_TS_CERTS_CHAIN, NOON_TS_CERTS_SIGNER };

struct noon_ts_signer_conf {
	const char *certificate;     /**< PEM file: the authority's certificate, then its issuers */
	const char *key;	     /**< PEM file, not encrypted, or "pkcs11:..." */
	enum noon_digest rsa_digest; /**< that RSA signs with; curves have theirs */
	enum noon_ts_certs certs;
};

/** What others need to know of a signer. Borrowed from it. */
struct noon_ts_signer_info {
	const char *subject;		 /**< for people, RFC 2253 */
	const char *algorithm;		 /**< for people: "ecdsa-p256-sha256" */
	struct noon_bytes issuer;	 /**< Name, whole */
	struct noon_bytes serial;	 /**< INTEGER, whole */
	struct noon_bytes name;		 /**< GeneralName with the subject, whole */
	uint8_t cert_hash[32];		 /**< SHA-256 of the certificate */
	enum noon_digest digest;	 /**< of content and attributes */
	struct noon_bytes signature_alg; /**< AlgorithmIdentifier, whole */
	struct noon_bytes certs; /**< one behind the other, ascending; what conf.certs says */
	int64_t not_before_s;	 /**< s since 1970 UTC */
	int64_t not_after_s;
	size_t signature_max; /**< bytes */
};

/**
 * Load certificate and key, and see that they are fit for time-stamping: they belong together, the
 * extended key usage is timeStamping alone and critical (RFC 3161, 2.3), the key is ECDSA on P-256,
 * P-384 or P-521, or RSA of 2048 to 4096 bits.
 *
 * @param[out] ret_why  on failure: which file and what of it
 * @retval NOON_OK
 * @retval NOON_ERR_NOT_FOUND    a file cannot be read, or the token's key cannot be loaded
 * @retval NOON_ERR_FORMAT       not PEM of the right kind
 * @retval NOON_ERR_CERT         not for time-stamping, or not the key's
 * @retval NOON_ERR_UNSUPPORTED  a key of another kind
 * @retval NOON_ERR_CRYPTO       the library failed
 */
NOON_MUST_USE noon_err noon_ts_signer_load(const struct noon_ts_signer_conf *conf,
					   struct noon_ts_signer **ret,
					   struct noon_ts_why *ret_why);
/** Share it: one more noon_ts_signer_free() is due. Thread: any. */
struct noon_ts_signer *noon_ts_signer_ref(struct noon_ts_signer *s);
/** Give it up. NULL is fine. Thread: any. */
void noon_ts_signer_free(struct noon_ts_signer *s);
const struct noon_ts_signer_info *noon_ts_signer_info(const struct noon_ts_signer *s);

/** Make a signing context; it keeps the signer. @retval NOON_OK, NOON_ERR_CRYPTO */
NOON_MUST_USE noon_err noon_signing_context_new(struct noon_ts_signer *s,
						struct noon_signing_context **ret);
void noon_signing_context_free(struct noon_signing_context *h);

/** Digest data with the signer's algorithm. @param[out] ret  noon_digest_len() bytes
 *  @retval NOON_OK, NOON_ERR_CRYPTO */
NOON_MUST_USE noon_err noon_signing_context_digest(struct noon_signing_context *h,
						   struct noon_bytes data,
						   uint8_t ret[NOON_DIGEST_MAX]);
/** Sign data. @param[in,out] io_n  room in out, at least signature_max; bytes written
 *  @retval NOON_OK, NOON_ERR_CRYPTO (a token that was pulled out, for example) */
NOON_MUST_USE noon_err noon_signing_context_sign(struct noon_signing_context *h,
						 struct noon_bytes data, uint8_t *out,
						 size_t *io_n);

#endif
