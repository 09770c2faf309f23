/* SPDX-License-Identifier: Apache-2.0
 *
 * Packets are written field by field and not by proto/, since most of them are malformed on
 * purpose.
 */
#include "check/server/nts_probe.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/server/ke_request.h"
#include "platform/clock/clock.h"
#include "platform/entropy.h"
#include "wire/ntp_ext.h"

/* Expected silence is accepted after this long, since a good request is sent after it. */
#define QUIET NOON_MS(700)

struct noon_ask noon_ask_default(void)
{
	return (struct noon_ask){
		.version = 4,
		.mode = NOON_NTP_MODE_CLIENT,
		.nts = true,
		.uids = 1,
		.uid_len = 32,
		.cookies = 1,
	};
}

struct noon_ask noon_ask_plain(void)
{
	return (struct noon_ask){.version = 4, .mode = NOON_NTP_MODE_CLIENT};
}

static void random_bytes(void *p, size_t n)
{
	struct noon_entropy e;

	noon_entropy_init(&e);
	noon_rng_fill(&e.rng, p, n);
	noon_entropy_fini(&e);
}

/* Address of NTP: negotiated by the server, or the same host. */
static noon_err find_ntp(struct noon_target *t, const struct noon_ke_probe *p)
{
	const struct noon_ntske_record *host = noon_ke_probe_first(p, NOON_NTSKE_SERVER);
	const struct noon_ntske_record *port = noon_ke_probe_first(p, NOON_NTSKE_SERVER_PORT);
	uint16_t number = port != NULL && port->body.n == 2 ? noon_ntske_item(port->body, 0) : 123;
	char name[256];
	const char *why;
	size_t n;

	if (t->conf.ntp_port != 0)
		number = t->conf.ntp_port;
	if (host == NULL || host->body.n >= sizeof(name)) {
		t->ntp = t->ke;
		noon_addr_set_port(&t->ntp, number);
		return NOON_OK;
	}
	memcpy(name, host->body.p, host->body.n);
	name[host->body.n] = '\0';
	return noon_addr_resolve(name, number, t->conf.family, &t->ntp, 1, &n, &why);
}

static void take_cookies(struct noon_jar *j, const struct noon_ke_probe *p)
{
	size_t at = 0;

	j->n = j->next = 0;
	for (size_t i = 0; i < p->n_records; i++) {
		const struct noon_bytes b = p->record[i].body;

		if (p->record[i].type != NOON_NTSKE_COOKIE || at + b.n > sizeof(j->bytes))
			continue;
		memcpy(j->bytes + at, b.p, b.n);
		j->cookie[j->n++] = noon_bytes_of(j->bytes + at, b.n);
		at += b.n;
	}
}

static noon_err fill_from(struct noon_jar *j, struct noon_target *t, const struct noon_ke_probe *p,
			  enum noon_aead_id aead, bool compliant, char why[160])
{
	const struct noon_ntske_record *got = noon_ke_probe_first(p, NOON_NTSKE_AEAD);
	const bool echoed = noon_ke_probe_first(p, NOON_NTSKE_COMPLIANT_EXPORTER) != NULL;

	if (got == NULL || got->body.n != 2 || noon_ntske_item(got->body, 0) != aead ||
	    noon_ke_probe_count(p, NOON_NTSKE_COOKIE) == 0) {
		(void)snprintf(why, 160, "the server does not agree to AEAD %d", (int)aead);
		return NOON_ERR_UNSUPPORTED;
	}
	j->aead = aead;
	if (aead == NOON_AEAD_SIV_CMAC_256 || (compliant && echoed)) {
		const int k = aead == NOON_AEAD_SIV_CMAC_256 ? 0 : 1;

		memcpy(j->c2s, p->key[k][0], 32);
		memcpy(j->s2c, p->key[k][1], 32);
	} else {
		memcpy(j->c2s, p->key30_legacy[0], 16);
		memcpy(j->s2c, p->key30_legacy[1], 16);
	}
	take_cookies(j, p);
	return find_ntp(t, p);
}

noon_err noon_jar_fill(struct noon_jar *j, struct noon_target *t, enum noon_aead_id aead,
		       bool compliant, char why[160])
{
	static const struct noon_ke_shape shape30 = {{NOON_KE_NEXT(NOON_KE_NTPV4),
						      NOON_KE_AEAD("\0\036", 2), NOON_KE_END_RECORD,
						      NOON_KE_LAST}};
	static const struct noon_ke_shape shape30c = {
		{NOON_KE_NEXT(NOON_KE_NTPV4),
		 NOON_KE_AEAD("\0\036", 2),
		 {false, NOON_NTSKE_COMPLIANT_EXPORTER, NULL, 0},
		 NOON_KE_END_RECORD,
		 NOON_KE_LAST}};
	const struct noon_ke_shape *shape = aead == NOON_AEAD_SIV_CMAC_256 ? &noon_ke_minimal
					    : compliant			   ? &shape30c
									   : &shape30;
	struct noon_ke_probe *p = malloc(sizeof(*p));
	uint8_t buf[64];
	noon_err err;

	if (p == NULL)
		return NOON_ERR_OS;
	noon_ke_probe_init(p);
	p->request = noon_ke_request(shape, buf, sizeof(buf));
	noon_ke_probe_run(p, t);
	if (p->end == NOON_KE_NO_CONNECTION || p->end == NOON_KE_NO_TLS || !p->has_end) {
		(void)snprintf(why, 160, "key exchange failed: %.100s",
			       p->why[0] != '\0' ? p->why : "no whole reply");
		err = NOON_ERR_TLS;
	} else {
		err = fill_from(j, t, p, aead, compliant, why);
	}
	noon_wipe(p, sizeof(*p));
	free(p);
	return err;
}

/* A request under construction. */
struct making {
	const struct noon_ask *a;
	const struct noon_jar *j;
	struct noon_bytes cookie;
	struct noon_wr wr;
	uint8_t uid[NOON_ASK_MAX];
	noon_ntp_ts transmit;
	noon_err err;
};

static void put(struct making *m, uint16_t type, const void *p, size_t n)
{
	m->err = m->err ? m->err : noon_ntp_ext_put(&m->wr, type, noon_bytes_of(p, n));
}

static void put_header(struct making *m)
{
	struct noon_ntp_header h = {
		.version = m->a->version,
		.mode = m->a->mode,
		.precision = 32,
	};

	random_bytes(&m->transmit, sizeof(m->transmit));
	h.transmit = m->transmit;
	m->err = noon_ntp_header_put(&m->wr, &h);
}

/* Placeholders in the ciphertext, as plaintext. */
static size_t make_inside(const struct making *m, uint8_t *plain, size_t cap)
{
	struct noon_wr wr = noon_wr_over(plain, cap);

	for (size_t i = 0; i < m->a->inside; i++)
		if (noon_ntp_ext_put_zeros(&wr, NOON_EXT_PLACEHOLDER, m->cookie.n))
			break;
	return noon_wr_len(&wr);
}

static void put_auth(struct making *m)
{
	uint8_t nonce[64], plain[1024];
	const size_t usual = noon_aead_nonce_len(m->j->aead);
	const size_t nonce_n = m->a->nonce_len > 0 ? m->a->nonce_len - 1 : usual;
	const size_t plain_n = make_inside(m, plain, sizeof(plain));
	const struct noon_bytes ad = noon_wr_written(&m->wr);
	const uint8_t *key = m->a->wrong_key ? m->j->s2c : m->j->c2s;
	struct noon_aead aead = {0};

	random_bytes(nonce, sizeof(nonce));
	m->err = m->err ? m->err
			: noon_ntp_auth_begin(&m->wr, noon_bytes_of(nonce, nonce_n),
					      plain_n + NOON_AEAD_TAG);
	m->err = m->err ? m->err
			: noon_aead_init(&aead, m->j->aead,
					 noon_bytes_of(key, noon_aead_key_len(m->j->aead)));
	m->err = m->err ? m->err
			: noon_aead_seal(&aead, noon_bytes_of(nonce, usual), ad,
					 noon_bytes_of(plain, plain_n), &m->wr);
	noon_aead_fini(&aead);
}

static void put_nts(struct making *m)
{
	const struct noon_ask *a = m->a;
	const size_t placeholder = (size_t)((long)m->cookie.n + a->placeholder_off);

	random_bytes(m->uid, a->uid_len);
	for (size_t i = 0; i < a->uids; i++)
		put(m, NOON_EXT_UNIQUE_ID, m->uid, a->uid_len);
	for (size_t i = 0; i < a->cookies; i++)
		put(m, NOON_EXT_COOKIE, m->cookie.p, m->cookie.n);
	for (size_t i = 0; i < a->placeholders; i++)
		m->err = m->err ? m->err
				: noon_ntp_ext_put_zeros(&m->wr, NOON_EXT_PLACEHOLDER, placeholder);
	if (a->extra != 0)
		put(m, a->extra, m->uid, 32);
	if (!a->no_auth)
		put_auth(m);
	if (a->after != 0)
		put(m, a->after, m->cookie.p, m->cookie.n);
}

/* Apply the faults that make a packet malformed. */
static void malform(struct making *m)
{
	uint8_t junk[64];

	random_bytes(junk, sizeof(junk));
	if (m->a->raw_ext_len != 0 && noon_wr_room(&m->wr) >= 28) {
		const uint8_t head[4] = {0x7f, 0x01, (uint8_t)(m->a->raw_ext_len >> 8),
					 (uint8_t)m->a->raw_ext_len};

		m->err = m->err ? m->err : noon_wr_put(&m->wr, noon_bytes_of(head, 4));
		m->err = m->err ? m->err : noon_wr_put(&m->wr, noon_bytes_of(junk, 24));
	}
	if (m->a->trailer > 0 && m->a->trailer <= sizeof(junk))
		m->err = m->err ? m->err : noon_wr_put(&m->wr, noon_bytes_of(junk, m->a->trailer));
}

static bool make(const struct noon_ask *a, struct noon_jar *j, struct making *m,
		 struct noon_answer *ret)
{
	uint8_t other[1024];

	memset(m, 0, sizeof(*m));
	m->a = a;
	m->j = j;
	m->wr = noon_wr_over(ret->sent, sizeof(ret->sent));
	put_header(m);
	if (a->nts) {
		m->cookie = j->cookie[j->next++];
		ret->cookie_sent = m->cookie.n;
		if (a->bad_cookie && m->cookie.n <= sizeof(other)) {
			random_bytes(other, m->cookie.n);
			m->cookie.p = other;
		}
		put_nts(m);
	}
	if (a->extra != 0 && !a->nts)
		put(m, a->extra, ret->sent, 28);
	malform(m);
	ret->n_sent = noon_wr_len(&m->wr);
	if (a->flip > 0 && a->flip <= ret->n_sent)
		ret->sent[a->flip - 1] ^= 1;
	if (a->cut > 0 && a->cut < ret->n_sent)
		ret->n_sent = a->cut;
	return m->err == NOON_OK;
}

/* Evaluate the fields after the header of a reply, plain and encrypted. */
static void open_inside(const struct making *m, const struct noon_ntp_auth *auth,
			struct noon_bytes ad, struct noon_answer *ret)
{
	uint8_t plain[NOON_ASK_MAX];
	struct noon_aead aead = {0};
	struct noon_ntp_ext ext;
	struct noon_rd rd;
	size_t n = 0;

	if (noon_aead_init(&aead, m->j->aead,
			   noon_bytes_of(m->j->s2c, noon_aead_key_len(m->j->aead))))
		return;
	ret->auth_ok = noon_aead_open(&aead, auth->nonce, ad, auth->sealed, plain, sizeof(plain),
				      &n) == NOON_OK;
	noon_aead_fini(&aead);
	if (!ret->auth_ok)
		return;
	ret->cookies_distinct = true;
	rd = noon_rd_over(plain, n);
	while (noon_ntp_ext_get(&rd, NOON_EXT_IN_CIPHER, &ext) == NOON_OK) {
		struct noon_rd before = noon_rd_over(plain, (size_t)(ext.whole.p - plain));
		struct noon_ntp_ext old;

		if (ext.type != NOON_EXT_COOKIE)
			continue;
		if (ret->new_cookies < NOON_ASK_COOKIES)
			ret->cookie_len[ret->new_cookies] = ext.body.n;
		ret->new_cookies++;
		while (noon_ntp_ext_get(&before, NOON_EXT_IN_CIPHER, &old) == NOON_OK)
			if (old.body.n == ext.body.n &&
			    memcmp(old.body.p, ext.body.p, ext.body.n) == 0)
				ret->cookies_distinct = false;
		if (ext.body.n == m->cookie.n && memcmp(ext.body.p, m->cookie.p, ext.body.n) == 0)
			ret->cookies_distinct = false;
	}
}

static void read_fields(const struct making *m, struct noon_answer *ret)
{
	struct noon_rd rd = noon_rd_over(ret->reply, ret->n);
	struct noon_bytes skip;
	struct noon_ntp_ext ext;
	struct noon_ntp_auth auth;

	if (noon_rd_take(&rd, NOON_NTP_HEADER_LEN, &skip))
		return;
	while (noon_ntp_ext_get(&rd, NOON_EXT_IN_PACKET, &ext) == NOON_OK) {
		if (ret->has_auth)
			continue;
		if (ext.type == NOON_EXT_UNIQUE_ID) {
			ret->n_uid++;
			ret->uid_echoed = ext.body.n == m->a->uid_len &&
					  memcmp(ext.body.p, m->uid, ext.body.n) == 0;
		} else if (ext.type == NOON_EXT_COOKIE) {
			ret->n_cookie_outside++;
		} else if (ext.type == NOON_EXT_AUTH) {
			ret->has_auth = true;
			if (m->j != NULL && noon_ntp_auth_get(ext.body, &auth) == NOON_OK)
				open_inside(m, &auth,
					    noon_bytes_of(ret->reply,
							  (size_t)(ext.whole.p - ret->reply)),
					    ret);
		} else {
			ret->n_other++;
		}
	}
}

static enum noon_answer_kind kind_of(const struct noon_ask *a, const struct noon_answer *r)
{
	const struct noon_ntp_header *h = &r->header;

	if (r->n < NOON_NTP_HEADER_LEN || h->mode != NOON_NTP_MODE_SERVER)
		return NOON_ANSWER_ODD;
	if (h->stratum == 0)
		return h->ref_id == NOON_KISS_NTSN ? NOON_ANSWER_NTSN : NOON_ANSWER_KISS;
	if (a->nts && !r->auth_ok)
		return NOON_ANSWER_UNAUTHENTICATED;
	return NOON_ANSWER_TIME;
}

static void judge(const struct making *m, struct noon_answer *ret)
{
	struct noon_rd rd = noon_rd_over(ret->reply, ret->n);

	if (noon_ntp_header_get(&rd, &ret->header) == NOON_OK) {
		ret->origin_ok = ret->header.origin == m->transmit;
		if (m->a->nts)
			read_fields(m, ret);
	}
	ret->kind = kind_of(m->a, ret);
}

/* Send the packet from a new port, and wait for the answer. */
static void exchange(struct noon_target *t, const struct making *m, noon_dur timeout,
		     struct noon_answer *ret)
{
	struct noon_datagram d;
	struct pollfd pfd;
	const noon_time begin = noon_mono_now();
	int sys = 0;

	ret->kind = NOON_ANSWER_NONE;
	if (noon_udp_connect(&t->ntp, NULL, &pfd.fd, NULL, &sys)) {
		(void)snprintf(ret->why, sizeof(ret->why), "%s", strerror(sys));
		return;
	}
	pfd.events = POLLIN;
	t->n_packets++;
	(void)!noon_udp_send(pfd.fd, noon_bytes_of(ret->sent, ret->n_sent), NULL, NULL);
	if (poll(&pfd, 1, (int)(timeout / 1000000)) > 0) {
		const noon_err err = noon_udp_recv(pfd.fd, ret->reply, sizeof(ret->reply), &d);

		ret->took = noon_time_diff(noon_mono_now(), begin);
		if (err == NOON_OK) {
			ret->n = d.n;
			judge(m, ret);
		} else {
			ret->kind = NOON_ANSWER_REFUSED;
			(void)snprintf(ret->why, sizeof(ret->why), "%s", strerror(errno));
		}
	}
	(void)close(pfd.fd);
}

void noon_ask_run(const struct noon_ask *a, struct noon_jar *j, struct noon_target *t, bool repeat,
		  struct noon_answer *ret)
{
	const noon_dur timeout = repeat || t->conf.timeout < QUIET ? t->conf.timeout : QUIET;
	struct making *m = malloc(sizeof(*m));
	char why[160] = "";

	memset(ret, 0, sizeof(*ret));
	for (unsigned i = 0; m != NULL && i <= (repeat ? t->conf.retries : 0); i++) {
		if (a->nts && j->next >= j->n &&
		    noon_jar_fill(j, t, j->aead, true, why) != NOON_OK) {
			(void)snprintf(ret->why, sizeof(ret->why), "%.100s", why);
			break;
		}
		memset(ret, 0, sizeof(*ret));
		if (!make(a, j, m, ret)) {
			(void)snprintf(ret->why, sizeof(ret->why), "the packet is too long");
			break;
		}
		noon_target_pause(t);
		exchange(t, m, timeout, ret);
		/* The identical packet once more; the second answer counts. */
		if (a->again && ret->kind == NOON_ANSWER_TIME) {
			noon_target_pause(t);
			ret->has_auth = ret->auth_ok = false;
			ret->n_uid = ret->new_cookies = ret->n_cookie_outside = 0;
			exchange(t, m, timeout, ret);
		}
		if (ret->kind != NOON_ANSWER_NONE)
			break;
	}
	free(m);
}

void noon_answer_describe(const struct noon_answer *a, char *out, size_t n)
{
	static const char *const kinds[] = {
		"no answer", "time",	      "NTSN", "kiss", "time not authenticated",
		"refused",   "something else"};

	if (a->n == 0) {
		(void)snprintf(out, n, "%s%s%s", kinds[a->kind], a->why[0] != '\0' ? ": " : "",
			       a->why);
		return;
	}
	(void)snprintf(out, n,
		       "%s, %zu bytes for %zu, version %u, mode %u, stratum %u, %zu identifiers%s, "
		       "%zu new cookies",
		       kinds[a->kind], a->n, a->n_sent, (unsigned)a->header.version,
		       (unsigned)a->header.mode, (unsigned)a->header.stratum, a->n_uid,
		       a->n_uid > 0 && !a->uid_echoed ? " (not ours)" : "", a->new_cookies);
}
