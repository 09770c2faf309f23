/* SPDX-License-Identifier: Apache-2.0 */
#include "check/client_server.h"

#include <fcntl.h>
#include <netdb.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "proto/nts_packet.h"
#include "wire/ntske.h"

#define EXPORTER "EXPORTER-network-time-security"
#define GOOD	 28 /* requests before the silence */

static noon_time clock_now(clockid_t which)
{
	struct timespec ts;

	(void)clock_gettime(which, &ts);
	return (noon_time){ts.tv_sec * NOON_NS_PER_SEC + ts.tv_nsec};
}

enum noon_client_step noon_client_step_of(size_t n)
{
	if (n >= GOOD)
		return NOON_STEP_SILENT;
	switch (n) {
	case 3:
		return NOON_STEP_BARE;
	case 5:
		return NOON_STEP_TAMPERED;
	case 7:
		return NOON_STEP_NAK_OTHER;
	case 10:
		return NOON_STEP_NAK_FIRST;
	case 13:
		return NOON_STEP_ZERO;
	case 15:
		return NOON_STEP_HUGE;
	default:
		return NOON_STEP_GOOD;
	}
}

/* --- cookies --- */

static struct noon_client_cookie *make_cookie(struct noon_client_server *s, uint8_t key,
					      enum noon_client_bait bait)
{
	struct noon_client_cookie *c = &s->cookie[s->n_cookie % NOON_CLIENT_COOKIES];

	s->n_cookie++;
	*c = (struct noon_client_cookie){.key = key, .bait = bait};
	(void)RAND_bytes(c->p, sizeof(c->p));
	return c;
}

static struct noon_client_cookie *find_cookie(struct noon_client_server *s, struct noon_bytes p)
{
	if (p.n < NOON_CLIENT_COOKIE)
		return NULL;
	for (size_t i = 0; i < s->n_cookie && i < NOON_CLIENT_COOKIES; i++)
		if (memcmp(s->cookie[i].p, p.p, NOON_CLIENT_COOKIE) == 0)
			return &s->cookie[i];
	return NULL;
}

/* --- key exchange --- */

static bool wants_us(struct noon_bytes in)
{
	struct noon_rd rd = noon_rd_bytes(in);
	struct noon_ntske_record r;
	bool ntp = false;
	bool aead = false;

	while (noon_rd_left(&rd) > 0 && noon_ntske_rd(&rd, &r) == NOON_OK)
		for (size_t i = 0; i < r.body.n / 2; i++) {
			ntp |= r.type == NOON_NTSKE_NEXT_PROTOCOL &&
			       noon_ntske_item(r.body, i) == NOON_NTSKE_NTPV4;
			aead |= r.type == NOON_NTSKE_AEAD &&
				noon_ntske_item(r.body, i) == NOON_AEAD_SIV_CMAC_256;
		}
	return ntp && aead;
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

static bool export_keys(struct noon_client_server *s, SSL *ssl, uint8_t key)
{
	for (uint8_t way = 0; way < 2; way++) {
		const unsigned char context[] = {0, 0, 0, NOON_AEAD_SIV_CMAC_256, way};

		if (SSL_export_keying_material(ssl, way == 0 ? s->c2s[key] : s->s2c[key], 32,
					       EXPORTER, sizeof(EXPORTER) - 1, context,
					       sizeof(context), 1) != 1)
			return false;
	}
	return true;
}

static bool write_keys(struct noon_client_server *s, uint8_t key, struct noon_wr *wr)
{
	const uint16_t protocol = NOON_NTSKE_NTPV4;
	const uint16_t aead = NOON_AEAD_SIV_CMAC_256;
	const uint16_t port = s->ntp_port;
	bool ok = !noon_ntske_wr_items(wr, true, NOON_NTSKE_NEXT_PROTOCOL, &protocol, 1) &&
		  !noon_ntske_wr_items(wr, true, NOON_NTSKE_AEAD, &aead, 1) &&
		  !noon_ntske_wr_items(wr, false, NOON_NTSKE_SERVER_PORT, &port, 1);

	for (int i = 0; i < 8; i++)
		ok = ok && !noon_ntske_wr(wr, false, NOON_NTSKE_COOKIE,
					  noon_bytes_of(make_cookie(s, key, NOON_BAIT_NONE)->p,
							NOON_CLIENT_COOKIE));
	return ok && !noon_ntske_wr_end(wr);
}

static void talk(struct noon_client_server *s, SSL *ssl)
{
	struct noon_wr wr = noon_wr_over(s->out, sizeof(s->out));
	const uint8_t key = (uint8_t)s->n_ke;
	size_t n = 0;

	if (SSL_accept(ssl) != 1 || !read_request(ssl, s->in, sizeof(s->in), &n) ||
	    !wants_us(noon_bytes_of(s->in, n)) || !export_keys(s, ssl, key) ||
	    !write_keys(s, key, &wr))
		return;
	s->ke[s->n_ke++] =
		(struct noon_client_ke){.at = clock_now(CLOCK_MONOTONIC), .requests = s->n_request};
	(void)SSL_write(ssl, s->out, (int)noon_wr_len(&wr));
	(void)SSL_shutdown(ssl);
}

static void serve_keys(struct noon_client_server *s)
{
	const struct timeval limit = {.tv_sec = 2};
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	const int fd = accept(s->ke_fd, (struct sockaddr *)&peer, &len);
	char name[sizeof(s->peer)] = "";
	SSL *ssl;

	if (fd < 0)
		return;
	(void)getnameinfo((struct sockaddr *)&peer, len, name, sizeof(name), NULL, 0,
			  NI_NUMERICHOST);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (s->n_ke == NOON_CLIENT_KES || (s->n_ke > 0 && strcmp(name, s->peer) != 0)) {
		(void)close(fd);
		return;
	}
	if (noon_client_step_of(s->n_request) == NOON_STEP_SILENT) {
		s->ke[s->n_ke++] = (struct noon_client_ke){.at = clock_now(CLOCK_MONOTONIC),
							   .requests = s->n_request,
							   .refused = true};
		(void)close(fd);
		return;
	}
	ssl = SSL_new(s->tls);
	if (ssl != NULL && SSL_set_fd(ssl, fd) == 1)
		talk(s, ssl);
	if (s->n_ke > 0)
		(void)snprintf(s->peer, sizeof(s->peer), "%s", name);
	SSL_free(ssl);
	(void)close(fd);
}

/* --- NTP --- */

static bool opens(const uint8_t key[32], const struct noon_nts_packet *p)
{
	uint8_t plain[2048];
	struct noon_aead aead = {.handle = NULL};
	size_t n = 0;
	const bool ok = !noon_aead_init(&aead, NOON_AEAD_SIV_CMAC_256, noon_bytes_of(key, 32)) &&
			!noon_aead_open(&aead, p->auth.nonce, p->ad, p->auth.sealed, plain,
					sizeof(plain), &n);

	noon_aead_fini(&aead);
	return ok;
}

/* The authenticator's own length says where the next field would begin. */
static bool is_last(const struct noon_nts_packet *p)
{
	const uint8_t *at = p->whole.p + p->ad.n;

	return p->has_auth && !p->has_mac && p->ad.n + 4 <= p->whole.n &&
	       p->ad.n + ((size_t)at[2] << 8 | at[3]) == p->whole.n;
}

static struct noon_client_request *note(struct noon_client_server *s,
					const struct noon_ntp_header *h,
					const struct noon_nts_packet *p,
					struct noon_client_cookie *c, uint16_t port)
{
	struct noon_client_request *r = &s->request[s->n_request];
	const int64_t now = clock_now(CLOCK_REALTIME).ns;
	const int64_t theirs = noon_ntp_ts_to_time(h->transmit, (noon_time){now}).ns;

	*r = (struct noon_client_request){
		.at = clock_now(CLOCK_MONOTONIC),
		.from_clock = theirs > now ? theirs - now : now - theirs,
		.step = noon_client_step_of(s->n_request),
		.header = *h,
		.port = port,
		.uid_n = p->uid.n,
		.n_uid = p->n_uid,
		.n_cookie = p->n_cookie,
		.cookie_n = p->cookie.n,
		.placeholders = p->n_placeholder,
		.bad_placeholder = p->bad_placeholder,
		.bait = c != NULL ? c->bait : NOON_BAIT_UNKNOWN,
		.again = c != NULL && c->used++ > 0,
		.last = is_last(p),
		.auth = c != NULL && p->has_auth && opens(s->c2s[c->key], p),
	};
	memcpy(r->uid, p->uid.p, p->uid.n < NOON_CLIENT_UID ? p->uid.n : NOON_CLIENT_UID);
	s->n_request++;
	return r;
}

struct question {
	struct noon_ntp_header header;
	struct noon_nts_packet packet;
	const struct sockaddr *peer;
	socklen_t len;
	uint8_t key;
};

static struct noon_ntp_header header_for(const struct question *q)
{
	const noon_time now = clock_now(CLOCK_REALTIME);

	return (struct noon_ntp_header){
		.version = 4,
		.mode = NOON_NTP_MODE_SERVER,
		.stratum = 1,
		.poll = q->header.poll,
		.precision = -20,
		.root_disp = 10,
		.ref_id = 0x47505300,
		.origin = q->header.transmit,
		.receive = noon_ntp_ts_from_time(now),
		.reference = noon_ntp_ts_from_time((noon_time){now.ns - NOON_S(10)}),
		.transmit = noon_ntp_ts_from_time(now),
	};
}

static void reply(const struct noon_client_server *s, const struct question *q, struct noon_wr *wr)
{
	(void)sendto(s->ntp_fd, wr->start, noon_wr_len(wr), 0, q->peer, q->len);
}

/* A cookie inside of the ciphertext; one of no bytes is only a head. */
static bool put_cookie(struct noon_client_server *s, const struct question *q,
		       enum noon_client_step step, enum noon_client_bait bait, struct noon_wr *wr)
{
	uint8_t huge[NOON_CLIENT_HUGE] = {0};
	const struct noon_client_cookie *c;

	if (step == NOON_STEP_ZERO)
		return !noon_wr_u16(wr, NOON_EXT_COOKIE) && !noon_wr_u16(wr, 4);
	c = make_cookie(s, q->key, bait);
	memcpy(huge, c->p, sizeof(c->p));
	return !noon_ntp_ext_put(
		wr, NOON_EXT_COOKIE,
		noon_bytes_of(huge, step == NOON_STEP_HUGE ? sizeof(huge) : sizeof(c->p)));
}

/* Time with an authenticator, whose last byte is wrong when it carries the bait of tampering. */
static void send_sealed(struct noon_client_server *s, const struct question *q,
			enum noon_client_step step, enum noon_client_bait bait)
{
	const size_t wanted = 1 + q->packet.n_placeholder;
	const struct noon_ntp_header h = header_for(q);
	uint8_t nonce[16];
	struct noon_wr wr = noon_wr_over(s->out, sizeof(s->out));
	struct noon_wr in = noon_wr_over(s->plain, sizeof(s->plain));
	struct noon_aead aead = {.handle = NULL};
	bool ok = !noon_ntp_header_put(&wr, &h) &&
		  !noon_ntp_ext_put(&wr, NOON_EXT_UNIQUE_ID, q->packet.uid);
	const struct noon_bytes ad = noon_wr_written(&wr);

	for (size_t i = 0;
	     i < (bait != NOON_BAIT_NONE || step != NOON_STEP_GOOD ? 1 : wanted) && i < 8; i++)
		ok = ok && put_cookie(s, q, step, bait, &in);
	(void)RAND_bytes(nonce, sizeof(nonce));
	ok = ok &&
	     !noon_ntp_auth_begin(&wr, noon_bytes_of(nonce, sizeof(nonce)),
				  noon_wr_len(&in) + NOON_AEAD_TAG) &&
	     !noon_aead_init(&aead, NOON_AEAD_SIV_CMAC_256, noon_bytes_of(s->s2c[q->key], 32)) &&
	     !noon_aead_seal(&aead, noon_bytes_of(nonce, sizeof(nonce)), ad, noon_wr_written(&in),
			     &wr);
	noon_aead_fini(&aead);
	/* The header is protected, and not encrypted: a client that does not verify finds the
	 * bait whole. */
	if (bait == NOON_BAIT_TAMPERED)
		s->out[12] ^= 1;
	if (ok)
		reply(s, q, &wr);
}

static void send_bare(struct noon_client_server *s, const struct question *q)
{
	const struct noon_ntp_header h = header_for(q);
	const struct noon_client_cookie *c = make_cookie(s, q->key, NOON_BAIT_BARE);
	uint8_t out[512];
	struct noon_wr wr = noon_wr_over(out, sizeof(out));

	if (!noon_ntp_header_put(&wr, &h) &&
	    !noon_ntp_ext_put(&wr, NOON_EXT_UNIQUE_ID, q->packet.uid) &&
	    !noon_ntp_ext_put(&wr, NOON_EXT_COOKIE, noon_bytes_of(c->p, sizeof(c->p))))
		reply(s, q, &wr);
}

static void send_nak(const struct noon_client_server *s, const struct question *q, bool right)
{
	struct noon_ntp_header h = header_for(q);
	uint8_t other[NOON_CLIENT_UID];
	uint8_t out[512];
	struct noon_wr wr = noon_wr_over(out, sizeof(out));

	h.stratum = 0;
	h.leap = 3;
	h.ref_id = NOON_KISS_NTSN;
	(void)RAND_bytes(other, sizeof(other));
	if (!noon_ntp_header_put(&wr, &h) &&
	    !noon_ntp_ext_put(&wr, NOON_EXT_UNIQUE_ID,
			      right ? q->packet.uid : noon_bytes_of(other, 32)))
		reply(s, q, &wr);
}

static void answer(struct noon_client_server *s, const struct question *q,
		   enum noon_client_step step)
{
	switch (step) {
	case NOON_STEP_SILENT:
		return;
	case NOON_STEP_NAK_OTHER:
		send_nak(s, q, false);
		return;
	case NOON_STEP_BARE:
		send_bare(s, q);
		break;
	case NOON_STEP_TAMPERED:
		send_sealed(s, q, NOON_STEP_GOOD, NOON_BAIT_TAMPERED);
		break;
	case NOON_STEP_NAK_FIRST:
		send_nak(s, q, true);
		break;
	case NOON_STEP_HUGE:
		send_sealed(s, q, step, NOON_BAIT_HUGE);
		return;
	case NOON_STEP_ZERO:
		send_sealed(s, q, step, NOON_BAIT_NONE);
		return;
	case NOON_STEP_GOOD:
		break;
	}
	send_sealed(s, q, NOON_STEP_GOOD, NOON_BAIT_NONE);
}

static uint16_t port_of(const struct sockaddr *a, socklen_t len)
{
	char word[8] = "0";
	unsigned port = 0;

	(void)getnameinfo(a, len, NULL, 0, word, sizeof(word), NI_NUMERICSERV);
	for (const char *p = word; *p >= '0' && *p <= '9'; p++)
		port = port * 10 + (unsigned)(*p - '0');
	return (uint16_t)port;
}

static void serve_time(struct noon_client_server *s)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	const ssize_t n =
		recvfrom(s->ntp_fd, s->in, sizeof(s->in), 0, (struct sockaddr *)&peer, &len);
	struct question q = {.peer = (const struct sockaddr *)&peer, .len = len};
	struct noon_rd rd;
	struct noon_client_cookie *c;
	const struct noon_client_request *r;
	char name[sizeof(s->peer)] = "";

	if (n <= 0 || getnameinfo(q.peer, len, name, sizeof(name), NULL, 0, NI_NUMERICHOST) != 0 ||
	    (s->peer[0] != '\0' && strcmp(name, s->peer) != 0))
		return;
	rd = noon_rd_over(s->in, (size_t)n);
	if (noon_ntp_header_get(&rd, &q.header) ||
	    noon_nts_packet_parse(noon_bytes_of(s->in, (size_t)n), &q.packet) !=
		    NOON_VERDICT_ACCEPTED) {
		s->n_malformed++;
		return;
	}
	if (!q.packet.has_nts) {
		s->n_plain += q.header.mode == NOON_NTP_MODE_CLIENT;
		return;
	}
	if (s->n_request == NOON_CLIENT_REQUESTS)
		return;
	c = find_cookie(s, q.packet.cookie);
	r = note(s, &q.header, &q.packet, c, port_of(q.peer, len));
	if (c == NULL || q.packet.uid.n == 0)
		return;
	q.key = c->key;
	answer(s, &q, r->step);
}

/* --- start and end --- */

static int bind_to(const char *host, uint16_t port, int type)
{
	const struct addrinfo hints = {.ai_socktype = type,
				       .ai_flags = AI_NUMERICHOST | AI_PASSIVE};
	struct addrinfo *ai = NULL;
	char word[8];
	const int one = 1;
	int fd = -1;

	(void)snprintf(word, sizeof(word), "%u", (unsigned)port);
	if (getaddrinfo(host, word, &hints, &ai) != 0)
		return -1;
	fd = socket(ai->ai_family, type, 0);
	if (fd >= 0 &&
	    (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	     fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 ||
	     (type == SOCK_STREAM && listen(fd, 16) < 0))) {
		(void)close(fd);
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

noon_err noon_client_server_init(struct noon_client_server *s, const struct noon_client_conf *conf,
				 const char **ret_why)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	s->tls = tls;
	s->ke_fd = -1;
	s->ntp_fd = -1;
	*ret_why = "the certificate or its key cannot be used";
	if (tls == NULL || SSL_CTX_use_certificate_chain_file(tls, conf->cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(tls, conf->key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) != 1)
		return NOON_ERR_TLS;
	(void)SSL_CTX_set_num_tickets(tls, 0);
	SSL_CTX_set_alpn_select_cb(tls, on_alpn, NULL);
	*ret_why = "the port of the key exchange cannot be had";
	s->ke_fd = bind_to(conf->listen, conf->ke_port, SOCK_STREAM);
	if (s->ke_fd < 0)
		return NOON_ERR_OS;
	*ret_why = "the port of NTP cannot be had";
	s->ntp_fd = bind_to(conf->listen, conf->ntp_port, SOCK_DGRAM);
	if (s->ntp_fd < 0 || getsockname(s->ntp_fd, (struct sockaddr *)&at, &len) < 0)
		return NOON_ERR_OS;
	s->ntp_port = port_of((struct sockaddr *)&at, len);
	return NOON_OK;
}

void noon_client_server_fini(struct noon_client_server *s)
{
	if (s->ke_fd >= 0)
		(void)close(s->ke_fd);
	if (s->ntp_fd >= 0)
		(void)close(s->ntp_fd);
	SSL_CTX_free(s->tls);
	OPENSSL_cleanse(s->c2s, sizeof(s->c2s));
	OPENSSL_cleanse(s->s2c, sizeof(s->s2c));
}

/* Two key exchanges in the silence, the second some time ago: nothing new will come. */
static bool is_done(const struct noon_client_server *s, noon_time now)
{
	size_t refused = 0;

	for (size_t i = 0; i < s->n_ke; i++)
		refused += s->ke[i].refused;
	return refused >= 2 && now.ns - s->ke[s->n_ke - 1].at.ns > NOON_S(2);
}

void noon_client_server_run(struct noon_client_server *s, noon_dur longest)
{
	const noon_time begin = clock_now(CLOCK_MONOTONIC);
	struct pollfd p[2] = {{.fd = s->ke_fd, .events = POLLIN},
			      {.fd = s->ntp_fd, .events = POLLIN}};

	do {
		if (poll(p, 2, 100) > 0) {
			if (p[0].revents != 0)
				serve_keys(s);
			if (p[1].revents != 0)
				serve_time(s);
		}
		p[0].revents = 0;
		p[1].revents = 0;
		s->ended = clock_now(CLOCK_MONOTONIC);
	} while (s->ended.ns - begin.ns < longest && !is_done(s, s->ended));
}
