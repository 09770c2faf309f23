/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of a tap: tap.c takes frames and keeps the table of connections, tap_dialogue.c reads
 * what is said on one of them.
 */
#ifndef NOON_PROTO_TAP_PRIV_H
#define NOON_PROTO_TAP_PRIV_H

#include "proto/tap/tap.h"

/** Read a piece of a stream from end `from`. Afterwards the flow may be SHUT. */
void noon_tap_dialogue_piece(struct noon_tap *t, struct noon_tap_flow *f, unsigned from,
			     struct noon_tap_piece piece);
/** The stream from end `from` has ended. */
void noon_tap_dialogue_close(struct noon_tap *t, struct noon_tap_flow *f, unsigned from);
/** Read no more of a connection: requests that wait stay unanswered, memory is given back. */
void noon_tap_dialogue_shut(struct noon_tap *t, struct noon_tap_flow *f);
/** Hand an exchange on, and count it; one that no offset of the clocks explains is only counted. */
void noon_tap_tell(struct noon_tap *t, struct noon_tap_exchange *e);

#endif
