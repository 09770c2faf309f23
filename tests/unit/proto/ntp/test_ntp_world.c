/* SPDX-License-Identifier: Apache-2.0 */
#include "test_ntp_world.h"

#include <assert.h>
#include <string.h>

static void must(noon_err err)
{
	assert(!err);
}

void ntp_world_open(struct ntp_world *w, enum noon_aead_id aead, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	w->rng = noon_rng_seeded(seed);
	w->aead = aead;
	w->now = (noon_time){NOON_S(1000)};
	w->ahead = WORLD_UTC - w->now.ns;
	noon_rng_fill(&w->rng, &w->master, sizeof(w->master));
	must(noon_nts_keys_init(&w->keys, &w->master, WORLD_PERIOD));
	must(noon_nts_keys_rotate(&w->keys, noon_time_add(w->now, w->ahead)));
	must(noon_ntp_server_init(&w->server, &w->rng, &w->keys));
	w->server.clock = (struct noon_ntp_server_clock){
		.has_time = true,
		.stratum = 2,
		.precision = -20,
		.root_delay = NOON_US(300),
		.root_disp = NOON_US(500),
		.ref_id = 0xC0000201,
		.reference = {WORLD_UTC - NOON_S(10)},
	};
	noon_rng_fill(&w->rng, &w->pair, sizeof(w->pair));
}

void ntp_world_client(struct ntp_world *w, bool nts)
{
	struct noon_ntp_client_conf conf = noon_ntp_client_conf_default();

	conf.rng = &w->rng;
	conf.source = 7;
	conf.nts = nts;
	must(noon_ntp_client_init(&w->client, &conf, w->now));
}

void ntp_world_close(struct ntp_world *w)
{
	noon_ntp_client_fini(&w->client);
	noon_ntp_server_fini(&w->server);
	noon_nts_keys_fini(&w->keys);
}

static void fresh_cookie(struct ntp_world *w, struct noon_nts_cookie *ret)
{
	struct noon_wr wr = noon_wr_over(ret->p, sizeof(ret->p));

	must(noon_nts_cookie_make(&w->keys, &w->rng, w->aead, &w->pair, &wr));
	ret->n = (uint16_t)noon_wr_len(&wr);
}

void ntp_world_session(struct ntp_world *w, size_t n_cookies, struct noon_nts_session *ret)
{
	memset(ret, 0, sizeof(*ret));
	noon_rng_fill(&w->rng, &w->pair, sizeof(w->pair));
	ret->aead = w->aead;
	ret->keys = w->pair;
	for (size_t i = 0; i < n_cookies; i++) {
		struct noon_nts_cookie c;

		fresh_cookie(w, &c);
		must(noon_nts_session_put(ret, noon_bytes_of(c.p, c.n)));
	}
}

void ntp_world_rekey(struct ntp_world *w, size_t n_cookies)
{
	static struct noon_nts_session s;

	ntp_world_session(w, n_cookies, &s);
	must(noon_ntp_client_set_session(&w->client, &s, w->now));
}

static void note_actions(struct ntp_world *w)
{
	for (size_t i = 0; i < w->as.n; i++) {
		const struct noon_action *a = &w->as.a[i];

		w->misses += a->kind == NOON_ACTION_MISS;
		w->connects += a->kind == NOON_ACTION_CONNECT;
		if (a->kind == NOON_ACTION_SAMPLE) {
			w->samples++;
			w->sample = a->sample;
		} else if (a->kind == NOON_ACTION_SEND) {
			w->sends++;
			w->token = a->token;
			w->request.n = a->send.n;
			memcpy(w->request.p, a->send.p, a->send.n);
		}
	}
	noon_actions_reset(&w->as);
}

void ntp_world_timer(struct ntp_world *w)
{
	const noon_time deadline = noon_ntp_client_deadline(&w->client);

	if (noon_time_before(w->now, deadline) && !noon_time_is_never(deadline))
		w->now = deadline;
	noon_actions_reset(&w->as);
	noon_ntp_client_on_timer(&w->client, w->now, &w->as);
	note_actions(w);
}

void ntp_world_until_sent(struct ntp_world *w)
{
	const unsigned before = w->sends;

	for (int i = 0; i < 4 && w->sends == before; i++)
		ntp_world_timer(w);
	assert(w->sends == before + 1);
}

enum noon_verdict ntp_world_answer(struct ntp_world *w, noon_dur up, noon_dur held)
{
	struct noon_wr wr = noon_wr_over(w->reply.p, sizeof(w->reply.p));
	const noon_time t2 = noon_time_add(w->now, noon_sat_add(w->ahead, up));
	enum noon_verdict v;

	v = noon_ntp_server_reply(&w->server, noon_bytes_of(w->request.p, w->request.n), t2,
				  noon_time_add(t2, held), &wr);
	w->reply.n = noon_wr_len(&wr);
	assert(w->reply.n <= w->request.n);
	return v;
}

enum noon_verdict ntp_world_ask(struct ntp_world *w, const struct datagram *request,
				struct datagram *reply)
{
	const noon_time t = noon_time_add(w->now, w->ahead);
	struct noon_wr wr = noon_wr_over(reply->p, sizeof(reply->p));
	enum noon_verdict v;

	v = noon_ntp_server_reply(&w->server, noon_bytes_of(request->p, request->n), t, t, &wr);
	reply->n = noon_wr_len(&wr);
	assert(reply->n <= request->n);
	return v;
}

enum noon_verdict ntp_world_deliver(struct ntp_world *w, const struct datagram *d, noon_dur later)
{
	const struct noon_counters before = w->client.counters;
	struct noon_rx rx = {.data = noon_bytes_of(d->p, d->n)};
	enum noon_verdict found = NOON_VERDICTS;

	w->now = noon_time_add(w->now, later);
	rx.at = w->now;
	rx.now = w->now;
	noon_actions_reset(&w->as);
	noon_ntp_client_on_packet(&w->client, &rx, &w->as);
	note_actions(w);
	for (unsigned v = 0; v < NOON_VERDICTS; v++) {
		if (w->client.counters.n[v] == before.n[v])
			continue;
		assert(found == NOON_VERDICTS && w->client.counters.n[v] == before.n[v] + 1);
		found = (enum noon_verdict)v;
	}
	assert(found != NOON_VERDICTS); /* each packet is counted once */
	return found;
}

enum noon_verdict ntp_world_exchange(struct ntp_world *w)
{
	ntp_world_until_sent(w);
	if (ntp_world_answer(w, NOON_MS(1), NOON_US(10)) != NOON_VERDICT_ACCEPTED &&
	    w->reply.n == 0)
		return NOON_VERDICTS;
	return ntp_world_deliver(w, &w->reply, NOON_MS(2) + NOON_US(10));
}

struct recipe recipe_good(const struct ntp_world *w)
{
	return (struct recipe){
		.version = 4,
		.mode = 3,
		.n_uid = 1,
		.uid_n = 32,
		.n_cookie = 1,
		.nonce_n = noon_aead_nonce_len(w->aead),
	};
}

static void put_header(struct ntp_world *w, const struct recipe *r, struct noon_wr *wr)
{
	const struct noon_ntp_header h = {
		.leap = r->leap,
		.version = r->version,
		.mode = r->mode,
		.poll = 6,
		.transmit = noon_rng_u64(&w->rng),
	};

	must(noon_ntp_header_put(wr, &h));
}

static void put_fields(struct ntp_world *w, const struct recipe *r,
		       const struct noon_nts_cookie *cookie, struct noon_wr *wr)
{
	uint8_t uid[256];

	assert(r->uid_n <= sizeof(uid));
	if (r->unknown)
		must(noon_ntp_ext_put_zeros(wr, r->unknown, 24));
	for (unsigned i = 0; i < r->n_uid; i++) {
		noon_rng_fill(&w->rng, uid, r->uid_n);
		must(noon_ntp_ext_put(wr, NOON_EXT_UNIQUE_ID, noon_bytes_of(uid, r->uid_n)));
	}
	for (unsigned i = 0; i < r->n_cookie; i++)
		must(noon_ntp_ext_put(wr, NOON_EXT_COOKIE, noon_bytes_of(cookie->p, cookie->n)));
	for (unsigned i = 0; i < r->n_placeholder; i++)
		must(noon_ntp_ext_put_zeros(wr, NOON_EXT_PLACEHOLDER,
					    r->placeholder_n ? r->placeholder_n : cookie->n));
}

/* Nonce, ciphertext and padding with lengths that may be lies about each other. */
static void put_auth(struct ntp_world *w, const struct recipe *r, size_t cookie_n,
		     struct noon_wr *wr)
{
	const size_t full = noon_aead_nonce_len(w->aead), key_n = noon_aead_key_len(w->aead);
	const struct noon_bytes ad = noon_wr_written(wr);
	static uint8_t plain[WORLD_ROOM], sealed[WORLD_ROOM], body[WORLD_ROOM];
	uint8_t nonce[64];
	struct noon_wr fields = noon_wr_over(plain, sizeof(plain));
	struct noon_wr out = noon_wr_over(sealed, sizeof(sealed));
	struct noon_wr b = noon_wr_over(body, sizeof(body));
	struct noon_aead a;
	/* AES-SIV takes any nonce; AES-GCM-SIV only a full one. */
	const size_t used = w->aead == NOON_AEAD_SIV_CMAC_256 && r->nonce_n > 0 ? r->nonce_n : full;

	for (unsigned i = 0; i < r->n_encrypted; i++)
		must(noon_ntp_ext_put_zeros(&fields, NOON_EXT_PLACEHOLDER,
					    r->placeholder_n ? r->placeholder_n : cookie_n));
	noon_rng_fill(&w->rng, nonce, sizeof(nonce));
	must(noon_aead_init(&a, w->aead,
			    noon_bytes_of(r->with_s2c ? w->pair.s2c : w->pair.c2s, key_n)));
	must(noon_aead_seal(&a, noon_bytes_of(nonce, used), ad, noon_wr_written(&fields), &out));
	noon_aead_fini(&a);
	must(noon_wr_u16(&b, (uint16_t)r->nonce_n));
	must(noon_wr_u16(&b, (uint16_t)noon_wr_len(&out)));
	must(noon_wr_put(&b, noon_bytes_of(nonce, r->nonce_n)));
	must(noon_wr_zeros(&b, (4 - r->nonce_n % 4) % 4));
	must(noon_wr_put(&b, noon_wr_written(&out)));
	must(noon_wr_zeros(&b, (4 - noon_wr_len(&out) % 4) % 4 + r->padding));
	must(noon_ntp_ext_put(wr, NOON_EXT_AUTH, noon_wr_written(&b)));
}

void recipe_write(struct ntp_world *w, const struct recipe *r, struct datagram *out)
{
	struct noon_wr wr = noon_wr_over(out->p, sizeof(out->p));
	struct noon_nts_cookie own;
	const struct noon_nts_cookie *cookie = r->cookie;

	if (cookie == NULL) {
		fresh_cookie(w, &own);
		cookie = &own;
	}
	put_header(w, r, &wr);
	put_fields(w, r, cookie, &wr);
	if (!r->no_auth)
		put_auth(w, r, cookie->n, &wr);
	if (r->trailing_n)
		must(noon_ntp_ext_put_zeros(&wr, 0x7777, r->trailing_n - 4));
	out->n = noon_wr_len(&wr);
}

static struct noon_nts_packet parsed(const struct datagram *d)
{
	struct noon_nts_packet p;
	const enum noon_verdict v = noon_nts_packet_parse(noon_bytes_of(d->p, d->n), &p);

	assert(v == NOON_VERDICT_ACCEPTED);
	return p;
}

struct noon_ntp_header header_of(const struct datagram *d)
{
	struct noon_rd rd = noon_rd_over(d->p, d->n);
	struct noon_ntp_header h;

	must(noon_ntp_header_get(&rd, &h));
	return h;
}

void header_set(struct datagram *d, const struct noon_ntp_header *h)
{
	struct noon_wr wr = noon_wr_over(d->p, sizeof(d->p));

	must(noon_ntp_header_put(&wr, h));
	if (d->n < NOON_NTP_HEADER_LEN)
		d->n = NOON_NTP_HEADER_LEN;
}

struct noon_ntp_header ntp_world_header(const struct ntp_world *w)
{
	const noon_ntp_ts t = noon_ntp_ts_from_time(noon_time_add(w->now, w->ahead));

	return (struct noon_ntp_header){
		.version = 4,
		.mode = 4,
		.stratum = 1,
		.precision = -20,
		.ref_id = NOON_KISS('G', 'P', 'S', 0),
		.reference = t,
		.origin = header_of(&w->request).transmit,
		.receive = t,
		.transmit = t,
	};
}

void ntp_world_seal(struct ntp_world *w, const struct noon_ntp_header *h, struct noon_bytes fields,
		    struct datagram *out)
{
	struct noon_wr wr = noon_wr_over(out->p, sizeof(out->p));
	const struct noon_nts_packet p = parsed(&w->request);
	uint8_t nonce[NOON_AEAD_NONCE_MAX];
	const struct noon_bytes iv = noon_bytes_of(nonce, noon_aead_nonce_len(w->aead));
	struct noon_bytes ad;
	struct noon_aead a;

	must(noon_ntp_header_put(&wr, h));
	must(noon_ntp_ext_put(&wr, NOON_EXT_UNIQUE_ID, p.uid));
	ad = noon_wr_written(&wr);
	noon_rng_fill(&w->rng, nonce, iv.n);
	must(noon_ntp_auth_begin(&wr, iv, fields.n + NOON_AEAD_TAG));
	must(noon_aead_init(&a, w->aead, noon_bytes_of(w->pair.s2c, noon_aead_key_len(w->aead))));
	must(noon_aead_seal(&a, iv, ad, fields, &wr));
	noon_aead_fini(&a);
	out->n = noon_wr_len(&wr);
}

void ntp_world_nak(const struct ntp_world *w, struct datagram *out)
{
	const struct noon_ntp_header h = {
		.leap = 3,
		.version = 4,
		.mode = 4,
		.ref_id = NOON_KISS_NTSN,
		.origin = header_of(&w->request).transmit,
	};
	struct noon_wr wr = noon_wr_over(out->p, sizeof(out->p));

	must(noon_ntp_header_put(&wr, &h));
	must(noon_ntp_ext_put(&wr, NOON_EXT_UNIQUE_ID, parsed(&w->request).uid));
	out->n = noon_wr_len(&wr);
}

size_t ntp_world_cookies(struct ntp_world *w, const struct datagram *reply,
			 struct noon_nts_cookie *out, size_t room)
{
	const struct noon_nts_packet p = parsed(reply);
	uint8_t plain[WORLD_ROOM];
	struct noon_ntp_ext ext;
	struct noon_aead a;
	struct noon_rd rd;
	size_t n = 0, count = 0;

	must(noon_aead_init(&a, w->aead, noon_bytes_of(w->pair.s2c, noon_aead_key_len(w->aead))));
	must(noon_aead_open(&a, p.auth.nonce, p.ad, p.auth.sealed, plain, sizeof(plain), &n));
	noon_aead_fini(&a);
	rd = noon_rd_over(plain, n);
	while (noon_ntp_ext_get(&rd, NOON_EXT_IN_CIPHER, &ext) == NOON_OK) {
		assert(ext.type == NOON_EXT_COOKIE);
		if (count < room) {
			out[count].n = (uint16_t)ext.body.n;
			memcpy(out[count].p, ext.body.p, ext.body.n);
		}
		count++;
	}
	assert(noon_rd_left(&rd) == 0);
	return count;
}
