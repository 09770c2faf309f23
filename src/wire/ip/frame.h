/* SPDX-License-Identifier: Apache-2.0
 *
 * A captured frame from its link layer to the payload of UDP or TCP.
 *
 * Ethernet with up to two VLAN tags (IEEE 802.1Q, 802.1ad), Linux "cooked" frames, raw IP and the
 * BSD loopback; IPv4 with options, IPv6 with extension headers (RFC 8200, section 4). Fragments are
 * told, not put together. Checksums are not looked at: with offloading a machine captures its own
 * packets before the checksum is in them.
 *
 * A capture may hold less of a frame than was on the wire. What of the payload is missing is told,
 * so that a stream can tell a cut from an end.
 */
#ifndef NOON_WIRE_FRAME_H
#define NOON_WIRE_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/** Link-layer types, with the numbers of capture files (LINKTYPE_, tcpdump.org). */
enum noon_link_type {
	NOON_LINK_NULL = 0, /**< BSD loopback, family in the byte order of the machine */
	NOON_LINK_ETHERNET = 1,
	NOON_LINK_RAW_BSD = 12, /**< raw IP, as some systems number it */
	NOON_LINK_RAW_OPENBSD = 14,
	NOON_LINK_RAW = 101,
	NOON_LINK_LOOP = 108, /**< OpenBSD loopback, family in network order */
	NOON_LINK_SLL = 113,  /**< Linux "cooked" */
	NOON_LINK_IP4 = 228,
	NOON_LINK_IP6 = 229,
	NOON_LINK_SLL2 = 276,
};

/* What became of a frame: name, word for counters and JSON, sentence for people. */
#define NOON_FRAME_VERDICT_LIST(X)                                                                \
	X(OK, "read", "UDP or TCP")                                                               \
	X(OTHER, "other", "neither IPv4 nor IPv6, or neither UDP nor TCP")                        \
	X(CUT, "cut", "the capture holds too little of it (snap length): headers are incomplete") \
	X(MALFORMED, "malformed", "a length or a version in it is impossible")                    \
	X(FRAGMENT, "fragment", "part of a fragmented packet, which is not put together")         \
	X(LINK, "link-type", "a link layer that is not known here")

enum noon_frame_verdict {
#define NOON_FRAME_ENUM(name, word, text) NOON_FRAME_##name,
	NOON_FRAME_VERDICT_LIST(NOON_FRAME_ENUM)
#undef NOON_FRAME_ENUM
		NOON_FRAME_VERDICTS,
};

/** Bits of noon_frame.flags (RFC 9293, section 3.1). */
#define NOON_TCP_FIN 0x01U
#define NOON_TCP_SYN 0x02U
#define NOON_TCP_RST 0x04U
#define NOON_TCP_ACK 0x10U

/** One end of a flow. */
struct noon_frame_end {
	uint8_t addr[16]; /**< IPv4: the first 4 bytes, the others zero */
	uint16_t port;
};

struct noon_frame {
	uint8_t version; /**< of IP, 4 or 6 */
	bool tcp;	 /**< false: UDP */
	struct noon_frame_end src;
	struct noon_frame_end dst;
	uint32_t seq; /**< TCP */
	uint32_t ack; /**< TCP; meaningful with NOON_TCP_ACK */
	uint8_t flags;
	struct noon_bytes payload; /**< borrowed from the frame */
	uint32_t missing;	   /**< bytes of the payload that follow and were not captured */
};

/** Tell whether frames of this type can be read. */
bool noon_frame_knows(int link_type);

/**
 * Read a frame.
 *
 * @param      link_type  enum noon_link_type, or any other number (NOON_FRAME_LINK)
 * @param      bytes      as captured; borrowed by *ret
 * @param      wire_n     bytes that it had on the wire, >= bytes.n
 * @param[out] ret        untouched unless NOON_FRAME_OK
 */
enum noon_frame_verdict noon_frame_read(int link_type, struct noon_bytes bytes, size_t wire_n,
					struct noon_frame *ret);

/** The word and the sentence of a verdict; static; any value. */
const char *noon_frame_verdict_word(enum noon_frame_verdict v);
const char *noon_frame_verdict_text(enum noon_frame_verdict v);

#endif
