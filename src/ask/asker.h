/* SPDX-License-Identifier: Apache-2.0
 *
 * Asks one server again and again for a tool: key exchange, name, exchanges, one after another.
 *
 * The clock is the free-running one of a real system; nothing is steered. The owner runs the
 * loop and stops it.
 */
#ifndef NOON_ASK_ASKER_H
#define NOON_ASK_ASKER_H

#include <stdbool.h>

#include "ask/tsp_token.h"
#include "http/http_post.h"
#include "link/ke_link.h"
#include "link/ntp_link.h"
#include "link/ptp_receiver_link.h"
#include "platform/entropy.h"
#include "platform/net/tcp.h"
#include "proto/one_way/one_way_client.h"
#include "store/ptp_key_file.h"

/** What an asker of PTP needs besides. */
struct noon_asker_ptp {
	const char *interface; /**< "" for none: by routes */
	const char *sa_file;   /**< NULL: no authentication */
	uint8_t spp;
	uint32_t key_id; /**< 0: the last one of the file */
	uint8_t domain;
	bool arbitrary_is_utc;	    /**< as in proto/ptp/ptp_receiver.h */
	noon_dur accuracy;	    /**< of a transmitter that claims none; NOON_DUR_MAX: refused */
	noon_dur accuracy_per_step; /**< of each boundary clock; NOON_DUR_MAX: refused */
	int16_t utc_offset;	    /**< TAI - UTC, s; 0: the transmitter's word */
	const struct noon_asker_tunnel *tunnel; /**< NULL: none */
};

/** Bytes of a sentence about a file of keys. */
#define NOON_ASKER_WHY_MAX 768

/** A tunnel to ask a PTP transmitter through; strings outlive the asker. */
struct noon_asker_tunnel {
	const char *peer;     /**< outer address of the other end; NULL: there is no tunnel */
	const char *local;    /**< outer address of this end */
	const char *inner;    /**< address of this end inside; NULL: local */
	bool responds;	      /**< this end is the responder */
	const char *key_file; /**< secret; NULL: from a key exchange, in which this end asks */
	const char *epochs;   /**< file of epochs of that secret */
	const char *certificate;
	const char *key;
	const char *ca;
	const char *name; /**< of the other end's certificate; NULL: peer */
	uint16_t port;	  /**< of the key exchange */
	int key_len;	  /**< of AES, bytes */
	bool ah;
	bool short_numbers; /**< sequence numbers of 32 bits */
	bool udp;
	uint16_t udp_port;
};

/** What an asker of daytime or time needs besides. */
struct noon_asker_one_way {
	struct noon_one_way_client_conf client; /**< but for source */
	bool tcp;				/**< a connection for each question; else UDP */
};

/** What an asker of a time-stamp authority needs besides; it asks for SHA-256. */
struct noon_asker_tsp {
	const char *url;       /**< http:// or https:// */
	const char *untrusted; /**< PEM file of more certificates for chains; NULL: none */
	const char *tls_ca;    /**< PEM file of trust anchors of the server; NULL: the system's */
	const char *policy;    /**< with dots; NULL: whichever */
	noon_dur accuracy;     /**< of an authority that claims none; NOON_DUR_MAX: refused */
};

struct noon_asker_conf {
	const char *host; /**< outlives the asker, as do the other strings */
	uint16_t port;	  /**< 0: 4460 with NTS, 123 without, 13 and 37 of daytime and time */
	int family;	  /**< AF_UNSPEC, AF_INET or AF_INET6 */
	bool nts;
	const struct noon_asker_ptp *ptp;	  /**< ask by unicast PTP instead; NULL: by NTP */
	const struct noon_asker_one_way *one_way; /**< ask by daytime or time instead; NULL: no */
	const struct noon_asker_tsp *tsp; /**< ask a time-stamp authority instead; NULL: no */
	/** PEM file of trust anchors; NULL: the system's. With tsp those of tokens; NULL: they are
	 * not verified. */
	const char *ca;
	const char *name; /**< of the certificate; NULL: host */
	bool no_time_check;
	int aead; /**< the only one to offer; 0: both */
	noon_dur interval;
	noon_dur timeout;
	uint32_t source; /**< for noon_sample.source */
};

/** A question of daytime or time. */
struct noon_asker_question {
	struct noon_addr peer;
	struct noon_fd_watch watch; /**< of UDP; fd -1: none */
	struct noon_tcp tcp;
	struct noon_timer timer; /**< time-out of this question, or the time of the next */
	bool waiting;
	noon_time t1; /**< before it left */
	noon_time t4; /**< after the last byte of the answer came */
	size_t n;     /**< bytes of the answer so far */
	uint8_t buf[NOON_DAYTIME_MAX + 1];
	const char *why;		   /**< of a bad answer, or NULL */
	struct noon_one_way_answer answer; /**< the last good one, of the sample that is told */
};

/** A time-stamp authority. */
struct noon_asker_authority {
	struct noon_http_post *post;
	struct noon_ts_trust *trust;
	struct noon_timer timer;     /**< time of the next question */
	struct noon_tsp_token token; /**< the last one; borrows until the next question */
	char why[NOON_HTTP_POST_WHY_MAX];
};

struct noon_asker_tunnel_end;

struct noon_asker {
	struct noon_asker_conf conf;
	struct noon_loop *loop;
	struct noon_clock *clock;
	struct noon_entropy entropy;
	struct noon_tls_ctx *tls;
	struct noon_resolve *resolve;
	struct noon_ke_link ke;
	struct noon_ntp_link ntp;
	struct noon_ptp_link port;
	struct noon_ptp_receiver_link ptp;
	struct noon_addr transmitter;
	struct noon_asker_tunnel_end *tunnel; /**< owned; NULL: none */
	struct noon_asker_question question;
	struct noon_asker_authority tsp;
	struct noon_ptp_keys keys;
	char why[NOON_ASKER_WHY_MAX]; /**< of a failed init */
	bool asking;		      /**< keys have been of use once */
	bool fruitful;		      /**< an answer came since the last key exchange */
	/** Callbacks; all but on_keys must be set, before noon_asker_start(). */
	void (*on_keys)(void *arg, const struct noon_nts_session *session, uint16_t port);
	void (*on_sample)(void *arg, const struct noon_sample *s);
	void (*on_miss)(void *arg, const char *why);
	/** It cannot go on; `what` and `why` make a sentence, `why` may be "". */
	void (*on_fail)(void *arg, const char *what, const char *why);
	/** Of time stamps, daytime and time: when to ask next, on the asker's clock, after a
	 * question that left at `asked`. NULL: an interval after it. */
	noon_time (*when)(void *arg, noon_time asked);
	void *arg;
};

/** Set up; nothing is sent yet. Fields of *a must be zero but for the callbacks and arg.
 *  @param[out] ret_why  a clause when it fails; static or in *a
 *  @retval NOON_OK, others: *a is to be ended with noon_asker_fini() all the same */
NOON_MUST_USE noon_err noon_asker_init(struct noon_asker *a, const struct noon_asker_conf *conf,
				       const char **ret_why);

/** Begin; the callbacks come while a->loop runs. */
void noon_asker_start(struct noon_asker *a);

/** End; safe after a failed init. */
void noon_asker_fini(struct noon_asker *a);

#endif
