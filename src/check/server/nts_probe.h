/* SPDX-License-Identifier: Apache-2.0
 *
 * One NTP request of any shape, with NTS or without, and everything observed of the answer.
 */
#ifndef NOON_CHECK_NTS_PROBE_H
#define NOON_CHECK_NTS_PROBE_H

#include "check/server/ke_probe.h"
#include "crypto/aead.h"
#include "wire/ntp.h"

#define NOON_ASK_MAX	 2048
#define NOON_ASK_COOKIES 64

/** Keys and cookies of a key exchange; a cookie is used once. */
struct noon_jar {
	enum noon_aead_id aead;
	uint8_t c2s[32], s2c[32];
	struct noon_bytes cookie[NOON_KE_RECORDS]; /**< into `bytes` */
	uint8_t bytes[NOON_KE_REPLY_MAX];
	size_t n;    /**< cookies received */
	size_t next; /**< not yet used */
};

/** The shape of a request. The default is a good one. */
struct noon_ask {
	uint8_t version, mode;
	bool nts;	     /**< false: no NTS fields at all */
	size_t uids;	     /**< identifiers */
	size_t uid_len;	     /**< bytes of each */
	size_t cookies;	     /**< copies of the cookie */
	size_t placeholders; /**< outside of the ciphertext */
	int placeholder_off; /**< bytes more or less than the cookie */
	size_t inside;	     /**< placeholders in the ciphertext */
	size_t nonce_len;    /**< bytes; 16 for AEAD 15, 12 for 30 */
	bool no_auth;	     /**< leave the authenticator out */
	bool wrong_key;	     /**< authenticate with S2C */
	bool bad_cookie;     /**< a random one of the same length */
	uint16_t extra;	     /**< type of one more field before the authenticator; 0: none */
	uint16_t after;	     /**< type of a field after the authenticator; 0: none */
	size_t flip;	     /**< flip a bit of this byte of the finished packet, from 1; 0: none */
	size_t cut;	     /**< send only so many bytes; 0: all */
	uint16_t raw_ext_len; /**< a last field that claims this length; 0: none */
	size_t trailer;	      /**< random bytes at the end, like a MAC */
	bool again;	      /**< send the identical packet of the call before */
};

enum noon_answer_kind {
	NOON_ANSWER_NONE,	     /**< no answer */
	NOON_ANSWER_TIME,	     /**< with NTS: authenticated, else any mode 4 with a stratum */
	NOON_ANSWER_NTSN,	     /**< kiss code NTSN, not authenticated */
	NOON_ANSWER_KISS,	     /**< another kiss code */
	NOON_ANSWER_UNAUTHENTICATED, /**< time without the required authenticator */
	NOON_ANSWER_REFUSED,	     /**< ICMP: port unreachable */
	NOON_ANSWER_ODD,	     /**< anything else */
};

struct noon_answer {
	enum noon_answer_kind kind;
	uint8_t sent[NOON_ASK_MAX], reply[NOON_ASK_MAX];
	size_t n_sent, n;
	struct noon_ntp_header header; /**< when n >= 48 */
	bool uid_echoed, origin_ok, auth_ok, has_auth;
	size_t n_uid, n_cookie_outside, n_other; /**< fields before the authenticator, others */
	size_t new_cookies;			 /**< inside of the ciphertext */
	size_t cookie_len[NOON_ASK_COOKIES];
	bool cookies_distinct; /**< from each other and from the one sent */
	size_t cookie_sent;    /**< bytes */
	noon_dur took;
	char why[120];
};

struct noon_ask noon_ask_default(void);
struct noon_ask noon_ask_plain(void);

/**
 * Make a key exchange and fill the jar; finds the address of NTP.
 * @param compliant  with AEAD 30: send record 1024
 * @retval NOON_OK, NOON_ERR_UNSUPPORTED (the server lacks this AEAD), NOON_ERR_TLS (why says)
 */
NOON_MUST_USE noon_err noon_jar_fill(struct noon_jar *j, struct noon_target *t,
				     enum noon_aead_id aead, bool compliant, char why[160]);

/**
 * Send a request and wait for an answer; if `repeat`, an unanswered one is repeated with a fresh
 * cookie, as often as the target says. The jar is filled again when it is empty.
 * @param j  NULL when a->nts is false
 */
void noon_ask_run(const struct noon_ask *a, struct noon_jar *j, struct noon_target *t, bool repeat,
		  struct noon_answer *ret);

/** Describe an answer in a few words. */
void noon_answer_describe(const struct noon_answer *a, char *out, size_t n);

#endif
