/* SPDX-License-Identifier: Apache-2.0
 *
 * What became of a packet that came to a tunnel; each is counted, none is logged.
 */
#ifndef NOON_PROTO_TUNNEL_VERDICT_H
#define NOON_PROTO_TUNNEL_VERDICT_H

#include <stdint.h>

#define NOON_TUNNEL_VERDICT_LIST(X)                                                             \
	X(ACCEPTED, "accepted")                                                                 \
	X(COVER, "cover")	    /* a dummy packet: no next header */                        \
	X(SHORT, "short")	    /* less than the headers and the ICV */                     \
	X(LONG, "long")		    /* more than NOON_TUNNEL_PACKET_MAX */                      \
	X(FORMAT, "format")	    /* headers, lengths or padding */                           \
	X(SPI, "unknown-spi")	    /* of no association */                                     \
	X(EXPIRED, "expired")	    /* of an association that has ended */                      \
	X(UNRESERVED, "unreserved") /* of an epoch that is not reserved on disk yet */          \
	X(NO_AH, "no-ah")	    /* ESP alone where AH is required, or AH where it is not */ \
	X(REPLAY, "replay")	    /* sequence number seen or passed */                        \
	X(AH_AUTH, "bad-ah")	    /* ICV of AH does not verify */                             \
	X(AUTH, "bad-auth")	    /* ICV of ESP does not verify */                            \
	X(INNER, "inner-format")                                                                \
	X(SELECTOR, "selector") /* authentic, and not timing traffic of the two end systems */

enum noon_tunnel_verdict {
#define NOON_TUNNEL_VERDICT_ENUM(name, word) NOON_TUNNEL_##name,
	NOON_TUNNEL_VERDICT_LIST(NOON_TUNNEL_VERDICT_ENUM)
#undef NOON_TUNNEL_VERDICT_ENUM
		NOON_TUNNEL_VERDICTS,
};

/** Return the short word of a verdict ("bad-auth"); static, never NULL. */
const char *noon_tunnel_verdict_word(enum noon_tunnel_verdict v);

#endif
