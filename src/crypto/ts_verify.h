/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a time-stamp token was signed by an authority that is trusted (RFC 3161, RFC 5652,
 * OpenSSL 3).
 *
 * Exactly one signer; a TSTInfo as its content; the signature, with SHA-2; the signing-certificate
 * attribute (RFC 2634, 5035), so that no other certificate can be put in the signer's place; the
 * chain to a trust anchor, for time-stamping, at the time that the token says - not now: a token
 * outlives its certificate. If the TSTInfo names the authority, that is a name in the signer's
 * certificate (RFC 3161, 2.4.2).
 */
#ifndef NOON_CRYPTO_TS_VERIFY_H
#define NOON_CRYPTO_TS_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "crypto/cms/identity.h"
#include "crypto/cms/trust.h"
#include "crypto/ts_signer.h"

#define NOON_TS_TOKEN_MAX ((size_t)1 << 20) /**< bytes of a token that is looked at */

/* What is wrong with a token: name, word for counters and JSON, sentence for people. */
#define NOON_TS_FAULT_LIST(X)                                                                      \
	X(NONE, "good", "signed by an authority that is trusted")                                  \
	X(FORMAT, "malformed", "not a SignedData")                                                 \
	X(CONTENT, "content", "what is signed is not the TSTInfo that was read")                   \
	X(SIGNERS, "signers", "it has not exactly one signer")                                     \
	X(NO_CERT, "no-certificate", "the signer's certificate is not there")                      \
	X(CHAIN, "certificate", "the signer's certificate is not good for it")                     \
	X(ATTRIBUTE, "signing-certificate", "it does not name the certificate it was signed with") \
	X(WEAK, "weak-digest", "it was signed with a digest that is not SHA-2 or SHA-3")           \
	X(SIGNATURE, "signature", "the signature is not good")                                     \
	X(NAME, "name", "it names an authority that the signer's certificate is not of")           \
	X(CRYPTO, "library", "OpenSSL failed")

enum noon_ts_fault {
#define NOON_TS_FAULT_ENUM(name, word, text) NOON_TS_FAULT_##name,
	NOON_TS_FAULT_LIST(NOON_TS_FAULT_ENUM)
#undef NOON_TS_FAULT_ENUM
		NOON_TS_FAULTS,
};

/** The word of a fault; static; any value. */
const char *noon_ts_fault_word(enum noon_ts_fault f);

struct noon_ts_verdict {
	enum noon_ts_fault fault;
	char why[256];	 /**< a clause when there is a fault: OpenSSL's, or ours */
	bool has_signer; /**< signer is filled in; to be believed only without a fault */
	struct noon_ts_identity signer;
};

/**
 * Verify a token.
 * @param trust    NULL: the signature is checked with the certificate that the token carries, which
 *                 anybody can make: says who claims to have signed, and that nothing was changed
 * @param token    ContentInfo, whole; BER or DER
 * @param content  the TSTInfo that was read from it: it has to be what is signed
 * @param at_s     the time at which the chain has to be good, s since 1970 UTC
 */
void noon_ts_verify(struct noon_ts_trust *trust, struct noon_bytes token, struct noon_bytes content,
		    int64_t at_s, struct noon_ts_verdict *ret);

#endif
