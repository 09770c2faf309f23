/* SPDX-License-Identifier: Apache-2.0
 *
 * Time stamps overheard on TCP connections: how they are cut, framed, repeated, and what is done
 * where the capture lacks something.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tap_world.h"

#define ISN_C UINT32_C(0xffffff80) /* wraps within the first request */
#define ISN_S UINT32_C(5000)
#define G     tap_time(153)

static struct tap_world w;
static uint8_t up[TAP_FRAME_MAX];
static uint8_t down[TAP_FRAME_MAX];
static struct tap_message m;

static void hear(bool to_client, uint8_t flags, size_t from, size_t to, int64_t ms)
{
	const struct tap_segment s = {.to_client = to_client,
				      .seq = (to_client ? ISN_S : ISN_C) + 1 + (uint32_t)from,
				      .ack = (to_client ? ISN_C : ISN_S) + 1,
				      .flags = flags,
				      .p = (to_client ? down : up) + from,
				      .n = to - from};

	tap_hear(&w, &s, tap_time(ms));
}

static void hear_ack(bool to_client, size_t acked, int64_t ms)
{
	const struct tap_segment s = {.to_client = to_client,
				      .seq = (to_client ? ISN_S : ISN_C) + 1,
				      .ack = (to_client ? ISN_C : ISN_S) + 1 + (uint32_t)acked,
				      .flags = NOON_TCP_ACK};

	tap_hear(&w, &s, tap_time(ms));
}

static void open_connection(void)
{
	const struct tap_segment syn = {.seq = ISN_C, .flags = NOON_TCP_SYN};
	const struct tap_segment answer = {.to_client = true,
					   .seq = ISN_S,
					   .ack = ISN_C + 1,
					   .flags = NOON_TCP_SYN | NOON_TCP_ACK};

	tap_world_init(&w);
	tap_hear(&w, &syn, tap_time(0));
	tap_hear(&w, &answer, tap_time(1));
}

static size_t request(size_t at, uint32_t number)
{
	tap_query(number, true, &m);
	return tap_put_request(up, at, &m, false);
}

static size_t response(size_t at, uint32_t number)
{
	tap_reply(number, true, G, 3, &m);
	return tap_put_response(down, at, &m, false);
}

static void end(void)
{
	noon_tap_end(&w.tap);
	assert_int_equal(tap_world_free_blocks(&w), 512);
	assert_int_equal(tap_world_free_asks(&w), 128);
}

static void tells_when_a_query_was_complete_and_when_its_answer_began(void **state)
{
	const size_t q = request(0, 7);
	const size_t r = response(0, 7);
	const struct noon_tap_exchange *e = &w.found[0];
	noon_dur lower;
	noon_dur upper;

	(void)state;
	open_connection();
	hear(false, NOON_TCP_ACK, 0, q - 10, 100);
	hear(false, NOON_TCP_ACK, q - 10, q, 110);
	hear(true, NOON_TCP_ACK, 0, r - 50, 120);
	hear(true, NOON_TCP_ACK, r - 50, r, 130);
	assert_int_equal(w.n, 1);
	assert_int_equal(e->kind, NOON_TAP_TSP);
	assert_int_equal(e->miss, NOON_TAP_MISS_NONE);
	assert_int_equal(e->tq.ns, tap_time(110).ns);
	assert_int_equal(e->tr.ns, tap_time(120).ns);
	assert_int_equal(e->first.ns, G.ns);
	assert_int_equal(e->resolution, NOON_MS(1));
	assert_true(e->has_accuracy && e->accuracy == NOON_MS(1));
	assert_int_equal(tap_number_of(e), 7);
	assert_int_equal(e->serial_n, 1);
	assert_int_equal(e->policy_n, 3);
	assert_int_equal(e->http, 200);
	assert_int_equal(e->client.port, TAP_CLIENT_PORT);
	assert_int_equal(e->server.port, TAP_SERVER_PORT);
	assert_int_equal(e->server.addr[3], 2);
	noon_tap_exchange_interval(e, &lower, &upper);
	assert_int_equal(lower, NOON_MS(153 - 120) - 1);
	assert_int_equal(upper, NOON_MS(153 - 110) + NOON_MS(1));
	end();
}

/* Of two responses in one segment, the first may have waited for nothing but the second may not. */
static void puts_segments_in_order_and_ignores_repetitions(void **state)
{
	const size_t q = request(0, 7);
	const size_t r = response(0, 7);

	(void)state;
	open_connection();
	hear(false, NOON_TCP_ACK, q - 30, q - 10, 100);
	hear(false, NOON_TCP_ACK, q - 40, q, 101); /* overlaps what is kept at both ends */
	memset(up + q - 30, 'x', 20);		   /* another copy, later: not used */
	hear(false, NOON_TCP_ACK, 0, q - 20, 110);
	request(0, 7);
	hear(false, NOON_TCP_ACK, 0, q, 300);
	hear(true, NOON_TCP_ACK, 100, r, 120);
	hear(true, NOON_TCP_ACK, 0, 120, 130);
	assert_int_equal(w.n, 1);
	assert_int_equal(w.found[0].tq.ns, tap_time(110).ns);
	assert_int_equal(w.found[0].tr.ns, tap_time(120).ns);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_RETRANSMITTED), 1);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_HELD), 3);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_GAPS), 0);
	end();
}

static void pairs_pipelined_requests_in_their_order(void **state)
{
	size_t q = 0;
	size_t r = 0;

	(void)state;
	for (uint32_t i = 1; i <= 20; i++) {
		/* Half of them without a nonce, all of the same digest then. */
		tap_query(i % 2 ? i : 999, i % 2, &m);
		q = tap_put_request(up, q, &m, i % 3 == 0);
		tap_reply(i % 2 ? i : 999, i % 2, tap_time(1000 + i), 3, &m);
		r = tap_put_response(down, r, &m, i % 3 == 1);
	}
	open_connection();
	hear(false, NOON_TCP_ACK, 0, q, 100);
	hear(true, NOON_TCP_ACK, 0, r, 200);
	assert_int_equal(w.n, 20);
	for (uint32_t i = 1; i <= 20; i++)
		assert_int_equal(w.found[i - 1].first.ns, tap_time(1000 + i).ns);
	end();
}

static void reads_past_what_is_no_time_stamp(void **state)
{
	size_t q = tap_put_text(up, 0,
				"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
				"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
				"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	size_t r = tap_put_text(down, 0,
				"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
				"HTTP/1.1 304 x\r\nContent-Length: 500\r\n\r\n"
				"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
				"HTTP/1.1 100 Continue\r\n\r\n");

	(void)state;
	q = request(q, 7);
	r = response(r, 7);
	open_connection();
	hear(false, NOON_TCP_ACK, 0, q, 100);
	hear(true, NOON_TCP_ACK, 0, r, 120);
	assert_int_equal(w.n, 1);
	assert_int_equal(tap_number_of(&w.found[0]), 7);
	end();
}

static void takes_the_end_of_the_connection_as_the_end_of_a_body(void **state)
{
	const size_t q = request(0, 7);
	size_t r = tap_put_text(down, 0, "HTTP/1.0 200 OK\r\n\r\n");

	(void)state;
	tap_reply(7, true, G, 3, &m);
	r = tap_put(down, r, &m);
	open_connection();
	hear(false, NOON_TCP_ACK, 0, q, 100);
	hear(true, NOON_TCP_ACK, 0, r, 120);
	assert_int_equal(w.n, 0);
	hear(true, NOON_TCP_ACK | NOON_TCP_FIN, r, r, 125);
	assert_int_equal(w.n, 1);
	assert_int_equal(w.found[0].tr.ns, tap_time(120).ns);
	/* The same, cut off: nobody knows whether that was all. */
	open_connection();
	hear(false, NOON_TCP_ACK, 0, q, 100);
	hear(true, NOON_TCP_ACK, 0, r, 120);
	hear(true, NOON_TCP_RST, r, r, 125);
	assert_int_equal(w.n, 0);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_NO_ANSWER), 1);
	end();
}

static void keeps_refusals_and_http_errors_as_misses(void **state)
{
	size_t q = request(0, 1);
	size_t r;

	(void)state;
	q = request(q, 2);
	q = request(q, 3);
	q = request(q, 4);
	tap_refusal(&m);
	r = tap_put_response(down, 0, &m, false);
	r = tap_put_text(down, r,
			 "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno"
			 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
	r = response(r, 4);
	open_connection();
	hear(false, NOON_TCP_ACK, 0, q, 100);
	hear(true, NOON_TCP_ACK, 0, r, 120);
	assert_int_equal(w.n, 4);
	assert_int_equal(w.found[0].miss, NOON_TAP_MISS_REFUSED);
	assert_int_equal(w.found[0].fail, 1U << NOON_TSP_TIME_NOT_AVAILABLE);
	assert_int_equal(w.found[1].miss, NOON_TAP_MISS_HTTP);
	assert_int_equal(w.found[1].http, 503);
	assert_int_equal(w.found[2].miss, NOON_TAP_MISS_MALFORMED);
	assert_int_equal(w.found[3].miss, NOON_TAP_MISS_NONE);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_MISSES), 3);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_EXCHANGES), 1);
	end();
}

/* Some authorities do not state the lengths of the envelope. */
static void make_indefinite(void)
{
	static const uint8_t open[] = {0x30, 0x80}, explicit[] = {0xa0, 0x80}, ends[6];
	struct noon_rd rd = noon_rd_over(m.p, m.n);
	struct tap_message ber;
	struct noon_wr wr = noon_wr_over(ber.p, sizeof(ber.p));
	struct noon_bytes status;
	struct noon_bytes signed_data;
	struct noon_rd in;
	struct noon_rd token;
	const uint8_t *type;

	assert_int_equal(noon_der_enter(&rd, NOON_DER_SEQUENCE, &in), NOON_OK);
	assert_int_equal(noon_der_whole(&in, NOON_DER_SEQUENCE, &status), NOON_OK);
	assert_int_equal(noon_der_enter(&in, NOON_DER_SEQUENCE, &token), NOON_OK);
	type = token.p;
	assert_int_equal(noon_der_oid(&token, &signed_data), NOON_OK);
	assert_int_equal(noon_wr_put(&wr, noon_bytes_of(open, 2)), NOON_OK);
	assert_int_equal(noon_wr_put(&wr, status), NOON_OK);
	assert_int_equal(noon_wr_put(&wr, noon_bytes_of(open, 2)), NOON_OK);
	assert_int_equal(noon_wr_put(&wr, noon_bytes_of(type, (size_t)(token.p - type))), NOON_OK);
	assert_int_equal(noon_der_get(&token, NOON_DER_CONTEXT_CONS, &signed_data), NOON_OK);
	assert_int_equal(noon_wr_put(&wr, noon_bytes_of(explicit, 2)), NOON_OK);
	assert_int_equal(noon_wr_put(&wr, signed_data), NOON_OK);
	assert_int_equal(noon_wr_put(&wr, noon_bytes_of(ends, sizeof(ends))), NOON_OK);
	ber.n = noon_wr_len(&wr);
	m = ber;
}

static void reads_tokens_of_indefinite_length(void **state)
{
	const size_t q = request(0, 7);
	size_t r;

	(void)state;
	tap_reply(7, true, G, 3, &m);
	make_indefinite();
	r = tap_put_response(down, 0, &m, false);
	open_connection();
	hear(false, NOON_TCP_ACK, 0, q, 100);
	hear(true, NOON_TCP_ACK, 0, r, 120);
	assert_int_equal(w.n, 1);
	assert_int_equal(w.found[0].first.ns, G.ns);
	end();
}

static void never_pairs_what_does_not_fit(void **state)
{
	const size_t q = request(0, 7);
	size_t r = response(0, 8);

	(void)state;
	open_connection();
	hear(false, NOON_TCP_ACK, 0, q, 100);
	hear(true, NOON_TCP_ACK, 0, r, 120);
	assert_int_equal(w.n, 0);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_CONTRADICTORY), 1);
	/* An answer that was there before its query was complete. */
	r = response(0, 7);
	open_connection();
	hear(false, NOON_TCP_ACK, 0, q, 120);
	hear(true, NOON_TCP_ACK, 0, r, 119);
	assert_int_equal(w.n, 0);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_CONTRADICTORY), 1);
	end();
}

/* Change one byte of a reply, behind the first place of these bytes. */
static void spoil(const char *at, size_t n)
{
	for (size_t i = 0; i + n < m.n; i++)
		if (memcmp(m.p + i, at, n) == 0) {
			m.p[i + n - 1] ^= 1;
			return;
		}
	fail();
}

static void expect_no_pair(const char *at, size_t n)
{
	const size_t q = request(0, 7);
	size_t r;

	tap_reply(7, true, G, 3, &m);
	spoil(at, n);
	r = tap_put_response(down, 0, &m, false);
	open_connection();
	hear(false, NOON_TCP_ACK, 0, q, 100);
	hear(true, NOON_TCP_ACK, 0, r, 120);
	assert_int_equal(w.n, 0);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_CONTRADICTORY), 1);
	end();
}

static void compares_nonce_and_digest(void **state)
{
	(void)state;
	expect_no_pair("\x55\0\0\0\7", 5);
	expect_no_pair("\0\0\0\7\7\7", 6);
}

/* The server has what the capture lacks: that query is lost, the next one is good by its nonce. */
static void goes_on_behind_a_gap_by_nonce_alone(void **state)
{
	const size_t q1 = request(0, 1);
	const size_t q2 = request(q1, 2);
	size_t q3;
	const size_t r1 = response(0, 1);
	const size_t r2 = response(r1, 2);
	size_t r3;

	(void)state;
	tap_query(3, false, &m);
	q3 = tap_put_request(up, q2, &m, false);
	tap_reply(3, false, G, 3, &m);
	r3 = tap_put_response(down, r2, &m, false);
	open_connection();
	hear(false, NOON_TCP_ACK, 0, 40, 100); /* the rest of the first is missing */
	hear_ack(true, q1, 105);
	hear(true, NOON_TCP_ACK, 0, r1, 110);
	hear(false, NOON_TCP_ACK, q1, q2, 120);
	hear(true, NOON_TCP_ACK, r1, r2, 130);
	assert_int_equal(w.n, 1);
	assert_int_equal(tap_number_of(&w.found[0]), 2);
	assert_int_equal(w.found[0].tq.ns, tap_time(120).ns);
	hear(false, NOON_TCP_ACK, q2, q3, 140);
	hear(true, NOON_TCP_ACK, r2, r3, 150);
	assert_int_equal(w.n, 1);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_GAPS), 1);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_NO_QUERY), 1);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_AMBIGUOUS), 1);
	end();
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_NO_ANSWER), 1);
}

static void declares_a_gap_when_a_hole_stays(void **state)
{
	const size_t q1 = request(0, 1);
	const size_t q2 = request(q1, 2);
	const size_t q3 = request(q2, 3);

	(void)state;
	open_connection();
	hear(false, NOON_TCP_ACK, 50, q1, 100);
	hear(false, NOON_TCP_ACK, q1, q2, 1000);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_GAPS), 0);
	hear(false, NOON_TCP_ACK, q2, q3, 2101);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_GAPS), 1);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_TSP_QUERIES), 2);
	/* What was given up comes too late. */
	hear(false, NOON_TCP_ACK, 0, q1, 2200);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_TSP_QUERIES), 2);
	end();
}

/* More than one direction may keep: the hole becomes a gap, and what is behind it is read. */
static void gives_up_a_hole_when_there_is_no_more_room(void **state)
{
	size_t q = request(0, 1);
	const size_t hole = q;
	const size_t n = NOON_TAP_BLOCK_LEN;

	(void)state;
	memset(up + q, 'z', 80000 < sizeof(up) - q ? 80000 : sizeof(up) - q);
	open_connection();
	hear(false, NOON_TCP_ACK, 0, hole, 100);
	for (unsigned i = 0; i < 40; i++)
		hear(false, NOON_TCP_ACK, hole + 10 + i * n, hole + 10 + (i + 1) * n, 101);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_GAPS), 0);
	for (unsigned i = 0; i < 30; i++) {
		const struct tap_segment s = {.seq = ISN_C + 1 +
						     (uint32_t)(hole + 10 + (40 + i) * n),
					      .flags = NOON_TCP_ACK,
					      .p = up + hole,
					      .n = n};

		tap_hear(&w, &s, tap_time(102));
	}
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_GAPS), 1);
	end();
}

static void joins_a_connection_in_the_middle(void **state)
{
	const size_t q1 = request(0, 1);
	const size_t q2 = request(q1, 2);
	const size_t r1 = response(0, 1);
	const size_t r2 = response(r1, 2);

	(void)state;
	tap_world_init(&w);
	hear(false, NOON_TCP_ACK, q1 - 20, q1, 100); /* the end of a request */
	hear(true, NOON_TCP_ACK, 0, r1, 110);
	hear(false, NOON_TCP_ACK, q1, q2, 120);
	hear(true, NOON_TCP_ACK, r1, r2, 130);
	assert_int_equal(w.n, 1);
	assert_int_equal(tap_number_of(&w.found[0]), 2);
	assert_int_equal(w.found[0].client.port, TAP_CLIENT_PORT);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_FLOWS_MIDDLE), 1);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_NO_QUERY), 1);
	end();
}

/* A body of known length keeps its place when bytes of it are missing: the messages behind it are
 * still in their order. */
static void survives_a_cut_within_a_body(void **state)
{
	size_t q = request(0, 1);
	size_t r = response(0, 1);
	const size_t q2 = request(q, 2);
	const size_t r2 = response(r, 2);
	struct tap_segment s = {.to_client = true, .seq = ISN_S + 1, .flags = NOON_TCP_ACK};

	(void)state;
	open_connection();
	hear(false, NOON_TCP_ACK, 0, q, 100);
	s.p = down;
	s.n = r;
	s.cut = 100;
	tap_hear(&w, &s, tap_time(110));
	hear(false, NOON_TCP_ACK, q, q2, 120);
	hear(true, NOON_TCP_ACK, r, r2, 130);
	assert_int_equal(w.n, 2);
	assert_int_equal(w.found[0].miss, NOON_TAP_MISS_MALFORMED);
	assert_int_equal(tap_number_of(&w.found[1]), 2);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_TRUNCATED), 1);
	end();
}

static void says_that_tls_cannot_be_read(void **state)
{
	static const uint8_t hello[] = {0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0};

	(void)state;
	memcpy(up, hello, sizeof(hello));
	open_connection();
	hear(false, NOON_TCP_ACK, 0, 1, 100);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_FLOWS_TLS), 1);
	hear(false, NOON_TCP_ACK, 1, sizeof(hello), 100);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_FLOWS_TLS), 1);
	/* Joined in the middle. */
	tap_world_init(&w);
	up[0] = 0x17;
	hear(false, NOON_TCP_ACK, 0, sizeof(hello), 100);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_FLOWS_TLS), 1);
	tap_put_text(up, 0, "SSH-2.0-x\r\n");
	open_connection();
	hear(false, NOON_TCP_ACK, 0, 11, 100);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_FLOWS_OTHER), 1);
	end();
}

static void leaves_a_connection_that_becomes_something_else(void **state)
{
	static const char *const table[][2] = {
		{"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n",
		 "HTTP/1.1 101 Switching Protocols\r\n\r\n"},
		{"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const size_t q = tap_put_text(up, 0, table[i][0]);
		const size_t r = tap_put_text(down, 0, table[i][1]);

		open_connection();
		hear(false, NOON_TCP_ACK, 0, q, 100);
		hear(true, NOON_TCP_ACK, 0, r, 110);
		assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_FLOWS_OTHER), 1);
		assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_FLOWS_MALFORMED), 0);
		end();
	}
	open_connection();
	hear(false, NOON_TCP_ACK, 0, tap_put_text(up, 0, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 100);
	hear(true, NOON_TCP_ACK, 0, tap_put_text(down, 0, "HTTP/1.1 2 OK\r\n\r\n"), 110);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_FLOWS_MALFORMED), 1);
	end();
}

static void begins_anew_with_another_syn(void **state)
{
	const struct tap_segment syn = {.seq = 77, .flags = NOON_TCP_SYN};
	struct tap_segment s = {.seq = 78, .flags = NOON_TCP_ACK};
	const size_t q = request(0, 7);
	const size_t r = response(0, 7);

	(void)state;
	open_connection();
	hear(false, NOON_TCP_ACK, 0, 40, 100);
	tap_hear(&w, &syn, tap_time(101));
	s.p = up;
	s.n = q;
	tap_hear(&w, &s, tap_time(102));
	hear(true, NOON_TCP_ACK, 0, r, 110);
	assert_int_equal(w.n, 1);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_FLOWS), 2);
	end();
}

static void forgets_the_oldest_connection_when_the_table_is_full(void **state)
{
	const size_t q = request(0, 7);
	const size_t r = response(0, 7);

	(void)state;
	open_connection();
	for (uint16_t i = 1; i <= 8; i++) {
		struct tap_segment s = {.seq = 1, .flags = NOON_TCP_SYN};

		s.client_port = (uint16_t)(TAP_CLIENT_PORT + i);
		tap_hear(&w, &s, tap_time(50));
		s.flags = NOON_TCP_ACK;
		s.seq = 2;
		s.p = up;
		s.n = q;
		tap_hear(&w, &s, tap_time(60));
	}
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_FLOWS_EVICTED), 1);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_TSP_QUERIES), 8);
	hear(true, NOON_TCP_ACK, 0, r, 110);
	assert_int_equal(w.n, 0);
	end();
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_NO_ANSWER), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_when_a_query_was_complete_and_when_its_answer_began),
		cmocka_unit_test(puts_segments_in_order_and_ignores_repetitions),
		cmocka_unit_test(pairs_pipelined_requests_in_their_order),
		cmocka_unit_test(reads_past_what_is_no_time_stamp),
		cmocka_unit_test(takes_the_end_of_the_connection_as_the_end_of_a_body),
		cmocka_unit_test(keeps_refusals_and_http_errors_as_misses),
		cmocka_unit_test(reads_tokens_of_indefinite_length),
		cmocka_unit_test(never_pairs_what_does_not_fit),
		cmocka_unit_test(compares_nonce_and_digest),
		cmocka_unit_test(goes_on_behind_a_gap_by_nonce_alone),
		cmocka_unit_test(declares_a_gap_when_a_hole_stays),
		cmocka_unit_test(gives_up_a_hole_when_there_is_no_more_room),
		cmocka_unit_test(joins_a_connection_in_the_middle),
		cmocka_unit_test(survives_a_cut_within_a_body),
		cmocka_unit_test(says_that_tls_cannot_be_read),
		cmocka_unit_test(leaves_a_connection_that_becomes_something_else),
		cmocka_unit_test(begins_anew_with_another_syn),
		cmocka_unit_test(forgets_the_oldest_connection_when_the_table_is_full),
	};

	return cmocka_run_group_tests_name("proto/tap tcp", tests, NULL, NULL);
}
