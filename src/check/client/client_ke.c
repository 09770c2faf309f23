/* SPDX-License-Identifier: Apache-2.0
 *
 * The key exchange of the server for a client under test (RFC 8915, section 4).
 */
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "check/client/client_server_priv.h"
#include "wire/ntske.h"

#define EXPORTER "EXPORTER-network-time-security"

/* What a request offers. */
struct offer {
	bool ntp;
	bool compliant; /* record 1024 */
	enum noon_aead_id aead;
};

static bool is_ours(const struct noon_check_client_server *s, uint16_t aead)
{
	return s->aead == NOON_AEAD_NONE
		       ? aead == NOON_AEAD_SIV_CMAC_256 || aead == NOON_AEAD_GCM_SIV_128
		       : aead == s->aead;
}

/* Like noonmarkd: the first AEAD of the client's list that we have. */
static struct offer read_offer(const struct noon_check_client_server *s, struct noon_bytes in)
{
	struct noon_rd rd = noon_rd_bytes(in);
	struct noon_ntske_record r;
	struct offer o = {.aead = NOON_AEAD_NONE};

	while (noon_rd_left(&rd) > 0 && noon_ntske_rd(&rd, &r) == NOON_OK) {
		o.compliant |= r.type == NOON_NTSKE_COMPLIANT_EXPORTER;
		for (size_t i = 0; i < r.body.n / 2; i++) {
			const uint16_t v = noon_ntske_item(r.body, i);

			if (r.type == NOON_NTSKE_NEXT_PROTOCOL)
				o.ntp |= v == NOON_NTSKE_NTPV4;
			else if (r.type == NOON_NTSKE_AEAD && o.aead == NOON_AEAD_NONE &&
				 is_ours(s, v))
				o.aead = (enum noon_aead_id)v;
		}
	}
	return o;
}

static bool read_request(SSL *ssl, uint8_t *buf, size_t cap, size_t *ret_n)
{
	size_t seen = 0;

	for (*ret_n = 0; *ret_n < cap;) {
		const int got = SSL_read(ssl, buf + *ret_n, (int)(cap - *ret_n));

		if (got <= 0)
			return false;
		*ret_n += (size_t)got;
		if (noon_ntske_scan(noon_bytes_of(buf, *ret_n), cap, &seen) == NOON_NTSKE_COMPLETE)
			return true;
	}
	return false;
}

/* Without record 1024 the keys of AEAD 30 come from the context of AEAD 15, as older peers expect
 * (chrony-project.org/doc/spec/nts-compliant-128gcm.html). */
static bool export_keys(SSL *ssl, const struct offer *o, struct noon_check_client_ke *ke)
{
	const bool old = o->aead == NOON_AEAD_GCM_SIV_128 && !o->compliant;

	ke->aead = o->aead;
	for (uint8_t way = 0; way < 2; way++) {
		const uint8_t number = old ? NOON_AEAD_SIV_CMAC_256 : (uint8_t)o->aead;
		const unsigned char context[] = {0, 0, 0, number, way};

		if (SSL_export_keying_material(
			    ssl, way == 0 ? ke->c2s : ke->s2c, noon_aead_key_len(o->aead), EXPORTER,
			    sizeof(EXPORTER) - 1, context, sizeof(context), 1) != 1)
			return false;
	}
	return true;
}

static bool write_keys(struct noon_check_client_server *s, const struct offer *o,
		       struct noon_wr *wr)
{
	const uint16_t protocol = NOON_NTSKE_NTPV4;
	const uint16_t aead = (uint16_t)o->aead;
	const int n =
		s->n_request > NOON_CHECK_CLIENT_NAKS_FROM ? NOON_CHECK_CLIENT_LAST_COOKIES : 8;
	bool ok = !noon_ntske_wr_items(wr, true, NOON_NTSKE_NEXT_PROTOCOL, &protocol, 1) &&
		  !noon_ntske_wr_items(wr, true, NOON_NTSKE_AEAD, &aead, 1) &&
		  !noon_ntske_wr_items(wr, false, NOON_NTSKE_SERVER_PORT, &s->ntp_port, 1);

	if (o->compliant && o->aead == NOON_AEAD_GCM_SIV_128)
		ok = ok && !noon_ntske_wr(wr, false, NOON_NTSKE_COMPLIANT_EXPORTER,
					  noon_bytes_of(NULL, 0));
	for (int i = 0; i < n; i++)
		ok = ok && !noon_ntske_wr(wr, false, NOON_NTSKE_COOKIE,
					  noon_bytes_of(noon_check_client_cookie_make(
								s, (uint8_t)s->n_ke, NOON_BAIT_NONE)
								->p,
							NOON_CHECK_CLIENT_COOKIE));
	return ok && !noon_ntske_wr_end(wr);
}

/* Nothing in common: answered by an empty record (RFC 8915, 4.1.2 and 4.1.5). */
static bool write_nothing(const struct offer *o, struct noon_wr *wr)
{
	const uint16_t protocol = NOON_NTSKE_NTPV4;

	return !noon_ntske_wr_items(wr, true, NOON_NTSKE_NEXT_PROTOCOL, &protocol, o->ntp) &&
	       (!o->ntp || !noon_ntske_wr(wr, true, NOON_NTSKE_AEAD, noon_bytes_of(NULL, 0))) &&
	       !noon_ntske_wr_end(wr);
}

static void note_strange(struct noon_check_client_server *s, const char *what)
{
	const unsigned long e = ERR_peek_last_error();
	const char *reason = e == 0 ? NULL : ERR_reason_error_string(e);

	s->n_strange++;
	(void)snprintf(s->strange, sizeof(s->strange), "%s%s%s", what, reason == NULL ? "" : ": ",
		       reason == NULL ? "" : reason);
}

static void begin_exchange(struct noon_check_client_server *s, bool refused)
{
	s->ke[s->n_ke] = (struct noon_check_client_ke){
		.at = noon_check_client_clock(CLOCK_MONOTONIC),
		.requests = s->n_request,
		.refused = refused,
	};
}

/* New keys after the first NAKs: the rest needs a few good answers only. */
static void end_exchange(struct noon_check_client_server *s)
{
	const size_t soon = s->n_request + NOON_CHECK_CLIENT_LAST_GOOD;

	if (s->n_request > NOON_CHECK_CLIENT_NAKS_FROM && soon < s->silence)
		s->silence = soon;
	s->n_ke++;
}

static void read_and_reply(struct noon_check_client_server *s, SSL *ssl)
{
	struct noon_wr wr = noon_wr_over(s->out, sizeof(s->out));
	struct offer o;
	size_t n = 0;

	ERR_clear_error();
	if (SSL_accept(ssl) != 1) {
		note_strange(s, "TLS failed");
		return;
	}
	if (!read_request(ssl, s->in, sizeof(s->in), &n)) {
		note_strange(s, "no whole request came");
		return;
	}
	o = read_offer(s, noon_bytes_of(s->in, n));
	begin_exchange(s, false);
	if (!o.ntp || o.aead == NOON_AEAD_NONE) {
		note_strange(s, o.ntp ? "none of its AEADs is ours" : "it does not offer NTPv4");
		if (!write_nothing(&o, &wr))
			return;
	} else {
		if (!export_keys(ssl, &o, &s->ke[s->n_ke]) || !write_keys(s, &o, &wr))
			return;
		end_exchange(s);
	}
	(void)SSL_write(ssl, s->out, (int)noon_wr_len(&wr));
	(void)SSL_shutdown(ssl);
}

/* A client that asks for new keys because of a NAK, and not because its jar is empty, is refused
 * once: its use of the old ones meanwhile is judged. */
static bool is_to_wait(const struct noon_check_client_server *s)
{
	return s->n_request > NOON_CHECK_CLIENT_NAKS_FROM &&
	       s->n_request < NOON_CHECK_CLIENT_NAKS_FROM + NOON_CHECK_CLIENT_NAKS - 1 &&
	       s->n_ke > 0 && s->ke[s->n_ke - 1].requests <= NOON_CHECK_CLIENT_NAKS_FROM;
}

static void put_off(struct noon_check_client_server *s)
{
	begin_exchange(s, true);
	s->ke[s->n_ke].put_off = true;
	s->n_ke++;
}

/* The first exchange in the silence gets an untrusted certificate; a client that verifies does not
 * send its request. Later ones are closed at once. */
static void refuse(struct noon_check_client_server *s, int fd)
{
	const bool first =
		s->n_ke == 0 || !s->ke[s->n_ke - 1].refused || s->ke[s->n_ke - 1].put_off;
	struct noon_check_client_ke *ke = &s->ke[s->n_ke];
	uint8_t byte;
	SSL *ssl = first ? SSL_new(s->false_tls) : NULL;

	begin_exchange(s, true);
	if (ssl != NULL && SSL_set_fd(ssl, fd) == 1) {
		ke->shown = true;
		ke->fooled = SSL_accept(ssl) == 1 && SSL_read(ssl, &byte, 1) == 1;
	}
	SSL_free(ssl);
	s->n_ke++;
}

static void serve(struct noon_check_client_server *s, int fd)
{
	SSL *ssl;

	if (s->n_request >= s->silence) {
		refuse(s, fd);
		return;
	}
	if (is_to_wait(s)) {
		put_off(s);
		return;
	}
	ssl = SSL_new(s->tls);
	if (ssl != NULL && SSL_set_fd(ssl, fd) == 1)
		read_and_reply(s, ssl);
	SSL_free(ssl);
}

void noon_check_client_serve_keys(struct noon_check_client_server *s)
{
	const struct timeval limit = {.tv_sec = 2};
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	const int fd = accept(s->ke_fd, (struct sockaddr *)&peer, &len);
	char name[sizeof(s->peer)] = "";

	if (fd < 0)
		return;
	(void)getnameinfo((struct sockaddr *)&peer, len, name, sizeof(name), NULL, 0,
			  NI_NUMERICHOST);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (s->n_ke < NOON_CHECK_CLIENT_KES && (s->n_ke == 0 || strcmp(name, s->peer) == 0)) {
		serve(s, fd);
		if (s->n_ke > 0)
			(void)snprintf(s->peer, sizeof(s->peer), "%s", name);
	}
	(void)close(fd);
}
