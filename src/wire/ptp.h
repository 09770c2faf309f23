/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of PTP (IEEE 1588-2019, clause 13), end-to-end delay mechanism: bytes <-> structs.
 *
 * A message is a header of 34 bytes, a body that its type fixes, and TLVs (wire/ptp_tlv.h).
 * Times on the wire are seconds (48 bit) and nanoseconds of the PTP timescale; the correction
 * field counts 2^-16 ns. Both stay in their own units here: the machines convert them once.
 */
#ifndef NOON_WIRE_PTP_H
#define NOON_WIRE_PTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/time.h"

#define NOON_PTP_HEADER_LEN   34
#define NOON_PTP_EVENT_PORT   319
#define NOON_PTP_GENERAL_PORT 320
#define NOON_PTP_VERSION      2
#define NOON_PTP_MINOR	      1
#define NOON_PTP_MESSAGE_MAX  1024 /**< bytes; longer messages are refused both ways */
#define NOON_PTP_IDENTITY_LEN 8

enum noon_ptp_type {
	NOON_PTP_SYNC = 0x0,
	NOON_PTP_DELAY_REQ = 0x1,
	NOON_PTP_PDELAY_REQ = 0x2,
	NOON_PTP_PDELAY_RESP = 0x3,
	NOON_PTP_FOLLOW_UP = 0x8,
	NOON_PTP_DELAY_RESP = 0x9,
	NOON_PTP_PDELAY_RESP_FOLLOW_UP = 0xa,
	NOON_PTP_ANNOUNCE = 0xb,
	NOON_PTP_SIGNALING = 0xc,
	NOON_PTP_MANAGEMENT = 0xd,
};

#define NOON_PTP_TYPES 16 /**< values of the field */

/** Bits of flagField: the first octet is the high byte. */
#define NOON_PTP_FLAG_ALTERNATE	     0x0100u
#define NOON_PTP_FLAG_TWO_STEP	     0x0200u
#define NOON_PTP_FLAG_UNICAST	     0x0400u
#define NOON_PTP_FLAG_LEAP61	     0x0001u
#define NOON_PTP_FLAG_LEAP59	     0x0002u
#define NOON_PTP_FLAG_UTC_VALID	     0x0004u
#define NOON_PTP_FLAG_PTP_TIMESCALE  0x0008u
#define NOON_PTP_FLAG_TIME_TRACEABLE 0x0010u
#define NOON_PTP_FLAG_FREQ_TRACEABLE 0x0020u
#define NOON_PTP_FLAG_SYNC_UNCERTAIN 0x0040u

#define NOON_PTP_INTERVAL_NONE 0x7f /**< logMessageInterval where none applies */

/** Correction that does not fit (13.3.2.9). */
#define NOON_PTP_CORRECTION_HUGE INT64_MAX

struct noon_ptp_identity {
	uint8_t clock[NOON_PTP_IDENTITY_LEN]; /**< clockIdentity, an EUI-64 */
	uint16_t port;			      /**< portNumber, from 1 */
};

/** A time of the PTP timescale as it is on the wire. */
struct noon_ptp_stamp {
	uint64_t s;  /**< < 2^48 */
	uint32_t ns; /**< < 1e9 when valid */
};

struct noon_ptp_header {
	uint16_t sdo_id; /**< majorSdoId << 8 | minorSdoId, 12 bits */
	uint8_t type;	 /**< enum noon_ptp_type, 4 bits */
	uint8_t minor;	 /**< minorVersionPTP, 4 bits */
	uint8_t version; /**< versionPTP, 4 bits */
	uint16_t length; /**< of the message with its TLVs; put() leaves it to _finish() */
	uint8_t domain;
	uint16_t flags;
	int64_t correction; /**< 2^-16 ns */
	uint32_t scratch;   /**< messageTypeSpecific */
	struct noon_ptp_identity source;
	uint16_t sequence;
	uint8_t control; /**< put() derives it from the type */
	int8_t interval; /**< logMessageInterval, log2 s */
};

struct noon_ptp_announce {
	struct noon_ptp_stamp origin;
	int16_t utc_offset; /**< TAI - UTC, s */
	uint8_t priority1;
	uint8_t clock_class;
	uint8_t accuracy;
	uint16_t variance;
	uint8_t priority2;
	uint8_t grandmaster[NOON_PTP_IDENTITY_LEN];
	uint16_t steps_removed;
	uint8_t time_source;
};

/** A message; which part of the body is valid follows from the type. */
struct noon_ptp_message {
	struct noon_ptp_header h;
	union {
		struct noon_ptp_announce announce;
		struct {
			struct noon_ptp_stamp stamp; /**< Sync, Delay_Req, Follow_Up, Delay_Resp */
			struct noon_ptp_identity requesting; /**< Delay_Resp */
		} event;
		struct noon_ptp_identity target; /**< Signaling, Management */
	};
	struct noon_bytes tlvs;	 /**< borrowed; all of them */
	struct noon_bytes whole; /**< borrowed; the message without what UDP may add behind it */
};

/** Return the length of header and body of a type, without TLVs; 0 for a type not handled here
 *  (peer delay, reserved). */
size_t noon_ptp_body_end(uint8_t type);

/** Return whether a type goes to the event port (and is stamped). */
bool noon_ptp_is_event(uint8_t type);

/**
 * Read a message.
 *
 * @param      data  a datagram; bytes behind messageLength are ignored (Annex D and E pad)
 * @param[out] ret   borrows from data; untouched unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_SHORT        cut short, or messageLength below what the type needs
 * @retval NOON_ERR_UNSUPPORTED  versionPTP other than 2, or a type not handled here
 * @retval NOON_ERR_FORMAT       a stamp with 1e9 ns or more
 * @retval NOON_ERR_LONG         messageLength above NOON_PTP_MESSAGE_MAX
 */
NOON_MUST_USE noon_err noon_ptp_get(struct noon_bytes data, struct noon_ptp_message *ret);

/**
 * Write header and body; TLVs follow, then noon_ptp_finish().
 * @retval NOON_OK, NOON_ERR_FULL (nothing written)
 */
NOON_MUST_USE noon_err noon_ptp_put(struct noon_wr *wr, const struct noon_ptp_message *m);

/** Set messageLength of the message that a cursor has written from its start. */
void noon_ptp_finish(const struct noon_wr *wr);

bool noon_ptp_identity_equal(const struct noon_ptp_identity *a, const struct noon_ptp_identity *b);
/** Compare as numbers: < 0, 0, > 0 (9.3.4: of clock identities, then of port numbers). */
int noon_ptp_identity_cmp(const struct noon_ptp_identity *a, const struct noon_ptp_identity *b);
/** Return whether it is all ones: addressed to all (13.12.1). */
bool noon_ptp_identity_is_all(const struct noon_ptp_identity *a);

/** Convert to ns since the epoch of the timescale (1970 TAI).
 *  @retval NOON_OK, NOON_ERR_RANGE (beyond what 64 bits of ns hold, the year 2262) */
NOON_MUST_USE noon_err noon_ptp_stamp_to_ns(struct noon_ptp_stamp stamp, int64_t *ret);
/** Convert ns >= 0 since the epoch; negative becomes 0. */
struct noon_ptp_stamp noon_ptp_stamp_from_ns(int64_t ns);

/** Convert a correction to whole ns, rounded down; what is cut off is < 1 ns. */
static inline noon_dur noon_ptp_correction_floor(int64_t correction)
{
	return correction >> 16;
}

/** Convert ns to a correction; saturates at NOON_PTP_CORRECTION_HUGE. */
int64_t noon_ptp_correction_of(noon_dur d);

/** Return the largest error, ns, that a clockAccuracy claims (Table 5); NOON_DUR_MAX if it claims
 *  none (unknown, reserved, above 10 s). */
noon_dur noon_ptp_accuracy_to_dur(uint8_t accuracy);
/** Return the least clockAccuracy that covers an error; 0x31 above 10 s, 0xfe for NOON_DUR_MAX. */
uint8_t noon_ptp_accuracy_from_dur(noon_dur d);

/** Return the short name of a type ("Sync"); static, never NULL. */
const char *noon_ptp_type_name(uint8_t type);

#endif
