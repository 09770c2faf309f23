/* SPDX-License-Identifier: Apache-2.0
 *
 * Contexts: reading PEM, and what both sides have in common.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/tls1.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/tls_priv.h"

#define ALPN_MAX 32 /* bytes of a protocol's name */

static const uint8_t alpn_web[][10] = {"\x08http/1.1", "\x08http/1.0"};

/* TLS 1.2 for the web: forward secrecy and authenticated encryption only (RFC 9325, section 4.2).
 */
#define WEB_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

#define CERTS_MAX 1000 /* certificates in one file: a system store has about 150 */

/* Where a part of the configuration comes from and which it is. */
struct part {
	const struct noon_tls_pem *pem;
	enum noon_tls_reason reason; /**< NOON_TLS_WHY_FILE_* */
	const char *noun;
};

static const char *name_of(const struct part *part)
{
	return part->pem->path ? part->pem->path : "memory";
}

static noon_err refuse_format(const struct part *part, struct noon_tls_why *why)
{
	ERR_clear_error();
	return noon_tls_why_set(why, NOON_ERR_FORMAT, part->reason, "no %s in PEM form in %s",
				part->noun, name_of(part));
}

static noon_err refuse_library(struct noon_tls_why *why)
{
	ERR_clear_error();
	return noon_tls_why_set(why, NOON_ERR_CRYPTO, NOON_TLS_WHY_OTHER, "OpenSSL failed");
}

static noon_err open_part(const struct part *part, BIO **ret, struct noon_tls_why *why)
{
	const struct noon_tls_pem *pem = part->pem;
	FILE *file;
	noon_err err;

	if (!pem->path) {
		assert(pem->data.n <= INT_MAX);
		*ret = BIO_new_mem_buf(pem->data.n ? (const void *)pem->data.p : "",
				       (int)pem->data.n);
		return *ret ? NOON_OK : refuse_library(why);
	}
	file = fopen(pem->path, "re");
	if (!file) {
		err = errno == ENOENT			  ? NOON_ERR_NOT_FOUND
		      : errno == EACCES || errno == EPERM ? NOON_ERR_PERM
							  : NOON_ERR_OS;
		return noon_tls_why_set(why, err, part->reason, "cannot open %s %s: %s", part->noun,
					pem->path, strerror(errno));
	}
	*ret = BIO_new_fp(file, BIO_CLOSE);
	if (!*ret) {
		(void)fclose(file);
		return refuse_library(why);
	}
	return NOON_OK;
}

/* An encrypted key is refused: there is nobody to ask. */
/* NOLINTNEXTLINE(readability-non-const-parameter) */
static int no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

/* Take one certificate: the server's own (i == 0), an issuer, or a trust anchor. */
static bool add_cert(SSL_CTX *ssl, enum noon_tls_reason reason, int i, X509 *cert)
{
	if (reason == NOON_TLS_WHY_FILE_CA)
		return X509_STORE_add_cert(SSL_CTX_get_cert_store(ssl), cert) == 1;
	if (i == 0)
		return SSL_CTX_use_certificate(ssl, cert) == 1;
	return SSL_CTX_add1_chain_cert(ssl, cert) == 1;
}

static noon_err load_certs(SSL_CTX *ssl, const struct part *part, struct noon_tls_why *why)
{
	BIO *bio = NULL;
	noon_err err = open_part(part, &bio, why);
	X509 *cert;
	int i;

	if (err)
		return err;
	for (i = 0; !err && i < CERTS_MAX; i++) {
		cert = PEM_read_bio_X509_AUX(bio, NULL, no_password, NULL);
		if (!cert)
			break;
		if (!add_cert(ssl, part->reason, i, cert))
			err = refuse_format(part, why);
		X509_free(cert);
	}
	/* The end of the file is "no start line"; anything else is a damaged certificate. */
	if (!err && (i == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE))
		err = refuse_format(part, why);
	ERR_clear_error();
	BIO_free(bio);
	return err;
}

static noon_err load_key(SSL_CTX *ssl, const struct part *part, struct noon_tls_why *why)
{
	BIO *bio = NULL;
	noon_err err = open_part(part, &bio, why);
	EVP_PKEY *key;

	if (err)
		return err;
	key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	BIO_free(bio);
	if (!key)
		return refuse_format(part, why);
	if (SSL_CTX_use_PrivateKey(ssl, key) != 1 || SSL_CTX_check_private_key(ssl) != 1)
		err = noon_tls_why_set(why, NOON_ERR_CERT, NOON_TLS_WHY_KEY_MISMATCH,
				       "the key in %s does not belong to the certificate",
				       name_of(part));
	EVP_PKEY_free(key);
	ERR_clear_error();
	return err;
}

static noon_err refuse_alpn(SSL *ssl)
{
	struct noon_tls *t = SSL_get_app_data(ssl);

	return noon_tls_why_set(&t->why, NOON_ERR_TLS, NOON_TLS_WHY_ALPN,
				"the peer does not offer %s", t->alpn);
}

/* A ClientHello without ALPN never gets as far as select_alpn(). */
static int check_hello(SSL *ssl, int *ret_alert, void *arg)
{
	const unsigned char *ext;
	size_t n;

	(void)arg;
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &ext,
				      &n) == 1)
		return SSL_CLIENT_HELLO_SUCCESS;
	(void)refuse_alpn(ssl);
	*ret_alert = SSL_AD_NO_APPLICATION_PROTOCOL;
	return SSL_CLIENT_HELLO_ERROR;
}

/* Find our protocol, as on the wire, in the client's list. */
static bool offers(const uint8_t *want, const unsigned char *in, unsigned n)
{
	const unsigned char *end = in + n;

	for (; in < end && (size_t)(end - in) > in[0]; in += 1 + in[0])
		if (in[0] == want[0] && memcmp(in + 1, want + 1, want[0]) == 0)
			return true;
	return false;
}

/* A name as on the wire: its length, then itself. Returns the bytes of both. */
static unsigned put_alpn(const char *name, uint8_t ret[ALPN_MAX])
{
	const size_t n = strlen(name);

	assert(n < ALPN_MAX);
	ret[0] = (uint8_t)n;
	for (size_t i = 0; i < n; i++)
		ret[1 + i] = (uint8_t)name[i];
	return (unsigned)n + 1;
}

static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *ret_n,
		       const unsigned char *in, unsigned n, void *arg)
{
	const struct noon_tls *t = SSL_get_app_data(ssl);
	uint8_t want[ALPN_MAX];

	(void)arg;
	(void)put_alpn(t->alpn, want);
	if (!offers(want, in, n)) {
		(void)refuse_alpn(ssl);
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	}
	*out = (const unsigned char *)t->alpn;
	*ret_n = want[0];
	return SSL_TLSEXT_ERR_OK;
}

static int select_alpn_web(SSL *ssl, const unsigned char **out, unsigned char *ret_n,
			   const unsigned char *in, unsigned n, void *arg)
{
	(void)ssl;
	(void)arg;
	for (size_t i = 0; i < 2; i++) {
		if (!offers(alpn_web[i], in, n))
			continue;
		*out = alpn_web[i] + 1;
		*ret_n = alpn_web[i][0];
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL; /* RFC 7301, section 3.2 */
}

/* What server and client have in common. NULL: no memory. */
static SSL_CTX *new_ssl_ctx(const SSL_METHOD *method)
{
	SSL_CTX *ssl = SSL_CTX_new(method);

	if (!ssl)
		return NULL;
	if (SSL_CTX_set_min_proto_version(ssl, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION) != 1) {
		SSL_CTX_free(ssl);
		return NULL;
	}
	(void)SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
	(void)SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
	return ssl;
}

static bool prepare_named(SSL_CTX *ssl)
{
	SSL_CTX_set_client_hello_cb(ssl, check_hello, NULL);
	SSL_CTX_set_alpn_select_cb(ssl, select_alpn, NULL);
	return true;
}

static bool prepare_web(SSL_CTX *ssl)
{
	SSL_CTX_set_alpn_select_cb(ssl, select_alpn_web, NULL);
	return SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(ssl, WEB_CIPHERS) == 1;
}

static noon_err load_identity(SSL_CTX *ssl, const struct noon_tls_pem *chain,
			      const struct noon_tls_pem *key, struct noon_tls_why *why)
{
	const struct part certs = {chain, NOON_TLS_WHY_FILE_CERT, "certificate"};
	const struct part secret = {key, NOON_TLS_WHY_FILE_KEY, "private key"};
	const noon_err err = load_certs(ssl, &certs, why);

	return err ? err : load_key(ssl, &secret, why);
}

static SSL_CTX *new_server_ssl(bool web)
{
	SSL_CTX *ssl = new_ssl_ctx(TLS_server_method());

	if (ssl && SSL_CTX_set_num_tickets(ssl, 0) == 1 &&
	    SSL_CTX_set_max_early_data(ssl, 0) == 1 &&
	    (web ? prepare_web(ssl) : prepare_named(ssl)))
		return ssl;
	SSL_CTX_free(ssl);
	return NULL;
}

static noon_err new_server(bool web, const struct noon_tls_pem *chain,
			   const struct noon_tls_pem *key, SSL_CTX **ret, struct noon_tls_why *why)
{
	SSL_CTX *ssl = new_server_ssl(web);
	noon_err err;

	if (!ssl)
		return refuse_library(why);
	err = load_identity(ssl, chain, key, why);
	if (err)
		SSL_CTX_free(ssl);
	else
		*ret = ssl;
	return err;
}

static noon_err wrap(SSL_CTX *ssl, bool server, struct noon_tls_ctx **ret, struct noon_tls_why *why)
{
	struct noon_tls_ctx *ctx = calloc(1, sizeof(*ctx));

	if (!ctx) {
		SSL_CTX_free(ssl);
		return refuse_library(why);
	}
	ctx->ssl = ssl;
	ctx->server = server;
	*ret = ctx;
	return NOON_OK;
}

noon_err noon_tls_server_ctx_new(const struct noon_tls_pem *chain, const struct noon_tls_pem *key,
				 struct noon_tls_ctx **ret, struct noon_tls_why *ret_why)
{
	SSL_CTX *ssl = NULL;
	noon_err err = new_server(false, chain, key, &ssl, ret_why);

	if (!err)
		err = wrap(ssl, true, ret, ret_why);
	if (!err)
		(*ret)->alpn = NOON_TLS_ALPN;
	return err;
}

noon_err noon_tls_web_ctx_new(const struct noon_tls_pem *chain, const struct noon_tls_pem *key,
			      struct noon_tls_ctx **ret, struct noon_tls_why *ret_why)
{
	SSL_CTX *ssl = NULL;
	noon_err err = new_server(true, chain, key, &ssl, ret_why);

	return err ? err : wrap(ssl, true, ret, ret_why);
}

noon_err noon_tls_server_ctx_reload(struct noon_tls_ctx *ctx, const struct noon_tls_pem *chain,
				    const struct noon_tls_pem *key, struct noon_tls_why *ret_why)
{
	SSL_CTX *ssl = NULL;
	const noon_err err = new_server(!ctx->alpn, chain, key, &ssl, ret_why);

	assert(ctx->server && !ctx->mutual);
	if (err)
		return err;
	SSL_CTX_free(ctx->ssl);
	ctx->ssl = ssl;
	return NOON_OK;
}

static SSL_CTX *new_client_ssl(const char *protocol)
{
	SSL_CTX *ssl = new_ssl_ctx(TLS_client_method());
	uint8_t alpn[ALPN_MAX];
	const unsigned n = put_alpn(protocol, alpn);

	/* This one function of OpenSSL returns 0 for success. */
	if (ssl && SSL_CTX_set_alpn_protos(ssl, alpn, n) == 0)
		return ssl;
	SSL_CTX_free(ssl);
	return NULL;
}

/* The other end must show a certificate of these anchors. */
static noon_err trust(SSL_CTX *ssl, const struct noon_tls_pem *ca, struct noon_tls_why *why)
{
	const struct part anchors = {ca, NOON_TLS_WHY_FILE_CA, "CA certificate"};

	SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	if (ca)
		return load_certs(ssl, &anchors, why);
	return SSL_CTX_set_default_verify_paths(ssl) == 1 ? NOON_OK : refuse_library(why);
}

noon_err noon_tls_client_ctx_new(const struct noon_tls_pem *ca, struct noon_tls_ctx **ret,
				 struct noon_tls_why *ret_why)
{
	SSL_CTX *ssl = new_client_ssl(NOON_TLS_ALPN);
	noon_err err = ssl ? trust(ssl, ca, ret_why) : refuse_library(ret_why);

	if (err)
		SSL_CTX_free(ssl);
	else
		err = wrap(ssl, false, ret, ret_why);
	if (!err)
		(*ret)->alpn = NOON_TLS_ALPN;
	return err;
}

noon_err noon_tls_mutual_ctx_new(const struct noon_tls_mutual *m, struct noon_tls_ctx **ret,
				 struct noon_tls_why *ret_why)
{
	SSL_CTX *ssl = m->is_server ? new_server_ssl(false) : new_client_ssl(NOON_TLS_ALPN_TUNNEL);
	noon_err err = ssl ? trust(ssl, &m->ca, ret_why) : refuse_library(ret_why);

	err = err ? err : load_identity(ssl, &m->chain, &m->key, ret_why);
	if (err)
		SSL_CTX_free(ssl);
	else
		err = wrap(ssl, m->is_server, ret, ret_why);
	if (err)
		return err;
	(*ret)->alpn = NOON_TLS_ALPN_TUNNEL;
	(*ret)->mutual = true;
	return NOON_OK;
}

void noon_tls_ctx_free(struct noon_tls_ctx *ctx)
{
	if (!ctx)
		return;
	SSL_CTX_free(ctx->ssl);
	free(ctx);
}
