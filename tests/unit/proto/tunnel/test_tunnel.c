/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "crypto/aead.h"
#include "proto/tunnel/tunnel.h"
#include "tunnel_ends.h"

/* The two ends of a tunnel, and packets between them. Too large for a stack frame. */
static struct world {
	struct noon_tunnel a;
	struct noon_tunnel b;
	struct noon_rng rng;
	noon_time now;
	uint8_t room[NOON_TUNNEL_PACKET_MAX];
	struct noon_tunnel_datagram got;
	struct noon_actions out;
} w;

struct packet {
	size_t n;
	uint8_t p[NOON_TUNNEL_PACKET_MAX];
};

static void begin(struct noon_tunnel *t, bool is_initiator, uint64_t first)
{
	const struct noon_tunnel_conf c = tunnel_end(is_initiator, first);

	assert_int_equal(noon_tunnel_init(t, &c, w.now, &w.rng), NOON_OK);
}

static int set_up(void **state)
{
	(void)state;
	w.rng = noon_rng_seeded(20261130);
	w.now = (noon_time){NOON_S(1000)};
	begin(&w.a, true, 1);
	begin(&w.b, false, 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	noon_tunnel_fini(&w.a);
	noon_tunnel_fini(&w.b);
	return 0;
}

/* The owner's part: epochs are on disk before they are used. */
static void reserve(struct noon_tunnel *t)
{
	const uint64_t epoch = noon_tunnel_wants_reserved(t);

	if (epoch > 0)
		noon_tunnel_reserved(t, epoch);
}

static struct packet sent_by(struct noon_tunnel *t, const char *text)
{
	struct packet p;
	struct noon_wr wr = noon_wr_over(p.p, sizeof(p.p));
	struct noon_tunnel_sealed sealed;
	const struct noon_udp udp = {319, 319};

	assert_int_equal(
		noon_tunnel_seal(t, &udp, noon_bytes_of(text, strlen(text)), w.now, &wr, &sealed),
		NOON_OK);
	p.n = noon_wr_len(&wr);
	return p;
}

static enum noon_tunnel_verdict given_to(struct noon_tunnel *t, const struct packet *p)
{
	const struct noon_rx rx = {.data = noon_bytes_of(p->p, p->n), .at = w.now, .now = w.now};

	return noon_tunnel_on_packet(t, &rx, w.room, &w.got);
}

/* The same by an owner that reserves. */
static enum noon_tunnel_verdict handed_to(struct noon_tunnel *t, const struct packet *p)
{
	const enum noon_tunnel_verdict v = given_to(t, p);

	reserve(t);
	return v == NOON_TUNNEL_UNRESERVED ? given_to(t, p) : v;
}

/* One packet across; tells whether it came out whole. */
static bool crosses(struct noon_tunnel *from, struct noon_tunnel *to)
{
	const struct packet p = sent_by(from, "a timing packet");

	reserve(from);
	return handed_to(to, &p) == NOON_TUNNEL_ACCEPTED && w.got.data.n == 15 &&
	       memcmp(w.got.data.p, "a timing packet", 15) == 0;
}

/* Time, and the cover packets that it brings. An end without a configuration is dead. */
static void pass(noon_dur d)
{
	w.now = noon_time_add(w.now, d);
	for (int i = 0; i < 2; i++) {
		struct noon_tunnel *const t = i ? &w.b : &w.a;
		struct noon_tunnel *const other = i ? &w.a : &w.b;

		if (t->conf.first == 0 || noon_time_before(w.now, noon_tunnel_deadline(t)))
			continue;
		noon_actions_reset(&w.out);
		noon_tunnel_on_timer(t, w.now, &w.out);
		reserve(t);
		for (size_t k = 0; k < w.out.n; k++) {
			struct packet p = {.n = w.out.a[k].send.n};

			memcpy(p.p, w.out.a[k].send.p, p.n);
			if (other->conf.first > 0)
				(void)handed_to(other, &p);
		}
	}
}

static void datagrams_cross_both_ways(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_true(crosses(&w.a, &w.b));
		assert_int_equal(w.got.udp.dst, 319);
		assert_memory_equal(w.got.ip.src, "\x0a\x09\x00\x01", 4);
		assert_true(crosses(&w.b, &w.a));
	}
	assert_true(noon_tunnel_is_up(&w.a, w.now) && noon_tunnel_is_up(&w.b, w.now));
	assert_int_equal(w.a.verdicts[NOON_TUNNEL_ACCEPTED], 100);
	assert_int_equal(w.a.refreshes + w.b.refreshes, 0);
}

/* Ten packets a second each way, some overtaken by others: none is lost over 100 refreshes. */
static void a_hundred_refreshes_lose_nothing(void **state)
{
	static struct packet late[8];
	const uint64_t before = 100;
	uint64_t lost = 0, offered = 0;

	(void)state;
	w.a.conf.jitter = w.b.conf.jitter = 0.2;
	while (w.a.refreshes + w.a.followed < before || w.b.out.epoch < before) {
		for (int i = 0; i < 8; i++)
			late[i] = sent_by(&w.a, "a timing packet");
		lost += !crosses(&w.a, &w.b);
		pass(NOON_MS(50));
		for (int i = 7; i >= 0; i--)
			lost += given_to(&w.b, &late[i]) != NOON_TUNNEL_ACCEPTED;
		lost += !crosses(&w.b, &w.a);
		offered += 10;
		pass(NOON_MS(50));
		assert_true(offered < 1000000);
	}
	assert_int_equal(lost, 0);
	assert_true(offered > 10000);
	assert_true(w.a.out.epoch >= w.b.out.epoch ? w.a.out.epoch - w.b.out.epoch <= 1
						   : w.b.out.epoch - w.a.out.epoch <= 1);
}

static void spis_change_and_the_old_ones_end(void **state)
{
	static struct packet held;
	uint32_t spi;

	(void)state;
	assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
	spi = w.a.out.sa.form.spi;
	held = sent_by(&w.a, "held back");
	for (int i = 0; i < 70; i++) {
		pass(NOON_S(1));
		assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
	}
	assert_true(w.a.out.epoch == 2 && w.b.out.epoch == 2);
	assert_true(w.a.out.sa.form.spi != spi);
	/* The grace period is over. */
	assert_int_equal(given_to(&w.b, &held), NOON_TUNNEL_EXPIRED);
}

static void packets_and_bytes_end_it_too(void **state)
{
	(void)state;
	w.a.conf.packets = 50;
	w.b.conf.bytes = 5000;
	for (int i = 0; i < 1000; i++) {
		assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
		if (i % 10 == 0)
			pass(NOON_MS(10));
	}
	assert_true(w.a.out.epoch > 15);
	assert_true(w.a.out.sa.seq <= 50);
}

/* A dead end does not make the other run away, and is found again. */
static void an_end_that_was_away_is_found(void **state)
{
	const uint64_t jumps[] = {1, NOON_TUNNEL_RESERVE + 1, 60, 1000, 4000, 9000};

	(void)state;
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		const uint64_t first = w.b.conf.reserved + jumps[i];
		int seconds = 0;

		assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
		noon_tunnel_fini(&w.b);
		for (int k = 0; k < 600; k++) {
			(void)sent_by(&w.a, "nobody is there");
			pass(NOON_S(1));
		}
		assert_false(noon_tunnel_is_up(&w.a, w.now));
		begin(&w.b, false, first);
		while (!(noon_tunnel_is_up(&w.a, w.now) && noon_tunnel_is_up(&w.b, w.now))) {
			pass(NOON_S(1));
			assert_true(++seconds < 1500);
		}
		assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
		assert_true(w.a.out.epoch >= first);
	}
}

static void nothing_old_is_believed_after_a_restart(void **state)
{
	static struct packet old[20];

	(void)state;
	for (int i = 0; i < 20; i++)
		old[i] = sent_by(&w.a, "recorded");
	for (int i = 0; i < 10; i++)
		assert_int_equal(given_to(&w.b, &old[i]), NOON_TUNNEL_ACCEPTED);
	noon_tunnel_fini(&w.b);
	begin(&w.b, false, 2 + NOON_TUNNEL_RESERVE);
	for (int i = 0; i < 20; i++)
		assert_int_equal(given_to(&w.b, &old[i]), NOON_TUNNEL_SPI);
	/* ... and it works at once when it speaks. */
	assert_true(crosses(&w.b, &w.a));
	assert_true(crosses(&w.a, &w.b));
}

static void nothing_is_used_that_is_not_reserved(void **state)
{
	(void)state;
	w.a.conf.reserved = w.b.conf.reserved = 1;
	assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
	w.now = noon_time_add(w.now, NOON_S(100));
	noon_actions_reset(&w.out);
	noon_tunnel_on_timer(&w.a, w.now, &w.out);
	assert_true(w.a.out.epoch == 1);
	assert_true(noon_tunnel_wants_reserved(&w.a) >= 2);
	noon_tunnel_reserved(&w.a, noon_tunnel_wants_reserved(&w.a));
	w.now = noon_time_add(w.now, NOON_S(1));
	noon_tunnel_on_timer(&w.a, w.now, &w.out);
	assert_true(w.a.out.epoch == 2);
	/* The other end asks for it before it believes a packet. */
	{
		static struct packet p;

		p = sent_by(&w.a, "next epoch");

		assert_int_equal(given_to(&w.b, &p), NOON_TUNNEL_UNRESERVED);
		assert_true(w.b.heard == 1);
		noon_tunnel_reserved(&w.b, noon_tunnel_wants_reserved(&w.b));
		assert_int_equal(given_to(&w.b, &p), NOON_TUNNEL_ACCEPTED);
		assert_true(w.b.out.epoch == 2);
	}
	/* Worn keys without a successor send nothing. */
	w.a.conf.packets = w.a.out.sa.seq + 2;
	w.a.conf.reserved = 2;
	(void)sent_by(&w.a, "the last but one");
	(void)sent_by(&w.a, "the last one");
	{
		static struct packet p;
		struct noon_wr wr = noon_wr_over(p.p, sizeof(p.p));
		struct noon_tunnel_sealed sealed;

		assert_int_equal(noon_tunnel_seal(&w.a, &(struct noon_udp){319, 319},
						  noon_bytes_of("x", 1), w.now, &wr, &sealed),
				 NOON_ERR_STATE);
		assert_int_equal(w.a.refused, 1);
	}
}

/* What is sealed by the right keys, and is no timing traffic of the two. */
static void selectors_let_nothing_else_through(void **state)
{
	struct noon_tunnel_conf *const c = &w.a.conf;
	const struct noon_tunnel_conf good = *c;
	static struct packet p;

	(void)state;
	c->inner.src[3] = 7;
	p = sent_by(&w.a, "from somebody else");
	assert_int_equal(given_to(&w.b, &p), NOON_TUNNEL_SELECTOR);
	*c = good;
	c->inner.dst[3] = 7;
	p = sent_by(&w.a, "to somebody else");
	assert_int_equal(given_to(&w.b, &p), NOON_TUNNEL_SELECTOR);
	*c = good;
	c->inner.version = 6;
	p = sent_by(&w.a, "of another version");
	assert_int_equal(given_to(&w.b, &p), NOON_TUNNEL_SELECTOR);
	*c = good;
	w.b.conf.port[0] = 123;
	p = sent_by(&w.a, "to another port");
	assert_int_equal(given_to(&w.b, &p), NOON_TUNNEL_SELECTOR);
	assert_int_equal(w.b.verdicts[NOON_TUNNEL_SELECTOR], 4);
	{
		struct noon_wr wr = noon_wr_over(p.p, sizeof(p.p));
		struct noon_tunnel_sealed sealed;

		assert_int_equal(noon_tunnel_seal(&w.a, &(struct noon_udp){53, 53},
						  noon_bytes_of("x", 1), w.now, &wr, &sealed),
				 NOON_ERR_PERM);
		assert_int_equal(noon_wr_len(&wr), 0);
	}
}

static void cells_have_one_size(void **state)
{
	static const char text[] =
		"0123456789012345678901234567890123456789012345678901234567890123"
		"4567890123456789";
	size_t size = 0;

	(void)state;
	w.a.conf.padding = (struct noon_padding){NOON_PADDING_CELL, 128, 0};
	w.a.conf.cover = NOON_MS(125);
	for (size_t n = 0; n <= 80; n++) {
		static struct packet p;
		struct noon_wr wr = noon_wr_over(p.p, sizeof(p.p));
		struct noon_tunnel_sealed sealed;

		assert_int_equal(noon_tunnel_seal(&w.a, &(struct noon_udp){320, 320},
						  noon_bytes_of(text, n), w.now, &wr, &sealed),
				 NOON_OK);
		p.n = noon_wr_len(&wr);
		size = size == 0 ? p.n : size;
		assert_int_equal(p.n, size);
		assert_int_equal(given_to(&w.b, &p), NOON_TUNNEL_ACCEPTED);
		assert_int_equal(w.got.data.n, n);
	}
	/* Cover packets look the same and are nothing. */
	w.now = noon_time_add(w.now, NOON_MS(125));
	assert_false(noon_time_before(w.now, noon_tunnel_deadline(&w.a)));
	noon_actions_reset(&w.out);
	noon_tunnel_on_timer(&w.a, w.now, &w.out);
	assert_int_equal(w.out.n, 1);
	assert_int_equal(w.out.a[0].send.n, size);
	{
		static struct packet p;

		p.n = size;
		memcpy(p.p, w.out.a[0].send.p, size);
		assert_int_equal(given_to(&w.b, &p), NOON_TUNNEL_COVER);
		assert_int_equal(given_to(&w.b, &p), NOON_TUNNEL_REPLAY);
	}
}

/* A flood of garbage changes nothing. */
static void bad_packets_change_nothing(void **state)
{
	static struct packet good, p;
	static struct noon_tunnel before;

	(void)state;
	good = sent_by(&w.a, "good");
	assert_int_equal(given_to(&w.b, &good), NOON_TUNNEL_ACCEPTED);
	before = w.b;
	for (int i = 0; i < 20000; i++) {
		size_t at;

		p = sent_by(&w.a, "to be damaged");
		at = noon_rng_u64(&w.rng) % p.n;
		if (i % 3 == 0)
			noon_rng_fill(&w.rng, p.p + 20, p.n - 20);
		else if (i % 3 == 1)
			p.p[20 + at % (p.n - 20)] ^= (uint8_t)(1 + noon_rng_u64(&w.rng) % 255);
		else
			p.n = at;
		assert_int_not_equal(given_to(&w.b, &p), NOON_TUNNEL_ACCEPTED);
	}
	memcpy(before.verdicts, w.b.verdicts, sizeof(before.verdicts));
	assert_memory_equal(&before, &w.b, sizeof(before));
}

static void configurations_that_make_no_sense(void **state)
{
	struct noon_tunnel t;

	(void)state;
	for (int i = 0; i < 12; i++) {
		struct noon_tunnel_conf c = tunnel_end(true, 1);

		switch (i) {
		case 0:
			c.ports = 0;
			break;
		case 1:
			c.ports = NOON_TUNNEL_PORTS + 1;
			break;
		case 2:
			c.lifetime = 0;
			break;
		case 3:
			c.jitter = 0.6;
			break;
		case 4:
			c.first = 0;
			break;
		case 5:
			c.reserved = 0;
			break;
		case 6:
			c.key_len = 24;
			break;
		case 7:
			c.udp = true; /* with AH */
			break;
		case 8:
			c.inner.version = 0;
			break;
		case 9:
			c.packets = UINT64_MAX;
			break;
		case 10:
			c.padding.min = 5000;
			break;
		default:
			c.dead_after = 0;
		}
		assert_int_equal(noon_tunnel_init(&t, &c, w.now, &w.rng), NOON_ERR_RANGE);
	}
}

/* Each direction, each order of the addresses, other addresses: none shares a key or an SPI. */
static void epochs_have_keys_and_spis_of_their_own(void **state)
{
	static const struct noon_tunnel_way ways[] = {
		{NOON_TUNNEL_FROM_INITIATOR, 4, {10, 9, 0, 1}, {10, 9, 0, 2}},
		{NOON_TUNNEL_FROM_RESPONDER, 4, {10, 9, 0, 2}, {10, 9, 0, 1}},
		{NOON_TUNNEL_FROM_INITIATOR, 4, {10, 9, 0, 2}, {10, 9, 0, 1}},
		{NOON_TUNNEL_FROM_INITIATOR, 4, {10, 9, 0, 1}, {10, 9, 0, 3}},
		{NOON_TUNNEL_FROM_INITIATOR, 6, {10, 9, 0, 1}, {10, 9, 0, 2}},
	};
	enum { WAYS = sizeof(ways) / sizeof(ways[0]), EPOCHS = 70 };
	static struct noon_secret_tunnel_epoch e[WAYS * EPOCHS];
	const struct noon_secret_tunnel secret = {{1}};

	(void)state;
	for (size_t i = 0; i < WAYS * EPOCHS; i++)
		assert_int_equal(noon_tunnel_keys_of(&secret, &ways[i / EPOCHS], i % EPOCHS, &e[i]),
				 NOON_OK);
	for (size_t i = 0; i < WAYS * EPOCHS; i++) {
		assert_true(e[i].spi > 255 && e[i].ah_spi > 255 && e[i].spi != e[i].ah_spi);
		for (size_t k = 0; k < i; k++) {
			assert_memory_not_equal(&e[i].keys, &e[k].keys, sizeof(e[i].keys));
			assert_true(e[i].spi != e[k].spi);
		}
	}
}

/* Both ends with one role: they do not understand each other, and no key meets a number twice. */
static void ends_with_one_role_share_no_key(void **state)
{
	static struct packet p;

	(void)state;
	noon_tunnel_fini(&w.b);
	{
		struct noon_tunnel_conf c = tunnel_end(false, 1);

		c.is_initiator = true;
		assert_int_equal(noon_tunnel_init(&w.b, &c, w.now, &w.rng), NOON_OK);
	}
	assert_true(w.a.out.sa.form.spi != w.b.out.sa.form.spi);
	p = sent_by(&w.a, "to an end of the same role");
	assert_int_equal(given_to(&w.b, &p), NOON_TUNNEL_SPI);
	p = sent_by(&w.b, "and back");
	assert_int_equal(given_to(&w.a, &p), NOON_TUNNEL_SPI);
}

/* ---- secrets of a key exchange ---- */

static void begin_exchanged(void)
{
	struct noon_tunnel_conf c = tunnel_end(true, 0);

	noon_tunnel_fini(&w.a);
	noon_tunnel_fini(&w.b);
	c.exchanged = true;
	c.reserved = 0;
	assert_int_equal(noon_tunnel_init(&w.a, &c, w.now, &w.rng), NOON_OK);
	c = tunnel_end(false, 0);
	c.exchanged = true;
	assert_int_equal(noon_tunnel_init(&w.b, &c, w.now, &w.rng), NOON_OK);
}

/* What the two ends do when an exchange succeeds: the one that answers is the first to have it. */
static uint64_t agree(uint8_t secret)
{
	const uint64_t fa = noon_tunnel_epoch_floor(&w.a), fb = noon_tunnel_epoch_floor(&w.b);
	const uint64_t from = fa > fb ? fa : fb;
	struct noon_secret_tunnel s;

	memset(s.key, secret, sizeof(s.key));
	assert_int_equal(noon_tunnel_rekey(&w.b, &s, from, false, w.now), NOON_OK);
	assert_int_equal(noon_tunnel_rekey(&w.a, &s, from, true, w.now), NOON_OK);
	return from;
}

static enum noon_tunnel_verdict attempt(struct noon_tunnel *from, struct noon_tunnel *to)
{
	static struct packet p;
	struct noon_wr wr = noon_wr_over(p.p, sizeof(p.p));
	struct noon_tunnel_sealed sealed;

	if (noon_tunnel_seal(from, &(struct noon_udp){319, 319}, noon_bytes_of("x", 1), w.now, &wr,
			     &sealed))
		return NOON_TUNNEL_VERDICTS;
	p.n = noon_wr_len(&wr);
	return given_to(to, &p);
}

static void without_a_secret_nothing_passes(void **state)
{
	static struct packet p;
	uint32_t spi[NOON_TUNNEL_SPIS_MAX];
	uint8_t zeros[64] = {0};

	(void)state;
	begin_exchanged();
	pass(NOON_S(100));
	assert_int_equal(attempt(&w.a, &w.b), NOON_TUNNEL_VERDICTS);
	assert_int_equal(noon_tunnel_spis_in(&w.a, spi), 0);
	assert_false(noon_tunnel_is_up(&w.a, w.now));
	/* Keys of a secret of zeros are known to everybody, and so are their SPIs; and SPI 0 is
	 * what empty tables hold. */
	{
		struct noon_tunnel_conf c = tunnel_end(true, 1);

		memset(c.secret.key, 0, sizeof(c.secret.key));
		noon_tunnel_fini(&w.a);
		assert_int_equal(noon_tunnel_init(&w.a, &c, w.now, &w.rng), NOON_OK);
	}
	p = sent_by(&w.a, "everybody can");
	assert_int_equal(given_to(&w.b, &p), NOON_TUNNEL_SPI);
	memset(p.p + 20 + 28, 0, 4);
	assert_int_equal(given_to(&w.b, &p), NOON_TUNNEL_FORMAT);
	memcpy(p.p + 20, zeros, sizeof(zeros));
	assert_true(given_to(&w.b, &p) != NOON_TUNNEL_ACCEPTED);
	assert_int_equal(w.b.heard, 0);
}

static void an_exchange_brings_it_up(void **state)
{
	(void)state;
	begin_exchanged();
	(void)agree(1);
	assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
	assert_true(noon_tunnel_is_up(&w.a, w.now) && noon_tunnel_is_up(&w.b, w.now));
	/* Refreshed like any other, without a word. */
	for (int i = 0; i < 200; i++) {
		pass(NOON_S(1));
		assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
	}
	assert_true(w.a.out.epoch >= w.b.out.epoch && w.a.refreshes + w.a.followed >= 3);
	assert_int_equal(noon_tunnel_wants_reserved(&w.a), 0);
}

/* Packets of the secret before are under way while the fresh one takes over. */
static void a_hundred_secrets_lose_nothing(void **state)
{
	static struct packet a[4], b[4];

	(void)state;
	begin_exchanged();
	(void)agree(1);
	assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
	for (int i = 0; i < 100; i++) {
		for (int k = 0; k < 4; k++) {
			a[k] = sent_by(&w.a, "a timing packet");
			b[k] = sent_by(&w.b, "a timing packet");
		}
		(void)agree((uint8_t)(i + 2));
		assert_int_equal(given_to(&w.b, &a[0]), NOON_TUNNEL_ACCEPTED);
		assert_int_equal(given_to(&w.a, &b[0]), NOON_TUNNEL_ACCEPTED);
		/* The end that answered still sends with the old one, until it hears the new. */
		if (i % 2)
			assert_true(crosses(&w.b, &w.a));
		assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
		for (int k = 3; k > 0; k--) {
			assert_int_equal(given_to(&w.b, &a[k]), NOON_TUNNEL_ACCEPTED);
			assert_int_equal(given_to(&w.a, &b[k]), NOON_TUNNEL_ACCEPTED);
		}
		pass(NOON_S(3));
	}
	assert_int_equal(w.a.rekeys, 101);
	assert_int_equal(w.b.rekeys, 101);
}

static bool has_bytes(const void *in, size_t n, uint8_t value, size_t run)
{
	const uint8_t *p = in;
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		k = p[i] == value ? k + 1 : 0;
		if (k == run)
			return true;
	}
	return false;
}

/* Forward secrecy: whoever takes the memory later finds neither the secret nor keys of it. */
static void secrets_before_are_wiped(void **state)
{
	static struct packet old;
	const uint8_t mark = 0x77;

	(void)state;
	begin_exchanged();
	(void)agree(mark);
	assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
	assert_true(has_bytes(&w.b, sizeof(w.b), mark, NOON_TUNNEL_SECRET));
	old = sent_by(&w.a, "recorded");
	(void)agree(2);
	assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
	assert_false(has_bytes(&w.a, sizeof(w.a), mark, NOON_TUNNEL_SECRET));
	assert_false(has_bytes(&w.b, sizeof(w.b), mark, NOON_TUNNEL_SECRET));
	pass(NOON_S(3));
	assert_int_equal(given_to(&w.b, &old), NOON_TUNNEL_EXPIRED);
	assert_int_equal(w.b.before.epoch, 0);
}

/* An exchange whose reply is lost leaves one end with a secret that is never used. */
static void an_exchange_that_only_one_end_finished_hurts_nobody(void **state)
{
	struct noon_secret_tunnel s;

	(void)state;
	begin_exchanged();
	(void)agree(1);
	assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
	for (int i = 0; i < 3; i++) {
		memset(s.key, 100 + i, sizeof(s.key));
		assert_int_equal(
			noon_tunnel_rekey(&w.b, &s, noon_tunnel_epoch_floor(&w.b), false, w.now),
			NOON_OK);
		assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
	}
	(void)agree(2);
	assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
	assert_true(w.a.fresh_from == 0 && w.b.fresh_from == 0);
}

/* The old secret's epochs end where the fresh one's begin, however long that takes. */
static void refreshes_stop_short_of_a_fresh_secret(void **state)
{
	uint64_t from;

	(void)state;
	begin_exchanged();
	w.b.conf.packets = 20;
	(void)agree(1);
	assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
	from = agree(2);
	for (int i = 0; i < 20000; i++) {
		(void)attempt(&w.b, &w.a);
		if (i % 100 == 0)
			pass(NOON_MS(1));
	}
	assert_true(w.b.out.epoch < from);
	assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
	assert_true(w.b.out.epoch >= from);
}

static void either_end_may_restart(void **state)
{
	struct noon_tunnel_conf c = tunnel_end(false, 0);

	(void)state;
	c.exchanged = true;
	begin_exchanged();
	for (int i = 0; i < 4; i++) {
		(void)agree((uint8_t)(i + 1));
		assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
		pass(NOON_S(1));
		noon_tunnel_fini(i % 2 ? &w.a : &w.b);
		c.is_initiator = i % 2;
		memcpy(c.inner.src, (const uint8_t[]){10, 9, 0, i % 2 ? 1 : 2}, 4);
		memcpy(c.inner.dst, (const uint8_t[]){10, 9, 0, i % 2 ? 2 : 1}, 4);
		assert_int_equal(noon_tunnel_init(i % 2 ? &w.a : &w.b, &c, w.now, &w.rng), NOON_OK);
		assert_int_equal(attempt(&w.a, &w.b),
				 i % 2 ? NOON_TUNNEL_VERDICTS : NOON_TUNNEL_SPI);
	}
	(void)agree(9);
	assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
}

static void what_is_forgotten_is_gone(void **state)
{
	static struct packet old;
	uint64_t floor;

	(void)state;
	begin_exchanged();
	(void)agree(0x77);
	assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
	old = sent_by(&w.a, "recorded");
	floor = noon_tunnel_epoch_floor(&w.b);
	noon_tunnel_forget(&w.b);
	assert_int_equal(noon_tunnel_epoch_floor(&w.b), floor);
	assert_false(has_bytes(&w.b, sizeof(w.b), 0x77, NOON_TUNNEL_SECRET));
	assert_int_equal(given_to(&w.b, &old), NOON_TUNNEL_SPI);
	assert_int_equal(attempt(&w.b, &w.a), NOON_TUNNEL_VERDICTS);
	assert_false(noon_tunnel_is_up(&w.b, w.now));
	pass(NOON_S(1));
	(void)agree(2);
	assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
}

static void secrets_are_refused_where_they_do_not_belong(void **state)
{
	const struct noon_secret_tunnel s = {{1}};
	uint64_t floor;

	(void)state;
	assert_int_equal(noon_tunnel_rekey(&w.a, &s, 1000, true, w.now), NOON_ERR_STATE);
	begin_exchanged();
	(void)agree(1);
	floor = noon_tunnel_epoch_floor(&w.a);
	assert_int_equal(noon_tunnel_rekey(&w.a, &s, floor - 1, true, w.now), NOON_ERR_RANGE);
	assert_int_equal(
		noon_tunnel_rekey(&w.a, &s, (uint64_t)NOON_TUNNEL_EPOCH_MAX + 1, true, w.now),
		NOON_ERR_RANGE);
	assert_true(crosses(&w.a, &w.b) && crosses(&w.b, &w.a));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(datagrams_cross_both_ways),
		TEST(a_hundred_refreshes_lose_nothing),
		TEST(spis_change_and_the_old_ones_end),
		TEST(packets_and_bytes_end_it_too),
		TEST(an_end_that_was_away_is_found),
		TEST(nothing_old_is_believed_after_a_restart),
		TEST(nothing_is_used_that_is_not_reserved),
		TEST(selectors_let_nothing_else_through),
		TEST(cells_have_one_size),
		TEST(bad_packets_change_nothing),
		TEST(configurations_that_make_no_sense),
		TEST(ends_with_one_role_share_no_key),
		TEST(without_a_secret_nothing_passes),
		TEST(an_exchange_brings_it_up),
		TEST(a_hundred_secrets_lose_nothing),
		TEST(secrets_before_are_wiped),
		TEST(an_exchange_that_only_one_end_finished_hurts_nobody),
		TEST(refreshes_stop_short_of_a_fresh_secret),
		TEST(either_end_may_restart),
		TEST(what_is_forgotten_is_gone),
		TEST(secrets_are_refused_where_they_do_not_belong),
		cmocka_unit_test(epochs_have_keys_and_spis_of_their_own),
	};

	return noon_aead_global_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
