/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: whatever happens to packets and ends of a tunnel, nothing comes out that was not put
 * in, nothing twice, no key is used twice with one number, and a quiet tunnel finds itself again.
 *
 * The input is a sequence of events: datagrams, losses, changes, repetitions, raw packets, time,
 * restarts.
 */
#include <assert.h>
#include <string.h>

#include "crypto/aead.h"
#include "input.h"
#include "proto/tunnel/tunnel.h"

#define EVENTS_MAX 300
#define HELD	   16

struct packet {
	size_t n;
	uint8_t p[NOON_TUNNEL_PACKET_MAX];
	bool from_a;
	uint32_t id; /* of the datagram inside; 0: none, a cover packet */
	bool is_changed;
	bool is_out; /* it came out of the tunnel already */
};

static struct noon_tunnel end[2];
static uint64_t first[2];
static uint64_t last_seq[2];
static uint32_t last_spi[2];
static struct packet held[HELD];
static size_t n_held;
static struct noon_rng rng;
static noon_time now;
static uint32_t ids;
static uint8_t options;

static struct noon_tunnel_conf conf_of(int i)
{
	struct noon_tunnel_conf c = {
		.is_initiator = i == 0,
		.key_len = options & 1 ? 32 : 16,
		.extended = options & 2,
		.ah = (options & 12) == 4,
		.udp = (options & 12) == 8,
		.outer = {.version = options & 16 ? 6 : 4, .ttl = 64},
		.inner = {.version = options & 32 ? 6 : 4, .ttl = 64},
		.port = {319},
		.ports = 1,
		.padding = {options & 64 ? NOON_PADDING_CELL : NOON_PADDING_NONE, 256, 0},
		.lifetime = NOON_S(20),
		.packets = 40,
		.grace = NOON_S(2),
		.dead_after = NOON_S(3),
		.cover = options & 128 ? NOON_MS(500) : 0,
		.first = first[i],
		.reserved = first[i] + 3,
	};

	c.outer.src[0] = c.inner.src[0] = (uint8_t)(1 + i);
	c.outer.dst[0] = c.inner.dst[0] = (uint8_t)(2 - i);
	return c;
}

static void start(int i)
{
	const struct noon_tunnel_conf c = conf_of(i);

	assert(noon_tunnel_init(&end[i], &c, now, &rng) == NOON_OK);
}

static void reserve(int i)
{
	const uint64_t epoch = noon_tunnel_wants_reserved(&end[i]);

	if (epoch > 0)
		noon_tunnel_reserved(&end[i], epoch);
}

/* Keep a packet for later; a number is never used twice with one SPI. */
static void hold(int i, struct noon_bytes data, uint32_t id)
{
	struct packet *const p = &held[n_held++ % HELD];
	const struct noon_sa *const sa = &end[i].out.sa;

	assert(data.n <= sizeof(p->p));
	*p = (struct packet){.n = data.n, .from_a = i == 0, .id = id};
	memcpy(p->p, data.p, data.n);
	assert(sa->form.spi != last_spi[i] || sa->seq > last_seq[i]);
	last_spi[i] = sa->form.spi;
	last_seq[i] = sa->seq;
}

static void send(int i)
{
	uint8_t raw[NOON_TUNNEL_PACKET_MAX], text[4] = {0};
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
	struct noon_tunnel_sealed sealed;

	ids++;
	memcpy(text, &ids, sizeof(ids));
	if (noon_tunnel_seal(&end[i], &(struct noon_udp){319, 319},
			     noon_bytes_of(text, sizeof(text)), now, &wr, &sealed))
		ids--;
	else
		hold(i, noon_wr_written(&wr), ids);
	reserve(i);
}

static void give(struct packet *p, int to)
{
	static uint8_t room[NOON_TUNNEL_PACKET_MAX];
	struct noon_tunnel_datagram d;
	const struct noon_rx rx = {.data = noon_bytes_of(p->p, p->n), .at = now, .now = now};
	enum noon_tunnel_verdict v = noon_tunnel_on_packet(&end[to], &rx, room, &d);

	reserve(to);
	if (v == NOON_TUNNEL_UNRESERVED)
		v = noon_tunnel_on_packet(&end[to], &rx, room, &d);
	if (v != NOON_TUNNEL_ACCEPTED && v != NOON_TUNNEL_COVER)
		return;
	assert(p->from_a == (to == 1) && !p->is_changed && !p->is_out);
	p->is_out = true;
	assert((v == NOON_TUNNEL_COVER) == (p->id == 0));
	if (v == NOON_TUNNEL_ACCEPTED)
		assert(d.data.n == 4 && memcmp(d.data.p, &p->id, 4) == 0 && d.udp.dst == 319);
}

static void timer(int i)
{
	static struct noon_actions as;

	noon_actions_reset(&as);
	noon_tunnel_on_timer(&end[i], now, &as);
	reserve(i);
	for (size_t k = 0; k < as.n; k++)
		if (as.a[k].kind == NOON_ACTION_SEND)
			hold(i, as.a[k].send, 0);
	assert(noon_time_before(now, noon_tunnel_deadline(&end[i])));
}

/* Behind the outer IP header, of which routers may change some. */
static void change(struct packet *p, struct input *in)
{
	const struct noon_sa_form *const f = &end[0].out.sa.form;
	const size_t skip = f->udp ? 0 : noon_ip_header_len(f->outer.version);
	const uint16_t at = input_u16(in);
	const uint8_t by = input_u8(in);

	if (p->n <= skip || by == 0 || p->is_changed)
		return;
	p->p[skip + at % (p->n - skip)] ^= by;
	p->is_changed = true;
}

static void event(struct input *in)
{
	const uint8_t what = input_u8(in);
	const int i = what >> 7;
	struct packet *const p = &held[input_u8(in) % HELD];

	switch (what % 8) {
	case 0:
	case 1:
		send(i);
		break;
	case 2:
	case 3:
		give(p, p->from_a ? 1 : 0);
		break;
	case 4:
		give(p, p->from_a ? 0 : 1); /* back to who sent it */
		break;
	case 5:
		change(p, in);
		break;
	case 6:
		now = noon_time_add(now, NOON_MS(1) * input_u16(in));
		timer(0);
		timer(1);
		break;
	default:
		if (input_u8(in) % 8 != 0)
			break;
		first[i] = end[i].conf.reserved + 1;
		noon_tunnel_fini(&end[i]);
		start(i);
	}
}

/* Whatever has happened: with all packets delivered the two find each other. */
static void settle(void)
{
	bool is_up = false;

	for (int k = 0; k < 200 && !is_up; k++) {
		now = noon_time_add(now, NOON_S(1));
		for (int i = 0; i < 2; i++) {
			const size_t before = n_held;

			timer(i);
			send(i);
			for (size_t m = before; m < n_held; m++)
				give(&held[m % HELD], 1 - i);
		}
		is_up = noon_tunnel_is_up(&end[0], now) && noon_tunnel_is_up(&end[1], now);
	}
	assert(is_up);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct input in = {p, n};

	assert(noon_aead_global_init() == NOON_OK);
	memset(held, 0, sizeof(held));
	n_held = 0;
	ids = 0;
	rng = noon_rng_seeded(1);
	now = (noon_time){NOON_S(1000)};
	options = input_u8(&in);
	for (int i = 0; i < 2; i++) {
		first[i] = 1;
		last_seq[i] = last_spi[i] = 0;
		start(i);
	}
	for (int k = 0; k < EVENTS_MAX && in.n > 0; k++)
		event(&in);
	settle();
	noon_tunnel_fini(&end[0]);
	noon_tunnel_fini(&end[1]);
	return 0;
}
