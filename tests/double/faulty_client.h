/* SPDX-License-Identifier: Apache-2.0
 *
 * An NTS client with planted faults: the double that shows that each check of a client can fail.
 *
 * Without a fault it keeps to the standards as far as noonmark check client can see. It asks some
 * twenty times a second, so that a run is short.
 */
#ifndef FAULTY_CLIENT_H
#define FAULTY_CLIENT_H

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "crypto/aead.h"

#define FAULT_LIST(X)                                                                         \
	X(BELIEVES_BARE, "believes-bare") /* takes cookies without authenticator */           \
	X(NO_VERIFY, "no-verify")	  /* takes what was tampered with */                  \
	X(ANY_UID, "any-uid")		  /* takes any identifier */                          \
	X(GIVES_UP, "gives-up")		  /* looks at the first reply only */                 \
	X(OBEYS_ANY_NAK, "obeys-any-nak") /* whatever its identifier */                       \
	X(HASTY_NAK, "hasty-nak")	  /* does not wait for a valid reply */               \
	X(IGNORES_NAK, "ignores-nak")                                                         \
	X(DROPS_KEYS, "drops-keys")   /* at a NAK, before it has new ones */                  \
	X(SAME_COOKIE, "same-cookie") /* sends each twice */                                  \
	X(LOW_PORT, "low-port")	      /* below 1024 */                                        \
	X(SAME_UID, "same-uid")                                                               \
	X(SAME_PORT, "same-port")                                                             \
	X(HASTY, "hasty")	      /* tries a key exchange each second */                  \
	X(FALLS_BACK, "falls-back")   /* to plain NTP */                                      \
	X(TAKES_EMPTY, "takes-empty") /* cookies */                                           \
	X(TAKES_HUGE, "takes-huge")                                                           \
	X(ANY_CERTIFICATE, "any-certificate")                                                 \
	X(TWO_UIDS, "two-uids")                                                               \
	X(SHORT_UID, "short-uid")                                                             \
	X(TWO_COOKIES, "two-cookies")                                                         \
	X(LATE_PLACEHOLDER, "late-placeholder") /* after the authenticator */                 \
	X(LATE_FIELD, "late-field")		/* of another type */                         \
	X(WRONG_KEY, "wrong-key")                                                             \
	X(LONG_PLACEHOLDER, "long-placeholder")                                               \
	X(SHORT_NONCE, "short-nonce")                                                         \
	X(MANY_PLACEHOLDERS, "many-placeholders") /* eight */                                 \
	X(CUT_OFF, "cut-off")			  /* now and then a packet without its end */ \
	X(TELLING_HEADER, "telling-header")	  /* with the time of the last reply */       \
	X(CLOCK_TRANSMIT, "clock-transmit")	  /* the transmit time is true */             \
	X(SAME_TRANSMIT, "same-transmit")                                                     \
	X(OBEYS_ANY_KISS, "obeys-any-kiss") /* DENY, whatever its identifier */               \
	X(OBEYS_DENY, "obeys-deny")	    /* without authenticator */                       \
	X(OBEYS_RATE, "obeys-rate")

enum fault {
#define FAULT_ENUM(name, word) FAULT_##name,
	FAULT_LIST(FAULT_ENUM)
#undef FAULT_ENUM
		FAULTS,
};

#define COOKIE_MAX 1500
#define JAR	   8

struct cookie {
	uint8_t p[COOKIE_MAX];
	size_t n;
};

struct client {
	bool fault[FAULTS];
	struct sockaddr_in ke, ntp;
	SSL_CTX *ctx;
	enum noon_aead_id offer; /* NONE: 30, then 15 */
	enum noon_aead_id aead;
	uint8_t c2s[NOON_AEAD_KEY_MAX], s2c[NOON_AEAD_KEY_MAX];
	struct cookie jar[JAR]; /* the oldest first */
	size_t n;
	struct cookie sent; /* what the outstanding request spent */
	size_t n_asked;
	int fd;
	uint8_t uid[32];
	uint64_t transmit;
	bool nak; /* came for the outstanding request */
	bool denied;
	bool disowned;	 /* a NAK said that the server has lost our keys */
	int64_t next_ke; /* no key exchange before this, ms */
	int interval_ms;
	uint8_t in[4096], out[4096];
};

/* What came of one request. */
enum outcome {
	OUTCOME_NONE,
	OUTCOME_TIME,
	OUTCOME_NAK,
};

static inline bool has(const struct client *c, enum fault f)
{
	return c->fault[f];
}

/* End the program if it is not so. */
void must(bool ok, const char *what);
void random_bytes(void *p, size_t n);
int64_t now_ms(void);

/* Exchange keys; false if the server will not. The old jar goes only when a new one has come. */
bool exchange_keys(struct client *c);
void put_in_jar(struct client *c, struct noon_bytes cookie);

/* Send a request; without NTS if there is to be none. */
void ask(struct client *c, bool nts);

/* Wait for the answer. */
enum outcome read_answer(struct client *c);

#endif
