/* SPDX-License-Identifier: Apache-2.0
 *
 * Documents signed with CMS (crypto/cms/cms_sign.h) as somebody has them who wants to rely on them.
 *
 *	noon_cms_read()		  takes apart: nothing of it is to be believed yet
 *	noon_cms_check_signature() the content is what the certificate's key signed
 *	noon_cms_check_chain()	  and that certificate is of somebody who is trusted, and may sign
 *
 * The signing time is the signer's own word. Unless a time stamp proves that a signature is older
 * than the end of its certificate, the chain has to be good now: whoever has got the key of an
 * expired certificate can write any signing time.
 */
#ifndef NOON_CRYPTO_CMS_VERIFY_H
#define NOON_CRYPTO_CMS_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "crypto/cms/identity.h"
#include "crypto/cms/trust.h"

/* What is wrong with a document: name, word for JSON, sentence for people. */
#define NOON_CMS_FAULT_LIST(X)                                                                   \
	X(NONE, "good", "good")                                                                  \
	X(LONG, "too-long", "it is longer than 2 MiB")                                           \
	X(FORMAT, "malformed", "it is not one CMS object in DER or PEM")                         \
	X(TRAILING, "trailing-bytes", "there are bytes behind it")                               \
	X(NOT_SIGNED, "not-signed", "it is a CMS object of another kind than SignedData")        \
	X(CONTENT_TYPE, "content-type", "its content is of another type than data")              \
	X(NO_CONTENT, "no-content", "its content is not in it: a detached signature")            \
	X(SIGNERS, "signers", "it has not exactly one signer")                                   \
	X(NO_CERT, "no-certificate", "the signer's certificate is not there")                    \
	X(ATTRIBUTE, "attributes",                                                               \
	  "it has not the signed attributes content type, signing time and signing certificate") \
	X(WEAK, "weak-digest", "it was signed with a digest that is not SHA-2 or SHA-3")         \
	X(STAMPS, "time-stamps", "it has more than one time stamp, or one that is malformed")    \
	X(SIGNATURE, "signature", "the signature is not good: it was changed, or is another's")  \
	X(SUBSTITUTE, "signing-certificate",                                                     \
	  "it was signed with another certificate than it says")                                 \
	X(CHAIN, "certificate", "the signer's certificate is not trusted")                       \
	X(RIGHT, "purpose", "the signer's certificate is not for signing documents")             \
	X(CRYPTO, "library", "OpenSSL failed")

enum noon_cms_fault {
#define NOON_CMS_FAULT_ENUM(name, word, text) NOON_CMS_FAULT_##name,
	NOON_CMS_FAULT_LIST(NOON_CMS_FAULT_ENUM)
#undef NOON_CMS_FAULT_ENUM
		NOON_CMS_FAULTS,
};

/** The word of a fault; static; any value. */
const char *noon_cms_fault_word(enum noon_cms_fault f);
/** Its sentence; static; any value. */
const char *noon_cms_fault_text(enum noon_cms_fault f);

struct noon_cms;

/** What a document says, borrowed from it. */
struct noon_cms_info {
	struct noon_bytes content;
	struct noon_bytes signature; /**< that a time stamp is of */
	struct noon_bytes token;     /**< time stamp, ContentInfo, whole; n 0: there is none */
	int64_t signed_s;	     /**< signing time as the signer says, s since 1970 UTC */
	struct noon_ts_identity signer;
};

/**
 * Take a document apart, DER or PEM ("CMS").
 * @param data  copied
 * @return NOON_CMS_FAULT_NONE, or LONG, FORMAT, TRAILING, NOT_SIGNED, CONTENT_TYPE, NO_CONTENT,
 *         SIGNERS, NO_CERT, ATTRIBUTE, WEAK, STAMPS, CRYPTO: *ret is untouched
 */
enum noon_cms_fault noon_cms_read(struct noon_bytes data, struct noon_cms **ret);
/** NULL is fine. */
void noon_cms_free(struct noon_cms *c);
const struct noon_cms_info *noon_cms_info(const struct noon_cms *c);

/** Whether the signature is that of the content by the key of the certificate that came with it.
 *  @return NONE, SIGNATURE, CRYPTO */
enum noon_cms_fault noon_cms_check_signature(struct noon_cms *c);

/**
 * Whether that certificate was trusted, and could sign documents, at a time.
 * @param trust    loaded for NOON_TRUST_DOCUMENTS
 * @param at_s     s since 1970 UTC: of a time stamp that is verified, or now
 * @param[out] why more about a fault: OpenSSL's words, or ours
 * @return NONE, SIGNATURE, SUBSTITUTE, CHAIN, RIGHT, CRYPTO
 */
enum noon_cms_fault noon_cms_check_chain(struct noon_cms *c, struct noon_ts_trust *trust,
					 int64_t at_s, struct noon_ts_why *why);

#endif
