/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections.
 */
#include "crypto/tls.h"

#include <assert.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/tls_priv.h"

#define HOST_MAX 255

/* The name the certificate must be for: an address is compared as an address, a name as a name. */
static bool expect_host(SSL *ssl, X509_VERIFY_PARAM *param, const char *host)
{
	char name[HOST_MAX + 1];
	size_t n = strlen(host);

	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
		return true;
	ERR_clear_error();
	memcpy(name, host, n + 1);
	if (n > 1 && name[n - 1] == '.') /* certificates and SNI have no final dot */
		name[n - 1] = '\0';
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

static bool is_host(const char *host)
{
	return host[0] != '\0' && strlen(host) <= HOST_MAX;
}

static noon_err expect_peer(SSL *ssl, const struct noon_tls_peer *peer)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	if (peer->host && (!is_host(peer->host) || !expect_host(ssl, param, peer->host)))
		return NOON_ERR_RANGE;
	/* A time that was set would win over the flag that ignores times. */
	if (!peer->no_time_check)
		X509_VERIFY_PARAM_set_time(param, (time_t)peer->time_s);
	else if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME) != 1)
		return NOON_ERR_CRYPTO;
	return NOON_OK;
}

/* Give the connection its two buffers. */
static bool attach(struct noon_tls *t)
{
	t->in = BIO_new(BIO_s_mem());
	t->out = BIO_new(BIO_s_mem());
	if (!t->in || !t->out) {
		BIO_free(t->in);
		BIO_free(t->out);
		return false;
	}
	SSL_set_bio(t->ssl, t->in, t->out);
	return true;
}

noon_err noon_tls_new(struct noon_tls_ctx *ctx, const struct noon_tls_peer *peer,
		      struct noon_tls **ret)
{
	struct noon_tls *t = calloc(1, sizeof(*t));
	noon_err err = NOON_ERR_CRYPTO;

	assert(ctx->mutual ? peer && (ctx->server || peer->host) : ctx->server == !peer);
	if (!t)
		return NOON_ERR_CRYPTO;
	t->alpn = ctx->alpn;
	t->ssl = SSL_new(ctx->ssl);
	if (t->ssl && attach(t) && SSL_set_app_data(t->ssl, t) == 1)
		err = peer ? expect_peer(t->ssl, peer) : NOON_OK;
	if (err) {
		ERR_clear_error();
		noon_tls_free(t);
		return err;
	}
	if (ctx->server)
		SSL_set_accept_state(t->ssl);
	else
		SSL_set_connect_state(t->ssl);
	*ret = t;
	return NOON_OK;
}

void noon_tls_free(struct noon_tls *t)
{
	if (!t)
		return;
	SSL_free(t->ssl);
	free(t);
}

noon_err noon_tls_feed(struct noon_tls *t, struct noon_bytes data)
{
	int n;

	while (data.n > 0 && !t->why.reason) {
		n = BIO_write(t->in, data.p, data.n > INT_MAX ? INT_MAX : (int)data.n);
		if (n <= 0)
			return NOON_ERR_CRYPTO;
		data.p += n;
		data.n -= (size_t)n;
	}
	return NOON_OK;
}

void noon_tls_eof(struct noon_tls *t)
{
	t->eof = true;
}

size_t noon_tls_take(struct noon_tls *t, struct noon_wr *out)
{
	const size_t room = noon_wr_room(out);
	int n = 0;

	if (room > 0 && noon_tls_pending(t) > 0)
		n = BIO_read(t->out, out->p, room > INT_MAX ? INT_MAX : (int)room);
	if (n <= 0)
		return 0;
	out->p += n;
	return (size_t)n;
}

size_t noon_tls_pending(const struct noon_tls *t)
{
	return BIO_ctrl_pending(t->out);
}

static noon_err closed_early(struct noon_tls *t)
{
	return noon_tls_why_set(&t->why, NOON_ERR_TLS, NOON_TLS_WHY_CLOSED,
				"the peer closed the connection too early");
}

/* Turn the result of an OpenSSL call that did not succeed into ours. */
static noon_err explain(struct noon_tls *t, int result)
{
	switch (SSL_get_error(t->ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_CLIENT_HELLO_CB:
		return t->eof ? closed_early(t) : NOON_ERR_EMPTY;
	case SSL_ERROR_ZERO_RETURN:
		return t->open ? NOON_ERR_STATE : closed_early(t);
	default:
		return noon_tls_why_of(t);
	}
}

/* A server may ignore ALPN; RFC 8915, section 4, wants it selected. */
static noon_err check_alpn(struct noon_tls *t)
{
	const unsigned char *name = NULL;
	unsigned n = 0;

	SSL_get0_alpn_selected(t->ssl, &name, &n);
	if (n == strlen(t->alpn) && memcmp(name, t->alpn, n) == 0)
		return NOON_OK;
	return noon_tls_why_set(&t->why, NOON_ERR_TLS, NOON_TLS_WHY_ALPN,
				"the peer did not select %s", t->alpn);
}

noon_err noon_tls_handshake(struct noon_tls *t)
{
	noon_err err;
	int result;

	if (t->why.reason)
		return t->why.err;
	if (t->open)
		return NOON_OK;
	ERR_clear_error();
	result = SSL_do_handshake(t->ssl);
	if (result != 1)
		return explain(t, result);
	err = t->alpn ? check_alpn(t) : NOON_OK;
	t->open = !err;
	return err;
}

noon_err noon_tls_read(struct noon_tls *t, uint8_t *out, size_t room, size_t *ret_n)
{
	size_t n = 0;
	int result;

	assert(room > 0);
	if (t->why.reason)
		return t->why.err;
	assert(t->open);
	ERR_clear_error();
	result = SSL_read_ex(t->ssl, out, room, &n);
	if (result != 1)
		return explain(t, result);
	*ret_n = n;
	return NOON_OK;
}

noon_err noon_tls_write(struct noon_tls *t, struct noon_bytes data)
{
	size_t n = 0;

	assert(data.n > 0 && !t->closing);
	if (t->why.reason)
		return t->why.err;
	assert(t->open);
	ERR_clear_error();
	/* A memory BIO takes everything, so there is no partial write. */
	if (SSL_write_ex(t->ssl, data.p, data.n, &n) != 1 || n != data.n)
		return noon_tls_why_of(t);
	return NOON_OK;
}

void noon_tls_close(struct noon_tls *t)
{
	if (!t->open || t->closing || t->why.reason)
		return;
	t->closing = true;
	(void)SSL_shutdown(t->ssl); /* 0: the peer has not closed yet, as it may */
	ERR_clear_error();
}

bool noon_tls_is_peer_closed(const struct noon_tls *t)
{
	return (SSL_get_shutdown(t->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}

noon_err noon_tls_export(const struct noon_tls *t, const char *label, struct noon_bytes context,
			 uint8_t *out, size_t n)
{
	if (!t->open)
		return NOON_ERR_STATE;
	if (SSL_export_keying_material(t->ssl, out, n, label, strlen(label), context.p, context.n,
				       1) != 1) {
		ERR_clear_error();
		return NOON_ERR_CRYPTO;
	}
	return NOON_OK;
}

const struct noon_tls_why *noon_tls_why(const struct noon_tls *t)
{
	return &t->why;
}
