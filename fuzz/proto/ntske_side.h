/* SPDX-License-Identifier: Apache-2.0
 *
 * What both key-exchange targets share: contexts, and the carrying of bytes between a machine and
 * the other end of its TLS connection.
 */
#ifndef NOON_FUZZ_NTSKE_SIDE_H
#define NOON_FUZZ_NTSKE_SIDE_H

#include <stdbool.h>

#include "base/action.h"
#include "crypto/tls.h"

#define SIDE_HOST "time.example"
#define SIDE_DATE 1500000000

/** Contexts with one certificate; made once. */
void side_open(struct noon_tls_ctx **ret_server, struct noon_tls_ctx **ret_client);

/** Hand what a machine sends over to `tls` (may be NULL); true when it said CLOSE. */
bool side_obey(struct noon_actions *as, struct noon_tls *tls);

/** Read all plaintext and forget it. */
void side_drain(struct noon_tls *tls);

#endif
