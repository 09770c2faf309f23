/* SPDX-License-Identifier: Apache-2.0
 *
 * Start, loop and end of the server for a client under test.
 */
#include "check/client/client_server.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/ec.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check/client/client_server_priv.h"

/* --- start --- */

static int bind_to(const char *host, uint16_t port, int type)
{
	const struct addrinfo hints = {.ai_socktype = type,
				       .ai_flags = AI_NUMERICHOST | AI_PASSIVE};
	struct addrinfo *ai = NULL;
	char word[8];
	const int one = 1;
	int fd = -1;

	(void)snprintf(word, sizeof(word), "%u", (unsigned)port);
	if (getaddrinfo(host, word, &hints, &ai) != 0) {
		errno = EINVAL;
		return -1;
	}
	fd = socket(ai->ai_family, type, 0);
	/* Two UDP servers on one port would share its packets: SO_REUSEADDR only for TCP, whose old
	 * connections linger. */
	if (fd >= 0 &&
	    ((type == SOCK_STREAM &&
	      setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0) ||
	     fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 ||
	     (type == SOCK_STREAM && listen(fd, 16) < 0))) {
		const int why = errno;

		(void)close(fd);
		errno = why;
		fd = -1;
	}
	freeaddrinfo(ai);
	return fd;
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *in,
		   unsigned int in_n, void *arg)
{
	(void)ssl;
	(void)arg;
	for (unsigned i = 0; i + 7 < in_n; i += in[i] + 1U)
		if (in[i] == 7 && memcmp(in + i + 1, "ntske/1", 7) == 0) {
			*out = in + i + 1;
			*n = 7;
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static SSL_CTX *new_tls(void)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	if (tls == NULL)
		return NULL;
	(void)SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
	(void)SSL_CTX_set_num_tickets(tls, 0);
	SSL_CTX_set_alpn_select_cb(tls, on_alpn, NULL);
	return tls;
}

/* The true certificate with another key, self-signed: correct except that no trust anchor of the
 * client signed it. */
static SSL_CTX *new_false_tls(SSL_CTX *true_tls)
{
	X509 *c = X509_dup(SSL_CTX_get0_certificate(true_tls));
	EVP_PKEY *k = EVP_EC_gen("P-256");
	SSL_CTX *tls = new_tls();

	if (c == NULL || k == NULL || tls == NULL || X509_set_pubkey(c, k) != 1 ||
	    X509_sign(c, k, EVP_sha256()) == 0 || SSL_CTX_use_certificate(tls, c) != 1 ||
	    SSL_CTX_use_PrivateKey(tls, k) != 1) {
		SSL_CTX_free(tls);
		tls = NULL;
	}
	X509_free(c);
	EVP_PKEY_free(k);
	return tls;
}

static bool is_address(const char *host)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST};
	struct addrinfo *ai = NULL;
	const bool ok = getaddrinfo(host, NULL, &hints, &ai) == 0;

	if (ok)
		freeaddrinfo(ai);
	return ok;
}

static noon_err bind_both(struct noon_check_client_server *s,
			  const struct noon_check_client_conf *conf, const char **ret_why)
{
	struct sockaddr_storage at = {0};
	socklen_t len = sizeof(at);

	*ret_why = "expected an IP address";
	if (!is_address(conf->listen))
		return NOON_ERR_RANGE;
	*ret_why = "the port of the key exchange";
	s->ke_fd = bind_to(conf->listen, conf->ke_port, SOCK_STREAM);
	if (s->ke_fd < 0)
		return NOON_ERR_OS;
	*ret_why = "the port of NTP";
	s->ntp_fd = bind_to(conf->listen, conf->ntp_port, SOCK_DGRAM);
	if (s->ntp_fd < 0 || getsockname(s->ntp_fd, (struct sockaddr *)&at, &len) < 0)
		return NOON_ERR_OS;
	s->ntp_port = noon_check_client_port(&at);
	return NOON_OK;
}

noon_err noon_check_client_server_init(struct noon_check_client_server *s,
				       const struct noon_check_client_conf *conf,
				       const char **ret_why)
{
	SSL_CTX *tls = new_tls();

	s->tls = tls;
	s->ke_fd = -1;
	s->ntp_fd = -1;
	s->aead = conf->aead;
	s->silence =
		NOON_CHECK_CLIENT_NAKS_FROM + NOON_CHECK_CLIENT_NAKS + NOON_CHECK_CLIENT_LAST_GOOD;
	s->heard = noon_check_client_clock(CLOCK_MONOTONIC);
	s->ended = s->heard;
	*ret_why = "the certificate cannot be used";
	if (tls == NULL || SSL_CTX_use_certificate_chain_file(tls, conf->cert) != 1)
		return NOON_ERR_TLS;
	*ret_why = "the key cannot be used, or is not that of the certificate";
	if (SSL_CTX_use_PrivateKey_file(tls, conf->key, SSL_FILETYPE_PEM) != 1)
		return NOON_ERR_TLS;
	s->false_tls = new_false_tls(tls);
	*ret_why = "no false one can be made like it";
	return s->false_tls == NULL ? NOON_ERR_TLS : bind_both(s, conf, ret_why);
}

void noon_check_client_server_fini(struct noon_check_client_server *s)
{
	if (s->ke_fd >= 0)
		(void)close(s->ke_fd);
	if (s->ntp_fd >= 0)
		(void)close(s->ntp_fd);
	SSL_CTX_free(s->tls);
	SSL_CTX_free(s->false_tls);
	noon_wipe(s->ke, sizeof(s->ke));
}

/* --- loop --- */

void noon_check_client_server_serve(struct noon_check_client_server *s, noon_dur longest,
				    int stop_fd)
{
	struct pollfd p[3] = {{.fd = s->ke_fd, .events = POLLIN},
			      {.fd = s->ntp_fd, .events = POLLIN},
			      {.fd = stop_fd, .events = POLLIN}};
	const int ms = (int)(longest / NOON_MS(1));

	if (poll(p, 3, ms) > 0) {
		if (p[0].revents != 0)
			noon_check_client_serve_keys(s);
		if (p[1].revents != 0)
			noon_check_client_serve_time(s);
		if (p[0].revents != 0 || p[1].revents != 0)
			s->heard = noon_check_client_clock(CLOCK_MONOTONIC);
	}
	s->ended = noon_check_client_clock(CLOCK_MONOTONIC);
}
