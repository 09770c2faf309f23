/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the files of the PTP receiver; one file per message.
 */
#ifndef NOON_PROTO_PTP_RECEIVER_PRIV_H
#define NOON_PROTO_PTP_RECEIVER_PRIV_H

#include "proto/ptp/ptp_receiver.h"

/** Return whether a message is from the transmitter in use. */
bool noon_ptp_is_parent(const struct noon_ptp_receiver *r, const struct noon_ptp_message *m);

enum noon_verdict noon_ptp_take_announce(struct noon_ptp_receiver *r,
					 const struct noon_ptp_message *m,
					 const struct noon_rx *rx);
enum noon_verdict noon_ptp_take_sync(struct noon_ptp_receiver *r, const struct noon_ptp_message *m,
				     const struct noon_rx *rx);
enum noon_verdict noon_ptp_take_follow_up(struct noon_ptp_receiver *r,
					  const struct noon_ptp_message *m);
enum noon_verdict noon_ptp_take_delay_resp(struct noon_ptp_receiver *r,
					   const struct noon_ptp_message *m,
					   const struct noon_rx *rx, struct noon_actions *out);
enum noon_verdict noon_ptp_take_signaling(struct noon_ptp_receiver *r,
					  const struct noon_ptp_message *m,
					  const struct noon_rx *rx, struct noon_actions *out);

/** Convert a stamp of the transmitter to UTC. @retval NOON_OK, NOON_ERR_RANGE, NOON_ERR_STATE
 *  (timescale not usable) */
NOON_MUST_USE noon_err noon_ptp_to_utc(const struct noon_ptp_receiver *r,
				       struct noon_ptp_stamp stamp, noon_time *ret);

/** Take the part out of a residence time that is a guess of the sender's, ns, >= 0; the rest stays
 * in it. In a tunnel no clock on the way has added anything: what is there is what the other end
 *  guesses that encryption takes. Less than nothing makes an interval wider and is no guess. */
noon_dur noon_ptp_guess_of(const struct noon_ptp_receiver *r, noon_dur *residence);

/** Choose the transmitter again; drops what belonged to the old one. */
void noon_ptp_choose(struct noon_ptp_receiver *r, noon_time now);

/** A Sync is complete: plan the Delay_Req that goes with it. */
void noon_ptp_plan_request(struct noon_ptp_receiver *r, noon_time t2);

/** Send a Delay_Req if it is due and there is a Sync to go with. */
void noon_ptp_ask(struct noon_ptp_receiver *r, noon_time now, struct noon_actions *out);
/** Make a sample of the outstanding request, which is answered. */
void noon_ptp_finish_request(struct noon_ptp_receiver *r, struct noon_actions *out);

/** Keep what is to be claimed of the outstanding request, which became the sample x. */
void noon_ptp_make_claim(struct noon_ptp_receiver *r, const struct noon_sample *x);
/** Return whether the next request is to bear the claim of the last one. */
bool noon_ptp_may_claim(const struct noon_ptp_receiver *r, const struct noon_ptp_foreign *parent);
/** Another transmitter is about to be used: what the last one said of its guard is over. The same
 *  one again: it stands. */
void noon_ptp_forget_declared(struct noon_ptp_receiver *r, const struct noon_ptp_identity *next);
/** Append DECLARE: what the transmitter's guard says, if that is authenticated. */
void noon_ptp_tell_declared(const struct noon_ptp_receiver *r, struct noon_actions *out);

/** Ask for grants that are due. */
void noon_ptp_negotiate(struct noon_ptp_receiver *r, noon_time now, struct noon_actions *out);
/** Return when negotiate() has something to do. */
noon_time noon_ptp_negotiate_at(const struct noon_ptp_receiver *r);
/** Drop all grants, and begin again at `now`. */
void noon_ptp_drop_leases(struct noon_ptp_receiver *r, noon_time now);

#endif
