/* SPDX-License-Identifier: Apache-2.0
 *
 * NTP client association, with NTS or without (RFC 5905 client mode, RFC 8915 section 5).
 *
 * One request is outstanding at a time. Its transmit timestamp is a random number and every
 * other field that could tell about the client is constant (data minimisation); the real t1 stays
 * here. With NTS nothing unauthenticated ever becomes a sample, and there is no way back to plain
 * NTP (C5): without keys or cookies the machine asks for a key exchange (CONNECT) and waits. After
 * a NAK that was believed it asks for one too, and polls on with what it has until that succeeds.
 *
 * Actions: SEND (from a new source port each time, C3), SAMPLE, MISS (a request got no usable
 * answer in time), CONNECT (answer with set_session or ke_failed), ARM.
 */
#ifndef NOON_PROTO_NTP_CLIENT_H
#define NOON_PROTO_NTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/action.h"
#include "base/rng.h"
#include "base/verdict.h"
#include "proto/ntp/backoff.h"
#include "proto/nts/nts_session.h"
#include "wire/ntp.h"
#include "wire/ntp_ext.h"

struct noon_ntp_client_conf {
	struct noon_rng *rng;	 /**< borrowed for the life of the machine; fit for nonces */
	uint32_t source;	 /**< copied into samples */
	bool nts;		 /**< require NTS */
	bool in_tunnel;		 /**< all that comes is authentic: a tunnel has seen to it */
	noon_dur timeout;	 /**< of one request, > 0 */
	noon_dur max_layover;	 /**< largest t3 - t2 accepted (condition 3c), > 0 */
	noon_dur max_root;	 /**< largest root delay / 2 + root dispersion accepted, > 0 */
	noon_dur user_stamp_err; /**< error of t1 while no kernel stamp arrived, >= 0 */
};

/** 2 s time-out, 1 s layover, 16 s root distance, no stamp error. */
struct noon_ntp_client_conf noon_ntp_client_conf_default(void);

struct noon_ntp_request {
	bool active;	      /**< waiting for the answer */
	noon_ntp_ts transmit; /**< random, echoed as origin */
	noon_time t1;	      /**< local free-running clock */
	noon_time asked; /**< when it was handed out to be sent; the time-out counts from here */
	enum noon_stamp stamp; /**< of t1 */
	uint32_t token;	       /**< of the SEND action */
	bool ntsn;	       /**< an NTS NAK for it came; believed only if nothing better does */
	uint8_t uid[NOON_UID_MIN];
	struct noon_nts_cookie cookie; /**< spent on it */
};

struct noon_ntp_client {
	struct noon_ntp_client_conf conf;
	struct noon_nts_session session;
	struct noon_aead seal; /**< keyed with c2s of the session */
	struct noon_aead open; /**< keyed with s2c */
	struct noon_ntp_request request;
	noon_ntp_ts last_answered;  /**< transmit of the last request answered, 0 none */
	noon_ntp_ts last_timed_out; /**< transmit of the last request given up, 0 none */
	noon_time next_poll;
	bool paced;    /**< next_poll is an interval after a request; else it is due at once */
	noon_dur poll; /**< interval between requests */
	noon_dur poll_floor; /**< raised by kiss RATE, lowered again by good answers */
	uint32_t good_run;   /**< answers accepted since the floor was last moved */
	struct noon_backoff ke;
	bool ke_running;
	bool disowned; /**< a NAK was believed: the server has lost the keys of the session */
	bool aged;     /**< the session is to be renewed, whatever the server says of it */
	bool stopped;  /**< by kiss DENY or RSTR */
	noon_time stopped_until;
	uint32_t misses; /**< in a row */
	uint32_t next_token;
	struct noon_counters counters;
	uint64_t n_sent;
	uint64_t n_ke; /**< key exchanges asked for */
};

/** Begin; the first request (or CONNECT) is due at once. @retval NOON_OK, NOON_ERR_RANGE */
NOON_MUST_USE noon_err noon_ntp_client_init(struct noon_ntp_client *c,
					    const struct noon_ntp_client_conf *conf, noon_time now);
void noon_ntp_client_fini(struct noon_ntp_client *c);

void noon_ntp_client_on_packet(struct noon_ntp_client *c, const struct noon_rx *rx,
			       struct noon_actions *out);
/** The true departure of a request: the kernel's or the card's timestamp. Late is fine, even
 *  after the answer (then it changes nothing). */
void noon_ntp_client_on_sent(struct noon_ntp_client *c, uint32_t token, noon_time sent,
			     enum noon_stamp stamp, struct noon_actions *out);
void noon_ntp_client_on_timer(struct noon_ntp_client *c, noon_time now, struct noon_actions *out);
noon_time noon_ntp_client_deadline(const struct noon_ntp_client *c);

/** Ask for a key exchange, as on a NAK, while the keys of the session go on being used: they are
 * getting old. Until new ones come; repeated calls change nothing. */
void noon_ntp_client_renew(struct noon_ntp_client *c);

/** Forget the session, and with it the outstanding request: it must not be used any more. */
void noon_ntp_client_drop_session(struct noon_ntp_client *c);

/** Give the outstanding request up, without a MISS: the local clock lost time since it was sent
 *  (the machine slept), so that t1 and t4 would no longer be on one scale. A late answer is
 *  counted as such and changes nothing. */
void noon_ntp_client_forget(struct noon_ntp_client *c);

/** Change the interval; takes effect from the last request on, and delays none that is due at once.
 *  A kiss RATE keeps it from falling below what the server can bear, until the server has
 *  answered without complaint for a while. */
void noon_ntp_client_set_poll(struct noon_ntp_client *c, noon_dur poll);

/** Hand over a finished key exchange, or a session restored from disk; copied.
 *  An old session and its cookies are kept on failure, and discarded on success: an outstanding
 *  request under the old keys is given up, without a MISS.
 *  @retval NOON_OK, NOON_ERR_UNSUPPORTED, NOON_ERR_EMPTY (no cookie), NOON_ERR_RANGE (not sound),
 *  NOON_ERR_CRYPTO */
NOON_MUST_USE noon_err noon_ntp_client_set_session(struct noon_ntp_client *c,
						   const struct noon_nts_session *s, noon_time now);
/** The key exchange failed; the next CONNECT follows after the back-off. */
void noon_ntp_client_ke_failed(struct noon_ntp_client *c, noon_time now);

#endif
