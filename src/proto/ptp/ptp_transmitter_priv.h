/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the files of the PTP transmitter.
 */
#ifndef NOON_PROTO_PTP_TRANSMITTER_PRIV_H
#define NOON_PROTO_PTP_TRANSMITTER_PRIV_H

#include "proto/ptp/ptp_transmitter.h"

/** A Sync whose departure is not known after so long gets no Follow_Up. */
#define NOON_PTP_STAMP_WAIT NOON_MS(500)

/** To whom a message goes and under which number. */
struct noon_ptp_target {
	const struct noon_ptp_identity *id; /**< of the receiver; NULL: multicast */
	const struct noon_peer *peer;	    /**< n == 0: multicast */
	uint16_t sequence;
	int8_t interval; /**< logMessageInterval */
};

/** Convert UTC of the served clock to the time that is announced. */
struct noon_ptp_stamp noon_ptp_of_utc(const struct noon_ptp_transmitter *t, noon_time utc);

/* ptp_transmitter_send.c: one message each; dropped and counted if it cannot be sealed. */
void noon_ptp_send_announce(struct noon_ptp_transmitter *t, const struct noon_ptp_target *to,
			    noon_time utc, struct noon_actions *out);
void noon_ptp_send_sync(struct noon_ptp_transmitter *t, const struct noon_ptp_target *to,
			noon_time now, noon_time utc, struct noon_actions *out);
void noon_ptp_send_follow_up(struct noon_ptp_transmitter *t, const struct noon_ptp_pending *p,
			     noon_time sent, struct noon_actions *out);
enum noon_verdict noon_ptp_take_delay_req(struct noon_ptp_transmitter *t,
					  const struct noon_ptp_message *m,
					  const struct noon_rx *rx, struct noon_actions *out);

/* ptp_transmitter_grant.c */
enum noon_verdict noon_ptp_take_request(struct noon_ptp_transmitter *t,
					const struct noon_ptp_message *m, const struct noon_rx *rx,
					struct noon_actions *out);
/** Return the client that a message is from; NULL if it has no grant. */
struct noon_ptp_client *noon_ptp_client_of(struct noon_ptp_transmitter *t,
					   const struct noon_ptp_message *m,
					   const struct noon_rx *rx);

/* ptp_transmitter_watch.c */
struct noon_ptp_watched *noon_ptp_watched_of(struct noon_ptp_transmitter *t,
					     const struct noon_ptp_identity *id);
/** A Sync left: remember it for those who may report about it.
 *  @param err  of the served clock then, ns */
void noon_ptp_note_departure(struct noon_ptp_transmitter *t, const struct noon_peer *peer,
			     uint16_t sequence, noon_time sent, noon_dur err);
/** A Delay_Req came with a report; appends a SAMPLE when it fits what is remembered. */
void noon_ptp_note_report(struct noon_ptp_transmitter *t, struct noon_ptp_watched *w,
			  const struct noon_ptp_layover *l, struct noon_actions *out);
void noon_ptp_note_request(struct noon_ptp_watched *w, uint16_t sequence, noon_time arrived,
			   noon_dur err);
/** Return what is remembered of a number; NULL: nothing, or it has had its report. */
struct noon_ptp_departed *noon_ptp_recall(struct noon_ptp_departed ring[NOON_PTP_DEPARTED_MAX],
					  uint16_t sequence);
/** Return the word for the echo to a receiver; NULL: one that is not watched. */
struct noon_ptp_echo noon_ptp_echo_for(const struct noon_ptp_watched *w, uint64_t nonce);

/* ptp_transmitter_audit.c */
/** Compare a claim with what is remembered; appends a FINDING when it is false and the last one was
 *  not. Before note_report() of the same request, which uses up what is remembered. */
void noon_ptp_note_claim(struct noon_ptp_transmitter *t, struct noon_ptp_watched *w,
			 const struct noon_ptp_claim *c, noon_time now, struct noon_actions *out);

/** Return how far the served clock may be off at `now`, ns; NOON_DUR_MAX: not known. */
noon_dur noon_ptp_served_error(const struct noon_ptp_transmitter *t, noon_time now);

/** Recompute when the timer has something to do. */
void noon_ptp_transmitter_plan(struct noon_ptp_transmitter *t);

#endif
