/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/nts/ntske_response.h"

#include <string.h>

#include "wire/ntske.h"

/* What was seen so far. */
struct notes {
	struct noon_ntske_response *ret;
	struct noon_nts_session *session;
	const uint16_t *offer;
	size_t n_offer;
	unsigned protocols, aeads, servers, ports; /**< records of each type */
	bool no_protocol, no_aead;
	bool error, warning, unknown_critical, bad, bad_server, bad_cookie;
};

static void note_protocol(struct notes *n, const struct noon_ntske_record *r)
{
	n->protocols++;
	if (r->critical && r->body.n == 0)
		n->no_protocol = true;
	else if (!r->critical || r->body.n != 2 || noon_ntske_item(r->body, 0) != NOON_NTSKE_NTPV4)
		n->bad = true;
}

static void note_aead(struct notes *n, const struct noon_ntske_record *r)
{
	size_t i;

	n->aeads++;
	if (r->body.n == 0) {
		n->no_aead = true;
		return;
	}
	if (r->body.n == 2) {
		const uint16_t id = noon_ntske_item(r->body, 0);

		for (i = 0; i < n->n_offer; i++) {
			if (id != n->offer[i])
				continue;
			n->session->aead = id == NOON_AEAD_SIV_CMAC_256 ? NOON_AEAD_SIV_CMAC_256
									: NOON_AEAD_GCM_SIV_128;
			return;
		}
	}
	n->bad = true; /* several, or one that was not offered */
}

static void note_complaint(struct notes *n, const struct noon_ntske_record *r)
{
	if (r->type == NOON_NTSKE_ERROR)
		n->error = true;
	else
		n->warning = true;
	if (r->body.n == 2)
		n->ret->peer_code = noon_ntske_item(r->body, 0);
}

static void note_cookie(struct notes *n, const struct noon_ntske_record *r)
{
	/* A full jar is no fault: more than eight are ignored. */
	if (noon_nts_session_put(n->session, r->body) == NOON_ERR_RANGE)
		n->bad_cookie = true;
}

static void note_server(struct notes *n, const struct noon_ntske_record *r)
{
	n->servers++;
	if (!noon_ntske_is_host(r->body) || r->body.n > NOON_NTS_HOST_MAX) {
		n->bad_server = true;
		return;
	}
	memcpy(n->session->host, r->body.p, r->body.n);
	n->session->host[r->body.n] = '\0';
}

static void note_port(struct notes *n, const struct noon_ntske_record *r)
{
	n->ports++;
	if (r->body.n == 2)
		n->session->port = noon_ntske_item(r->body, 0);
	n->bad_server |= r->body.n != 2 || n->session->port == 0;
}

static void note(struct notes *n, const struct noon_ntske_record *r)
{
	switch (r->type) {
	case NOON_NTSKE_END:
		n->bad |= !r->critical || r->body.n != 0;
		break;
	case NOON_NTSKE_NEXT_PROTOCOL:
		note_protocol(n, r);
		break;
	case NOON_NTSKE_AEAD:
		note_aead(n, r);
		break;
	case NOON_NTSKE_ERROR:
	case NOON_NTSKE_WARNING: /* none is defined: not understood, so an error (section 4.1.4) */
		note_complaint(n, r);
		break;
	case NOON_NTSKE_COOKIE:
		note_cookie(n, r);
		break;
	case NOON_NTSKE_SERVER:
		note_server(n, r);
		break;
	case NOON_NTSKE_SERVER_PORT:
		note_port(n, r);
		break;
	case NOON_NTSKE_COMPLIANT_EXPORTER:
		n->ret->compliant = true;
		n->bad |= r->body.n != 0;
		break;
	default:
		n->unknown_critical |= r->critical;
		break;
	}
}

static enum noon_ntske_outcome conclude(const struct notes *n)
{
	if (n->unknown_critical)
		return NOON_KE_UNKNOWN_CRITICAL;
	if (n->error)
		return NOON_KE_PEER_ERROR;
	if (n->warning)
		return NOON_KE_PEER_WARNING;
	if (n->bad || n->protocols != 1 || n->aeads > 1 || n->servers > 1 || n->ports > 1)
		return NOON_KE_BAD_REPLY;
	if (n->no_protocol)
		return NOON_KE_NO_PROTOCOL;
	if (n->no_aead)
		return NOON_KE_NO_AEAD;
	if (n->aeads != 1)
		return NOON_KE_BAD_REPLY;
	if (n->bad_server)
		return NOON_KE_BAD_SERVER;
	if (n->bad_cookie)
		return NOON_KE_BAD_COOKIE;
	return n->session->n_cookies == 0 ? NOON_KE_NO_COOKIE : NOON_KE_DONE;
}

enum noon_ntske_outcome noon_ntske_response_judge(struct noon_bytes message, const uint16_t *offer,
						  size_t n_offer, struct noon_ntske_response *ret,
						  struct noon_nts_session *session)
{
	struct notes n = {.ret = ret, .session = session, .offer = offer, .n_offer = n_offer};
	struct noon_ntske_record r = {.type = UINT16_MAX};
	struct noon_rd rd = noon_rd_bytes(message);

	*ret = (struct noon_ntske_response){.peer_code = 0};
	noon_nts_session_wipe(session);
	while (r.type != NOON_NTSKE_END && noon_ntske_rd(&rd, &r) == NOON_OK)
		note(&n, &r);
	return conclude(&n);
}
