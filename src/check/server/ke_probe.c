/* SPDX-License-Identifier: Apache-2.0
 *
 * Uses a non-blocking socket, with a deadline for each step.
 */
#include "check/server/ke_probe.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "platform/clock/clock.h"

#define EXPORTER "EXPORTER-network-time-security" /* RFC 8915, section 4.2 */

/* A probe in progress. */
struct run {
	struct noon_ke_probe *p;
	struct noon_target *t;
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;
	noon_time deadline;
};

void noon_ke_probe_init(struct noon_ke_probe *p)
{
	memset(p, 0, sizeof(*p));
	p->alpn = "ntske/1";
}

static void say(struct run *r, const char *what)
{
	(void)snprintf(r->p->why, sizeof(r->p->why), "%s", what);
}

static void say_tls(struct run *r)
{
	const unsigned long e = ERR_peek_error();
	const char *reason = e != 0 ? ERR_reason_error_string(e) : NULL;

	say(r, reason != NULL ? reason : "closed by the server");
	ERR_clear_error();
}

/* Wait until the socket is ready; false at the deadline. */
static bool wait_for(struct run *r, short events)
{
	struct pollfd pfd = {.fd = r->fd, .events = events};

	for (;;) {
		const noon_dur left = noon_time_diff(r->deadline, noon_mono_now());
		const int n = left <= 0 ? 0 : poll(&pfd, 1, (int)(left / 1000000) + 1);

		if (n > 0)
			return true;
		if (n == 0 && left <= 0)
			return false;
		if (n < 0 && errno != EINTR)
			return false;
	}
}

static bool open_socket(struct run *r)
{
	const int one = 1;
	int err = 0;
	socklen_t len = sizeof(err);

	r->fd = socket(r->t->ke.u.sa.sa_family, SOCK_STREAM, 0);
	if (r->fd < 0 || noon_fd_prepare(r->fd)) {
		say(r, strerror(errno));
		return false;
	}
	(void)setsockopt(r->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(r->fd, &r->t->ke.u.sa, r->t->ke.len) == 0)
		return true;
	if (errno != EINPROGRESS) {
		say(r, strerror(errno));
		return false;
	}
	if (!wait_for(r, POLLOUT)) {
		say(r, "no answer to the connection request");
		return false;
	}
	(void)getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &err, &len);
	if (err != 0)
		say(r, strerror(err));
	return err == 0;
}

static bool set_alpn(struct run *r)
{
	unsigned char list[64];
	const size_t n = strlen(r->p->alpn);

	if (n >= sizeof(list))
		return false;
	list[0] = (unsigned char)n;
	memcpy(list + 1, r->p->alpn, n);
	return SSL_set_alpn_protos(r->ssl, list, (unsigned)n + 1) == 0;
}

static bool trust(struct run *r)
{
	const struct noon_target_conf *c = &r->t->conf;
	const char *name = c->server_name != NULL ? c->server_name : c->host;
	struct noon_addr literal;
	char sni[256];

	if (c->no_verify)
		return true;
	if (c->ca != NULL ? SSL_CTX_load_verify_locations(r->ctx, c->ca, NULL) != 1
			  : SSL_CTX_set_default_verify_paths(r->ctx) != 1)
		return false;
	SSL_set_verify(r->ssl, SSL_VERIFY_PEER, NULL);
	if (noon_addr_parse(name, 0, &literal) == NOON_OK)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(r->ssl), name) == 1;
	/* The macro SSL_set_tlsext_host_name() casts const away. */
	if (strlen(name) >= sizeof(sni))
		return false;
	memcpy(sni, name, strlen(name) + 1);
	return SSL_set1_host(r->ssl, name) == 1 &&
	       SSL_ctrl(r->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, sni) == 1;
}

static bool make_tls(struct run *r)
{
	r->ctx = SSL_CTX_new(TLS_client_method());
	if (r->ctx == NULL)
		return false;
	if (r->t->conf.ca != NULL &&
	    SSL_CTX_load_verify_locations(r->ctx, r->t->conf.ca, NULL) != 1)
		return false;
	(void)SSL_CTX_set_session_cache_mode(r->ctx, SSL_SESS_CACHE_OFF);
	r->ssl = SSL_new(r->ctx);
	if (r->ssl == NULL || SSL_set_fd(r->ssl, r->fd) != 1)
		return false;
	if (r->p->tls_max != 0 && SSL_set_max_proto_version(r->ssl, r->p->tls_max) != 1)
		return false;
	return (r->p->alpn == NULL || set_alpn(r)) && trust(r);
}

/* Wait for what OpenSSL wants; false at the deadline or on an error. */
static bool wait_tls(struct run *r, int ret)
{
	switch (SSL_get_error(r->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
		return wait_for(r, POLLIN);
	case SSL_ERROR_WANT_WRITE:
		return wait_for(r, POLLOUT);
	default:
		return false;
	}
}

static bool shake_hands(struct run *r)
{
	const unsigned char *alpn = NULL;
	unsigned n = 0;
	int ret;

	if (!make_tls(r)) {
		say_tls(r);
		return false;
	}
	while ((ret = SSL_connect(r->ssl)) != 1)
		if (!wait_tls(r, ret)) {
			if (noon_time_before(r->deadline, noon_mono_now()))
				say(r, "the handshake did not end in time");
			else
				say_tls(r);
			return false;
		}
	r->p->tls_version = SSL_version(r->ssl);
	SSL_get0_alpn_selected(r->ssl, &alpn, &n);
	if (alpn != NULL && n < sizeof(r->p->alpn_got))
		memcpy(r->p->alpn_got, alpn, n);
	return true;
}

static bool export_one(struct run *r, uint8_t aead, uint8_t way, uint8_t *ret, size_t n)
{
	const unsigned char context[] = {0, NOON_NTSKE_NTPV4, 0, aead, way};

	return SSL_export_keying_material(r->ssl, ret, n, EXPORTER, sizeof(EXPORTER) - 1, context,
					  sizeof(context), 1) == 1;
}

static void export_keys(struct run *r)
{
	for (uint8_t way = 0; way < 2; way++) {
		(void)export_one(r, 15, way, r->p->key[0][way], 32);
		(void)export_one(r, 30, way, r->p->key[1][way], 16);
		(void)export_one(r, 15, way, r->p->key30_legacy[way], 16);
	}
	ERR_clear_error();
}

static bool write_piece(struct run *r, const uint8_t *at, size_t n)
{
	int ret;

	while ((ret = SSL_write(r->ssl, at, (int)n)) <= 0)
		if (!wait_tls(r, ret))
			return false;
	return true;
}

static bool write_request(struct run *r)
{
	const struct noon_bytes q = r->p->request;
	const size_t step = r->p->piece > 0 ? r->p->piece : q.n;

	for (size_t at = 0; at < q.n; at += step) {
		const size_t n = q.n - at < step ? q.n - at : step;

		if (!write_piece(r, q.p + at, n))
			return false;
		if (r->p->piece_pause > 0 && at + n < q.n)
			(void)poll(NULL, 0, (int)(r->p->piece_pause / 1000000));
	}
	if (r->p->fin_early) {
		(void)poll(NULL, 0, 200); /* an early answer has arrived by now */
		(void)SSL_shutdown(r->ssl);
	}
	return true;
}

/* How the connection ended, after a read without data. */
static enum noon_ke_end end_of(struct run *r, int ret)
{
	const int err = SSL_get_error(r->ssl, ret);

	if (err == SSL_ERROR_ZERO_RETURN)
		return NOON_KE_CLOSED;
	if (err == SSL_ERROR_SYSCALL && errno == ECONNRESET)
		return NOON_KE_RESET;
	say_tls(r);
	return NOON_KE_TRUNCATED;
}

static enum noon_ke_end read_reply(struct run *r)
{
	struct noon_ke_probe *p = r->p;
	size_t seen = 0;
	enum noon_ntske_extent have;

	while (p->n < sizeof(p->reply)) {
		const int ret = SSL_read(r->ssl, p->reply + p->n, (int)(sizeof(p->reply) - p->n));

		if (ret > 0) {
			p->n += (size_t)ret;
			continue;
		}
		switch (SSL_get_error(r->ssl, ret)) {
		case SSL_ERROR_WANT_READ:
		case SSL_ERROR_WANT_WRITE:
			break;
		default:
			return end_of(r, ret);
		}
		/* After the last record close_notify should follow at once. */
		have = noon_ntske_scan(noon_bytes_of(p->reply, p->n), sizeof(p->reply), &seen);
		if (have == NOON_NTSKE_COMPLETE)
			r->deadline = noon_time_min(r->deadline,
						    noon_time_add(noon_mono_now(), NOON_S(1)));
		if (!wait_for(r, POLLIN))
			return NOON_KE_SILENT;
	}
	say(r, "more than 64 KiB");
	return NOON_KE_SILENT;
}

static void parse(struct noon_ke_probe *p)
{
	struct noon_rd rd = noon_rd_over(p->reply, p->n);
	struct noon_ntske_record rec;

	while (noon_rd_left(&rd) > 0) {
		if (noon_ntske_rd(&rd, &rec))
			return;
		if (p->n_records < NOON_KE_RECORDS)
			p->record[p->n_records++] = rec;
		if (rec.type == NOON_NTSKE_END && !p->has_end) {
			p->has_end = true;
			p->after_end = noon_rd_left(&rd);
		}
	}
	p->parsed = p->n > 0;
}

static enum noon_ke_end perform(struct run *r)
{
	noon_time begin;
	enum noon_ke_end end;

	if (!open_socket(r))
		return NOON_KE_NO_CONNECTION;
	if (!shake_hands(r))
		return NOON_KE_NO_TLS;
	export_keys(r);
	begin = noon_mono_now();
	r->deadline = noon_time_add(begin, r->p->timeout > 0 ? r->p->timeout : r->t->conf.timeout);
	if (!r->p->no_request && !write_request(r))
		return NOON_KE_RESET;
	end = read_reply(r);
	r->p->took = noon_time_diff(noon_mono_now(), begin);
	return end;
}

void noon_ke_probe_run(struct noon_ke_probe *p, struct noon_target *t)
{
	struct run r = {.p = p, .t = t, .fd = -1};

	noon_target_pause(t);
	t->n_ke++;
	ERR_clear_error();
	r.deadline = noon_time_add(noon_mono_now(), t->conf.timeout);
	p->end = perform(&r);
	parse(p);
	SSL_free(r.ssl);
	SSL_CTX_free(r.ctx);
	if (r.fd >= 0)
		(void)close(r.fd);
	ERR_clear_error();
}

size_t noon_ke_probe_count(const struct noon_ke_probe *p, enum noon_ntske_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_records; i++)
		n += p->record[i].type == type;
	return n;
}

const struct noon_ntske_record *noon_ke_probe_first(const struct noon_ke_probe *p,
						    enum noon_ntske_type type)
{
	for (size_t i = 0; i < p->n_records; i++)
		if (p->record[i].type == type)
			return &p->record[i];
	return NULL;
}

static const char *end_words(const struct noon_ke_probe *p)
{
	static const char *const words[] = {
		"no connection", "no TLS connection", "connection left open",
		"reset",	 "no close_notify",   "close_notify",
	};

	return words[p->end];
}

static const char *record_name(uint16_t type)
{
	static const char *const names[] = {"END",  "NEXT_PROTOCOL", "ERROR",  "WARNING",
					    "AEAD", "COOKIE",	     "SERVER", "PORT"};

	if (type == NOON_NTSKE_COMPLIANT_EXPORTER)
		return "COMPLIANT_EXPORTER";
	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "UNKNOWN";
}

/* Append "NAME a b", the body as 16-bit numbers if it is short. */
static int describe_record(const struct noon_ntske_record *rec, char *out, size_t n)
{
	int at = snprintf(out, n, "%s", record_name(rec->type));

	for (size_t i = 0; i < rec->body.n / 2 && i < 3 && at > 0 && (size_t)at < n; i++)
		at += snprintf(out + at, n - (size_t)at, " %u",
			       (unsigned)noon_ntske_item(rec->body, i));
	return at;
}

void noon_ke_probe_describe(const struct noon_ke_probe *p, char *out, size_t n)
{
	const size_t cookies = noon_ke_probe_count(p, NOON_NTSKE_COOKIE);
	int at = 0;

	for (size_t i = 0; i < p->n_records && at >= 0 && (size_t)at < n; i++) {
		if (p->record[i].type == NOON_NTSKE_COOKIE)
			continue;
		at += describe_record(&p->record[i], out + at, n - (size_t)at);
		if ((size_t)at < n)
			at += snprintf(out + at, n - (size_t)at, ", ");
	}
	if (cookies > 0 && (size_t)at < n)
		at += snprintf(out + at, n - (size_t)at, "%zu cookies, ", cookies);
	if ((size_t)at < n)
		(void)snprintf(out + at, n - (size_t)at, "%s%s%s", end_words(p),
			       p->why[0] != '\0' ? ": " : "", p->why);
}
