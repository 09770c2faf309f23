/* SPDX-License-Identifier: Apache-2.0
 *
 * Time receiver of PTP (IEEE 1588-2019, end-to-end delay mechanism): the slave side of an ordinary
 * clock.
 *
 * Multicast: it listens, chooses the best transmitter (proto/ptp/ptp_best.h) among those that are
 * acceptable, and measures against it. Unicast: it negotiates Announce, Sync and Delay_Resp with
 * one transmitter (16.1), renews in time, and starts over when grants end.
 *
 * An exchange is a Sync (with its Follow_Up if it is two-step) and a Delay_Req sent after it:
 *
 *     transmitter   t1 --Sync--> t2      t4 <--Delay_Req-- t3
 *
 * which becomes a noon_sample with t1 := t3, t2 := t4, t3 := t1, t4 := t2 (base/sample.h), in UTC,
 * residence times of the correction fields taken out. Nothing is averaged here.
 *
 * Guard and audit. The transmitter says in each echo what its guard has found (DECLARE, with keys
 * only, before the SAMPLE of the same exchange); its last word stands while none comes. A
 * transmitter that takes claims is told what time we took it to be (wire/ptp_tlv.h).
 *
 * Actions: SEND (event messages want on_sent with the departure), SAMPLE, DECLARE, MISS (no usable
 * exchange for too long, or no answer to a Delay_Req), ARM.
 *
 * All instants are of the local free-running clock. rx.peer is who sent it, without the port: event
 * and general messages come from two.
 */
#ifndef NOON_PROTO_PTP_RECEIVER_H
#define NOON_PROTO_PTP_RECEIVER_H

#include "base/action.h"
#include "base/rng.h"
#include "base/verdict.h"
#include "proto/ptp/ptp_auth.h"
#include "proto/ptp/ptp_best.h"
#include "proto/ptp/ptp_port.h"
#include "wire/ptp.h"
#include "wire/ptp_tlv.h"

#define NOON_PTP_ACCEPTABLE_MAX 16
#define NOON_PTP_VERDICT_NONE	NOON_PTP_GUARD_ABSENT

struct noon_ptp_receiver_conf {
	struct noon_rng *rng; /**< borrowed for the life of the machine; fit for nonces */
	uint32_t source;      /**< copied into samples */
	struct noon_ptp_port port;
	struct noon_ptp_policy policy; /**< keys borrowed */
	bool unicast;		       /**< negotiate with `peer` */
	struct noon_peer peer;	       /**< unicast: the transmitter; may be set later */
	int8_t log_announce;	       /**< interval asked for, log2 s; -7..6 */
	int8_t log_sync;	       /**< -7..6 */
	int8_t log_delay;	       /**< -7..6; multicast: the transmitter may ask for less */
	uint16_t duration_s;	       /**< unicast: of grants, 10..1000 */
	uint8_t announce_timeout;      /**< announceReceiptTimeout, intervals, 2..255 */
	bool arbitrary_is_utc;	       /**< take a timescale that is not PTP's for UTC (ptp4l with
					*   software stamps); else it is refused */
	noon_dur accuracy;	       /**< error of a transmitter that claims none; NOON_DUR_MAX:
					*   such a transmitter is not used */
	noon_dur accuracy_per_step;    /**< error that each boundary clock on the way may add;
					*   NOON_DUR_MAX: none is used but with an authenticated
					*   totalTimeInaccuracy */
	noon_dur max_layover;	       /**< largest t3 - t2, > 0 (condition 3c) */
	noon_dur max_correction;       /**< largest sum of residence times, > 0 */
	bool egress_in_request;	       /**< what a Delay_Req is guessed to leave later goes into its
					*   correctionField, not into t3 here; never into both */
	noon_dur user_stamp_err;       /**< error of t3 while no kernel stamp arrived, >= 0 */
	size_t n_acceptable;	       /**< 0: any transmitter */
	uint8_t acceptable[NOON_PTP_ACCEPTABLE_MAX][NOON_PTP_IDENTITY_LEN]; /**< clockIdentity */
};

/** Domain 0, multicast, 1 Announce per 2 s, 1 Sync and Delay_Req per s, 300 s, 3 intervals, TAI
 * only, no accuracy assumed, 1 s layover and residence. */
struct noon_ptp_receiver_conf noon_ptp_receiver_conf_default(void);

enum noon_ptp_receiver_state {
	NOON_PTP_LISTENING,    /**< no transmitter */
	NOON_PTP_UNCALIBRATED, /**< a transmitter, no exchange yet */
	NOON_PTP_SLAVE,	       /**< measuring */
};

/** A Sync, with what its Follow_Up brought. */
struct noon_ptp_sync {
	uint16_t sequence;
	bool arrived;	 /**< t2 is known */
	bool complete;	 /**< t1 is known too */
	noon_time t1;	 /**< UTC of the transmitter, residence times added (in a tunnel: none) */
	noon_dur later;	 /**< by which it is guessed to have left later than t1, ns, >= 0 */
	noon_time t2;	 /**< local */
	noon_dur t2_err; /**< of t2 */
	enum noon_stamp stamp;
	int64_t correction; /**< of the Sync, 2^-16 ns */
};

/** A Follow_Up that overtook its Sync: they come through two sockets. */
struct noon_ptp_early {
	bool used;
	uint16_t sequence;
	struct noon_ptp_stamp stamp;
	int64_t correction;
};

/** What is known of UTC, by whoever combines the sources: a reading of the clock that others see.
 */
struct noon_ptp_utc {
	bool known;
	noon_time h;	      /**< instant of the reading, local */
	noon_time until;      /**< the rates hold until here, local */
	noon_dur lower;	      /**< UTC - h there at least, ns */
	noon_dur upper;	      /**< ... at most, ns */
	noon_dur offset;      /**< UTC - clock there, as estimated, ns; units.md "offset" */
	noon_freq lower_rate; /**< of UTC - h: `lower` grows by at least this much of a duration */
	noon_freq upper_rate; /**< ... `upper` by at most this */
	noon_freq max_rate;   /**< of the local clock against UTC, at any time, >= 0 */
	uint8_t state;	      /**< enum noon_state as a number */
};

/** The outstanding Delay_Req. */
struct noon_ptp_request {
	bool active;
	bool stamped;  /**< t3 is the true departure, not our reading before it */
	bool answered; /**< t4 is known, t3 is waited for */
	bool echoed;   /**< it bore a layover: the answer must bear the nonce */
	uint16_t sequence;
	uint32_t token; /**< of the SEND action */
	uint64_t nonce;
	noon_time asked; /**< the time-out counts from here */
	noon_time t3;	 /**< local */
	noon_dur later;	 /**< by which it is guessed to leave later than t3 while not stamped */
	enum noon_stamp stamp;
	noon_dur claimed;	   /**< the same by the correctionField that came back, ns, >= 0 */
	noon_time t4;		   /**< UTC of the transmitter */
	noon_time answered_at;	   /**< local */
	struct noon_ptp_sync sync; /**< that it belongs to */
	struct noon_ptp_utc utc;   /**< as it was known before */
};

/** A grant of unicast transmission, as the receiver of it sees it. */
struct noon_ptp_lease {
	bool granted;
	bool denied;
	int8_t interval;   /**< granted, log2 s */
	noon_time expires; /**< local */
	noon_time next;	   /**< when to ask (again) */
	uint8_t tries;	   /**< without an answer */
};

enum { NOON_PTP_LEASE_ANNOUNCE, NOON_PTP_LEASE_SYNC, NOON_PTP_LEASE_DELAY, NOON_PTP_LEASES };

struct noon_ptp_receiver {
	struct noon_ptp_receiver_conf conf;
	struct noon_ptp_foreigners foreigners;
	struct noon_ptp_replay replay;
	enum noon_ptp_receiver_state state;
	struct noon_ptp_identity parent; /**< unless LISTENING */
	struct noon_ptp_sync sync;	 /**< the newest */
	struct noon_ptp_sync last;	 /**< the newest complete one */
	struct noon_ptp_early early;
	struct noon_ptp_request request;
	struct noon_ptp_layover layover; /**< of the last exchange, for the transmitter */
	struct noon_ptp_claim claim;	 /**< of the same */
	struct noon_ptp_utc utc;	 /**< as last told */
	struct noon_ptp_egress egress;	 /**< of the next Delay_Req */
	struct noon_ptp_lease lease[NOON_PTP_LEASES];
	int8_t log_delay;	/**< in force */
	noon_time next_request; /**< not before */
	noon_time next_miss;	/**< unless an exchange was completed */
	noon_time measured;	/**< last exchange */
	uint16_t request_sequence;
	uint16_t signal_sequence;
	uint32_t next_token;
	bool tai_known;
	int16_t tai_offset;   /**< TAI - UTC by our own knowledge, s */
	uint8_t own_verdict;  /**< of our guard, told to the transmitter */
	uint8_t peer_verdict; /**< of the transmitter's guard, as last heard */
	uint8_t peer_reasons; /**< NOON_PTP_REASON_* */
	struct noon_counters counters;
	uint64_t n_sync;
	uint64_t n_requests;
	uint64_t n_samples;
	uint64_t n_parents; /**< transmitters chosen */
};

/** Begin. @retval NOON_OK, NOON_ERR_RANGE (a field of conf is out of its range) */
NOON_MUST_USE noon_err noon_ptp_receiver_init(struct noon_ptp_receiver *r,
					      const struct noon_ptp_receiver_conf *conf,
					      noon_time now);

/** Take a message in; what is not for this machine is counted and ignored. rx->data is one datagram
 *  of either port. */
void noon_ptp_receiver_on_packet(struct noon_ptp_receiver *r, const struct noon_rx *rx,
				 struct noon_actions *out);
/** The true departure of a Delay_Req. Late is fine, even after the answer, for a while. */
void noon_ptp_receiver_on_sent(struct noon_ptp_receiver *r, uint32_t token, noon_time sent,
			       enum noon_stamp stamp, struct noon_actions *out);
void noon_ptp_receiver_on_timer(struct noon_ptp_receiver *r, noon_time now,
				struct noon_actions *out);
noon_time noon_ptp_receiver_deadline(const struct noon_ptp_receiver *r);

/** Tell what TAI - UTC is by our own knowledge (leap-seconds.list, kernel); known false: take the
 *  transmitter's word. */
void noon_ptp_receiver_set_tai(struct noon_ptp_receiver *r, bool known, int16_t offset);

/** Tell the verdict of our own guard (enum noon_ptp_guard_word). */
void noon_ptp_receiver_set_verdict(struct noon_ptp_receiver *r, uint8_t verdict);

/** Tell what is known of UTC now; to be told again at least once a second. `known` false: nothing.
 */
void noon_ptp_receiver_set_utc(struct noon_ptp_receiver *r, const struct noon_ptp_utc *utc);

/** Return whether on_timer() would send a Delay_Req now. */
bool noon_ptp_receiver_asks(const struct noon_ptp_receiver *r, noon_time now);

/** Tell how the next Delay_Req will leave. Without it its departure is waited for. */
void noon_ptp_receiver_set_egress(struct noon_ptp_receiver *r, const struct noon_ptp_egress *e);

/** Drop the exchange under way and the transmitter: the local clock lost time, or the peer's
 * address changed. */
void noon_ptp_receiver_forget(struct noon_ptp_receiver *r, noon_time now);

/** Append what ends the grants (unicast); the machine is not to be used any more. */
void noon_ptp_receiver_close(struct noon_ptp_receiver *r, struct noon_actions *out);

/** Return the transmitter in use; NULL while LISTENING. Borrowed until the next call. */
const struct noon_ptp_foreign *noon_ptp_receiver_parent(const struct noon_ptp_receiver *r);

/** Return the short word of a state ("SLAVE"), as linuxptp spells it. */
const char *noon_ptp_receiver_state_word(enum noon_ptp_receiver_state s);

#endif
