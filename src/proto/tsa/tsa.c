/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tsa/tsa.h"

#include <assert.h>
#include <string.h>

#define ACCEPTED ((struct noon_tsa_refusal){NOON_TSP_FAIL_NONE, NULL})

static struct noon_tsa_refusal refuse(enum noon_tsp_fail fail, const char *text)
{
	return (struct noon_tsa_refusal){fail, text};
}

/* Without a wish the first policy that accepts the digest. */
static struct noon_tsa_refusal find_policy(const struct noon_tsa_conf *conf,
					   const struct noon_tsp_request *q, size_t *ret)
{
	for (size_t i = 0; i < conf->n_policies; i++) {
		const struct noon_tsa_policy *p = &conf->policy[i];

		if (q->policy.n > 0 &&
		    !noon_bytes_equal(q->policy, noon_bytes_of(p->oid, p->oid_n)))
			continue;
		if ((p->digests >> q->imprint.digest & 1) == 0) {
			if (q->policy.n > 0)
				return refuse(NOON_TSP_BAD_ALG,
					      "the policy does not accept this digest");
			continue;
		}
		*ret = i;
		return ACCEPTED;
	}
	return q->policy.n > 0 ? refuse(NOON_TSP_UNACCEPTED_POLICY, "no such policy here")
			       : refuse(NOON_TSP_BAD_ALG, "no policy accepts this digest");
}

struct noon_tsa_refusal noon_tsa_examine(const struct noon_tsa_conf *conf, struct noon_bytes body,
					 struct noon_tsa_request *ret)
{
	struct noon_tsp_request q;
	struct noon_tsa_refusal no;
	size_t policy = 0;

	if (noon_tsp_request_decode(body, &q))
		return refuse(NOON_TSP_BAD_DATA_FORMAT, "not a TimeStampReq in DER");
	if (q.version != 1)
		return refuse(NOON_TSP_BAD_REQUEST, "version is not 1");
	if (q.imprint.digest == NOON_DIGESTS)
		return refuse(NOON_TSP_BAD_ALG, "expected SHA-256, SHA-384 or SHA-512");
	if (q.imprint.value.n != noon_digest_len(q.imprint.digest))
		return refuse(NOON_TSP_BAD_DATA_FORMAT,
			      "hashedMessage has another length than its algorithm's");
	if (q.nonce.n > NOON_TSP_NONCE_MAX)
		return refuse(NOON_TSP_BAD_REQUEST, "nonce is longer than 64 bytes");
	/* Marked critical or not (RFC 3161, 2.4.1). */
	if (q.has_extensions)
		return refuse(NOON_TSP_UNACCEPTED_EXTENSION, "extensions are not supported");
	if (q.cert_req && conf->no_certs)
		return refuse(NOON_TSP_ADD_INFO_NOT_AVAILABLE, "certificates are not given out");
	no = find_policy(conf, &q, &policy);
	if (no.fail == NOON_TSP_FAIL_NONE)
		*ret = (struct noon_tsa_request){.tsp = q, .policy = policy};
	return no;
}

bool noon_tsa_near_leap(const struct noon_tsa_clock *clock)
{
	/* A second more, for whoever carries it out a little sooner or later. */
	if (noon_time_is_never(clock->leap_from))
		return false;
	return !noon_time_before(noon_time_add(clock->latest, NOON_S(1)), clock->leap_from) &&
	       !noon_time_before(clock->leap_until, noon_time_add(clock->earliest, -NOON_S(1)));
}

/* The last digit is worth a tenth of the bound or less. */
static unsigned deserved_digits(noon_dur half, unsigned max)
{
	noon_dur quantum = NOON_S(1);
	unsigned d = 0;

	while (d < max && quantum > half / 10) {
		quantum /= 10;
		d++;
	}
	return d;
}

static noon_dur quantum_of(unsigned digits)
{
	noon_dur q = NOON_S(1);

	while (digits-- > 0)
		q /= 10;
	return q;
}

static noon_time cut(noon_time t, noon_dur quantum)
{
	const int64_t rest = t.ns % quantum;

	return noon_time_add(t, -(rest < 0 ? rest + quantum : rest));
}

struct noon_tsa_refusal noon_tsa_date(const struct noon_tsa_conf *conf, size_t policy,
				      const struct noon_tsa_clock *clock, noon_time after,
				      struct noon_tsa_date *ret)
{
	const struct noon_tsa_policy *p = &conf->policy[policy];
	const noon_dur width = noon_time_diff(clock->latest, clock->earliest);
	const noon_time middle = noon_time_add(clock->earliest, width / 2);
	struct noon_tsa_clock said;
	struct noon_tsa_date d;
	noon_dur half;
	noon_dur quantum;
	bool pushed = false;

	assert(policy < conf->n_policies);
	if (!clock->has_time || width < 0)
		return refuse(NOON_TSP_TIME_NOT_AVAILABLE, "the clock has no time to give");
	if (!clock->is_ok && !conf->holdover)
		return refuse(NOON_TSP_TIME_NOT_AVAILABLE, "the clock is not synchronised");
	d.digits = p->ordering ? conf->digits_max : deserved_digits(width / 2, conf->digits_max);
	quantum = quantum_of(d.digits);
	d.gen_time = cut(middle, quantum);
	if (p->ordering && !noon_time_before(after, d.gen_time)) {
		d.gen_time = noon_time_add(cut(after, quantum), quantum);
		pushed = true;
	}
	/* genTime may have been pushed into a leap second that the clock has yet to reach. */
	said = *clock;
	said.earliest = noon_time_min(clock->earliest, d.gen_time);
	if (noon_time_before(said.latest, d.gen_time))
		said.latest = d.gen_time;
	if (noon_tsa_near_leap(&said))
		return refuse(NOON_TSP_TIME_NOT_AVAILABLE, "a leap second is being carried out");
	half = noon_time_diff(clock->latest, d.gen_time);
	if (noon_time_diff(d.gen_time, clock->earliest) > half)
		half = noon_time_diff(d.gen_time, clock->earliest);
	d.accuracy = half <= NOON_DUR_MAX - 1000 ? (half / 1000 + (half % 1000 > 0)) * 1000
						 : NOON_DUR_MAX;
	if (d.accuracy == 0)
		d.accuracy = NOON_US(1);
	if (d.accuracy > p->accuracy)
		return refuse(
			NOON_TSP_TIME_NOT_AVAILABLE,
			pushed ? "tokens in order come faster than genTime can tell them apart"
			       : "the clock's error may exceed what the policy promises");
	*ret = d;
	return ACCEPTED;
}

struct noon_bytes noon_tsa_compose(const struct noon_tsa_conf *conf,
				   const struct noon_tsa_request *r, const struct noon_tsa_date *d,
				   struct noon_bytes serial, uint8_t *out, size_t n)
{
	const struct noon_tsa_policy *p = &conf->policy[r->policy];
	const struct noon_tst_info t = {
		.policy = noon_bytes_of(p->oid, p->oid_n),
		.imprint = r->tsp.imprint,
		.serial = serial,
		.gen_time = d->gen_time,
		.digits = (uint8_t)d->digits,
		.has_accuracy = true,
		.accuracy = d->accuracy,
		.ordering = p->ordering,
		.nonce = r->tsp.nonce,
		.tsa = conf->name,
	};
	struct noon_der_wr w = noon_der_wr_over(out, n);

	assert(serial.n <= NOON_TSP_SERIAL_MAX);
	noon_tst_info_encode(&w, &t);
	return noon_der_wr_written(&w);
}
