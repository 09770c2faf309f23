/* SPDX-License-Identifier: Apache-2.0
 *
 * The PTP receiver's exchanges: Sync, Follow_Up, Delay_Req and Delay_Resp, what their corrections
 * and stamps become in a sample, and which messages are not taken. One requirement each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_ptp_receiver_fixture.h"

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
	deliver_sync(5, 1000, 0x18000); /* 1.5 ns later, rounded down: 1 */
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

	deliver_sync(5, before, of_sync * 65536);
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
	deliver_sync(3, 1000, 11 * 65536);
	deliver_sync(4, 1000, -11 * 65536);
	assert_int_equal(count(NOON_VERDICT_TIMES), 2);
	assert_false(r.sync.complete);
	deliver_sync(5, 1000, 10 * 65536);
	assert_true(r.sync.complete);
	conf.max_correction = NOON_DUR_MAX;
	conf.max_layover = NOON_S(10);
	receiver(false);
	introduce();
	deliver_sync(4, 1000, NOON_PTP_CORRECTION_HUGE);
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
	deliver_sync(5, 1000, 0);
	first = r.sync.t2;
	now = noon_time_add(now, 10);
	deliver_sync(5, 1000, 0);
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
	deliver_sync(5, 1000, 0);
	assert_int_equal(count(NOON_VERDICT_IDENTITY), 1);
	assert_false(r.sync.arrived);
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
	deliver_sync(5, 1000, 0);
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
		deliver_sync(5, 1000, 0);
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
		TEST(unanswered_request_is_a_miss),
		TEST(late_stamp_completes_the_exchange),
		TEST(departure_after_the_answer_is_not_believed),
		TEST(interval_that_is_told_may_grow_and_shrink),
		TEST(layover_goes_only_to_who_said_hello),
		TEST(answer_must_echo_the_layover),
		TEST(request_without_layover_needs_no_echo),
	};

	return cmocka_run_group_tests_name("proto/ptp_receiver_exchange", tests, NULL, NULL);
}
