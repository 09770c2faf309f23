/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the NTP client begin with: a client before a real server in memory, with NTS by
 * either AEAD, plain, or without keys yet. To be included after <cmocka.h>.
 */
#ifndef TEST_NTP_CLIENT_FIXTURE_H
#define TEST_NTP_CLIENT_FIXTURE_H

#include "test_ntp_world.h"

extern struct ntp_world w;
extern struct datagram d; /**< to forge in */

int with_nts(void **state);
int with_gcm(void **state);
int plain(void **state);
int without_keys(void **state);
int done(void **state);

/** Return how many cookies the client has. */
size_t in_jar(void);
/** Let the outstanding request get no answer. */
void lose(void);
/** Return the fields of a packet that must parse. */
struct noon_nts_packet fields_of(const struct datagram *x);
/** Deliver a genuine reply with this header. */
enum noon_verdict deliver(const struct noon_ntp_header *h);

#define NTS(f) cmocka_unit_test_setup_teardown(f, with_nts, done)
#define GCM(f)                                           \
	{                                                \
#f " (aead 30)", f, with_gcm, done, NULL \
	}
#define PLAIN(f)                                    \
	{                                           \
#f " (plain)", f, plain, done, NULL \
	}
#define BARE(f) cmocka_unit_test_setup_teardown(f, without_keys, done)

#endif
