/* SPDX-License-Identifier: Apache-2.0
 *
 * The PTP receiver, one requirement each. The transmitter is played by hand: its UTC is the local
 * time plus AHEAD, it counts TAI.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/ptp/ptp_receiver.h"

#define AHEAD NOON_S(1790000000)
#define TAI   37

static struct noon_ptp_receiver r;
static struct noon_ptp_receiver_conf conf;
static struct noon_rng rng;
static struct noon_actions as;
static noon_time now;
static const struct noon_peer peer = {.n = 1, .key = {7}};
static struct noon_peer from;
/* The transmitter. */
static struct noon_ptp_port tx;
static uint16_t announce_flags;
static struct noon_ptp_announce says;
static bool hello;
static bool sealing;	    /* by conf.policy */
static uint32_t inaccuracy; /* on Announce, ns; UINT32_MAX: none */
static uint16_t announced, signalled;

static void receiver(bool unicast)
{
	conf.unicast = unicast;
	conf.peer = unicast ? peer : (struct noon_peer){.n = 0};
	assert_int_equal(noon_ptp_receiver_init(&r, &conf, now), NOON_OK);
}

static int setup(void **state)
{
	(void)state;
	rng = noon_rng_seeded(7);
	now = (noon_time){NOON_S(100)};
	from = peer;
	tx = (struct noon_ptp_port){.self = {{1, 2, 3, 4, 5, 6, 7, 8}, 1}};
	announce_flags = NOON_PTP_FLAG_PTP_TIMESCALE | NOON_PTP_FLAG_UTC_VALID;
	says = (struct noon_ptp_announce){.utc_offset = TAI,
					  .clock_class = 6,
					  .accuracy = 0x21,
					  .grandmaster = {1, 2, 3, 4, 5, 6, 7, 8}};
	hello = false;
	inaccuracy = UINT32_MAX;
	sealing = false;
	conf = noon_ptp_receiver_conf_default();
	conf.rng = &rng;
	conf.port.self = (struct noon_ptp_identity){{9, 9, 9, 9, 9, 9, 9, 9}, 1};
	receiver(false);
	return 0;
}

static uint64_t count(enum noon_verdict v)
{
	return r.counters.n[v];
}

static const struct noon_action *find(enum noon_action_kind kind)
{
	for (size_t i = 0; i < as.n; i++)
		if (as.a[i].kind == kind)
			return &as.a[i];
	return NULL;
}

/* The same, where there must be one. */
static const struct noon_action *the(enum noon_action_kind kind)
{
	for (size_t i = 0; i < as.n; i++)
		if (as.a[i].kind == kind)
			return &as.a[i];
	fail_msg("no such action");
	return &as.a[0];
}

static size_t sends(void)
{
	size_t n = 0;

	for (size_t i = 0; i < as.n; i++)
		n += as.a[i].kind == NOON_ACTION_SEND;
	return n;
}

/* The k-th message sent by the last call. */
static struct noon_ptp_message sent(size_t k)
{
	struct noon_ptp_message m = {.whole = {NULL, 0}};
	bool found = false;

	for (size_t i = 0; i < as.n && !found; i++)
		if (as.a[i].kind == NOON_ACTION_SEND && k-- == 0) {
			assert_int_equal(noon_ptp_get(as.a[i].send, &m), NOON_OK);
			found = true;
		}
	assert_true(found);
	return m;
}

static struct noon_ptp_unicast asked(size_t k)
{
	const struct noon_ptp_message m = sent(k);
	struct noon_rd rd = noon_rd_bytes(m.tlvs);
	struct noon_ptp_unicast u;
	struct noon_ptp_tlv tlv;

	assert_int_equal(noon_ptp_tlv_get(&rd, &tlv), NOON_OK);
	assert_int_equal(tlv.type, NOON_PTP_TLV_REQUEST_UNICAST);
	assert_int_equal(noon_ptp_unicast_get(&tlv, &u), NOON_OK);
	return u;
}

static void timer(noon_dur later)
{
	now = noon_time_add(now, later);
	noon_actions_reset(&as);
	noon_ptp_receiver_on_timer(&r, now, &as);
}

/* Run the timer whenever it is due, until `for` has passed. */
static unsigned idle(noon_dur length)
{
	const noon_time end = noon_time_add(now, length);
	unsigned calls = 0;

	while (!noon_time_before(end, noon_ptp_receiver_deadline(&r))) {
		const noon_dur wait = noon_time_diff(noon_ptp_receiver_deadline(&r), now);

		timer(wait > 0 ? wait : 0);
		assert_true(++calls < 10000);
	}
	now = end;
	return calls;
}

static struct noon_ptp_message make(uint8_t type, uint16_t sequence)
{
	return noon_ptp_port_message(&tx, type, sequence, conf.unicast,
				     conf.unicast ? NOON_PTP_INTERVAL_NONE : 0);
}

static struct noon_ptp_stamp stamp_at(noon_time local)
{
	return noon_ptp_stamp_from_ns(local.ns + AHEAD + NOON_S(TAI));
}

static void deliver_wr(struct noon_wr *wr)
{
	struct noon_rx rx = {.at = now, .now = now, .stamp_err = 100, .stamp = NOON_STAMP_KERNEL};

	if (sealing)
		assert_int_equal(noon_ptp_auth_seal(&conf.policy, wr), NOON_OK);
	else
		noon_ptp_finish(wr);
	rx.data = noon_wr_written(wr);
	rx.peer = from;
	noon_actions_reset(&as);
	noon_ptp_receiver_on_packet(&r, &rx, &as);
}

/* The TLV of IEEE C37.238-2017: grandmasterID, reserved, totalTimeInaccuracy, reserved. */
static void put_inaccuracy(struct noon_wr *wr)
{
	static const uint8_t id[] = {0x1c, 0x12, 0x9d, 0, 0, 2};

	assert_int_equal(noon_ptp_tlv_begin(wr, NOON_PTP_TLV_ORGANIZATION, 18), NOON_OK);
	assert_int_equal(noon_wr_put(wr, noon_bytes_of(id, 6)), NOON_OK);
	assert_int_equal(noon_wr_u16(wr, 255), NOON_OK);
	assert_int_equal(noon_wr_u32(wr, 0), NOON_OK);
	assert_int_equal(noon_wr_u32(wr, inaccuracy), NOON_OK);
	assert_int_equal(noon_wr_u16(wr, 0), NOON_OK);
}

static void deliver(const struct noon_ptp_message *m)
{
	uint8_t raw[256];
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
	const struct noon_ptp_hello h = {NOON_PTP_HELLO_LAYOVER};

	assert_int_equal(noon_ptp_put(&wr, m), NOON_OK);
	if (m->h.type == NOON_PTP_ANNOUNCE && hello)
		assert_int_equal(noon_ptp_hello_put(&wr, &h), NOON_OK);
	if (m->h.type == NOON_PTP_ANNOUNCE && inaccuracy != UINT32_MAX)
		put_inaccuracy(&wr);
	deliver_wr(&wr);
}

static void announce(void)
{
	struct noon_ptp_message m = make(NOON_PTP_ANNOUNCE, announced++);

	m.h.flags |= announce_flags;
	m.announce = says;
	deliver(&m);
}

/* Twice, a second apart: then it counts. */
static void introduce(void)
{
	announce();
	now = noon_time_add(now, NOON_S(1));
	announce();
	assert_int_equal(r.state, NOON_PTP_UNCALIBRATED);
}

/* A one-step Sync that left `before` ago. */
static void sync(uint16_t sequence, noon_dur before, int64_t correction)
{
	struct noon_ptp_message m = make(NOON_PTP_SYNC, sequence);

	m.event.stamp = stamp_at(noon_time_add(now, -before));
	m.h.correction = correction;
	deliver(&m);
}

static struct noon_ptp_message response(const struct noon_ptp_message *request)
{
	struct noon_ptp_message m = make(NOON_PTP_DELAY_RESP, request->h.sequence);

	m.event.stamp = stamp_at(now);
	m.event.requesting = request->h.source;
	return m;
}

/* Until a Delay_Req is out (multicast); its departure is reported. */
static struct noon_ptp_message request(uint16_t sequence)
{
	struct noon_ptp_message m;
	uint32_t token;

	sync(sequence, 1000, 0);
	if (sends() == 0)
		timer(noon_time_before(now, r.next_request) ? noon_time_diff(r.next_request, now)
							    : 0);
	m = sent(0);
	assert_int_equal(m.h.type, NOON_PTP_DELAY_REQ);
	token = the(NOON_ACTION_SEND)->token;
	noon_actions_reset(&as);
	noon_ptp_receiver_on_sent(&r, token, now, NOON_STAMP_KERNEL, &as);
	now = noon_time_add(now, 1000);
	return m;
}

static void exchange_becomes_a_sample(void **state)
{
	struct noon_ptp_message q, a;
	const struct noon_sample *x;
	noon_time left;

	(void)state;
	conf.max_layover = NOON_S(10);
	conf.log_delay = -7;
	receiver(false);
	introduce();
	q = request(5);
	left = noon_time_add(now, -1000);
	a = response(&q);
	deliver(&a);
	assert_non_null(find(NOON_ACTION_SAMPLE));
	x = &the(NOON_ACTION_SAMPLE)->sample;
	assert_true(x->t1.ns == left.ns);
	assert_true(x->t2.ns == now.ns + AHEAD);
	assert_true(x->t4.ns - x->t3.ns == 1000 - AHEAD);
	assert_true(noon_sample_offset(x) == AHEAD);
	assert_true(noon_sample_rtt(x) == 2000);
	assert_int_equal(x->server_err, 100);
	assert_int_equal(x->stamp_err, 100);
	assert_int_equal(x->stratum, 1);
	assert_false(x->authenticated);
	/* It was not bound to the request by an echo. */
	assert_true(x->replayable);
	assert_int_equal(r.state, NOON_PTP_SLAVE);
}

static void residence_times_round_outward(void **state)
{
	struct noon_ptp_message q, a;
	const struct noon_sample *x;

	(void)state;
	conf.max_layover = NOON_S(10);
	receiver(false);
	introduce();
	sync(5, 1000, 0x18000); /* 1.5 ns later, rounded down: 1 */
	timer(noon_time_before(now, r.next_request) ? noon_time_diff(r.next_request, now) : 0);
	q = sent(0);
	now = noon_time_add(now, 1000);
	a = response(&q);
	a.h.correction = 0x18000; /* 1.5 ns earlier, rounded up: 1 */
	deliver(&a);
	timer(NOON_MS(10)); /* the departure is never reported */
	x = &the(NOON_ACTION_SAMPLE)->sample;
	assert_true(x->t3.ns == r.request.sync.t2.ns - 1000 + AHEAD + 1);
	assert_true(x->t2.ns == now.ns - NOON_MS(10) + AHEAD - 1);
	assert_int_equal(x->tx_stamp, NOON_STAMP_USER);
	assert_int_equal(count(NOON_VERDICT_STAMP), 1);
}

/* A Sync of `before` ago and a Delay_Req whose departure is not reported, with corrections. */
static struct noon_sample unstamped_exchange(noon_dur before, noon_dur of_sync,
					     noon_dur of_response)
{
	struct noon_ptp_message q, a;

	sync(5, before, of_sync * 65536);
	timer(noon_time_before(now, r.next_request) ? noon_time_diff(r.next_request, now) : 0);
	q = sent(0);
	now = noon_time_add(now, before);
	a = response(&q);
	a.h.correction = of_response * 65536;
	deliver(&a);
	if (find(NOON_ACTION_SAMPLE) == NULL)
		timer(NOON_MS(10));
	return the(NOON_ACTION_SAMPLE)->sample;
}

static void tunnelled(void)
{
	conf.policy.in_tunnel = true;
	conf.max_layover = NOON_S(10);
	receiver(false);
	introduce();
}

/* Theorem 7: what the other end guesses of its own departure moves the estimate alone. */
static void a_guess_in_a_tunnel_moves_the_estimate_not_the_interval(void **state)
{
	const noon_dur d = NOON_US(60);
	struct noon_sample x;

	(void)state;
	tunnelled();
	x = unstamped_exchange(d, NOON_US(20), NOON_US(8));
	assert_true(x.t3.ns == x.t4.ns - d + AHEAD);
	assert_true(x.t2.ns == x.t1.ns + d + AHEAD);
	assert_true(x.shift == NOON_US(20 - 8) / 2);
	assert_true(noon_sample_offset(&x) == AHEAD + NOON_US(6));
	assert_true(noon_sample_rtt(&x) == 2 * d);
	/* Less than nothing widens the interval, and is believed. */
	tunnelled();
	x = unstamped_exchange(d, -NOON_US(20), -NOON_US(8));
	assert_true(x.t3.ns == x.t4.ns - d - NOON_US(20) + AHEAD);
	assert_true(x.t2.ns == x.t1.ns + d + NOON_US(8) + AHEAD);
	assert_true(x.shift == 0);
}

static void a_guess_is_worth_no_more_than_the_round_trip(void **state)
{
	struct noon_sample x;

	(void)state;
	tunnelled();
	x = unstamped_exchange(1000, NOON_MS(50), 0);
	assert_true(x.shift == 1000);
	tunnelled();
	x = unstamped_exchange(1000, 0, NOON_MS(50));
	assert_true(x.shift == -1000);
}

static void without_a_tunnel_a_correction_is_a_residence_time(void **state)
{
	struct noon_sample x;

	(void)state;
	conf.max_layover = NOON_S(10);
	receiver(false);
	introduce();
	x = unstamped_exchange(NOON_US(60), NOON_US(20), NOON_US(8));
	assert_true(x.t3.ns == x.t4.ns - NOON_US(40) + AHEAD);
	assert_true(x.t2.ns == x.t1.ns + NOON_US(52) + AHEAD);
	assert_true(x.shift == 0);
}

static void an_own_guess_stands_for_a_stamp(void **state)
{
	const struct noon_ptp_egress waits = {.later = NOON_US(14)};
	const struct noon_ptp_egress e = {.unstamped = true, .later = NOON_US(14)};
	struct noon_ptp_message q;
	struct noon_sample x;

	(void)state;
	/* The stamp was waited for and is lost. */
	tunnelled();
	noon_ptp_receiver_set_egress(&r, &waits);
	x = unstamped_exchange(NOON_US(60), 0, 0);
	assert_int_equal(count(NOON_VERDICT_STAMP), 1);
	assert_true(x.shift == -NOON_US(7));
	/* It is not waited for; one that comes is not used. */
	tunnelled();
	noon_ptp_receiver_set_egress(&r, &e);
	x = unstamped_exchange(NOON_US(60), 0, 0);
	assert_int_equal(count(NOON_VERDICT_STAMP), 0);
	assert_true(x.shift == -NOON_US(7) && x.tx_stamp == NOON_STAMP_USER);
	assert_true(x.t2.ns == x.t1.ns + NOON_US(60) + AHEAD);
	/* A stamp that came needs no guess. */
	tunnelled();
	noon_ptp_receiver_set_egress(&r, &waits);
	q = request(6);
	assert_int_equal(q.h.correction, 0);
	assert_true(r.request.stamped && r.request.stamp == NOON_STAMP_KERNEL);
	q = response(&q);
	deliver(&q);
	assert_true(the(NOON_ACTION_SAMPLE)->sample.shift == 0);
}

/* Paragraph 0147 of the seed instead of 0148; never both. */
static void the_guess_goes_into_the_request_or_into_t3(void **state)
{
	const struct noon_ptp_egress e = {.unstamped = true, .later = NOON_US(14)};
	struct noon_ptp_message q;
	struct noon_sample x;

	(void)state;
	tunnelled();
	noon_ptp_receiver_set_egress(&r, &e);
	q = request(6);
	assert_int_equal(q.h.correction, 0);
	conf.egress_in_request = true;
	tunnelled();
	noon_ptp_receiver_set_egress(&r, &e);
	q = request(6);
	assert_true(q.h.correction == NOON_US(14) * 65536);
	tunnelled();
	noon_ptp_receiver_set_egress(&r, &e);
	x = unstamped_exchange(NOON_US(60), 0, NOON_US(14));
	assert_true(x.shift == -NOON_US(7));
}

static void corrections_too_large_are_refused(void **state)
{
	struct noon_ptp_message q, a;

	(void)state;
	conf.max_correction = 10;
	receiver(false);
	introduce();
	sync(3, 1000, 11 * 65536);
	sync(4, 1000, -11 * 65536);
	assert_int_equal(count(NOON_VERDICT_TIMES), 2);
	assert_false(r.sync.complete);
	sync(5, 1000, 10 * 65536);
	assert_true(r.sync.complete);
	conf.max_correction = NOON_DUR_MAX;
	conf.max_layover = NOON_S(10);
	receiver(false);
	introduce();
	sync(4, 1000, NOON_PTP_CORRECTION_HUGE);
	assert_int_equal(count(NOON_VERDICT_TIMES), 1);
	q = request(5);
	a = response(&q);
	a.h.correction = NOON_PTP_CORRECTION_HUGE;
	deliver(&a);
	assert_int_equal(count(NOON_VERDICT_TIMES), 2);
	r.conf.max_correction = 10;
	a.h.correction = 11 * 65536;
	deliver(&a);
	assert_int_equal(count(NOON_VERDICT_TIMES), 3);
	a.h.correction = -11 * 65536;
	deliver(&a);
	assert_int_equal(count(NOON_VERDICT_TIMES), 4);
	a.h.correction = 10 * 65536;
	deliver(&a);
	assert_non_null(find(NOON_ACTION_SAMPLE));
}

static void answer_to_another_port_is_ignored(void **state)
{
	struct noon_ptp_message q, a;

	(void)state;
	introduce();
	q = request(5);
	a = response(&q);
	a.event.requesting.port++;
	deliver(&a);
	assert_int_equal(count(NOON_VERDICT_IDENTITY), 1);
	assert_true(r.request.active && !r.request.answered);
}

static void answer_with_another_number_or_twice_is_ignored(void **state)
{
	struct noon_ptp_message q, a;

	(void)state;
	conf.max_layover = NOON_S(10);
	receiver(false);
	introduce();
	q = request(5);
	a = response(&q);
	a.h.sequence++;
	deliver(&a);
	assert_int_equal(count(NOON_VERDICT_ORIGIN), 1);
	a.h.sequence--;
	deliver(&a);
	assert_non_null(find(NOON_ACTION_SAMPLE));
	deliver(&a);
	assert_null(find(NOON_ACTION_SAMPLE));
	assert_int_equal(count(NOON_VERDICT_ORIGIN), 2);
}

static void one_sync_makes_one_exchange(void **state)
{
	struct noon_ptp_message q, a;

	(void)state;
	introduce();
	q = request(5);
	a = response(&q);
	deliver(&a);
	(void)idle(NOON_MS(4999));
	assert_int_equal(r.n_requests, 1);
}

static void answer_must_not_come_before_the_sync_left(void **state)
{
	struct noon_ptp_message q, a;

	(void)state;
	conf.max_layover = NOON_S(10);
	receiver(false);
	introduce();
	q = request(5);
	a = response(&q);
	a.event.stamp.s -= 60; /* an answer of old */
	deliver(&a);
	assert_null(find(NOON_ACTION_SAMPLE));
	assert_int_equal(count(NOON_VERDICT_TIMES), 1);
}

static void layover_above_the_cap_gives_no_sample(void **state)
{
	struct noon_ptp_message q, a;

	(void)state;
	conf.max_layover = 1;
	receiver(false);
	introduce();
	r.next_request = noon_time_add(now, 2);
	q = request(5);
	a = response(&q);
	deliver(&a);
	assert_null(find(NOON_ACTION_SAMPLE));
	assert_int_equal(count(NOON_VERDICT_TIMES), 1);
}

static void same_sync_twice_counts_once(void **state)
{
	noon_time first;

	(void)state;
	introduce();
	sync(5, 1000, 0);
	first = r.sync.t2;
	now = noon_time_add(now, 10);
	sync(5, 1000, 0);
	assert_int_equal(count(NOON_VERDICT_DUPLICATE), 1);
	assert_true(r.sync.t2.ns == first.ns);
}

static void follow_up_completes_its_sync_only(void **state)
{
	struct noon_ptp_message s, f;

	(void)state;
	introduce();
	s = make(NOON_PTP_SYNC, 10);
	s.h.flags |= NOON_PTP_FLAG_TWO_STEP;
	deliver(&s);
	assert_false(r.sync.complete);
	f = make(NOON_PTP_FOLLOW_UP, 9);
	f.event.stamp = stamp_at(now);
	deliver(&f);
	assert_int_equal(count(NOON_VERDICT_LATE), 1);
	f.h.sequence = 10;
	deliver(&f);
	assert_true(r.last.complete && r.last.t1.ns == now.ns + AHEAD);
	deliver(&f);
	assert_int_equal(count(NOON_VERDICT_DUPLICATE), 1);
}

static void messages_of_strangers_change_nothing(void **state)
{
	(void)state;
	introduce();
	tx.self.clock[7]++;
	sync(5, 1000, 0);
	assert_int_equal(count(NOON_VERDICT_IDENTITY), 1);
	assert_false(r.sync.arrived);
}

static void announce_timeout_ends_the_transmitter(void **state)
{
	(void)state;
	introduce();
	(void)idle(NOON_S(3));
	assert_int_equal(r.state, NOON_PTP_UNCALIBRATED);
	(void)idle(1);
	assert_int_equal(r.state, NOON_PTP_LISTENING);
	assert_null(noon_ptp_receiver_parent(&r));
}

static void unanswered_request_is_a_miss(void **state)
{
	(void)state;
	introduce();
	(void)request(5);
	timer(NOON_S(1));
	assert_non_null(find(NOON_ACTION_MISS));
	assert_false(r.request.active);
}

static void late_stamp_completes_the_exchange(void **state)
{
	struct noon_ptp_message q, a;
	uint32_t token;

	(void)state;
	conf.max_layover = NOON_S(10);
	receiver(false);
	introduce();
	sync(5, 1000, 0);
	timer(noon_time_before(now, r.next_request) ? noon_time_diff(r.next_request, now) : 0);
	q = sent(0);
	token = the(NOON_ACTION_SEND)->token;
	now = noon_time_add(now, 1000);
	a = response(&q);
	deliver(&a);
	assert_null(find(NOON_ACTION_SAMPLE));
	noon_actions_reset(&as);
	noon_ptp_receiver_on_sent(&r, token + 1, now, NOON_STAMP_KERNEL, &as);
	assert_int_equal(as.n, 0);
	/* Nor is one before its Sync came: the true one is still to come. */
	noon_ptp_receiver_on_sent(&r, token, noon_time_add(r.request.sync.t2, -1),
				  NOON_STAMP_KERNEL, &as);
	assert_int_equal(as.n, 0);
	noon_ptp_receiver_on_sent(&r, token, r.request.sync.t2, NOON_STAMP_KERNEL, &as);
	assert_non_null(find(NOON_ACTION_SAMPLE));
	assert_int_equal(the(NOON_ACTION_SAMPLE)->sample.tx_stamp, NOON_STAMP_KERNEL);
}

static void departure_after_the_answer_is_not_believed(void **state)
{
	struct noon_ptp_message q, a;
	uint32_t token;

	(void)state;
	conf.max_layover = NOON_S(10);
	for (int late = 0; late < 2; late++) {
		receiver(false);
		introduce();
		sync(5, 1000, 0);
		timer(noon_time_before(now, r.next_request) ? noon_time_diff(r.next_request, now)
							    : 0);
		q = sent(0);
		token = the(NOON_ACTION_SEND)->token;
		now = noon_time_add(now, 1000);
		a = response(&q);
		if (!late)
			noon_ptp_receiver_on_sent(&r, token, noon_time_add(now, 1),
						  NOON_STAMP_KERNEL, &as);
		deliver(&a);
		if (late)
			noon_ptp_receiver_on_sent(&r, token, noon_time_add(now, 1),
						  NOON_STAMP_KERNEL, &as);
		assert_null(find(NOON_ACTION_SAMPLE));
		assert_int_equal(count(NOON_VERDICT_TIMES), 1);
	}
}

static void interval_that_is_told_may_grow_and_shrink(void **state)
{
	static const struct {
		int8_t told, want;
	} table[] = {{3, 3}, {-2, 0}, {6, 6}, {1, 1}, {100, 6}, {0x7f, 0}, {-128, 0}};

	(void)state;
	conf.max_layover = NOON_S(1000);
	receiver(false);
	introduce();
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_ptp_message q, a;

		announce();
		r.next_request = now;
		q = request((uint16_t)(i + 1));
		a = response(&q);
		a.h.interval = table[i].told;
		deliver(&a);
		assert_int_equal(r.log_delay, table[i].want);
	}
}

static void timescale_must_be_known(void **state)
{
	static const struct {
		uint16_t flags;
		bool arbitrary, known;
		int16_t own;
		bool good;
	} table[] = {
		{NOON_PTP_FLAG_PTP_TIMESCALE | NOON_PTP_FLAG_UTC_VALID, false, false, 0, true},
		{NOON_PTP_FLAG_PTP_TIMESCALE | NOON_PTP_FLAG_UTC_VALID, false, true, TAI, true},
		{NOON_PTP_FLAG_PTP_TIMESCALE | NOON_PTP_FLAG_UTC_VALID, true, true, 36, false},
		{NOON_PTP_FLAG_PTP_TIMESCALE, false, true, TAI, true},
		{NOON_PTP_FLAG_PTP_TIMESCALE, true, false, TAI, false},
		{NOON_PTP_FLAG_UTC_VALID, false, true, TAI, false},
		{0, false, false, 0, false},
		{0, true, false, 0, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		conf.arbitrary_is_utc = table[i].arbitrary;
		receiver(false);
		noon_ptp_receiver_set_tai(&r, table[i].known, table[i].own);
		announce_flags = table[i].flags;
		introduce();
		sync(5, 1000, 0);
		assert_int_equal(r.last.complete, table[i].good);
		assert_int_equal(count(NOON_VERDICT_TIMESCALE), !table[i].good);
		if (table[i].good)
			assert_true(r.last.t1.ns ==
				    now.ns - 1000 + AHEAD + (table[i].arbitrary ? NOON_S(TAI) : 0));
	}
}

static void leaps_and_doubt_are_passed_on(void **state)
{
	static const struct {
		uint16_t flag;
		enum noon_leap leap;
	} table[] = {{0, NOON_LEAP_NONE},
		     {NOON_PTP_FLAG_LEAP61, NOON_LEAP_INSERT},
		     {NOON_PTP_FLAG_LEAP59, NOON_LEAP_DELETE},
		     {NOON_PTP_FLAG_SYNC_UNCERTAIN, NOON_LEAP_UNKNOWN}};
	const uint16_t base = announce_flags;

	(void)state;
	conf.max_layover = NOON_S(10);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_ptp_message q, a;

		receiver(false);
		announce_flags = base | table[i].flag;
		introduce();
		q = request(5);
		a = response(&q);
		deliver(&a);
		if (table[i].leap == NOON_LEAP_UNKNOWN)
			assert_int_equal(count(NOON_VERDICT_UNSYNC), 1);
		else
			assert_int_equal(the(NOON_ACTION_SAMPLE)->sample.leap, table[i].leap);
	}
}

/* On either side of the midnight at the end of the day that has one second more or less: 3 s, and
 * two intervals of Announce, which is sent once a second here. */
static void stamps_around_an_announced_leap_are_passed_over(void **state)
{
	static const struct {
		uint16_t flag;
		noon_dur after;
		bool good;
	} table[] = {
		{NOON_PTP_FLAG_LEAP61, -NOON_S(6), true},
		{NOON_PTP_FLAG_LEAP61, -NOON_S(4), false},
		{NOON_PTP_FLAG_LEAP61, NOON_S(4), false},
		{NOON_PTP_FLAG_LEAP61, NOON_S(6), true},
		{NOON_PTP_FLAG_LEAP59, -NOON_S(4), false},
		{NOON_PTP_FLAG_LEAP59, NOON_S(4), false},
		{0, NOON_S(4), true},
	};
	const uint16_t base = announce_flags;
	const noon_dur day = NOON_S(86400);

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const int64_t midnight = (AHEAD / day + 1) * day - AHEAD; /* on the local clock */

		now = (noon_time){midnight + table[i].after - NOON_S(1)};
		receiver(false);
		announce_flags = base | table[i].flag;
		introduce();
		sync(5, 1000, 0);
		assert_int_equal(r.sync.complete, table[i].good);
		assert_int_equal(count(NOON_VERDICT_TIMESCALE), !table[i].good);
	}
}

static void accuracy_that_is_not_claimed_is_not_assumed(void **state)
{
	(void)state;
	conf.max_layover = NOON_S(10);
	says.accuracy = 0xfe;
	for (int i = 0; i < 2; i++) {
		struct noon_ptp_message q, a;

		conf.accuracy = i == 0 ? NOON_DUR_MAX : 12345;
		receiver(false);
		introduce();
		q = request(5);
		a = response(&q);
		deliver(&a);
		assert_int_equal(count(NOON_VERDICT_ACCURACY), i == 0);
		if (i == 1)
			assert_int_equal(the(NOON_ACTION_SAMPLE)->sample.server_err, 12345);
	}
}

/* Behind boundary clocks, clockAccuracy (0x21: 100 ns) says nothing of their errors. */
static void boundary_clocks_need_a_figure_of_their_own(void **state)
{
	static const struct {
		uint16_t steps;
		uint8_t accuracy;
		noon_dur assumed, per_step;
		noon_dur expected; /* -1: refused for the steps; -2: for no accuracy */
	} table[] = {
		{0, 0x21, NOON_DUR_MAX, NOON_DUR_MAX, 100},
		{0, 0x21, NOON_DUR_MAX, 500, 100},
		{1, 0x21, NOON_DUR_MAX, NOON_DUR_MAX, -1},
		{254, 0x21, NOON_DUR_MAX, NOON_DUR_MAX, -1},
		{1, 0x21, NOON_DUR_MAX, 500, 600},
		{3, 0x21, NOON_DUR_MAX, 500, 1600},
		{3, 0x21, NOON_DUR_MAX, 0, 100},
		{3, 0xfe, 2000, 500, 3500},
		{3, 0xfe, 2000, NOON_DUR_MAX, -1},
		{3, 0xfe, NOON_DUR_MAX, 500, -2},
		{3, 0x21, NOON_DUR_MAX, NOON_DUR_MAX / 2, -1},
	};

	(void)state;
	conf.max_layover = NOON_S(10);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_ptp_message q, a;

		says.steps_removed = table[i].steps;
		says.accuracy = table[i].accuracy;
		conf.accuracy = table[i].assumed;
		conf.accuracy_per_step = table[i].per_step;
		receiver(false);
		introduce();
		q = request(5);
		a = response(&q);
		deliver(&a);
		assert_int_equal(count(NOON_VERDICT_STEPS), table[i].expected == -1);
		assert_int_equal(count(NOON_VERDICT_ACCURACY), table[i].expected == -2);
		if (table[i].expected >= 0)
			assert_int_equal(the(NOON_ACTION_SAMPLE)->sample.server_err,
					 table[i].expected);
		else
			assert_null(find(NOON_ACTION_SAMPLE));
	}
}

/* totalTimeInaccuracy is no better than the message that carries it. */
static void an_inaccuracy_that_anybody_can_have_written_is_not_taken(void **state)
{
	struct noon_ptp_message q, a;

	(void)state;
	conf.max_layover = NOON_S(10);
	says.steps_removed = 2;
	inaccuracy = 777;
	receiver(false);
	introduce();
	assert_int_equal(noon_ptp_receiver_parent(&r)->inaccuracy, 777);
	q = request(5);
	a = response(&q);
	deliver(&a);
	assert_int_equal(count(NOON_VERDICT_STEPS), 1);
	assert_null(find(NOON_ACTION_SAMPLE));
}

static void alternates_and_those_not_acceptable_are_not_chosen(void **state)
{
	(void)state;
	announce_flags |= NOON_PTP_FLAG_ALTERNATE;
	announce();
	announce();
	assert_int_equal(count(NOON_VERDICT_DENIED), 2);
	announce_flags = NOON_PTP_FLAG_PTP_TIMESCALE;
	conf.n_acceptable = 1;
	conf.acceptable[0][0] = 0xee;
	receiver(false);
	announce();
	announce();
	assert_int_equal(count(NOON_VERDICT_DENIED), 2);
	assert_int_equal(r.state, NOON_PTP_LISTENING);
}

static void layover_goes_only_to_who_said_hello(void **state)
{
	(void)state;
	introduce();
	assert_int_equal(request(5).tlvs.n, 0);
	receiver(false);
	hello = true;
	introduce();
	assert_int_equal(request(5).tlvs.n, 36);
}

static void answer_must_echo_the_layover(void **state)
{
	struct noon_ptp_message q, a;
	struct noon_ptp_echo echo = {.verdict = 2};

	(void)state;
	conf.max_layover = NOON_S(10);
	receiver(false);
	hello = true;
	introduce();
	q = request(5);
	a = response(&q);
	/* Even if the hello was taken back since: an old Announce must not weaken it. */
	hello = false;
	announce();
	deliver(&a);
	assert_int_equal(count(NOON_VERDICT_ORIGIN), 1);
	for (int i = 0; i < 2; i++) {
		uint8_t raw[128];
		struct noon_wr wr = noon_wr_over(raw, sizeof(raw));

		echo.nonce = r.request.nonce ^ (i == 0);
		assert_int_equal(noon_ptp_put(&wr, &a), NOON_OK);
		assert_int_equal(noon_ptp_echo_put(&wr, &echo), NOON_OK);
		deliver_wr(&wr);
		assert_int_equal(find(NOON_ACTION_SAMPLE) != NULL, i);
		if (i == 1)
			assert_false(the(NOON_ACTION_SAMPLE)->sample.replayable);
		assert_int_equal(r.peer_verdict, i == 0 ? NOON_PTP_VERDICT_NONE : 2);
	}
}

static void request_without_layover_needs_no_echo(void **state)
{
	struct noon_ptp_message q, a;

	(void)state;
	conf.max_layover = NOON_S(10);
	receiver(false);
	introduce();
	q = request(5);
	hello = true;
	announce();
	a = response(&q);
	deliver(&a);
	assert_non_null(find(NOON_ACTION_SAMPLE));
}

/* ---- unicast ---- */

static void signal_tlv(enum noon_ptp_tlv_type type, const struct noon_ptp_unicast *u)
{
	uint8_t raw[128];
	struct noon_wr wr = noon_wr_over(raw, sizeof(raw));
	struct noon_ptp_message m = make(NOON_PTP_SIGNALING, signalled++);

	m.target = conf.port.self;
	assert_int_equal(noon_ptp_put(&wr, &m), NOON_OK);
	assert_int_equal(noon_ptp_unicast_put(&wr, type, u), NOON_OK);
	deliver_wr(&wr);
}

static void grant(uint8_t type, int8_t interval, uint32_t duration)
{
	const struct noon_ptp_unicast u = {
		.type = type, .interval = interval, .duration = duration, .renewal = true};

	signal_tlv(NOON_PTP_TLV_GRANT_UNICAST, &u);
}

static void grants_are_asked_in_order(void **state)
{
	struct noon_ptp_message m;

	(void)state;
	receiver(true);
	timer(0);
	assert_int_equal(sends(), 1);
	m = sent(0);
	assert_true(noon_ptp_identity_is_all(&m.target));
	assert_int_equal(asked(0).type, NOON_PTP_ANNOUNCE);
	assert_int_equal(asked(0).interval, 1);
	assert_int_equal(asked(0).duration, 300);
	assert_int_equal(the(NOON_ACTION_SEND)->peer.key[0], 7);
	grant(NOON_PTP_ANNOUNCE, 1, 300);
	timer(0);
	assert_int_equal(sends(), 0);
	announce();
	timer(0);
	assert_int_equal(sends(), 2);
	assert_int_equal(asked(0).type, NOON_PTP_SYNC);
	assert_int_equal(asked(1).type, NOON_PTP_DELAY_RESP);
	m = sent(0);
	assert_true(noon_ptp_identity_equal(&m.target, &tx.self));
}

static void what_was_not_granted_is_not_taken(void **state)
{
	(void)state;
	receiver(true);
	announce();
	assert_int_equal(count(NOON_VERDICT_GRANT), 1);
	grant(NOON_PTP_ANNOUNCE, 1, 300);
	announce();
	sync(5, 1000, 0);
	assert_int_equal(count(NOON_VERDICT_GRANT), 2);
	grant(NOON_PTP_SYNC, 0, 300);
	sync(5, 1000, 0);
	assert_true(r.last.complete);
	timer(NOON_MS(600));
	assert_int_equal(r.n_requests, 0); /* no grant of Delay_Resp */
	assert_true(noon_ptp_receiver_deadline(&r).ns > now.ns);
	grant(NOON_PTP_DELAY_RESP, 0, 300);
	assert_true(noon_ptp_receiver_deadline(&r).ns <= now.ns);
	timer(0);
	assert_int_equal(r.n_requests, 1);
}

static void grant_is_renewed_with_a_quarter_left(void **state)
{
	(void)state;
	receiver(true);
	timer(0);
	grant(NOON_PTP_ANNOUNCE, 1, 300);
	assert_true(r.lease[0].next.ns == now.ns + NOON_S(225));
	assert_true(r.lease[0].expires.ns == now.ns + NOON_S(300));
}

static void requests_pause_after_three_tries(void **state)
{
	const noon_time start = now;
	unsigned n = 0;

	(void)state;
	receiver(true);
	while (noon_time_diff(now, start) <= NOON_S(60)) {
		const noon_time at = noon_ptp_receiver_deadline(&r);

		timer(noon_time_before(now, at) ? noon_time_diff(at, now) : 0);
		n += (unsigned)sends();
	}
	/* 3 in 2 s, then 4 s of pause; then 8, 16 and 32. */
	assert_in_range(n, 12, 15);
	/* In the long run 3 a minute, and never less. */
	n = 0;
	while (noon_time_diff(now, start) <= NOON_S(36000)) {
		const noon_time at = noon_ptp_receiver_deadline(&r);

		timer(noon_time_before(now, at) ? noon_time_diff(at, now) : 0);
		n += (unsigned)sends();
	}
	assert_in_range(n, 1700, 1780);
}

static void denial_pauses(void **state)
{
	(void)state;
	receiver(true);
	timer(0);
	grant(NOON_PTP_ANNOUNCE, 1, 0);
	assert_true(r.lease[0].denied && !r.lease[0].granted);
	assert_true(r.lease[0].next.ns == now.ns + NOON_S(4));
}

static void longer_grants_are_capped_at_an_hour(void **state)
{
	(void)state;
	receiver(true);
	timer(0);
	grant(NOON_PTP_ANNOUNCE, 1, UINT32_MAX);
	assert_true(r.lease[0].expires.ns == now.ns + NOON_S(3600));
}

static void intervals_that_were_not_asked_for_are_refused(void **state)
{
	static const int8_t bad[] = {0, -7, -128, 7, 127};

	(void)state;
	for (size_t i = 0; i < sizeof(bad); i++) {
		receiver(true);
		timer(0);
		grant(NOON_PTP_ANNOUNCE, bad[i], 300);
		assert_false(r.lease[0].granted);
	}
	grant(NOON_PTP_ANNOUNCE, 6, 300); /* coarser is taken */
	assert_true(r.lease[0].granted);
}

static void cancel_is_acknowledged(void **state)
{
	const struct noon_ptp_unicast u = {.type = NOON_PTP_ANNOUNCE, .flags = 1};
	struct noon_ptp_unicast ack;
	struct noon_ptp_tlv tlv;
	struct noon_ptp_message m;
	struct noon_rd rd;

	(void)state;
	receiver(true);
	timer(0);
	grant(NOON_PTP_ANNOUNCE, 1, 300);
	signal_tlv(NOON_PTP_TLV_CANCEL_UNICAST, &u);
	assert_false(r.lease[0].granted);
	m = sent(0);
	rd = noon_rd_bytes(m.tlvs);
	assert_int_equal(noon_ptp_tlv_get(&rd, &tlv), NOON_OK);
	assert_int_equal(tlv.type, NOON_PTP_TLV_ACK_CANCEL_UNICAST);
	assert_int_equal(noon_ptp_unicast_get(&tlv, &ack), NOON_OK);
	assert_int_equal(ack.type, NOON_PTP_ANNOUNCE);
	assert_int_equal(ack.flags, 1);
}

static void grants_end(void **state)
{
	(void)state;
	receiver(true);
	timer(0);
	grant(NOON_PTP_ANNOUNCE, 1, 10);
	(void)idle(NOON_S(10));
	assert_false(r.lease[0].granted);
}

static void unicast_receiver_ignores_multicast_and_others(void **state)
{
	(void)state;
	receiver(true);
	conf.unicast = false; /* what is made is multicast */
	announce();
	assert_int_equal(count(NOON_VERDICT_MODE), 1);
	conf.unicast = true;
	from.key[0] = 8;
	announce();
	assert_int_equal(count(NOON_VERDICT_IDENTITY), 1);
}

static void multicast_receiver_ignores_unicast(void **state)
{
	(void)state;
	conf.unicast = true;
	announce();
	assert_int_equal(count(NOON_VERDICT_MODE), 1);
}

static void closing_ends_the_grants(void **state)
{
	(void)state;
	receiver(true);
	timer(0);
	grant(NOON_PTP_ANNOUNCE, 1, 300);
	grant(NOON_PTP_SYNC, 1, 300);
	noon_actions_reset(&as);
	noon_ptp_receiver_close(&r, &as);
	assert_int_equal(sends(), 2);
	assert_false(r.lease[0].granted || r.lease[1].granted);
}

/* ---- keys ---- */

static void without_the_key_nothing_changes(void **state)
{
	static const char text[] = "[security_association]\nspp 1\n1 AES128 0123456789abcdef\n";
	static struct noon_ptp_receiver before;
	struct noon_ptp_keys_fault fault;
	struct noon_ptp_keys keys;

	(void)state;
	assert_int_equal(noon_ptp_keys_parse(noon_bytes_of(text, sizeof(text) - 1), &keys, &fault),
			 NOON_OK);
	for (int unicast = 0; unicast < 2; unicast++) {
		conf.policy = (struct noon_ptp_policy){.keys = &keys, .spp = 1};
		receiver(unicast);
		before = r;
		announce();
		sync(5, 1000, 0);
		grant(NOON_PTP_ANNOUNCE, 1, 300);
		assert_int_equal(count(NOON_VERDICT_NO_AUTH), 3);
		before.counters = r.counters;
		assert_memory_equal(&before, &r, sizeof(r));
	}
	noon_ptp_keys_fini(&keys);
}

/* Behind boundary clocks an authenticated totalTimeInaccuracy does; where the operator states a
 * figure too, or the grandmaster claims more, the larger one counts. */
static void an_authenticated_inaccuracy_is_taken(void **state)
{
	static const char text[] = "[security_association]\nspp 1\n1 AES128 0123456789abcdef\n";
	static const struct {
		uint16_t steps;
		uint8_t accuracy; /* 0x21: 100 ns, 0xfe: none */
		noon_dur per_step;
		uint32_t inaccuracy;
		noon_dur expected; /* < 0: refused */
	} table[] = {
		{2, 0x21, NOON_DUR_MAX, 777, 777},
		{2, 0xfe, NOON_DUR_MAX, 777, 777},
		{2, 0x21, NOON_DUR_MAX, UINT32_MAX, -1}, /* no TLV */
		{2, 0x21, 500, 777, 1100},
		{2, 0x21, 500, 5000, 5000},
		{0, 0x21, NOON_DUR_MAX, 50, 100},
		{0, 0x21, NOON_DUR_MAX, 777, 777},
	};
	struct noon_ptp_keys_fault fault;
	struct noon_ptp_keys keys;

	(void)state;
	assert_int_equal(noon_ptp_keys_parse(noon_bytes_of(text, sizeof(text) - 1), &keys, &fault),
			 NOON_OK);
	conf.max_layover = NOON_S(10);
	conf.policy = (struct noon_ptp_policy){.keys = &keys, .spp = 1, .key_id = 1};
	sealing = true;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_ptp_message q, a;

		says.steps_removed = table[i].steps;
		says.accuracy = table[i].accuracy;
		conf.accuracy_per_step = table[i].per_step;
		inaccuracy = table[i].inaccuracy;
		receiver(false);
		introduce();
		q = request(5);
		a = response(&q);
		deliver(&a);
		assert_int_equal(count(NOON_VERDICT_STEPS), table[i].expected < 0);
		if (table[i].expected >= 0)
			assert_int_equal(the(NOON_ACTION_SAMPLE)->sample.server_err,
					 table[i].expected);
	}
	noon_ptp_keys_fini(&keys);
}

static void bad_settings_are_refused(void **state)
{
	(void)state;
#define BAD(change)                                                                    \
	do {                                                                           \
		struct noon_ptp_receiver_conf c = conf;                                \
		change;                                                                \
		assert_int_equal(noon_ptp_receiver_init(&r, &c, now), NOON_ERR_RANGE); \
	} while (0)
	BAD(c.log_announce = 7);
	BAD(c.log_sync = -8);
	BAD(c.log_delay = 7);
	BAD(c.duration_s = 9);
	BAD(c.duration_s = 1001);
	BAD(c.announce_timeout = 1);
	BAD(c.accuracy = -1);
	BAD(c.accuracy_per_step = -1);
	BAD(c.max_layover = 0);
	BAD(c.max_correction = 0);
	BAD(c.user_stamp_err = -1);
	BAD(c.n_acceptable = 17);
	BAD(c.rng = NULL);
	BAD(c.port.sdo_id = 0x1000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(exchange_becomes_a_sample),
		TEST(residence_times_round_outward),
		TEST(a_guess_in_a_tunnel_moves_the_estimate_not_the_interval),
		TEST(a_guess_is_worth_no_more_than_the_round_trip),
		TEST(without_a_tunnel_a_correction_is_a_residence_time),
		TEST(an_own_guess_stands_for_a_stamp),
		TEST(the_guess_goes_into_the_request_or_into_t3),
		TEST(corrections_too_large_are_refused),
		TEST(answer_to_another_port_is_ignored),
		TEST(answer_with_another_number_or_twice_is_ignored),
		TEST(one_sync_makes_one_exchange),
		TEST(answer_must_not_come_before_the_sync_left),
		TEST(layover_above_the_cap_gives_no_sample),
		TEST(same_sync_twice_counts_once),
		TEST(follow_up_completes_its_sync_only),
		TEST(messages_of_strangers_change_nothing),
		TEST(announce_timeout_ends_the_transmitter),
		TEST(unanswered_request_is_a_miss),
		TEST(late_stamp_completes_the_exchange),
		TEST(departure_after_the_answer_is_not_believed),
		TEST(interval_that_is_told_may_grow_and_shrink),
		TEST(timescale_must_be_known),
		TEST(leaps_and_doubt_are_passed_on),
		TEST(stamps_around_an_announced_leap_are_passed_over),
		TEST(accuracy_that_is_not_claimed_is_not_assumed),
		TEST(boundary_clocks_need_a_figure_of_their_own),
		TEST(an_authenticated_inaccuracy_is_taken),
		TEST(an_inaccuracy_that_anybody_can_have_written_is_not_taken),
		TEST(alternates_and_those_not_acceptable_are_not_chosen),
		TEST(layover_goes_only_to_who_said_hello),
		TEST(answer_must_echo_the_layover),
		TEST(request_without_layover_needs_no_echo),
		TEST(grants_are_asked_in_order),
		TEST(what_was_not_granted_is_not_taken),
		TEST(grant_is_renewed_with_a_quarter_left),
		TEST(requests_pause_after_three_tries),
		TEST(denial_pauses),
		TEST(longer_grants_are_capped_at_an_hour),
		TEST(intervals_that_were_not_asked_for_are_refused),
		TEST(cancel_is_acknowledged),
		TEST(grants_end),
		TEST(unicast_receiver_ignores_multicast_and_others),
		TEST(multicast_receiver_ignores_unicast),
		TEST(closing_ends_the_grants),
		TEST(without_the_key_nothing_changes),
		TEST(bad_settings_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
