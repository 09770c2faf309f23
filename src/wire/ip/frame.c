/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/ip/frame.h"

#include <string.h>

#include "wire/ip/ip.h"

#define ETHERTYPE_IP4	0x0800
#define ETHERTYPE_IP6	0x86dd
#define ETHERTYPE_VLAN	0x8100
#define ETHERTYPE_QINQ	0x88a8
#define VLAN_TAGS_MAX	2
#define EXTENSIONS_MAX	8  /* headers between IPv6 and its payload that are read over */
#define TCP_HEADER_LEN	20 /* without options */
#define ETHERNET_LEN	14
#define SLL_LEN		16
#define SLL2_LEN	20
#define LOOPBACK_LEN	4
#define IP6_HOP_BY_HOP	0
#define IP6_ROUTING	43
#define IP6_FRAGMENT	44
#define IP6_DESTINATION 60

/* What is left to read: `b` was captured, and `missing` bytes behind it were not. */
struct rest {
	struct noon_bytes b;
	size_t missing;
};

bool noon_frame_knows(int link_type)
{
	switch (link_type) {
	case NOON_LINK_NULL:
	case NOON_LINK_ETHERNET:
	case NOON_LINK_RAW_BSD:
	case NOON_LINK_RAW_OPENBSD:
	case NOON_LINK_RAW:
	case NOON_LINK_LOOP:
	case NOON_LINK_SLL:
	case NOON_LINK_IP4:
	case NOON_LINK_IP6:
	case NOON_LINK_SLL2:
		return true;
	default:
		return false;
	}
}

static const struct {
	const char *word;
	const char *text;
} verdicts[NOON_FRAME_VERDICTS] = {
#define VERDICT(name, word, text) [NOON_FRAME_##name] = {word, text},
	NOON_FRAME_VERDICT_LIST(VERDICT)
#undef VERDICT
};

const char *noon_frame_verdict_word(enum noon_frame_verdict v)
{
	return (unsigned)v < NOON_FRAME_VERDICTS ? verdicts[v].word : "unknown";
}

const char *noon_frame_verdict_text(enum noon_frame_verdict v)
{
	return (unsigned)v < NOON_FRAME_VERDICTS ? verdicts[v].text : "unknown";
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* A header of n bytes does not fit: the capture cut it, or it was never there. */
static enum noon_frame_verdict too_short(const struct rest *r, size_t n)
{
	return r->b.n + r->missing >= n ? NOON_FRAME_CUT : NOON_FRAME_MALFORMED;
}

static void skip(struct rest *r, size_t n)
{
	r->b.p += n;
	r->b.n -= n;
}

/* Keep n bytes; what is behind is padding. Without so many: malformed. */
static bool limit(struct rest *r, size_t n)
{
	if (n > r->b.n + r->missing)
		return false;
	if (n <= r->b.n) {
		r->b.n = n;
		r->missing = 0;
	} else {
		r->missing = n - r->b.n;
	}
	return true;
}

static enum noon_frame_verdict read_tcp(struct rest *r, struct noon_frame *f)
{
	size_t n;

	if (r->b.n < TCP_HEADER_LEN)
		return too_short(r, TCP_HEADER_LEN);
	n = (size_t)(r->b.p[12] >> 4) * 4;
	if (n < TCP_HEADER_LEN || n > r->b.n + r->missing)
		return NOON_FRAME_MALFORMED;
	if (n > r->b.n)
		return NOON_FRAME_CUT;
	f->tcp = true;
	f->src.port = get16(r->b.p);
	f->dst.port = get16(r->b.p + 2);
	f->seq = get32(r->b.p + 4);
	f->ack = get32(r->b.p + 8);
	f->flags = r->b.p[13];
	skip(r, n);
	return NOON_FRAME_OK;
}

static enum noon_frame_verdict read_udp(struct rest *r, struct noon_frame *f)
{
	size_t n;

	if (r->b.n < NOON_UDP_HEADER_LEN)
		return too_short(r, NOON_UDP_HEADER_LEN);
	n = get16(r->b.p + 4);
	if (n < NOON_UDP_HEADER_LEN || !limit(r, n))
		return NOON_FRAME_MALFORMED;
	f->src.port = get16(r->b.p);
	f->dst.port = get16(r->b.p + 2);
	skip(r, NOON_UDP_HEADER_LEN);
	return NOON_FRAME_OK;
}

static enum noon_frame_verdict read_transport(struct rest *r, uint8_t proto, struct noon_frame *f)
{
	enum noon_frame_verdict v = NOON_FRAME_OTHER;

	if (proto == NOON_IP_PROTO_TCP)
		v = read_tcp(r, f);
	else if (proto == NOON_IP_PROTO_UDP)
		v = read_udp(r, f);
	if (v == NOON_FRAME_OK) {
		f->payload = r->b;
		f->missing = (uint32_t)r->missing;
	}
	return v;
}

static enum noon_frame_verdict read_ip4(struct rest *r, struct noon_frame *f)
{
	const uint8_t *h = r->b.p;
	size_t header;
	size_t total;

	if (r->b.n < NOON_IP4_HEADER_LEN)
		return too_short(r, NOON_IP4_HEADER_LEN);
	header = (size_t)(h[0] & 0x0f) * 4;
	total = get16(h + 2);
	/* A sender that leaves segmentation to its adapter may state no length (Linux, BIG TCP). */
	if (total == 0)
		total = r->b.n + r->missing;
	if (h[0] >> 4 != 4 || header < NOON_IP4_HEADER_LEN || total < header || !limit(r, total))
		return NOON_FRAME_MALFORMED;
	if (header > r->b.n)
		return NOON_FRAME_CUT;
	/* More fragments, or an offset (RFC 791). */
	if ((get16(h + 6) & 0x3fff) != 0)
		return NOON_FRAME_FRAGMENT;
	f->version = 4;
	memcpy(f->src.addr, h + 12, 4);
	memcpy(f->dst.addr, h + 16, 4);
	skip(r, header);
	return read_transport(r, h[9], f);
}

/* Read over one extension header. RFC 8200, section 4; the length of AH counts in words of 4 bytes,
 * less 2 (RFC 4302, section 2.2). */
static enum noon_frame_verdict read_extension(struct rest *r, uint8_t *next)
{
	const uint8_t proto = *next;
	size_t n;

	if (r->b.n < 8)
		return too_short(r, 8);
	n = proto == NOON_IP_PROTO_AH ? ((size_t)r->b.p[1] + 2) * 4 : ((size_t)r->b.p[1] + 1) * 8;
	if (proto == IP6_FRAGMENT) {
		/* An "atomic" fragment is a whole packet (RFC 6946). */
		if ((get16(r->b.p + 2) & 0xfff9) != 0)
			return NOON_FRAME_FRAGMENT;
		n = 8;
	}
	if (n > r->b.n)
		return too_short(r, n);
	*next = r->b.p[0];
	skip(r, n);
	return NOON_FRAME_OK;
}

static bool is_extension(uint8_t proto)
{
	return proto == IP6_HOP_BY_HOP || proto == IP6_ROUTING || proto == IP6_FRAGMENT ||
	       proto == IP6_DESTINATION || proto == NOON_IP_PROTO_AH;
}

static enum noon_frame_verdict read_ip6(struct rest *r, struct noon_frame *f)
{
	const uint8_t *h = r->b.p;
	enum noon_frame_verdict v = NOON_FRAME_OK;
	uint8_t next;
	size_t n;

	if (r->b.n < NOON_IP6_HEADER_LEN)
		return too_short(r, NOON_IP6_HEADER_LEN);
	n = get16(h + 4);
	next = h[6];
	skip(r, NOON_IP6_HEADER_LEN);
	/* 0: a jumbogram, or a sender that leaves segmentation to its adapter. */
	if (n == 0)
		n = r->b.n + r->missing;
	if (h[0] >> 4 != 6 || !limit(r, n))
		return NOON_FRAME_MALFORMED;
	f->version = 6;
	memcpy(f->src.addr, h + 8, 16);
	memcpy(f->dst.addr, h + 24, 16);
	for (unsigned i = 0; v == NOON_FRAME_OK && is_extension(next); i++)
		v = i < EXTENSIONS_MAX ? read_extension(r, &next) : NOON_FRAME_MALFORMED;
	return v == NOON_FRAME_OK ? read_transport(r, next, f) : v;
}

static enum noon_frame_verdict read_ip(struct rest *r, struct noon_frame *f)
{
	if (r->b.n == 0)
		return too_short(r, 1);
	switch (r->b.p[0] >> 4) {
	case 4:
		return read_ip4(r, f);
	case 6:
		return read_ip6(r, f);
	default:
		return NOON_FRAME_MALFORMED;
	}
}

/* Behind an Ethernet type: tags, then IP. */
static enum noon_frame_verdict read_ethertype(struct rest *r, uint16_t type, struct noon_frame *f)
{
	for (unsigned i = 0; type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ; i++) {
		if (i == VLAN_TAGS_MAX)
			return NOON_FRAME_OTHER;
		if (r->b.n < 4)
			return too_short(r, 4);
		type = get16(r->b.p + 2);
		skip(r, 4);
	}
	return type == ETHERTYPE_IP4 || type == ETHERTYPE_IP6 ? read_ip(r, f) : NOON_FRAME_OTHER;
}

/* A header of n bytes that has an Ethernet type at `at`. */
static enum noon_frame_verdict read_link(struct rest *r, size_t n, size_t at, struct noon_frame *f)
{
	uint16_t type;

	if (r->b.n < n)
		return too_short(r, n);
	type = get16(r->b.p + at);
	skip(r, n);
	return read_ethertype(r, type, f);
}

/* The address family says no more than the version of IP does, and its numbers differ. */
static enum noon_frame_verdict read_loopback(struct rest *r, struct noon_frame *f)
{
	if (r->b.n < LOOPBACK_LEN)
		return too_short(r, LOOPBACK_LEN);
	skip(r, LOOPBACK_LEN);
	return read_ip(r, f);
}

enum noon_frame_verdict noon_frame_read(int link_type, struct noon_bytes bytes, size_t wire_n,
					struct noon_frame *ret)
{
	struct rest r = {bytes, wire_n > bytes.n ? wire_n - bytes.n : 0};
	struct noon_frame f = {0};
	enum noon_frame_verdict v = NOON_FRAME_LINK;

	switch (link_type) {
	case NOON_LINK_ETHERNET:
		v = read_link(&r, ETHERNET_LEN, 12, &f);
		break;
	case NOON_LINK_SLL:
		v = read_link(&r, SLL_LEN, 14, &f);
		break;
	case NOON_LINK_SLL2:
		v = read_link(&r, SLL2_LEN, 0, &f);
		break;
	case NOON_LINK_NULL:
	case NOON_LINK_LOOP:
		v = read_loopback(&r, &f);
		break;
	case NOON_LINK_RAW:
	case NOON_LINK_RAW_BSD:
	case NOON_LINK_RAW_OPENBSD:
	case NOON_LINK_IP4:
	case NOON_LINK_IP6:
		v = read_ip(&r, &f);
		break;
	default:
		break;
	}
	if (v == NOON_FRAME_OK)
		*ret = f;
	return v;
}
