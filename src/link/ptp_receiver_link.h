/* SPDX-License-Identifier: Apache-2.0
 *
 * proto/ptp_receiver on a PTP link, stamps translated into the free-running time of a clock.
 */
#ifndef NOON_LINK_PTP_RECEIVER_LINK_H
#define NOON_LINK_PTP_RECEIVER_LINK_H

#include "link/ptp_link.h"
#include "link/pump.h"
#include "proto/ptp/ptp_receiver.h"

struct noon_ptp_receiver_link {
	struct noon_loop *loop;
	struct noon_clock *clock;
	struct noon_ptp_link *port;
	struct noon_ptp_user user;
	struct noon_ptp_receiver machine;
	struct noon_timer timer;
	struct noon_pump pump; /**< of the machine */
	/** How the owner executes the machine's actions; the first two must be set. */
	void (*on_sample)(void *arg, const struct noon_sample *s);
	void (*on_miss)(void *arg);
	void (*on_declared)(void *arg, const struct noon_declared *d);
	void *arg;
};

/** Initialise on an open link; callbacks and arg must be set already.
 *  @retval NOON_OK, NOON_ERR_RANGE (conf), NOON_ERR_FULL (machines on the link) */
NOON_MUST_USE noon_err noon_ptp_receiver_link_init(struct noon_ptp_receiver_link *l,
						   struct noon_ptp_link *port,
						   struct noon_clock *clock,
						   const struct noon_ptp_receiver_conf *conf);
/** Set the transmitter (unicast) and start; may be called again to change it. */
void noon_ptp_receiver_link_start(struct noon_ptp_receiver_link *l, const struct noon_addr *peer);
/** Ask the machine again after its state was changed from outside. */
void noon_ptp_receiver_link_kick(struct noon_ptp_receiver_link *l);
/** Start over: the free-running clock lost time. */
void noon_ptp_receiver_link_forget(struct noon_ptp_receiver_link *l);
/** Stop: grants are cancelled. */
void noon_ptp_receiver_link_fini(struct noon_ptp_receiver_link *l);

#endif
