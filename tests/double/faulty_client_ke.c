/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "faulty_client.h"
#include "wire/ntske.h"

#define EXPORTER "EXPORTER-network-time-security"

void put_in_jar(struct client *c, struct noon_bytes cookie)
{
	struct cookie *to = &c->jar[c->n];

	if (c->n == JAR || cookie.n > COOKIE_MAX)
		return;
	memcpy(to->p, cookie.p, cookie.n);
	to->n = cookie.n;
	c->n++;
}

static size_t write_request(struct client *c)
{
	struct noon_wr wr = noon_wr_over(c->out, sizeof(c->out));
	const uint16_t protocol = NOON_NTSKE_NTPV4;
	const uint16_t both[] = {NOON_AEAD_GCM_SIV_128, NOON_AEAD_SIV_CMAC_256};
	const uint16_t one = (uint16_t)c->offer;
	const bool all = c->offer == NOON_AEAD_NONE;

	must(!noon_ntske_wr_items(&wr, true, NOON_NTSKE_NEXT_PROTOCOL, &protocol, 1) &&
		     !noon_ntske_wr_items(&wr, true, NOON_NTSKE_AEAD, all ? both : &one,
					  all ? 2 : 1) &&
		     !noon_ntske_wr(&wr, false, NOON_NTSKE_COMPLIANT_EXPORTER,
				    noon_bytes_of(NULL, 0)) &&
		     !noon_ntske_wr_end(&wr),
	     "request");
	return noon_wr_len(&wr);
}

static void export_keys(struct client *c, SSL *ssl)
{
	for (uint8_t way = 0; way < 2; way++) {
		const unsigned char context[] = {0, 0, 0, (unsigned char)c->aead, way};

		must(SSL_export_keying_material(
			     ssl, way == 0 ? c->c2s : c->s2c, noon_aead_key_len(c->aead), EXPORTER,
			     sizeof(EXPORTER) - 1, context, sizeof(context), 1) == 1,
		     "exporter");
	}
}

static bool take_reply(struct client *c, SSL *ssl, struct noon_bytes in)
{
	struct noon_rd rd = noon_rd_bytes(in);
	struct noon_ntske_record r;
	bool any = false;

	while (noon_rd_left(&rd) > 0 && noon_ntske_rd(&rd, &r) == NOON_OK) {
		if (r.type == NOON_NTSKE_AEAD && r.body.n == 2)
			c->aead = (enum noon_aead_id)noon_ntske_item(r.body, 0);
		if (r.type == NOON_NTSKE_SERVER_PORT && r.body.n == 2)
			c->ntp.sin_port = htons(noon_ntske_item(r.body, 0));
		if (r.type != NOON_NTSKE_COOKIE)
			continue;
		if (!any)
			c->n = 0;
		any = true;
		put_in_jar(c, r.body);
	}
	if (any)
		export_keys(c, ssl);
	return any;
}

static bool talk(struct client *c, SSL *ssl)
{
	const size_t n = write_request(c);
	size_t got = 0;
	int r;

	if (SSL_connect(ssl) != 1 || SSL_write(ssl, c->out, (int)n) != (int)n)
		return false;
	while ((r = SSL_read(ssl, c->in + got, (int)(sizeof(c->in) - got))) > 0)
		got += (size_t)r;
	return take_reply(c, ssl, noon_bytes_of(c->in, got));
}

bool exchange_keys(struct client *c)
{
	static const unsigned char alpn[] = "\7ntske/1";
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	SSL *ssl = SSL_new(c->ctx);
	bool ok;

	must(fd >= 0 && ssl != NULL && SSL_set_alpn_protos(ssl, alpn, 8) == 0 &&
		     SSL_set1_host(ssl, "localhost") == 1 && SSL_set_fd(ssl, fd) == 1,
	     "TLS");
	ok = connect(fd, (const struct sockaddr *)&c->ke, sizeof(c->ke)) == 0 && talk(c, ssl);
	SSL_free(ssl);
	(void)close(fd);
	return ok;
}
