/* SPDX-License-Identifier: Apache-2.0
 *
 * What a machine wants done: a small bounded list of tagged values.
 *
 * Bound: one call of a machine appends at most NOON_ACTIONS_MAX actions and at most
 * NOON_ACTIONS_BYTES bytes to send. A machine that has more to send keeps it and sets its
 * deadline to "now". The owner carries the actions out in order and resets the list.
 * Running out of room is a bug of the machine and asserts.
 */
#ifndef NOON_BASE_ACTION_H
#define NOON_BASE_ACTION_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/sample.h"
#include "base/time.h"

#define NOON_ACTIONS_MAX   8
#define NOON_ACTIONS_BYTES 4096

#define NOON_PEER_MAX 27

/** Who sent a packet, or who is to get one, where a machine speaks with several: a key that its
 *  owner made up (an address, say). Machines compare and copy it, nothing else. n == 0: nobody in
 *  particular, that is everybody when it is sent to. */
struct noon_peer {
	uint8_t n;
	uint8_t key[NOON_PEER_MAX];
};

static inline bool noon_peer_equal(const struct noon_peer *a, const struct noon_peer *b)
{
	return a->n == b->n && memcmp(a->key, b->key, a->n) == 0;
}

/** A packet or a piece of a stream that came in. */
struct noon_rx {
	struct noon_bytes data; /**< borrowed for the call */
	noon_time at;		/**< arrival, local free-running clock */
	noon_time now;		/**< time of the call, local free-running clock; >= at */
	noon_dur stamp_err;	/**< error of `at`, >= 0 */
	enum noon_stamp stamp;	/**< where `at` was taken */
	struct noon_peer peer;	/**< sender; of machines with several peers only */
};

/** Findings: assumptions seen to be false. Each carries its numbers. */
#define NOON_FINDING_LIST(X)                                                                      \
	X(INCONSISTENT, "inconsistent", "exchanges of the source contradict each other")          \
	X(SUPERLUMINAL, "superluminal", "round-trip time below the physical minimum")             \
	X(NO_MAJORITY, "no-majority", "fewer than n - f sources agree")                           \
	X(TOO_FEW, "too-few", "no more sources answer than may be lying")                         \
	X(FALSETICKER, "falseticker", "source outside the majority interval")                     \
	X(BOUND_LIMIT, "bound-limit", "bound above the alert limit")                              \
	X(CLOCK_STEPPED, "clock-stepped", "the clock was stepped by somebody else")               \
	X(DELAYED, "delayed", "round-trip times above their calibrated law")                      \
	X(SHORTENED, "shortened", "round-trip times below their calibrated law")                  \
	X(RTT_SHAPE, "rtt-shape", "round-trip times spread otherwise than calibrated")            \
	X(LOSS, "loss", "more exchanges lost than at the calibration")                            \
	X(LEAP, "leap", "a leap second is announced that the list or the others do not have")     \
	X(SUSPENDED, "suspended", "the free-running clock stopped or jumped")                     \
	X(WANDER, "wander", "the oscillator turned by more than the configured wander")           \
	X(JUMPED, "jumped", "all sources say that the local clock jumped or stood still")         \
	X(DISRUPTED, "disrupted", "the machine was paused, migrated or given another clock")      \
	X(PEER_ALARM, "peer-alarm", "the source declares an attack on the path to it")            \
	X(RECEIVER_TIME, "receiver-time", "the time of a receiver is outside of its own bound")   \
	X(ASYMMETRY, "asymmetry", "one way of a path changed, by another path to the same clock") \
	X(ROUTE, "route", "all round trips moved by one step: another route, or all are delayed")

enum noon_finding_kind {
#define NOON_FINDING_ENUM(name, word, text) NOON_FINDING_##name,
	NOON_FINDING_LIST(NOON_FINDING_ENUM)
#undef NOON_FINDING_ENUM
		NOON_FINDING_KINDS,
};

/** The statistic behind a finding of the guard. */
struct noon_evidence {
	const char *statistic; /**< its short word, static; NULL for other findings */
	double value;	       /**< in the unit of the statistic */
	double limit;	       /**< what it was compared with */
	uint32_t samples;      /**< exchanges it rests on */
};

struct noon_finding {
	enum noon_finding_kind kind;
	uint32_t source;    /**< index of the source; UINT32_MAX when it concerns no single one */
	noon_time at;	    /**< local free-running clock */
	noon_dur value;	    /**< what was seen, ns; of the guard: estimated delay, signed */
	noon_dur threshold; /**< what it was compared with, ns; of the guard: the shift that it
			     *   must find */
	struct noon_evidence evidence;
};

#define NOON_SOURCE_NONE UINT32_MAX

/** What a source's own guard says of the path to us, by authenticated word that answers a fresh
 *  nonce. */
struct noon_declared {
	bool alarm;	 /**< it declares an attack */
	bool delay_only; /**< of an alarm: only delays are seen, which take nothing from an interval
			  *   that was proved */
};

enum noon_action_kind {
	NOON_ACTION_SEND,    /**< send `send` to the peer; report the stamp with on_sent(token) */
	NOON_ACTION_SAMPLE,  /**< hand `sample` to the engine */
	NOON_ACTION_FINDING, /**< report `finding` */
	NOON_ACTION_DECLARE, /**< hand `declared` to the engine */
	NOON_ACTION_CONNECT, /**< the association needs fresh keys: start a key exchange */
	NOON_ACTION_MISS,    /**< a request got no usable answer in time */
	NOON_ACTION_ARM,     /**< the deadline changed: ask again */
	NOON_ACTION_CLOSE,   /**< end the connection or the association */
};

struct noon_action {
	enum noon_action_kind kind;
	uint32_t token;	       /**< SEND: echoed by on_sent */
	struct noon_peer peer; /**< SEND: to whom; of machines with several peers only */
	union {
		struct noon_bytes send; /**< points into the list's own buffer */
		struct noon_sample sample;
		struct noon_finding finding;
		struct noon_declared declared;
		noon_err close; /**< why; NOON_OK for a clean end */
	};
};

struct noon_actions {
	size_t n;
	size_t used; /**< bytes of buf in use */
	struct noon_action a[NOON_ACTIONS_MAX];
	uint8_t buf[NOON_ACTIONS_BYTES];
};

/** Empty the list; also initialises it. */
void noon_actions_reset(struct noon_actions *as);

/** Move a list to where it is carried out, and empty it: a machine may append to it meanwhile. */
void noon_actions_move(struct noon_actions *to, struct noon_actions *from);

/** Return the free part of the send buffer; at least what is left of NOON_ACTIONS_BYTES. */
struct noon_wr noon_actions_room(struct noon_actions *as);

/** Append SEND of what was written through a cursor from noon_actions_room(). */
void noon_actions_send(struct noon_actions *as, const struct noon_wr *wr, uint32_t token);
/** The same to one peer. */
void noon_actions_send_to(struct noon_actions *as, const struct noon_wr *wr, uint32_t token,
			  const struct noon_peer *peer);
void noon_actions_sample(struct noon_actions *as, const struct noon_sample *s);
void noon_actions_finding(struct noon_actions *as, const struct noon_finding *f);
void noon_actions_declare(struct noon_actions *as, const struct noon_declared *d);
void noon_actions_connect(struct noon_actions *as);
void noon_actions_miss(struct noon_actions *as);
void noon_actions_arm(struct noon_actions *as);
void noon_actions_close(struct noon_actions *as, noon_err why);

/** Return the short word of a finding ("inconsistent"); static, never NULL. */
const char *noon_finding_word(enum noon_finding_kind kind);
/** Return the sentence of a finding; static, never NULL. */
const char *noon_finding_text(enum noon_finding_kind kind);

#endif
