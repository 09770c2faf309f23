/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the NTP server have in common: a server in memory, a request, its reply, and
 * what is expected of it. To be included after <cmocka.h>.
 */
#ifndef TEST_NTP_SERVER_FIXTURE_H
#define TEST_NTP_SERVER_FIXTURE_H

#include "test_ntp_world.h"

extern const enum noon_aead_id aeads[2];
extern struct ntp_world w;
extern struct datagram req, rep;

typedef void body(void);

/** Run a test with either AEAD, each time in a new world. */
void for_both(body *run);
/** Make a request, hand it to the server and keep its reply. */
enum noon_verdict ask(const struct recipe *r);
/** Ask, and fail unless the reply has ... */
void expect_time(const struct recipe *r);
void expect_silence(const struct recipe *r, enum noon_verdict v);
void expect_nak(const struct recipe *r, enum noon_verdict v);
/** Fail unless it is a NAK to `req`: stratum 0, kiss code NTSN, the unique identifier and nothing
 *  else. */
void assert_nak(const struct datagram *d);

#endif
