/* SPDX-License-Identifier: Apache-2.0
 *
 * Records the requests of a client under test.
 */
#include <netdb.h>
#include <string.h>

#include "check/client/client_server_priv.h"

static bool opens(const struct noon_check_client_ke *ke, const struct noon_nts_packet *p)
{
	uint8_t plain[2048];
	struct noon_aead aead = {.handle = NULL};
	size_t n = 0;
	const bool ok = !noon_aead_init(&aead, ke->aead,
					noon_bytes_of(ke->c2s, noon_aead_key_len(ke->aead))) &&
			!noon_aead_open(&aead, p->auth.nonce, p->ad, p->auth.sealed, plain,
					sizeof(plain), &n);

	noon_aead_fini(&aead);
	return ok;
}

/* The fields after the authenticator, whose own length says where they begin. */
static void note_tail(struct noon_check_client_request *r, const struct noon_nts_packet *p)
{
	const uint8_t *at = p->whole.p + p->ad.n;
	struct noon_ntp_ext ext;
	struct noon_rd rd;

	r->nts_tail = !p->has_auth;
	if (!p->has_auth)
		return;
	rd = noon_rd_over(at, p->whole.n - p->ad.n);
	if (noon_ntp_ext_get(&rd, NOON_EXT_IN_CIPHER, &ext) != NOON_OK)
		return;
	r->tail = noon_rd_left(&rd) > 0;
	while (noon_ntp_ext_get(&rd, NOON_EXT_IN_CIPHER, &ext) == NOON_OK)
		r->nts_tail |= ext.type == NOON_EXT_UNIQUE_ID || ext.type == NOON_EXT_COOKIE ||
			       ext.type == NOON_EXT_PLACEHOLDER || ext.type == NOON_EXT_AUTH;
}

static struct noon_check_client_request *note(struct noon_check_client_server *s,
					      const struct noon_check_client_question *q,
					      struct noon_check_client_cookie *c, uint16_t port)
{
	struct noon_check_client_request *r = &s->request[s->n_request];
	const struct noon_nts_packet *p = &q->packet;
	const int64_t now = noon_check_client_clock(CLOCK_REALTIME).ns;
	const int64_t theirs = noon_ntp_ts_to_time(q->header.transmit, (noon_time){now}).ns;
	const struct noon_check_client_ke *ke = &s->ke[q->key];

	*r = (struct noon_check_client_request){
		.at = noon_check_client_clock(CLOCK_MONOTONIC),
		.from_clock = theirs > now ? theirs - now : now - theirs,
		.step = noon_check_client_step_of(
			s->n_request, ke->requests <= NOON_CHECK_CLIENT_NAKS_FROM, s->silence),
		.header = q->header,
		.port = port,
		.uid_n = p->uid.n,
		.n_uid = p->n_uid,
		.n_cookie = p->n_cookie,
		.cookie_n = p->cookie.n,
		.placeholders = p->n_placeholder,
		.bad_placeholder = p->bad_placeholder,
		.bait = c != NULL ? c->bait : NOON_BAIT_UNKNOWN,
		.again = c != NULL && c->used++ > 0,
		.short_nonce = p->has_auth && !noon_nts_auth_nonce_ok(&p->auth, ke->aead),
		.auth = c != NULL && p->has_auth && opens(ke, p),
	};
	note_tail(r, p);
	memcpy(r->uid, p->uid.p,
	       p->uid.n < NOON_CHECK_CLIENT_UID ? p->uid.n : NOON_CHECK_CLIENT_UID);
	s->n_request++;
	return r;
}

uint16_t noon_check_client_port(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET ? ntohs(((const struct sockaddr_in *)a)->sin_port)
				       : ntohs(((const struct sockaddr_in6 *)a)->sin6_port);
}

static bool parse(struct noon_bytes in, struct noon_check_client_question *q)
{
	struct noon_rd rd = noon_rd_bytes(in);

	return !noon_ntp_header_get(&rd, &q->header) &&
	       noon_nts_packet_parse(in, &q->packet) == NOON_VERDICT_ACCEPTED;
}

static void take(struct noon_check_client_server *s, struct noon_check_client_question *q,
		 uint16_t port)
{
	struct noon_check_client_cookie *c = noon_check_client_cookie_find(s, q->packet.cookie);
	const struct noon_check_client_request *r;

	q->key = c != NULL ? c->key : 0;
	r = note(s, q, c, port);
	if (c != NULL && q->packet.uid.n > 0)
		noon_check_client_answer(s, q, r->step);
}

void noon_check_client_serve_time(struct noon_check_client_server *s)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	const ssize_t n =
		recvfrom(s->ntp_fd, s->in, sizeof(s->in), 0, (struct sockaddr *)&peer, &len);
	struct noon_check_client_question q = {.peer = (const struct sockaddr *)&peer, .len = len};
	char name[sizeof(s->peer)] = "";

	/* Before the first key exchange the client is not known. */
	if (n <= 0 || s->n_ke == 0 ||
	    getnameinfo(q.peer, len, name, sizeof(name), NULL, 0, NI_NUMERICHOST) != 0 ||
	    strcmp(name, s->peer) != 0)
		return;
	if (!parse(noon_bytes_of(s->in, (size_t)n), &q))
		s->n_malformed++;
	else if (!q.packet.has_nts)
		s->n_plain += q.header.mode == NOON_NTP_MODE_CLIENT;
	else if (s->n_request < NOON_CHECK_CLIENT_REQUESTS)
		take(s, &q, noon_check_client_port(&peer));
}
