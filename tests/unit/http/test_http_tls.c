/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/x509.h"
#include "http_world.h"

#define BIG 60000

static struct noon_secret_x509 first, second;
static struct noon_tls_pem chain, key;

struct client {
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;
};

static struct noon_tls_pem pem(const uint8_t *p, size_t n)
{
	return (struct noon_tls_pem){NULL, noon_bytes_of(p, n)};
}

static int make_certificates(void **state)
{
	struct noon_x509_conf conf = {"first.example", NULL, 0, 1000000000, 4000000000, false};

	(void)state;
	assert_int_equal(noon_x509_self_signed(&conf, &first), NOON_OK);
	conf.common_name = "second.example";
	assert_int_equal(noon_x509_self_signed(&conf, &second), NOON_OK);
	return 0;
}

static int reset(void **state)
{
	chain = pem(first.cert, first.cert_n);
	key = pem(first.key, first.key_n);
	(void)world_reset(state);
	world_conf.chain = &chain;
	world_conf.key = &key;
	return 0;
}

/* Shake hands with at most this version; false if that fails. `alpn` is as on the wire. */
static bool client_tls(struct client *c, int version, const char *alpn)
{
	c->fd = client_open(world_tls_port);
	c->ctx = SSL_CTX_new(TLS_client_method());
	assert_non_null(c->ctx);
	SSL_CTX_set_security_level(c->ctx, 0);
	assert_int_equal(SSL_CTX_set_min_proto_version(c->ctx, TLS1_VERSION), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(c->ctx, version), 1);
	c->ssl = SSL_new(c->ctx);
	assert_non_null(c->ssl);
	assert_int_equal(SSL_set_fd(c->ssl, c->fd), 1);
	if (alpn != NULL)
		assert_int_equal(
			SSL_set_alpn_protos(c->ssl, (const uint8_t *)alpn, (unsigned)strlen(alpn)),
			0);
	return SSL_connect(c->ssl) == 1;
}

static void client_end(struct client *c)
{
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	(void)close(c->fd);
}

static void send_post(struct client *c, const char *body, size_t piece)
{
	static char text[BIG + 1000];
	const int n = snprintf(text, sizeof(text), POST "Content-Length: %zu\r\n\r\n%s",
			       strlen(body), body);

	assert_in_range(n, 1, sizeof(text) - 1);
	for (size_t at = 0; at < (size_t)n; at += piece) {
		const size_t k = (size_t)n - at < piece ? (size_t)n - at : piece;

		assert_int_equal(SSL_write(c->ssl, text + at, (int)k), (int)k);
	}
}

/* Read until `end` is what was read last. */
static void expect_end(struct client *c, const char *end)
{
	static char text[BIG + 2000];
	size_t n = 0;

	while (n < strlen(end) || memcmp(text + n - strlen(end), end, strlen(end)) != 0) {
		const int k = SSL_read(c->ssl, text + n, (int)(sizeof(text) - n));

		assert_true(k > 0);
		n += (size_t)k;
	}
	assert_memory_equal(text, "HTTP/1.1 200 OK\r\n", 17);
}

static void expect_name(struct client *c, const char *want)
{
	X509 *cert = SSL_get1_peer_certificate(c->ssl);
	char name[64] = "";

	assert_non_null(cert);
	(void)X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name,
					sizeof(name));
	X509_free(cert);
	assert_string_equal(name, want);
}

static void serves_tls_1_2_and_1_3(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

	(void)state;
	world_open();
	for (size_t i = 0; i < 2; i++)
		for (size_t piece = 1; piece < 2000; piece += 499) {
			struct client c;

			assert_true(client_tls(&c, versions[i], "\x02h2\x08http/1.1"));
			assert_int_equal(SSL_version(c.ssl), versions[i]);
			for (int k = 0; k < 3; k++) {
				send_post(&c, k == 1 ? "nowhi" : "hi", piece);
				expect_end(&c, "hi");
			}
			client_end(&c);
		}
	world_await_open(0);
	assert_int_equal(world_count(NOON_HTTP_COUNT_TLS_FAILED), 0);
}

static void selects_a_protocol_that_is_offered(void **state)
{
	static const char *const offered[] = {"\x02h2\x08http/1.1\x08http/1.0", "\x08http/1.0"};
	static const char *const selected[] = {"http/1.1", "http/1.0"};

	(void)state;
	world_open();
	for (size_t i = 0; i < 2; i++) {
		const uint8_t *name = NULL;
		unsigned n = 0;
		struct client c;

		assert_true(client_tls(&c, TLS1_3_VERSION, offered[i]));
		SSL_get0_alpn_selected(c.ssl, &name, &n);
		assert_int_equal(n, 8);
		assert_memory_equal(name, selected[i], 8);
		client_end(&c);
	}
}

static void refuses_other_versions_and_protocols(void **state)
{
	struct client c;

	(void)state;
	world_open();
	assert_false(client_tls(&c, TLS1_1_VERSION, NULL));
	client_end(&c);
	assert_false(client_tls(&c, TLS1_3_VERSION, "\x02h2"));
	client_end(&c);
	world_await(NOON_HTTP_COUNT_TLS_FAILED, 2);
	c.fd = client_open(world_tls_port);
	client_send(c.fd, "GET / HTTP/1.1\r\n\r\n");
	(void)client_read_all(c.fd, NULL, 0);
	(void)close(c.fd);
	world_await(NOON_HTTP_COUNT_TLS_FAILED, 3);
	world_await_open(0);
}

static void carries_much_and_pipelined_in_order(void **state)
{
	static char body[BIG + 1];
	char want[16];
	struct client c;

	(void)state;
	world_open();
	assert_true(client_tls(&c, TLS1_3_VERSION, NULL));
	memset(body, 'b', BIG);
	for (int i = 0; i < 4; i++) {
		(void)snprintf(want, sizeof(want), "end%d", i);
		memcpy(body + BIG - 4, want, 4);
		send_post(&c, body, 16000);
		expect_end(&c, want);
	}
	for (int i = 0; i < 10; i++) { /* all before the first reply is read */
		(void)snprintf(body, sizeof(body), "%04000d end%d", 0, i);
		send_post(&c, body, 500);
	}
	expect_end(&c, "end9");
	client_end(&c);
	world_await_open(0);
	assert_int_equal(world_requests(), 14);
}

static void closes_with_a_notice(void **state)
{
	char byte;
	struct client c;

	(void)state;
	world_open();
	assert_true(client_tls(&c, TLS1_3_VERSION, NULL));
	send_post(&c, "nowbye", 2000);
	expect_end(&c, "nowbye");
	assert_int_equal(SSL_read(c.ssl, &byte, 1), 0);
	assert_int_equal(SSL_get_error(c.ssl, 0), SSL_ERROR_ZERO_RETURN);
	client_end(&c);
	world_await_open(0);
}

static void survives_clients_that_leave(void **state)
{
	struct client c;
	int fd;

	(void)state;
	world_open();
	assert_true(client_tls(&c, TLS1_3_VERSION, NULL));
	send_post(&c, "hold", 2000);
	world_await_requests(1);
	client_reset(dup(c.fd));
	client_end(&c);
	fd = client_open(world_tls_port); /* leaves within the handshake */
	client_send(fd, "\x16\x03\x01");
	(void)close(fd);
	noon_http_server_wake(world_server);
	world_await_open(0);
}

static void limits_the_time_of_a_handshake(void **state)
{
	int fd;

	(void)state;
	world_conf.handshake = NOON_MS(200);
	world_open();
	fd = client_open(world_tls_port);
	assert_int_equal(client_read_all(fd, NULL, 0), 0);
	(void)close(fd);
	world_await(NOON_HTTP_COUNT_TIMEOUT, 1);
	world_await_open(0);
}

static void reloads_for_connections_to_come(void **state)
{
	const struct noon_tls_pem new_chain = pem(second.cert, second.cert_n);
	const struct noon_tls_pem new_key = pem(second.key, second.key_n);
	const struct noon_tls_pem missing = {.path = "/nonexistent/chain.pem"};
	struct noon_tls_why why = {0};
	struct client old, new;

	(void)state;
	world_open();
	assert_true(client_tls(&old, TLS1_3_VERSION, NULL));
	expect_name(&old, "first.example");

	/* Bad ones leave the old one in force. */
	assert_int_equal(noon_http_server_reload(world_server, &missing, &new_key, &why),
			 NOON_ERR_NOT_FOUND);
	assert_int_equal(why.reason, NOON_TLS_WHY_FILE_CERT);
	assert_non_null(strstr(why.text, "/nonexistent/chain.pem"));
	assert_int_equal(noon_http_server_reload(world_server, &new_chain, &key, &why),
			 NOON_ERR_CERT);
	assert_int_equal(why.reason, NOON_TLS_WHY_KEY_MISMATCH);
	assert_true(client_tls(&new, TLS1_3_VERSION, NULL));
	expect_name(&new, "first.example");
	client_end(&new);

	assert_int_equal(noon_http_server_reload(world_server, &new_chain, &new_key, &why),
			 NOON_OK);
	assert_true(client_tls(&new, TLS1_2_VERSION, NULL));
	expect_name(&new, "second.example");
	send_post(&new, "hi", 2000);
	expect_end(&new, "hi");
	client_end(&new);
	send_post(&old, "still here", 2000);
	expect_end(&old, "still here");
	client_end(&old);
}

static void says_which_file_is_wrong(void **state)
{
	struct noon_tls_pem wrong = {.path = "/nonexistent/key.pem"};
	struct noon_http_server *s = NULL;
	struct noon_http_why why = {""};

	(void)state;
	world_conf.key = &wrong;
	world_conf.n_listen = 2;
	assert_int_equal(noon_http_server_new(&world_conf, &s, &why), NOON_ERR_NOT_FOUND);
	assert_non_null(strstr(why.text, "/nonexistent/key.pem"));
	assert_null(s);
}

#define T(f) cmocka_unit_test_setup_teardown(f, reset, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(serves_tls_1_2_and_1_3),
		T(selects_a_protocol_that_is_offered),
		T(refuses_other_versions_and_protocols),
		T(carries_much_and_pipelined_in_order),
		T(closes_with_a_notice),
		T(survives_clients_that_leave),
		T(limits_the_time_of_a_handshake),
		T(reloads_for_connections_to_come),
		T(says_which_file_is_wrong),
	};

	return cmocka_run_group_tests_name("http/http_tls", tests, make_certificates, NULL);
}
