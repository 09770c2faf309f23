/* SPDX-License-Identifier: Apache-2.0
 *
 * What the shared page, the servers and the kernel are told of a reading.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "daemon/report/publish.h"

#define RATE_LIMIT 300e-6
#define H	   NOON_S(1000)			/* of the reading */
#define RAW	   NOON_S(77)			/* of the map */
#define UTC	   INT64_C(1789876543210987654) /* of the map */

struct moment {
	struct noon_reading reading;
	struct noon_leap_plan leap;
	struct noon_publish_input in;
};

/* A reading of +-1000 ns that was taken 2 ms ago, by a clock that is on its line. */
static void begin(struct moment *m)
{
	memset(m, 0, sizeof(*m));
	noon_leap_plan_init(&m->leap);
	m->reading = (struct noon_reading){
		.state = NOON_STATE_OK,
		.h = {H},
		.corr = UTC - NOON_MS(2) - H,
		.lower = -1000,
		.upper = 1000,
		.bound = 1000,
		.rate_bound = 0x1p-19, /* 1.9 ppm */
		.lower_rate = -1e-6,
		.upper_rate = 2e-6,
		.rates_until = {H + NOON_S(10)},
		.void_after = {H + NOON_S(4)},
		.fresh_until = {H + NOON_S(3)},
		.certain = true,
	};
	m->in = (struct noon_publish_input){
		.reading = &m->reading,
		.has_sources = true,
		.raw = {.from0 = RAW, .to0 = {UTC}},
		.real = {.from0 = UTC, .to0 = {UTC}},
		.age = NOON_MS(2),
		.age_now = NOON_MS(2),
		.now = {.raw_ns = RAW, .real_ns = UTC, .err = 7},
		.max_rate_error = RATE_LIMIT,
		.may_serve = true,
		.serve_until = {H + NOON_S(9)},
		.stratum = 3,
		.ref_id = 0x7f000001,
		.leap = &m->leap,
	};
}

static void the_page_is_wider_by_what_may_have_happened_since(void **state)
{
	struct moment m;
	struct noon_page_body b;

	(void)state;
	begin(&m);
	noon_publish_page(&m.in, &b);
	assert_int_equal(b.raw0, RAW);
	assert_int_equal(b.has_time, 1);
	assert_int_equal(b.fresh_until, RAW + NOON_PUBLISH_FRESH);
	/* 1.9 ppm of 2 ms, and 1 ns for rounding */
	assert_int_equal(b.earliest0, UTC - 1000 - 4 - 1);
	assert_int_equal(b.latest0, UTC + 1000 + 4 + 1);
	/* The clock is 50 ns ahead of its line, which the map is of: so is what it says. */
	m.in.off_line = 50;
	noon_publish_page(&m.in, &b);
	assert_int_equal(b.earliest0, UTC + 50 - 1000 - 5);
	m.reading.bound = NOON_DUR_MAX;
	noon_publish_page(&m.in, &b);
	assert_int_equal(b.has_time, 0);
}

/* Whatever the rates within the certified ones: the truth that the reading allows is in the page.
 */
static void the_page_holds_every_truth_of_the_reading(void **state)
{
	struct noon_rng rng;
	struct moment m;
	struct noon_page_body b;

	(void)state;
	rng = noon_rng_seeded(20301);
	for (int i = 0; i < 100000; i++) {
		begin(&m);
		const double line = (noon_rng_unit(&rng) - 0.5) * 1e-3;
		const double rate = line + (noon_rng_unit(&rng) - 0.5) * 1e-4;
		const noon_dur age = (noon_dur)(noon_rng_unit(&rng) * 1e9);
		const noon_dur off = (noon_dur)((noon_rng_unit(&rng) - 0.5) * 1e6);
		const noon_dur at = (noon_dur)((noon_rng_unit(&rng) - 0.5) * 1e7);
		noon_dur truth;

		m.reading.rate_bound = rate > line ? rate - line : line - rate;
		m.reading.lower = at;
		m.reading.upper = at;
		m.reading.bound = noon_dur_abs(at);
		m.in.age = age;
		m.in.off_line = off;
		/* Where the line is at the map, and UTC: h + corr + at at the reading. */
		m.in.raw.to0.ns =
			m.reading.h.ns + age + m.reading.corr - off + noon_dur_scale(age, line);
		truth = m.reading.h.ns + age + m.reading.corr + at + noon_dur_scale(age, rate);
		noon_publish_page(&m.in, &b);
		assert_true(b.earliest0 <= truth && truth <= b.latest0);
	}
}

/* The page counts CLOCK_MONOTONIC_RAW: a fast clock has gone through a span of h sooner. */
static void ends_are_not_later_than_they_are(void **state)
{
	static const struct {
		noon_freq osc;
		noon_dur rates_last;
		noon_dur void_in;
	} table[] = {
		{0, NOON_S(10), NOON_S(4)},
		{100e-6, NOON_S(10) - 999800, NOON_S(4) - 399800},
		{-100e-6, NOON_S(10), NOON_S(4)}, /* sooner than it is, which is safe */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct moment m;
		struct noon_page_body b;

		begin(&m);
		m.in.raw.osc = table[i].osc;
		noon_publish_page(&m.in, &b);
		assert_in_range(b.rates_until - RAW, table[i].rates_last - NOON_MS(2) - 1,
				table[i].rates_last - NOON_MS(2));
		assert_in_range(b.void_after - RAW, table[i].void_in - NOON_MS(2) - 1,
				table[i].void_in - NOON_MS(2));
		assert_true(b.earliest_rate < table[i].osc - 0.9e-6);
		assert_true(b.earliest_rate > table[i].osc - 1.1e-6);
		assert_true(b.latest_rate > table[i].osc + 1.9e-6);
		/* From then on the limit of the oscillator, either way. */
		assert_true(b.late_earliest_rate < table[i].osc - 0.999 * RATE_LIMIT);
		assert_true(b.late_earliest_rate > table[i].osc - 1.001 * RATE_LIMIT);
		assert_true(b.late_latest_rate > table[i].osc + 0.999 * RATE_LIMIT);
		assert_true(b.late_latest_rate < table[i].osc + 1.001 * RATE_LIMIT);
	}
}

static void rates_without_an_end_have_none_in_the_page(void **state)
{
	struct moment m;
	struct noon_page_body b;

	(void)state;
	begin(&m);
	m.reading.rates_until = NOON_TIME_NEVER;
	m.reading.void_after.ns = H - NOON_S(1);
	noon_publish_page(&m.in, &b);
	assert_true(b.rates_until == INT64_MAX);
	assert_true(b.void_after < b.raw0);
}

/* The machine slept after the clock was checked and before the page was written: a reader must see
 * that, so the page must not count it as known. */
static void sleep_that_was_not_noticed_is_not_in_the_page(void **state)
{
	struct moment m;
	struct noon_page_body b;

	(void)state;
	begin(&m);
	m.in.real_ahead = NOON_S(100);
	m.in.asleep = m.in.asleep_now = NOON_S(30);
	noon_publish_page(&m.in, &b);
	assert_int_equal(b.asleep, NOON_S(30));
	assert_int_equal(b.real_ahead, NOON_S(100));
	m.in.asleep_now = NOON_S(32);
	noon_publish_page(&m.in, &b);
	assert_int_equal(b.asleep, NOON_S(30));
	assert_int_equal(b.real_ahead, NOON_S(98));
	/* An interrupted read of the two clocks. */
	m.in.asleep_now = NOON_S(30) - 5;
	noon_publish_page(&m.in, &b);
	assert_int_equal(b.real_ahead, NOON_S(100));
}

static void states_have_their_number_in_the_page(void **state)
{
	static const struct {
		enum noon_state state;
		enum noon_clock_status status;
	} table[] = {
		{NOON_STATE_OK, NOON_CLOCK_OK},
		{NOON_STATE_HOLDOVER, NOON_CLOCK_HOLDOVER},
		{NOON_STATE_ALARM, NOON_CLOCK_ALARM},
		{NOON_STATE_UNSYNCHRONISED, NOON_CLOCK_UNSYNCHRONISED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct moment m;
		struct noon_page_body b;

		begin(&m);
		m.reading.state = table[i].state;
		m.in.reason = NOON_CLOCK_REASON_BOUND;
		noon_publish_page(&m.in, &b);
		assert_int_equal(b.status, table[i].status);
		assert_int_equal(b.reason, NOON_CLOCK_REASON_BOUND);
	}
}

static void time_is_given_up_to_a_limit_of_its_own(void **state)
{
	static const struct {
		noon_dur bound;
		noon_dur hidden;
		noon_dur leap;
		bool certain;
		bool gives;
	} table[] = {
		{NOON_MS(300), 0, 0, true, true},
		{NOON_MS(400), 0, 0, true, true},
		{NOON_MS(400) + 1, 0, 0, true, false},
		{NOON_MS(300), NOON_MS(100), 0, true, true},
		{NOON_MS(300), NOON_MS(100) + 1, 0, true, false},
		{NOON_MS(300), 0, 1, true, false},
		{NOON_MS(300), 0, 0, false, false},
		{NOON_DUR_MAX, 0, 0, true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct noon_reading r = {
			.state = NOON_STATE_ALARM, /* does not matter */
			.bound = table[i].bound,
			.hidden = table[i].hidden,
			.terms = {.leap = table[i].leap},
			.certain = table[i].certain,
		};

		assert_int_equal(noon_publish_may_serve(&r, NOON_MS(400)), table[i].gives);
	}
}

/* One exchange of `rtt`, as exact as its path lets it be. */
static struct noon_engine *engine_with(noon_dur rtt, noon_time h)
{
	const struct noon_source_conf source = noon_source_conf_default();
	struct noon_engine_conf conf = noon_engine_conf_default();
	const struct noon_sample x = {
		.t1 = noon_time_add(h, -rtt),
		.t2 = noon_time_add(h, -rtt / 2),
		.t3 = noon_time_add(h, -rtt / 2),
		.t4 = h,
		.server_err = 1000,
		.authenticated = true,
	};
	struct noon_engine *e = calloc(1, sizeof(*e));
	struct noon_actions *out = calloc(1, sizeof(*out));
	uint32_t index;

	assert_non_null(e);
	assert_non_null(out);
	conf.max_rate_error = RATE_LIMIT;
	conf.start.h0 = h;
	assert_int_equal(noon_engine_init(e, &conf), NOON_OK);
	noon_actions_reset(out);
	assert_int_equal(noon_engine_add_source(e, &source, &index), NOON_OK);
	noon_engine_on_sample(e, &x, h, out);
	free(out);
	return e;
}

/* The snapshot says for how long it holds: until the bound reaches the limit, less what the clock
 * is off its line. */
static void time_is_given_until_the_bound_reaches_its_limit(void **state)
{
	struct noon_engine *e = engine_with(NOON_MS(600), (noon_time){H});
	struct noon_reading r;
	noon_dur left;

	(void)state;
	noon_engine_reading(e, (noon_time){H}, &r);
	/* 100 ms at RATE_LIMIT */
	left = noon_time_diff(noon_publish_serve_until(e, &r, NOON_MS(400)), r.h);
	assert_true(left > 0 && (double)left * RATE_LIMIT <= 100e6);
	assert_true((double)left * RATE_LIMIT > 90e6);
	r.bound += NOON_MS(60);
	left = noon_time_diff(noon_publish_serve_until(e, &r, NOON_MS(400)), r.h);
	assert_true((double)left * RATE_LIMIT <= 40e6);
	assert_true((double)left * RATE_LIMIT > 30e6);
	r.bound += NOON_MS(60);
	assert_true(noon_publish_serve_until(e, &r, NOON_MS(400)).ns <= H);
	free(e);
}

static void the_servers_are_told_the_bound_of_now(void **state)
{
	struct moment m;
	struct noon_served_state s;

	(void)state;
	begin(&m);
	noon_publish_served(&m.in, &s);
	assert_true(s.clock.has_time && s.is_ok && !s.is_local);
	/* as in the page, and 7 ns for reading the clocks */
	assert_int_equal(s.clock.root_disp, 1000 + 7 + 4 + 1);
	assert_int_equal(s.clock.stratum, 3);
	assert_int_equal(s.clock.ref_id, 0x7f000001);
	assert_int_equal(s.clock.reference.ns, UTC);
	assert_true(s.disp_rate > 1.9e-6 && s.disp_rate < 2e-6);
	/* Ends are on C. */
	assert_int_equal(s.void_after.ns, H + NOON_S(9) + m.reading.corr);
	assert_int_equal(s.ok_until.ns, H + NOON_S(3) + m.reading.corr);
	m.reading.fresh_until = NOON_TIME_NEVER;
	noon_publish_served(&m.in, &s);
	assert_int_equal(s.ok_until.ns, H + NOON_PUBLISH_FRESH + m.reading.corr);
	/* A reading of some time to come widens as one of the past. */
	m.in.age_now = -NOON_MS(2);
	noon_publish_served(&m.in, &s);
	assert_int_equal(s.clock.root_disp, 1000 + 7 + 4 + 1);
}

static void without_a_time_to_give_servers_have_none(void **state)
{
	struct moment m;
	struct noon_served_state s;

	(void)state;
	begin(&m);
	m.in.may_serve = false;
	noon_publish_served(&m.in, &s);
	assert_true(!s.clock.has_time && !s.is_ok);
	begin(&m);
	m.reading.fresh_until = m.reading.h; /* nobody answers */
	noon_publish_served(&m.in, &s);
	assert_true(s.clock.has_time && !s.is_ok);
}

/* Where the served clock is CLOCK_REALTIME a step since the reading is not in its bound: the line
 * goes through the reading. */
static void the_line_goes_through_the_reading(void **state)
{
	struct moment m;
	struct noon_served_state s;

	(void)state;
	begin(&m);
	m.in.now = (struct noon_instant){.raw_ns = RAW + 5, .real_ns = UTC + NOON_S(3)};
	m.in.raw.rate = 1e-4;
	noon_publish_served(&m.in, &s);
	assert_int_equal(s.line.from0, RAW);
	assert_int_equal(s.line.to0.ns, UTC);
	m.in.real_is_c = true;
	noon_publish_served(&m.in, &s);
	assert_int_equal(s.line.from0, RAW + 5);
	assert_int_equal(s.line.to0.ns, H + m.reading.corr + NOON_MS(2) + 200);
	/* Without sources nothing is known of it but what it shows. */
	m.in.has_sources = false;
	noon_publish_served(&m.in, &s);
	assert_int_equal(s.line.to0.ns, UTC + NOON_S(3));
}

static void a_local_clock_is_correct_as_declared_until_it_loses_time(void **state)
{
	struct moment m;
	struct noon_served_state s;

	(void)state;
	begin(&m);
	m.in.has_sources = false;
	m.in.may_serve = false;
	m.in.stratum = 1;
	m.in.local_bound = NOON_US(5);
	noon_publish_served(&m.in, &s);
	assert_true(s.is_local && s.is_ok && s.clock.has_time);
	assert_int_equal(s.clock.root_disp, NOON_US(5));
	assert_true(noon_time_is_never(s.void_after));
	assert_int_equal(s.ok_until.ns, UTC + NOON_PUBLISH_FRESH);
	m.in.lost_time = true;
	noon_publish_served(&m.in, &s);
	assert_true(!s.is_ok && !s.clock.has_time);
	m.in.lost_time = false;
	m.in.stratum = 0; /* not to be served */
	noon_publish_served(&m.in, &s);
	assert_true(s.is_ok && !s.clock.has_time);
}

static void servers_are_told_when_a_second_is_counted_twice(void **state)
{
	/* 1 January 2017 */
	const noon_time midnight = {NOON_S(INT64_C(1483228800))};
	const struct noon_leap_vote vote = {NOON_LEAP_INSERT, false};
	const struct noon_leap_list none = NOON_LEAP_LIST_NONE;
	const noon_time now = noon_time_add(midnight, -NOON_S(3600));
	struct moment m;
	struct noon_served_state s;

	(void)state;
	begin(&m);
	noon_publish_served(&m.in, &s);
	assert_true(noon_time_is_never(s.leap_from) && noon_time_is_never(s.leap_at));
	noon_leap_plan_announce(&m.leap, &vote, &none, (struct noon_interval){now.ns, now.ns});
	noon_publish_served(&m.in, &s);
	assert_int_equal(s.leap_from.ns, midnight.ns - NOON_S(1));
	assert_true(noon_time_is_never(s.leap_until));
	assert_int_equal(s.leap_at.ns, midnight.ns);
}

static void the_kernel_is_told_the_bound_until_the_next_time(void **state)
{
	struct moment m;
	struct noon_clock_claim c;

	(void)state;
	begin(&m);
	m.reading.lower = -1000;
	m.reading.upper = 600;
	noon_publish_claim(&m.in, &c);
	assert_true(c.synchronised);
	assert_int_equal(c.bound, 1000 + 3815); /* 1.9 ppm of 2 s */
	assert_int_equal(c.estimate, 200);
	assert_int_equal(c.leap, 0);
	m.reading.state = NOON_STATE_ALARM;
	m.reading.bound = NOON_DUR_MAX;
	noon_publish_claim(&m.in, &c);
	assert_false(c.synchronised);
	assert_true(c.bound == NOON_DUR_MAX && c.estimate == NOON_DUR_MAX);
}

/* The plan of the engine, and what the list of leap seconds says, but for the time around
 * midnight. */
static void the_kernel_is_told_of_leap_seconds_and_tai(void **state)
{
	static const struct {
		noon_dur of_day;
		enum noon_state state;
		int16_t listed;
		int16_t tai;
	} table[] = {
		{NOON_S(3600), NOON_STATE_OK, 37, 37},	 {NOON_S(86390), NOON_STATE_OK, 37, 37},
		{NOON_S(86399), NOON_STATE_OK, 37, 0},	 {NOON_S(86398), NOON_STATE_OK, 37, 0},
		{NOON_S(30), NOON_STATE_OK, 37, 0},	 {NOON_S(60), NOON_STATE_OK, 37, 0},
		{NOON_S(3600), NOON_STATE_ALARM, 37, 0}, {NOON_S(3600), NOON_STATE_OK, 0, 0},
	};
	struct noon_clock_claim c;
	struct moment m;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		begin(&m);
		m.reading.state = table[i].state;
		m.reading.corr = NOON_S(86400) * 20000 + table[i].of_day - H;
		m.in.tai = table[i].listed;
		noon_publish_claim(&m.in, &c);
		assert_int_equal(c.tai, table[i].tai);
	}
	m.leap.from = (noon_time){NOON_S(86400) * 20001};
	m.leap.shift = -NOON_S(1);
	noon_publish_claim(&m.in, &c);
	assert_int_equal(c.leap, -NOON_S(1));
	assert_int_equal(c.leap_at.ns, NOON_S(86400) * 20001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_is_wider_by_what_may_have_happened_since),
		cmocka_unit_test(the_page_holds_every_truth_of_the_reading),
		cmocka_unit_test(ends_are_not_later_than_they_are),
		cmocka_unit_test(rates_without_an_end_have_none_in_the_page),
		cmocka_unit_test(sleep_that_was_not_noticed_is_not_in_the_page),
		cmocka_unit_test(states_have_their_number_in_the_page),
		cmocka_unit_test(time_is_given_up_to_a_limit_of_its_own),
		cmocka_unit_test(time_is_given_until_the_bound_reaches_its_limit),
		cmocka_unit_test(the_servers_are_told_the_bound_of_now),
		cmocka_unit_test(without_a_time_to_give_servers_have_none),
		cmocka_unit_test(the_line_goes_through_the_reading),
		cmocka_unit_test(a_local_clock_is_correct_as_declared_until_it_loses_time),
		cmocka_unit_test(servers_are_told_when_a_second_is_counted_twice),
		cmocka_unit_test(the_kernel_is_told_the_bound_until_the_next_time),
		cmocka_unit_test(the_kernel_is_told_of_leap_seconds_and_tai),
	};

	return cmocka_run_group_tests_name("daemon/publish", tests, NULL, NULL);
}
