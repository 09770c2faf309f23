/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "crypto/x509.h"
#include "proto/tunnel/tunnel.h"
#include "proto/tunnel/tunnel_ke.h"
#include "wire/ntske.h"

#define FROM 1000000000 /* validity of the certificates, s */
#define TILL 2000000000
#define DATE 1500000000
#define T0   ((noon_time){NOON_S(1000)})

/* Certificates and contexts of both ends, and of somebody else. */
static struct identity {
	struct noon_secret_x509 x;
	struct noon_tls_ctx *asks, *answers; /* as either end, trusting `peer` */
} alice, bob, eve;

/* The stream between the machines, one direction. */
struct pipe {
	size_t n;
	uint8_t buf[65536];
};

static struct {
	struct noon_tunnel_ke a, b; /* asks, answers */
	struct pipe up, down;
	struct noon_tunnel_ke_conf a_conf, b_conf;
	struct noon_tunnel_ke_answer answer;
	const char *wanted; /* name that the asking end's certificate must be for */
	unsigned judged;
	struct noon_tunnel_ke_terms asked;
	struct noon_tunnel_ke_result a_result, b_result;
	struct noon_rng rng;
} w;

static const struct noon_tunnel_ke_terms terms = {
	.version = 4,
	.initiator = {10, 9, 0, 1},
	.responder = {10, 9, 0, 2},
	.form = {.key_len = 16, .extended = true, .ah = true},
};

static void make(struct identity *i, const char *name)
{
	const struct noon_x509_conf conf = {name, &name, 1, FROM, TILL, true};

	assert_int_equal(noon_x509_self_signed(&conf, &i->x), NOON_OK);
}

static struct noon_tls_ctx *context(const struct identity *own, const struct identity *peer,
				    bool is_server)
{
	const struct noon_tls_mutual m = {
		.is_server = is_server,
		.chain = {NULL, noon_bytes_of(own->x.cert, own->x.cert_n)},
		.key = {NULL, noon_bytes_of(own->x.key, own->x.key_n)},
		.ca = {NULL, noon_bytes_of(peer->x.cert, peer->x.cert_n)},
	};
	struct noon_tls_ctx *ctx = NULL;
	struct noon_tls_why why;

	assert_int_equal(noon_tls_mutual_ctx_new(&m, &ctx, &why), NOON_OK);
	return ctx;
}

static int make_all(void **state)
{
	(void)state;
	make(&alice, "alice.example");
	make(&bob, "bob.example");
	make(&eve, "bob.example");
	alice.asks = context(&alice, &bob, false);
	bob.answers = context(&bob, &alice, true);
	eve.asks = context(&eve, &bob, false);
	eve.answers = context(&eve, &alice, true);
	return 0;
}

static int free_all(void **state)
{
	(void)state;
	noon_tls_ctx_free(alice.asks);
	noon_tls_ctx_free(bob.answers);
	noon_tls_ctx_free(eve.asks);
	noon_tls_ctx_free(eve.answers);
	return 0;
}

static struct noon_tunnel_ke_answer judge(void *arg, const struct noon_tls *tls,
					  const struct noon_tunnel_ke_terms *asked)
{
	(void)arg;
	w.judged++;
	w.asked = *asked;
	if (!w.answer.is_refused && !noon_tls_peer_is(tls, w.wanted))
		return (struct noon_tunnel_ke_answer){.is_refused = true,
						      .code = NOON_TUNNEL_KE_NAME};
	return w.answer;
}

static int reset(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	w.rng = noon_rng_seeded(20261130);
	w.wanted = "alice.example";
	w.answer.floor = 7;
	w.a_conf = (struct noon_tunnel_ke_conf){.tls = alice.asks,
						.peer = {"bob.example", DATE, false},
						.asks = true,
						.terms = terms,
						.floor = 5};
	w.b_conf = (struct noon_tunnel_ke_conf){
		.tls = bob.answers, .peer = {NULL, DATE, false}, .judge = judge};
	return 0;
}

static void put(struct pipe *p, const struct noon_actions *as)
{
	for (size_t i = 0; i < as->n; i++) {
		if (as->a[i].kind != NOON_ACTION_SEND)
			continue;
		assert_true(p->n + as->a[i].send.n <= sizeof(p->buf));
		memcpy(p->buf + p->n, as->a[i].send.p, as->a[i].send.n);
		p->n += as->a[i].send.n;
	}
}

/* Give a machine the next bytes of its stream, or its timer. Returns whether it had anything to do.
 */
static bool step(struct noon_tunnel_ke *x, struct pipe *in, struct pipe *out, size_t piece)
{
	static struct noon_actions as;
	static uint8_t buf[65536];
	const size_t n = in->n < piece ? in->n : piece;
	const struct noon_rx rx = {.data = noon_bytes_of(buf, n), .at = T0, .now = T0};

	noon_actions_reset(&as);
	if (n > 0) {
		memcpy(buf, in->buf, n);
		memmove(in->buf, in->buf + n, in->n - n);
		in->n -= n;
		noon_tunnel_ke_on_packet(x, &rx, &as);
	} else if (noon_tunnel_ke_deadline(x).ns == T0.ns) {
		noon_tunnel_ke_on_timer(x, T0, &as);
	} else {
		return false;
	}
	put(out, &as);
	return true;
}

static void open_pair(void)
{
	assert_int_equal(noon_tunnel_ke_init(&w.a, &w.a_conf, T0), NOON_OK);
	assert_int_equal(noon_tunnel_ke_init(&w.b, &w.b_conf, T0), NOON_OK);
}

static void run(size_t piece)
{
	bool moved = true;

	open_pair();
	while (moved) {
		moved = step(&w.a, &w.down, &w.up, piece);
		moved = step(&w.b, &w.up, &w.down, piece) || moved;
	}
}

static int close_pair(void **state)
{
	(void)state;
	noon_tunnel_ke_fini(&w.a);
	noon_tunnel_ke_fini(&w.b);
	return 0;
}

static void expect_agreement(void)
{
	assert_int_equal(noon_tunnel_ke_outcome(&w.a), NOON_KE_DONE);
	assert_int_equal(noon_tunnel_ke_outcome(&w.b), NOON_KE_DONE);
	assert_int_equal(noon_tunnel_ke_result(&w.a, &w.a_result), NOON_OK);
	assert_int_equal(noon_tunnel_ke_result(&w.b, &w.b_result), NOON_OK);
	assert_memory_equal(&w.a_result.secret, &w.b_result.secret, NOON_TUNNEL_SECRET);
	assert_int_equal(w.a_result.epoch, w.b_result.epoch);
	assert_true(w.a_result.valid_from_s == FROM && w.a_result.valid_till_s == TILL);
	assert_true(w.b_result.valid_from_s == FROM && w.b_result.valid_till_s == TILL);
	assert_memory_equal(&w.a_result.terms, &w.b_result.terms, sizeof(terms));
}

static void expect_failure(enum noon_ntske_outcome a, enum noon_ntske_outcome b)
{
	assert_string_equal(noon_ntske_outcome_word(noon_tunnel_ke_outcome(&w.a)),
			    noon_ntske_outcome_word(a));
	assert_string_equal(noon_ntske_outcome_word(noon_tunnel_ke_outcome(&w.b)),
			    noon_ntske_outcome_word(b));
	if (a != NOON_KE_DONE)
		assert_int_equal(noon_tunnel_ke_result(&w.a, &w.a_result), NOON_ERR_STATE);
	if (b != NOON_KE_DONE)
		assert_int_equal(noon_tunnel_ke_result(&w.b, &w.b_result), NOON_ERR_STATE);
}

static void both_ends_have_one_secret(void **state)
{
	(void)state;
	run(100000);
	expect_agreement();
	assert_int_equal(w.a_result.epoch, 7); /* the higher of the two floors */
	assert_memory_equal(&w.asked, &terms, sizeof(terms));
	assert_int_equal(w.judged, 1);
}

static void the_asking_ends_floor_counts_too(void **state)
{
	(void)state;
	w.a_conf.floor = 1000;
	run(100000);
	expect_agreement();
	assert_int_equal(w.a_result.epoch, 1000);
}

/* The other end says an epoch that this one may have used already. */
static void an_epoch_below_the_floor_is_refused(void **state)
{
	struct noon_tls *tls = NULL;
	uint8_t raw[NOON_TUNNEL_KE_MESSAGE_MAX];
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));

	(void)state;
	assert_int_equal(noon_tunnel_ke_reply_write(&wr, w.a_conf.floor - 1), NOON_OK);
	assert_int_equal(noon_tunnel_ke_init(&w.a, &w.a_conf, T0), NOON_OK);
	assert_int_equal(noon_tls_new(bob.answers, &w.b_conf.peer, &tls), NOON_OK);
	for (int i = 0; i < 20; i++) {
		static uint8_t buf[65536];
		struct noon_wr out = noon_wr_over(buf, sizeof(buf));
		const noon_err shaken = noon_tls_handshake(tls);

		if (!shaken && i == 10)
			assert_int_equal(noon_tls_write(tls, noon_wr_written(&wr)), NOON_OK);
		(void)noon_tls_take(tls, &out);
		memcpy(w.down.buf, buf, noon_wr_len(&out));
		w.down.n = noon_wr_len(&out);
		while (step(&w.a, &w.down, &w.up, 100000))
			;
		assert_int_equal(noon_tls_feed(tls, noon_bytes_of(w.up.buf, w.up.n)), NOON_OK);
		w.up.n = 0;
	}
	assert_string_equal(noon_ntske_outcome_word(noon_tunnel_ke_outcome(&w.a)), "bad-reply");
	noon_tls_free(tls);
}

static void each_exchange_has_a_secret_of_its_own(void **state)
{
	struct noon_secret_tunnel first;

	(void)state;
	run(100000);
	expect_agreement();
	first = w.a_result.secret;
	(void)close_pair(NULL);
	run(100000);
	expect_agreement();
	assert_memory_not_equal(&first, &w.a_result.secret, NOON_TUNNEL_SECRET);
}

static void pieces_of_any_size_do(void **state)
{
	static const size_t sizes[] = {1, 2, 3, 7, 64, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		run(sizes[i]);
		expect_agreement();
		(void)close_pair(NULL);
	}
}

static void ipv6_tunnels_too(void **state)
{
	(void)state;
	w.a_conf.terms.version = 6;
	memset(w.a_conf.terms.initiator, 0xfd, 16);
	memset(w.a_conf.terms.responder, 0xfe, 16);
	run(100000);
	expect_agreement();
	assert_memory_equal(&w.asked, &w.a_conf.terms, sizeof(w.asked));
}

static void ask_for_ptp(void)
{
	w.a_conf.terms = (struct noon_tunnel_ke_terms){.is_ptp = true, .domain = 4};
	memset(w.a_conf.terms.clock, 0xc1, sizeof(w.a_conf.terms.clock));
	w.answer.key = (struct noon_tunnel_ke_key){.spp = 3, .id = 77, .life_s = 3600};
}

static void keys_of_ptp_are_agreed_on(void **state)
{
	struct noon_secret_tunnel first;

	(void)state;
	ask_for_ptp();
	run(100000);
	expect_agreement();
	assert_true(w.asked.is_ptp && w.asked.domain == 4 && w.asked.clock[7] == 0xc1);
	assert_memory_equal(&w.a_result.key, &w.b_result.key, sizeof(w.answer.key));
	assert_true(w.a_result.key.spp == 3 && w.a_result.key.id == 77 &&
		    w.a_result.key.life_s == 3600);
	assert_memory_not_equal(w.a_result.owner, w.b_result.owner, NOON_TLS_DIGEST);
	first = w.a_result.secret;
	(void)close_pair(NULL);
	run(100000);
	expect_agreement();
	assert_memory_not_equal(&first, &w.a_result.secret, NOON_TUNNEL_SECRET);
}

static void refusals_of_ptp_are_explained(void **state)
{
	static const struct {
		uint16_t code;
		const char *words;
	} t[] = {{NOON_TUNNEL_KE_NO_TUNNEL, "PTP domain"},
		 {NOON_TUNNEL_KE_NAME, "another certificate"},
		 {NOON_TUNNEL_KE_ROOM, "no room"}};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		(void)reset(NULL);
		ask_for_ptp();
		w.answer.is_refused = true;
		w.answer.code = t[i].code;
		run(100000);
		expect_failure(NOON_KE_PEER_ERROR, NOON_KE_NO_PROTOCOL);
		assert_non_null(strstr(noon_tunnel_ke_reason(&w.a), t[i].words));
		(void)close_pair(NULL);
	}
}

static void another_certificate_of_the_name_is_refused(void **state)
{
	(void)state;
	w.b_conf.tls = eve.answers;
	run(100000);
	/* The end that answers is told by an alert. */
	expect_failure(NOON_KE_CERT_ISSUER, NOON_KE_ALERT);
	(void)close_pair(NULL);
	(void)reset(NULL);
	w.a_conf.tls = eve.asks;
	run(100000);
	expect_failure(NOON_KE_ALERT, NOON_KE_CERT_ISSUER);
	assert_int_equal(w.judged, 0);
}

/* A client of any other kind, which has no certificate to show. */
static void who_shows_no_certificate_is_refused(void **state)
{
	const struct noon_tls_pem ca = {NULL, noon_bytes_of(bob.x.cert, bob.x.cert_n)};
	struct noon_tls_ctx *plain = NULL;
	struct noon_tls_why why;

	(void)state;
	assert_int_equal(noon_tls_client_ctx_new(&ca, &plain, &why), NOON_OK);
	w.a_conf.tls = plain;
	run(100000);
	/* ... nor does it speak our protocol. */
	expect_failure(NOON_KE_ALPN, NOON_KE_ALPN);
	noon_tls_ctx_free(plain);
}

static void the_name_must_be_the_peers(void **state)
{
	(void)state;
	w.a_conf.peer.host = "carol.example";
	run(100000);
	expect_failure(NOON_KE_CERT_NAME, NOON_KE_ALERT);
	(void)close_pair(NULL);
	(void)reset(NULL);
	w.wanted = "carol.example";
	run(100000);
	expect_failure(NOON_KE_PEER_ERROR, NOON_KE_NO_PROTOCOL);
	assert_int_equal(w.a.refusal, NOON_TUNNEL_KE_NAME);
	assert_non_null(strstr(noon_tunnel_ke_reason(&w.a), "another name"));
}

static void certificate_times_count_at_both_ends(void **state)
{
	(void)state;
	w.a_conf.peer.time_s = TILL + 1;
	run(100000);
	expect_failure(NOON_KE_CERT_EXPIRED, NOON_KE_ALERT);
	(void)close_pair(NULL);
	(void)reset(NULL);
	w.b_conf.peer.time_s = FROM - 1;
	run(100000);
	expect_failure(NOON_KE_ALERT, NOON_KE_CERT_NOT_YET);
}

static void clocks_may_be_wrong_where_allowed(void **state)
{
	(void)state;
	w.a_conf.peer = (struct noon_tls_peer){"bob.example", 0, true};
	w.b_conf.peer = (struct noon_tls_peer){NULL, TILL * 2LL, true};
	run(100000);
	expect_agreement();
}

static void a_tunnel_that_is_not_there_is_refused(void **state)
{
	(void)state;
	w.answer = (struct noon_tunnel_ke_answer){.is_refused = true,
						  .code = NOON_TUNNEL_KE_NO_TUNNEL};
	run(100000);
	expect_failure(NOON_KE_PEER_ERROR, NOON_KE_NO_PROTOCOL);
	assert_non_null(strstr(noon_tunnel_ke_reason(&w.a), "no tunnel"));
}

static void the_difference_of_the_ends_is_named(void **state)
{
	static const struct noon_tunnel_ke_form ours = {.key_len = 32, .extended = false};

	(void)state;
	w.answer = (struct noon_tunnel_ke_answer){
		.is_refused = true, .code = NOON_TUNNEL_KE_FORM, .ours = &ours};
	run(100000);
	expect_failure(NOON_KE_PEER_ERROR, NOON_KE_NO_PROTOCOL);
	assert_string_equal(noon_tunnel_ke_reason(&w.a),
			    "the ends differ: the other one has encryption aes256gcm16 esn false "
			    "ah false");
}

static void an_end_with_too_high_a_floor_is_refused(void **state)
{
	(void)state;
	w.answer.floor = (uint64_t)NOON_TUNNEL_EPOCH_MAX + 1;
	run(100000);
	expect_failure(NOON_KE_PEER_ERROR, NOON_KE_INTERNAL);
}

static void a_peer_of_few_words_is_cut_off(void **state)
{
	static struct noon_actions as;

	(void)state;
	open_pair();
	noon_actions_reset(&as);
	assert_int_equal(noon_tunnel_ke_deadline(&w.b).ns, T0.ns + NOON_NTSKE_TIME_LIMIT);
	noon_tunnel_ke_on_timer(&w.b, noon_time_add(T0, NOON_NTSKE_TIME_LIMIT), &as);
	assert_int_equal(noon_tunnel_ke_outcome(&w.b), NOON_KE_TIMEOUT);
}

/* Say it inside TLS, in place of a machine. */
static void say(struct noon_tls *tls, struct noon_bytes message)
{
	bool said = false;

	for (int i = 0; i < 20; i++) {
		static uint8_t buf[65536];
		struct noon_wr wr = noon_wr_over(buf, sizeof(buf));

		if (noon_tls_handshake(tls) == NOON_OK && !said) {
			assert_int_equal(noon_tls_write(tls, message), NOON_OK);
			said = true;
		}
		(void)noon_tls_take(tls, &wr);
		memcpy(w.up.buf, buf, noon_wr_len(&wr));
		w.up.n = noon_wr_len(&wr);
		while (step(&w.b, &w.up, &w.down, 100000))
			;
		assert_int_equal(noon_tls_feed(tls, noon_bytes_of(w.down.buf, w.down.n)), NOON_OK);
		w.down.n = 0;
	}
}

static void expect_answer_to(struct noon_bytes message, enum noon_ntske_outcome wanted)
{
	struct noon_tls *tls = NULL;

	memset(&w.b, 0, sizeof(w.b));
	w.up.n = w.down.n = 0;
	assert_int_equal(noon_tls_new(alice.asks, &w.a_conf.peer, &tls), NOON_OK);
	assert_int_equal(noon_tunnel_ke_init(&w.b, &w.b_conf, T0), NOON_OK);
	say(tls, message);
	assert_string_equal(noon_ntske_outcome_word(noon_tunnel_ke_outcome(&w.b)),
			    noon_ntske_outcome_word(wanted));
	noon_tunnel_ke_fini(&w.b);
	noon_tls_free(tls);
}

static void requests_that_break_the_rules_are_refused(void **state)
{
	static uint8_t raw[3 * NOON_TUNNEL_KE_MESSAGE_MAX];
	static const uint8_t nothing[9];
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));

	(void)state;
	/* Without anything; with bytes behind END; twice the same; a critical record unknown. */
	assert_int_equal(noon_ntske_wr_end(&wr), NOON_OK);
	expect_answer_to(noon_wr_written(&wr), NOON_KE_BAD_REQUEST);
	wr = noon_wr_over(raw, sizeof(raw));
	assert_int_equal(noon_tunnel_ke_request_write(&wr, &terms, 1), NOON_OK);
	expect_answer_to(noon_wr_written(&wr), NOON_KE_DONE);
	assert_int_equal(noon_wr_u8(&wr, 0), NOON_OK);
	expect_answer_to(noon_wr_written(&wr), NOON_KE_BAD_REQUEST);
	wr = noon_wr_over(raw, sizeof(raw));
	assert_int_equal(noon_ntske_wr(&wr, true, NOON_NTSKE_COOKIE, noon_bytes_of(nothing, 0)),
			 NOON_OK);
	assert_int_equal(noon_tunnel_ke_request_write(&wr, &terms, 1), NOON_OK);
	expect_answer_to(noon_wr_written(&wr), NOON_KE_UNKNOWN_CRITICAL);
	wr = noon_wr_over(raw, sizeof(raw));
	assert_int_equal(noon_ntske_wr(&wr, false, NOON_NTSKE_COOKIE, noon_bytes_of(nothing, 0)),
			 NOON_OK);
	assert_int_equal(noon_tunnel_ke_request_write(&wr, &terms, 1), NOON_OK);
	expect_answer_to(noon_wr_written(&wr), NOON_KE_DONE);
	/* Two wishes in one. */
	wr = noon_wr_over(raw, sizeof(raw));
	assert_int_equal(noon_ntske_wr(&wr, true, NOON_NTSKE_PTP, noon_bytes_of(nothing, 9)),
			 NOON_OK);
	assert_int_equal(noon_tunnel_ke_request_write(&wr, &terms, 1), NOON_OK);
	expect_answer_to(noon_wr_written(&wr), NOON_KE_BAD_REQUEST);
	/* A reply is no request. */
	wr = noon_wr_over(raw, sizeof(raw));
	assert_int_equal(noon_tunnel_ke_reply_write(&wr, 9), NOON_OK);
	expect_answer_to(noon_wr_written(&wr), NOON_KE_BAD_REQUEST);
}

static void too_long_a_request_is_refused(void **state)
{
	static uint8_t raw[NOON_TUNNEL_KE_BYTES_MAX + 100];
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
	static const uint8_t nothing[NOON_TUNNEL_KE_BYTES_MAX];

	(void)state;
	assert_int_equal(noon_ntske_wr(&wr, false, NOON_NTSKE_COOKIE,
				       noon_bytes_of(nothing, sizeof(nothing))),
			 NOON_OK);
	expect_answer_to(noon_wr_written(&wr), NOON_KE_TOO_LONG);
}

static void every_message_reads_as_written(void **state)
{
	(void)state;
	for (int i = 0; i < 2000; i++) {
		uint8_t raw[NOON_TUNNEL_KE_MESSAGE_MAX];
		struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
		struct noon_tunnel_ke_terms t = {.version = i % 2 ? 4 : 6};
		struct noon_tunnel_ke_message m;
		const size_t n = i % 2 ? 4 : 16;
		uint64_t epoch;
		uint8_t bits;

		noon_rng_fill(&w.rng, t.initiator, n);
		noon_rng_fill(&w.rng, t.responder, n);
		noon_rng_fill(&w.rng, &epoch, sizeof(epoch));
		noon_rng_fill(&w.rng, &bits, 1);
		epoch = 1 + epoch % (uint64_t)NOON_TUNNEL_EPOCH_MAX;
		t.form = (struct noon_tunnel_ke_form){bits & 8 ? 16 : 32, bits & 1, bits & 2,
						      bits & 4};
		assert_int_equal(noon_tunnel_ke_request_write(&wr, &t, epoch), NOON_OK);
		assert_int_equal(noon_tunnel_ke_read(noon_wr_written(&wr), &m), NOON_OK);
		assert_true(m.has_tunnel && m.has_form && m.has_epoch && !m.is_refusal);
		assert_memory_equal(&m.terms, &t, sizeof(t));
		assert_int_equal(m.epoch, epoch);
		/* Cut anywhere, it is none. */
		assert_int_equal(noon_tunnel_ke_read(
					 noon_bytes_of(raw, noon_wr_len(&wr) - 1 - bits % 8), &m),
				 NOON_ERR_FORMAT);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, reset, close_pair)
	const struct CMUnitTest tests[] = {
		TEST(both_ends_have_one_secret),
		TEST(the_asking_ends_floor_counts_too),
		TEST(an_epoch_below_the_floor_is_refused),
		TEST(each_exchange_has_a_secret_of_its_own),
		TEST(pieces_of_any_size_do),
		TEST(ipv6_tunnels_too),
		TEST(keys_of_ptp_are_agreed_on),
		TEST(refusals_of_ptp_are_explained),
		TEST(another_certificate_of_the_name_is_refused),
		TEST(who_shows_no_certificate_is_refused),
		TEST(the_name_must_be_the_peers),
		TEST(certificate_times_count_at_both_ends),
		TEST(clocks_may_be_wrong_where_allowed),
		TEST(a_tunnel_that_is_not_there_is_refused),
		TEST(the_difference_of_the_ends_is_named),
		TEST(an_end_with_too_high_a_floor_is_refused),
		TEST(a_peer_of_few_words_is_cut_off),
		TEST(requests_that_break_the_rules_are_refused),
		TEST(too_long_a_request_is_refused),
		TEST(every_message_reads_as_written),
	};

	return cmocka_run_group_tests_name("proto tunnel_ke", tests, make_all, free_all);
}
