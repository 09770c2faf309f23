/* SPDX-License-Identifier: Apache-2.0
 *
 * Time transmitter of PTP (IEEE 1588-2019, end-to-end delay mechanism): the master side of an
 * ordinary clock that is a grandmaster.
 *
 * Multicast: Announce and Sync at their intervals to everybody, Delay_Resp to everybody who asks,
 * and silence while a better transmitter is heard (PASSIVE), unless it is told to be one in any
 * case. Unicast: grants to receivers that ask (16.1), a bounded number of them.
 *
 * Two scales. `now` is of the local free-running clock and paces messages. Stamps (rx.at, on_sent)
 * are UTC as the clock that is served shows it; they become TAI here. Without quality, that is
 * while the clock is not fit to be served, it says so: class 248, no accuracy, and no Sync (a
 * receiver cannot do anything good with it).
 *
 * Master-side guard. A receiver that knows how (wire/ptp_tlv.h) reports its layover; the round-trip
 * time of that exchange goes out as a SAMPLE (t1 := t1, t2 := t1, t3 := t1 + layover, t4 := t4, so
 * that noon_sample_rtt() is the round-trip time), `source` being the index of the peer.
 *
 *
 * Master-side audit. With keys, such a receiver also claims what time it was (wire/ptp_tlv.h),
 * which is compared with our own stamps (ptp_transmitter_audit.c). A claim that is false is a
 * FINDING of the peer, reported when that begins; `audit.state` says whether it stands.
 *
 * Actions: SEND, SAMPLE, FINDING, ARM.
 */
#ifndef NOON_PROTO_PTP_TRANSMITTER_H
#define NOON_PROTO_PTP_TRANSMITTER_H

#include "base/action.h"
#include "base/rng.h"
#include "base/verdict.h"
#include "proto/ptp/ptp_auth.h"
#include "proto/ptp/ptp_best.h"
#include "proto/ptp/ptp_port.h"
#include "wire/ptp.h"
#include "wire/ptp_tlv.h"

#define NOON_PTP_GRANTS_MAX   256 /**< receivers with unicast grants */
#define NOON_PTP_WATCHED_MAX  16  /**< receivers whose round-trip times are tested here */
#define NOON_PTP_PENDING_MAX  64  /**< Syncs that wait for the stamp of their departure */
#define NOON_PTP_DEPARTED_MAX 32  /**< departures remembered for layovers, of each watched peer */

struct noon_ptp_transmitter_conf {
	struct noon_rng *rng;	       /**< borrowed */
	struct noon_ptp_port port;     /**< its clockIdentity is the grandmaster's too */
	struct noon_ptp_policy policy; /**< keys borrowed */
	uint8_t priority1;
	uint8_t priority2;
	bool multicast;
	bool unicast;
	bool always;		  /**< never PASSIVE (masterOnly) */
	bool one_step;		  /**< t1 is our reading before the departure: no Follow_Up */
	int8_t log_announce;	  /**< of multicast, log2 s; -7..6 */
	int8_t log_sync;	  /**< of multicast */
	int8_t log_delay;	  /**< least interval of Delay_Req, told to receivers */
	int8_t log_grant_min;	  /**< least interval granted in unicast; -7..6 */
	uint16_t duration_max_s;  /**< longest grant, 10..3600 */
	uint16_t grants_max;	  /**< receivers, <= NOON_PTP_GRANTS_MAX */
	uint8_t announce_timeout; /**< intervals after which a better transmitter is gone */
};

/** Domain 0, priorities 128, multicast and unicast, two-step, 1 Announce per 2 s, 1 Sync per s,
 * grants of at most 128/s and 1000 s. */
struct noon_ptp_transmitter_conf noon_ptp_transmitter_conf_default(void);

/** What the transmitter's clock is worth at this moment. */
struct noon_ptp_quality {
	bool valid;	     /**< fit to be served */
	uint8_t clock_class; /**< 6 locked, 7 holdover, 248 otherwise (Table 4) */
	noon_dur bound;	     /**< |error| at most, ns; NOON_DUR_MAX: not known */
	noon_freq rate;	     /**< by which the bound grows until it is told again, >= 0 */
	uint16_t variance;   /**< offsetScaledLogVariance; 0xffff: not known */
	uint8_t time_source;
	bool tai_known;	    /**< else the timescale is said to be arbitrary, and is UTC */
	int16_t tai_offset; /**< TAI - UTC, s */
	enum noon_leap leap;
	uint16_t steps_removed;
};

/** Messages of one type granted to a receiver. */
struct noon_ptp_grant {
	bool active;
	noon_dur interval;
	noon_time next;
	noon_time expires;
	int8_t log_interval;
	uint16_t sequence;
};

enum { NOON_PTP_GRANT_ANNOUNCE, NOON_PTP_GRANT_SYNC, NOON_PTP_GRANT_DELAY, NOON_PTP_GRANT_TYPES };

/** A receiver with grants. */
struct noon_ptp_client {
	bool used;
	struct noon_ptp_identity id;
	struct noon_peer peer;
	struct noon_ptp_grant grant[NOON_PTP_GRANT_TYPES];
};

/** A Sync whose departure is not known yet. */
struct noon_ptp_pending {
	bool used;
	uint32_t token;
	uint16_t sequence;
	struct noon_peer peer;	     /**< n == 0: multicast */
	struct noon_ptp_identity id; /**< of the receiver, in unicast */
	noon_time asked;	     /**< local */
	noon_dur err;		     /**< of the served clock, ns */
};

struct noon_ptp_departed {
	bool used;
	uint16_t sequence;
	noon_time t;  /**< UTC as served */
	noon_dur err; /**< |t - UTC| at most, ns */
};

enum noon_ptp_audit_state {
	NOON_PTP_AUDIT_NONE,  /**< nothing is claimed, or nothing could be compared yet */
	NOON_PTP_AUDIT_HOLDS, /**< the last claims may be true */
	NOON_PTP_AUDIT_FALSE, /**< one cannot be true, until eight in a row may */
};

/** Return the word of it ("false"); static, never NULL. */
const char *noon_ptp_audit_word(enum noon_ptp_audit_state s);

struct noon_ptp_audit {
	enum noon_ptp_audit_state state;
	bool heard;		     /**< a claim came, be it of nothing */
	struct noon_ptp_claim claim; /**< the last one */
	noon_dur lower;		     /**< UTC - claimed time at least, by our stamps, ns; of the
				      *   last claim that was compared */
	noon_dur upper;		     /**< ... at most */
	unsigned good_run;	     /**< claims in a row that may be true */
	uint64_t n;		     /**< compared */
	uint64_t n_false;
};

/** A receiver whose reports are used. */
struct noon_ptp_watched {
	bool used;
	uint8_t clock[NOON_PTP_IDENTITY_LEN]; /**< clockIdentity of the receiver */
	uint8_t verdict;		      /**< of our guard: enum noon_ptp_guard_word */
	uint8_t reasons;		      /**< of its alarm: NOON_PTP_REASON_* */
	uint8_t its_verdict;		      /**< of the receiver's guard, as reported */
	noon_dur m_f;			      /**< least delay of Delay_Req, ns, >= 0 */
	noon_dur m_r;			      /**< ... of Sync */
	struct noon_ptp_audit audit;
	struct noon_ptp_departed sync[NOON_PTP_DEPARTED_MAX];	 /**< Syncs that it can mean */
	struct noon_ptp_departed request[NOON_PTP_DEPARTED_MAX]; /**< arrivals of its Delay_Reqs */
	size_t n_sync;						 /**< ever */
	size_t n_request;
	uint64_t n_samples;
	uint64_t n_unmatched; /**< reports about what we do not remember */
};

enum noon_ptp_transmitter_state {
	NOON_PTP_MASTER,
	NOON_PTP_PASSIVE, /**< a better one is there */
	NOON_PTP_MUTE,	  /**< no time fit to be served */
};

struct noon_ptp_transmitter {
	struct noon_ptp_transmitter_conf conf;
	struct noon_ptp_quality quality;
	noon_time quality_at; /**< when it was told, local */
	struct noon_ptp_foreigners foreigners;
	struct noon_ptp_replay replay;
	struct noon_ptp_egress egress;	/**< of the next Sync */
	struct noon_ptp_grant group[2]; /**< multicast Announce and Sync */
	struct noon_ptp_client client[NOON_PTP_GRANTS_MAX];
	struct noon_ptp_pending pending[NOON_PTP_PENDING_MAX];
	struct noon_ptp_watched watched[NOON_PTP_WATCHED_MAX];
	noon_time next; /**< least of all `next` and `expires` above: no search on each packet */
	uint16_t signal_sequence;
	uint32_t next_token;
	struct noon_counters counters;
	uint64_t n_sync;
	uint64_t n_announce;
	uint64_t n_delay_resp;
	uint64_t n_no_stamp; /**< Syncs whose departure never became known: no Follow_Up */
	uint64_t n_denied;   /**< requests for grants */
};

/** Begin; nothing is sent before the quality is set. @retval NOON_OK, NOON_ERR_RANGE */
NOON_MUST_USE noon_err noon_ptp_transmitter_init(struct noon_ptp_transmitter *t,
						 const struct noon_ptp_transmitter_conf *conf,
						 noon_time now);

/** Set what the clock is worth; takes effect with the next messages. When the last Announce claimed
 *  more than holds now, the next one is due at once: the deadline may change. */
void noon_ptp_transmitter_set_quality(struct noon_ptp_transmitter *t,
				      const struct noon_ptp_quality *q, noon_time now);

/** Return whether on_timer() would send a unicast Sync now. */
bool noon_ptp_transmitter_syncs(const struct noon_ptp_transmitter *t, noon_time now);

/** Tell how the next Sync will leave. Without it its departure is waited for, unless one_step. */
void noon_ptp_transmitter_set_egress(struct noon_ptp_transmitter *t,
				     const struct noon_ptp_egress *e);

/** rx->at is UTC of the served clock, rx->now local. */
void noon_ptp_transmitter_on_packet(struct noon_ptp_transmitter *t, const struct noon_rx *rx,
				    struct noon_actions *out);
/** The departure of an event message, UTC of the served clock. */
void noon_ptp_transmitter_on_sent(struct noon_ptp_transmitter *t, uint32_t token, noon_time sent,
				  enum noon_stamp stamp, struct noon_actions *out);
/** @param utc  reading of the served clock for `now` */
void noon_ptp_transmitter_on_timer(struct noon_ptp_transmitter *t, noon_time now, noon_time utc,
				   struct noon_actions *out);
noon_time noon_ptp_transmitter_deadline(const struct noon_ptp_transmitter *t);

/** Use the reports of a receiver.
 *  @param[out] ret_index  for noon_sample.source and set_verdict()
 *  @retval NOON_OK, NOON_ERR_FULL */
NOON_MUST_USE noon_err noon_ptp_transmitter_watch(struct noon_ptp_transmitter *t,
						  const uint8_t clock[NOON_PTP_IDENTITY_LEN],
						  uint32_t *ret_index);
/** Tell the verdict of the guard of a watched receiver (enum noon_ptp_guard_word), and of an alarm
 *  what it sees (NOON_PTP_REASON_*). */
void noon_ptp_transmitter_set_verdict(struct noon_ptp_transmitter *t, uint32_t index,
				      uint8_t verdict, uint8_t reasons);
/** Forget what the audit of a watched receiver found, and begin again with what it claims next. */
void noon_ptp_transmitter_accept(struct noon_ptp_transmitter *t, uint32_t index);
/** Set the least delays of the path to a watched receiver, ns, >= 0; 0, the default, always holds.
 *  @param m_f  of Delay_Req (client to server)
 *  @param m_r  of Sync */
void noon_ptp_transmitter_set_minima(struct noon_ptp_transmitter *t, uint32_t index, noon_dur m_f,
				     noon_dur m_r);

enum noon_ptp_transmitter_state noon_ptp_transmitter_state_of(const struct noon_ptp_transmitter *t,
							      noon_time now);
/** Return the short word of a state ("MASTER"), as linuxptp spells it. */
const char *noon_ptp_transmitter_state_word(enum noon_ptp_transmitter_state s);

/** Return the number of receivers that hold a grant. */
size_t noon_ptp_transmitter_clients(const struct noon_ptp_transmitter *t);

#endif
