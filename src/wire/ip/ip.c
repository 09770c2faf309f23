/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ip/ip.h"

#include <string.h>

#define IP4_DONT_FRAGMENT 0x4000
#define IP4_RESERVED_FLAG 0x8000

size_t noon_ip_addr_len(uint8_t version)
{
	return version == 4 ? 4 : 16;
}

size_t noon_ip_header_len(uint8_t version)
{
	return version == 4 ? NOON_IP4_HEADER_LEN : NOON_IP6_HEADER_LEN;
}

/* The sum of RFC 1071, not folded; a last odd byte counts as if a zero followed. */
static uint32_t sum_of(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return n % 2 ? sum + ((uint32_t)p[n - 1] << 8) : sum;
}

static uint16_t checksum_of(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static noon_err put_ip4(struct noon_wr *wr, const struct noon_ip *ip, size_t payload_n)
{
	uint8_t h[NOON_IP4_HEADER_LEN] = {0x45, ip->tos};

	if (payload_n > UINT16_MAX - sizeof(h))
		return NOON_ERR_RANGE;
	put16(h + 2, (uint16_t)(sizeof(h) + payload_n));
	put16(h + 4, ip->id);
	put16(h + 6, IP4_DONT_FRAGMENT);
	h[8] = ip->ttl;
	h[9] = ip->proto;
	memcpy(h + 12, ip->src, 4);
	memcpy(h + 16, ip->dst, 4);
	put16(h + 10, checksum_of(sum_of(0, h, sizeof(h))));
	return noon_wr_put(wr, noon_bytes_of(h, sizeof(h)));
}

static noon_err put_ip6(struct noon_wr *wr, const struct noon_ip *ip, size_t payload_n)
{
	uint8_t h[NOON_IP6_HEADER_LEN] = {(uint8_t)(0x60 | ip->tos >> 4), (uint8_t)(ip->tos << 4)};

	if (payload_n > UINT16_MAX)
		return NOON_ERR_RANGE;
	put16(h + 4, (uint16_t)payload_n);
	h[6] = ip->proto;
	h[7] = ip->ttl;
	memcpy(h + 8, ip->src, 16);
	memcpy(h + 24, ip->dst, 16);
	return noon_wr_put(wr, noon_bytes_of(h, sizeof(h)));
}

noon_err noon_ip_put(struct noon_wr *wr, const struct noon_ip *ip, size_t payload_n)
{
	return ip->version == 4 ? put_ip4(wr, ip, payload_n) : put_ip6(wr, ip, payload_n);
}

/* Read the fixed part of an IPv4 header. */
static noon_err get_ip4(struct noon_rd *rd, struct noon_ip *ret, size_t *payload_n)
{
	struct noon_bytes h;
	struct noon_ip ip = {.version = 4};
	uint16_t total;
	uint16_t fragment;

	if (noon_rd_take(rd, NOON_IP4_HEADER_LEN, &h))
		return NOON_ERR_SHORT;
	if ((h.p[0] & 0xf) < 5)
		return NOON_ERR_FORMAT;
	if ((h.p[0] & 0xf) > 5)
		return NOON_ERR_UNSUPPORTED;
	total = (uint16_t)(h.p[2] << 8 | h.p[3]);
	if (total < NOON_IP4_HEADER_LEN || checksum_of(sum_of(0, h.p, h.n)) != 0)
		return NOON_ERR_FORMAT;
	fragment = (uint16_t)(h.p[6] << 8 | h.p[7]);
	if (fragment & ~(IP4_DONT_FRAGMENT | IP4_RESERVED_FLAG))
		return NOON_ERR_UNSUPPORTED;
	ip.tos = h.p[1];
	ip.id = (uint16_t)(h.p[4] << 8 | h.p[5]);
	ip.ttl = h.p[8];
	ip.proto = h.p[9];
	memcpy(ip.src, h.p + 12, 4);
	memcpy(ip.dst, h.p + 16, 4);
	*ret = ip;
	*payload_n = (size_t)total - NOON_IP4_HEADER_LEN;
	return NOON_OK;
}

/* Hop-by-hop and destination options, routing, fragment and mobility headers (RFC 8200). */
static bool is_ip6_extension(uint8_t next)
{
	return next == 0 || next == 43 || next == 44 || next == 60 || next == 135 || next == 139 ||
	       next == 140;
}

static noon_err get_ip6(struct noon_rd *rd, struct noon_ip *ret, size_t *payload_n)
{
	struct noon_bytes h;
	struct noon_ip ip = {.version = 6};

	if (noon_rd_take(rd, NOON_IP6_HEADER_LEN, &h))
		return NOON_ERR_SHORT;
	if (is_ip6_extension(h.p[6]))
		return NOON_ERR_UNSUPPORTED;
	ip.tos = (uint8_t)(h.p[0] << 4 | h.p[1] >> 4);
	ip.proto = h.p[6];
	ip.ttl = h.p[7];
	memcpy(ip.src, h.p + 8, 16);
	memcpy(ip.dst, h.p + 24, 16);
	*ret = ip;
	*payload_n = (size_t)h.p[4] << 8 | h.p[5];
	return NOON_OK;
}

noon_err noon_ip_get(struct noon_rd *rd, struct noon_ip *ret, struct noon_bytes *payload)
{
	struct noon_rd in = *rd;
	struct noon_ip ip = {0};
	size_t n = 0;
	noon_err err;

	if (noon_rd_left(rd) == 0)
		return NOON_ERR_SHORT;
	switch (rd->p[0] >> 4) {
	case 4:
		err = get_ip4(&in, &ip, &n);
		break;
	case 6:
		err = get_ip6(&in, &ip, &n);
		break;
	default:
		err = NOON_ERR_FORMAT;
	}
	if (err)
		return err;
	if (noon_rd_take(&in, n, payload))
		return NOON_ERR_SHORT;
	*rd = in;
	*ret = ip;
	return NOON_OK;
}

/* The sum over the pseudo-header of UDP (RFC 768; RFC 8200, section 8.1). */
static uint32_t pseudo_sum(const struct noon_ip *ip, size_t n)
{
	const size_t len = noon_ip_addr_len(ip->version);
	uint32_t sum = sum_of(0, ip->src, len);

	sum = sum_of(sum, ip->dst, len);
	return sum + NOON_IP_PROTO_UDP + (uint32_t)n;
}

noon_err noon_udp_put(struct noon_wr *wr, const struct noon_ip *ip, const struct noon_udp *udp,
		      struct noon_bytes data)
{
	const size_t n = NOON_UDP_HEADER_LEN + data.n;
	uint8_t *h = wr->p;
	uint16_t sum;

	if (data.n > UINT16_MAX - NOON_UDP_HEADER_LEN)
		return NOON_ERR_RANGE;
	if (noon_wr_room(wr) < n)
		return NOON_ERR_FULL;
	put16(h, udp->src);
	put16(h + 2, udp->dst);
	put16(h + 4, (uint16_t)n);
	put16(h + 6, 0);
	if (data.n > 0)
		memcpy(h + NOON_UDP_HEADER_LEN, data.p, data.n);
	sum = checksum_of(sum_of(pseudo_sum(ip, n), h, n));
	put16(h + 6, sum == 0 ? 0xffff : sum);
	wr->p += n;
	return NOON_OK;
}

noon_err noon_udp_get(struct noon_bytes payload, const struct noon_ip *ip, struct noon_udp *ret,
		      struct noon_bytes *data)
{
	const uint8_t *h = payload.p;
	size_t n;
	bool has_sum;

	if (payload.n < NOON_UDP_HEADER_LEN)
		return NOON_ERR_SHORT;
	n = (size_t)h[4] << 8 | h[5];
	if (n > payload.n)
		return NOON_ERR_SHORT;
	has_sum = h[6] != 0 || h[7] != 0;
	if (n < NOON_UDP_HEADER_LEN || (!has_sum && ip->version != 4))
		return NOON_ERR_FORMAT;
	if (has_sum && checksum_of(sum_of(pseudo_sum(ip, n), h, n)) != 0)
		return NOON_ERR_FORMAT;
	*ret = (struct noon_udp){(uint16_t)(h[0] << 8 | h[1]), (uint16_t)(h[2] << 8 | h[3])};
	*data = noon_bytes_of(h + NOON_UDP_HEADER_LEN, n - NOON_UDP_HEADER_LEN);
	return NOON_OK;
}

void noon_ip_clear_mutable(uint8_t *header)
{
	if (header[0] >> 4 == 4) {
		header[1] = 0;
		memset(header + 6, 0, 2); /* flags, fragment offset */
		header[8] = 0;
		memset(header + 10, 0, 2); /* checksum */
	} else {
		header[0] = 0x60;
		memset(header + 1, 0, 3); /* traffic class, flow label */
		header[7] = 0;
	}
}
