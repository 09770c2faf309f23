/* SPDX-License-Identifier: Apache-2.0
 *
 * NTS on the client: protect a request, verify a reply, keep the jar full (RFC 8915, section 5).
 */
#include <string.h>

#include "proto/ntp/ntp_client_priv.h"

/* One cookie comes back for the one spent; placeholders ask for what the jar lacks beyond it.
 * After an unanswered request none are sent every other time, for paths that drop long packets. */
static size_t placeholders(const struct noon_ntp_client *c)
{
	const size_t lack = NOON_NTS_COOKIES - 1 - (size_t)c->session.n_cookies;

	return c->misses % 2 == 1 ? 0 : lack;
}

static noon_err put_auth(struct noon_ntp_client *c, struct noon_wr *wr)
{
	const struct noon_bytes ad = noon_wr_written(wr);
	uint8_t nonce[NOON_AEAD_NONCE_MAX];
	const struct noon_bytes iv = noon_bytes_of(nonce, noon_aead_nonce_len(c->session.aead));
	noon_err err;

	noon_rng_fill(c->conf.rng, nonce, iv.n);
	err = noon_ntp_auth_begin(wr, iv, NOON_AEAD_TAG);
	return err ? err : noon_aead_seal(&c->seal, iv, ad, noon_bytes_of(nonce, 0), wr);
}

noon_err noon_nts_client_protect(struct noon_ntp_client *c, struct noon_wr *wr)
{
	const size_t auth =
		noon_ntp_ext_len(4 + noon_aead_nonce_len(c->session.aead) + NOON_AEAD_TAG);
	struct noon_nts_cookie *spent = &c->request.cookie;
	noon_err err = noon_nts_session_take(&c->session, spent);

	if (err)
		return err;
	noon_rng_fill(c->conf.rng, c->request.uid, sizeof(c->request.uid));
	err = noon_ntp_ext_put(wr, NOON_EXT_UNIQUE_ID,
			       noon_bytes_of(c->request.uid, sizeof(c->request.uid)));
	err = err ? err : noon_ntp_ext_put(wr, NOON_EXT_COOKIE, noon_bytes_of(spent->p, spent->n));
	/* Placeholders stop where the packet would outgrow a common MTU. */
	for (size_t i = placeholders(c); !err && i > 0; i--) {
		if (noon_wr_len(wr) + noon_ntp_ext_len(spent->n) + auth > NOON_NTP_PACKET_MAX)
			break;
		err = noon_ntp_ext_put_zeros(wr, NOON_EXT_PLACEHOLDER, spent->n);
	}
	return err ? err : put_auth(c, wr);
}

static bool is_spent(const struct noon_ntp_client *c, struct noon_bytes cookie)
{
	const struct noon_nts_cookie *spent = &c->request.cookie;

	return cookie.n == spent->n && memcmp(cookie.p, spent->p, cookie.n) == 0;
}

/* Take the cookies out of the decrypted fields. All of them are well-formed or none is taken. */
static enum noon_verdict take_cookies(struct noon_ntp_client *c, struct noon_bytes plain)
{
	for (int pass = 0; pass < 2; pass++) {
		struct noon_rd rd = noon_rd_bytes(plain);
		struct noon_ntp_ext ext;
		noon_err err;

		while ((err = noon_ntp_ext_get(&rd, NOON_EXT_IN_CIPHER, &ext)) == NOON_OK) {
			if (ext.type != NOON_EXT_COOKIE)
				continue;
			if (ext.body.n < NOON_NTS_COOKIE_MIN || ext.body.n > NOON_NTS_COOKIE_MAX)
				return NOON_VERDICT_COOKIE;
			/* A full jar drops the surplus, which is what we want; and a cookie that
			 * a careless server hands back is not sent again. */
			if (pass == 1 && !is_spent(c, ext.body) &&
			    noon_nts_session_put(&c->session, ext.body))
				break;
		}
		if (err == NOON_ERR_FORMAT || err == NOON_ERR_STATE)
			return NOON_VERDICT_EXT_FORMAT;
	}
	return NOON_VERDICT_ACCEPTED;
}

enum noon_verdict noon_nts_client_verify(struct noon_ntp_client *c,
					 const struct noon_nts_packet *packet)
{
	uint8_t plain[NOON_NTP_PACKET_MAX];
	enum noon_verdict v;
	size_t n;

	if (noon_aead_open(&c->open, packet->auth.nonce, packet->ad, packet->auth.sealed, plain,
			   sizeof(plain), &n))
		return NOON_VERDICT_AUTH;
	v = take_cookies(c, noon_bytes_of(plain, n));
	noon_wipe(plain, sizeof(plain));
	return v;
}
