/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/net/xfrm_message.h"

#include <arpa/inet.h>
#include <assert.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <string.h>

#define ICV_BITS 128
#define WORDS	 (NOON_XFRM_REPLAY_WINDOW / 32U)
#define BITMAP	 ((size_t)NOON_XFRM_REPLAY_WINDOW / 8) /* bytes */

/* Before all policies of others: what an exclusive tunnel carries goes nowhere else. */
#define PRIORITY 0

#define KEY_MAX	      36
#define ALGORITHM_MAX sizeof(struct xfrm_algo_auth)

_Static_assert(sizeof(struct xfrm_algo_aead) <= ALGORITHM_MAX, "both descriptions fit");

static struct nlmsghdr *begin(struct noon_xfrm_message *m, uint32_t number, uint16_t type,
			      uint16_t flags)
{
	struct nlmsghdr *h;

	memset(m, 0, sizeof(*m));
	h = mnl_nlmsg_put_header(m->p);
	h->nlmsg_type = type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	h->nlmsg_seq = number;
	return h;
}

static void set_addr(xfrm_address_t *ret, const struct noon_addr *a)
{
	if (a->u.sa.sa_family == AF_INET)
		memcpy(ret, &a->u.v4.sin_addr, 4);
	else
		memcpy(ret, &a->u.v6.sin6_addr, 16);
}

static void set_id(struct xfrm_id *ret, const struct noon_xfrm_id *id)
{
	set_addr(&ret->daddr, &id->dst);
	ret->spi = htonl(id->spi);
	ret->proto = id->proto;
}

static struct xfrm_lifetime_cfg without_limits(void)
{
	return (struct xfrm_lifetime_cfg){.soft_byte_limit = XFRM_INF,
					  .hard_byte_limit = XFRM_INF,
					  .soft_packet_limit = XFRM_INF,
					  .hard_packet_limit = XFRM_INF};
}

/* ---- states ---- */

/* An algorithm: its description, and the key behind it. */
static void put_algorithm(struct nlmsghdr *h, uint16_t type, struct noon_bytes what,
			  struct noon_bytes key)
{
	uint8_t raw[ALGORITHM_MAX + KEY_MAX];

	assert(what.n <= ALGORITHM_MAX && key.n <= KEY_MAX);
	memcpy(raw, what.p, what.n);
	memcpy(raw + what.n, key.p, key.n);
	mnl_attr_put(h, type, what.n + key.n, raw);
	noon_wipe(raw, sizeof(raw));
}

static void put_cipher(struct nlmsghdr *h, struct noon_bytes key)
{
	const struct xfrm_algo_aead a = {.alg_name = "rfc4106(gcm(aes))",
					 .alg_key_len = (unsigned)(8 * key.n),
					 .alg_icv_len = ICV_BITS};

	put_algorithm(h, XFRMA_ALG_AEAD, noon_bytes_of(&a, sizeof(a)), key);
}

static void put_hash(struct nlmsghdr *h, struct noon_bytes key)
{
	const struct xfrm_algo_auth a = {.alg_name = "hmac(sha256)",
					 .alg_key_len = (unsigned)(8 * key.n),
					 .alg_trunc_len = ICV_BITS};

	put_algorithm(h, XFRMA_ALG_AUTH_TRUNC, noon_bytes_of(&a, sizeof(a)), key);
}

/* A window of this size needs the form for extended numbers, also without them. */
static void put_replay(struct nlmsghdr *h, const struct noon_xfrm_state *s)
{
	uint8_t raw[sizeof(struct xfrm_replay_state_esn) + BITMAP];
	struct xfrm_replay_state_esn r = {.bmp_len = WORDS,
					  .replay_window = NOON_XFRM_REPLAY_WINDOW};

	if (s->inbound) {
		r.seq = (uint32_t)s->top;
		r.seq_hi = s->extended ? (uint32_t)(s->top >> 32) : 0;
	}
	memcpy(raw, &r, sizeof(r));
	/* All numbers up to the highest one were seen. */
	memset(raw + sizeof(r), s->inbound && s->top > 0 ? 0xff : 0, BITMAP);
	mnl_attr_put(h, XFRMA_REPLAY_ESN_VAL, sizeof(raw), raw);
}

size_t noon_xfrm_put_state(struct noon_xfrm_message *m, uint32_t number,
			   const struct noon_xfrm_state *s)
{
	const uint16_t family = s->id.dst.u.sa.sa_family;
	const bool esp = s->id.proto == IPPROTO_ESP;
	struct nlmsghdr *h =
		begin(m, number, XFRM_MSG_NEWSA, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	struct xfrm_usersa_info *x = mnl_nlmsg_put_extra_header(h, sizeof(*x));

	assert(s->key.n <= KEY_MAX && (esp || s->id.proto == IPPROTO_AH));
	set_id(&x->id, &s->id);
	set_addr(&x->saddr, &s->src);
	x->lft = without_limits();
	/* AES-GCM ends there, should nobody refresh (RFC 4106, section 9). */
	if (!s->inbound)
		x->lft.hard_packet_limit = UINT32_MAX;
	x->reqid = s->reqid;
	x->family = family;
	x->mode = esp ? XFRM_MODE_TUNNEL : XFRM_MODE_TRANSPORT;
	if (s->extended)
		x->flags |= XFRM_STATE_ESN;
	if (s->inner_family == family)
		x->sel.family = family;
	else
		x->flags |= XFRM_STATE_AF_UNSPEC;
	/* AH is a multiple of 4 bytes over IPv4, of 8 over IPv6 (RFC 4302, section 3.3.3.2.1), not
	 * of 8 over both. */
	if (!esp && family == AF_INET)
		x->flags |= XFRM_STATE_ALIGN4;
	if (esp)
		put_cipher(h, s->key);
	else
		put_hash(h, s->key);
	put_replay(h, s);
	if (esp && !s->inbound && s->cell > 0)
		mnl_attr_put_u32(h, XFRMA_TFCPAD, s->cell);
	return h->nlmsg_len;
}

static size_t put_id(struct noon_xfrm_message *m, uint32_t number, uint16_t type,
		     const struct noon_xfrm_id *id)
{
	struct nlmsghdr *h = begin(m, number, type, NLM_F_ACK);
	struct xfrm_usersa_id *x = mnl_nlmsg_put_extra_header(h, sizeof(*x));

	set_addr(&x->daddr, &id->dst);
	x->spi = htonl(id->spi);
	x->family = id->dst.u.sa.sa_family;
	x->proto = id->proto;
	return h->nlmsg_len;
}

size_t noon_xfrm_put_delete(struct noon_xfrm_message *m, uint32_t number,
			    const struct noon_xfrm_id *id)
{
	return put_id(m, number, XFRM_MSG_DELSA, id);
}

size_t noon_xfrm_put_get(struct noon_xfrm_message *m, uint32_t number,
			 const struct noon_xfrm_id *id)
{
	return put_id(m, number, XFRM_MSG_GETSA, id);
}

/* ---- policies ---- */

static void set_selector(struct xfrm_selector *ret, const struct noon_xfrm_policy *p)
{
	const uint16_t family = p->inner_src.u.sa.sa_family;

	set_addr(&ret->saddr, &p->inner_src);
	set_addr(&ret->daddr, &p->inner_dst);
	ret->family = family;
	ret->prefixlen_s = ret->prefixlen_d = family == AF_INET ? 32 : 128;
	ret->proto = IPPROTO_UDP;
	ret->sport = htons(p->sport);
	ret->sport_mask = p->sport > 0 ? UINT16_MAX : 0;
	ret->dport = htons(p->dport);
	ret->dport_mask = p->dport > 0 ? UINT16_MAX : 0;
}

/* Zero before, gaps between fields included: they go to the kernel as well. */
static void set_template(struct xfrm_user_tmpl *t, const struct noon_xfrm_policy *p, uint8_t proto,
			 uint8_t mode)
{
	t->id.proto = proto;
	set_addr(&t->id.daddr, &p->dst);
	set_addr(&t->saddr, &p->src);
	t->family = p->dst.u.sa.sa_family;
	t->reqid = p->reqid;
	t->mode = mode;
	t->aalgos = t->ealgos = t->calgos = UINT32_MAX;
}

size_t noon_xfrm_put_policy(struct noon_xfrm_message *m, uint32_t number,
			    const struct noon_xfrm_policy *p)
{
	struct nlmsghdr *h =
		begin(m, number, XFRM_MSG_UPDPOLICY, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
	struct xfrm_userpolicy_info *x = mnl_nlmsg_put_extra_header(h, sizeof(*x));
	struct xfrm_user_tmpl t[2];

	memset(t, 0, sizeof(t));
	/* From the inside out, in both directions. */
	set_template(&t[0], p, IPPROTO_ESP, XFRM_MODE_TUNNEL);
	set_template(&t[1], p, IPPROTO_AH, XFRM_MODE_TRANSPORT);
	set_selector(&x->sel, p);
	x->lft = without_limits();
	x->priority = PRIORITY;
	x->dir = p->inbound ? XFRM_POLICY_IN : XFRM_POLICY_OUT;
	x->action = XFRM_POLICY_ALLOW;
	mnl_attr_put(h, XFRMA_TMPL, p->ah ? sizeof(t) : sizeof(t[0]), t);
	return h->nlmsg_len;
}

size_t noon_xfrm_put_get_policy(struct noon_xfrm_message *m, uint32_t number,
				const struct noon_xfrm_policy *p)
{
	struct nlmsghdr *h = begin(m, number, XFRM_MSG_GETPOLICY, NLM_F_ACK);
	struct xfrm_userpolicy_id *x = mnl_nlmsg_put_extra_header(h, sizeof(*x));

	set_selector(&x->sel, p);
	x->dir = p->inbound ? XFRM_POLICY_IN : XFRM_POLICY_OUT;
	return h->nlmsg_len;
}

size_t noon_xfrm_put_delete_policy(struct noon_xfrm_message *m, uint32_t number, uint32_t index,
				   uint8_t dir)
{
	struct nlmsghdr *h = begin(m, number, XFRM_MSG_DELPOLICY, NLM_F_ACK);
	struct xfrm_userpolicy_id *x = mnl_nlmsg_put_extra_header(h, sizeof(*x));

	x->index = index;
	x->dir = dir;
	return h->nlmsg_len;
}

size_t noon_xfrm_put_dump(struct noon_xfrm_message *m, uint32_t number, bool policies)
{
	struct nlmsghdr *h =
		begin(m, number, policies ? XFRM_MSG_GETPOLICY : XFRM_MSG_GETSA, NLM_F_DUMP);

	if (policies)
		(void)mnl_nlmsg_put_extra_header(h, sizeof(struct xfrm_userpolicy_id));
	else
		(void)mnl_nlmsg_put_extra_header(h, sizeof(struct xfrm_usersa_id));
	return h->nlmsg_len;
}

/* ---- answers ---- */

struct wanted {
	uint16_t type;
	void *at;
	size_t n;
	bool found;
};

static int take_attribute(const struct nlattr *a, void *arg)
{
	struct wanted *w = arg;

	if (mnl_attr_get_type(a) == w->type && mnl_attr_get_payload_len(a) >= w->n) {
		memcpy(w->at, mnl_attr_get_payload(a), w->n);
		w->found = true;
	}
	return MNL_CB_OK;
}

/* Copy the beginning of an attribute. */
static bool attribute(const struct nlmsghdr *h, size_t behind, uint16_t type, void *ret, size_t n)
{
	struct wanted w = {.type = type, .at = ret, .n = n};

	(void)mnl_attr_parse(h, (unsigned)behind, take_attribute, &w);
	return w.found;
}

static bool set_addr_of(struct noon_addr *ret, uint16_t family, const xfrm_address_t *a)
{
	*ret = (struct noon_addr){0};
	if (family == AF_INET) {
		ret->u.v4.sin_family = AF_INET;
		memcpy(&ret->u.v4.sin_addr, a, 4);
		ret->len = sizeof(ret->u.v4);
	} else if (family == AF_INET6) {
		ret->u.v6.sin6_family = AF_INET6;
		memcpy(&ret->u.v6.sin6_addr, a, 16);
		ret->len = sizeof(ret->u.v6);
	}
	return ret->len > 0;
}

noon_err noon_xfrm_get_report(const struct nlmsghdr *h, struct noon_xfrm_report *ret)
{
	struct noon_xfrm_report r = {.reqid = 0};
	struct xfrm_replay_state_esn esn;
	struct xfrm_usersa_info x;

	if (h->nlmsg_type != XFRM_MSG_NEWSA || mnl_nlmsg_get_payload_len(h) < sizeof(x))
		return NOON_ERR_FORMAT;
	memcpy(&x, mnl_nlmsg_get_payload(h), sizeof(x));
	if (!set_addr_of(&r.id.dst, x.family, &x.id.daddr))
		return NOON_ERR_FORMAT;
	r.id.proto = x.id.proto;
	r.id.spi = ntohl(x.id.spi);
	r.reqid = x.reqid;
	r.packets = x.curlft.packets;
	r.bytes = x.curlft.bytes;
	r.replays = x.stats.replay + x.stats.replay_window;
	r.bad = x.stats.integrity_failed;
	if (attribute(h, sizeof(x), XFRMA_REPLAY_ESN_VAL, &esn, sizeof(esn)))
		r.top = (uint64_t)esn.seq_hi << 32 | esn.seq;
	*ret = r;
	return NOON_OK;
}

noon_err noon_xfrm_get_policy_report(const struct nlmsghdr *h, struct noon_xfrm_policy_report *ret)
{
	struct xfrm_userpolicy_info x;
	struct xfrm_user_tmpl t;

	if (h->nlmsg_type != XFRM_MSG_NEWPOLICY || mnl_nlmsg_get_payload_len(h) < sizeof(x))
		return NOON_ERR_FORMAT;
	memcpy(&x, mnl_nlmsg_get_payload(h), sizeof(x));
	*ret = (struct noon_xfrm_policy_report){.index = x.index, .dir = x.dir};
	if (attribute(h, sizeof(x), XFRMA_TMPL, &t, sizeof(t)))
		ret->reqid = t.reqid;
	return NOON_OK;
}
