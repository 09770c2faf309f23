/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of PTP's AUTHENTICATION TLV from key exchanges, one for each receiver: the transmitter gives
 * them out, the receiver asks for its own.
 */
#ifndef NOON_DAEMON_PTP_PAIR_KEYS_H
#define NOON_DAEMON_PTP_PAIR_KEYS_H

#include "daemon/keys/key_exchange.h"
#include "proto/ptp/ptp_keys.h"
#include "proto/ptp/ptp_pairs.h"
#include "proto/ptp/ptp_receiver.h"

/** Of a transmitter. */
struct noon_ptp_giver {
	const struct noon_config_ptp_port *conf; /**< borrowed */
	struct noon_clock *clock;		 /**< borrowed; set before any exchange */
	struct noon_ptp_pairs *pairs;		 /**< owned; NULL: keys come from a file, or none */
	struct noon_key_exchange *exchange;	 /**< borrowed */
};

/** Give out keys, if the section says so. Errors are logged. @param conf  borrowed until close */
NOON_MUST_USE noon_err noon_ptp_giver_open(struct noon_ptp_giver *g,
					   const struct noon_config_ptp_port *conf,
					   const char *name, struct noon_rng *rng,
					   struct noon_key_exchanges *exchanges);
/** Forget all keys; zeroed is fine. */
void noon_ptp_giver_close(struct noon_ptp_giver *g);

/** Of a receiver. */
struct noon_ptp_taker {
	const struct noon_config_ptp_port *conf; /**< borrowed */
	struct noon_key_exchange *exchange; /**< borrowed; NULL: keys come from a file, or none */
	struct noon_ptp_keys keys;	    /**< one association, at most two keys */
	struct noon_ptp_receiver *machine;  /**< borrowed; set before any exchange */
	void (*on_keys)(void *arg);	    /**< there are fresh ones */
	void *arg;
};

/** Ask for keys, if the section says so, once the transmitter's address is told to the exchange.
 *  Errors are logged. @param conf  borrowed until close */
NOON_MUST_USE noon_err noon_ptp_taker_open(struct noon_ptp_taker *t,
					   const struct noon_config_ptp_port *conf,
					   const char *name, struct noon_key_exchanges *exchanges);
/** Forget all keys; zeroed is fine. */
void noon_ptp_taker_close(struct noon_ptp_taker *t);

#endif
