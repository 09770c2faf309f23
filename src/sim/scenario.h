/* SPDX-License-Identifier: Apache-2.0
 *
 * Input of a simulation: nodes, paths, attacks, and what is expected of the outcome.
 *
 * Plain data. noon_scenario_check() says what is impossible; tools/sim/scenario_file.h fills it
 * from a file.
 */
#ifndef NOON_SIM_SCENARIO_H
#define NOON_SIM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sample.h"
#include "base/time.h"
#include "engine/conf.h"
#include "sim/model/net_link.h"
#include "sim/model/oscillator.h"

#define NOON_SIM_NAME		32 /**< bytes of a name, with the final NUL */
#define NOON_SIM_TITLE		160
#define NOON_SIM_NODES		32
#define NOON_SIM_PATHS		64
#define NOON_SIM_ATTACKS	16
#define NOON_MACHINE_EVENTS_MAX 16
#define NOON_SIM_SEEKERS	8
#define NOON_SIM_EXPECTS	32
#define NOON_SIM_EXPECT		96 /**< bytes of one expectation, with the final NUL */

#define NOON_SIM_NONE UINT32_MAX

/** A machine: a server, a client, or both (a link of a chain). */
struct noon_sim_node {
	char name[NOON_SIM_NAME];
	bool server;
	bool client;
	struct noon_osc_conf clock;
	double stamp_ns;      /**< noise of a timestamp, standard deviation, cut at 3, ns, >= 0 */
	noon_dur granularity; /**< of timestamps, ns, >= 1 */
	noon_dur stamp_error; /**< error that it states for its timestamps; < 0: the true one */
	noon_dur offset;      /**< a server: its clock - UTC; a client: UTC - C at the start, ns */
	noon_dur layover;     /**< a server's, from request to reply, ns, >= 0 */
	noon_dur local_bound; /**< a server claims that |clock - UTC| is at most this, ns, >= 0 */
	uint8_t stratum;      /**< a server's, 1..15 */
	noon_dur rotate;      /**< rotation of a server's cookie keys, ns, >= 1 s */
	struct noon_engine_conf engine; /**< a client's; `start` is overwritten */
};

/** Between a client and one of its servers. */
struct noon_sim_path {
	char name[NOON_SIM_NAME];
	uint32_t client, server;	   /**< indices of nodes */
	struct noon_net_link_conf link[2]; /**< to the server, from the server */
	struct noon_source_conf source;
	bool ptp; /**< a transmitter and a receiver of PTP, one Sync and Delay_Req in 2^poll_min s
		   */
	bool sa;  /**< ptp: every message has an AUTHENTICATION TLV */
	bool tunnel; /**< ptp: inside ESP, instead of `sa` */
	size_t cell; /**< tunnel: bytes that every packet is padded to before encryption; 0: none */
	bool nts;    /**< unless ptp */
	bool tls;    /**< real handshakes; false: keys are handed over after the time of one */
};

/** A time seeker of the paper, beside the client of a path (sim/seeker.h). */
struct noon_sim_seeker_conf {
	char name[NOON_SIM_NAME];
	uint32_t path;	  /**< index: the client's clock, the server's time, the path's attackers */
	bool listens;	  /**< one way (III-A): the server sends, nothing goes back */
	bool predictable; /**< its signal is a counter, and nothing is authenticated (IV-A1) */
	noon_dur every;	  /**< from one exchange to the next, ns, > 0 */
	noon_dur model[2];  /**< bar tau: the delays it assumes, to and from the server, ns, >= 0 */
	noon_dur threshold; /**< lambda, of the round-trip test, ns, >= 0 */
	noon_dur agreement; /**< collaborative verification (III-D): greatest difference of two
			     *   seekers' clocks, ns; 0: it does not take part */
};

/** The attacks of docs/theory.md, section 8; its number in parentheses. */
#define NOON_ATTACK_LIST(X)                                                                      \
	X(DELAY, "delay")		/* (1, 7) constant, uniform, exponential, sparse */      \
	X(RAMP, "ramp")			/* (2) delay that grows */                               \
	X(ASYMMETRY, "asymmetry")	/* (3) more delay one way, less queueing the other */    \
	X(REPLAY, "replay")		/* (4) of old requests or replies */                     \
	X(REFLECT, "reflect")		/* (4) requests reflected to the client */               \
	X(SHORTER_PATH, "shorter-path") /* (5, 15) faster one way, slower the other */           \
	X(GUESS, "guess")		/* (paper, IV-A1a) requests, predicted and sent early */ \
	X(TAMPER, "tamper")		/* (6) with T2 and T3 of a reply */                      \
	X(LAYOVER_LIE, "layover-lie")	/* (6) by the server itself */                           \
	X(CLAMP, "clamp")		/* (7) hold until the round-trip time is long enough */  \
	X(DROP_FAST, "drop-fast")	/* (8) the fastest packets */                            \
	X(DROP, "drop")			/* (9) */                                                \
	X(LIE, "lie")			/* (10) a server's clock is wrong, fixed or slow */      \
	X(KISS, "kiss")			/* (11) kiss-o'-death from a forger */                   \
	X(COOKIE_EXHAUSTION, "cookie-exhaustion") /* (12) replies never arrive */                \
	X(BLOCK_KE, "block-ke")			  /* (13) no key exchange */                     \
	X(STRIP, "strip")			  /* (13) extension fields are cut off */        \
	X(SIZE_DELAY, "size-delay")		  /* (1) of packets up to a size only */         \
	X(DUPLICATE, "duplicate")		  /* (14) */                                     \
	X(REORDER, "reorder")			  /* (14) */                                     \
	X(BURST, "burst")		     /* (14) packets are held and released together */   \
	X(ORIGIN_ZERO, "origin-zero")	     /* (14) forged replies with origin 0 */             \
	X(INTERLEAVED, "interleaved")	     /* (14) forged replies of interleaved mode */       \
	X(FORGE, "forge")		     /* (15) replies made with the server's own key */   \
	X(SERVER_STEP, "server-step")	     /* (16) */                                          \
	X(LEAP, "leap")			     /* (16) a second that nobody announced */           \
	X(SMEAR, "smear")		     /* (16) a second spread over a day */               \
	X(CALIBRATION, "calibration-poison") /* (17) minima measured under an attack */          \
	X(TEMPERATURE, "temperature")	     /* (18) on a client's oscillator */                 \
	X(RESTART, "restart")		     /* of a client, which forgets all it knew */        \
	X(FLIP, "flip")			     /* one random bit */                                \
	X(TRUNCATE, "truncate")		     /* cut at a random length */

enum noon_attack_kind {
#define NOON_ATTACK_ENUM(name, word) NOON_ATTACK_##name,
	NOON_ATTACK_LIST(NOON_ATTACK_ENUM)
#undef NOON_ATTACK_ENUM
		NOON_ATTACK_KINDS,
};

enum noon_sim_direction {
	NOON_SIM_FORWARD = 1, /**< to the server */
	NOON_SIM_REVERSE = 2,
	NOON_SIM_BOTH = 3,
};

/** Zero where not given; which fields matter depends on the kind. */
struct noon_sim_attack {
	char name[NOON_SIM_NAME];
	enum noon_attack_kind kind;
	uint32_t client, server; /**< on their paths only; NOON_SIM_NONE: any */
	unsigned direction;	 /**< mask of enum noon_sim_direction */
	noon_dur from, until;	 /**< after the start; until > from */
	noon_dur delay;		 /**< ns, >= 0 */
	noon_dur jitter;	 /**< mean of an exponential delay, ns, >= 0 */
	noon_dur uniform;	 /**< width of a uniform delay, ns, >= 0 */
	double ramp;		 /**< growth of the delay or of a lie, s/s */
	noon_dur offset;	 /**< of lies, steps and tampering, ns, signed */
	double probability;	 /**< of each packet, 0..1; default 1 */
	double fraction;	 /**< drop-fast: of the fastest packets, 0..1 */
	size_t bytes;		 /**< size-delay: of the longest packet that is held */
	double position;	 /**< of the attacker on the path: 0 client, 1 server */
	uint32_t code;		 /**< kiss: as in ref_id */
	bool guess;		 /**< kiss: off the path, the origin is guessed */
	noon_freq frequency;	 /**< temperature: change of frequency */
	noon_dur time_constant;	 /**< temperature: of that change; burst: the period */
	bool misannounce;	 /**< lie: a leap second is announced where none comes, and vice
				  *   versa */
};

/** What happens to an honest machine without an attack. */
#define NOON_MACHINE_EVENT_LIST(X)                                                  \
	X(PAUSE, "pause")     /* it is paused while the world goes on */            \
	X(JUMP, "jump")	      /* its free-running clock jumps */                    \
	X(MIGRATE, "migrate") /* from then on it has another oscillator; with pause \
			       * and jump where these are said */

enum noon_machine_event_kind {
#define NOON_MACHINE_EVENT_ENUM(name, word) NOON_MACHINE_EVENT_##name,
	NOON_MACHINE_EVENT_LIST(NOON_MACHINE_EVENT_ENUM)
#undef NOON_MACHINE_EVENT_ENUM
		NOON_MACHINE_EVENT_KINDS,
};

/**
 * Of one client. While it lasts the machine executes nothing: no timer fires, and packets wait in
 * their sockets; they are handled at its end, with a receive stamp of its end.
 */
struct noon_machine_event {
	char name[NOON_SIM_NAME];
	enum noon_machine_event_kind kind;
	uint32_t client;
	noon_dur at;		    /**< its beginning, after the start, > 0 */
	noon_dur duration;	    /**< ns, >= 0 */
	noon_dur jump;		    /**< of h at its end, ns, signed */
	struct noon_osc_conf clock; /**< migrate: the new oscillator; its step is not used */
	bool runs;		    /**< h runs on meanwhile; false: it stops with the machine */
	bool noticed; /**< the client is told at the end, as by a daemon that detects it */
};

struct noon_scenario {
	char title[NOON_SIM_TITLE];
	noon_dur duration;
	noon_dur check_every; /**< comparisons with the truth in addition to those after each event,
			       *   > 0 */
	uint64_t seed;
	enum noon_leap leap;  /**< at leap_at: INSERT or DELETE; else NONE */
	noon_dur leap_at;     /**< after the start; the world begins that long before the end of a
			       *   month */
	uint32_t truth;	      /**< server whose clock counts as the truth; NOON_SIM_NONE: UTC */
	bool demonstration;   /**< an assumption is violated on purpose: bounds may be false */
	bool excursion;	      /**< oscillators exceed what clients assume of them: an alarm is not a
			       *   false one */
	bool guard;	      /**< clients use the statistical guard, calibrated beforehand */
	noon_dur guard_shift; /**< rise of the round-trip time it must find, ns; 0: the alert limit
			       */
	struct noon_sim_node node[NOON_SIM_NODES];
	size_t nodes;
	struct noon_sim_path path[NOON_SIM_PATHS];
	size_t paths;
	struct noon_sim_seeker_conf seeker[NOON_SIM_SEEKERS];
	size_t seekers;
	struct noon_sim_attack attack[NOON_SIM_ATTACKS];
	size_t attacks;
	struct noon_machine_event machine_event[NOON_MACHINE_EVENTS_MAX];
	size_t machine_events;
	char expect[NOON_SIM_EXPECTS][NOON_SIM_EXPECT];
	size_t expects;
};

/** Return defaults: a perfect clock, 1 ns stamps, the daemon's for the rest. */
struct noon_sim_node noon_sim_node_default(void);
/** Return 100 us each way with exponential queueing of 100 us, NTS, keys handed over. */
struct noon_sim_path noon_sim_path_default(void);
/** Return a seeker that polls each second, with unpredictable signals. */
struct noon_sim_seeker_conf noon_sim_seeker_default(void);
/** Return an attack on everything, both ways, without end. */
struct noon_sim_attack noon_sim_attack_default(void);
/** Return a pause of zero length, of no client, with a clock that stops. */
struct noon_machine_event noon_machine_event_default(void);
/** Empty a scenario: one hour, seed 1. */
void noon_scenario_init(struct noon_scenario *s);

enum noon_sim_part {
	NOON_SIM_PART_TOP,
	NOON_SIM_PART_NODE,
	NOON_SIM_PART_PATH,
	NOON_SIM_PART_ATTACK,
	NOON_SIM_PART_SEEKER,
	NOON_SIM_PART_MACHINE_EVENT,
};

/** What is impossible about a scenario. */
struct noon_sim_fault {
	enum noon_sim_part part;
	size_t index;	 /**< of the node, path, attack, seeker or event */
	const char *why; /**< static */
};

/**
 * Check that a scenario is possible.
 * @param[out] ret  untouched on NOON_OK
 * @retval NOON_OK, NOON_ERR_RANGE
 */
NOON_MUST_USE noon_err noon_scenario_check(const struct noon_scenario *s,
					   struct noon_sim_fault *ret);

/** Return whether an attack on a path is active. */
bool noon_sim_attack_concerns(const struct noon_sim_attack *a, const struct noon_sim_path *p);

/** Return the start of the first attack, ns after the start; NOON_DUR_MAX if there is none. */
noon_dur noon_scenario_first_attack(const struct noon_scenario *s);

/** Return the instant from which an alarm of a client may be caused by its own machine or by one
 *  that serves others, ns after the start; NOON_DUR_MAX: never. */
noon_dur noon_scenario_machine_event_from(const struct noon_scenario *s, uint32_t client);

/** Return the word of a kind; static, never NULL. */
const char *noon_attack_word(enum noon_attack_kind kind);

#endif
