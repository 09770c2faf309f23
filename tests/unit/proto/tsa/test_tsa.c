/* SPDX-License-Identifier: Apache-2.0
 *
 * What a time-stamp authority grants, refuses and promises.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "base/rng.h"
#include "proto/tsa/tsa.h"

static struct noon_tsa_conf conf_of(void)
{
	struct noon_tsa_conf c = {.n_policies = 2, .digits_max = 6};

	assert_int_equal(noon_oid_parse("1.2.3.1", c.policy[0].oid, &c.policy[0].oid_n), NOON_OK);
	assert_int_equal(noon_oid_parse("1.2.3.2", c.policy[1].oid, &c.policy[1].oid_n), NOON_OK);
	c.policy[0].accuracy = NOON_S(1);
	c.policy[0].digests = 1U << NOON_DIGEST_SHA256 | 1U << NOON_DIGEST_SHA512;
	c.policy[1].accuracy = NOON_MS(1);
	c.policy[1].digests = 1U << NOON_DIGEST_SHA384;
	c.policy[1].ordering = true;
	return c;
}

struct ask {
	enum noon_digest digest;
	size_t len;
	const char *policy;
	size_t nonce;
	bool cert_req;
};

/* A request as DER, at the end of buf. */
static struct noon_bytes body_of(const struct ask *a, uint8_t *buf, size_t n)
{
	static const uint8_t zeros[128];
	static uint8_t ones[128];
	uint8_t oid[NOON_OID_MAX];
	struct noon_der_wr w = noon_der_wr_over(buf, n);
	struct noon_tsp_request q = {.cert_req = a->cert_req};
	size_t oid_n = 0;

	memset(ones, 1, sizeof(ones));
	q.imprint.digest = a->digest;
	q.imprint.value = noon_bytes_of(zeros, a->len);
	q.nonce = noon_bytes_of(ones, a->nonce);
	if (a->policy != NULL)
		assert_int_equal(noon_oid_parse(a->policy, oid, &oid_n), NOON_OK);
	q.policy = noon_bytes_of(oid, oid_n);
	noon_tsp_request_encode(&w, &q);
	assert_true(noon_der_wr_ok(&w));
	return noon_der_wr_written(&w);
}

static struct noon_tsa_refusal examined(const struct noon_tsa_conf *c, const struct ask *a,
					struct noon_tsa_request *r)
{
	static uint8_t buf[1024];

	return noon_tsa_examine(c, body_of(a, buf, sizeof(buf)), r);
}

static void requests_find_their_policy(void **state)
{
	const struct noon_tsa_conf c = conf_of();
	static const struct {
		struct ask ask;
		enum noon_tsp_fail fail;
		size_t policy;
	} table[] = {
		{{NOON_DIGEST_SHA256, 32, NULL, 8, true}, NOON_TSP_FAIL_NONE, 0},
		{{NOON_DIGEST_SHA512, 64, NULL, 0, false}, NOON_TSP_FAIL_NONE, 0},
		{{NOON_DIGEST_SHA384, 48, NULL, 0, false}, NOON_TSP_FAIL_NONE, 1},
		{{NOON_DIGEST_SHA256, 32, "1.2.3.1", 0, false}, NOON_TSP_FAIL_NONE, 0},
		{{NOON_DIGEST_SHA384, 48, "1.2.3.2", 64, false}, NOON_TSP_FAIL_NONE, 1},
		{{NOON_DIGEST_SHA256, 32, "1.2.3.2", 0, false}, NOON_TSP_BAD_ALG, 0},
		{{NOON_DIGEST_SHA256, 32, "1.2.3.3", 0, false}, NOON_TSP_UNACCEPTED_POLICY, 0},
		{{NOON_DIGEST_SHA256, 31, NULL, 0, false}, NOON_TSP_BAD_DATA_FORMAT, 0},
		{{NOON_DIGEST_SHA256, 48, NULL, 0, false}, NOON_TSP_BAD_DATA_FORMAT, 0},
		{{NOON_DIGEST_SHA256, 0, NULL, 0, false}, NOON_TSP_BAD_DATA_FORMAT, 0},
		{{NOON_DIGEST_SHA256, 32, NULL, 65, false}, NOON_TSP_BAD_REQUEST, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_tsa_request r = {0};
		const struct noon_tsa_refusal no = examined(&c, &table[i].ask, &r);

		assert_int_equal(no.fail, table[i].fail);
		assert_true((no.text == NULL) == (no.fail == NOON_TSP_FAIL_NONE));
		assert_int_equal(r.policy, table[i].policy);
	}
}

static void certificates_can_be_withheld(void **state)
{
	struct noon_tsa_conf c = conf_of();
	struct ask a = {NOON_DIGEST_SHA256, 32, NULL, 0, true};
	struct noon_tsa_request r;

	(void)state;
	c.no_certs = true;
	assert_int_equal(examined(&c, &a, &r).fail, NOON_TSP_ADD_INFO_NOT_AVAILABLE);
	a.cert_req = false;
	assert_int_equal(examined(&c, &a, &r).fail, NOON_TSP_FAIL_NONE);
}

/* The request of the table with members put in by hand. */
static enum noon_tsp_fail fail_of(const uint8_t *raw, size_t n)
{
	const struct noon_tsa_conf c = conf_of();
	struct noon_tsa_request r;

	return noon_tsa_examine(&c, noon_bytes_of(raw, n), &r).fail;
}

static void odd_requests_get_their_fail_info(void **state)
{
	uint8_t buf[128];
	uint8_t raw[128];
	const struct ask a = {NOON_DIGEST_SHA256, 32, NULL, 0, false};
	const struct noon_bytes good = body_of(&a, buf, sizeof(buf));
	static const uint8_t extension[] = {0xa0, 2, 0x30, 0};

	(void)state;
	memcpy(raw, good.p, good.n);
	raw[4] = 2; /* version */
	assert_int_equal(fail_of(raw, good.n), NOON_TSP_BAD_REQUEST);
	memcpy(raw, good.p, good.n);
	raw[19] = 9; /* the last number of the digest's identifier */
	assert_int_equal(fail_of(raw, good.n), NOON_TSP_BAD_ALG);
	memcpy(raw, good.p, good.n);
	memcpy(raw + good.n, extension, sizeof(extension));
	raw[1] = (uint8_t)(raw[1] + sizeof(extension));
	assert_int_equal(fail_of(raw, good.n + sizeof(extension)), NOON_TSP_UNACCEPTED_EXTENSION);
	assert_int_equal(fail_of(raw, good.n), NOON_TSP_BAD_DATA_FORMAT);
	assert_int_equal(fail_of(raw, 0), NOON_TSP_BAD_DATA_FORMAT);
}

static struct noon_tsa_clock clock_of(noon_time utc, noon_dur half)
{
	return (struct noon_tsa_clock){.earliest = noon_time_add(utc, -half),
				       .latest = noon_time_add(utc, half),
				       .has_time = true,
				       .is_ok = true,
				       .leap_from = NOON_TIME_NEVER,
				       .leap_until = NOON_TIME_NEVER};
}

#define NOW ((noon_time){INT64_C(1795354291123456789)})

static void no_time_no_token(void **state)
{
	struct noon_tsa_conf c = conf_of();
	struct noon_tsa_clock clock = clock_of(NOW, NOON_US(10));
	struct noon_tsa_date d;

	(void)state;
	assert_int_equal(noon_tsa_date(&c, 0, &clock, NOON_TIME_FIRST, &d).fail,
			 NOON_TSP_FAIL_NONE);
	clock.is_ok = false;
	assert_int_equal(noon_tsa_date(&c, 0, &clock, NOON_TIME_FIRST, &d).fail,
			 NOON_TSP_TIME_NOT_AVAILABLE);
	c.holdover = true;
	assert_int_equal(noon_tsa_date(&c, 0, &clock, NOON_TIME_FIRST, &d).fail,
			 NOON_TSP_FAIL_NONE);
	clock.has_time = false;
	assert_int_equal(noon_tsa_date(&c, 0, &clock, NOON_TIME_FIRST, &d).fail,
			 NOON_TSP_TIME_NOT_AVAILABLE);
}

static void the_policys_accuracy_is_the_limit(void **state)
{
	const struct noon_tsa_conf c = conf_of();
	struct noon_tsa_clock clock = clock_of(NOW, NOON_US(998));
	struct noon_tsa_date d;

	(void)state;
	assert_int_equal(noon_tsa_date(&c, 1, &clock, NOON_TIME_FIRST, &d).fail,
			 NOON_TSP_FAIL_NONE);
	assert_true(d.accuracy <= NOON_MS(1));
	clock = clock_of(NOW, NOON_US(1000));
	assert_int_equal(noon_tsa_date(&c, 1, &clock, NOON_TIME_FIRST, &d).fail,
			 NOON_TSP_TIME_NOT_AVAILABLE);
	assert_int_equal(noon_tsa_date(&c, 0, &clock, NOON_TIME_FIRST, &d).fail,
			 NOON_TSP_FAIL_NONE);
}

static void digits_follow_the_bound(void **state)
{
	static const struct {
		noon_dur half;
		unsigned digits;
	} table[] = {{NOON_MS(500), 2}, {NOON_MS(99), 3}, {NOON_MS(100), 2}, {NOON_US(500), 5},
		     {NOON_US(100), 5}, {NOON_US(10), 6}, {NOON_US(1), 6},   {10, 6}};
	struct noon_tsa_conf c = conf_of();
	struct noon_tsa_date d;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct noon_tsa_clock clock = clock_of(NOW, table[i].half);

		assert_int_equal(noon_tsa_date(&c, 0, &clock, NOON_TIME_FIRST, &d).fail,
				 NOON_TSP_FAIL_NONE);
		assert_int_equal(d.digits, table[i].digits);
	}
	c.digits_max = 9;
	const struct noon_tsa_clock exact = clock_of(NOW, 0);

	assert_int_equal(noon_tsa_date(&c, 0, &exact, NOON_TIME_FIRST, &d).fail,
			 NOON_TSP_FAIL_NONE);
	assert_int_equal(d.digits, 9);
	assert_true(d.accuracy == NOON_US(1));
}

/* The promise of a token: every instant of the clock's interval is within its accuracy. */
static void the_interval_is_inside_the_accuracy(void **state)
{
	static const int64_t quantum[] = {1000000000, 100000000, 10000000, 1000000, 100000,
					  10000,      1000,	 100,	   10,	    1};
	struct noon_tsa_conf c = conf_of();
	struct noon_rng rng = noon_rng_seeded(3161);

	(void)state;
	c.policy[1].accuracy = NOON_S(1);
	for (int i = 0; i < 200000; i++) {
		const noon_time utc = {(int64_t)(noon_rng_u64(&rng) >> 2)};
		const noon_dur half = (noon_dur)(noon_rng_u64(&rng) >> (34 + i % 29));
		const noon_dur shift = (noon_dur)(noon_rng_u64(&rng) >> 44) - (1 << 19);
		const struct noon_tsa_clock clock = clock_of(utc, half);
		const size_t policy = (size_t)(i % 2);
		struct noon_tsa_date d;

		c.digits_max = (unsigned)(i % 10);
		if (noon_tsa_date(&c, policy, &clock, noon_time_add(utc, shift), &d).fail !=
		    NOON_TSP_FAIL_NONE)
			continue;
		assert_true(d.accuracy <= NOON_S(1) && d.accuracy % 1000 == 0);
		assert_true(noon_time_diff(clock.latest, d.gen_time) <= d.accuracy);
		assert_true(noon_time_diff(d.gen_time, clock.earliest) <= d.accuracy);
		if (policy == 1)
			assert_true(noon_time_before(noon_time_add(utc, shift), d.gen_time));
		assert_true(d.gen_time.ns % quantum[d.digits] == 0);
	}
}

static void leap_seconds_are_passed_over(void **state)
{
	const struct noon_tsa_conf c = conf_of();
	const noon_time midnight = {noon_calendar_days(2017, 1, 1) * NOON_S_PER_DAY *
				    NOON_NS_PER_SEC};
	static const struct {
		noon_dur from_midnight;
		bool near;
	} table[] = {{-NOON_S(10), false},
		     {-NOON_MS(2020), false},
		     {-NOON_MS(1999), true},
		     {-NOON_MS(500), true},
		     {0, true},
		     {NOON_MS(999), true},
		     {NOON_MS(1020), false},
		     {NOON_S(10), false}};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const noon_time utc = noon_time_add(midnight, table[i].from_midnight);
		struct noon_tsa_clock clock = clock_of(utc, NOON_MS(10));
		struct noon_tsa_date d;

		assert_false(noon_tsa_near_leap(&clock));
		clock.leap_from = noon_time_add(midnight, -NOON_S(1));
		clock.leap_until = midnight;
		assert_int_equal(noon_tsa_near_leap(&clock), table[i].near);
		assert_int_equal(noon_tsa_date(&c, 0, &clock, NOON_TIME_FIRST, &d).fail,
				 table[i].near ? NOON_TSP_TIME_NOT_AVAILABLE : NOON_TSP_FAIL_NONE);
		/* Due and not carried out: nobody knows how long it will take. */
		clock.leap_until = NOON_TIME_NEVER;
		assert_int_equal(noon_tsa_near_leap(&clock),
				 table[i].near || table[i].from_midnight > 0);
	}
}

/* Ordering must not carry genTime into or across a leap second. */
static void order_does_not_cross_a_leap_second(void **state)
{
	struct noon_tsa_conf c = conf_of();
	const noon_time midnight = {noon_calendar_days(2017, 1, 1) * NOON_S_PER_DAY *
				    NOON_NS_PER_SEC};
	struct noon_tsa_clock clock = clock_of(noon_time_add(midnight, -NOON_S(4)), NOON_MS(2));
	struct noon_tsa_date d;

	(void)state;
	c.policy[1].accuracy = NOON_S(10);
	clock.leap_from = noon_time_add(midnight, -NOON_S(1));
	clock.leap_until = NOON_TIME_NEVER;
	assert_int_equal(
		noon_tsa_date(&c, 1, &clock, noon_time_add(midnight, NOON_MS(500)), &d).fail,
		NOON_TSP_TIME_NOT_AVAILABLE);
	assert_int_equal(
		noon_tsa_date(&c, 1, &clock, noon_time_add(midnight, -NOON_MS(900)), &d).fail,
		NOON_TSP_TIME_NOT_AVAILABLE);
	assert_int_equal(noon_tsa_date(&c, 1, &clock, noon_time_add(midnight, -NOON_S(3)), &d).fail,
			 NOON_TSP_FAIL_NONE);
}

/* Two requests within a microsecond, or a clock that has not moved: what is later says so. */
static void equal_times_are_told_apart_in_order(void **state)
{
	const struct noon_tsa_conf c = conf_of();
	const struct noon_tsa_clock clock = clock_of(NOW, NOON_US(10));
	struct noon_tsa_date first, second, third;

	(void)state;
	assert_int_equal(noon_tsa_date(&c, 1, &clock, NOON_TIME_FIRST, &first).fail,
			 NOON_TSP_FAIL_NONE);
	assert_int_equal(noon_tsa_date(&c, 1, &clock, first.gen_time, &second).fail,
			 NOON_TSP_FAIL_NONE);
	assert_int_equal(noon_tsa_date(&c, 1, &clock, second.gen_time, &third).fail,
			 NOON_TSP_FAIL_NONE);
	assert_int_equal(noon_time_diff(second.gen_time, first.gen_time), 1000);
	assert_int_equal(noon_time_diff(third.gen_time, second.gen_time), 1000);
	assert_true(noon_time_diff(third.gen_time, clock.earliest) <= third.accuracy);
	/* Without order they may be equal. */
	assert_int_equal(noon_tsa_date(&c, 0, &clock, NOON_TIME_FIRST, &first).fail,
			 NOON_TSP_FAIL_NONE);
	assert_int_equal(noon_tsa_date(&c, 0, &clock, first.gen_time, &second).fail,
			 NOON_TSP_FAIL_NONE);
	assert_int_equal(noon_time_diff(second.gen_time, first.gen_time), 0);
}

static void a_token_repeats_its_request(void **state)
{
	const struct noon_tsa_conf c = conf_of();
	const struct ask a = {NOON_DIGEST_SHA384, 48, NULL, 16, true};
	const struct noon_tsa_clock clock = clock_of(NOW, NOON_US(42));
	uint8_t buf[1024];
	uint8_t tst[NOON_TST_INFO_MAX];
	struct noon_tsa_request r;
	struct noon_tsa_date d;
	struct noon_tst_info t;
	struct noon_bytes out;

	(void)state;
	assert_int_equal(noon_tsa_examine(&c, body_of(&a, buf, sizeof(buf)), &r).fail,
			 NOON_TSP_FAIL_NONE);
	assert_int_equal(noon_tsa_date(&c, r.policy, &clock, NOON_TIME_FIRST, &d).fail,
			 NOON_TSP_FAIL_NONE);
	out = noon_tsa_compose(&c, &r, &d, noon_bytes_of("\x01\x02", 2), tst, sizeof(tst));
	assert_int_equal(noon_tst_info_decode(out, &t), NOON_OK);
	assert_true(noon_bytes_equal(t.imprint.whole, r.tsp.imprint.whole));
	assert_true(noon_bytes_equal(t.nonce, r.tsp.nonce));
	assert_true(noon_bytes_equal(t.policy, noon_bytes_of(c.policy[1].oid, c.policy[1].oid_n)));
	assert_true(t.ordering);
	assert_true(t.gen_time.ns == d.gen_time.ns);
	assert_true(t.accuracy == d.accuracy);
	assert_int_equal(noon_tsa_compose(&c, &r, &d, noon_bytes_of("\x01\x02", 2), tst, 20).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_find_their_policy),
		cmocka_unit_test(certificates_can_be_withheld),
		cmocka_unit_test(odd_requests_get_their_fail_info),
		cmocka_unit_test(no_time_no_token),
		cmocka_unit_test(the_policys_accuracy_is_the_limit),
		cmocka_unit_test(digits_follow_the_bound),
		cmocka_unit_test(the_interval_is_inside_the_accuracy),
		cmocka_unit_test(leap_seconds_are_passed_over),
		cmocka_unit_test(order_does_not_cross_a_leap_second),
		cmocka_unit_test(equal_times_are_told_apart_in_order),
		cmocka_unit_test(a_token_repeats_its_request),
	};

	return cmocka_run_group_tests_name("proto/tsa", tests, NULL, NULL);
}
