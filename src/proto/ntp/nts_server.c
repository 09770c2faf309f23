/* SPDX-License-Identifier: Apache-2.0
 *
 * NTS on the server: open the cookie, verify, answer with fresh cookies (RFC 8915, section 5.7).
 *
 * The request is authenticated before any cookie is made, so a forger cannot buy work with
 * placeholders; and at most NOON_NTS_COOKIES cookies are made for one request.
 */
#include <assert.h>

#include "proto/ntp/nts_server_priv.h"

/* Everything about a request that has passed verification. */
struct verified {
	const struct noon_nts_packet *packet;
	struct noon_aead *cipher;
	enum noon_aead_id aead;
	struct noon_secret_nts_keys keys;
	size_t n_placeholder; /* encrypted ones included */
};

static enum noon_verdict check_fields(const struct noon_nts_packet *p)
{
	if (p->n_uid != 1 || p->uid.n < NOON_UID_MIN)
		return NOON_VERDICT_UID;
	if (p->n_cookie != 1)
		return NOON_VERDICT_COOKIE;
	if (p->bad_placeholder)
		return NOON_VERDICT_PLACEHOLDER;
	if (!p->has_auth)
		return NOON_VERDICT_NO_AUTH;
	return NOON_VERDICT_ACCEPTED;
}

/* The encrypted fields of a request can only be placeholders for us; they are parsed with the
 * same checks as the others (P16). */
static enum noon_verdict count_encrypted(struct verified *v, struct noon_bytes plain)
{
	struct noon_rd rd = noon_rd_bytes(plain);
	struct noon_ntp_ext ext;
	noon_err err;

	while ((err = noon_ntp_ext_get(&rd, NOON_EXT_IN_CIPHER, &ext)) == NOON_OK) {
		if (ext.type != NOON_EXT_PLACEHOLDER)
			continue;
		if (ext.body.n != v->packet->cookie.n)
			return NOON_VERDICT_PLACEHOLDER;
		v->n_placeholder++;
	}
	return err == NOON_ERR_EMPTY ? NOON_VERDICT_ACCEPTED : NOON_VERDICT_EXT_FORMAT;
}

static enum noon_verdict verify(struct noon_ntp_server *s, struct verified *v)
{
	const struct noon_nts_packet *p = v->packet;
	uint8_t plain[NOON_NTP_PACKET_MAX];
	size_t n;

	if (noon_nts_cookie_open(s->keys, p->cookie, &v->aead, &v->keys))
		return NOON_VERDICT_COOKIE_KEY;
	v->cipher = &s->cipher[v->aead == NOON_AEAD_SIV_CMAC_256 ? 0 : 1];
	if (!noon_nts_auth_nonce_ok(&p->auth, v->aead))
		return NOON_VERDICT_EXT_FORMAT;
	if (noon_aead_rekey(v->cipher, noon_bytes_of(v->keys.c2s, noon_aead_key_len(v->aead))))
		return NOON_VERDICT_AUTH;
	if (noon_aead_open(v->cipher, p->auth.nonce, p->ad, p->auth.sealed, plain, sizeof(plain),
			   &n))
		return NOON_VERDICT_AUTH;
	v->n_placeholder = p->n_placeholder;
	return count_encrypted(v, noon_bytes_of(plain, n));
}

/* Kiss code NTSN with the unique identifier and nothing else: no cookie, no authenticator. */
static enum noon_verdict reply_ntsn(struct noon_ntp_server *s, const struct noon_nts_packet *p,
				    const struct noon_ntp_header *reply, enum noon_verdict why,
				    struct noon_wr *out)
{
	struct noon_wr wr = *out;
	const struct noon_ntp_header kiss = {
		.leap = NOON_LEAP_UNKNOWN,
		.version = reply->version,
		.mode = NOON_NTP_MODE_SERVER,
		.poll = reply->poll,
		.precision = reply->precision,
		.ref_id = NOON_KISS_NTSN,
		.origin = reply->origin,
	};

	if (noon_ntp_header_put(&wr, &kiss) || noon_ntp_ext_put(&wr, NOON_EXT_UNIQUE_ID, p->uid))
		return NOON_VERDICT_LONG;
	*out = wr;
	s->ntsn_replies++;
	return why;
}

/* How many cookies to send: one for the one spent and one for each placeholder, at most 8. The
 * reply is never longer than its request, since a placeholder is as long as the cookie and a short
 * nonce is made up for by padding (RFC 8915, sections 5.5 and 5.6), both of which have been
 * checked. */
static size_t cookies_to_make(const struct verified *v)
{
	const size_t n = 1 + v->n_placeholder;

	return n < NOON_NTS_COOKIES ? n : NOON_NTS_COOKIES;
}

static noon_err put_cookies(struct noon_ntp_server *s, struct noon_rng *rng,
			    const struct verified *v, size_t count, struct noon_wr *wr)
{
	uint8_t cookie[NOON_NTS_COOKIE_MAX];

	for (size_t i = 0; i < count; i++) {
		struct noon_wr one = noon_wr_over(cookie, sizeof(cookie));
		noon_err err = noon_nts_cookie_make(s->keys, rng, v->aead, &v->keys, &one);

		err = err ? err : noon_ntp_ext_put(wr, NOON_EXT_COOKIE, noon_wr_written(&one));
		if (err)
			return err;
	}
	s->cookies_made += count;
	return NOON_OK;
}

static noon_err put_sealed(struct noon_ntp_server *s, const struct verified *v, struct noon_wr *wr)
{
	const struct noon_bytes ad = noon_wr_written(wr);
	uint8_t nonce[NOON_AEAD_NONCE_MAX];
	uint8_t plain[NOON_NTP_PACKET_MAX];
	struct noon_wr fields = noon_wr_over(plain, sizeof(plain));
	const struct noon_bytes iv = noon_bytes_of(nonce, noon_aead_nonce_len(v->aead));
	const size_t n_cookies = cookies_to_make(v);
	struct noon_rng_drawn drawn;
	noon_err err;

	/* One draw for all nonces of this reply. */
	noon_rng_draw(&drawn, s->rng, n_cookies * NOON_NTS_COOKIE_NONCE + iv.n);
	err = put_cookies(s, &drawn.rng, v, n_cookies, &fields);
	noon_rng_fill(&drawn.rng, nonce, iv.n);
	noon_rng_drawn_fini(&drawn);
	err = err ? err : noon_ntp_auth_begin(wr, iv, noon_wr_len(&fields) + NOON_AEAD_TAG);
	err = err ? err
		  : noon_aead_rekey(v->cipher,
				    noon_bytes_of(v->keys.s2c, noon_aead_key_len(v->aead)));
	return err ? err : noon_aead_seal(v->cipher, iv, ad, noon_wr_written(&fields), wr);
}

static enum noon_verdict reply_time(struct noon_ntp_server *s, const struct verified *v,
				    const struct noon_ntp_header *reply, struct noon_wr *out)
{
	/* A cursor of its own, so that the associated data begins at the header. */
	struct noon_wr wr = noon_wr_over(out->p, noon_wr_room(out));
	noon_err err = noon_ntp_header_put(&wr, reply);

	err = err ? err : noon_ntp_ext_put(&wr, NOON_EXT_UNIQUE_ID, v->packet->uid);
	err = err ? err : put_sealed(s, v, &wr);
	if (err || noon_wr_len(&wr) > v->packet->whole.n)
		return NOON_VERDICT_LONG;
	out->p = wr.p;
	s->nts_replies++;
	return NOON_VERDICT_ACCEPTED;
}

enum noon_verdict noon_nts_server_reply(struct noon_ntp_server *s,
					const struct noon_nts_packet *request,
					const struct noon_ntp_header *reply, struct noon_wr *out)
{
	struct verified v = {.packet = request};
	enum noon_verdict verdict;

	if (s->keys == NULL)
		return NOON_VERDICT_NO_AUTH;
	verdict = check_fields(request);
	if (verdict != NOON_VERDICT_ACCEPTED)
		return verdict;
	verdict = verify(s, &v);
	if (verdict == NOON_VERDICT_ACCEPTED)
		verdict = reply_time(s, &v, reply, out);
	else if (verdict == NOON_VERDICT_COOKIE_KEY || verdict == NOON_VERDICT_AUTH)
		verdict = reply_ntsn(s, request, reply, verdict, out);
	noon_wipe(&v.keys, sizeof(v.keys));
	return verdict;
}
