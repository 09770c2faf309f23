/* SPDX-License-Identifier: Apache-2.0
 *
 * A time-stamp authority (RFC 3161) that knows how wrong its clock is.
 *
 * One request goes through three steps, each a function of its arguments:
 *
 *	noon_tsa_examine()  is it a request that the policy answers?
 *	noon_tsa_date()     may the clock speak now, and what does it say, how finely, how exactly?
 *	noon_tsa_compose()  what the token says, and what is to be signed for it
 *
 * Between them the owner reads the clock, takes a serial number, signs, and writes the ledger.
 *
 * genTime +- accuracy contains UTC at the instant when the clock was read, as long as the interval
 * that noon_tsa_date() is given does: accuracy covers the clock's bound and what was cut off. There
 * are as many digits as the bound deserves: the last one is worth a tenth of it or less.
 */
#ifndef NOON_PROTO_TSA_H
#define NOON_PROTO_TSA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/time.h"
#include "wire/cms.h"
#include "wire/tsp.h"

#define NOON_TSA_POLICIES_MAX 8
#define NOON_TSA_DIGITS_MAX   9

/** What a policy promises and accepts. */
struct noon_tsa_policy {
	uint8_t oid[NOON_OID_MAX]; /**< contents of the object identifier */
	size_t oid_n;
	noon_dur accuracy; /**< largest that is promised; ns, > 0. No token beyond it */
	unsigned digests;  /**< bit d is set for enum noon_digest d */
	bool ordering;	   /**< genTime of tokens ascends strictly, and they say so */
};

struct noon_tsa_conf {
	size_t n_policies; /**< >= 1; the first one is the default */
	struct noon_tsa_policy policy[NOON_TSA_POLICIES_MAX];
	unsigned digits_max;	/**< of genTime's fraction, 0..9 */
	bool holdover;		/**< tokens also while the clock runs on its own */
	bool no_certs;		/**< certificates are not given out: who asks for them is refused */
	struct noon_bytes name; /**< GeneralName of the authority for tokens, whole; n 0: none */
};

/** Why a request was refused: failInfo, a sentence for people (static), a word for counters. */
struct noon_tsa_refusal {
	enum noon_tsp_fail fail; /**< NOON_TSP_FAIL_NONE: not refused */
	const char *text;
};

/** An accepted request; borrows from the body. */
struct noon_tsa_request {
	struct noon_tsp_request tsp;
	size_t policy; /**< index of the one that it will be issued under */
};

/** What is known of the time at one instant. */
struct noon_tsa_clock {
	noon_time earliest; /**< UTC lies in [earliest, latest] */
	noon_time latest;
	bool has_time; /**< the interval is good */
	bool is_ok;    /**< the state is ok, not holdover */
	/** UTC by the clock's count: from the second before a leap second to its end.
	 *  NOON_TIME_NEVER: none is near. */
	noon_time leap_from;
	noon_time leap_until;
};

/** What a token will say of the time. */
struct noon_tsa_date {
	noon_time gen_time; /**< cut to `digits` */
	unsigned digits;
	noon_dur accuracy; /**< whole microseconds */
};

/** Judge a request. @return fail NOON_TSP_FAIL_NONE: accepted, *ret is set */
struct noon_tsa_refusal noon_tsa_examine(const struct noon_tsa_conf *conf, struct noon_bytes body,
					 struct noon_tsa_request *ret);

/**
 * Judge the clock for a policy.
 *
 * Refuses with timeNotAvailable when there is no time, when the state is not ok, around a leap
 * second, and when genTime would not be within the policy's accuracy.
 *
 * @param after  with a policy of ordering: genTime of the last token, which this one must pass;
 *               it may have to be ahead of the clock for that, and accuracy covers it
 */
struct noon_tsa_refusal noon_tsa_date(const struct noon_tsa_conf *conf, size_t policy,
				      const struct noon_tsa_clock *clock, noon_time after,
				      struct noon_tsa_date *ret);

/** Write TSTInfo. @param serial  magnitude, at most NOON_TSP_SERIAL_MAX bytes
 *  @return the TSTInfo, at the end of out; empty if it does not fit */
struct noon_bytes noon_tsa_compose(const struct noon_tsa_conf *conf,
				   const struct noon_tsa_request *r, const struct noon_tsa_date *d,
				   struct noon_bytes serial, uint8_t *out, size_t n);

/** Tell whether UTC may be within a second of a leap second, where no count of POSIX seconds tells
 * the inserted second from its neighbour. */
bool noon_tsa_near_leap(const struct noon_tsa_clock *clock);

#endif
