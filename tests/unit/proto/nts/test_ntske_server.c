/* SPDX-License-Identifier: Apache-2.0
 *
 * Requirements K1 to K19 of an NTS-KE server (K20 is the cookie keys').
 */
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test_ntske_world.h"

static struct talk talk;

static struct request *begun(void)
{
	struct request *q = request_new();

	request_protocol(q);
	request_aead(q, 15);
	return q;
}

static struct request *minimal(void)
{
	struct request *q = begun();

	request_end(q);
	return q;
}

static void expect_ok(const struct request *q)
{
	const struct reply r = request_run(&talk, q);

	assert_true(reply_is_ok(&talk, &r));
	talk_end(&talk);
}

static void expect_error(const struct request *q, uint16_t code)
{
	const struct reply r = request_run(&talk, q);

	assert_true(reply_is_sane(&talk, &r));
	assert_int_equal(r.count[NOON_NTSKE_ERROR], 1);
	assert_int_equal(r.error, code);
	assert_int_equal(r.count[NOON_NTSKE_NEXT_PROTOCOL], 0);
	assert_int_equal(r.count[NOON_NTSKE_COOKIE], 0);
	talk_end(&talk);
}

static enum noon_ntske_outcome refusal(int version, const char *alpn)
{
	uint8_t hello[2048];
	const size_t n = world_hello(version, alpn, hello, sizeof(hello));
	enum noon_ntske_outcome o;

	talk_open(&talk, false);
	talk_raw(&talk, noon_bytes_of(hello, n));
	o = noon_ntske_server_outcome(&talk.s);
	talk_end(&talk);
	return o;
}

static void k1_tls_below_1_3_is_refused(void **state)
{
	(void)state;
	assert_int_equal(refusal(TLS1_2_VERSION, "\7ntske/1"), NOON_KE_VERSION);
	assert_int_equal(world.counters.n[NOON_KE_VERSION], 1);
}

static void k2_other_or_absent_alpn_is_refused(void **state)
{
	(void)state;
	assert_int_equal(refusal(TLS1_3_VERSION, "\7ntske/2"), NOON_KE_ALPN);
	assert_int_equal(refusal(TLS1_3_VERSION, "\6ntske/"), NOON_KE_ALPN);
	assert_int_equal(refusal(TLS1_3_VERSION, NULL), NOON_KE_ALPN);
	assert_int_equal(world.counters.n[NOON_KE_ALPN], 3);
}

static void k3_close_notify_follows_the_reply(void **state)
{
	struct reply r = request_run(&talk, minimal());

	(void)state;
	assert_int_equal(r.count[NOON_NTSKE_END], 1);
	assert_true(talk.notified);
	assert_true(talk.closed);
	assert_int_equal(talk.close, NOON_OK);
	talk_end(&talk);
}

static void k4_reply_comes_after_the_whole_request_and_once(void **state)
{
	struct request *q = minimal();
	const struct noon_bytes all = noon_wr_written(&q->wr);
	size_t i, n;

	(void)state;
	talk_open(&talk, true);
	for (i = 0; i < all.n; i++) {
		assert_int_equal(talk.n, 0);
		assert_false(talk.closed);
		talk_say(&talk, noon_bytes_of(all.p + i, 1));
	}
	n = talk.n;
	assert_true(n > 0);
	talk_raw(&talk, noon_bytes_of("a second request", 16));
	assert_int_equal(talk.n, n);
	assert_int_equal(world.counters.n[NOON_KE_DONE], 1);
	talk_end(&talk);
}

static void k5_no_ticket_follows_the_handshake(void **state)
{
	const struct noon_tls_peer peer = {WORLD_HOST, WORLD_DATE, false};
	uint8_t buf[2048];
	struct noon_wr wr = noon_wr_over(buf, sizeof(buf));
	size_t n;

	(void)state;
	talk_open(&talk, false);
	assert_int_equal(noon_tls_new(world.client, &peer, &talk.tls), NOON_OK);
	assert_int_equal(noon_tls_handshake(talk.tls), NOON_ERR_EMPTY);
	assert_true(noon_tls_take(talk.tls, &wr) > 0);
	talk_raw(&talk, noon_wr_written(&wr)); /* ClientHello; the server's flight comes back */
	n = talk.from_server;
	assert_true(n > 0);
	talk_carry(&talk); /* Finished */
	assert_int_equal(talk.s.stream.phase, NOON_NTSKE_PHASE_MESSAGE);
	assert_int_equal(talk.from_server, n);
	talk_end(&talk);
}

static void k6_end_is_one_last_critical_and_empty(void **state)
{
	struct request *q = begun();

	(void)state;
	request_add(q, false, NOON_NTSKE_END, NULL, 0);
	expect_error(q, 1);
	q = begun();
	request_add(q, true, NOON_NTSKE_END, "x", 1);
	expect_error(q, 1);
	q = minimal();
	request_end(q);
	expect_error(q, 1);
	q = minimal();
	request_add(q, false, 100, NULL, 0);
	expect_error(q, 1);
	q = minimal();
	assert_int_equal(noon_wr_u8(&q->wr, 0), NOON_OK);
	expect_error(q, 1);
}

static void k7_next_protocol_is_one_critical_and_even(void **state)
{
	const uint16_t both[] = {10000, 0}, ntpv4 = 0;
	struct request *q = request_new();
	struct reply r;

	(void)state;
	request_items(q, false, NOON_NTSKE_NEXT_PROTOCOL, &ntpv4, 1);
	request_aead(q, 15);
	request_end(q);
	expect_error(q, 1);
	q = request_new();
	request_add(q, true, NOON_NTSKE_NEXT_PROTOCOL, "\0\0\0", 3);
	request_aead(q, 15);
	request_end(q);
	expect_error(q, 1);
	q = request_new();
	request_items(q, true, NOON_NTSKE_NEXT_PROTOCOL, both, 2);
	request_aead(q, 15);
	request_end(q);
	r = request_run(&talk, q);
	assert_true(reply_is_ok(&talk, &r)); /* of the two offered only NTPv4 comes back */
	talk_end(&talk);
}

static void k8_error_or_warning_in_a_request_is_error_1(void **state)
{
	const uint16_t code = 1;
	struct request *q = begun();

	(void)state;
	request_items(q, true, NOON_NTSKE_ERROR, &code, 1);
	request_end(q);
	expect_error(q, 1);
	q = begun();
	request_items(q, false, NOON_NTSKE_WARNING, &code, 1);
	request_end(q);
	expect_error(q, 1);
}

static void k9_aead_follows_the_client_s_preference(void **state)
{
	const uint16_t siv_first[] = {10000, 15, 30}, gcm_first[] = {16, 30, 15};
	struct request *q = request_new();
	struct reply r;

	(void)state;
	request_protocol(q);
	request_items(q, false, NOON_NTSKE_AEAD, siv_first, 3); /* critical or not: may be */
	request_end(q);
	expect_ok(q);
	q = request_new();
	request_protocol(q);
	request_items(q, true, NOON_NTSKE_AEAD, gcm_first, 3);
	request_end(q);
	r = request_run(&talk, q);
	assert_int_equal(r.aeads, 1);
	assert_int_equal(r.aead, 30);
	talk_end(&talk);
	world.conf.gcm_siv = false;
	expect_ok(q);
	q = request_new();
	request_protocol(q);
	request_add(q, true, NOON_NTSKE_AEAD, "\0\x0f\0", 3);
	request_end(q);
	expect_error(q, 1);
	q = request_new(); /* two are wrong even where none is needed */
	request_items(q, true, NOON_NTSKE_NEXT_PROTOCOL, siv_first, 1);
	request_aead(q, 15);
	request_aead(q, 15);
	request_end(q);
	expect_error(q, 1);
}

static void k10_cookie_in_a_request_is_error_1(void **state)
{
	uint8_t cookie[100] = {0};
	struct request *q = begun();

	(void)state;
	request_add(q, false, NOON_NTSKE_COOKIE, cookie, sizeof(cookie));
	request_end(q);
	expect_error(q, 1);
}

static void k11_cookies_are_distinct_plain_and_multiples_of_4(void **state)
{
	static const size_t sizes[] = {16, 100, 512}, wrong[] = {12, 102, 4};
	struct reply r;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		world.cookie_bytes = sizes[i];
		r = request_run(&talk, minimal());
		assert_true(reply_is_ok(&talk, &r)); /* more than one list of actions holds */
		assert_int_equal(r.count[NOON_NTSKE_COOKIE], 8);
		talk_end(&talk);
	}
	for (i = 0; i < 3; i++) {
		world.cookie_bytes = wrong[i];
		expect_error(minimal(), 2);
	}
	assert_int_equal(world.counters.n[NOON_KE_INTERNAL], 3);
}

static void k12_unknown_critical_wins_over_other_faults(void **state)
{
	struct request *q = request_new();

	(void)state;
	request_aead(q, 15); /* no protocol, a cookie, a bad END: all Error 1 by themselves */
	request_add(q, false, NOON_NTSKE_COOKIE, NULL, 0);
	request_add(q, true, 0x7fff, NULL, 0);
	request_add(q, false, NOON_NTSKE_END, "x", 1);
	expect_error(q, 0);
}

static void k13_negotiation_records_are_checked(void **state)
{
	const uint16_t port = 123;
	char name[257];
	struct request *q = begun();

	(void)state;
	request_add(q, false, NOON_NTSKE_SERVER, "a", 1);
	request_add(q, false, NOON_NTSKE_SERVER, "a", 1);
	request_end(q);
	expect_error(q, 1);
	q = begun();
	request_add(q, false, NOON_NTSKE_SERVER, "caf\xc3\xa9", 5);
	request_end(q);
	expect_error(q, 1);
	q = begun();
	memset(name, 'a', sizeof(name));
	request_add(q, false, NOON_NTSKE_SERVER, name, sizeof(name));
	request_end(q);
	expect_error(q, 1);
	q = begun();
	request_items(q, false, NOON_NTSKE_SERVER_PORT, &port, 1);
	request_items(q, false, NOON_NTSKE_SERVER_PORT, &port, 1);
	request_end(q);
	expect_error(q, 1);
	q = begun();
	request_add(q, true, NOON_NTSKE_SERVER_PORT, "1", 1);
	request_end(q);
	expect_error(q, 1);
}

static void k13_configured_server_and_port_are_announced(void **state)
{
	struct reply r;

	(void)state;
	world.conf.host = "ntp.example";
	world.conf.port = 1234;
	r = request_run(&talk, minimal());
	assert_true(reply_is_ok(&talk, &r));
	assert_string_equal(r.host, "ntp.example");
	assert_int_equal(r.port, 1234);
	talk_end(&talk);
	world.conf.host = "not a name";
	assert_int_equal(noon_ntske_server_init(&talk.s, &world.conf, WORLD_T0), NOON_ERR_RANGE);
}

static void k14_every_truncation_followed_by_fin_gets_no_reply(void **state)
{
	struct request *q = minimal();
	const struct noon_bytes all = noon_wr_written(&q->wr);
	size_t n;

	(void)state;
	for (n = 0; n < all.n; n++) {
		talk_open(&talk, true);
		if (n > 0)
			talk_say(&talk, noon_bytes_of(all.p, n));
		assert_false(talk.closed);
		talk_raw(&talk, noon_bytes_of(NULL, 0));
		assert_int_equal(talk.n, 0);
		assert_true(talk.closed);
		assert_int_equal(talk.close, NOON_ERR_SHORT);
		talk_end(&talk);
	}
	assert_int_equal(world.counters.n[NOON_KE_CLOSED], all.n);
}

static void k14_fin_before_and_in_the_handshake_is_closed_early(void **state)
{
	uint8_t hello[2048];
	const size_t n = world_hello(TLS1_3_VERSION, "\7ntske/1", hello, sizeof(hello));
	size_t cut;

	(void)state;
	for (cut = 0; cut < n; cut += 7) {
		talk_open(&talk, false);
		if (cut > 0)
			talk_raw(&talk, noon_bytes_of(hello, cut));
		talk_raw(&talk, noon_bytes_of(NULL, 0));
		assert_true(talk.closed);
		assert_int_equal(noon_ntske_server_outcome(&talk.s), NOON_KE_CLOSED);
		talk_end(&talk);
	}
}

static void k15_keys_come_from_the_exporter_for_every_aead(void **state)
{
	static const uint16_t ids[] = {15, 30};
	const char *label = "EXPORTER-network-time-security";
	uint8_t context[5] = {0, 0, 0, 0, 0}, c2s[32], s2c[32];
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		const size_t n = ids[i] == 15 ? 32 : 16;
		struct request *q = request_new();

		request_protocol(q);
		request_aead(q, ids[i]);
		request_add(q, false, NOON_NTSKE_COMPLIANT_EXPORTER, NULL, 0);
		request_end(q);
		(void)request_run(&talk, q);
		context[3] = (uint8_t)ids[i];
		context[4] = 0;
		assert_int_equal(
			noon_tls_export(talk.tls, label, noon_bytes_of(context, 5), c2s, n),
			NOON_OK);
		context[4] = 1;
		assert_int_equal(
			noon_tls_export(talk.tls, label, noon_bytes_of(context, 5), s2c, n),
			NOON_OK);
		assert_int_equal(world.aead, ids[i]);
		assert_memory_equal(world.keys.c2s, c2s, n);
		assert_memory_equal(world.keys.s2c, s2c, n);
		talk_end(&talk);
	}
}

static void k16_record_1024_is_echoed_with_aead_30_only(void **state)
{
	struct request *q = begun();
	struct reply r;

	(void)state;
	request_add(q, false, NOON_NTSKE_COMPLIANT_EXPORTER, NULL, 0);
	request_end(q);
	r = request_run(&talk, q);
	assert_true(reply_is_ok(&talk, &r));
	assert_int_equal(r.compliant, 0);
	talk_end(&talk);
	q = request_new();
	request_protocol(q);
	request_aead(q, 30);
	request_add(q, false, NOON_NTSKE_COMPLIANT_EXPORTER, NULL, 0);
	request_end(q);
	r = request_run(&talk, q);
	assert_int_equal(r.aead, 30);
	assert_int_equal(r.compliant, 1);
	talk_end(&talk);
	q = begun();
	request_add(q, false, NOON_NTSKE_COMPLIANT_EXPORTER, "x", 1);
	request_end(q);
	expect_error(q, 1);
}

static void k16_without_record_1024_aead_30_uses_the_context_of_15(void **state)
{
	const char *label = "EXPORTER-network-time-security";
	struct request *q = request_new();
	struct reply r;
	uint8_t c2s[16];

	(void)state;
	request_protocol(q);
	request_aead(q, 30);
	request_end(q);
	r = request_run(&talk, q);
	assert_int_equal(r.compliant, 0);
	assert_int_equal(
		noon_tls_export(talk.tls, label, noon_bytes_of("\0\0\0\x0f\0", 5), c2s, 16),
		NOON_OK);
	assert_memory_equal(world.keys.c2s, c2s, 16);
	talk_end(&talk);
}

static void k17_a_slow_drip_is_cut_off_at_the_limit(void **state)
{
	const uint8_t byte = 0;
	int sent = 0;

	(void)state;
	world.conf.time_limit = NOON_S(2);
	talk_open(&talk, true);
	talk_say(&talk, noon_bytes_of("\0\x64\x20\0", 4)); /* a record of 8 KiB, a byte at a time */
	while (sent < 1000 && !talk.closed) {
		talk_wait(&talk, NOON_MS(10));
		if (!talk.closed)
			talk_say(&talk, noon_bytes_of(&byte, 1));
		sent++;
	}
	assert_int_equal(sent, 200); /* 2 s, however often a byte came */
	assert_true(talk.closed);
	assert_int_equal(talk.close, NOON_ERR_TIMEOUT);
	assert_int_equal(talk.n, 0);
	assert_int_equal(world.counters.n[NOON_KE_TIMEOUT], 1);
	talk_end(&talk);
}

static void k17_a_half_open_connection_is_cut_off(void **state)
{
	(void)state;
	talk_open(&talk, false);
	assert_int_equal(noon_ntske_server_deadline(&talk.s).ns,
			 WORLD_T0.ns + NOON_NTSKE_TIME_LIMIT);
	talk_wait(&talk, NOON_NTSKE_TIME_LIMIT);
	assert_true(talk.closed);
	assert_int_equal(talk.close, NOON_ERR_TIMEOUT);
	assert_true(noon_time_is_never(noon_ntske_server_deadline(&talk.s)));
	talk_end(&talk);
}

static void k17_a_record_of_64_kib_is_cut_off(void **state)
{
	(void)state;
	talk_open(&talk, true);
	talk_say(&talk, noon_bytes_of("\0\x64\xff\xff", 4));
	assert_true(talk.closed);
	assert_int_equal(talk.close, NOON_ERR_LONG);
	assert_int_equal(talk.n, 0);
	assert_int_equal(world.counters.n[NOON_KE_TOO_LONG], 1);
	talk_end(&talk);
}

static void k17_a_request_of_1_mib_is_cut_off(void **state)
{
	static uint8_t piece[4096];
	size_t i;

	(void)state;
	for (i = 1; i < sizeof(piece); i += 4)
		piece[i] = 100; /* small records of type 100 */
	talk_open(&talk, true);
	for (i = 0; i < 256 && !talk.closed; i++)
		talk_say(&talk, noon_bytes_of(piece, sizeof(piece)));
	assert_true(talk.closed);
	assert_int_equal(i, 4); /* 16 KiB */
	assert_int_equal(talk.close, NOON_ERR_LONG);
	talk_end(&talk);
}

static void k17_endless_handshakes_are_cut_off(void **state)
{
	/* A handshake record that begins a ClientHello of 128 KiB. */
	static uint8_t record[16389] = {22, 3, 1, 0x40, 0, 1, 1, 0xff, 0xff, 3, 3};
	size_t i;

	(void)state;
	talk_open(&talk, false);
	for (i = 0; i < 10 && !talk.closed; i++) {
		talk_raw(&talk, noon_bytes_of(record, sizeof(record)));
		memset(record + 5, 0, 6);
	}
	assert_true(talk.closed);
	assert_true(i <= 5);
	talk_end(&talk);
}

static void k17_one_byte_pieces_of_the_stream_are_fine(void **state)
{
	const struct noon_tls_peer peer = {WORLD_HOST, WORLD_DATE, false};
	struct request *q = minimal();
	struct reply r;

	(void)state;
	talk_open(&talk, false);
	talk.piece = 1;
	assert_int_equal(noon_tls_new(world.client, &peer, &talk.tls), NOON_OK);
	talk_carry(&talk);
	talk_say(&talk, noon_wr_written(&q->wr));
	r = reply_of(&talk);
	assert_true(reply_is_ok(&talk, &r));
	talk_end(&talk);
}

static void k18_another_server_name_or_none_is_served(void **state)
{
	static const char *const hosts[] = {"second.example", "2001:db8::7"};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		const struct noon_tls_peer peer = {hosts[i], WORLD_DATE, false};
		struct request *q = minimal();
		struct reply r;

		talk_open(&talk, false);
		assert_int_equal(noon_tls_new(world.client, &peer, &talk.tls), NOON_OK);
		talk_carry(&talk);
		talk_say(&talk, noon_wr_written(&q->wr));
		r = reply_of(&talk);
		assert_true(reply_is_ok(&talk, &r));
		talk_end(&talk);
	}
}

static void k19_a_renewed_certificate_needs_no_restart(void **state)
{
	const struct noon_tls_pem chain = {NULL, noon_bytes_of(world.ours.cert, world.ours.cert_n)};
	const struct noon_tls_pem key = {NULL, noon_bytes_of(world.ours.key, world.ours.key_n)};
	struct noon_tls_ctx *ctx = world_server_ctx(&world.other);
	struct noon_tls_why why;

	(void)state;
	world.conf.tls = ctx;
	assert_int_equal(noon_tls_server_ctx_reload(ctx, &chain, &key, &why), NOON_OK);
	expect_ok(minimal()); /* the client trusts the new one only */
	noon_tls_ctx_free(ctx);
}

static void internal_failure_is_error_2(void **state)
{
	(void)state;
	world.cookie_err = NOON_ERR_CRYPTO;
	expect_error(minimal(), 2);
	assert_int_equal(world.counters.n[NOON_KE_INTERNAL], 1);
}

static void an_abandoned_connection_is_counted(void **state)
{
	(void)state;
	talk_open(&talk, true);
	talk_end(&talk);
	assert_int_equal(world.counters.n[NOON_KE_CLOSED], 1);
	memset(&talk.s, 0, sizeof(talk.s));
	noon_ntske_server_fini(&talk.s);
}

static void every_outcome_has_words(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < NOON_KE_OUTCOMES; i++) {
		const enum noon_ntske_outcome o = (enum noon_ntske_outcome)i;

		assert_string_not_equal(noon_ntske_outcome_word(o), "");
		assert_string_not_equal(noon_ntske_outcome_text(o), "");
		assert_int_equal(noon_ntske_outcome_err(o) == NOON_OK, o == NOON_KE_DONE);
	}
	assert_string_equal(noon_ntske_outcome_word(NOON_KE_OUTCOMES), "unknown");
}

#define CHECK(f) cmocka_unit_test_setup(f, world_reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(k1_tls_below_1_3_is_refused),
		CHECK(k2_other_or_absent_alpn_is_refused),
		CHECK(k3_close_notify_follows_the_reply),
		CHECK(k4_reply_comes_after_the_whole_request_and_once),
		CHECK(k5_no_ticket_follows_the_handshake),
		CHECK(k6_end_is_one_last_critical_and_empty),
		CHECK(k7_next_protocol_is_one_critical_and_even),
		CHECK(k8_error_or_warning_in_a_request_is_error_1),
		CHECK(k9_aead_follows_the_client_s_preference),
		CHECK(k10_cookie_in_a_request_is_error_1),
		CHECK(k11_cookies_are_distinct_plain_and_multiples_of_4),
		CHECK(k12_unknown_critical_wins_over_other_faults),
		CHECK(k13_negotiation_records_are_checked),
		CHECK(k13_configured_server_and_port_are_announced),
		CHECK(k14_every_truncation_followed_by_fin_gets_no_reply),
		CHECK(k14_fin_before_and_in_the_handshake_is_closed_early),
		CHECK(k15_keys_come_from_the_exporter_for_every_aead),
		CHECK(k16_record_1024_is_echoed_with_aead_30_only),
		CHECK(k16_without_record_1024_aead_30_uses_the_context_of_15),
		CHECK(k17_a_slow_drip_is_cut_off_at_the_limit),
		CHECK(k17_a_half_open_connection_is_cut_off),
		CHECK(k17_a_record_of_64_kib_is_cut_off),
		CHECK(k17_a_request_of_1_mib_is_cut_off),
		CHECK(k17_endless_handshakes_are_cut_off),
		CHECK(k17_one_byte_pieces_of_the_stream_are_fine),
		CHECK(k18_another_server_name_or_none_is_served),
		CHECK(k19_a_renewed_certificate_needs_no_restart),
		CHECK(internal_failure_is_error_2),
		CHECK(an_abandoned_connection_is_counted),
		CHECK(every_outcome_has_words),
	};

	return cmocka_run_group_tests_name("proto/ntske_server", tests, world_make, world_free);
}
