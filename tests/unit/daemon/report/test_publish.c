/* SPDX-License-Identifier: Apache-2.0
 *
 * What the shared page says of a reading.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/report/publish.h"
#include "engine/clock/line.h"
#include "noonmark/clock.h"

#define RATE_LIMIT 300e-6

struct world {
	struct noon_daemon d;
	struct noon_engine engine;
	char path[64];
};

/* A daemon with a clock that runs fast by `osc`, a page and no sources. */
static struct world *begin(noon_freq osc)
{
	const struct noon_clock_virtual_conf fast = {.freq_error = osc};
	struct noon_engine_conf conf = noon_engine_conf_default();
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	conf.alert_limit = NOON_MS(1);
	conf.max_rate_error = RATE_LIMIT;
	w->d.conf.engine = conf;
	w->d.engine = &w->engine;
	assert_int_equal(noon_engine_init(&w->engine, &conf), NOON_OK);
	assert_int_equal(noon_clock_virtual_new(&fast, &w->d.clock), NOON_OK);
	noon_served_init(&w->d.served);
	(void)snprintf(w->path, sizeof(w->path), "/tmp/noonmark-publish.%d", (int)getpid());
	assert_int_equal(noon_page_writer_new(w->path, &w->d.page), NOON_OK);
	return w;
}

static void end(struct world *w)
{
	noon_page_writer_free(w->d.page);
	(void)unlink(w->path);
	noon_clock_free(w->d.clock);
	noon_served_fini(&w->d.served);
	free(w);
}

static struct noon_page_body body_in(const struct world *w)
{
	struct noon_page page;
	struct noon_page_body body;
	FILE *f = fopen(w->path, "rb");

	assert_non_null(f);
	assert_int_equal(fread(&page, sizeof(page), 1, f), 1);
	(void)fclose(f);
	noon_page_copy(&page, noon_page_number(&page), &body);
	return body;
}

static struct noon_reading reading(struct world *w, noon_dur rates_last, noon_dur void_in)
{
	const noon_time h = noon_clock_now(w->d.clock);

	return (struct noon_reading){
		.state = NOON_STATE_OK,
		.h = h,
		.lower = -1000,
		.upper = 1000,
		.bound = 1000,
		.lower_rate = -1e-6,
		.upper_rate = 2e-6,
		.rates_until = noon_time_add(h, rates_last),
		.void_after = noon_time_add(h, void_in),
	};
}

static void tells_until_when_the_certified_rates_hold(void **state)
{
	/* The page counts CLOCK_MONOTONIC_RAW: a fast clock has gone through the span sooner, so
	 * the end lies before 10 s, and never after. */
	static const noon_freq osc[] = {0, 100e-6, -100e-6};

	(void)state;
	for (size_t i = 0; i < sizeof(osc) / sizeof(osc[0]); i++) {
		struct world *w = begin(osc[i]);
		const struct noon_reading r = reading(w, NOON_S(10), NOON_S(4));
		struct noon_page_body b;

		noon_publish(&w->d, &r);
		b = body_in(w);
		assert_true(b.has_time);
		/* The map is of up to some ms later than the reading on a busy machine. */
		assert_true(b.rates_until - b.raw0 <= NOON_S(10) - (osc[i] > 0 ? 999000 : 0));
		assert_true(b.rates_until - b.raw0 > NOON_S(9));
		assert_true(b.void_after - b.raw0 <= NOON_S(4) - (osc[i] > 0 ? 399000 : 0));
		assert_true(b.void_after - b.raw0 > NOON_S(3));
		assert_true(b.earliest_rate < osc[i] - 0.9e-6 && b.earliest_rate > osc[i] - 1.1e-6);
		/* From then on the limit of the oscillator, either way. */
		assert_true(b.late_earliest_rate < osc[i] - 0.999 * RATE_LIMIT);
		assert_true(b.late_earliest_rate > osc[i] - 1.001 * RATE_LIMIT);
		assert_true(b.late_latest_rate > osc[i] + 0.999 * RATE_LIMIT);
		assert_true(b.late_latest_rate < osc[i] + 1.001 * RATE_LIMIT);
		end(w);
	}
}

static void rates_without_an_end_have_none_in_the_page(void **state)
{
	struct world *w = begin(0);
	struct noon_reading r = reading(w, NOON_S(1), -NOON_S(1));

	(void)state;
	r.rates_until = NOON_TIME_NEVER;
	noon_publish(&w->d, &r);
	assert_true(body_in(w).rates_until == INT64_MAX);
	assert_true(body_in(w).void_after < body_in(w).raw0);
	end(w);
}

/* The machine slept after the clock was checked and before the page was written: a reader must see
 * that, so the page must not count it as known. */
static void sleep_that_nobody_took_notice_of_is_not_in_the_page(void **state)
{
	struct world *w = begin(0);
	const struct noon_reading r = reading(w, NOON_S(10), NOON_S(4));
	struct noon_clock_page *page;
	enum noon_clock_status status;
	int64_t lo;
	int64_t hi;

	(void)state;
	assert_int_equal(noon_open(w->path, &page), 0);
	noon_publish(&w->d, &r);
	assert_int_equal(noon_now(page, &lo, &hi, &status), 0);
	assert_int_equal(status, NOON_CLOCK_OK);
	w->d.clock->asleep0 -= NOON_S(2);
	noon_publish(&w->d, &r);
	assert_int_equal(noon_now(page, &lo, &hi, &status), 0);
	assert_int_equal(status, NOON_CLOCK_STALE);
	noon_close(page);
	end(w);
}

static void tells_why_the_state_is_not_ok(void **state)
{
#define FOUND(kind) (1U << NOON_FINDING_##kind)
	static const struct {
		enum noon_state state;
		uint32_t findings;
		noon_dur bound;
		noon_dur hidden;
		noon_dur leap;
		size_t n_sources;
		enum noon_clock_reason reason;
	} table[] = {
		{NOON_STATE_OK, FOUND(FALSETICKER), 1000, 0, 0, 1, NOON_CLOCK_REASON_NONE},
		{NOON_STATE_HOLDOVER, FOUND(TOO_FEW), 1000, 0, 0, 1, NOON_CLOCK_REASON_SILENT},
		{NOON_STATE_UNSYNCHRONISED, 0, NOON_DUR_MAX, 0, 0, 0, NOON_CLOCK_REASON_NO_SOURCES},
		{NOON_STATE_UNSYNCHRONISED, 0, NOON_DUR_MAX, 0, 0, 1,
		 NOON_CLOCK_REASON_NO_EXCHANGE},
		{NOON_STATE_UNSYNCHRONISED, FOUND(TOO_FEW), NOON_DUR_MAX, 0, 0, 1,
		 NOON_CLOCK_REASON_TOO_FEW},
		{NOON_STATE_UNSYNCHRONISED, 0, 1000, 0, 0, 1, NOON_CLOCK_REASON_SETTLING},
		{NOON_STATE_UNSYNCHRONISED, 0, NOON_S(1), 0, 0, 1, NOON_CLOCK_REASON_BOUND},
		{NOON_STATE_ALARM, FOUND(BOUND_LIMIT), 1000, NOON_S(1), 0, 1,
		 NOON_CLOCK_REASON_BOUND},
		{NOON_STATE_ALARM, FOUND(BOUND_LIMIT) | FOUND(INCONSISTENT), NOON_S(1), 0, 0, 1,
		 NOON_CLOCK_REASON_CONTRADICTION},
		{NOON_STATE_ALARM, FOUND(NO_MAJORITY), 1000, 0, 0, 1,
		 NOON_CLOCK_REASON_CONTRADICTION},
		{NOON_STATE_ALARM, FOUND(DELAYED), 1000, 0, 0, 1, NOON_CLOCK_REASON_GUARD},
		{NOON_STATE_ALARM, 0, NOON_S(1), 0, NOON_S(1), 1, NOON_CLOCK_REASON_LEAP},
		{NOON_STATE_ALARM, FOUND(CLOCK_STEPPED), NOON_S(1), 0, 0, 1,
		 NOON_CLOCK_REASON_STEPPED},
		{NOON_STATE_UNSYNCHRONISED, FOUND(SUSPENDED), NOON_DUR_MAX, 0, 0, 1,
		 NOON_CLOCK_REASON_SUSPENDED},
		{NOON_STATE_UNSYNCHRONISED, FOUND(DISRUPTED), NOON_DUR_MAX, 0, 0, 1,
		 NOON_CLOCK_REASON_DISRUPTED},
	};
#undef FOUND

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct world *w = begin(0);
		struct noon_reading r = reading(w, NOON_S(10), NOON_S(4));
		struct noon_clock_page *page;
		struct noon_clock_interval is;

		w->d.conf.n_sources = table[i].n_sources;
		r.state = table[i].state;
		r.findings = table[i].findings;
		r.bound = table[i].bound;
		r.hidden = table[i].hidden;
		r.terms.leap = table[i].leap;
		noon_publish(&w->d, &r);
		assert_int_equal(noon_open(w->path, &page), 0);
		assert_int_equal(noon_read(page, &is), 0);
		assert_int_equal(is.reason, table[i].reason);
		assert_true((is.status == NOON_CLOCK_OK) == (is.reason == NOON_CLOCK_REASON_NONE));
		assert_true((is.earliest == INT64_MIN) == (r.bound == NOON_DUR_MAX));
		noon_close(page);
		end(w);
	}
}

/* One exchange of `rtt`, as exact as its path lets it be. */
static void learn(struct world *w, noon_dur rtt)
{
	const struct noon_source_conf source = noon_source_conf_default();
	const noon_time h = noon_clock_now(w->d.clock);
	const struct noon_sample x = {
		.t1 = noon_time_add(h, -rtt),
		.t2 = noon_time_add(h, -rtt / 2),
		.t3 = noon_time_add(h, -rtt / 2),
		.t4 = h,
		.server_err = 1000,
		.authenticated = true,
	};
	struct noon_actions *out = calloc(1, sizeof(*out));
	uint32_t index;

	assert_non_null(out);
	noon_actions_reset(out);
	assert_int_equal(noon_engine_add_source(&w->engine, &source, &index), NOON_OK);
	noon_engine_on_sample(&w->engine, &x, h, out);
	free(out);
}

static struct noon_ntp_server_clock served(struct world *w, bool *ret_is_ok)
{
	struct noon_served_state s;
	struct noon_reading r;

	noon_engine_reading(w->d.engine, noon_clock_now(w->d.clock), &r);
	noon_publish(&w->d, &r);
	noon_served_get(&w->d.served, &s);
	*ret_is_ok = s.is_ok;
	return s.clock;
}

/* The alert limit is 1 ms. */
static void time_is_given_up_to_a_limit_of_its_own(void **state)
{
	static const struct {
		noon_dur rtt;
		noon_dur limit;
		bool doubt;
		bool gives;
	} table[] = {
		{NOON_US(500), NOON_MS(1), false, true}, /* ok */
		{NOON_MS(600), NOON_S(1), false, true},	 {NOON_MS(600), NOON_MS(290), false, false},
		{NOON_MS(600), NOON_S(1), true, false},	 {NOON_US(500), NOON_S(1), true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct world *w = begin(0);
		struct noon_ntp_server_clock c;
		bool is_ok;

		w->d.conf.n_sources = 1;
		w->d.conf.serve_limit = table[i].limit;
		learn(w, table[i].rtt);
		w->engine.latch.doubt = table[i].doubt;
		c = served(w, &is_ok);
		assert_int_equal(c.has_time, table[i].gives);
		assert_int_equal(is_ok, table[i].gives);
		assert_true(!c.has_time || c.root_disp >= table[i].rtt / 2);
		end(w);
	}
}

/* The snapshot says for how long it holds: until the bound reaches the limit, less what the clock
 * is off its line. */
static void time_is_given_until_the_bound_reaches_it(void **state)
{
	struct world *w = begin(0);
	struct noon_reading r;
	noon_time until;
	noon_dur left;

	(void)state;
	w->d.conf.n_sources = 1;
	w->d.conf.serve_limit = NOON_MS(400);
	learn(w, NOON_MS(600));
	noon_engine_reading(w->d.engine, noon_clock_now(w->d.clock), &r);
	assert_true(noon_publish_may_serve(&w->d, &r, &until));
	/* 100 ms at RATE_LIMIT */
	left = noon_time_diff(until, r.h);
	assert_true(left > 0 && (double)left * RATE_LIMIT <= 100e6);
	assert_true((double)left * RATE_LIMIT > 90e6);
	r.bound += NOON_MS(60);
	assert_true(noon_publish_may_serve(&w->d, &r, &until));
	assert_true((double)noon_time_diff(until, r.h) * RATE_LIMIT <= 40e6);
	r.hidden = NOON_MS(60);
	assert_false(noon_publish_may_serve(&w->d, &r, &until));
	r.hidden = 0;
	r.terms.leap = 1;
	assert_false(noon_publish_may_serve(&w->d, &r, &until));
	end(w);
}

static struct noon_clock_claim told; /* to the kernel */

static void take_claim(struct noon_clock *c, const struct noon_clock_claim *claim)
{
	(void)c;
	told = *claim;
}

/* What the kernel is told of leap seconds and TAI: the plan of the engine, and what the list of
 * leap seconds says, but for the time around midnight. */
static void the_kernel_is_told_of_leap_seconds(void **state)
{
	static const struct {
		noon_dur of_day;
		enum noon_state state;
		int utc_offset;
		bool listed;
		int16_t tai;
	} table[] = {
		{NOON_S(3600), NOON_STATE_OK, 0, true, 37},
		{NOON_S(86390), NOON_STATE_OK, 0, true, 37},
		{NOON_S(86399), NOON_STATE_OK, 0, true, 0},
		{NOON_S(30), NOON_STATE_OK, 0, true, 0},
		{NOON_S(3600), NOON_STATE_ALARM, 0, true, 0},
		{NOON_S(3600), NOON_STATE_OK, 36, true, 0},
		{NOON_S(3600), NOON_STATE_OK, 0, false, 0},
	};
	struct world *w = begin(0);
	struct noon_clock_ops ops = *w->d.clock->ops;

	(void)state;
	ops.tell = take_claim;
	w->d.clock->ops = &ops;
	w->d.conf.n_sources = 1;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_reading r = reading(w, NOON_S(10), NOON_S(4));

		r.state = table[i].state;
		r.corr = noon_time_diff((noon_time){NOON_S(86400) * 20000 + table[i].of_day}, r.h);
		w->d.conf.utc_offset = table[i].utc_offset;
		w->d.tai = (struct noon_timescale){.known = true, .offset = 37};
		w->d.tai.leap = NOON_LEAP_LIST_NONE;
		if (table[i].listed)
			w->d.tai.leap.until = NOON_TIME_NEVER;
		noon_publish(&w->d, &r);
		assert_int_equal(told.tai, table[i].tai);
		assert_int_equal(told.leap, 0);
		assert_true(told.bound >= r.bound && told.estimate == 0);
	}
	w->engine.leap.from = (noon_time){NOON_S(86400) * 20001};
	w->engine.leap.shift = -NOON_S(1);
	const struct noon_reading r = reading(w, NOON_S(10), NOON_S(4));

	noon_publish(&w->d, &r);
	assert_int_equal(told.leap, -NOON_S(1));
	assert_int_equal(told.leap_at.ns, NOON_S(86400) * 20001);
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_until_when_the_certified_rates_hold),
		cmocka_unit_test(sleep_that_nobody_took_notice_of_is_not_in_the_page),
		cmocka_unit_test(tells_why_the_state_is_not_ok),
		cmocka_unit_test(time_is_given_up_to_a_limit_of_its_own),
		cmocka_unit_test(time_is_given_until_the_bound_reaches_it),
		cmocka_unit_test(the_kernel_is_told_of_leap_seconds),
		cmocka_unit_test(rates_without_an_end_have_none_in_the_page),
	};

	return cmocka_run_group_tests_name("daemon/publish", tests, NULL, NULL);
}
