/* SPDX-License-Identifier: Apache-2.0
 *
 * Key exchanges of tunnels and of PTP: the end that asks does so at the start, then again and again
 * after `rekey`, and whenever the other end has been silent for too long, since it may have
 * restarted; the other end answers on a TCP port, which several sections may share.
 *
 * A machine without time cannot tell whether a certificate is valid. The general option
 * nocerttimecheck allows as many exchanges without that; their certificates are judged as soon as
 * the time is known, and keys of one that is not valid are forgotten.
 */
#ifndef NOON_DAEMON_KEY_EXCHANGE_H
#define NOON_DAEMON_KEY_EXCHANGE_H

#include "daemon/config/config.h"
#include "daemon/serve/served.h"
#include "link/tunnel_ke_link.h"
#include "platform/clock/clock.h"
#include "platform/net/tcp_listener.h"

/** Sections that exchange keys, at most. */
#define NOON_KEY_EXCHANGES_MAX \
	(NOON_CONFIG_TUNNELS_MAX + NOON_CONFIG_SOURCES_MAX + NOON_CONFIG_TRANSMITTERS_MAX)

/** Connections answered at a time. */
#define NOON_KEY_ANSWERS_MAX 16

/** What a section does with keys. All are required but those that say otherwise. */
struct noon_key_exchange_ops {
	/** Asks: return what for, and the lowest epoch of a tunnel. */
	struct noon_tunnel_ke_terms (*terms)(void *arg, uint64_t *ret_floor);
	/** Answers: tell whether a request is for this section, and what it is answered. */
	bool (*judge)(void *arg, const struct noon_tls *tls,
		      const struct noon_tunnel_ke_terms *asked, struct noon_tunnel_ke_answer *ret);
	/** Take over what was agreed on. The end that answers does so before the other one knows.
	 */
	noon_err (*take)(void *arg, const struct noon_tunnel_ke_result *r);
	/** Asks: tell whether the other end is there, with the keys. */
	bool (*is_up)(void *arg);
	/** Forget the keys. */
	void (*forget)(void *arg);
};

struct noon_key_exchange_conf {
	char name[80];				     /**< in messages: "tunnel timing" */
	const struct noon_config_exchange *exchange; /**< borrowed */
	bool asks;
	struct noon_addr local; /**< len 0: any */
	struct noon_addr peer;	/**< asks: whom; answers: whom alone, len 0: anybody */
	int family;
	double jitter;	     /**< `rekey` is shorter by up to this share of it */
	noon_dur dead_after; /**< asks: silence after which it does so again */
};

struct noon_key_exchanges;

/** The exchange of one section. */
struct noon_key_exchange {
	struct noon_key_exchanges *all;
	struct noon_key_exchange_conf conf;
	const struct noon_key_exchange_ops *ops; /**< static */
	void *arg;				 /**< of ops */
	struct noon_tls_ctx *tls;
	struct noon_tunnel_ke_link *link; /**< asks: owned */
	struct noon_timer timer;	  /**< asks: of the next exchange */
	noon_dur rekey;			  /**< until the next one after a success */
	noon_dur backoff;
	noon_time tried; /**< CLOCK_MONOTONIC, of the last attempt; NEVER */
	noon_time done;	 /**< of the last success; NEVER */
	noon_time due;	 /**< asks: of the next one; NEVER */
	uint64_t n_done;
	uint64_t n_failed;
	char why[200];	   /**< of the last failure; "" after a success */
	noon_time warned;  /**< of the last line about a failure; NEVER: none since a success */
	bool is_unchecked; /**< the other end's certificates were not held against the time */
	int64_t valid_from_s;
	int64_t valid_till_s;
};

struct noon_key_listener {
	struct noon_key_exchanges *all;
	struct noon_key_exchange *first; /**< whose certificate it shows */
	struct noon_addr at;
	struct noon_tcp_listener tcp;
};

struct noon_key_answer {
	struct noon_key_exchanges *all;
	struct noon_key_listener *listener;
	struct noon_key_exchange *exchange; /**< NULL: not named yet */
	struct noon_addr peer;		    /**< without its port */
	struct noon_tunnel_ke_link link;
};

struct noon_key_exchanges {
	struct noon_loop *loop;
	struct noon_rng *rng;
	struct noon_clock *clock;   /**< NULL before start */
	struct noon_served *served; /**< tells whether the time is known */
	unsigned no_time_check;	    /**< exchanges before certificate times count */
	unsigned n_done;
	size_t n;
	struct noon_key_exchange *x[NOON_KEY_EXCHANGES_MAX]; /**< owned */
	size_t n_listeners;
	struct noon_key_listener listener[NOON_KEY_EXCHANGES_MAX];
	struct noon_key_answer *answer[NOON_KEY_ANSWERS_MAX]; /**< owned; NULL: free */
	noon_time warned; /**< of the last line about a stranger; NEVER: none */
	struct noon_timer watch;
};

/** Before anything else. All are borrowed until fini. */
void noon_key_exchanges_init(struct noon_key_exchanges *all, struct noon_loop *loop,
			     struct noon_rng *rng, struct noon_served *served,
			     unsigned no_time_check);

/**
 * Add a section: read its certificate, and listen if this end answers. Errors are logged.
 * @param conf  copied
 * @param ops   static, with arg
 */
NOON_MUST_USE noon_err noon_key_exchange_add(struct noon_key_exchanges *all,
					     const struct noon_key_exchange_conf *conf,
					     const struct noon_key_exchange_ops *ops, void *arg,
					     struct noon_key_exchange **ret);

/** Answer, and ask wherever the peer's address is known. @param clock  borrowed */
NOON_MUST_USE noon_err noon_key_exchanges_start(struct noon_key_exchanges *all,
						struct noon_clock *clock);

/** Tell whom to ask, and ask unless that is done already. */
void noon_key_exchange_ask(struct noon_key_exchange *x, const struct noon_addr *peer);

/** Read certificates again. The outcome is logged; where it fails, the old ones stay in force. */
void noon_key_exchanges_reload(struct noon_key_exchanges *all);

void noon_key_exchanges_fini(struct noon_key_exchanges *all);

#endif
