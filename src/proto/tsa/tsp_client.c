/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tsa/tsp_client.h"

#include <assert.h>
#include <string.h>

#include "wire/cms.h"

static const struct {
	const char *word;
	const char *text;
} reasons[NOON_TSP_REASONS] = {
#define REASON(name, word, text) [NOON_TSP_REASON_##name] = {word, text},
	NOON_TSP_REASON_LIST(REASON)
#undef REASON
};

const char *noon_tsp_reason_word(enum noon_tsp_reason r)
{
	return (unsigned)r < NOON_TSP_REASONS ? reasons[r].word : "unknown";
}

const char *noon_tsp_reason_text(enum noon_tsp_reason r)
{
	return (unsigned)r < NOON_TSP_REASONS ? reasons[r].text : "unknown";
}

noon_err noon_tsp_ask_init(struct noon_tsp_ask *a, enum noon_digest digest, const uint8_t *value,
			   const char *policy, struct noon_rng *rng)
{
	struct noon_tsp_ask made = {.digest = digest, .has_nonce = true};
	const noon_err err =
		policy == NULL ? NOON_OK : noon_oid_parse(policy, made.policy, &made.policy_n);

	if (err)
		return err;
	memcpy(made.value, value, noon_digest_len(digest));
	noon_rng_fill(rng, made.nonce, sizeof(made.nonce));
	/* An INTEGER in its shortest form that is positive, of the same length each time. */
	made.nonce[0] = (uint8_t)((made.nonce[0] & 0x3f) | 0x40);
	*a = made;
	return NOON_OK;
}

struct noon_bytes noon_tsp_ask_write(const struct noon_tsp_ask *a,
				     uint8_t out[NOON_TSP_REQUEST_MAX])
{
	struct noon_der_wr w = noon_der_wr_over(out, NOON_TSP_REQUEST_MAX);
	struct noon_tsp_request r = {.cert_req = true};

	r.imprint.digest = a->digest;
	r.imprint.value = noon_bytes_of(a->value, noon_digest_len(a->digest));
	r.policy = noon_bytes_of(a->policy, a->policy_n);
	r.nonce = noon_bytes_of(a->nonce, a->has_nonce ? sizeof(a->nonce) : 0);
	noon_tsp_request_encode(&w, &r);
	assert(noon_der_wr_ok(&w));
	return noon_der_wr_written(&w);
}

/* We know no extension, so a critical one is a reason to refuse (RFC 3161, 2.4.2; RFC 5280, 4.2);
 * one that is malformed might be critical. */
static bool has_critical(const struct noon_tst_info *t)
{
	struct noon_rd rd = noon_rd_bytes(t->extensions);
	struct noon_rd in;
	struct noon_bytes skipped;
	bool critical = false;

	while (noon_rd_left(&rd) > 0) {
		if (noon_der_enter(&rd, NOON_DER_SEQUENCE, &in) || noon_der_oid(&in, &skipped))
			return true;
		if (noon_der_peek(&in) == NOON_DER_BOOLEAN && noon_der_bool(&in, &critical))
			return true;
		if (critical || noon_der_get(&in, NOON_DER_OCTET_STRING, &skipped) ||
		    noon_rd_left(&in) > 0)
			return true;
	}
	return false;
}

static enum noon_tsp_reason read_token(struct noon_tsp_answer *a)
{
	noon_err err;

	if (noon_cms_token_content(a->token, &a->tst_info))
		return NOON_TSP_REASON_CONTENT;
	err = noon_tst_info_decode(a->tst_info, &a->info);
	if (err)
		return err == NOON_ERR_UNSUPPORTED ? NOON_TSP_REASON_VERSION : NOON_TSP_REASON_INFO;
	if (a->info.has_extensions && has_critical(&a->info))
		return NOON_TSP_REASON_EXTENSION;
	if (a->info.imprint.digest == NOON_DIGESTS)
		return NOON_TSP_REASON_DIGEST;
	return a->info.imprint.value.n == noon_digest_len(a->info.imprint.digest)
		       ? NOON_TSP_REASON_GOOD
		       : NOON_TSP_REASON_INFO;
}

/* A response begins with a SEQUENCE, its status; a token with an object identifier. */
static bool is_token(struct noon_bytes der)
{
	struct noon_rd rd = noon_rd_bytes(der);
	struct noon_rd in;

	return noon_der_enter(&rd, NOON_DER_SEQUENCE, &in) == NOON_OK &&
	       noon_der_peek(&in) == NOON_DER_OID;
}

static enum noon_tsp_reason read_response(struct noon_bytes der, struct noon_tsp_answer *a)
{
	struct noon_tsp_response r;

	if (noon_tsp_response_decode(der, &r))
		return NOON_TSP_REASON_FORMAT;
	a->is_response = true;
	a->status = r.status;
	a->fail = r.fail;
	a->text = r.text;
	/* With another status there must be no token (RFC 3161, 2.4.2), and one is not looked at.
	 */
	if (r.status != NOON_TSP_GRANTED && r.status != NOON_TSP_GRANTED_WITH_MODS)
		return NOON_TSP_REASON_REFUSED;
	if (r.token.n == 0)
		return NOON_TSP_REASON_NO_TOKEN;
	a->token = r.token;
	return read_token(a);
}

enum noon_tsp_reason noon_tsp_answer_read(struct noon_bytes der, struct noon_tsp_answer *ret)
{
	*ret = (struct noon_tsp_answer){.reason = NOON_TSP_REASON_FORMAT};
	if (der.n == 0)
		return ret->reason;
	if (is_token(der)) {
		ret->token = der;
		ret->reason = read_token(ret);
	} else {
		ret->reason = read_response(der, ret);
	}
	return ret->reason;
}

static enum noon_tsp_reason match(const struct noon_tsp_ask *a, const struct noon_tst_info *t)
{
	const struct noon_bytes value = noon_bytes_of(a->value, noon_digest_len(a->digest));

	if (t->imprint.digest != a->digest || !noon_bytes_equal(t->imprint.value, value))
		return NOON_TSP_REASON_IMPRINT;
	if (a->has_nonce && !noon_bytes_equal(t->nonce, noon_bytes_of(a->nonce, sizeof(a->nonce))))
		return NOON_TSP_REASON_NONCE;
	if (a->policy_n > 0 && !noon_bytes_equal(t->policy, noon_bytes_of(a->policy, a->policy_n)))
		return NOON_TSP_REASON_POLICY;
	if (a->needs_accuracy && !t->has_accuracy)
		return NOON_TSP_REASON_ACCURACY;
	return NOON_TSP_REASON_GOOD;
}

enum noon_tsp_reason noon_tsp_answer_match(const struct noon_tsp_ask *a,
					   struct noon_tsp_answer *answer)
{
	if (answer->reason == NOON_TSP_REASON_GOOD)
		answer->reason = match(a, &answer->info);
	return answer->reason;
}

bool noon_tsp_info_interval(const struct noon_tst_info *t, noon_time *ret_earliest,
			    noon_time *ret_latest)
{
	if (!t->has_accuracy)
		return false;
	*ret_earliest = (noon_time){noon_sat_sub(t->gen_time.ns, t->accuracy)};
	*ret_latest = noon_time_add(t->gen_time, t->accuracy);
	return true;
}

noon_dur noon_tsp_info_unit(const struct noon_tst_info *t)
{
	noon_dur unit = NOON_S(1);

	for (unsigned i = 0; i < t->digits && unit > 1; i++)
		unit /= 10;
	return unit;
}
