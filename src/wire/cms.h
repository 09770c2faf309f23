/* SPDX-License-Identifier: Apache-2.0
 *
 * The signed envelope of a time-stamp token: ContentInfo with SignedData (RFC 5652) around a
 * TSTInfo, one signer, signed attributes.
 *
 * All but the TSTInfo, its digest, the signature and the certificates' presence is the same in
 * every token of a signer, so it is encoded once, in a template; making a token copies.
 *
 * Signed attributes: content-type, message-digest, signing-certificate-v2 (RFC 5035 and 5816: the
 * certificate's SHA-256; issuer and serial number are those of the signer's identifier) and
 * algorithm protection (RFC 6211, as RFC 8933 recommends). One digest algorithm serves content and
 * attributes (RFC 8933, section 3.1).
 */
#ifndef NOON_WIRE_CMS_H
#define NOON_WIRE_CMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"
#include "wire/der.h"

#define NOON_CMS_ATTRS_MAX  384	 /**< bytes of the signed attributes */
#define NOON_CMS_SIGNER_MAX 1536 /**< bytes of a signer's identifier */
#define NOON_CMS_OVERHEAD_MAX \
	1024 /**< bytes of a token besides content, signer, certificates, signature */
#define NOON_CMS_CERT_HASH_LEN 32  /**< SHA-256 */
#define NOON_CMS_SIGNATURE_MAX 512 /**< bytes: RSA with 4096 bits */

/** Who signs, from the certificate. All is borrowed for the call but `certs`. */
struct noon_cms_signer {
	struct noon_bytes issuer; /**< Name of the certificate's issuer, whole */
	struct noon_bytes serial; /**< INTEGER, whole */
	uint8_t cert_hash[NOON_CMS_CERT_HASH_LEN];
	enum noon_digest digest;
	struct noon_bytes signature_alg; /**< AlgorithmIdentifier, whole */
	/** Certificates that go with a token if it is asked for, one behind the other in ascending
	 *  order of their bytes (X.690, 11.6); borrowed for as long as the template is used. */
	struct noon_bytes certs;
};

struct noon_cms_template {
	enum noon_digest digest;
	size_t attrs_n;
	size_t digest_at;		   /**< where the message digest is in attrs */
	uint8_t attrs[NOON_CMS_ATTRS_MAX]; /**< SET OF Attribute: what is signed */
	size_t front_n;
	uint8_t front[NOON_CMS_SIGNER_MAX]; /**< SignerInfo up to its attributes */
	size_t alg_n;
	uint8_t alg[64]; /**< signatureAlgorithm */
	struct noon_bytes certs;
};

/** Encode what does not change. @retval NOON_OK, NOON_ERR_FULL (names too long) */
NOON_MUST_USE noon_err noon_cms_template_init(struct noon_cms_template *t,
					      const struct noon_cms_signer *signer);

/** Write the signed attributes for a content with this digest: they are what is to be signed.
 *  @param content_digest  noon_digest_len(t->digest) bytes
 *  @return borrowed from out */
struct noon_bytes noon_cms_attrs(const struct noon_cms_template *t, const uint8_t *content_digest,
				 uint8_t out[NOON_CMS_ATTRS_MAX]);

/** Write the token.
 *  @param tst_info   TSTInfo, whole
 *  @param attrs      as signed */
void noon_cms_token_encode(struct noon_der_wr *w, const struct noon_cms_template *t,
			   struct noon_bytes tst_info, struct noon_bytes attrs,
			   struct noon_bytes signature, bool with_certs);

/** Find the TSTInfo in a token. Nothing is verified.
 *  @retval NOON_OK
 *  @retval NOON_ERR_FORMAT       not a SignedData in DER
 *  @retval NOON_ERR_UNSUPPORTED  its content is something else */
NOON_MUST_USE noon_err noon_cms_token_content(struct noon_bytes token,
					      struct noon_bytes *ret_tst_info);

#endif
