/* SPDX-License-Identifier: Apache-2.0
 *
 * What the targets of key exchanges share: contexts, and the carrying of bytes between a machine
 * and the other end of its TLS connection.
 */
#ifndef NOON_FUZZ_NTSKE_SIDE_H
#define NOON_FUZZ_NTSKE_SIDE_H

#include <stdbool.h>

#include "base/action.h"
#include "crypto/tls.h"
#include "input.h"

#define SIDE_HOST "time.example"
#define SIDE_DATE 1500000000

/** Contexts with one certificate; made once. */
void side_open(struct noon_tls_ctx **ret_server, struct noon_tls_ctx **ret_client);

/** Hand what a machine sends over to `tls` (may be NULL); true when it said CLOSE. */
bool side_obey(struct noon_actions *as, struct noon_tls *tls);

/** Hands a piece of the stream to a machine, and what it sends to `tls`, which may be NULL; false
 *  once the machine has ended. */
typedef bool side_feed(struct noon_bytes data, struct noon_tls *tls);

/** Say the input to a machine inside TLS, in pieces, as the other end: until it ends, then close.
 *  What the machine says is read and forgotten. */
void side_say(struct input *in, struct noon_tls *tls, side_feed *feed);

#endif
