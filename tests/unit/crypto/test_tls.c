/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/tls.h"
#include "crypto/x509.h"

#define FROM 1000000000
#define TILL 2000000000
#define NOW  1500000000

static struct noon_secret_x509 ours, other;
static struct noon_tls_ctx *server_ctx, *client_ctx;

static struct noon_tls_pem pem(const uint8_t *p, size_t n)
{
	return (struct noon_tls_pem){NULL, noon_bytes_of(p, n)};
}

static struct noon_tls_ctx *server_with(const struct noon_secret_x509 *x)
{
	const struct noon_tls_pem chain = pem(x->cert, x->cert_n), key = pem(x->key, x->key_n);
	struct noon_tls_ctx *ctx = NULL;
	struct noon_tls_why why;

	assert_int_equal(noon_tls_server_ctx_new(&chain, &key, &ctx, &why), NOON_OK);
	return ctx;
}

static int make_contexts(void **state)
{
	static const char *const names[] = {"time.example", "192.0.2.7", "2001:db8::7"};
	const struct noon_x509_conf conf = {"time.example", names, 3, FROM, TILL, false};
	struct noon_tls_pem ca;
	struct noon_tls_why why;

	(void)state;
	assert_int_equal(noon_x509_self_signed(&conf, &ours), NOON_OK);
	assert_int_equal(noon_x509_self_signed(&conf, &other), NOON_OK);
	ca = pem(ours.cert, ours.cert_n);
	assert_int_equal(noon_tls_client_ctx_new(&ca, &client_ctx, &why), NOON_OK);
	server_ctx = server_with(&ours);
	return 0;
}

static int free_contexts(void **state)
{
	(void)state;
	noon_tls_ctx_free(server_ctx);
	noon_tls_ctx_free(client_ctx);
	noon_tls_ctx_free(NULL);
	noon_tls_free(NULL);
	return 0;
}

struct pair {
	struct noon_tls *server, *client;
	noon_err server_err, client_err;
};

/* Carry at most `room` bytes from one side to the other. */
static bool carry(struct noon_tls *from, struct noon_tls *to, size_t room)
{
	uint8_t buf[512];
	struct noon_wr wr = noon_wr_over(buf, room);

	if (noon_tls_take(from, &wr) == 0)
		return false;
	assert_int_equal(noon_tls_feed(to, noon_wr_written(&wr)), NOON_OK);
	return true;
}

static void shake_hands(struct pair *p, size_t room)
{
	bool moved = true;

	while (moved) {
		p->client_err = noon_tls_handshake(p->client);
		moved = carry(p->client, p->server, room);
		p->server_err = noon_tls_handshake(p->server);
		moved = carry(p->server, p->client, room) || moved;
	}
}

static struct pair connect_pair(struct noon_tls_ctx *server, const struct noon_tls_peer *peer)
{
	struct pair p = {0};

	assert_int_equal(noon_tls_new(server, NULL, &p.server), NOON_OK);
	assert_int_equal(noon_tls_new(client_ctx, peer, &p.client), NOON_OK);
	shake_hands(&p, 512);
	return p;
}

static void free_pair(struct pair *p)
{
	noon_tls_free(p->server);
	noon_tls_free(p->client);
}

static void expect_refusal(struct noon_tls_ctx *server, const char *host, int64_t at,
			   enum noon_tls_reason reason)
{
	const struct noon_tls_peer peer = {host, at, false};
	struct pair p = connect_pair(server, &peer);

	assert_int_equal(p.client_err, NOON_ERR_CERT);
	assert_int_equal(noon_tls_why(p.client)->reason, reason);
	assert_string_not_equal(noon_tls_why(p.client)->text, "");
	assert_int_equal(p.server_err, NOON_ERR_TLS);
	assert_int_equal(noon_tls_why(p.server)->reason, NOON_TLS_WHY_ALERT);
	free_pair(&p);
}

static void names_and_addresses_are_accepted(void **state)
{
	static const char *const hosts[] = {"time.example", "time.example.", "TIME.example",
					    "192.0.2.7", "2001:db8::7"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		const struct noon_tls_peer peer = {hosts[i], NOW, false};
		struct pair p = connect_pair(server_ctx, &peer);

		assert_int_equal(p.client_err, NOON_OK);
		assert_int_equal(p.server_err, NOON_OK);
		free_pair(&p);
	}
}

static void data_passes_one_byte_at_a_time(void **state)
{
	const struct noon_tls_peer peer = {"time.example", NOW, false};
	struct pair p = {0};
	uint8_t got[64];
	size_t n = 0, all = 0;
	noon_err err = NOON_ERR_EMPTY;

	(void)state;
	assert_int_equal(noon_tls_new(server_ctx, NULL, &p.server), NOON_OK);
	assert_int_equal(noon_tls_new(client_ctx, &peer, &p.client), NOON_OK);
	shake_hands(&p, 1);
	assert_int_equal(p.client_err, NOON_OK);
	assert_int_equal(p.server_err, NOON_OK);
	assert_int_equal(noon_tls_write(p.client, noon_bytes_of("question", 8)), NOON_OK);
	noon_tls_close(p.client);
	while (err == NOON_OK || err == NOON_ERR_EMPTY) {
		err = noon_tls_read(p.server, got + all, sizeof(got) - all, &n);
		if (err == NOON_OK)
			all += n;
		if (err == NOON_ERR_EMPTY)
			assert_true(carry(p.client, p.server, 1));
	}
	assert_int_equal(err, NOON_ERR_STATE); /* close_notify */
	assert_true(noon_tls_is_peer_closed(p.server));
	assert_int_equal(all, 8);
	assert_memory_equal(got, "question", 8);
	free_pair(&p);
}

static void both_sides_export_the_same_bytes(void **state)
{
	const struct noon_tls_peer peer = {"time.example", NOW, false};
	struct pair p = connect_pair(server_ctx, &peer);
	const struct noon_bytes one = noon_bytes_of("\0\0\0\x0f\0", 5);
	const struct noon_bytes two = noon_bytes_of("\0\0\0\x0f\1", 5);
	uint8_t a[32], b[32], c[32];

	(void)state;
	assert_int_equal(noon_tls_export(p.client, "EXPORTER-test", one, a, 32), NOON_OK);
	assert_int_equal(noon_tls_export(p.server, "EXPORTER-test", one, b, 32), NOON_OK);
	assert_int_equal(noon_tls_export(p.server, "EXPORTER-test", two, c, 32), NOON_OK);
	assert_memory_equal(a, b, 32);
	assert_memory_not_equal(a, c, 32);
	free_pair(&p);
}

static void export_before_the_handshake_is_refused(void **state)
{
	struct noon_tls *t = NULL;
	uint8_t out[32];

	(void)state;
	assert_int_equal(noon_tls_new(server_ctx, NULL, &t), NOON_OK);
	assert_int_equal(noon_tls_export(t, "EXPORTER-test", noon_bytes_of(NULL, 0), out, 32),
			 NOON_ERR_STATE);
	noon_tls_free(t);
}

static void expired_certificate_is_refused(void **state)
{
	(void)state;
	expect_refusal(server_ctx, "time.example", TILL + 1, NOON_TLS_WHY_CERT_EXPIRED);
}

static void certificate_not_yet_valid_is_refused(void **state)
{
	(void)state;
	expect_refusal(server_ctx, "time.example", FROM - 1, NOON_TLS_WHY_CERT_NOT_YET);
}

static void certificate_for_another_name_is_refused(void **state)
{
	(void)state;
	expect_refusal(server_ctx, "other.example", NOW, NOON_TLS_WHY_CERT_NAME);
	expect_refusal(server_ctx, "192.0.2.8", NOW, NOON_TLS_WHY_CERT_NAME);
}

static void certificate_of_an_unknown_issuer_is_refused(void **state)
{
	struct noon_tls_ctx *ctx = server_with(&other);

	(void)state;
	expect_refusal(ctx, "time.example", NOW, NOON_TLS_WHY_CERT_ISSUER);
	noon_tls_ctx_free(ctx);
}

static void certificate_times_can_be_ignored(void **state)
{
	const struct noon_tls_peer late = {"time.example", TILL + 1, true};
	const struct noon_tls_peer early = {"time.example", 0, true};
	struct pair p = connect_pair(server_ctx, &late);

	(void)state;
	assert_int_equal(p.client_err, NOON_OK);
	free_pair(&p);
	p = connect_pair(server_ctx, &early);
	assert_int_equal(p.client_err, NOON_OK);
	free_pair(&p);
}

static void senseless_host_names_are_refused(void **state)
{
	char name[300];
	struct noon_tls_peer peer = {"", NOW, false};
	struct noon_tls *t = NULL;

	(void)state;
	assert_int_equal(noon_tls_new(client_ctx, &peer, &t), NOON_ERR_RANGE);
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	peer.host = name;
	assert_int_equal(noon_tls_new(client_ctx, &peer, &t), NOON_ERR_RANGE);
	assert_null(t);
}

static void a_reload_changes_new_connections_only(void **state)
{
	const struct noon_tls_peer peer = {"time.example", NOW, false};
	const struct noon_tls_pem chain = pem(other.cert, other.cert_n);
	const struct noon_tls_pem key = pem(other.key, other.key_n);
	const struct noon_tls_pem junk = pem((const uint8_t *)"junk", 4);
	struct noon_tls_ctx *ctx = server_with(&ours);
	struct pair p = {0};
	struct noon_tls_why why;

	(void)state;
	assert_int_equal(noon_tls_server_ctx_reload(ctx, &junk, &key, &why), NOON_ERR_FORMAT);
	assert_int_equal(noon_tls_new(ctx, NULL, &p.server), NOON_OK);
	assert_int_equal(noon_tls_new(client_ctx, &peer, &p.client), NOON_OK);
	assert_int_equal(noon_tls_server_ctx_reload(ctx, &chain, &key, &why), NOON_OK);
	shake_hands(&p, 512);
	assert_int_equal(p.client_err, NOON_OK);
	free_pair(&p);
	expect_refusal(ctx, "time.example", NOW, NOON_TLS_WHY_CERT_ISSUER);
	noon_tls_ctx_free(ctx);
}

static void each_bad_file_is_named(void **state)
{
	const struct noon_tls_pem chain = pem(ours.cert, ours.cert_n);
	const struct noon_tls_pem key = pem(ours.key, ours.key_n);
	const struct noon_tls_pem wrong = pem(other.key, other.key_n);
	const struct noon_tls_pem junk = pem((const uint8_t *)"junk", 4);
	const struct noon_tls_pem absent = {"/nonexistent/file.pem", {NULL, 0}};
	struct noon_tls_ctx *ctx = NULL;
	struct noon_tls_why why;

	(void)state;
	assert_int_equal(noon_tls_server_ctx_new(&absent, &key, &ctx, &why), NOON_ERR_NOT_FOUND);
	assert_int_equal(why.reason, NOON_TLS_WHY_FILE_CERT);
	assert_int_equal(noon_tls_server_ctx_new(&chain, &absent, &ctx, &why), NOON_ERR_NOT_FOUND);
	assert_int_equal(why.reason, NOON_TLS_WHY_FILE_KEY);
	assert_non_null(strstr(why.text, "/nonexistent/file.pem"));
	assert_int_equal(noon_tls_server_ctx_new(&junk, &key, &ctx, &why), NOON_ERR_FORMAT);
	assert_int_equal(why.reason, NOON_TLS_WHY_FILE_CERT);
	assert_int_equal(noon_tls_server_ctx_new(&chain, &junk, &ctx, &why), NOON_ERR_FORMAT);
	assert_int_equal(why.reason, NOON_TLS_WHY_FILE_KEY);
	assert_int_equal(noon_tls_server_ctx_new(&chain, &wrong, &ctx, &why), NOON_ERR_CERT);
	assert_int_equal(why.reason, NOON_TLS_WHY_KEY_MISMATCH);
	assert_int_equal(noon_tls_client_ctx_new(&junk, &ctx, &why), NOON_ERR_FORMAT);
	assert_int_equal(why.reason, NOON_TLS_WHY_FILE_CA);
	assert_int_equal(noon_tls_client_ctx_new(&absent, &ctx, &why), NOON_ERR_NOT_FOUND);
	assert_int_equal(why.reason, NOON_TLS_WHY_FILE_CA);
	assert_null(ctx);
}

static void the_trust_store_of_the_system_can_be_used(void **state)
{
	struct noon_tls_ctx *ctx = NULL;
	struct noon_tls_why why;

	(void)state;
	assert_int_equal(noon_tls_client_ctx_new(NULL, &ctx, &why), NOON_OK);
	noon_tls_ctx_free(ctx);
}

/* A plain OpenSSL client against our server, first flight only; returns the server's reason. */
static enum noon_tls_reason reason_for(int version, const char *alpn)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	enum noon_tls_reason reason;
	struct noon_tls *t = NULL;
	uint8_t hello[2048];
	SSL *ssl;
	int n;

	assert_int_equal(SSL_CTX_set_max_proto_version(ctx, version), 1);
	if (alpn)
		assert_int_equal(SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)alpn,
							 (unsigned)strlen(alpn)),
				 0);
	ssl = SSL_new(ctx);
	SSL_set_bio(ssl, in, out);
	assert_int_equal(SSL_connect(ssl), -1);
	n = BIO_read(out, hello, sizeof(hello));
	assert_true(n > 0);
	assert_int_equal(noon_tls_new(server_ctx, NULL, &t), NOON_OK);
	assert_int_equal(noon_tls_feed(t, noon_bytes_of(hello, (size_t)n)), NOON_OK);
	if (noon_tls_handshake(t) == NOON_ERR_TLS)
		assert_true(noon_tls_pending(t) > 0); /* an alert */
	reason = noon_tls_why(t)->reason;
	noon_tls_free(t);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return reason;
}

/* Whose certificate it is, tells its key: SHA-256 of the SubjectPublicKeyInfo, by openssl here. */
static void the_key_of_the_server_tells_who_it_is(void **state)
{
	const struct noon_tls_peer peer = {.host = "time.example", .time_s = NOW};
	struct pair p;
	uint8_t key[NOON_TLS_DIGEST] = {7};
	uint8_t expected[32];
	BIO *bio = BIO_new_mem_buf(ours.cert, (int)ours.cert_n);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	uint8_t *der = NULL;
	const int len = i2d_PUBKEY(X509_get0_pubkey(x), &der);

	(void)state;
	assert_non_null(SHA256(der, (size_t)len, expected));
	assert_int_equal(noon_tls_new(client_ctx, &peer, &p.client), NOON_OK);
	assert_int_equal(noon_tls_peer_key(p.client, key), NOON_ERR_STATE);
	assert_int_equal(key[0], 7);
	noon_tls_free(p.client);
	p = connect_pair(server_ctx, &peer);
	assert_int_equal(noon_tls_peer_key(p.client, key), NOON_OK);
	assert_memory_equal(key, expected, sizeof(key));
	assert_int_equal(noon_tls_peer_key(p.server, key), NOON_ERR_STATE);
	free_pair(&p);
	OPENSSL_free(der);
	X509_free(x);
	BIO_free(bio);
}

static void each_set_of_anchors_has_a_digest_of_its_own(void **state)
{
	const struct noon_tls_pem a = pem(ours.cert, ours.cert_n);
	const struct noon_tls_pem b = pem(other.cert, other.cert_n);
	uint8_t digest[5][NOON_TLS_DIGEST];
	char folder[] = "/tmp/noonmark-anchors.XXXXXX";
	char file[64];
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(file, sizeof(file), "%s/0123abcd.0", folder);
	assert_int_equal(setenv("SSL_CERT_DIR", folder, 1), 0);
	assert_int_equal(noon_tls_trust_digest(&a, digest[0]), NOON_OK);
	assert_int_equal(noon_tls_trust_digest(&b, digest[1]), NOON_OK);
	assert_int_equal(noon_tls_trust_digest(NULL, digest[2]), NOON_OK);
	for (size_t i = 3; i < 5; i++) { /* one anchor more, and another in its place */
		f = fopen(file, "w");
		assert_non_null(f);
		(void)fprintf(f, "anchor %zu", i);
		(void)fclose(f);
		assert_int_equal(noon_tls_trust_digest(NULL, digest[i]), NOON_OK);
	}
	for (size_t i = 0; i < 5; i++)
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(digest[i], digest[k], NOON_TLS_DIGEST);
	assert_int_equal(noon_tls_trust_digest(NULL, digest[0]), NOON_OK);
	assert_memory_equal(digest[0], digest[4], NOON_TLS_DIGEST);
	(void)unlink(file);
	(void)rmdir(folder);
	(void)unsetenv("SSL_CERT_DIR");
}

static void other_versions_and_protocols_are_refused(void **state)
{
	(void)state;
	assert_int_equal(reason_for(TLS1_3_VERSION, "\7ntske/1"), NOON_TLS_WHY_NONE);
	assert_int_equal(reason_for(TLS1_3_VERSION, "\2h2\7ntske/1"), NOON_TLS_WHY_NONE);
	assert_int_equal(reason_for(TLS1_2_VERSION, "\7ntske/1"), NOON_TLS_WHY_VERSION);
	assert_int_equal(reason_for(TLS1_3_VERSION, "\2h2"), NOON_TLS_WHY_ALPN);
	assert_int_equal(reason_for(TLS1_3_VERSION, "\7ntske/2"), NOON_TLS_WHY_ALPN);
	assert_int_equal(reason_for(TLS1_3_VERSION, NULL), NOON_TLS_WHY_ALPN);
}

/* A plain OpenSSL server that has our certificate and ignores ALPN. */
static SSL *careless_server(SSL_CTX **ret_ctx, BIO **ret_in, BIO **ret_out)
{
	BIO *cert = BIO_new_mem_buf(ours.cert, (int)ours.cert_n);
	BIO *key = BIO_new_mem_buf(ours.key, (int)ours.key_n);
	X509 *x = PEM_read_bio_X509(cert, NULL, NULL, NULL);
	EVP_PKEY *k = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
	SSL *ssl;

	*ret_ctx = SSL_CTX_new(TLS_server_method());
	assert_int_equal(SSL_CTX_use_certificate(*ret_ctx, x), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(*ret_ctx, k), 1);
	ssl = SSL_new(*ret_ctx);
	*ret_in = BIO_new(BIO_s_mem());
	*ret_out = BIO_new(BIO_s_mem());
	SSL_set_bio(ssl, *ret_in, *ret_out);
	X509_free(x);
	EVP_PKEY_free(k);
	BIO_free(cert);
	BIO_free(key);
	return ssl;
}

static void a_server_that_ignores_alpn_is_refused(void **state)
{
	const struct noon_tls_peer peer = {"time.example", NOW, false};
	struct noon_tls *t = NULL;
	static uint8_t buf[4096];
	struct noon_wr wr = noon_wr_over(buf, sizeof(buf));
	SSL_CTX *ctx;
	BIO *in, *out;
	SSL *ssl = careless_server(&ctx, &in, &out);
	int n;

	(void)state;
	assert_int_equal(noon_tls_new(client_ctx, &peer, &t), NOON_OK);
	assert_int_equal(noon_tls_handshake(t), NOON_ERR_EMPTY);
	n = (int)noon_tls_take(t, &wr);
	assert_int_equal(BIO_write(in, buf, n), n);
	assert_int_equal(SSL_accept(ssl), -1);
	n = BIO_read(out, buf, (int)sizeof(buf) / 2);
	assert_true(n > 0);
	assert_int_equal(noon_tls_feed(t, noon_bytes_of(buf, (size_t)n)), NOON_OK);
	assert_int_equal(noon_tls_handshake(t), NOON_ERR_TLS);
	assert_int_equal(noon_tls_why(t)->reason, NOON_TLS_WHY_ALPN);
	noon_tls_free(t);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

static void plain_text_is_not_tls(void **state)
{
	static const char *const texts[] = {"GET / HTTP/1.1\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
					    "\x80\x01\x00\x02\x00\x00\x80\x00\x00\x00"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct noon_tls *t = NULL;

		assert_int_equal(noon_tls_new(server_ctx, NULL, &t), NOON_OK);
		assert_int_equal(
			noon_tls_feed(t, noon_bytes_of(texts[i], i == 2 ? 10 : strlen(texts[i]))),
			NOON_OK);
		assert_int_equal(noon_tls_handshake(t), NOON_ERR_TLS);
		assert_int_equal(noon_tls_why(t)->reason, NOON_TLS_WHY_NOT_TLS);
		noon_tls_free(t);
	}
}

static void an_early_end_of_the_stream_is_noticed(void **state)
{
	const struct noon_tls_peer peer = {"time.example", NOW, false};
	struct pair p = connect_pair(server_ctx, &peer);
	struct noon_tls *t = NULL;
	uint8_t buf[8];
	size_t n;

	(void)state;
	assert_int_equal(noon_tls_new(server_ctx, NULL, &t), NOON_OK);
	assert_int_equal(noon_tls_handshake(t), NOON_ERR_EMPTY);
	noon_tls_eof(t);
	assert_int_equal(noon_tls_handshake(t), NOON_ERR_TLS);
	assert_int_equal(noon_tls_why(t)->reason, NOON_TLS_WHY_CLOSED);
	noon_tls_free(t);
	noon_tls_eof(p.server);
	assert_int_equal(noon_tls_read(p.server, buf, sizeof(buf), &n), NOON_ERR_TLS);
	assert_int_equal(noon_tls_why(p.server)->reason, NOON_TLS_WHY_CLOSED);
	free_pair(&p);
}

static void every_reason_has_a_word(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < NOON_TLS_REASONS; i++)
		assert_string_not_equal(noon_tls_reason_word((enum noon_tls_reason)i), "");
	assert_string_equal(noon_tls_reason_word(NOON_TLS_WHY_CERT_EXPIRED), "cert-expired");
	assert_string_equal(noon_tls_reason_word(NOON_TLS_REASONS), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_addresses_are_accepted),
		cmocka_unit_test(data_passes_one_byte_at_a_time),
		cmocka_unit_test(both_sides_export_the_same_bytes),
		cmocka_unit_test(export_before_the_handshake_is_refused),
		cmocka_unit_test(expired_certificate_is_refused),
		cmocka_unit_test(certificate_not_yet_valid_is_refused),
		cmocka_unit_test(certificate_for_another_name_is_refused),
		cmocka_unit_test(certificate_of_an_unknown_issuer_is_refused),
		cmocka_unit_test(certificate_times_can_be_ignored),
		cmocka_unit_test(senseless_host_names_are_refused),
		cmocka_unit_test(a_reload_changes_new_connections_only),
		cmocka_unit_test(each_bad_file_is_named),
		cmocka_unit_test(the_trust_store_of_the_system_can_be_used),
		cmocka_unit_test(the_key_of_the_server_tells_who_it_is),
		cmocka_unit_test(each_set_of_anchors_has_a_digest_of_its_own),
		cmocka_unit_test(other_versions_and_protocols_are_refused),
		cmocka_unit_test(a_server_that_ignores_alpn_is_refused),
		cmocka_unit_test(plain_text_is_not_tls),
		cmocka_unit_test(an_early_end_of_the_stream_is_noticed),
		cmocka_unit_test(every_reason_has_a_word),
	};

	return cmocka_run_group_tests_name("crypto/tls", tests, make_contexts, free_contexts);
}
