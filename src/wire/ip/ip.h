/* SPDX-License-Identifier: Apache-2.0
 *
 * IPv4 and IPv6 headers (RFC 791, RFC 8200) with UDP (RFC 768), as a tunnel has them inside and
 * outside: without options, extension headers and fragments.
 */
#ifndef NOON_WIRE_IP_H
#define NOON_WIRE_IP_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define NOON_IP4_HEADER_LEN 20
#define NOON_IP6_HEADER_LEN 40
#define NOON_UDP_HEADER_LEN 8

enum noon_ip_proto {
	NOON_IP_PROTO_IP4 = 4, /**< IPv4 inside */
	NOON_IP_PROTO_TCP = 6,
	NOON_IP_PROTO_UDP = 17,
	NOON_IP_PROTO_IP6 = 41, /**< IPv6 inside */
	NOON_IP_PROTO_ESP = 50,
	NOON_IP_PROTO_AH = 51,
	NOON_IP_PROTO_NONE = 59, /**< no next header: a dummy packet (RFC 4303, section 2.6) */
};

/** The fields of a header that matter here. */
struct noon_ip {
	uint8_t version; /**< 4 or 6 */
	uint8_t tos;	 /**< type of service, or traffic class */
	uint8_t ttl;	 /**< time to live, or hop limit */
	uint8_t proto;	 /**< of what follows */
	uint16_t id;	 /**< IPv4; 0 is fine where fragments are forbidden (RFC 6864) */
	uint8_t src[16]; /**< IPv4: the first 4 bytes */
	uint8_t dst[16];
};

/** Return the bytes of an address, 4 or 16. */
size_t noon_ip_addr_len(uint8_t version);
/** Return the bytes of a header, 20 or 40. */
size_t noon_ip_header_len(uint8_t version);

/**
 * Write a header in front of payload_n bytes that the caller appends. Fragments are forbidden.
 * @retval NOON_OK, NOON_ERR_FULL (nothing written), NOON_ERR_RANGE (longer than a packet can be)
 */
NOON_MUST_USE noon_err noon_ip_put(struct noon_wr *wr, const struct noon_ip *ip, size_t payload_n);

/**
 * Read a header and delimit its payload by the length that it states: what is behind that, padding
 * against traffic analysis say, is not looked at (RFC 4303, section 2.7).
 *
 * @param[in,out] rd   moves behind the payload on success only
 * @param[out] ret     untouched unless NOON_OK
 * @param[out] payload borrowed; untouched unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_SHORT        the packet ends before its stated length
 * @retval NOON_ERR_FORMAT       not IPv4 or IPv6, a header too short, or a wrong checksum
 * @retval NOON_ERR_UNSUPPORTED  a fragment, options, or an IPv6 extension header
 */
NOON_MUST_USE noon_err noon_ip_get(struct noon_rd *rd, struct noon_ip *ret,
				   struct noon_bytes *payload);

struct noon_udp {
	uint16_t src;
	uint16_t dst;
};

/**
 * Write a UDP datagram with its checksum.
 * @param ip  the header before it: addresses are in the checksum
 * @retval NOON_OK, NOON_ERR_FULL (nothing written), NOON_ERR_RANGE
 */
NOON_MUST_USE noon_err noon_udp_put(struct noon_wr *wr, const struct noon_ip *ip,
				    const struct noon_udp *udp, struct noon_bytes data);

/**
 * Read a UDP datagram out of an IP payload. A checksum of 0 is accepted over IPv4 only (RFC 8200,
 * section 8.1).
 *
 * @param[out] data  borrowed; untouched unless NOON_OK
 * @retval NOON_OK, NOON_ERR_SHORT, NOON_ERR_FORMAT (length or checksum)
 */
NOON_MUST_USE noon_err noon_udp_get(struct noon_bytes payload, const struct noon_ip *ip,
				    struct noon_udp *ret, struct noon_bytes *data);

/**
 * Set to zero what routers may change in a header: type of service, flags, fragment offset, time to
 * live and checksum; traffic class, flow label and hop limit (RFC 4302, section 3.3.3.1).
 *
 * @param[in,out] header  noon_ip_header_len() bytes of a header without options
 */
void noon_ip_clear_mutable(uint8_t *header);

#endif
