/* SPDX-License-Identifier: Apache-2.0
 *
 * Asking a time-stamp authority what time it is: it stamps a random digest, and its genTime is
 * between the request's departure and the answer's arrival.
 *
 * Each request blocks the loop until its answer or its time-out; nothing else waits on it.
 */
#include <stdio.h>
#include <string.h>

#include "ask/asker_priv.h"

/* Beyond these an answer is of no use, and arithmetic with it would be at the ends of its range. */
#define AWAY_MAX     NOON_S(INT64_C(68) * 366 * 86400)
#define ACCURACY_MAX NOON_S(86400)

static noon_time now(void *arg)
{
	const struct noon_asker *a = arg;

	return noon_clock_now(a->clock);
}

/* genTime may have been cut off behind its last digit, so it is taken in the middle of what it may
 * have been; both halves are in the error. Rounds outward. */
static struct noon_sample sample_of(const struct noon_asker *a,
				    const struct noon_http_answer *reply)
{
	const struct noon_tst_info *t = &a->tsp.token.answer.info;
	const noon_dur unit = noon_tsp_info_unit(t);
	const noon_dur accuracy = t->has_accuracy ? t->accuracy : a->conf.tsp->accuracy;
	struct noon_sample s = {
		.t1 = reply->t1,
		.t2 = noon_time_add(t->gen_time, unit / 2),
		.t4 = reply->t4,
		.server_err = noon_sat_add(accuracy, (unit + 1) / 2),
		.source = a->conf.source,
		.leap = NOON_LEAP_NONE,
		.tx_stamp = NOON_STAMP_USER,
		.rx_stamp = NOON_STAMP_USER,
		.stratum = 1,
		.authenticated = a->tsp.token.verified,
	};

	s.t3 = s.t2;
	for (noon_dur d = unit; d < NOON_S(1); d *= 2)
		s.precision--;
	return s;
}

/* @return NULL and a sample, or why not */
static const char *exchange(struct noon_asker *a, struct noon_sample *ret)
{
	struct noon_asker_authority *q = &a->tsp;
	uint8_t request[NOON_TSP_REQUEST_MAX];
	uint8_t value[NOON_DIGEST_MAX];
	struct noon_http_answer reply;
	struct noon_tsp_ask ask;

	noon_rng_fill(&a->entropy.rng, value, sizeof(value));
	if (noon_tsp_ask_init(&ask, NOON_DIGEST_SHA256, value, a->conf.tsp->policy,
			      &a->entropy.rng))
		return "the policy is no object identifier";
	ask.needs_accuracy = a->conf.tsp->accuracy == NOON_DUR_MAX;
	if (noon_http_post_send(q->post, noon_tsp_ask_write(&ask, request), &reply, q->why))
		return q->why;
	noon_tsp_token_judge(reply.body, &ask, q->trust, NULL, &q->token);
	if (!q->token.good)
		return q->token.why;
	*ret = sample_of(a, &reply);
	if (ret->server_err > ACCURACY_MAX)
		return "it claims an accuracy of more than a day";
	if (noon_dur_abs(noon_time_diff(ret->t2, ret->t1)) > AWAY_MAX)
		return "its time is more than 68 years away";
	return NULL;
}

static void on_timer(void *arg)
{
	struct noon_asker *a = arg;
	struct noon_sample s;
	const noon_time begun = noon_clock_now(a->clock);
	const char *why = exchange(a, &s);

	if (why == NULL)
		a->on_sample(a->arg, &s);
	else
		a->on_miss(a->arg, why);
	noon_asker_arm_next(a, &a->tsp.timer, begun);
}

noon_err noon_asker_tsp_init(struct noon_asker *a, const char **ret_why)
{
	const struct noon_asker_tsp *c = a->conf.tsp;
	const struct noon_ts_trust_conf trust = {.ca = a->conf.ca, .untrusted = c->untrusted};
	const struct noon_http_post_conf post = {
		.url = c->url,
		.type = NOON_TSP_QUERY_TYPE,
		.reply_type = NOON_TSP_REPLY_TYPE,
		.tls_ca = c->tls_ca,
		.family = a->conf.family,
		.timeout = a->conf.timeout,
		.now = now,
		.arg = a,
	};
	struct noon_ts_why why;
	noon_err err = NOON_OK;

	a->tsp.timer = (struct noon_timer){.fire = on_timer, .arg = a};
	if (trust.ca != NULL)
		err = noon_ts_trust_load(&trust, &a->tsp.trust, &why);
	if (err) {
		(void)snprintf(a->tsp.why, sizeof(a->tsp.why), "%s", why.text);
		*ret_why = a->tsp.why;
		return err;
	}
	err = noon_http_post_new(&post, &a->tsp.post);
	*ret_why = noon_err_text(err);
	return err;
}

void noon_asker_tsp_start(struct noon_asker *a)
{
	noon_loop_arm(a->loop, &a->tsp.timer, 0);
}

void noon_asker_tsp_fini(struct noon_asker *a)
{
	if (a->tsp.timer.fire != NULL)
		noon_loop_disarm(&a->tsp.timer);
	noon_http_post_free(a->tsp.post);
	noon_ts_trust_free(a->tsp.trust);
}
