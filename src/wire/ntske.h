/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of NTS Key Establishment (RFC 8915, section 4): one critical bit, 15 bits of type, 16
 * bits of body length, the body. A message is a sequence of records that ends with END.
 *
 * Reading borrows from the buffer. Loops are bounded by the buffer: every record takes at least
 * NOON_NTSKE_HEADER bytes.
 */
#ifndef NOON_WIRE_NTSKE_H
#define NOON_WIRE_NTSKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define NOON_NTSKE_HEADER 4    /**< bytes in front of each body */
#define NOON_NTSKE_PORT	  4460 /**< TCP port (IANA "ntske") */
#define NOON_NTSKE_NTPV4  0    /**< protocol number of NTPv4 */

/** Record types (RFC 8915, section 7.6; 1024 is chrony's "compliant AES-128-GCM-SIV exporter";
 *  those from 0x4000 on are for private use: ours, of key exchanges of tunnels and PTP). */
enum noon_ntske_type {
	NOON_NTSKE_END = 0,
	NOON_NTSKE_NEXT_PROTOCOL = 1,
	NOON_NTSKE_ERROR = 2,
	NOON_NTSKE_WARNING = 3,
	NOON_NTSKE_AEAD = 4,
	NOON_NTSKE_COOKIE = 5,
	NOON_NTSKE_SERVER = 6,
	NOON_NTSKE_SERVER_PORT = 7,
	NOON_NTSKE_COMPLIANT_EXPORTER = 1024,
	NOON_NTSKE_TUNNEL = 0x4e00,	  /**< which tunnel: version of IP, inner addresses */
	NOON_NTSKE_TUNNEL_FORM = 0x4e01,  /**< what both ends must have alike */
	NOON_NTSKE_TUNNEL_EPOCH = 0x4e02, /**< to begin with: 64 bits */
	NOON_NTSKE_PTP = 0x4e03,	  /**< keys for PTP: domainNumber, clockIdentity */
	NOON_NTSKE_PTP_KEY = 0x4e04,	  /**< its number: SPP, key identifier, lifetime in s */
};

/** Codes of an ERROR record (RFC 8915, section 4.1.3). */
enum noon_ntske_code {
	NOON_NTSKE_CODE_UNKNOWN_CRITICAL = 0,
	NOON_NTSKE_CODE_BAD_REQUEST = 1,
	NOON_NTSKE_CODE_INTERNAL = 2,
	NOON_NTSKE_CODE_NO_TUNNEL = 0x8000, /**< ours: none between these addresses */
	NOON_NTSKE_CODE_ROOM = 0x8003,	    /**< ours: no room for another receiver */
	NOON_NTSKE_CODE_NAME = 0x8001,	    /**< ours: the certificate is another's */
	NOON_NTSKE_CODE_FORM = 0x8002,	    /**< ours: the ends differ */
};

struct noon_ntske_record {
	struct noon_bytes body; /**< borrowed from the buffer */
	uint16_t type;		/**< 15 bits; enum noon_ntske_type if we know it */
	bool critical;
};

/** How much of a message a buffer holds. */
enum noon_ntske_extent {
	NOON_NTSKE_PARTIAL,  /**< no END yet: wait for more */
	NOON_NTSKE_COMPLETE, /**< END is the last record */
	NOON_NTSKE_TRAILING, /**< bytes follow END */
	NOON_NTSKE_TOO_LONG, /**< the message is, or must become, longer than allowed */
};

/**
 * Read one record.
 * @retval NOON_OK
 * @retval NOON_ERR_SHORT  header or body is cut off; the cursor stays
 */
NOON_MUST_USE noon_err noon_ntske_rd(struct noon_rd *rd, struct noon_ntske_record *ret);

/**
 * Tell how much of a message is there.
 *
 * Any record of type END closes it, whatever its critical bit and body; judging those is left to
 * the reader. A record that announces more than `max` bytes in all is TOO_LONG at once, before its
 * body has come.
 *
 * @param         buf    what has come so far
 * @param         max    longest message accepted, bytes, END included
 * @param[in,out] io_at  where the first record not yet seen whole begins; 0 at first. Spares a
 *                       second look at what was seen, so that a message in many pieces costs O(n)
 */
enum noon_ntske_extent noon_ntske_scan(struct noon_bytes buf, size_t max, size_t *io_at);

/** Return item i of a body that is a list of 16-bit numbers; i < body.n / 2. */
uint16_t noon_ntske_item(struct noon_bytes body, size_t i);

/** Tell whether the body is a non-empty ASCII string of visible characters, at most 255. */
bool noon_ntske_is_ascii(struct noon_bytes body);

/** Tell whether the body is a host name or an address: letters, digits and ".-_:", 1..255. */
bool noon_ntske_is_host(struct noon_bytes body);

/** Write one record. @retval NOON_OK, NOON_ERR_FULL, NOON_ERR_RANGE (body above 65535) */
NOON_MUST_USE noon_err noon_ntske_wr(struct noon_wr *wr, bool critical, enum noon_ntske_type type,
				     struct noon_bytes body);

/** Write one record whose body is `n` 16-bit numbers. @retval as noon_ntske_wr() */
NOON_MUST_USE noon_err noon_ntske_wr_items(struct noon_wr *wr, bool critical,
					   enum noon_ntske_type type, const uint16_t *items,
					   size_t n);

/** Write END. @retval NOON_OK, NOON_ERR_FULL */
NOON_MUST_USE noon_err noon_ntske_wr_end(struct noon_wr *wr);

#endif
