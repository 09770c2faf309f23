/* SPDX-License-Identifier: Apache-2.0 */
#include "tap_world.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "wire/cms.h"

static void keep(void *arg, const struct noon_tap_exchange *e)
{
	struct tap_world *w = arg;

	assert(w->n < TAP_FOUND_MAX);
	w->found[w->n++] = *e;
}

void tap_world_init(struct tap_world *w)
{
	const struct noon_tap_conf conf = {
		.ntp_port = {123}, .ntp_ports = 1, .tap_unit = 1, .on_exchange = keep, .arg = w};
	const struct noon_tap_room room = {
		w->flows,    sizeof(w->flows) / sizeof(w->flows[0]),
		w->blocks,   sizeof(w->blocks) / sizeof(w->blocks[0]),
		w->asks,     sizeof(w->asks) / sizeof(w->asks[0]),
		w->ntp_asks, sizeof(w->ntp_asks) / sizeof(w->ntp_asks[0]),
		w->scratch};
	const noon_err err = noon_tap_init(&w->tap, &conf, &room);

	assert(!err);
	w->n = 0;
}

size_t tap_world_free_blocks(const struct tap_world *w)
{
	size_t n = 0;

	for (uint32_t i = w->tap.pool.free; i != NOON_TAP_NONE; i = w->blocks[i].next)
		n++;
	return n;
}

size_t tap_world_free_asks(const struct tap_world *w)
{
	size_t n = 0;

	for (uint32_t i = w->tap.asks.free; i != NOON_TAP_NONE; i = w->asks[i].next)
		n++;
	return n;
}

static void put_number(uint8_t *p, uint32_t number)
{
	for (size_t i = 0; i < 4; i++)
		p[i] = (uint8_t)(number >> (24 - 8 * i) & 0xff);
}

struct stamped {
	uint8_t value[32];
	uint8_t nonce[5];
};

static struct stamped stamped_of(uint32_t number)
{
	struct stamped s = {{0}, {0x55}};

	memset(s.value, 7, sizeof(s.value));
	put_number(s.value, number);
	put_number(s.nonce + 1, number);
	return s;
}

static void take(struct noon_der_wr *w, struct tap_message *ret)
{
	const struct noon_bytes b = noon_der_wr_written(w);

	assert(noon_der_wr_ok(w));
	memmove(ret->p, b.p, b.n);
	ret->n = b.n;
}

void tap_query(uint32_t number, bool nonce, struct tap_message *ret)
{
	const struct stamped s = stamped_of(number);
	struct noon_der_wr w = noon_der_wr_over(ret->p, sizeof(ret->p));
	struct noon_tsp_request r = {.cert_req = true};

	r.imprint.digest = NOON_DIGEST_SHA256;
	r.imprint.value = noon_bytes_of(s.value, sizeof(s.value));
	r.nonce = noon_bytes_of(s.nonce, nonce ? sizeof(s.nonce) : 0);
	noon_tsp_request_encode(&w, &r);
	take(&w, ret);
}

static void put_token(struct noon_der_wr *w, struct noon_bytes content)
{
	static const uint8_t name[] = {0x30, 0}, serial[] = {2, 1, 9}, alg[] = {0x30, 3, 6, 1, 42};
	static const uint8_t signature[256] = {1};
	struct noon_cms_signer signer = {.issuer = noon_bytes_of(name, sizeof(name)),
					 .serial = noon_bytes_of(serial, sizeof(serial)),
					 .digest = NOON_DIGEST_SHA256,
					 .signature_alg = noon_bytes_of(alg, sizeof(alg))};
	struct noon_cms_template t;
	uint8_t digest[NOON_DIGEST_MAX] = {0};
	uint8_t attrs[NOON_CMS_ATTRS_MAX];
	const noon_err err = noon_cms_template_init(&t, &signer);

	assert(!err);
	noon_cms_token_encode(w, &t, content, noon_cms_attrs(&t, digest, attrs),
			      noon_bytes_of(signature, sizeof(signature)), false);
}

void tap_reply(uint32_t number, bool nonce, noon_time gen_time, uint8_t digits,
	       struct tap_message *ret)
{
	static const uint8_t policy[] = {42, 3, 4};
	const struct stamped s = stamped_of(number);
	struct noon_tst_info t = {.gen_time = gen_time, .digits = digits};
	uint8_t info[512];
	struct noon_der_wr iw = noon_der_wr_over(info, sizeof(info));
	struct noon_der_wr w = noon_der_wr_over(ret->p, sizeof(ret->p));

	t.has_accuracy = true;
	t.accuracy = NOON_MS(1);
	t.policy = noon_bytes_of(policy, sizeof(policy));
	t.imprint.digest = NOON_DIGEST_SHA256;
	t.imprint.value = noon_bytes_of(s.value, sizeof(s.value));
	t.serial = noon_bytes_of(s.value, 4);
	t.nonce = noon_bytes_of(s.nonce, nonce ? sizeof(s.nonce) : 0);
	noon_tst_info_encode(&iw, &t);
	put_token(&w, noon_der_wr_written(&iw));
	noon_tsp_grant_wrap(&w, 0);
	take(&w, ret);
}

void tap_refusal(struct tap_message *ret)
{
	struct noon_der_wr w = noon_der_wr_over(ret->p, sizeof(ret->p));

	noon_tsp_refusal_encode(&w, NOON_TSP_TIME_NOT_AVAILABLE, "no");
	take(&w, ret);
}

uint32_t tap_number_of(const struct noon_tap_exchange *e)
{
	uint32_t v = 0;

	for (size_t i = 1; i < 5 && e->nonce_n == 5; i++)
		v = v << 8 | e->nonce[i];
	return v;
}

size_t tap_put_text(uint8_t *out, size_t at, const char *text)
{
	memcpy(out + at, text, strlen(text));
	return at + strlen(text);
}

static size_t put_bytes(uint8_t *out, size_t at, const uint8_t *p, size_t n)
{
	memcpy(out + at, p, n);
	return at + n;
}

size_t tap_put(uint8_t *out, size_t at, const struct tap_message *m)
{
	return put_bytes(out, at, m->p, m->n);
}

static size_t put_body(uint8_t *out, size_t at, const struct tap_message *body, bool chunked)
{
	const size_t half = body->n / 3;
	char line[64];

	if (!chunked) {
		(void)snprintf(line, sizeof(line), "Content-Length: %zu\r\n\r\n", body->n);
		at = tap_put_text(out, at, line);
		return tap_put(out, at, body);
	}
	(void)snprintf(line, sizeof(line), "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", half);
	at = put_bytes(out, tap_put_text(out, at, line), body->p, half);
	(void)snprintf(line, sizeof(line), "\r\n%zX;a=b\r\n", body->n - half);
	at = put_bytes(out, tap_put_text(out, at, line), body->p + half, body->n - half);
	return tap_put_text(out, at, "\r\n0\r\nTrailer: x\r\n\r\n");
}

size_t tap_put_request(uint8_t *out, size_t at, const struct tap_message *body, bool chunked)
{
	at = tap_put_text(out, at,
			  "POST /tsa HTTP/1.1\r\nHost: a\r\n"
			  "Content-Type: application/timestamp-query\r\n");
	return put_body(out, at, body, chunked);
}

size_t tap_put_response(uint8_t *out, size_t at, const struct tap_message *body, bool chunked)
{
	at = tap_put_text(out, at,
			  "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n");
	return put_body(out, at, body, chunked);
}

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8 & 0xff);
	p[1] = (uint8_t)(v & 0xff);
}

/* Checksums are left out: a tap does not look at them. */
static void put_ip(uint8_t *out, size_t total, uint8_t proto, bool to_client)
{
	memset(out, 0, 20);
	out[0] = 0x45;
	put16(out + 2, total);
	out[8] = 64;
	out[9] = proto;
	memcpy(out + 12, to_client ? "\xc0\0\2\2" : "\xc0\0\2\1", 4);
	memcpy(out + 16, to_client ? "\xc0\0\2\1" : "\xc0\0\2\2", 4);
}

size_t tap_frame(const struct tap_segment *s, uint8_t *out)
{
	const uint16_t client = s->client_port != 0 ? s->client_port : TAP_CLIENT_PORT;
	uint8_t *h = out + 20;

	put_ip(out, 40 + s->n, 6, s->to_client);
	memset(h, 0, 20);
	put16(h, s->to_client ? TAP_SERVER_PORT : client);
	put16(h + 2, s->to_client ? client : TAP_SERVER_PORT);
	put_number(h + 4, s->seq);
	put_number(h + 8, s->ack);
	h[12] = 0x50;
	h[13] = s->flags;
	if (s->n > 0)
		memcpy(h + 20, s->p, s->n);
	return 40 + s->n;
}

void tap_hear(struct tap_world *w, const struct tap_segment *s, noon_time at)
{
	static uint8_t frame[TAP_FRAME_MAX];
	const size_t n = tap_frame(s, frame);

	noon_tap_on_frame(&w->tap, NOON_LINK_RAW, noon_bytes_of(frame, n - s->cut), n, at);
}

size_t tap_udp_frame(bool to_client, uint16_t client_port, const void *p, size_t n, uint8_t *out)
{
	put_ip(out, 28 + n, 17, to_client);
	put16(out + 20, to_client ? 123 : client_port);
	put16(out + 22, to_client ? client_port : 123);
	put16(out + 24, 8 + n);
	put16(out + 26, 0);
	if (n > 0)
		memcpy(out + 28, p, n);
	return 28 + n;
}

void tap_hear_udp(struct tap_world *w, bool to_client, const void *p, size_t n, noon_time at)
{
	uint8_t frame[2048];
	const size_t len = tap_udp_frame(to_client, TAP_CLIENT_PORT, p, n, frame);

	noon_tap_on_frame(&w->tap, NOON_LINK_RAW, noon_bytes_of(frame, len), len, at);
}
