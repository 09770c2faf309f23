/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents signed with CMS (RFC 5652, OpenSSL 3).
 *
 * One SignedData in DER with its content in it (id-data), one signer, and the certificates of its
 * chain but the root. Signed attributes: content type, digest, signing time, and the signing
 * certificate (RFC 5035), as CAdES-BES has them (ETSI EN 319 122-1). A time stamp of the
 * signature is added afterwards as an unsigned attribute, which makes it CAdES-T (RFC 3161,
 * appendix A).
 */
#ifndef NOON_CRYPTO_CMS_SIGN_H
#define NOON_CRYPTO_CMS_SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "crypto/cms/identity.h"
#include "crypto/cms/why.h"

#define NOON_CMS_MAX ((size_t)1 << 21) /**< bytes of a signed document */

struct noon_cms_signer;

struct noon_cms_signer_conf {
	const char *certificate; /**< PEM file: the signer's certificate, then its issuers */
	const char *key;	 /**< PEM file, not encrypted, or "pkcs11:..." */
};

/** A document, from malloc(): free(p). */
struct noon_cms_document {
	uint8_t *p;
	size_t n; /**< bytes */
};

/**
 * Load certificate and key, and see that they are fit for signing documents (cms/right.h), ECDSA
 * on P-256, P-384 or P-521, or RSA of at least 2048 bits.
 * @retval NOON_OK
 * @retval NOON_ERR_NOT_FOUND    a file cannot be read, or the key cannot be loaded
 * @retval NOON_ERR_FORMAT       not PEM of the right kind
 * @retval NOON_ERR_CERT         not for signing documents, or not the key's
 * @retval NOON_ERR_UNSUPPORTED  a key of another kind
 * @retval NOON_ERR_CRYPTO       the library failed
 */
NOON_MUST_USE noon_err noon_cms_signer_load(const struct noon_cms_signer_conf *conf,
					    struct noon_cms_signer **ret, struct noon_ts_why *why);
/** NULL is fine. */
void noon_cms_signer_free(struct noon_cms_signer *s);
/** Who it is; borrowed. */
const struct noon_ts_identity *noon_cms_signer_identity(const struct noon_cms_signer *s);

/**
 * Sign.
 * @param at_s  signing time, s since 1970 UTC
 * @retval NOON_OK
 * @retval NOON_ERR_STATE   the certificate is not valid at that time
 * @retval NOON_ERR_LONG    longer than NOON_CMS_MAX
 * @retval NOON_ERR_CRYPTO  the library, or the token of the key, failed
 */
NOON_MUST_USE noon_err noon_cms_sign(const struct noon_cms_signer *s, struct noon_bytes content,
				     int64_t at_s, struct noon_cms_document *ret);

/**
 * Add the time stamp of the signature to a document that has none.
 * @param token  TimeStampToken, whole, which is not looked at
 * @retval NOON_OK
 * @retval NOON_ERR_FORMAT  the document is no SignedData of one signer, or the token no SEQUENCE
 * @retval NOON_ERR_STATE   it has a time stamp
 * @retval NOON_ERR_LONG    longer than NOON_CMS_MAX
 * @retval NOON_ERR_CRYPTO  the library failed
 */
NOON_MUST_USE noon_err noon_cms_attach(struct noon_bytes document, struct noon_bytes token,
				       struct noon_cms_document *ret);

/** Write a document as PEM ("CMS"). @retval NOON_OK, NOON_ERR_CRYPTO */
NOON_MUST_USE noon_err noon_cms_pem(struct noon_bytes document, struct noon_cms_document *ret);

#endif
