/* SPDX-License-Identifier: Apache-2.0 */
#include "test_ntske_world.h"

#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world world;

static noon_err make_cookie(void *arg, enum noon_aead_id aead,
			    const struct noon_secret_nts_keys *keys, struct noon_wr *out)
{
	struct world *w = arg;
	noon_err err = w->cookie_err;

	w->keys = *keys;
	w->aead = aead;
	if (!err)
		err = noon_wr_u32(out, ++w->cookies);
	if (!err)
		err = noon_wr_zeros(out, w->cookie_bytes - 4);
	return err;
}

struct noon_tls_ctx *world_server_ctx(const struct noon_secret_x509 *x)
{
	const struct noon_tls_pem chain = {NULL, noon_bytes_of(x->cert, x->cert_n)};
	const struct noon_tls_pem key = {NULL, noon_bytes_of(x->key, x->key_n)};
	struct noon_tls_ctx *ctx = NULL;
	struct noon_tls_why why;

	assert_int_equal(noon_tls_server_ctx_new(&chain, &key, &ctx, &why), NOON_OK);
	return ctx;
}

int world_make(void **state)
{
	static const char *const names[] = {WORLD_HOST, "second.example", "2001:db8::7"};
	const struct noon_x509_conf conf = {WORLD_HOST, names, 3, WORLD_FROM, WORLD_TILL, false};
	struct noon_tls_pem ca;
	struct noon_tls_why why;

	(void)state;
	assert_int_equal(noon_aead_global_init(), NOON_OK);
	assert_int_equal(noon_x509_self_signed(&conf, &world.ours), NOON_OK);
	assert_int_equal(noon_x509_self_signed(&conf, &world.other), NOON_OK);
	ca = (struct noon_tls_pem){NULL, noon_bytes_of(world.ours.cert, world.ours.cert_n)};
	assert_int_equal(noon_tls_client_ctx_new(&ca, &world.client, &why), NOON_OK);
	world.server = world_server_ctx(&world.ours);
	world.server_other = world_server_ctx(&world.other);
	return 0;
}

int world_reset(void **state)
{
	(void)state;
	world.cookie_bytes = 100;
	world.cookie_err = NOON_OK;
	world.aead = NOON_AEAD_NONE;
	memset(&world.counters, 0, sizeof(world.counters));
	world.conf = (struct noon_ntske_server_conf){
		.tls = world.server,
		.counters = &world.counters,
		.make_cookie = make_cookie,
		.arg = &world,
		.gcm_siv = true,
	};
	return 0;
}

int world_free(void **state)
{
	(void)state;
	noon_tls_ctx_free(world.server);
	noon_tls_ctx_free(world.server_other);
	noon_tls_ctx_free(world.client);
	return 0;
}

/* Read what the client can decrypt. */
static void read_reply(struct talk *t)
{
	noon_err err = NOON_OK;
	size_t n = 0;

	if (noon_tls_handshake(t->tls) != NOON_OK)
		return;
	while (!err) {
		assert_true(t->n < sizeof(t->reply));
		err = noon_tls_read(t->tls, t->reply + t->n, sizeof(t->reply) - t->n, &n);
		if (!err)
			t->n += n;
	}
	t->notified |= err == NOON_ERR_STATE;
}

/* Carry out what the machine wants; true if it sent anything. */
static bool obey(struct talk *t, const struct noon_actions *as)
{
	bool sent = false;
	size_t i;

	for (i = 0; i < as->n; i++) {
		const struct noon_action *a = &as->a[i];

		assert_false(t->closed); /* nothing comes behind CLOSE */
		if (a->kind == NOON_ACTION_SEND) {
			t->from_server += a->send.n;
			sent = true;
			if (t->tls)
				assert_int_equal(noon_tls_feed(t->tls, a->send), NOON_OK);
		} else if (a->kind == NOON_ACTION_CLOSE) {
			t->closed = true;
			t->close = a->close;
		}
	}
	if (t->tls && sent)
		read_reply(t);
	return sent;
}

void talk_raw(struct talk *t, struct noon_bytes data)
{
	static struct noon_actions as;
	size_t at = 0, n;

	do {
		n = data.n - at < t->piece ? data.n - at : t->piece;
		const struct noon_rx rx = {
			.data = noon_bytes_of(data.p ? data.p + at : NULL, n),
			.at = t->now,
			.now = t->now,
		};

		noon_actions_reset(&as);
		noon_ntske_server_on_packet(&t->s, &rx, &as);
		(void)obey(t, &as);
		while (noon_ntske_server_deadline(&t->s).ns == t->now.ns) {
			noon_actions_reset(&as);
			noon_ntske_server_on_timer(&t->s, t->now, &as);
			(void)obey(t, &as);
		}
		at += n;
	} while (at < data.n);
}

void talk_carry(struct talk *t)
{
	uint8_t buf[2048];

	for (;;) {
		struct noon_wr wr = noon_wr_over(buf, sizeof(buf));

		if (noon_tls_handshake(t->tls) != NOON_OK)
			assert_int_equal(t->n, 0);
		if (noon_tls_take(t->tls, &wr) == 0)
			return;
		talk_raw(t, noon_wr_written(&wr));
	}
}

void talk_open(struct talk *t, bool shake)
{
	const struct noon_tls_peer peer = {WORLD_HOST, WORLD_DATE, false};

	memset(t, 0, sizeof(*t));
	t->now = WORLD_T0;
	t->piece = 100000;
	assert_int_equal(noon_ntske_server_init(&t->s, &world.conf, t->now), NOON_OK);
	if (!shake)
		return;
	assert_int_equal(noon_tls_new(world.client, &peer, &t->tls), NOON_OK);
	talk_carry(t);
	assert_int_equal(noon_tls_handshake(t->tls), NOON_OK);
	assert_false(t->closed);
}

void talk_say(struct talk *t, struct noon_bytes data)
{
	assert_int_equal(noon_tls_write(t->tls, data), NOON_OK);
	talk_carry(t);
}

void talk_wait(struct talk *t, noon_dur d)
{
	static struct noon_actions as;

	t->now = noon_time_add(t->now, d);
	if (noon_time_before(t->now, noon_ntske_server_deadline(&t->s)))
		return;
	noon_actions_reset(&as);
	noon_ntske_server_on_timer(&t->s, t->now, &as);
	(void)obey(t, &as);
}

void talk_end(struct talk *t)
{
	noon_ntske_server_fini(&t->s);
	noon_tls_free(t->tls);
}

static void note_cookie(struct reply *r, const struct noon_ntske_record *rec, uint32_t *last)
{
	struct noon_rd rd = noon_rd_bytes(rec->body);
	uint32_t number = 0;

	r->cookies_odd += rec->body.n % 4 != 0 || rec->critical;
	assert_int_equal(noon_rd_u32(&rd, &number), NOON_OK);
	r->distinct &= number > *last; /* the maker counts upwards */
	*last = number;
}

/* Records whose body is one 16-bit number, or a list of them. */
static void note_items(struct reply *r, const struct noon_ntske_record *rec)
{
	const uint16_t item = rec->body.n >= 2 ? noon_ntske_item(rec->body, 0) : 0;

	if (rec->type == NOON_NTSKE_NEXT_PROTOCOL) {
		r->protocols += rec->body.n / 2;
		r->protocol = item;
	} else if (rec->type == NOON_NTSKE_AEAD) {
		r->aeads += rec->body.n / 2;
		r->aead = item;
	} else if (rec->type == NOON_NTSKE_ERROR) {
		r->error = item;
	} else if (rec->type == NOON_NTSKE_SERVER_PORT) {
		r->port = item;
	}
}

static void note_type(struct reply *r, const struct noon_ntske_record *rec)
{
	if (rec->type < 8)
		r->count[rec->type]++;
	else if (rec->type == NOON_NTSKE_COMPLIANT_EXPORTER)
		r->compliant++;
	else if (rec->critical)
		r->unknown_critical++;
	r->end_last = rec->type == NOON_NTSKE_END && rec->critical && rec->body.n == 0;
}

struct reply reply_of(const struct talk *t)
{
	struct noon_rd rd = noon_rd_over(t->reply, t->n);
	struct reply r = {.distinct = true};
	struct noon_ntske_record rec;
	uint32_t last = 0;

	while (noon_ntske_rd(&rd, &rec) == NOON_OK) {
		note_type(&r, &rec);
		note_items(&r, &rec);
		if (rec.type == NOON_NTSKE_COOKIE)
			note_cookie(&r, &rec, &last);
		if (rec.type == NOON_NTSKE_SERVER)
			memcpy(r.host, rec.body.p, rec.body.n);
	}
	r.end_last &= noon_rd_left(&rd) == 0;
	return r;
}

bool reply_is_sane(const struct talk *t, const struct reply *r)
{
	return t->notified && t->closed && r->unknown_critical == 0 && r->count[0] == 1 &&
	       r->end_last;
}

bool reply_is_ok(const struct talk *t, const struct reply *r)
{
	return reply_is_sane(t, r) && r->count[1] == 1 && r->protocols == 1 && r->protocol == 0 &&
	       r->count[4] == 1 && r->aeads == 1 && r->aead == 15 && r->count[2] == 0 &&
	       r->count[3] == 0 && r->count[5] >= 1 && r->cookies_odd == 0 && r->distinct;
}

struct request *request_new(void)
{
	static struct request q;

	q.wr = noon_wr_over(q.buf, sizeof(q.buf));
	return &q;
}

void request_add(struct request *q, bool critical, unsigned type, const void *body, size_t n)
{
	assert_int_equal(noon_wr_u16(&q->wr, (uint16_t)(type | (critical ? 0x8000U : 0U))),
			 NOON_OK);
	assert_int_equal(noon_wr_u16(&q->wr, (uint16_t)n), NOON_OK);
	assert_int_equal(noon_wr_put(&q->wr, noon_bytes_of(body, n)), NOON_OK);
}

void request_items(struct request *q, bool critical, unsigned type, const uint16_t *items, size_t n)
{
	uint8_t body[64];
	struct noon_wr wr = noon_wr_over(body, sizeof(body));
	size_t i;

	for (i = 0; i < n; i++)
		assert_int_equal(noon_wr_u16(&wr, items[i]), NOON_OK);
	request_add(q, critical, type, body, 2 * n);
}

void request_protocol(struct request *q)
{
	const uint16_t ntpv4 = 0;

	request_items(q, true, NOON_NTSKE_NEXT_PROTOCOL, &ntpv4, 1);
}

void request_aead(struct request *q, uint16_t id)
{
	request_items(q, true, NOON_NTSKE_AEAD, &id, 1);
}

void request_end(struct request *q)
{
	request_add(q, true, NOON_NTSKE_END, NULL, 0);
}

struct reply request_run(struct talk *t, const struct request *q)
{
	talk_open(t, true);
	talk_say(t, noon_wr_written(&q->wr));
	return reply_of(t);
}

size_t world_hello(int version, const char *alpn, uint8_t *out, size_t room)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	BIO *bio_in = BIO_new(BIO_s_mem()), *bio_out = BIO_new(BIO_s_mem());
	SSL *ssl;
	int n;

	assert_int_equal(SSL_CTX_set_max_proto_version(ctx, version), 1);
	if (alpn)
		assert_int_equal(SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)alpn,
							 (unsigned)strlen(alpn)),
				 0);
	ssl = SSL_new(ctx);
	SSL_set_bio(ssl, bio_in, bio_out);
	assert_int_equal(SSL_connect(ssl), -1);
	n = BIO_read(bio_out, out, (int)room);
	assert_true(n > 0);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return (size_t)n;
}
