/* SPDX-License-Identifier: Apache-2.0
 *
 * The Authentication Header (RFC 4302) with HMAC-SHA256-128 (RFC 4868): next header, length,
 * SPI, sequence number, ICV, and padding to 8 bytes over IPv6.
 */
#ifndef NOON_WIRE_AH_H
#define NOON_WIRE_AH_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define NOON_AH_FIXED_LEN 12 /**< before the ICV */
#define NOON_AH_ICV_LEN	  16
#define NOON_AH_LEN_MAX	  32

struct noon_ah {
	uint8_t next; /**< protocol of what follows */
	uint32_t spi;
	uint32_t seq;		   /**< low 32 bits */
	struct noon_bytes icv;	   /**< borrowed */
	struct noon_bytes payload; /**< borrowed */
};

/*@ assigns \nothing;
    ensures \result == (ip_version == 4 ? 28 : 32); */
/** Return the bytes of a header: 28 over IPv4, 32 over IPv6, where it ends at a multiple of 8 of
 *  them (RFC 4302, section 2.6). */
size_t noon_ah_len(uint8_t ip_version);

/*@ requires \valid_read(packet.p + (0 .. packet.n - 1)) && packet.n <= PTRDIFF_MAX;
    requires \valid(ret) && \separated(ret, packet.p + (0 .. packet.n - 1));
    assigns *ret;
    ensures untouched: \result != NOON_OK ==> *ret == \old(*ret);
    // ICV and payload lie in the packet, in this order; nothing of the rest is left out.
    ensures parts: \result == NOON_OK ==>
      ret->icv.p == packet.p + NOON_AH_FIXED_LEN && ret->icv.n == NOON_AH_ICV_LEN &&
      NOON_AH_FIXED_LEN + NOON_AH_ICV_LEN <= packet.n - ret->payload.n <= NOON_AH_LEN_MAX &&
      ret->payload.p == packet.p + (packet.n - ret->payload.n); */
/**
 * Read a header. Over IPv4 one that is padded to a multiple of 8 is accepted too: Linux sends it
 * unless the state has XFRM_STATE_ALIGN4.
 *
 * @param[out] ret  untouched unless NOON_OK
 * @retval NOON_OK, NOON_ERR_SHORT
 * @retval NOON_ERR_FORMAT  another length, or the SPI is reserved. The reserved field is ignored,
 * as the RFC asks (section 2.3); the ICV covers it
 */
NOON_MUST_USE noon_err noon_ah_get(struct noon_bytes packet, uint8_t ip_version,
				   struct noon_ah *ret);

/**
 * Write a header whose ICV is still zero.
 * @param[out] ret_icv  where it goes, NOON_AH_ICV_LEN bytes within wr
 * @retval NOON_OK, NOON_ERR_FULL (nothing written)
 */
NOON_MUST_USE noon_err noon_ah_put(struct noon_wr *wr, uint8_t ip_version, uint8_t next,
				   uint32_t spi, uint32_t seq, uint8_t **ret_icv);

#endif
