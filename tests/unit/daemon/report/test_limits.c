/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/report/limits.h"
#include "engine/engine.h"

#define THETA INT64_C(1789876543210987654) /* far from the end of a month */

struct world {
	struct noon_config conf; /* too large for the stack */
	struct noon_engine engine;
	uint32_t source;
};

/* A daemon with one source that is heard, and an alert limit of 5 ms. */
static struct world *begin(void)
{
	struct world *w = calloc(1, sizeof(*w));
	const struct noon_source_conf source = noon_source_conf_default();

	assert_non_null(w);
	w->conf.engine = noon_engine_conf_default();
	w->conf.engine.alert_limit = NOON_MS(5);
	w->conf.engine.wander = 5e-6;
	w->conf.engine.holdover = 0;
	w->conf.engine.start.corr0 = THETA;
	w->conf.n_sources = 1;
	w->conf.source[0].engine = source;
	assert_int_equal(noon_engine_init(&w->engine, &w->conf.engine), NOON_OK);
	assert_int_equal(noon_engine_add_source(&w->engine, &source, &w->source), NOON_OK);
	return w;
}

static void hear(struct world *w, unsigned n, noon_dur rtt)
{
	struct noon_actions *out = calloc(1, sizeof(*out));
	noon_time first = {0};

	assert_non_null(out);
	if (w->engine.now.ns > 0)
		first = w->engine.now;
	for (unsigned i = 1; i <= n; i++) {
		const noon_time h = noon_time_add(first, NOON_S(2) * i);
		const struct noon_sample x = {
			.t1 = noon_time_add(h, -rtt),
			.t2 = noon_time_add(h, THETA - rtt / 2),
			.t3 = noon_time_add(h, THETA - rtt / 2),
			.t4 = h,
			.authenticated = true,
		};

		noon_actions_reset(out);
		noon_engine_on_sample(&w->engine, &x, h, out);
	}
	free(out);
}

static void expect(struct world *w, const struct noon_reading *r, enum noon_clock_reason reason,
		   const char *text)
{
	struct noon_limits_input in = {.conf = &w->conf, .reading = r};
	struct noon_source_report source;
	char why[NOON_LIMITS_TEXT];

	noon_engine_source_report(&w->engine, w->source, r->h, &source);
	in.accepted = source.n_accepted;
	assert_int_equal(noon_limits_reason(&in), reason);
	noon_limits_why(&in, why);
	assert_string_equal(why, text);
}

/* Of the engine itself: what its terms are called must be what they are. */
static void a_path_that_is_too_long_is_named(void **state)
{
	struct world *w = begin();
	struct noon_reading r;

	(void)state;
	noon_engine_reading(&w->engine, (noon_time){0}, &r);
	expect(w, &r, NOON_CLOCK_REASON_NO_EXCHANGE, "waiting for the first exchange");
	hear(w, 1, NOON_MS(30));
	noon_engine_reading(&w->engine, w->engine.now, &r);
	expect(w, &r, NOON_CLOCK_REASON_BOUND,
	       "bound 15 ms is above the limit of 5 ms: path 15 ms; nearer server, `distance-m`, "
	       "or a larger `alert-limit`");
	hear(w, 4, NOON_MS(30));
	noon_engine_reading(&w->engine, w->engine.now, &r);
	expect(w, &r, NOON_CLOCK_REASON_OUT_OF_REACH,
	       "bound 15 ms cannot be within 5 ms: path 15 ms; nearer server, `distance-m`, or a "
	       "larger `alert-limit`");
	free(w);
}

static void what_else_is_too_large_is_named(void **state)
{
	static const struct {
		struct noon_terms terms;
		noon_dur hidden;
		enum noon_clock_reason reason;
		const char *text;
	} table[] = {
		{{.server = NOON_MS(9), .path = NOON_MS(1)},
		 0,
		 NOON_CLOCK_REASON_OUT_OF_REACH,
		 "bound 10 ms cannot be within 5 ms: server 9 ms; better server, or a larger "
		 "`alert-limit`"},
		{{.quantisation = NOON_MS(6)},
		 0,
		 NOON_CLOCK_REASON_OUT_OF_REACH,
		 "bound 6 ms cannot be within 5 ms: time stamps 6 ms; `hwtimestamp`, or a larger "
		 "`alert-limit`"},
		{{.path = NOON_MS(1)},
		 NOON_MS(7),
		 NOON_CLOCK_REASON_OUT_OF_REACH,
		 "bound 8 ms cannot be within 5 ms: hidden advance 7 ms; `distance-m` beside the "
		 "minimum, or a larger `alert-limit`"},
		/* What passes is not said to be for good. */
		{{.path = NOON_MS(3), .drift = NOON_MS(4)},
		 0,
		 NOON_CLOCK_REASON_BOUND,
		 "bound 7 ms is above the limit of 5 ms: drift 4 ms; known better with more "
		 "exchanges"},
		{{.path = NOON_MS(3), .slewing = NOON_MS(9)},
		 0,
		 NOON_CLOCK_REASON_BOUND,
		 "bound 12 ms is above the limit of 5 ms: slewing 9 ms; the clock is still being "
		 "set "
		 "right"},
	};
	struct world *w = begin();

	(void)state;
	hear(w, 4, NOON_MS(1));
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct noon_terms *t = &table[i].terms;
		struct noon_reading r = {.state = NOON_STATE_UNSYNCHRONISED, .terms = *t};

		r.bound = t->path + t->drift + t->server + t->quantisation + t->slewing;
		r.hidden = table[i].hidden;
		expect(w, &r, table[i].reason, table[i].text);
		r.state = NOON_STATE_ALARM;
		expect(w, &r, table[i].reason, table[i].text);
	}
	free(w);
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

	struct world *w = begin();

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct noon_reading r = {
			.state = table[i].state,
			.findings = table[i].findings,
			.bound = table[i].bound,
			.hidden = table[i].hidden,
			.terms = {.leap = table[i].leap},
		};
		const struct noon_limits_input in = {.conf = &w->conf, .reading = &r};

		w->conf.n_sources = table[i].n_sources;
		assert_int_equal(noon_limits_reason(&in), table[i].reason);
	}
	free(w);
}

static void waiting_is_named(void **state)
{
	struct world *w = begin();
	struct noon_reading r = {
		.state = NOON_STATE_UNSYNCHRONISED,
		.bound = NOON_US(1100),
		.void_after = {NOON_S(12)},
	};

	(void)state;
	expect(w, &r, NOON_CLOCK_REASON_SETTLING,
	       "bound 1.1 ms is within 5 ms: waiting until it stays so for two polls (16 s each); "
	       "it "
	       "would for 12 s, and the rate is known better with each exchange");
	r.state = NOON_STATE_ALARM;
	expect(w, &r, NOON_CLOCK_REASON_SETTLING,
	       "waiting for 4 good exchanges in a row to end the alarm");
	r.findings = 1U << NOON_FINDING_NO_MAJORITY;
	expect(w, &r, NOON_CLOCK_REASON_CONTRADICTION,
	       "sources contradict each other, or what they said before");
	r.state = NOON_STATE_OK;
	expect(w, &r, NOON_CLOCK_REASON_NONE, "");
	free(w);
}

static void a_configuration_that_can_never_be_ok_is_found(void **state)
{
	struct world *w = begin();
	struct noon_config *c = &w->conf;
	struct noon_source_conf *s = &c->source[0].engine;
	char why[NOON_LIMITS_TEXT] = "untouched";

	(void)state;
	(void)snprintf(c->source[0].host, sizeof(c->source[0].host), "a");
	(void)snprintf(c->source[1].host, sizeof(c->source[1].host), "b");
	assert_false(noon_limits_never(c, why));
	s->extra_err = NOON_MS(8);
	assert_true(noon_limits_never(c, why));
	assert_string_equal(
		why, "alert-limit 5 ms cannot be met, the bound is 8.16 ms or more: error of "
		     "the server 8 ms (source a); smaller `extra-error`, or a larger "
		     "`alert-limit`");
	/* Another source is better. */
	c->n_sources = 2;
	c->source[1].engine = noon_source_conf_default();
	(void)strcpy(why, "untouched");
	assert_false(noon_limits_never(c, why));
	assert_string_equal(why, "untouched");
	c->source[1].engine.noselect = true;
	assert_true(noon_limits_never(c, why));
	c->source[1].engine.noselect = false;
	c->source[1].engine.m_f = c->source[1].engine.m_r = NOON_MS(6);
	assert_true(noon_limits_never(c, why));
	assert_string_equal(why,
			    "alert-limit 5 ms cannot be met, the bound is 6.16 ms or more: hidden "
			    "advance 6 ms (source b); `distance-m` beside the minimum, or a larger "
			    "`alert-limit`");
	c->source[1].engine.light = NOON_MS(2);
	assert_false(noon_limits_never(c, why));
	/* 5 ppm of a poll of 2^10 s, and of as long as a burst. */
	c->source[1].engine.poll_min = c->source[0].engine.poll_min = 10;
	assert_true(noon_limits_never(c, why));
	assert_string_equal(
		why, "alert-limit 5 ms cannot be met, the bound is 9.2 ms or more: drift from "
		     "poll to poll 5.2 ms (source b); smaller `minpoll` or `wander`, or a "
		     "larger `alert-limit`");
	/* In the long run it is less. */
	c->engine.holdover = 1e-6;
	assert_true(noon_limits_never(c, why));
	assert_non_null(strstr(why, "drift from poll to poll 5.14 ms"));
	c->n_sources = 0;
	assert_false(noon_limits_never(c, why));
	free(w);
}

static void spans_have_a_unit(void **state)
{
	char t[32];

	(void)state;
	noon_limits_dur(t, sizeof(t), 999);
	assert_string_equal(t, "999 ns");
	noon_limits_dur(t, sizeof(t), NOON_US(20));
	assert_string_equal(t, "20 us");
	noon_limits_dur(t, sizeof(t), NOON_US(1250));
	assert_string_equal(t, "1.25 ms");
	noon_limits_dur(t, sizeof(t), NOON_S(300));
	assert_string_equal(t, "300 s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_that_is_too_long_is_named),
		cmocka_unit_test(what_else_is_too_large_is_named),
		cmocka_unit_test(tells_why_the_state_is_not_ok),
		cmocka_unit_test(waiting_is_named),
		cmocka_unit_test(a_configuration_that_can_never_be_ok_is_found),
		cmocka_unit_test(spans_have_a_unit),
	};

	return cmocka_run_group_tests_name("daemon/limits", tests, NULL, NULL);
}
