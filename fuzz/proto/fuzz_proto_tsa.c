/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: whatever is asked of whichever clock, an authority refuses, or says a time that is
 * within the accuracy it claims and the policy promises, of what was asked; and its client takes
 * that for the answer, and nothing else for one.
 *
 * The input: policy and clock, then the request.
 */
#include <assert.h>
#include <string.h>

#include "input.h"
#include "proto/tsa/tsa.h"
#include "proto/tsa/tsp_client.h"

static void set_conf(struct input *in, struct noon_tsa_conf *ret)
{
	const uint8_t how = input_u8(in);
	struct noon_tsa_conf c = {.n_policies = 1 + (how & 1U), .digits_max = (how >> 1) % 10U};

	for (size_t i = 0; i < c.n_policies; i++) {
		struct noon_tsa_policy *p = &c.policy[i];

		p->oid[0] = 42;
		p->oid[1] = 3;
		p->oid[2] = (uint8_t)(i + 1);
		p->oid_n = 3;
		p->accuracy = 1 + (noon_dur)(input_u(in, 4));
		p->digests = input_u8(in) & 7U;
		p->ordering = i == 1;
	}
	c.holdover = (how & 64) != 0;
	c.no_certs = (how & 128) != 0;
	*ret = c;
}

static struct noon_tsa_clock clock_of(struct input *in)
{
	const uint8_t how = input_u8(in);
	const noon_time t = {input_i64(in)};
	const noon_dur half = (noon_dur)input_u(in, 5);

	return (struct noon_tsa_clock){
		.earliest = noon_time_add(t, -half),
		.latest = noon_time_add(t, half),
		.has_time = (how & 1) == 0,
		.is_ok = (how & 2) == 0,
		.leap_from = (how & 4) != 0 ? noon_time_add(t, NOON_S(how >> 3) - NOON_S(16))
					    : NOON_TIME_NEVER,
		.leap_until = (how & 4) != 0 ? noon_time_add(t, NOON_S(how >> 3) - NOON_S(14))
					     : NOON_TIME_NEVER,
	};
}

/* Times that GeneralizedTime and int64 both have, with room around them. */
static bool is_usual(const struct noon_tsa_clock *c)
{
	return c->earliest.ns > -NOON_S(INT64_C(9000000000)) &&
	       c->latest.ns < NOON_S(INT64_C(9000000000));
}

static void granted(const struct noon_tsa_conf *c, const struct noon_tsa_request *r,
		    const struct noon_tsa_clock *clock, const struct noon_tsa_date *d)
{
	static uint8_t out[8192];
	const struct noon_bytes der =
		noon_tsa_compose(c, r, d, noon_bytes_of("\x01", 1), out, sizeof(out));
	struct noon_tst_info t;

	assert(der.n > 0);
	assert(noon_tst_info_decode(der, &t) == NOON_OK);
	assert(noon_bytes_equal(t.imprint.whole, r->tsp.imprint.whole));
	assert(noon_bytes_equal(t.nonce, r->tsp.nonce));
	assert(t.gen_time.ns == d->gen_time.ns && t.accuracy == d->accuracy);
	assert(t.has_accuracy && t.accuracy <= c->policy[r->policy].accuracy);
	assert(noon_time_diff(clock->latest, t.gen_time) <= t.accuracy);
	assert(noon_time_diff(t.gen_time, clock->earliest) <= t.accuracy);
	assert(clock->has_time && (clock->is_ok || c->holdover));
	assert(!noon_tsa_near_leap(clock));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size < 4096 ? size : 4096};
	static struct noon_tsa_conf conf;
	struct noon_tsa_clock clock;
	struct noon_bytes body;
	noon_time after;
	const struct noon_tsp_ask ask = {.digest = NOON_DIGEST_SHA256, .has_nonce = true};
	struct noon_tsp_answer answer;
	struct noon_tsa_request r;
	struct noon_tsa_date d;

	set_conf(&in, &conf);
	clock = clock_of(&in);
	after.ns = input_i64(&in);
	body = noon_bytes_of(in.p, in.n);
	(void)noon_tsp_answer_read(body, &answer);
	if (noon_tsp_answer_match(&ask, &answer) == NOON_TSP_REASON_GOOD)
		assert(answer.info.nonce.n == NOON_TSP_ASK_NONCE);
	if (!is_usual(&clock) || noon_tsa_examine(&conf, body, &r).fail != NOON_TSP_FAIL_NONE)
		return 0;
	assert(r.policy < conf.n_policies);
	if (noon_tsa_date(&conf, r.policy, &clock, after, &d).fail == NOON_TSP_FAIL_NONE)
		granted(&conf, &r, &clock, &d);
	return 0;
}
