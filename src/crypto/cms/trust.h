/* SPDX-License-Identifier: Apache-2.0
 *
 * Trust anchors of signed data: of time-stamp tokens and of documents.
 */
#ifndef NOON_CRYPTO_TRUST_H
#define NOON_CRYPTO_TRUST_H

#include <stdint.h>

#include "base/err.h"
#include "crypto/cms/why.h"

struct x509_store_st;	   /* of OpenSSL */
struct CMS_ContentInfo_st; /* of OpenSSL */

struct noon_ts_trust;

/** What certificates are trusted for. */
enum noon_trust_purpose {
	NOON_TRUST_TIME_STAMPS, /**< extended key usage timeStamping, alone and critical */
	NOON_TRUST_DOCUMENTS,	/**< the right to sign is looked at beside it (cms/right.h) */
};

struct noon_ts_trust_conf {
	const char *ca;	       /**< PEM file of trust anchors, or a directory that is hashed */
	const char *untrusted; /**< PEM file of more certificates for chains; NULL: none */
	enum noon_trust_purpose purpose;
};

/**
 * Load trust anchors. One thread at a time uses them.
 * @param[out] ret_why  on failure: which file and what of it
 * @retval NOON_OK
 * @retval NOON_ERR_NOT_FOUND  a file cannot be read
 * @retval NOON_ERR_FORMAT     no certificate in it
 * @retval NOON_ERR_CRYPTO     the library failed
 */
NOON_MUST_USE noon_err noon_ts_trust_load(const struct noon_ts_trust_conf *conf,
					  struct noon_ts_trust **ret, struct noon_ts_why *ret_why);
/** NULL is fine. */
void noon_ts_trust_free(struct noon_ts_trust *t);

/** The anchors; NULL of NULL; borrowed. */
struct x509_store_st *noon_ts_trust_store(const struct noon_ts_trust *t);
/** Chains have to be good at this time from now on, s since 1970 UTC. */
void noon_ts_trust_at(struct noon_ts_trust *t, int64_t at_s);
/** Add the certificates of conf.untrusted to those that come with a signature. t NULL is fine. */
void noon_ts_trust_complete(const struct noon_ts_trust *t, struct CMS_ContentInfo_st *cms);

#endif
