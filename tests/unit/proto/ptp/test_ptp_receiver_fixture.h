/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the PTP receiver have in common: a receiver in memory, and a transmitter whose
 * messages the test writes. The transmitter's UTC is the local time plus AHEAD, it counts TAI. To
 * be included after <cmocka.h>.
 */
#ifndef TEST_PTP_RECEIVER_FIXTURE_H
#define TEST_PTP_RECEIVER_FIXTURE_H

#include "proto/ptp/ptp_receiver.h"

#define AHEAD NOON_S(1790000000)
#define TAI   37

extern struct noon_ptp_receiver r;
extern struct noon_ptp_receiver_conf conf;
extern struct noon_actions as; /* of the last call */
extern noon_time now;
extern struct noon_peer from; /* sender of what is delivered */
/* The transmitter. */
extern struct noon_ptp_port tx;
extern uint16_t announce_flags;
extern struct noon_ptp_announce says;
extern bool hello;
extern bool sealing;	    /* by conf.policy */
extern uint32_t inaccuracy; /* on Announce, ns; UINT32_MAX: none */

int setup(void **state);
/** Make the receiver by `conf`, as it is now. */
void receiver(bool unicast);

/** Packets counted with this verdict. */
uint64_t count(enum noon_verdict v);
/** The first action of this kind of the last call, or NULL. */
const struct noon_action *find(enum noon_action_kind kind);
/** The same, where there must be one. */
const struct noon_action *the(enum noon_action_kind kind);
/** Messages sent by the last call. */
size_t sends(void);
/** The k-th message sent by the last call. */
struct noon_ptp_message sent(size_t k);

void timer(noon_dur later);
/** Run the timer whenever it is due, until `length` has passed; returns how often. */
unsigned idle(noon_dur length);

/** A message of the transmitter. */
struct noon_ptp_message make(uint8_t type, uint16_t sequence);
struct noon_ptp_stamp stamp_at(noon_time local);
/** Give the receiver what was written, sealed or not. */
void deliver_wr(struct noon_wr *wr);
void deliver(const struct noon_ptp_message *m);
void announce(void);
/** Announce twice, a second apart: then it counts. */
void introduce(void);
/** A one-step Sync that left `before` ago. */
void deliver_sync(uint16_t sequence, noon_dur before, int64_t correction);
/** A Delay_Resp to the request, from now. */
struct noon_ptp_message response(const struct noon_ptp_message *request);
/** Until a Delay_Req is out (multicast); its departure is reported. */
struct noon_ptp_message request(uint16_t sequence);

#endif
