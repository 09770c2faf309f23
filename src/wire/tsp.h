/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of the Time-Stamp Protocol (RFC 3161): request, response, and TSTInfo, which is what a
 * token says. The signed envelope around TSTInfo is in wire/cms.h.
 *
 * Reading borrows from the buffer and is DER, but for two things that clients and authorities are
 * seen to do: a certReq of FALSE that is spelled out, and a fraction of genTime that ends in zeros.
 */
#ifndef NOON_WIRE_TSP_H
#define NOON_WIRE_TSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/calendar.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/time.h"
#include "wire/der.h"

#define NOON_TSP_QUERY_TYPE "application/timestamp-query"
#define NOON_TSP_REPLY_TYPE "application/timestamp-reply"

#define NOON_TSP_NONCE_MAX  64	 /**< bytes of a nonce that we echo */
#define NOON_TSP_SERIAL_MAX 20	 /**< bytes; RFC 3161, 2.4.2: up to 160 bits */
#define NOON_TST_INFO_MAX   1024 /**< bytes of a TSTInfo that we write, without a name */

/** PKIStatus (RFC 3161, 2.4.2). */
enum noon_tsp_status {
	NOON_TSP_GRANTED = 0,
	NOON_TSP_GRANTED_WITH_MODS = 1,
	NOON_TSP_REJECTION = 2,
	NOON_TSP_WAITING = 3,
	NOON_TSP_REVOCATION_WARNING = 4,
	NOON_TSP_REVOCATION_NOTIFICATION = 5,
};

/** PKIFailureInfo: bit, name as the RFC spells it. */
#define NOON_TSP_FAIL_LIST(X)                                \
	X(BAD_ALG, 0, "badAlg")                              \
	X(BAD_REQUEST, 2, "badRequest")                      \
	X(BAD_DATA_FORMAT, 5, "badDataFormat")               \
	X(TIME_NOT_AVAILABLE, 14, "timeNotAvailable")        \
	X(UNACCEPTED_POLICY, 15, "unacceptedPolicy")         \
	X(UNACCEPTED_EXTENSION, 16, "unacceptedExtension")   \
	X(ADD_INFO_NOT_AVAILABLE, 17, "addInfoNotAvailable") \
	X(SYSTEM_FAILURE, 25, "systemFailure")

enum noon_tsp_fail {
	NOON_TSP_FAIL_NONE = -1,
#define NOON_TSP_FAIL_ENUM(name, bit, word) NOON_TSP_##name = (bit),
	NOON_TSP_FAIL_LIST(NOON_TSP_FAIL_ENUM)
#undef NOON_TSP_FAIL_ENUM
};

/** The RFC's name of a bit of failInfo; "unknown" for others; static. */
const char *noon_tsp_fail_name(int bit);
/** The RFC's name of a status; "unknown" for others; static. */
const char *noon_tsp_status_name(uint64_t status);

/** MessageImprint: what is stamped. */
struct noon_tsp_imprint {
	struct noon_bytes alg;	 /**< object identifier, contents */
	enum noon_digest digest; /**< the same; NOON_DIGESTS: none that we know, or parameters */
	struct noon_bytes value;
	/** The field as it was read. Written back as it is, so that a token repeats its request to
	 *  the letter; n 0: written from digest and value. */
	struct noon_bytes whole;
};

struct noon_tsp_request {
	uint64_t version;
	struct noon_tsp_imprint imprint;
	struct noon_bytes policy; /**< object identifier, contents; n 0: none asked for */
	struct noon_bytes nonce;  /**< contents of the INTEGER; n 0: none */
	bool cert_req;
	bool has_extensions;
};

/** Read a request. @retval NOON_OK, NOON_ERR_FORMAT (not one, or bytes behind it) */
NOON_MUST_USE noon_err noon_tsp_request_decode(struct noon_bytes der, struct noon_tsp_request *ret);
/** Write a request; version and has_extensions are not looked at; imprint.alg follows
 *  from imprint.digest. */
void noon_tsp_request_encode(struct noon_der_wr *w, const struct noon_tsp_request *r);

/** What a token says. */
struct noon_tst_info {
	struct noon_bytes policy; /**< object identifier, contents */
	struct noon_tsp_imprint imprint;
	struct noon_bytes serial; /**< contents of the INTEGER; for writing: magnitude */
	noon_time gen_time;	  /**< UTC */
	uint8_t digits;		  /**< of the fraction of a second: 0..9 */
	bool has_accuracy;
	noon_dur accuracy; /**< half-width, ns; whole microseconds on the wire */
	bool ordering;
	struct noon_bytes nonce;      /**< contents of the INTEGER; n 0: none */
	struct noon_bytes tsa;	      /**< GeneralName, whole; n 0: none */
	bool has_extensions;	      /**< read only */
	struct noon_bytes extensions; /**< read only: Extensions, contents */
};

/**
 * Read a TSTInfo.
 *
 * A second numbered 60 is the inserted one; it is taken as the first second of the next minute, as
 * POSIX counts. digits says what was written, 9 if there were more.
 * @retval NOON_OK
 * @retval NOON_ERR_FORMAT       not one
 * @retval NOON_ERR_UNSUPPORTED  another version than 1
 */
NOON_MUST_USE noon_err noon_tst_info_decode(struct noon_bytes der, struct noon_tst_info *ret);
/** Write a TSTInfo. gen_time is cut to its digits, accuracy is rounded up to microseconds. */
void noon_tst_info_encode(struct noon_der_wr *w, const struct noon_tst_info *t);

/** Write genTime alone, "20261122133102.25Z": years 0..9999, no zeros at the end of the fraction
 *  (RFC 3161, 2.4.2). @return length; out has room for 26 bytes, zero included */
size_t noon_tsp_time_format(noon_time t, unsigned digits, char out[26]);

struct noon_tsp_response {
	uint64_t status;	 /**< enum noon_tsp_status if it is one */
	struct noon_bytes text;	 /**< first of the free texts, UTF-8, not checked; n 0: none */
	uint32_t fail;		 /**< bit b is set for failInfo b, b < 32 */
	struct noon_bytes token; /**< ContentInfo, whole; n 0: none */
};

/** Read a response. @retval NOON_OK, NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_tsp_response_decode(struct noon_bytes der,
						struct noon_tsp_response *ret);
/** Write a response without a token: status rejection. @param text  NULL: none */
void noon_tsp_refusal_encode(struct noon_der_wr *w, enum noon_tsp_fail fail, const char *text);
/** Put the response around a token that was written last: status granted. */
void noon_tsp_grant_wrap(struct noon_der_wr *w, size_t mark);

/** The object identifier of a digest, contents; static. */
struct noon_bytes noon_tsp_digest_oid(enum noon_digest d);

#endif
