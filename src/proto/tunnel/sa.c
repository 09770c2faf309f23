/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tunnel/sa.h"

#include <assert.h>
#include <string.h>

static bool is_sound(const struct noon_sa_form *f)
{
	if ((f->key_len != 16 && f->key_len != 32) || f->spi <= NOON_ESP_SPI_RESERVED)
		return false;
	if (f->udp)
		return !f->ah;
	return (f->outer.version == 4 || f->outer.version == 6) &&
	       (!f->ah || f->ah_spi > NOON_ESP_SPI_RESERVED);
}

noon_err noon_sa_init(struct noon_sa *sa, const struct noon_sa_form *form,
		      const struct noon_secret_sa_keys *keys)
{
	noon_err err;

	*sa = (struct noon_sa){.form = *form};
	if (!is_sound(form))
		return NOON_ERR_RANGE;
	memcpy(sa->salt, keys->salt, sizeof(sa->salt));
	err = noon_gcm_init(&sa->gcm, noon_bytes_of(keys->cipher, form->key_len));
	if (!err && form->ah)
		err = noon_mac_init(&sa->mac, NOON_MAC_HMAC_SHA256_128,
				    noon_bytes_of(keys->ah, sizeof(keys->ah)));
	if (err)
		noon_sa_fini(sa);
	return err;
}

void noon_sa_fini(struct noon_sa *sa)
{
	noon_gcm_fini(&sa->gcm);
	noon_mac_fini(&sa->mac);
	noon_wipe(sa, sizeof(*sa));
}

static size_t headers_len(const struct noon_sa_form *f)
{
	const size_t ah = f->ah ? noon_ah_len(f->outer.version) : 0;

	return f->udp ? 0 : noon_ip_header_len(f->outer.version) + ah;
}

static size_t esp_len(size_t n)
{
	return NOON_ESP_HEADER_LEN + n + noon_esp_trailer_len(n) + NOON_ESP_ICV_LEN;
}

size_t noon_sa_outer_len(const struct noon_sa *sa, size_t n)
{
	return headers_len(&sa->form) + esp_len(n);
}

/* What AH authenticates: the packet with its mutable fields and its own ICV as zeros, then the high
 * half of an extended number (RFC 4302, sections 2.6 and 3.3.3). */
struct ah_text {
	size_t n;
	uint8_t p[NOON_TUNNEL_PACKET_MAX + 4];
};

static void ah_text_of(struct noon_bytes packet, size_t icv_at, bool extended, uint64_t seq,
		       struct ah_text *ret)
{
	assert(packet.n <= NOON_TUNNEL_PACKET_MAX);
	memcpy(ret->p, packet.p, packet.n);
	noon_ip_clear_mutable(ret->p);
	memset(ret->p + icv_at, 0, NOON_AH_ICV_LEN);
	ret->n = packet.n;
	if (!extended)
		return;
	for (int i = 0; i < 4; i++)
		ret->p[ret->n++] = (uint8_t)(seq >> (56 - 8 * i));
}

/* Write the IP header, and AH if there is one; returns where the ICV of AH goes. */
static noon_err put_headers(const struct noon_sa *sa, uint64_t seq, size_t esp_n,
			    struct noon_wr *wr, uint8_t **icv)
{
	const struct noon_sa_form *f = &sa->form;
	struct noon_ip ip = f->outer;
	noon_err err;

	if (f->udp)
		return NOON_OK;
	ip.proto = f->ah ? NOON_IP_PROTO_AH : NOON_IP_PROTO_ESP;
	/* Linux gives a header with identification 0 another one, which AH would not forgive. */
	ip.id = (uint16_t)(seq % UINT16_MAX + 1);
	err = noon_ip_put(wr, &ip, headers_len(f) - noon_ip_header_len(ip.version) + esp_n);
	if (!err && f->ah)
		err = noon_ah_put(wr, ip.version, NOON_IP_PROTO_ESP, f->ah_spi, (uint32_t)seq, icv);
	return err;
}

static noon_err put_esp(struct noon_sa *sa, uint64_t seq, struct noon_bytes inner, uint8_t next,
			size_t pad, struct noon_wr *wr)
{
	const size_t n = inner.n + pad;
	uint8_t nonce[NOON_GCM_NONCE];
	uint8_t aad[NOON_ESP_AAD_MAX];
	uint8_t *text;
	noon_err err = noon_esp_put(wr, sa->form.spi, (uint32_t)seq, seq);

	text = wr->p;
	err = err ? err : noon_wr_put(wr, inner);
	err = err ? err : noon_wr_zeros(wr, pad);
	err = err ? err : noon_esp_trailer_put(wr, n, next);
	err = err ? err : noon_wr_zeros(wr, NOON_ESP_ICV_LEN);
	if (err)
		return err;
	noon_esp_nonce(sa->salt, seq, nonce);
	return noon_gcm_seal(&sa->gcm, nonce,
			     noon_esp_aad(sa->form.spi, seq, sa->form.extended, aad), text,
			     n + noon_esp_trailer_len(n));
}

static noon_err sign_ah(struct noon_sa *sa, uint64_t seq, const struct noon_wr *wr,
			const uint8_t *begin, uint8_t *icv)
{
	const struct noon_bytes packet = noon_bytes_of(begin, (size_t)(wr->p - begin));
	struct ah_text text;

	ah_text_of(packet, (size_t)(icv - begin), sa->form.extended, seq, &text);
	return noon_mac_sign(&sa->mac, noon_bytes_of(text.p, text.n), icv);
}

noon_err noon_sa_seal(struct noon_sa *sa, struct noon_bytes inner, uint8_t next, size_t pad,
		      struct noon_wr *wr)
{
	const uint64_t last = sa->form.extended ? UINT64_MAX : UINT32_MAX;
	const uint64_t seq = sa->seq + 1;
	uint8_t *const begin = wr->p;
	uint8_t *icv = NULL;
	size_t len;
	noon_err err;

	if (sa->seq >= last)
		return NOON_ERR_EMPTY;
	if (inner.n > NOON_TUNNEL_PACKET_MAX || pad > NOON_TUNNEL_PACKET_MAX)
		return NOON_ERR_FULL;
	len = noon_sa_outer_len(sa, inner.n + pad);
	if (len > NOON_TUNNEL_PACKET_MAX || noon_wr_room(wr) < len)
		return NOON_ERR_FULL;
	sa->seq = seq; /* used up even when sealing fails: never a nonce twice */
	err = put_headers(sa, seq, esp_len(inner.n + pad), wr, &icv);
	err = err ? err : put_esp(sa, seq, inner, next, pad, wr);
	if (!err && sa->form.ah)
		err = sign_ah(sa, seq, wr, begin, icv);
	if (err) {
		noon_wipe(begin, len);
		wr->p = begin;
		return err;
	}
	sa->bytes += inner.n + pad;
	return NOON_OK;
}

enum noon_tunnel_verdict noon_sa_outer_of(struct noon_bytes packet, bool udp,
					  struct noon_sa_outer *ret)
{
	struct noon_rd rd = noon_rd_bytes(packet);
	struct noon_bytes body = packet;
	noon_err err = NOON_OK;

	*ret = (struct noon_sa_outer){.all = packet};
	if (packet.n > NOON_TUNNEL_PACKET_MAX)
		return NOON_TUNNEL_LONG;
	if (!udp) {
		err = noon_ip_get(&rd, &ret->ip, &body);
		ret->all.n = (size_t)(rd.p - packet.p);
	}
	if (!err && !udp && ret->ip.proto == NOON_IP_PROTO_AH) {
		ret->has_ah = true;
		err = noon_ah_get(body, ret->ip.version, &ret->ah);
		if (!err && ret->ah.next != NOON_IP_PROTO_ESP)
			err = NOON_ERR_FORMAT;
		body = ret->ah.payload;
	} else if (!err && !udp && ret->ip.proto != NOON_IP_PROTO_ESP) {
		err = NOON_ERR_FORMAT;
	}
	err = err ? err : noon_esp_get(body, &ret->esp);
	if (err)
		return err == NOON_ERR_SHORT ? NOON_TUNNEL_SHORT : NOON_TUNNEL_FORMAT;
	return NOON_TUNNEL_ACCEPTED;
}

static uint64_t number_of(const struct noon_sa *sa, const struct noon_replay *r, uint32_t low)
{
	return sa->form.extended ? noon_replay_infer(r, low) : low;
}

static enum noon_tunnel_verdict verify_ah(struct noon_sa *sa, const struct noon_sa_outer *o,
					  uint64_t seq)
{
	struct ah_text text;

	if (o->ah.spi != sa->form.ah_spi)
		return NOON_TUNNEL_SPI;
	if (!noon_replay_is_fresh(&sa->ah_replay, seq))
		return NOON_TUNNEL_REPLAY;
	ah_text_of(o->all, (size_t)(o->ah.icv.p - o->all.p), sa->form.extended, seq, &text);
	if (noon_mac_verify(&sa->mac, noon_bytes_of(text.p, text.n), o->ah.icv))
		return NOON_TUNNEL_AH_AUTH;
	return NOON_TUNNEL_ACCEPTED;
}

/* Decrypt, and take the trailer off. */
static enum noon_tunnel_verdict open_esp(struct noon_sa *sa, const struct noon_esp *esp,
					 uint64_t seq, uint8_t *room, struct noon_sa_opened *ret)
{
	const size_t n = esp->sealed.n - NOON_ESP_ICV_LEN;
	uint8_t nonce[NOON_GCM_NONCE];
	uint8_t aad[NOON_ESP_AAD_MAX];

	if (!noon_replay_is_fresh(&sa->replay, seq))
		return NOON_TUNNEL_REPLAY;
	noon_esp_nonce(sa->salt, esp->iv, nonce);
	if (noon_gcm_open(&sa->gcm, nonce, noon_esp_aad(esp->spi, seq, sa->form.extended, aad),
			  esp->sealed.p, n, room))
		return NOON_TUNNEL_AUTH;
	if (noon_esp_trailer_get(noon_bytes_of(room, n), &ret->inner, &ret->next))
		return NOON_TUNNEL_FORMAT;
	ret->seq = seq;
	return NOON_TUNNEL_ACCEPTED;
}

enum noon_tunnel_verdict noon_sa_open(struct noon_sa *sa, const struct noon_sa_outer *o,
				      uint8_t *room, struct noon_sa_opened *ret)
{
	const uint64_t seq = number_of(sa, &sa->replay, o->esp.seq);
	const uint64_t ah_seq = o->has_ah ? number_of(sa, &sa->ah_replay, o->ah.seq) : 0;
	struct noon_sa_opened opened;
	enum noon_tunnel_verdict v = NOON_TUNNEL_ACCEPTED;

	assert(o->esp.spi == sa->form.spi);
	if (o->has_ah != sa->form.ah)
		return NOON_TUNNEL_NO_AH;
	if (o->has_ah)
		v = verify_ah(sa, o, ah_seq);
	if (v == NOON_TUNNEL_ACCEPTED)
		v = open_esp(sa, &o->esp, seq, room, &opened);
	if (v != NOON_TUNNEL_ACCEPTED)
		return v;
	if (o->has_ah)
		noon_replay_accept(&sa->ah_replay, ah_seq);
	noon_replay_accept(&sa->replay, seq);
	sa->bytes += opened.inner.n;
	*ret = opened;
	return NOON_TUNNEL_ACCEPTED;
}
