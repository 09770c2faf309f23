/* SPDX-License-Identifier: Apache-2.0
 *
 * An NTS server with planted faults: the double that shows that each check can fail.
 *
 * use: faulty_server CERT KEY KE-PORT NTP-PORT [FAULT...]
 *
 * Without a fault it keeps to the standards as far as noonmark check can see. It serves one
 * connection at a time on loopback and remembers the cookies it made.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "crypto/aead.h"
#include "proto/nts/nts_packet.h"
#include "wire/ntp.h"
#include "wire/ntske.h"

#define EXPORTER    "EXPORTER-network-time-security"
#define COOKIES	    4096
#define COOKIE	    100
#define REQUEST_MAX 16384

#define FAULT_LIST(X)                                                                \
	X(KE_ALWAYS, "keys-always")   /* keys whatever is asked */                   \
	X(KE_NEVER, "keys-never")     /* Error 1 whatever is asked */                \
	X(TLS12, "tls-1.2")	      /* TLS 1.2 is fine */                          \
	X(TLS12_ONLY, "tls-1.2-only") /* and nothing above it */                     \
	X(ALPN_ANY, "any-alpn")	      /* ALPN is not looked at */                    \
	X(SEVEN, "seven-cookies")                                                    \
	X(NO_CLOSE_NOTIFY, "no-close-notify")                                        \
	X(AEAD_TWICE, "aead-twice")                                                  \
	X(COOKIE_CRITICAL, "critical-cookies")                                       \
	X(COOKIE_SAME, "equal-cookies")                                              \
	X(COOKIE_ODD, "odd-cookies") /* of a length that is no multiple of 4 */      \
	X(TWO_ENDS, "two-ends")                                                      \
	X(BAD_HOST, "bad-host")		/* a server name with a zero in it */        \
	X(ECHO_1024, "echo-1024")	/* with AEAD 15 too, which it prefers */     \
	X(NO_CUT, "no-cut")		/* reads without end */                      \
	X(CODE, "wrong-code")		/* Error 2 instead of 0 or 1 */              \
	X(STUCK, "stuck-on-warning")	/* neither answers nor ends */               \
	X(CUT, "cut-errors")		/* without the last bytes of END */          \
	X(DIES, "dies-on-cookie")	/* the process ends */                       \
	X(EXPORT_30, "wrong-export-30") /* keys of AEAD 30 from the context of 15 */ \
	X(NTP_ALWAYS, "time-always")	/* time whatever is asked */                 \
	X(NTSN_ALWAYS, "nak-always")                                                 \
	X(KISS_ALWAYS, "kiss-always") /* to plain requests */                        \
	X(NTSN_COOKIE, "nak-with-cookie")                                            \
	X(LONG, "long-answers")                                                      \
	X(DROP_LONG, "drop-long")     /* of requests above 400 bytes */              \
	X(FEW_COOKIES, "few-cookies") /* one new cookie, whatever is asked for */    \
	X(COOKIE_OUTSIDE, "cookies-outside")                                         \
	X(COOKIE_REPEAT, "repeat-cookies") /* the one that was sent, again */        \
	X(NO_UID, "wrong-uid")                                                       \
	X(ORIGIN, "wrong-origin")                                                    \
	X(VERSION, "wrong-version")                                                  \
	X(STRATUM, "stratum-17")                                                     \
	X(LEAP, "leap-3")                                                            \
	X(ROOT, "huge-root")                                                         \
	X(PRECISION, "precision-5")                                                  \
	X(ORDER, "leaves-before-it-came")                                            \
	X(REFERENCE, "reference-in-the-future")                                      \
	X(BACKWARDS, "backwards") /* transmit times fall */

enum fault {
#define FAULT_ENUM(name, word) FAULT_##name,
	FAULT_LIST(FAULT_ENUM)
#undef FAULT_ENUM
		FAULTS,
};

struct cookie {
	uint8_t p[COOKIE + 4];
	size_t n;
	enum noon_aead_id aead;
	uint8_t c2s[32], s2c[32];
};

struct server {
	bool fault[FAULTS];
	SSL_CTX *ctx;
	unsigned ntp_port;
	struct cookie jar[COOKIES];
	size_t n;
	uint32_t answers;
};

static bool has(const struct server *s, enum fault f)
{
	return s->fault[f];
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void random_bytes(void *p, size_t n)
{
	FILE *f = fopen("/dev/urandom", "r");

	if (f == NULL || fread(p, 1, n, f) != n)
		die("/dev/urandom");
	(void)fclose(f);
}

static void must(noon_err err)
{
	if (err) {
		(void)fprintf(stderr, "faulty_server: %s\n", noon_err_text(err));
		exit(1);
	}
}

/* --- key exchange --- */

/* What a request asks for. */
struct request {
	int error; /* -1: none */
	bool ntpv4;
	enum noon_aead_id aead;
	bool compliant;
};

static void refuse(struct request *q, int code)
{
	if (q->error < 0)
		q->error = code;
}

static void take_list(struct request *q, const struct noon_ntske_record *r)
{
	if (r->body.n == 0 || r->body.n % 2 != 0) {
		refuse(q, 1);
		return;
	}
	for (size_t i = 0; i < r->body.n / 2; i++) {
		const uint16_t v = noon_ntske_item(r->body, i);

		if (r->type == NOON_NTSKE_NEXT_PROTOCOL)
			q->ntpv4 |= v == 0;
		else if (q->aead == NOON_AEAD_NONE && (v == 15 || v == 30))
			q->aead = (enum noon_aead_id)v;
	}
}

static void take_record(struct request *q, const struct noon_ntske_record *r, size_t count[8])
{
	if (r->type < 8)
		count[r->type]++;
	switch (r->type) {
	case NOON_NTSKE_NEXT_PROTOCOL:
	case NOON_NTSKE_AEAD:
		take_list(q, r);
		break;
	case NOON_NTSKE_ERROR:
	case NOON_NTSKE_WARNING:
	case NOON_NTSKE_COOKIE:
		refuse(q, 1);
		break;
	case NOON_NTSKE_SERVER_PORT:
		if (r->body.n != 2)
			refuse(q, 1);
		break;
	case NOON_NTSKE_COMPLIANT_EXPORTER:
		q->compliant = true;
		break;
	case NOON_NTSKE_END:
		if (!r->critical || r->body.n != 0)
			refuse(q, 1);
		break;
	default:
		break;
	}
}

static struct request judge(struct noon_bytes in)
{
	struct request q = {.error = -1};
	struct noon_ntske_record r;
	struct noon_rd rd = noon_rd_bytes(in);
	size_t count[8] = {0};

	/* Unknown critical records count before everything else. */
	while (noon_rd_left(&rd) > 0 && noon_ntske_rd(&rd, &r) == NOON_OK)
		if (r.critical && r.type > 7 && r.type != NOON_NTSKE_COMPLIANT_EXPORTER)
			q.error = 0;
	rd = noon_rd_bytes(in);
	while (noon_rd_left(&rd) > 0 && noon_ntske_rd(&rd, &r) == NOON_OK) {
		if (count[NOON_NTSKE_END] > 0)
			refuse(&q, 1);
		take_record(&q, &r, count);
	}
	if (count[NOON_NTSKE_NEXT_PROTOCOL] != 1 || count[NOON_NTSKE_AEAD] != 1 ||
	    count[NOON_NTSKE_SERVER_PORT] > 1 || count[NOON_NTSKE_SERVER] > 1)
		refuse(&q, 1);
	return q;
}

static void export_keys(SSL *ssl, bool wrong, struct cookie *c)
{
	for (uint8_t way = 0; way < 2; way++) {
		const uint8_t number =
			wrong && c->aead == NOON_AEAD_GCM_SIV_128 ? 17 : (uint8_t)c->aead;
		const unsigned char context[] = {0, 0, 0, number, way};

		if (SSL_export_keying_material(
			    ssl, way == 0 ? c->c2s : c->s2c, noon_aead_key_len(c->aead), EXPORTER,
			    sizeof(EXPORTER) - 1, context, sizeof(context), 1) != 1)
			exit(1);
	}
}

static const struct cookie *new_cookie(struct server *s, const struct cookie *like)
{
	struct cookie *c = &s->jar[s->n++ % COOKIES];

	*c = *like;
	c->n = has(s, FAULT_COOKIE_ODD) ? COOKIE + 1 : COOKIE;
	random_bytes(c->p, c->n);
	return c;
}

static void write_keys(struct server *s, SSL *ssl, const struct request *q, struct noon_wr *wr)
{
	struct cookie like = {.aead = q->aead == NOON_AEAD_NONE ? NOON_AEAD_SIV_CMAC_256 : q->aead};
	const uint16_t zero = 0;
	const uint16_t aead = has(s, FAULT_ECHO_1024) ? 15 : (uint16_t)like.aead;
	const uint8_t port[] = {(uint8_t)(s->ntp_port >> 8), (uint8_t)s->ntp_port};
	const struct cookie *c = NULL;

	if (has(s, FAULT_ECHO_1024))
		like.aead = NOON_AEAD_SIV_CMAC_256;
	export_keys(ssl, has(s, FAULT_EXPORT_30), &like);
	must(noon_ntske_wr_items(wr, true, NOON_NTSKE_NEXT_PROTOCOL, &zero, 1));
	must(noon_ntske_wr_items(wr, true, NOON_NTSKE_AEAD, &aead, 1));
	if (has(s, FAULT_AEAD_TWICE))
		must(noon_ntske_wr_items(wr, true, NOON_NTSKE_AEAD, &aead, 1));
	if (has(s, FAULT_BAD_HOST))
		must(noon_ntske_wr(wr, false, NOON_NTSKE_SERVER, noon_bytes_of("a\0b", 3)));
	must(noon_ntske_wr(wr, false, NOON_NTSKE_SERVER_PORT, noon_bytes_of(port, 2)));
	if (has(s, FAULT_ECHO_1024) || (q->compliant && like.aead == NOON_AEAD_GCM_SIV_128))
		must(noon_ntske_wr(wr, false, NOON_NTSKE_COMPLIANT_EXPORTER, noon_bytes_of("", 0)));
	for (int i = 0; i < (has(s, FAULT_SEVEN) ? 7 : 8); i++) {
		if (c == NULL || !has(s, FAULT_COOKIE_SAME))
			c = new_cookie(s, &like);
		must(noon_ntske_wr(wr, has(s, FAULT_COOKIE_CRITICAL), NOON_NTSKE_COOKIE,
				   noon_bytes_of(c->p, c->n)));
	}
}

static void write_reply(struct server *s, SSL *ssl, const struct request *q, struct noon_wr *wr)
{
	const uint16_t zero = 0;
	const uint16_t code = has(s, FAULT_CODE) ? 2 : (uint16_t)q->error;

	if (has(s, FAULT_KE_ALWAYS)) {
		write_keys(s, ssl, q, wr);
	} else if (has(s, FAULT_KE_NEVER)) {
		const uint16_t one = 1;

		must(noon_ntske_wr_items(wr, true, NOON_NTSKE_ERROR, &one, 1));
	} else if (q->error >= 0) {
		must(noon_ntske_wr_items(wr, true, NOON_NTSKE_ERROR, &code, 1));
	} else if (!q->ntpv4) {
		must(noon_ntske_wr(wr, true, NOON_NTSKE_NEXT_PROTOCOL, noon_bytes_of("", 0)));
	} else if (q->aead == NOON_AEAD_NONE) {
		must(noon_ntske_wr_items(wr, true, NOON_NTSKE_NEXT_PROTOCOL, &zero, 1));
		must(noon_ntske_wr(wr, true, NOON_NTSKE_AEAD, noon_bytes_of("", 0)));
	} else {
		write_keys(s, ssl, q, wr);
	}
	must(noon_ntske_wr_end(wr));
	if (has(s, FAULT_TWO_ENDS))
		must(noon_ntske_wr_end(wr));
}

/* Whether a request has a record of a type. */
static bool holds(struct noon_bytes in, enum noon_ntske_type type)
{
	struct noon_rd rd = noon_rd_bytes(in);
	struct noon_ntske_record r;

	while (noon_rd_left(&rd) > 0 && noon_ntske_rd(&rd, &r) == NOON_OK)
		if (r.type == type)
			return true;
	return false;
}

/* Read until END, the end of the stream, or the limit. */
static size_t read_request(struct server *s, SSL *ssl, uint8_t *buf, size_t cap, bool *ret_whole)
{
	size_t n = 0;

	*ret_whole = false;
	for (;;) {
		size_t seen = 0;
		const int got = SSL_read(ssl, buf + n, (int)(cap - n));

		if (got <= 0)
			return n;
		n += (size_t)got;
		if (has(s, FAULT_NO_CUT) && n > 8192)
			n = 0;
		if (has(s, FAULT_KE_ALWAYS) && n >= 1) {
			*ret_whole = true;
			return n;
		}
		*ret_whole = n > 0 && noon_ntske_scan(noon_bytes_of(buf, n), cap, &seen) !=
					      NOON_NTSKE_PARTIAL;
		if (*ret_whole || n == cap)
			return n;
	}
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *in,
		   unsigned int in_n, void *arg)
{
	const struct server *s = arg;

	(void)ssl;
	for (unsigned i = 0; i + 1 < in_n; i += in[i] + 1U) {
		if (has(s, FAULT_ALPN_ANY) ||
		    (in[i] == 7 && memcmp(in + i + 1, "ntske/1", 7) == 0)) {
			*out = in + i + 1;
			*n = in[i];
			return SSL_TLSEXT_ERR_OK;
		}
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void answer_keys(struct server *s, SSL *ssl, struct noon_bytes in)
{
	static uint8_t out[8192];
	struct noon_wr wr = noon_wr_over(out, sizeof(out));
	const struct request q = judge(in);
	char none;

	if (has(s, FAULT_DIES) && holds(in, NOON_NTSKE_COOKIE))
		exit(1);
	if (has(s, FAULT_STUCK) && holds(in, NOON_NTSKE_WARNING)) {
		(void)SSL_read(ssl, &none, 1); /* until the client gives up */
		return;
	}
	write_reply(s, ssl, &q, &wr);
	if (has(s, FAULT_CUT) && q.error >= 0)
		wr.p -= 3;
	(void)SSL_write(ssl, out, (int)noon_wr_len(&wr));
}

static void serve_keys(struct server *s, int fd)
{
	static uint8_t in[REQUEST_MAX];
	SSL *ssl = SSL_new(s->ctx);
	const unsigned char *alpn = NULL;
	unsigned alpn_n = 0;
	bool whole = false;

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1)
		exit(1);
	if (SSL_accept(ssl) == 1) {
		SSL_get0_alpn_selected(ssl, &alpn, &alpn_n);
		const size_t n = read_request(s, ssl, in, sizeof(in), &whole);

		if (alpn_n == 0 && !has(s, FAULT_ALPN_ANY))
			whole = false;
		if (n == 0 && has(s, FAULT_KE_ALWAYS))
			whole = true;
		if (whole && n < sizeof(in))
			answer_keys(s, ssl, noon_bytes_of(in, n));
		if (!has(s, FAULT_NO_CLOSE_NOTIFY))
			(void)SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	(void)close(fd);
}

/* --- NTP --- */

static noon_ntp_ts now(int64_t shift_ns)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return noon_ntp_ts_from_time(
		(noon_time){ts.tv_sec * NOON_NS_PER_SEC + ts.tv_nsec + shift_ns});
}

static struct noon_ntp_header header_for(struct server *s, const struct noon_ntp_header *q)
{
	const int64_t shift = has(s, FAULT_BACKWARDS) ? -(int64_t)s->answers * 1000000000 : 0;
	struct noon_ntp_header h = {
		.version = has(s, FAULT_VERSION) ? 1 : q->version,
		.mode = 4,
		.stratum = has(s, FAULT_STRATUM) ? 17 : 1,
		.leap = has(s, FAULT_LEAP) ? 3 : 0,
		.precision = has(s, FAULT_PRECISION) ? 5 : -20,
		.root_delay = has(s, FAULT_ROOT) ? UINT32_C(20) << 16 : 0,
		.root_disp = 10,
		.ref_id = 0x47505300,
		.origin = has(s, FAULT_ORIGIN) ? q->transmit + 1 : q->transmit,
		.receive = now(shift),
		.reference = now(has(s, FAULT_REFERENCE) ? NOON_S(100) : -NOON_S(10)),
	};

	s->answers++;
	h.transmit = now(shift + (has(s, FAULT_ORDER) ? -NOON_MS(5) : 0));
	return h;
}

static const struct cookie *find(const struct server *s, struct noon_bytes p)
{
	for (size_t i = 0; i < s->n && i < COOKIES; i++)
		if (s->jar[i].n == p.n && memcmp(s->jar[i].p, p.p, p.n) == 0)
			return &s->jar[i];
	return NULL;
}

/* Open the request; returns the number of placeholders inside, or -1. */
static int open_request(const struct cookie *c, const struct noon_nts_packet *p)
{
	uint8_t plain[2048];
	struct noon_aead aead;
	struct noon_ntp_ext ext;
	struct noon_rd rd;
	size_t n = 0;
	int inside = 0;
	noon_err err;

	must(noon_aead_init(&aead, c->aead, noon_bytes_of(c->c2s, noon_aead_key_len(c->aead))));
	err = noon_aead_open(&aead, p->auth.nonce, p->ad, p->auth.sealed, plain, sizeof(plain), &n);
	noon_aead_fini(&aead);
	if (err)
		return -1;
	rd = noon_rd_over(plain, n);
	while (noon_ntp_ext_get(&rd, NOON_EXT_IN_CIPHER, &ext) == NOON_OK)
		inside += ext.type == NOON_EXT_PLACEHOLDER;
	return inside;
}

static void put_sealed(struct server *s, const struct cookie *c, size_t cookies,
		       struct noon_bytes sent, struct noon_wr *wr)
{
	uint8_t plain[2048], nonce[16];
	struct noon_wr in = noon_wr_over(plain, sizeof(plain));
	const size_t nonce_n = noon_aead_nonce_len(c->aead);
	const struct noon_bytes ad = noon_wr_written(wr);
	const struct cookie like = *c;
	struct noon_aead aead;

	for (size_t i = 0; i < cookies; i++) {
		const struct cookie *fresh = new_cookie(s, &like);

		must(noon_ntp_ext_put(
			&in, NOON_EXT_COOKIE,
			has(s, FAULT_COOKIE_REPEAT) ? sent : noon_bytes_of(fresh->p, fresh->n)));
	}
	random_bytes(nonce, sizeof(nonce));
	must(noon_ntp_auth_begin(wr, noon_bytes_of(nonce, nonce_n),
				 noon_wr_len(&in) + NOON_AEAD_TAG));
	must(noon_aead_init(&aead, like.aead,
			    noon_bytes_of(like.s2c, noon_aead_key_len(like.aead))));
	must(noon_aead_seal(&aead, noon_bytes_of(nonce, nonce_n), ad, noon_wr_written(&in), wr));
	noon_aead_fini(&aead);
}

static void put_uid(struct server *s, struct noon_bytes uid, struct noon_wr *wr)
{
	uint8_t other[64] = {0};

	if (has(s, FAULT_NO_UID))
		uid = noon_bytes_of(other, 32);
	if (uid.n > 0)
		must(noon_ntp_ext_put(wr, NOON_EXT_UNIQUE_ID, uid));
}

static void put_nak(struct server *s, const struct noon_ntp_header *q,
		    const struct noon_nts_packet *p, struct noon_wr *wr)
{
	struct noon_ntp_header h = header_for(s, q);

	h.stratum = 0;
	h.leap = 3;
	h.ref_id = NOON_KISS_NTSN;
	must(noon_ntp_header_put(wr, &h));
	put_uid(s, p->uid, wr);
	if (has(s, FAULT_NTSN_COOKIE))
		must(noon_ntp_ext_put(wr, NOON_EXT_COOKIE, p->cookie));
}

static void answer_nts(struct server *s, const struct noon_ntp_header *q,
		       const struct noon_nts_packet *p, struct noon_wr *wr)
{
	const bool well_formed = q->version == 4 && p->n_uid == 1 && p->uid.n >= 32 &&
				 p->n_cookie == 1 && !p->bad_placeholder && p->has_auth;
	const struct cookie *c = find(s, p->cookie);
	const bool always = has(s, FAULT_NTP_ALWAYS);
	int inside = 0;
	struct noon_ntp_header h;

	if (!always && (!well_formed || q->mode != 3))
		return;
	if (c == NULL || has(s, FAULT_NTSN_ALWAYS) || !noon_nts_auth_nonce_ok(&p->auth, c->aead) ||
	    (inside = open_request(c, p)) < 0) {
		if (!always) {
			put_nak(s, q, p, wr);
			return;
		}
		inside = 0;
	}
	h = header_for(s, q);
	must(noon_ntp_header_put(wr, &h));
	put_uid(s, p->uid, wr);
	if (has(s, FAULT_COOKIE_OUTSIDE))
		must(noon_ntp_ext_put(wr, NOON_EXT_COOKIE, p->cookie));
	if (c != NULL)
		put_sealed(s, c,
			   has(s, FAULT_FEW_COOKIES) ? 1 : 1 + p->n_placeholder + (size_t)inside,
			   p->cookie, wr);
}

static void answer_plain(struct server *s, const struct noon_ntp_header *q, struct noon_wr *wr)
{
	struct noon_ntp_header h;

	if (!has(s, FAULT_NTP_ALWAYS) && (q->mode != 3 || q->version < 3 || q->version > 4))
		return;
	h = header_for(s, q);
	if (has(s, FAULT_KISS_ALWAYS)) {
		h.stratum = 0;
		h.ref_id = NOON_KISS_DENY;
	}
	must(noon_ntp_header_put(wr, &h));
}

static void serve_time(struct server *s, int fd)
{
	static uint8_t in[4096], out[8192];
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	const ssize_t n = recvfrom(fd, in, sizeof(in), 0, (struct sockaddr *)&peer, &len);
	struct noon_wr wr = noon_wr_over(out, sizeof(out));
	struct noon_nts_packet p = {.n_uid = 0};
	struct noon_ntp_header q = {.mode = 3, .version = 4};
	struct noon_rd rd;

	if (n <= 0 || (n > 400 && has(s, FAULT_DROP_LONG)))
		return;
	rd = noon_rd_over(in, (size_t)n);
	if (noon_ntp_header_get(&rd, &q) && !has(s, FAULT_NTP_ALWAYS))
		return;
	if (n >= NOON_NTP_HEADER_LEN &&
	    noon_nts_packet_parse(noon_bytes_of(in, (size_t)n), &p) != NOON_VERDICT_ACCEPTED &&
	    !has(s, FAULT_NTP_ALWAYS))
		return;
	if (p.has_nts)
		answer_nts(s, &q, &p, &wr);
	else
		answer_plain(s, &q, &wr);
	if (noon_wr_len(&wr) == 0)
		return;
	if (has(s, FAULT_LONG))
		must(noon_wr_zeros(&wr, 1024));
	(void)sendto(fd, out, noon_wr_len(&wr), 0, (struct sockaddr *)&peer, len);
}

/* --- start --- */

static int listen_on(int type, unsigned port)
{
	const struct sockaddr_in at = {.sin_family = AF_INET,
				       .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int one = 1;
	const int fd = socket(AF_INET, type, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 16) < 0))
		die("bind");
	return fd;
}

static void set_faults(struct server *s, int n, char **words)
{
	static const char *const known[] = {
#define FAULT_WORD(name, word) word,
		FAULT_LIST(FAULT_WORD)
#undef FAULT_WORD
	};

	for (int i = 0; i < n; i++) {
		size_t f = 0;

		while (f < FAULTS && strcmp(known[f], words[i]) != 0)
			f++;
		if (f == FAULTS) {
			(void)fprintf(stderr, "faulty_server: no fault \"%s\"\n", words[i]);
			exit(2);
		}
		s->fault[f] = true;
	}
}

static void make_ctx(struct server *s, const char *cert, const char *key)
{
	s->ctx = SSL_CTX_new(TLS_server_method());
	if (s->ctx == NULL || SSL_CTX_use_certificate_chain_file(s->ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(s->ctx, key, SSL_FILETYPE_PEM) != 1)
		die("certificate");
	(void)SSL_CTX_set_num_tickets(s->ctx, 0);
	if (!has(s, FAULT_TLS12) && !has(s, FAULT_TLS12_ONLY))
		(void)SSL_CTX_set_min_proto_version(s->ctx, TLS1_3_VERSION);
	if (has(s, FAULT_TLS12_ONLY))
		(void)SSL_CTX_set_max_proto_version(s->ctx, TLS1_2_VERSION);
	SSL_CTX_set_alpn_select_cb(s->ctx, on_alpn, s);
}

int main(int argc, char **argv)
{
	struct server *s = calloc(1, sizeof(*s));
	struct pollfd pfd[2];

	if (argc < 5 || s == NULL)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	must(noon_aead_global_init());
	set_faults(s, argc - 5, argv + 5);
	make_ctx(s, argv[1], argv[2]);
	s->ntp_port = (unsigned)strtoul(argv[4], NULL, 10);
	pfd[0] = (struct pollfd){.fd = listen_on(SOCK_STREAM, (unsigned)strtoul(argv[3], NULL, 10)),
				 .events = POLLIN};
	pfd[1] = (struct pollfd){.fd = listen_on(SOCK_DGRAM, s->ntp_port), .events = POLLIN};
	(void)puts("ready");
	(void)fflush(stdout);
	while (poll(pfd, 2, -1) > 0) {
		if (pfd[0].revents != 0) {
			const int fd = accept(pfd[0].fd, NULL, NULL);
			const struct timeval limit = {.tv_sec = 4};

			if (fd >= 0) {
				(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit,
						 sizeof(limit));
				serve_keys(s, fd);
			}
		}
		if (pfd[1].revents != 0)
			serve_time(s, pfd[1].fd);
	}
	return 0;
}
