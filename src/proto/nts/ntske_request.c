/* SPDX-License-Identifier: Apache-2.0
 *
 * Judging a request (RFC 8915, section 4.1).
 */
#include "proto/nts/ntske_priv.h"
#include "wire/ntske.h"

/* What was seen so far. */
struct notes {
	struct noon_ntske_request *req;
	unsigned protocols, aeads, servers, ports; /**< records of each type */
	bool gcm_siv;
	bool unknown_critical, bad;
};

static void note_protocols(struct notes *n, const struct noon_ntske_record *r)
{
	size_t i;

	n->protocols++;
	n->bad |= !r->critical || r->body.n == 0 || r->body.n % 2 != 0;
	for (i = 0; i < r->body.n / 2; i++)
		n->req->ntpv4 |= noon_ntske_item(r->body, i) == NOON_NTSKE_NTPV4;
}

/* The client's order is its order of preference: the first that we have. */
static void note_aeads(struct notes *n, const struct noon_ntske_record *r)
{
	size_t i;

	n->aeads++;
	n->bad |= r->body.n == 0 || r->body.n % 2 != 0;
	for (i = 0; i < r->body.n / 2 && n->req->aead == NOON_AEAD_NONE; i++) {
		const uint16_t id = noon_ntske_item(r->body, i);

		if (id == NOON_AEAD_SIV_CMAC_256)
			n->req->aead = NOON_AEAD_SIV_CMAC_256;
		else if (id == NOON_AEAD_GCM_SIV_128 && n->gcm_siv)
			n->req->aead = NOON_AEAD_GCM_SIV_128;
	}
}

static void note(struct notes *n, const struct noon_ntske_record *r)
{
	switch (r->type) {
	case NOON_NTSKE_END:
		n->bad |= !r->critical || r->body.n != 0;
		break;
	case NOON_NTSKE_NEXT_PROTOCOL:
		note_protocols(n, r);
		break;
	case NOON_NTSKE_AEAD:
		note_aeads(n, r);
		break;
	case NOON_NTSKE_ERROR: /* K8 */
	case NOON_NTSKE_WARNING:
	case NOON_NTSKE_COOKIE: /* K10 */
		n->bad = true;
		break;
	case NOON_NTSKE_SERVER:
		n->servers++;
		n->bad |= !noon_ntske_is_ascii(r->body);
		break;
	case NOON_NTSKE_SERVER_PORT:
		n->ports++;
		n->bad |= r->body.n != 2;
		break;
	case NOON_NTSKE_COMPLIANT_EXPORTER:
		n->req->compliant = true;
		n->bad |= r->body.n != 0;
		break;
	default:
		n->unknown_critical |= r->critical;
		break;
	}
}

enum noon_ntske_outcome noon_ntske_request_judge(struct noon_bytes message, bool trailing,
						 bool gcm_siv, struct noon_ntske_request *ret)
{
	struct noon_rd rd = noon_rd_bytes(message);
	struct notes n = {.req = ret, .gcm_siv = gcm_siv, .bad = trailing};
	struct noon_ntske_record r = {.type = UINT16_MAX};

	*ret = (struct noon_ntske_request){.aead = NOON_AEAD_NONE};
	while (r.type != NOON_NTSKE_END && noon_ntske_rd(&rd, &r) == NOON_OK)
		note(&n, &r);
	if (n.unknown_critical)
		return NOON_KE_UNKNOWN_CRITICAL;
	if (n.bad || n.protocols != 1 || n.aeads > 1 || n.servers > 1 || n.ports > 1)
		return NOON_KE_BAD_REQUEST;
	if (!ret->ntpv4)
		return NOON_KE_NO_PROTOCOL;
	if (n.aeads != 1)
		return NOON_KE_BAD_REQUEST;
	return ret->aead == NOON_AEAD_NONE ? NOON_KE_NO_AEAD : NOON_KE_DONE;
}
