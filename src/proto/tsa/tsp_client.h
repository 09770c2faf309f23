/* SPDX-License-Identifier: Apache-2.0
 *
 * The asking side of the Time-Stamp Protocol (RFC 3161): a request, and what an answer says to it.
 *
 *	noon_tsp_ask_init()      what is asked, with a fresh nonce
 *	noon_tsp_ask_write()     the request
 *	noon_tsp_answer_read()   an answer as it stands: a response, or a token that was kept
 *	noon_tsp_answer_match()  does it answer this question?
 *
 * Signatures are not looked at here (crypto/ts_verify.h): an answer that is good here is still the
 * word of anybody. The digest that is stamped is never trusted to the answer: it is the asker's.
 */
#ifndef NOON_PROTO_TSP_CLIENT_H
#define NOON_PROTO_TSP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/time.h"
#include "wire/tsp.h"

#define NOON_TSP_ASK_NONCE   8	 /**< bytes; some authorities take no more than 64 bits */
#define NOON_TSP_REQUEST_MAX 320 /**< bytes of a request that is written here */

/* What an answer is worth: name, word for counters and JSON, sentence for people. */
#define NOON_TSP_REASON_LIST(X)                                                                    \
	X(GOOD, "good", "it answers the request")                                                  \
	X(FORMAT, "malformed", "neither a TimeStampResp nor a token in DER")                       \
	X(REFUSED, "refused", "the authority refused")                                             \
	X(NO_TOKEN, "no-token", "granted, but without a token")                                    \
	X(CONTENT, "not-a-token", "what is signed is no TSTInfo")                                  \
	X(INFO, "malformed-info", "its TSTInfo is malformed")                                      \
	X(VERSION, "version", "its TSTInfo has another version than 1")                            \
	X(EXTENSION, "extension", "its TSTInfo has a critical extension, which is not understood") \
	X(DIGEST, "digest", "it stamps a digest that is not SHA-256, SHA-384 or SHA-512")          \
	X(IMPRINT, "imprint", "it stamps something else")                                          \
	X(NONCE, "nonce", "its nonce is not that of the request: an old answer, or another's")     \
	X(POLICY, "policy", "it was issued under another policy than the one asked for")           \
	X(ACCURACY, "no-accuracy", "it says nothing of its accuracy")

enum noon_tsp_reason {
#define NOON_TSP_REASON_ENUM(name, word, text) NOON_TSP_REASON_##name,
	NOON_TSP_REASON_LIST(NOON_TSP_REASON_ENUM)
#undef NOON_TSP_REASON_ENUM
		NOON_TSP_REASONS,
};

/** The word of a reason, "no-token"; static; any value. */
const char *noon_tsp_reason_word(enum noon_tsp_reason r);
/** The sentence of a reason, without a full stop; static; any value. */
const char *noon_tsp_reason_text(enum noon_tsp_reason r);

/** What is asked, and how its answer is known. */
struct noon_tsp_ask {
	enum noon_digest digest;
	uint8_t value[NOON_DIGEST_MAX]; /**< noon_digest_len(digest) bytes */
	uint8_t policy[NOON_OID_MAX];	/**< contents of the object identifier */
	size_t policy_n;		/**< 0: whichever the authority chooses */
	uint8_t nonce[NOON_TSP_ASK_NONCE];
	bool has_nonce;	     /**< false: of a token that was kept, whose nonce nobody knows */
	bool needs_accuracy; /**< an answer without is of no use */
};

/**
 * Ask for a time stamp of a digest, with a fresh nonce.
 * @param value   noon_digest_len(digest) bytes; copied
 * @param policy  with dots, NULL: whichever
 * @retval NOON_OK
 * @retval NOON_ERR_FORMAT, NOON_ERR_RANGE  the policy is no object identifier
 */
NOON_MUST_USE noon_err noon_tsp_ask_init(struct noon_tsp_ask *a, enum noon_digest digest,
					 const uint8_t *value, const char *policy,
					 struct noon_rng *rng);

/** Write the request, which asks for the authority's certificate, too.
 *  @return it, at the end of out */
struct noon_bytes noon_tsp_ask_write(const struct noon_tsp_ask *a,
				     uint8_t out[NOON_TSP_REQUEST_MAX]);

/** An answer. Borrows from the bytes that were read. */
struct noon_tsp_answer {
	enum noon_tsp_reason reason;
	bool is_response;	    /**< a TimeStampResp; false: a token alone */
	uint64_t status;	    /**< of the response */
	uint32_t fail;		    /**< of the response, as in struct noon_tsp_response */
	struct noon_bytes text;	    /**< the authority's words, UTF-8, not checked; n 0: none */
	struct noon_bytes token;    /**< ContentInfo, whole; n 0: none */
	struct noon_bytes tst_info; /**< what is signed; n 0: none */
	struct noon_tst_info info;  /**< it, read; policy.n 0: it could not be */
};

/** Read an answer: a TimeStampResp, or a token alone.
 *  @return ret->reason, too: GOOD, FORMAT, REFUSED, NO_TOKEN, CONTENT, INFO, VERSION, EXTENSION or
 * DIGEST */
enum noon_tsp_reason noon_tsp_answer_read(struct noon_bytes der, struct noon_tsp_answer *ret);

/** Compare a good answer with what was asked: digest, nonce, policy, accuracy. One that is not good
 *  keeps its reason. @return answer->reason, too */
enum noon_tsp_reason noon_tsp_answer_match(const struct noon_tsp_ask *a,
					   struct noon_tsp_answer *answer);

/** Where a token says that UTC was when it was made: genTime +- accuracy (RFC 3161, 2.4.2).
 *  @return false if it claims no accuracy */
bool noon_tsp_info_interval(const struct noon_tst_info *t, noon_time *ret_earliest,
			    noon_time *ret_latest);

/** The unit of the last digit that genTime has, ns. An authority may have cut off what is behind.
 */
noon_dur noon_tsp_info_unit(const struct noon_tst_info *t);

#endif
