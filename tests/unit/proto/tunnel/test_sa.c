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
#include "proto/tunnel/padding.h"
#include "proto/tunnel/sa.h"

/* The forms that there are. */
static const struct noon_sa_form forms[] = {
	{.key_len = 16, .spi = 0x1001, .outer = {.version = 4}},
	{.key_len = 32, .spi = 0x1001, .extended = true, .outer = {.version = 4}},
	{.key_len = 16, .spi = 0x1001, .ah = true, .ah_spi = 0x2001, .outer = {.version = 4}},
	{.key_len = 32,
	 .spi = 0x1001,
	 .ah = true,
	 .ah_spi = 0x2001,
	 .extended = true,
	 .outer = {.version = 6}},
	{.key_len = 16, .spi = 0x1001, .outer = {.version = 6}},
	{.key_len = 16, .spi = 0x1001, .udp = true, .extended = true},
};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

struct packet {
	size_t n;
	uint8_t p[NOON_TUNNEL_PACKET_MAX];
};

static uint8_t opened_in[NOON_TUNNEL_PACKET_MAX];

static struct noon_secret_sa_keys keys_of(uint64_t seed)
{
	struct noon_rng rng = noon_rng_seeded(seed);
	struct noon_secret_sa_keys k;

	noon_rng_fill(&rng, &k, sizeof(k));
	return k;
}

static struct noon_sa sa_of(const struct noon_sa_form *form, uint64_t seed)
{
	const struct noon_secret_sa_keys keys = keys_of(seed);
	struct noon_sa_form f = *form;
	struct noon_sa sa;

	f.outer.ttl = 64;
	f.outer.src[0] = 10;
	f.outer.src[3] = 1;
	f.outer.dst[0] = 10;
	f.outer.dst[3] = 2;
	assert_int_equal(noon_sa_init(&sa, &f, &keys), NOON_OK);
	return sa;
}

static struct packet seal(struct noon_sa *sa, const char *text, size_t pad)
{
	struct packet out;
	struct noon_wr wr = noon_wr_over(out.p, sizeof(out.p));

	assert_int_equal(noon_sa_seal(sa, noon_bytes_of(text, strlen(text)), 4, pad, &wr), NOON_OK);
	out.n = noon_wr_len(&wr);
	return out;
}

static enum noon_tunnel_verdict open(struct noon_sa *sa, const struct packet *p,
				     struct noon_sa_opened *ret)
{
	struct noon_sa_outer o;
	const enum noon_tunnel_verdict v =
		noon_sa_outer_of(noon_bytes_of(p->p, p->n), sa->form.udp, &o);

	if (v != NOON_TUNNEL_ACCEPTED)
		return v;
	if (o.esp.spi != sa->form.spi)
		return NOON_TUNNEL_SPI;
	return noon_sa_open(sa, &o, opened_in, ret);
}

static void what_is_sealed_is_opened(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORMS; i++) {
		struct noon_sa tx = sa_of(&forms[i], 1), rx = sa_of(&forms[i], 1);

		for (size_t pad = 0; pad < 700; pad += 1 + pad / 5) {
			struct noon_sa_opened o;
			const struct packet p = seal(&tx, "a timing packet", pad);

			assert_int_equal(p.n, noon_sa_outer_len(&tx, 15 + pad));
			assert_int_equal(open(&rx, &p, &o), NOON_TUNNEL_ACCEPTED);
			assert_int_equal(o.next, 4);
			assert_int_equal(o.inner.n, 15 + pad);
			assert_memory_equal(o.inner.p, "a timing packet", 15);
			for (size_t k = 0; k < pad; k++)
				assert_int_equal(o.inner.p[15 + k], 0);
			assert_true(o.seq == tx.seq);
			assert_int_equal(open(&rx, &p, &o), NOON_TUNNEL_REPLAY);
		}
		noon_sa_fini(&tx);
		noon_sa_fini(&rx);
	}
}

/* What a router may change is no forgery, with or without AH. */
static bool is_mutable(const struct noon_sa_form *f, size_t at)
{
	if (f->udp)
		return false;
	if (f->outer.version == 6)
		return at <= 3 || at == 7; /* of byte 0 half: the version is none of it */
	return at == 1 || at == 6 || at == 7 || at == 8 || at == 10 || at == 11;
}

static void no_bit_can_be_changed(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORMS; i++) {
		struct noon_sa tx = sa_of(&forms[i], 1), rx = sa_of(&forms[i], 1);
		const struct packet p = seal(&tx, "0123456789", 3);
		const size_t header = forms[i].udp ? 0 : noon_ip_header_len(forms[i].outer.version);
		struct noon_sa_opened o = {.seq = 99};

		for (size_t bit = 0; bit < 8 * p.n; bit++) {
			static struct packet bad;
			enum noon_tunnel_verdict v;
			const bool header_only = bit / 8 < header && !forms[i].ah;

			bad = p;
			bad.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			v = open(&rx, &bad, &o);
			/* Without AH the outer header is nobody's; IPv6 has no checksum either. */
			if (v == NOON_TUNNEL_ACCEPTED)
				assert_true((header_only || is_mutable(&forms[i], bit / 8)) &&
					    forms[i].outer.version == 6);
			else
				assert_true(rx.replay.top == 0 && rx.ah_replay.top == 0 &&
					    o.seq == 99);
			if (v == NOON_TUNNEL_ACCEPTED) {
				noon_sa_fini(&rx);
				rx = sa_of(&forms[i], 1);
				o.seq = 99;
			}
		}
		for (size_t n = 0; n < p.n; n++) {
			static struct packet cut;

			cut = p;
			cut.n = n;
			assert_int_not_equal(open(&rx, &cut, &o), NOON_TUNNEL_ACCEPTED);
		}
		assert_int_equal(open(&rx, &p, &o), NOON_TUNNEL_ACCEPTED);
		noon_sa_fini(&tx);
		noon_sa_fini(&rx);
	}
}

static void routers_change_mutable_fields(void **state)
{
	struct noon_sa tx = sa_of(&forms[3], 1), rx = sa_of(&forms[3], 1);
	struct packet p = seal(&tx, "0123456789", 0);
	struct noon_sa_opened o;

	(void)state;
	p.p[7] = 3; /* hop limit */
	p.p[0] = 0x6b;
	p.p[1] = 0x81; /* traffic class, flow label */
	assert_int_equal(open(&rx, &p, &o), NOON_TUNNEL_ACCEPTED);
	noon_sa_fini(&tx);
	noon_sa_fini(&rx);
}

static void other_keys_and_forms_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORMS; i++) {
		for (size_t k = 0; k < FORMS; k++) {
			struct noon_sa tx = sa_of(&forms[i], 1),
				       rx = sa_of(&forms[k], i == k ? 2 : 1);
			struct noon_sa_opened o;
			const struct packet p = seal(&tx, "0123456789", 0);
			const bool same = i != k && forms[i].key_len == forms[k].key_len &&
					  forms[i].extended == forms[k].extended &&
					  forms[i].ah == forms[k].ah &&
					  forms[i].udp == forms[k].udp;

			assert_int_equal(open(&rx, &p, &o) == NOON_TUNNEL_ACCEPTED, same);
			noon_sa_fini(&tx);
			noon_sa_fini(&rx);
		}
	}
}

static void numbers_go_past_32_bits_or_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORMS; i++) {
		struct noon_sa tx = sa_of(&forms[i], 1), rx = sa_of(&forms[i], 1);
		struct noon_sa_opened o;

		tx.seq = UINT32_MAX - 3;
		rx.replay.top = rx.ah_replay.top = UINT32_MAX - 3;
		for (int k = 0; k < 3; k++) {
			const struct packet p = seal(&tx, "x", 0);

			assert_int_equal(open(&rx, &p, &o), NOON_TUNNEL_ACCEPTED);
		}
		if (forms[i].extended) {
			for (int k = 0; k < 3; k++) {
				const struct packet p = seal(&tx, "x", 0);

				assert_int_equal(open(&rx, &p, &o), NOON_TUNNEL_ACCEPTED);
				assert_true(o.seq == (UINT64_C(1) << 32) + (uint64_t)k);
			}
			tx.seq = UINT64_MAX;
		}
		{
			struct packet out;
			struct noon_wr wr = noon_wr_over(out.p, sizeof(out.p));

			assert_int_equal(noon_sa_seal(&tx, noon_bytes_of("x", 1), 4, 0, &wr),
					 NOON_ERR_EMPTY);
			assert_int_equal(noon_wr_len(&wr), 0);
		}
		noon_sa_fini(&tx);
		noon_sa_fini(&rx);
	}
}

static void no_room_uses_no_number(void **state)
{
	struct noon_sa tx = sa_of(&forms[2], 1);
	uint8_t raw[NOON_TUNNEL_PACKET_MAX + 64];
	const size_t len = noon_sa_outer_len(&tx, 10);

	(void)state;
	for (size_t room = 0; room < len; room++) {
		struct noon_wr wr = noon_wr_over(raw, room);

		assert_int_equal(noon_sa_seal(&tx, noon_bytes_of("0123456789", 10), 4, 0, &wr),
				 NOON_ERR_FULL);
		assert_int_equal(noon_wr_len(&wr), 0);
	}
	{
		struct noon_wr wr = noon_wr_over(raw, sizeof(raw));

		assert_int_equal(noon_sa_seal(&tx, noon_bytes_of("0123456789", 10), 4,
					      NOON_TUNNEL_PACKET_MAX - 20, &wr),
				 NOON_ERR_FULL);
		assert_int_equal(
			noon_sa_seal(&tx, noon_bytes_of("0123456789", 10), 4, SIZE_MAX, &wr),
			NOON_ERR_FULL);
	}
	assert_true(tx.seq == 0);
	noon_sa_fini(&tx);
}

static void forms_that_make_no_sense(void **state)
{
	static const struct noon_sa_form bad[] = {
		{.key_len = 24, .spi = 0x1001, .outer = {.version = 4}},
		{.key_len = 16, .spi = 255, .outer = {.version = 4}},
		{.key_len = 16, .spi = 0x1001, .outer = {.version = 5}},
		{.key_len = 16, .spi = 0x1001, .ah = true, .outer = {.version = 4}},
		{.key_len = 16, .spi = 0x1001, .ah = true, .ah_spi = 256, .udp = true},
	};
	const struct noon_secret_sa_keys keys = keys_of(1);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct noon_sa sa;

		assert_int_equal(noon_sa_init(&sa, &bad[i], &keys), NOON_ERR_RANGE);
		noon_sa_fini(&sa);
	}
}

static void sizes_of_padding(void **state)
{
	struct noon_rng rng = noon_rng_seeded(3);
	const struct noon_padding none = {NOON_PADDING_NONE, 0, 0};
	const struct noon_padding constant = {NOON_PADDING_CONSTANT, 100, 0};
	const struct noon_padding cell = {NOON_PADDING_CELL, 200, 0};
	const struct noon_padding random = {NOON_PADDING_RANDOM, 10, 13};
	size_t count[14] = {0}, n;

	(void)state;
	for (size_t inner = 0; inner <= 210; inner++) {
		assert_int_equal(noon_padding_len(&none, inner, &rng, &n), NOON_OK);
		assert_int_equal(n, 0);
		assert_int_equal(noon_padding_len(&constant, inner, &rng, &n), NOON_OK);
		assert_int_equal(n, 100);
		n = 7;
		assert_int_equal(noon_padding_len(&cell, inner, &rng, &n),
				 inner <= 200 ? NOON_OK : NOON_ERR_RANGE);
		assert_int_equal(n, inner <= 200 ? 200 - inner : 7);
	}
	for (int i = 0; i < 40000; i++) {
		assert_int_equal(noon_padding_len(&random, 50, &rng, &n), NOON_OK);
		assert_in_range(n, 10, 13);
		count[n]++;
	}
	for (size_t i = 10; i <= 13; i++)
		assert_in_range(count[i], 9500, 10500); /* 10000, standard deviation 87 */
	assert_false(noon_padding_is_sound(&(struct noon_padding){NOON_PADDING_RANDOM, 5, 4}));
	assert_false(noon_padding_is_sound(&(struct noon_padding){NOON_PADDING_RANDOM, 5, 1025}));
	assert_false(noon_padding_is_sound(&(struct noon_padding){NOON_PADDING_CELL, 1025, 0}));
	assert_true(noon_padding_is_sound(&random) && noon_padding_is_sound(&cell));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sealed_is_opened),
		cmocka_unit_test(no_bit_can_be_changed),
		cmocka_unit_test(routers_change_mutable_fields),
		cmocka_unit_test(other_keys_and_forms_are_refused),
		cmocka_unit_test(numbers_go_past_32_bits_or_end),
		cmocka_unit_test(no_room_uses_no_number),
		cmocka_unit_test(forms_that_make_no_sense),
		cmocka_unit_test(sizes_of_padding),
	};

	return noon_aead_global_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
