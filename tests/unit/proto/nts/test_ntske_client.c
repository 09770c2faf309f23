/* SPDX-License-Identifier: Apache-2.0
 *
 * The key-exchange client against a server that replies whatever a test wants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "test_ntske_world.h"

/* A client machine and, on the other side, TLS without a machine. */
struct fake {
	struct noon_ntske_client c;
	struct noon_tls *tls;
	noon_time now;
	size_t piece; /**< bytes of the stream handed to the client at once */
	bool closed;
	noon_err close;
	size_t n; /**< bytes of the request */
	uint8_t request[256];
};

static struct fake fake;
static struct noon_ntske_client_conf conf;

static int reset(void **state)
{
	(void)world_reset(state);
	conf = (struct noon_ntske_client_conf){
		.tls = world.client,
		.peer = {WORLD_HOST, WORLD_DATE, false},
	};
	return 0;
}

static void obey(struct fake *f, const struct noon_actions *as)
{
	size_t i;

	for (i = 0; i < as->n; i++) {
		assert_false(f->closed);
		if (as->a[i].kind == NOON_ACTION_SEND && f->tls) {
			assert_int_equal(noon_tls_feed(f->tls, as->a[i].send), NOON_OK);
		} else if (as->a[i].kind == NOON_ACTION_CLOSE) {
			f->closed = true;
			f->close = as->a[i].close;
		}
	}
}

static void run_timer(struct fake *f)
{
	static struct noon_actions as;

	while (!noon_time_before(f->now, noon_ntske_client_deadline(&f->c))) {
		noon_actions_reset(&as);
		noon_ntske_client_on_timer(&f->c, f->now, &as);
		obey(f, &as);
	}
}

static void deliver(struct fake *f, struct noon_bytes data)
{
	static struct noon_actions as;
	size_t at = 0, n;

	do {
		n = data.n - at < f->piece ? data.n - at : f->piece;
		const struct noon_rx rx = {
			.data = noon_bytes_of(data.p ? data.p + at : NULL, n),
			.at = f->now,
			.now = f->now,
		};

		noon_actions_reset(&as);
		noon_ntske_client_on_packet(&f->c, &rx, &as);
		obey(f, &as);
		run_timer(f);
		at += n;
	} while (at < data.n);
}

/* Carry what the fake server has to say. */
static void carry(struct fake *f)
{
	uint8_t buf[2048];
	struct noon_wr wr = noon_wr_over(buf, sizeof(buf));

	while (noon_tls_take(f->tls, &wr) > 0) {
		deliver(f, noon_wr_written(&wr));
		wr = noon_wr_over(buf, sizeof(buf));
	}
}

/* Begin and, if TLS works out, take the request in. */
static void begin(struct fake *f, struct noon_tls_ctx *server, size_t piece)
{
	size_t n = 0;
	int i;

	memset(f, 0, sizeof(*f));
	f->piece = piece;
	f->now = WORLD_T0;
	assert_int_equal(noon_tls_new(server, NULL, &f->tls), NOON_OK);
	assert_int_equal(noon_ntske_client_init(&f->c, &conf, f->now), NOON_OK);
	run_timer(f);
	for (i = 0; i < 4; i++) {
		if (noon_tls_handshake(f->tls) == NOON_OK &&
		    noon_tls_read(f->tls, f->request, sizeof(f->request), &n) == NOON_OK)
			f->n = n;
		carry(f);
	}
}

static void end(struct fake *f)
{
	noon_ntske_client_fini(&f->c);
	noon_tls_free(f->tls);
}

static void say(struct fake *f, struct noon_bytes data)
{
	assert_int_equal(noon_tls_write(f->tls, data), NOON_OK);
	carry(f);
}

/* One exchange with this reply. */
static enum noon_ntske_outcome outcome_for(const struct request *reply)
{
	static struct noon_nts_session session;
	enum noon_ntske_outcome o;

	begin(&fake, world.server, 100000);
	assert_true(fake.n > 0);
	say(&fake, noon_wr_written(&reply->wr));
	assert_true(fake.closed);
	o = noon_ntske_client_outcome(&fake.c);
	assert_int_equal(fake.close, noon_ntske_outcome_err(o));
	assert_int_equal(noon_ntske_client_result(&fake.c, &session),
			 o == NOON_KE_DONE ? NOON_OK : NOON_ERR_STATE);
	end(&fake);
	return o;
}

static void add_cookies(struct request *q, unsigned count, size_t n)
{
	static uint8_t cookie[1024];
	unsigned i;

	for (i = 0; i < count; i++) {
		cookie[0] = (uint8_t)i;
		request_add(q, false, NOON_NTSKE_COOKIE, cookie, n);
	}
}

static struct request *begun(void)
{
	struct request *q = request_new();

	request_protocol(q);
	request_aead(q, 15);
	return q;
}

static struct request *good(void)
{
	struct request *q = begun();

	add_cookies(q, 8, 100);
	request_end(q);
	return q;
}

static void request_is_the_minimal_one_with_both_aeads(void **state)
{
	static const uint8_t expected[] = {0x80, 1, 0,	2, 0, 0, 0x80, 4,    0, 4, 0,
					   15,	 0, 30, 4, 0, 0, 0,    0x80, 0, 0, 0};

	(void)state;
	begin(&fake, world.server, 100000);
	assert_int_equal(fake.n, sizeof(expected));
	assert_memory_equal(fake.request, expected, sizeof(expected));
	end(&fake);
}

static void request_without_aead_30_has_no_record_1024(void **state)
{
	static const uint8_t expected[] = {0x80, 1, 0, 0x02, 0,	   0, 0x80, 4,
					   0,	 2, 0, 15,   0x80, 0, 0,    0};

	(void)state;
	conf.n_aeads = 1;
	conf.aead[0] = NOON_AEAD_SIV_CMAC_256;
	begin(&fake, world.server, 100000);
	assert_int_equal(fake.n, sizeof(expected));
	assert_memory_equal(fake.request, expected, sizeof(expected));
	end(&fake);
}

static void good_reply_fills_the_session(void **state)
{
	const uint16_t port = 4123;
	struct request *q = begun();
	static struct noon_nts_session session;

	(void)state;
	request_add(q, true, NOON_NTSKE_SERVER, "ntp.example", 11);
	request_items(q, true, NOON_NTSKE_SERVER_PORT, &port, 1);
	request_add(q, false, 200, "ignored", 7);
	add_cookies(q, 8, 100);
	request_end(q);
	begin(&fake, world.server, 100000);
	assert_int_equal(noon_ntske_client_result(&fake.c, &session), NOON_ERR_STATE);
	say(&fake, noon_wr_written(&q->wr));
	assert_true(fake.closed);
	assert_int_equal(fake.close, NOON_OK);
	assert_int_equal(noon_ntske_client_result(&fake.c, &session), NOON_OK);
	assert_int_equal(session.aead, NOON_AEAD_SIV_CMAC_256);
	assert_int_equal(session.n_cookies, 8);
	assert_int_equal(session.jar[0].n, 100);
	assert_string_equal(session.host, "ntp.example");
	assert_int_equal(session.port, 4123);
	end(&fake);
}

static void every_fragmentation_of_the_stream_is_fine(void **state)
{
	static const size_t pieces[] = {1, 2, 3, 5, 7, 16, 100, 1000};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		begin(&fake, world.server, pieces[i]);
		say(&fake, noon_wr_written(&good()->wr));
		assert_int_equal(noon_ntske_client_outcome(&fake.c), NOON_KE_DONE);
		end(&fake);
	}
}

static void every_fragmentation_of_the_message_is_fine(void **state)
{
	const struct noon_bytes all = noon_wr_written(&good()->wr);
	size_t cut;

	(void)state;
	for (cut = 1; cut < all.n; cut += cut < 16 ? 1 : 97) {
		begin(&fake, world.server, 100000);
		say(&fake, noon_bytes_of(all.p, cut));
		assert_false(fake.closed);
		say(&fake, noon_bytes_of(all.p + cut, all.n - cut));
		assert_int_equal(noon_ntske_client_outcome(&fake.c), NOON_KE_DONE);
		end(&fake);
	}
}

static void every_truncation_is_closed_early(void **state)
{
	const struct noon_bytes all = noon_wr_written(&good()->wr);
	size_t cut;
	bool notify;

	(void)state;
	for (cut = 0; cut < all.n; cut += cut < 16 ? 1 : 97) {
		notify = cut % 2 == 0; /* with close_notify, or with FIN alone */
		begin(&fake, world.server, 100000);
		if (cut > 0)
			say(&fake, noon_bytes_of(all.p, cut));
		if (notify)
			noon_tls_close(fake.tls);
		carry(&fake);
		deliver(&fake, noon_bytes_of(NULL, 0));
		assert_int_equal(noon_ntske_client_outcome(&fake.c), NOON_KE_CLOSED);
		end(&fake);
	}
}

static void more_than_eight_cookies_are_ignored(void **state)
{
	struct request *q = begun();

	(void)state;
	add_cookies(q, 20, 100);
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_DONE);
}

static void c3_a_cookie_given_twice_is_kept_once(void **state)
{
	static struct noon_nts_session session;
	struct request *q = begun();

	(void)state;
	add_cookies(q, 3, 100);
	add_cookies(q, 3, 100);
	request_end(q);
	begin(&fake, world.server, 100000);
	say(&fake, noon_wr_written(&q->wr));
	assert_int_equal(noon_ntske_client_result(&fake.c, &session), NOON_OK);
	assert_int_equal(session.n_cookies, 3);
	end(&fake);
}

static void c6_cookies_of_bad_sizes_are_refused(void **state)
{
	static const size_t sizes[] = {0, 15, 513, 1024};
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		struct request *q = begun();

		add_cookies(q, 2, sizes[i]);
		request_end(q);
		assert_int_equal(outcome_for(q), NOON_KE_BAD_COOKIE);
	}
}

static void no_cookie_is_no_success(void **state)
{
	struct request *q = begun();

	(void)state;
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_NO_COOKIE);
}

static void aead_that_was_not_offered_is_refused(void **state)
{
	struct request *q = request_new();

	(void)state;
	conf.n_aeads = 1;
	conf.aead[0] = NOON_AEAD_SIV_CMAC_256;
	request_protocol(q);
	request_aead(q, 30);
	add_cookies(q, 8, 100);
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_BAD_REPLY);
}

static void repeated_or_missing_records_are_refused(void **state)
{
	const uint16_t two[] = {15, 30}, zeros[] = {0, 0}, port = 1;
	struct request *q = request_new();

	(void)state;
	request_aead(q, 15);
	add_cookies(q, 8, 100);
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_BAD_REPLY); /* no protocol */
	q = begun();
	request_protocol(q);
	add_cookies(q, 8, 100);
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_BAD_REPLY); /* two protocols */
	q = begun();
	request_aead(q, 15);
	add_cookies(q, 8, 100);
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_BAD_REPLY); /* two AEADs */
	q = begun();
	request_items(q, true, NOON_NTSKE_AEAD, NULL, 0);
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_BAD_REPLY); /* two AEADs, one of them empty */
	q = request_new();
	request_protocol(q);
	add_cookies(q, 8, 100);
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_BAD_REPLY); /* no AEAD */
	q = request_new();
	request_protocol(q);
	request_items(q, true, NOON_NTSKE_AEAD, two, 2);
	add_cookies(q, 8, 100);
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_BAD_REPLY); /* two values */
	q = request_new();
	request_items(q, true, NOON_NTSKE_NEXT_PROTOCOL, zeros, 2);
	request_aead(q, 15);
	add_cookies(q, 8, 100);
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_BAD_REPLY);
	q = begun();
	request_items(q, true, NOON_NTSKE_SERVER_PORT, &port, 1);
	request_items(q, true, NOON_NTSKE_SERVER_PORT, &port, 1);
	add_cookies(q, 8, 100);
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_BAD_REPLY);
}

static void a_bad_end_is_refused(void **state)
{
	struct request *q = begun();

	(void)state;
	add_cookies(q, 8, 100);
	request_add(q, false, NOON_NTSKE_END, NULL, 0);
	assert_int_equal(outcome_for(q), NOON_KE_BAD_REPLY);
	q = begun();
	add_cookies(q, 8, 100);
	request_add(q, true, NOON_NTSKE_END, "x", 1);
	assert_int_equal(outcome_for(q), NOON_KE_BAD_REPLY);
	q = good();
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_BAD_REPLY);
}

static void empty_negotiation_means_nothing_in_common(void **state)
{
	struct request *q = request_new();

	(void)state;
	request_items(q, true, NOON_NTSKE_NEXT_PROTOCOL, NULL, 0);
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_NO_PROTOCOL);
	q = request_new();
	request_protocol(q);
	request_items(q, true, NOON_NTSKE_AEAD, NULL, 0);
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_NO_AEAD);
}

static void error_and_warning_records_end_the_exchange(void **state)
{
	const uint16_t code = 1;
	struct request *q = request_new();

	(void)state;
	request_items(q, true, NOON_NTSKE_ERROR, &code, 1);
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_PEER_ERROR);
	assert_int_equal(fake.c.peer_code, 1);
	q = begun();
	request_items(q, true, NOON_NTSKE_WARNING, &code, 1);
	add_cookies(q, 8, 100);
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_PEER_WARNING);
}

static void unknown_critical_record_is_refused(void **state)
{
	struct request *q = begun();

	(void)state;
	request_add(q, true, 200, NULL, 0);
	add_cookies(q, 8, 100);
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_UNKNOWN_CRITICAL);
}

static void senseless_servers_are_refused(void **state)
{
	static const char *const names[] = {"", "a b", "caf\xc3\xa9", "a\n", "../etc"};
	const uint16_t zero = 0;
	struct request *q;
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++) {
		q = begun();
		request_add(q, true, NOON_NTSKE_SERVER, names[i], strlen(names[i]));
		add_cookies(q, 8, 100);
		request_end(q);
		assert_int_equal(outcome_for(q), NOON_KE_BAD_SERVER);
	}
	q = begun();
	request_items(q, true, NOON_NTSKE_SERVER_PORT, &zero, 1);
	add_cookies(q, 8, 100);
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_BAD_SERVER);
	q = begun();
	request_add(q, true, NOON_NTSKE_SERVER_PORT, "\1", 1);
	add_cookies(q, 8, 100);
	request_end(q);
	assert_int_equal(outcome_for(q), NOON_KE_BAD_SERVER);
}

static void a_reply_beyond_the_limit_is_cut_off(void **state)
{
	static const uint8_t filler[65535];
	struct request *q = begun();

	(void)state;
	request_add(q, false, 200, filler, sizeof(filler));
	assert_int_equal(outcome_for(q), NOON_KE_TOO_LONG);
}

static enum noon_ntske_outcome refused(struct noon_tls_ctx *server)
{
	enum noon_ntske_outcome o;

	begin(&fake, server, 100000);
	assert_true(fake.closed);
	assert_int_equal(fake.close, NOON_ERR_CERT);
	assert_int_equal(fake.n, 0);
	o = noon_ntske_client_outcome(&fake.c);
	assert_non_null(strstr(noon_ntske_client_reason(&fake.c), "certificate refused: "));
	end(&fake);
	return o;
}

static void c8_each_bad_certificate_has_a_reason_of_its_own(void **state)
{
	(void)state;
	conf.peer.time_s = WORLD_TILL + 1;
	assert_int_equal(refused(world.server), NOON_KE_CERT_EXPIRED);
	conf.peer.time_s = WORLD_FROM - 1;
	assert_int_equal(refused(world.server), NOON_KE_CERT_NOT_YET);
	conf.peer.time_s = WORLD_DATE;
	assert_int_equal(refused(world.server_other), NOON_KE_CERT_ISSUER);
	conf.peer.host = "wrong.example";
	assert_int_equal(refused(world.server), NOON_KE_CERT_NAME);
}

static void c8_certificate_times_can_be_ignored(void **state)
{
	(void)state;
	conf.peer.time_s = 0;
	conf.peer.no_time_check = true;
	assert_int_equal(outcome_for(good()), NOON_KE_DONE);
}

static void a_server_that_does_not_speak_tls_is_named(void **state)
{
	(void)state;
	begin(&fake, world.server, 100000);
	end(&fake);
	assert_int_equal(noon_ntske_client_init(&fake.c, &conf, WORLD_T0), NOON_OK);
	fake.closed = false;
	fake.tls = NULL;
	deliver(&fake, noon_bytes_of("SSH-2.0-OpenSSH_9.2p1\r\n", 23));
	assert_int_equal(noon_ntske_client_outcome(&fake.c), NOON_KE_NOT_TLS);
	noon_ntske_client_fini(&fake.c);
}

static void silence_ends_at_the_time_limit(void **state)
{
	(void)state;
	begin(&fake, world.server, 100000);
	fake.now = noon_time_add(WORLD_T0, NOON_NTSKE_TIME_LIMIT - 1);
	run_timer(&fake);
	assert_false(fake.closed);
	fake.now = noon_time_add(WORLD_T0, NOON_NTSKE_TIME_LIMIT);
	run_timer(&fake);
	assert_true(fake.closed);
	assert_int_equal(fake.close, NOON_ERR_TIMEOUT);
	assert_true(noon_time_is_never(noon_ntske_client_deadline(&fake.c)));
	end(&fake);
}

static void senseless_configurations_are_refused(void **state)
{
	static struct noon_ntske_client c;

	(void)state;
	conf.n_aeads = 2;
	conf.aead[0] = conf.aead[1] = NOON_AEAD_SIV_CMAC_256;
	assert_int_equal(noon_ntske_client_init(&c, &conf, WORLD_T0), NOON_ERR_UNSUPPORTED);
	conf.aead[1] = NOON_AEAD_NONE;
	assert_int_equal(noon_ntske_client_init(&c, &conf, WORLD_T0), NOON_ERR_UNSUPPORTED);
	conf.n_aeads = 0;
	conf.peer.host = "";
	assert_int_equal(noon_ntske_client_init(&c, &conf, WORLD_T0), NOON_ERR_RANGE);
	noon_ntske_client_fini(&c);
}

static void random_replies_never_succeed_by_chance(void **state)
{
	const uint64_t seed = 8915;
	struct noon_rng rng = noon_rng_seeded(seed);
	uint8_t body[64];
	int round, i, n;

	(void)state;
	for (round = 0; round < 300; round++) {
		struct request *q = request_new();
		enum noon_ntske_outcome o;

		n = (int)(noon_rng_u64(&rng) % 6);
		for (i = 0; i < n; i++) {
			noon_rng_fill(&rng, body, sizeof(body));
			request_add(q, body[0] & 1, body[1] % 9, body + 2, body[3] % 60);
		}
		request_end(q);
		o = outcome_for(q);
		if (o == NOON_KE_DONE)
			(void)printf("# seed %llu, round %d\n", (unsigned long long)seed, round);
		assert_int_not_equal(o, NOON_KE_DONE);
		assert_int_not_equal(o, NOON_KE_PENDING);
	}
}

#define CHECK(f) cmocka_unit_test_setup(f, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(request_is_the_minimal_one_with_both_aeads),
		CHECK(request_without_aead_30_has_no_record_1024),
		CHECK(good_reply_fills_the_session),
		CHECK(every_fragmentation_of_the_stream_is_fine),
		CHECK(every_fragmentation_of_the_message_is_fine),
		CHECK(every_truncation_is_closed_early),
		CHECK(more_than_eight_cookies_are_ignored),
		CHECK(c3_a_cookie_given_twice_is_kept_once),
		CHECK(c6_cookies_of_bad_sizes_are_refused),
		CHECK(no_cookie_is_no_success),
		CHECK(aead_that_was_not_offered_is_refused),
		CHECK(repeated_or_missing_records_are_refused),
		CHECK(a_bad_end_is_refused),
		CHECK(empty_negotiation_means_nothing_in_common),
		CHECK(error_and_warning_records_end_the_exchange),
		CHECK(unknown_critical_record_is_refused),
		CHECK(senseless_servers_are_refused),
		CHECK(a_reply_beyond_the_limit_is_cut_off),
		CHECK(c8_each_bad_certificate_has_a_reason_of_its_own),
		CHECK(c8_certificate_times_can_be_ignored),
		CHECK(a_server_that_does_not_speak_tls_is_named),
		CHECK(silence_ends_at_the_time_limit),
		CHECK(senseless_configurations_are_refused),
		CHECK(random_replies_never_succeed_by_chance),
	};

	return cmocka_run_group_tests_name("proto/ntske_client", tests, world_make, world_free);
}
