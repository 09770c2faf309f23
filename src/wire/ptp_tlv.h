/* SPDX-License-Identifier: Apache-2.0
 *
 * TLVs of PTP messages (IEEE 1588-2019, clause 14): the chain, and those that Noonmark speaks.
 *
 * A TLV is type, even length and value. The chain fills the message to its end. AUTHENTICATION,
 * when there is one, is the last (16.14.3).
 */
#ifndef NOON_WIRE_PTP_TLV_H
#define NOON_WIRE_PTP_TLV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/time.h"

#define NOON_PTP_TLV_HEADER_LEN 4

enum noon_ptp_tlv_type {
	NOON_PTP_TLV_MANAGEMENT = 0x0001,
	NOON_PTP_TLV_MANAGEMENT_ERROR = 0x0002,
	NOON_PTP_TLV_ORGANIZATION = 0x0003,
	NOON_PTP_TLV_REQUEST_UNICAST = 0x0004,
	NOON_PTP_TLV_GRANT_UNICAST = 0x0005,
	NOON_PTP_TLV_CANCEL_UNICAST = 0x0006,
	NOON_PTP_TLV_ACK_CANCEL_UNICAST = 0x0007,
	NOON_PTP_TLV_PATH_TRACE = 0x0008,
	NOON_PTP_TLV_ORGANIZATION_NO_FORWARD = 0x8000, /**< organisation TLV that boundary clocks
							*   do not propagate (Table 52) */
	NOON_PTP_TLV_PAD = 0x8008,
	NOON_PTP_TLV_AUTHENTICATION = 0x8009,
};

struct noon_ptp_tlv {
	uint16_t type;
	struct noon_bytes value; /**< borrowed */
	const uint8_t *at;	 /**< where the TLV begins; borrowed */
};

/**
 * Read the next TLV of a chain.
 * @param[in,out] rd  moves behind it on success only
 * @retval NOON_OK
 * @retval NOON_ERR_EMPTY   the chain ended
 * @retval NOON_ERR_FORMAT  odd length, or beyond the end
 */
NOON_MUST_USE noon_err noon_ptp_tlv_get(struct noon_rd *rd, struct noon_ptp_tlv *ret);

/** Check a whole chain: each TLV fits, and nothing follows AUTHENTICATION.
 *  @retval NOON_OK, NOON_ERR_FORMAT */
NOON_MUST_USE noon_err noon_ptp_tlv_check(struct noon_bytes tlvs);

/** Write type and length; exactly n (even) bytes of value are to follow.
 *  @retval NOON_OK, NOON_ERR_FULL (also if the value will not fit; nothing written) */
NOON_MUST_USE noon_err noon_ptp_tlv_begin(struct noon_wr *wr, uint16_t type, size_t n);

/** Append a PAD of n bytes in all; n even, >= 4. @retval NOON_OK, NOON_ERR_FULL */
NOON_MUST_USE noon_err noon_ptp_pad_put(struct noon_wr *wr, size_t n);

/** REQUEST_, GRANT_, CANCEL_ and ACKNOWLEDGE_CANCEL_UNICAST_TRANSMISSION (16.1.4). */
struct noon_ptp_unicast {
	uint8_t type;	   /**< of the messages meant, enum noon_ptp_type */
	int8_t interval;   /**< REQUEST, GRANT: log2 s */
	uint32_t duration; /**< REQUEST, GRANT: s; 0 in a GRANT: denied */
	bool renewal;	   /**< GRANT: renewalInvited */
	uint8_t flags;	   /**< CANCEL, ACKNOWLEDGE: low 4 bits of the first octet */
};

/** @retval NOON_OK, NOON_ERR_FORMAT (length), NOON_ERR_UNSUPPORTED (another TLV) */
NOON_MUST_USE noon_err noon_ptp_unicast_get(const struct noon_ptp_tlv *tlv,
					    struct noon_ptp_unicast *ret);
/** @param tlv  one of the four types. @retval NOON_OK, NOON_ERR_FULL */
NOON_MUST_USE noon_err noon_ptp_unicast_put(struct noon_wr *wr, enum noon_ptp_tlv_type tlv,
					    const struct noon_ptp_unicast *u);

#define NOON_PTP_INACCURACY_UNKNOWN UINT32_MAX

/**
 * Read totalTimeInaccuracy of IEEE C37.238-2017 (organisation 1C-12-9D, subtype 2, on Announce):
 * the largest error of the time from its source to the port that sends it, boundary clocks
 * included.
 * @param[out] ret_ns  NOON_PTP_INACCURACY_UNKNOWN: not known to the sender either
 * @retval NOON_OK, NOON_ERR_FORMAT (length), NOON_ERR_UNSUPPORTED (another TLV)
 */
NOON_MUST_USE noon_err noon_ptp_inaccuracy_get(const struct noon_ptp_tlv *tlv, uint32_t *ret_ns);

#define NOON_PTP_AUTH_RES      0x01 /**< secParamIndicator: RES is present */
#define NOON_PTP_AUTH_SEQUENCE 0x02 /**< sequenceNo is present */
#define NOON_PTP_AUTH_KEY      0x04 /**< disclosedKey is present: delayed processing */

#define NOON_PTP_AUTH_PREFIX 10 /**< bytes of the TLV before ICV, when no option is present */

/** AUTHENTICATION (16.14.3), immediate processing: no option is present. */
struct noon_ptp_auth_tlv {
	uint8_t spp;	   /**< security policy pointer */
	uint8_t indicator; /**< secParamIndicator */
	uint32_t key_id;
	struct noon_bytes icv; /**< what follows the key ID; borrowed */
};

/** @retval NOON_OK, NOON_ERR_FORMAT (shorter than its fixed part) */
NOON_MUST_USE noon_err noon_ptp_auth_tlv_get(const struct noon_ptp_tlv *tlv,
					     struct noon_ptp_auth_tlv *ret);
/** Write all but the ICV, of which icv_n bytes are to follow.
 *  @retval NOON_OK, NOON_ERR_FULL (also if the ICV will not fit) */
NOON_MUST_USE noon_err noon_ptp_auth_tlv_begin(struct noon_wr *wr, uint8_t spp, uint32_t key_id,
					       size_t icv_n);

/** What one side says of its guard, in one byte. Higher is worse, but for NOON_PTP_GUARD_ABSENT. */
enum noon_ptp_guard_word {
	NOON_PTP_GUARD_NONE = 0,     /**< there is none yet */
	NOON_PTP_GUARD_WATCHING = 1, /**< and has nothing to say */
	NOON_PTP_GUARD_LOSS = 2,     /**< more exchanges are lost than at the calibration */
	NOON_PTP_GUARD_ALARM = 3,    /**< an attack is declared */
	NOON_PTP_GUARD_ABSENT = 0xff,
};

/**
 * What a receiver tells the transmitter about the exchange before (organisation TLV of Noonmark,
 * on Delay_Req; docs/ptp.md): the transmitter computes the round-trip time of that exchange with
 * stamps of its own for t1 and t4.
 *
 * OUI 02-4E-4D (locally administered), subtype 0x000001.
 */
struct noon_ptp_layover {
	uint16_t sync_sequence;	   /**< of the Sync that the layover begins with */
	uint16_t request_sequence; /**< of the Delay_Req that it ends with */
	int64_t layover_ns;	   /**< t3 - t2 on the receiver's clock, ns */
	uint32_t error_ns;	   /**< error of the receiver's stamps, ns, rounded up */
	uint8_t verdict;	   /**< of the receiver's guard: enum noon_ptp_guard_word */
	uint64_t nonce; /**< fresh and random: makes the request unpredictable (condition 1) */
};

#define NOON_PTP_LAYOVER_VALUE 32 /**< bytes of the TLV's value */

/** @retval NOON_OK, NOON_ERR_FORMAT (length), NOON_ERR_UNSUPPORTED (other organisation or subtype)
 */
NOON_MUST_USE noon_err noon_ptp_layover_get(const struct noon_ptp_tlv *tlv,
					    struct noon_ptp_layover *ret);
NOON_MUST_USE noon_err noon_ptp_layover_put(struct noon_wr *wr, const struct noon_ptp_layover *l);

/** What the transmitter answers in Delay_Resp to a Delay_Req with a layover: it proves that this
 *  very request was answered, and tells what the transmitter's guard says of the path. */
struct noon_ptp_echo {
	uint64_t nonce;	 /**< of the request */
	uint8_t verdict; /**< of the transmitter's guard: enum noon_ptp_guard_word */
	uint8_t reasons; /**< of an alarm: NOON_PTP_REASON_*; 0: the transmitter gives none */
};

#define NOON_PTP_REASON_DELAYED	  0x01 /**< round-trip times above their calibrated law */
#define NOON_PTP_REASON_SHORTENED 0x02 /**< ... below */
#define NOON_PTP_REASON_SHAPE	  0x04 /**< ... spread otherwise */
#define NOON_PTP_REASON_TIME	  0x08 /**< the receiver's time is outside of its own bound */

#define NOON_PTP_ECHO_VALUE 16

NOON_MUST_USE noon_err noon_ptp_echo_get(const struct noon_ptp_tlv *tlv, struct noon_ptp_echo *ret);
NOON_MUST_USE noon_err noon_ptp_echo_put(struct noon_wr *wr, const struct noon_ptp_echo *e);

/** What a transmitter says on Announce, so that a receiver knows that it may send the above: others
 *  refuse messages with TLVs that they do not know. */
struct noon_ptp_hello {
	uint8_t flags;
};

#define NOON_PTP_HELLO_LAYOVER 0x01 /**< takes layovers, answers echoes */
#define NOON_PTP_HELLO_CLAIM   0x02 /**< takes claims */
#define NOON_PTP_HELLO_VALUE   8

NOON_MUST_USE noon_err noon_ptp_hello_get(const struct noon_ptp_tlv *tlv,
					  struct noon_ptp_hello *ret);
NOON_MUST_USE noon_err noon_ptp_hello_put(struct noon_wr *wr, const struct noon_ptp_hello *hello);

/**
 * What a receiver claims its time to be (on Delay_Req, beside the layover, of the same exchange):
 * UTC was within time_ns +- bound_ns when that Delay_Req left. The transmitter compares it with its
 * own t1 and t4.
 */
struct noon_ptp_claim {
	uint16_t sync_sequence;	   /**< of the Sync that since_ns begins with */
	uint16_t request_sequence; /**< of the Delay_Req that it ends with, and that is spoken of */
	int64_t time_ns;	   /**< UTC at the departure, as estimated, ns since 1970 */
	uint64_t bound_ns;	   /**< half-width; NOON_PTP_CLAIM_UNKNOWN: nothing is claimed */
	int64_t offset_ns; /**< reference - local: the estimate less the receiver's clock, ns */
	int64_t since_ns;  /**< true time from the arrival of the Sync to the departure, at least */
	uint8_t state;	   /**< of the receiver's clock: enum noon_state as a number */
};

#define NOON_PTP_CLAIM_UNKNOWN UINT64_MAX
#define NOON_PTP_CLAIM_VALUE   44

/** @retval NOON_OK, NOON_ERR_FORMAT (length), NOON_ERR_UNSUPPORTED (other organisation or subtype)
 */
NOON_MUST_USE noon_err noon_ptp_claim_get(const struct noon_ptp_tlv *tlv,
					  struct noon_ptp_claim *ret);
NOON_MUST_USE noon_err noon_ptp_claim_put(struct noon_wr *wr, const struct noon_ptp_claim *c);

#endif
