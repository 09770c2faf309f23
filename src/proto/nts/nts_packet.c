/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/nts/nts_packet.h"

#include <string.h>

#include "wire/ntp.h"

static enum noon_verdict take_field(struct noon_nts_packet *p, const struct noon_ntp_ext *ext)
{
	switch (ext->type) {
	case NOON_EXT_UNIQUE_ID:
		p->uid = ext->body;
		p->n_uid++;
		break;
	case NOON_EXT_COOKIE:
		p->cookie = ext->body;
		p->n_cookie++;
		break;
	case NOON_EXT_PLACEHOLDER:
		p->n_placeholder++;
		break;
	case NOON_EXT_AUTH:
		if (noon_ntp_auth_get(ext->body, &p->auth))
			return NOON_VERDICT_EXT_FORMAT;
		p->has_auth = true;
		p->ad = noon_bytes_of(p->whole.p, (size_t)(ext->whole.p - p->whole.p));
		break;
	default:
		return NOON_VERDICT_ACCEPTED;
	}
	p->has_nts = true;
	return NOON_VERDICT_ACCEPTED;
}

/* Placeholders may stand before the cookie, so their lengths are compared in a second pass. */
static bool any_bad_placeholder(const struct noon_nts_packet *p)
{
	struct noon_rd rd = noon_rd_bytes(p->whole);
	struct noon_bytes header;
	struct noon_ntp_ext ext;

	if (p->n_placeholder == 0 || noon_rd_take(&rd, NOON_NTP_HEADER_LEN, &header))
		return false;
	while (noon_ntp_ext_get(&rd, NOON_EXT_IN_PACKET, &ext) == NOON_OK) {
		if (ext.type == NOON_EXT_AUTH)
			break;
		if (ext.type == NOON_EXT_PLACEHOLDER && ext.body.n != p->cookie.n)
			return true;
	}
	return false;
}

enum noon_verdict noon_nts_packet_parse(struct noon_bytes packet, struct noon_nts_packet *ret)
{
	struct noon_rd rd = noon_rd_bytes(packet);
	struct noon_nts_packet p;
	struct noon_ntp_ext ext;
	struct noon_bytes header;
	noon_err err;

	memset(&p, 0, sizeof(p));
	p.whole = packet;
	if (noon_rd_take(&rd, NOON_NTP_HEADER_LEN, &header))
		return NOON_VERDICT_EXT_FORMAT;
	while ((err = noon_ntp_ext_get(&rd, NOON_EXT_IN_PACKET, &ext)) == NOON_OK) {
		/* Behind the authenticator only the framing is checked. */
		if (!p.has_auth && take_field(&p, &ext) != NOON_VERDICT_ACCEPTED)
			return NOON_VERDICT_EXT_FORMAT;
	}
	if (err == NOON_ERR_FORMAT)
		return NOON_VERDICT_EXT_FORMAT;
	p.has_mac = err == NOON_ERR_STATE;
	p.bad_placeholder = any_bad_placeholder(&p);
	*ret = p;
	return NOON_VERDICT_ACCEPTED;
}

bool noon_nts_auth_nonce_ok(const struct noon_ntp_auth *auth, enum noon_aead_id aead)
{
	const size_t n_max = aead == NOON_AEAD_GCM_SIV_128 ? 12 : 16;
	const size_t padded = (auth->nonce.n + 3) & ~(size_t)3;

	return auth->nonce.n > 0 && padded + auth->padding >= n_max;
}
