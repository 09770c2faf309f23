/* SPDX-License-Identifier: Apache-2.0
 *
 * Verdicts on packets, and the counters of them.
 *
 * A bad packet is not an error and never logged by itself: it is counted under one verdict and
 * leaves the state of the machine unchanged.
 */
#ifndef NOON_BASE_VERDICT_H
#define NOON_BASE_VERDICT_H

#include <stdint.h>

#define NOON_VERDICT_LIST(X)                                                             \
	X(ACCEPTED, "accepted")                                                          \
	X(SHORT, "short")		/* less than an NTP header */                    \
	X(LONG, "long")			/* more than we handle */                        \
	X(VERSION, "version")		/* protocol version not served */                \
	X(MODE, "mode")			/* not the mode expected here (reflection) */    \
	X(EXT_FORMAT, "ext-format")	/* extension fields do not parse */              \
	X(UID, "unique-id")		/* missing, short, twice or not ours */          \
	X(COOKIE, "cookie")		/* none, two, or of a bad size */                \
	X(COOKIE_KEY, "cookie-key")	/* cookie does not open: NTSN */                 \
	X(PLACEHOLDER, "placeholder")	/* length differs from the cookie's */           \
	X(NO_AUTH, "unauthenticated")	/* authenticator missing where required */       \
	X(AUTH, "bad-auth")		/* authenticator does not verify */              \
	X(ORIGIN, "origin")		/* does not answer our request */                \
	X(DUPLICATE, "duplicate")	/* answer to a request already answered */       \
	X(LATE, "late")			/* answer after its time-out */                  \
	X(UNSYNC, "unsynchronised")	/* leap 3 or stratum 0/16 */                     \
	X(TIMES, "impossible-times")	/* T3 < T2, zero times, layover above the cap */ \
	X(ROOT, "root-distance")	/* root delay or dispersion out of range */      \
	X(KISS, "kiss")			/* kiss-o'-death that we obey */                 \
	X(KISS_IGNORED, "kiss-ignored") /* kiss-o'-death that we do not trust */         \
	X(NTSN, "nts-nak")		/* NTS negative acknowledgement */               \
	X(RATE, "rate-limited")		/* too many requests from this address */        \
	X(DENIED, "denied")		/* address not allowed */                        \
	X(NO_TIME, "no-time")		/* the server has no time to give */             \
	X(DOMAIN, "domain")		/* PTP: another domain or sdoId */               \
	X(IDENTITY, "identity")		/* PTP: not from or not for whom it should be */ \
	X(KEY_ID, "key-id")		/* PTP: no such key or policy pointer */         \
	X(REPLAY, "replay")		/* PTP: sequence number seen or passed */        \
	X(TIMESCALE, "timescale")	/* PTP: not TAI, or UTC offset not believable */ \
	X(ACCURACY, "no-accuracy")	/* PTP: the transmitter claims none */           \
	X(GRANT, "no-grant")		/* PTP: unicast that was not granted */          \
	X(STAMP, "no-stamp")		/* PTP: an event without the stamp it needs */   \
	X(STEPS, "no-step-accuracy")	/* PTP: behind boundary clocks of unknown error */

enum noon_verdict {
#define NOON_VERDICT_ENUM(name, word) NOON_VERDICT_##name,
	NOON_VERDICT_LIST(NOON_VERDICT_ENUM)
#undef NOON_VERDICT_ENUM
		NOON_VERDICTS,
};

struct noon_counters {
	uint64_t n[NOON_VERDICTS];
};

static inline void noon_counters_add(struct noon_counters *c, enum noon_verdict v)
{
	c->n[v]++;
}

/** Return the short word of a verdict ("bad-auth"); static, never NULL. */
const char *noon_verdict_word(enum noon_verdict v);

#endif
