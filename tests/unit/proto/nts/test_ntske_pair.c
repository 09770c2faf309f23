/* SPDX-License-Identifier: Apache-2.0
 *
 * Server and client machines together, and the server under abuse.
 */
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "test_ntske_world.h"

struct pair {
	struct noon_ntske_server s;
	struct noon_ntske_client c;
	bool server_closed, client_closed;
};

static struct pair pair;
static struct talk talk;
static struct noon_ntske_client_conf conf;
static struct noon_nts_session session;

static int reset(void **state)
{
	(void)world_reset(state);
	conf = (struct noon_ntske_client_conf){
		.tls = world.client,
		.peer = {WORLD_HOST, WORLD_DATE, false},
	};
	return 0;
}

/* The stream between the machines, one direction. */
struct pipe {
	size_t n;
	uint8_t buf[65536];
};

static struct pipe up, down;

static void put(struct pipe *p, const struct noon_actions *as, bool *ret_closed)
{
	size_t i;

	for (i = 0; i < as->n; i++) {
		if (as->a[i].kind == NOON_ACTION_CLOSE)
			*ret_closed = true;
		if (as->a[i].kind != NOON_ACTION_SEND)
			continue;
		assert_true(p->n + as->a[i].send.n <= sizeof(p->buf));
		memcpy(p->buf + p->n, as->a[i].send.p, as->a[i].send.n);
		p->n += as->a[i].send.n;
	}
}

/* Take the next bytes, at most `piece`, into rx; false if there are none. */
static bool take(struct pipe *p, size_t piece, uint8_t *to, struct noon_rx *rx)
{
	const size_t n = p->n < piece ? p->n : piece;

	memcpy(to, p->buf, n);
	memmove(p->buf, p->buf + n, p->n - n);
	p->n -= n;
	*rx = (struct noon_rx){.data = noon_bytes_of(to, n), .at = WORLD_T0, .now = WORLD_T0};
	return n > 0;
}

static void run_pair(size_t piece)
{
	static struct noon_actions as;
	static uint8_t buf[65536];
	bool moved = true;
	struct noon_rx rx;

	memset(&pair, 0, sizeof(pair));
	up.n = down.n = 0;
	assert_int_equal(noon_ntske_server_init(&pair.s, &world.conf, WORLD_T0), NOON_OK);
	assert_int_equal(noon_ntske_client_init(&pair.c, &conf, WORLD_T0), NOON_OK);
	while (moved) {
		noon_actions_reset(&as);
		if (take(&down, piece, buf, &rx))
			noon_ntske_client_on_packet(&pair.c, &rx, &as);
		else if (noon_ntske_client_deadline(&pair.c).ns == WORLD_T0.ns)
			noon_ntske_client_on_timer(&pair.c, WORLD_T0, &as);
		put(&up, &as, &pair.client_closed);
		noon_actions_reset(&as);
		if (take(&up, piece, buf, &rx))
			noon_ntske_server_on_packet(&pair.s, &rx, &as);
		else if (noon_ntske_server_deadline(&pair.s).ns == WORLD_T0.ns)
			noon_ntske_server_on_timer(&pair.s, WORLD_T0, &as);
		put(&down, &as, &pair.server_closed);
		moved = up.n > 0 || down.n > 0 ||
			noon_ntske_client_deadline(&pair.c).ns == WORLD_T0.ns ||
			noon_ntske_server_deadline(&pair.s).ns == WORLD_T0.ns;
	}
}

static void end_pair(void)
{
	noon_ntske_server_fini(&pair.s);
	noon_ntske_client_fini(&pair.c);
}

static void expect_equal_keys(enum noon_aead_id id)
{
	const size_t n = noon_aead_key_len(id);

	assert_true(pair.server_closed && pair.client_closed);
	assert_int_equal(noon_ntske_server_outcome(&pair.s), NOON_KE_DONE);
	assert_int_equal(noon_ntske_client_result(&pair.c, &session), NOON_OK);
	assert_int_equal(session.aead, id);
	assert_int_equal(world.aead, id);
	assert_memory_equal(session.keys.c2s, world.keys.c2s, n);
	assert_memory_equal(session.keys.s2c, world.keys.s2c, n);
	assert_memory_not_equal(session.keys.c2s, session.keys.s2c, n);
	assert_int_equal(session.n_cookies, 8);
}

static void both_machines_agree_on_every_aead(void **state)
{
	static const enum noon_aead_id ids[] = {NOON_AEAD_SIV_CMAC_256, NOON_AEAD_GCM_SIV_128};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		conf.n_aeads = 1;
		conf.aead[0] = ids[i];
		run_pair(100000);
		expect_equal_keys(ids[i]);
		end_pair();
	}
}

static void the_default_offer_ends_with_aead_15(void **state)
{
	(void)state;
	run_pair(100000);
	expect_equal_keys(NOON_AEAD_SIV_CMAC_256);
	end_pair();
}

static void the_client_s_preference_wins(void **state)
{
	(void)state;
	conf.n_aeads = 2;
	conf.aead[0] = NOON_AEAD_GCM_SIV_128;
	conf.aead[1] = NOON_AEAD_SIV_CMAC_256;
	run_pair(100000);
	expect_equal_keys(NOON_AEAD_GCM_SIV_128);
	end_pair();
	world.conf.gcm_siv = false;
	run_pair(100000);
	expect_equal_keys(NOON_AEAD_SIV_CMAC_256);
	end_pair();
}

static void a_client_of_aead_30_alone_is_told_that_it_is_off(void **state)
{
	(void)state;
	conf.n_aeads = 1;
	conf.aead[0] = NOON_AEAD_GCM_SIV_128;
	world.conf.gcm_siv = false;
	run_pair(100000);
	assert_int_equal(noon_ntske_client_outcome(&pair.c), NOON_KE_NO_AEAD);
	assert_int_equal(noon_ntske_server_outcome(&pair.s), NOON_KE_NO_AEAD);
	end_pair();
}

static void every_piece_size_works_both_ways(void **state)
{
	static const size_t pieces[] = {1, 2, 3, 17, 255, 1460};
	size_t i;

	(void)state;
	world.cookie_bytes = 512;
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		run_pair(pieces[i]);
		expect_equal_keys(NOON_AEAD_SIV_CMAC_256);
		end_pair();
	}
}

/* AEAD 30 with a server that does not echo record 1024: both use the context of 15. */
static void without_the_echo_the_client_uses_the_old_context(void **state)
{
	struct noon_tls *tls = NULL;
	static struct noon_actions as;
	static uint8_t buf[4096], cookie[100];
	uint8_t c2s[16];
	struct request *q = request_new();
	static struct noon_ntske_client c;
	size_t n = 0;
	int i;

	(void)state;
	conf.n_aeads = 1;
	conf.aead[0] = NOON_AEAD_GCM_SIV_128;
	request_protocol(q);
	request_aead(q, 30);
	request_add(q, false, NOON_NTSKE_COOKIE, cookie, sizeof(cookie));
	request_end(q);
	assert_int_equal(noon_tls_new(world.server, NULL, &tls), NOON_OK);
	assert_int_equal(noon_ntske_client_init(&c, &conf, WORLD_T0), NOON_OK);
	noon_actions_reset(&as);
	noon_ntske_client_on_timer(&c, WORLD_T0, &as);
	for (i = 0; i < 4 && noon_ntske_client_outcome(&c) == NOON_KE_PENDING; i++) {
		struct noon_wr wr = noon_wr_over(buf, sizeof(buf));
		struct noon_rx rx = {.at = WORLD_T0, .now = WORLD_T0};

		if (as.n > 0 && as.a[0].kind == NOON_ACTION_SEND)
			assert_int_equal(noon_tls_feed(tls, as.a[0].send), NOON_OK);
		if (noon_tls_handshake(tls) == NOON_OK &&
		    noon_tls_read(tls, buf, sizeof(buf), &n) == NOON_OK)
			assert_int_equal(noon_tls_write(tls, noon_wr_written(&q->wr)), NOON_OK);
		assert_true(noon_tls_take(tls, &wr) > 0);
		rx.data = noon_wr_written(&wr);
		noon_actions_reset(&as);
		noon_ntske_client_on_packet(&c, &rx, &as);
	}
	assert_int_equal(noon_ntske_client_result(&c, &session), NOON_OK);
	assert_int_equal(noon_tls_export(tls, "EXPORTER-network-time-security",
					 noon_bytes_of("\0\0\0\x0f\0", 5), c2s, 16),
			 NOON_OK);
	assert_memory_equal(session.keys.c2s, c2s, 16);
	noon_ntske_client_fini(&c);
	noon_tls_free(tls);
}

/* Every random request ends in exactly one counted outcome and one CLOSE. */
static void random_records_are_survived(void **state)
{
	const uint64_t seed = 4460;
	struct noon_rng rng = noon_rng_seeded(seed);
	uint8_t body[260];
	int round, i, n;

	(void)state;
	for (round = 0; round < 400; round++) {
		struct request *q = request_new();
		struct reply r;

		n = (int)(noon_rng_u64(&rng) % 6);
		for (i = 0; i < n; i++) {
			const uint64_t dice = noon_rng_u64(&rng);

			noon_rng_fill(&rng, body, sizeof(body));
			request_add(q, dice & 1, (unsigned)(dice / 2 % 9), body,
				    dice & 0x100 ? 2 : dice / 512 % sizeof(body));
		}
		request_end(q);
		r = request_run(&talk, q);
		if (!reply_is_sane(&talk, &r))
			(void)printf("# seed %llu, round %d\n", (unsigned long long)seed, round);
		assert_true(reply_is_sane(&talk, &r));
		assert_true(noon_ntske_server_outcome(&talk.s) != NOON_KE_PENDING);
		talk_end(&talk);
	}
}

static void random_bytes_instead_of_tls_are_survived(void **state)
{
	const uint64_t seed = 443;
	struct noon_rng rng = noon_rng_seeded(seed);
	uint8_t noise[600];
	int round;

	(void)state;
	for (round = 0; round < 2000; round++) {
		talk_open(&talk, false);
		noon_rng_fill(&rng, noise, sizeof(noise));
		if (round % 2) /* looks like a handshake record at first */
			memcpy(noise, "\x16\x03\x01\x02", 4);
		talk.piece = 1 + noon_rng_u64(&rng) % sizeof(noise);
		talk_raw(&talk, noon_bytes_of(noise, sizeof(noise)));
		talk_raw(&talk, noon_bytes_of(NULL, 0));
		if (!talk.closed)
			(void)printf("# seed %llu, round %d\n", (unsigned long long)seed, round);
		assert_true(talk.closed);
		assert_int_not_equal(noon_ntske_server_outcome(&talk.s), NOON_KE_DONE);
		talk_end(&talk);
	}
}

static void plain_text_on_the_port_is_named(void **state)
{
	static const char *const texts[] = {"GET / HTTP/1.1\r\n\r\n", "EHLO example\r\n",
					    "SSH-2.0-OpenSSH_9.2\r\n"};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		talk_open(&talk, false);
		talk_raw(&talk, noon_bytes_of(texts[i], strlen(texts[i])));
		assert_true(talk.closed);
		assert_int_equal(noon_ntske_server_outcome(&talk.s), NOON_KE_NOT_TLS);
		talk_end(&talk);
	}
	assert_int_equal(world.counters.n[NOON_KE_NOT_TLS], 3);
}

static void every_flipped_bit_of_the_hello_is_survived(void **state)
{
	uint8_t hello[2048];
	const size_t n = world_hello(TLS1_3_VERSION, "\7ntske/1", hello, sizeof(hello));
	size_t bit;

	(void)state;
	for (bit = 0; bit < n * 8; bit += 3) {
		hello[bit / 8] ^= (uint8_t)(1U << bit % 8);
		talk_open(&talk, false);
		talk_raw(&talk, noon_bytes_of(hello, n));
		talk_raw(&talk, noon_bytes_of(NULL, 0));
		assert_true(talk.closed);
		talk_end(&talk);
		hello[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
}

static void a_flipped_bit_in_the_request_is_refused(void **state)
{
	uint8_t buf[256];
	size_t i;

	(void)state;
	for (i = 0; i < 38; i++) {
		struct noon_wr wr = noon_wr_over(buf, sizeof(buf));
		struct request *q = request_new();

		request_protocol(q);
		request_aead(q, 15);
		request_end(q);
		talk_open(&talk, true);
		assert_int_equal(noon_tls_write(talk.tls, noon_wr_written(&q->wr)), NOON_OK);
		assert_int_equal(noon_tls_take(talk.tls, &wr), 38);
		buf[i] ^= 0x40;
		talk_raw(&talk, noon_wr_written(&wr));
		talk_raw(&talk, noon_bytes_of(NULL, 0));
		assert_true(talk.closed);
		assert_int_equal(talk.n, 0);
		talk_end(&talk);
	}
}

#define CHECK(f) cmocka_unit_test_setup(f, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(both_machines_agree_on_every_aead),
		CHECK(the_default_offer_ends_with_aead_15),
		CHECK(the_client_s_preference_wins),
		CHECK(a_client_of_aead_30_alone_is_told_that_it_is_off),
		CHECK(every_piece_size_works_both_ways),
		CHECK(without_the_echo_the_client_uses_the_old_context),
		CHECK(random_records_are_survived),
		CHECK(random_bytes_instead_of_tls_are_survived),
		CHECK(plain_text_on_the_port_is_named),
		CHECK(every_flipped_bit_of_the_hello_is_survived),
		CHECK(a_flipped_bit_in_the_request_is_refused),
	};

	return cmocka_run_group_tests_name("proto/ntske_pair", tests, world_make, world_free);
}
