/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests for time stamps, and every way in which an answer is not an answer to them. Signatures
 * are made up: they are not looked at here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "proto/tsa/tsp_client.h"
#include "wire/cms.h"

#define POLICY "1.2.3.1"
#define NOW    ((noon_time){INT64_C(1795354291123456000)})

struct reply {
	uint8_t buf[1024];
	struct noon_bytes der;
	size_t token_n;
};

static struct noon_tsp_ask asked(const char *policy)
{
	struct noon_rng rng = noon_rng_seeded(3161);
	struct noon_tsp_ask a;
	uint8_t value[32];

	memset(value, 7, sizeof(value));
	assert_int_equal(noon_tsp_ask_init(&a, NOON_DIGEST_SHA256, value, policy, &rng), NOON_OK);
	return a;
}

/* What a token must say to be the answer. */
static struct noon_tst_info right(const struct noon_tsp_ask *a, uint8_t oid[NOON_OID_MAX])
{
	struct noon_tst_info t = {
		.gen_time = NOW, .digits = 6, .has_accuracy = true, .accuracy = NOON_MS(1)};
	size_t n;

	assert_int_equal(noon_oid_parse(POLICY, oid, &n), NOON_OK);
	t.policy = noon_bytes_of(oid, n);
	t.imprint.digest = a->digest;
	t.imprint.value = noon_bytes_of(a->value, noon_digest_len(a->digest));
	t.serial = noon_bytes_of("\x05", 1);
	t.nonce = noon_bytes_of(a->nonce, sizeof(a->nonce));
	return t;
}

static void wrap_token(struct reply *r, struct noon_bytes content)
{
	static const uint8_t name[] = {0x30, 0}, serial[] = {2, 1, 9}, alg[] = {0x30, 3, 6, 1, 42};
	struct noon_cms_signer signer = {.issuer = noon_bytes_of(name, sizeof(name)),
					 .serial = noon_bytes_of(serial, sizeof(serial)),
					 .digest = NOON_DIGEST_SHA256,
					 .signature_alg = noon_bytes_of(alg, sizeof(alg))};
	struct noon_cms_template template;
	struct noon_der_wr w = noon_der_wr_over(r->buf, sizeof(r->buf));
	uint8_t attrs[NOON_CMS_ATTRS_MAX];
	uint8_t digest[32] = {0};

	assert_int_equal(noon_cms_template_init(&template, &signer), NOON_OK);
	noon_cms_token_encode(&w, &template, content, noon_cms_attrs(&template, digest, attrs),
			      noon_bytes_of(digest, sizeof(digest)), false);
	r->token_n = noon_der_wr_len(&w);
	noon_tsp_grant_wrap(&w, 0);
	r->der = noon_der_wr_written(&w);
	assert_true(r->der.n > 0);
}

static void reply_with(struct reply *r, const struct noon_tst_info *t)
{
	uint8_t buf[NOON_TST_INFO_MAX];
	struct noon_der_wr w = noon_der_wr_over(buf, sizeof(buf));

	noon_tst_info_encode(&w, t);
	wrap_token(r, noon_der_wr_written(&w));
}

static enum noon_tsp_reason judged(const struct noon_tsp_ask *a, struct noon_bytes der,
				   struct noon_tsp_answer *ret)
{
	(void)noon_tsp_answer_read(der, ret);
	return noon_tsp_answer_match(a, ret);
}

static void a_request_says_what_was_asked(void **state)
{
	const struct noon_tsp_ask a = asked(POLICY);
	uint8_t buf[NOON_TSP_REQUEST_MAX];
	struct noon_tsp_request q;
	char oid[NOON_OID_TEXT_MAX];

	(void)state;
	assert_int_equal(noon_tsp_request_decode(noon_tsp_ask_write(&a, buf), &q), NOON_OK);
	assert_int_equal(q.version, 1);
	assert_int_equal(q.imprint.digest, NOON_DIGEST_SHA256);
	assert_memory_equal(q.imprint.value.p, a.value, 32);
	assert_int_equal(q.nonce.n, NOON_TSP_ASK_NONCE);
	assert_memory_equal(q.nonce.p, a.nonce, NOON_TSP_ASK_NONCE);
	assert_true(q.cert_req && !q.has_extensions);
	noon_oid_format(q.policy, oid, sizeof(oid));
	assert_string_equal(oid, POLICY);
}

static void nonces_are_fresh_and_of_one_length(void **state)
{
	struct noon_rng rng = noon_rng_seeded(1);
	uint8_t value[64] = {0};
	uint8_t buf[NOON_TSP_REQUEST_MAX];
	struct noon_tsp_ask a, last;
	struct noon_tsp_request q;

	(void)state;
	memset(&last, 0, sizeof(last));
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(noon_tsp_ask_init(&a, NOON_DIGEST_SHA512, value, NULL, &rng),
				 NOON_OK);
		assert_memory_not_equal(a.nonce, last.nonce, sizeof(a.nonce));
		assert_int_equal(noon_tsp_request_decode(noon_tsp_ask_write(&a, buf), &q), NOON_OK);
		assert_int_equal(q.nonce.n, NOON_TSP_ASK_NONCE);
		assert_int_equal(q.policy.n, 0);
		last = a;
	}
}

static void the_longest_request_has_room(void **state)
{
	struct noon_tsp_ask a = asked(NULL);
	uint8_t buf[NOON_TSP_REQUEST_MAX];
	struct noon_tsp_request q;

	(void)state;
	a.digest = NOON_DIGEST_SHA512;
	memset(a.policy, 0x2a, sizeof(a.policy));
	a.policy_n = sizeof(a.policy);
	assert_int_equal(noon_tsp_request_decode(noon_tsp_ask_write(&a, buf), &q), NOON_OK);
}

static void a_policy_is_an_identifier(void **state)
{
	static const char *const bad[] = {"",	 "1",	  "1.",
					  "3.1", "1.2.x", "1.2.99999999999999999999"};
	struct noon_rng rng = noon_rng_seeded(1);
	uint8_t value[32] = {0};
	struct noon_tsp_ask a;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(noon_tsp_ask_init(&a, NOON_DIGEST_SHA256, value, bad[i], &rng),
				     NOON_OK);
}

static void the_answer_is_recognised(void **state)
{
	const struct noon_tsp_ask a = asked(POLICY);
	uint8_t oid[NOON_OID_MAX];
	const struct noon_tst_info t = right(&a, oid);
	struct noon_tsp_answer answer;
	noon_time from, to;
	struct reply r;

	(void)state;
	reply_with(&r, &t);
	assert_int_equal(judged(&a, r.der, &answer), NOON_TSP_REASON_GOOD);
	assert_true(answer.is_response && answer.token.n == r.token_n);
	assert_true(answer.info.gen_time.ns == NOW.ns);
	assert_true(noon_tsp_info_interval(&answer.info, &from, &to));
	assert_true(from.ns == NOW.ns - NOON_MS(1) && to.ns == NOW.ns + NOON_MS(1));
	/* The token alone, as it was kept. */
	assert_int_equal(judged(&a, answer.token, &answer), NOON_TSP_REASON_GOOD);
	assert_false(answer.is_response);
}

enum change {
	OTHER_VALUE,
	OTHER_DIGEST,
	OTHER_NONCE,
	NO_NONCE,
	LONG_NONCE,
	OTHER_POLICY,
	NO_ACCURACY,
	SHORT_VALUE
};

static void every_mismatch_has_its_reason(void **state)
{
	static const struct {
		enum change change;
		enum noon_tsp_reason reason;
	} table[] = {
		{OTHER_VALUE, NOON_TSP_REASON_IMPRINT},	 {OTHER_DIGEST, NOON_TSP_REASON_IMPRINT},
		{OTHER_NONCE, NOON_TSP_REASON_NONCE},	 {NO_NONCE, NOON_TSP_REASON_NONCE},
		{LONG_NONCE, NOON_TSP_REASON_NONCE},	 {OTHER_POLICY, NOON_TSP_REASON_POLICY},
		{NO_ACCURACY, NOON_TSP_REASON_ACCURACY}, {SHORT_VALUE, NOON_TSP_REASON_INFO},
	};
	struct noon_tsp_ask a = asked(POLICY);
	uint8_t oid[NOON_OID_MAX], other[64];
	struct noon_tsp_answer answer;
	struct reply r;

	(void)state;
	a.needs_accuracy = true;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_tst_info t = right(&a, oid);

		memset(other, 8, sizeof(other));
		if (table[i].change == OTHER_VALUE)
			t.imprint.value = noon_bytes_of(other, 32);
		if (table[i].change == OTHER_DIGEST) {
			t.imprint.digest = NOON_DIGEST_SHA512;
			t.imprint.value = noon_bytes_of(other, 64);
		}
		if (table[i].change == OTHER_NONCE)
			t.nonce = noon_bytes_of(other, NOON_TSP_ASK_NONCE);
		if (table[i].change == NO_NONCE)
			t.nonce.n = 0;
		if (table[i].change == LONG_NONCE) {
			memcpy(other, a.nonce, sizeof(a.nonce));
			t.nonce = noon_bytes_of(other, sizeof(a.nonce) + 1);
		}
		if (table[i].change == OTHER_POLICY)
			oid[t.policy.n - 1] ^= 1;
		if (table[i].change == NO_ACCURACY)
			t.has_accuracy = false;
		if (table[i].change == SHORT_VALUE)
			t.imprint.value = noon_bytes_of(other, 31);
		reply_with(&r, &t);
		assert_int_equal(judged(&a, r.der, &answer), table[i].reason);
	}
}

static void what_was_not_asked_for_does_not_matter(void **state)
{
	struct noon_tsp_ask a = asked(NULL);
	uint8_t oid[NOON_OID_MAX];
	struct noon_tst_info t = right(&a, oid);
	struct noon_tsp_answer answer;
	noon_time from = NOW, to = NOW;
	struct reply r;

	(void)state;
	t.has_accuracy = false;
	t.nonce.n = 0;
	a.has_nonce = false;
	reply_with(&r, &t);
	assert_int_equal(judged(&a, r.der, &answer), NOON_TSP_REASON_GOOD);
	assert_false(noon_tsp_info_interval(&answer.info, &from, &to));
	assert_true(from.ns == NOW.ns && to.ns == NOW.ns);
}

static void refusals_say_why(void **state)
{
	const struct noon_tsp_ask a = asked(NULL);
	struct noon_tsp_answer answer;
	uint8_t buf[256];
	struct noon_der_wr w = noon_der_wr_over(buf, sizeof(buf));

	(void)state;
	noon_tsp_refusal_encode(&w, NOON_TSP_TIME_NOT_AVAILABLE, "no time");
	assert_int_equal(judged(&a, noon_der_wr_written(&w), &answer), NOON_TSP_REASON_REFUSED);
	assert_int_equal(answer.status, NOON_TSP_REJECTION);
	assert_int_equal(answer.fail, 1U << NOON_TSP_TIME_NOT_AVAILABLE);
	assert_memory_equal(answer.text.p, "no time", 7);
	assert_int_equal(answer.token.n, 0);
}

/* RFC 3161, 2.4.2: no token with another status than granted. */
static void a_token_with_a_refusal_is_not_taken(void **state)
{
	const struct noon_tsp_ask a = asked(NULL);
	uint8_t oid[NOON_OID_MAX];
	const struct noon_tst_info t = right(&a, oid);
	struct noon_tsp_answer answer;
	uint8_t changed[1024];
	struct reply r;

	(void)state;
	reply_with(&r, &t);
	memcpy(changed, r.der.p, r.der.n);
	/* SEQUENCE (long form), SEQUENCE, INTEGER: the status is behind its two bytes of header. */
	assert_int_equal(changed[r.der.n - r.token_n - 2], 1);
	changed[r.der.n - r.token_n - 1] = NOON_TSP_GRANTED_WITH_MODS;
	assert_int_equal(judged(&a, noon_bytes_of(changed, r.der.n), &answer),
			 NOON_TSP_REASON_GOOD);
	changed[r.der.n - r.token_n - 1] = NOON_TSP_WAITING;
	assert_int_equal(judged(&a, noon_bytes_of(changed, r.der.n), &answer),
			 NOON_TSP_REASON_REFUSED);
	assert_int_equal(answer.token.n, 0);
}

static void nonsense_is_not_an_answer(void **state)
{
	static const uint8_t granted[] = {0x30, 5, 0x30, 3, 2, 1, 0};
	static const uint8_t odd_oid[] = {0x30, 4, 6, 2, 42, 3};
	static const uint8_t other_version[] = {0x30, 3, 2, 1, 2};
	static const uint8_t no_info[] = {0x30, 3, 2, 1, 1};
	const struct noon_tsp_ask a = asked(NULL);
	struct noon_tsp_answer answer;
	struct reply r;

	(void)state;
	assert_int_equal(judged(&a, noon_bytes_of("", 0), &answer), NOON_TSP_REASON_FORMAT);
	assert_int_equal(judged(&a, noon_bytes_of(NULL, 0), &answer), NOON_TSP_REASON_FORMAT);
	assert_int_equal(judged(&a, noon_bytes_of("<html>", 6), &answer), NOON_TSP_REASON_FORMAT);
	assert_int_equal(judged(&a, noon_bytes_of(granted, sizeof(granted)), &answer),
			 NOON_TSP_REASON_NO_TOKEN);
	assert_int_equal(judged(&a, noon_bytes_of(odd_oid, sizeof(odd_oid)), &answer),
			 NOON_TSP_REASON_CONTENT);
	wrap_token(&r, noon_bytes_of(other_version, sizeof(other_version)));
	assert_int_equal(judged(&a, r.der, &answer), NOON_TSP_REASON_VERSION);
	wrap_token(&r, noon_bytes_of(no_info, sizeof(no_info)));
	assert_int_equal(judged(&a, r.der, &answer), NOON_TSP_REASON_INFO);
}

/* A TSTInfo of less than 128 bytes with extensions behind it. */
static enum noon_tsp_reason with_extensions(const uint8_t *e, size_t n)
{
	const struct noon_tsp_ask a = asked(POLICY);
	uint8_t oid[NOON_OID_MAX], buf[NOON_TST_INFO_MAX], longer[NOON_TST_INFO_MAX];
	struct noon_tst_info t = right(&a, oid);
	struct noon_der_wr w = noon_der_wr_over(buf, sizeof(buf));
	struct noon_tsp_answer answer;
	struct noon_bytes info;
	struct reply r;

	noon_tst_info_encode(&w, &t);
	info = noon_der_wr_written(&w);
	memcpy(longer, info.p, info.n);
	memcpy(longer + info.n, e, n);
	assert_true(longer[1] + n < 128);
	longer[1] = (uint8_t)(longer[1] + n);
	wrap_token(&r, noon_bytes_of(longer, info.n + n));
	return judged(&a, r.der, &answer);
}

static void critical_extensions_are_not_passed_over(void **state)
{
	static const uint8_t plain[] = {0xa1, 8, 0x30, 6, 6, 1, 42, 4, 1, 0};
	static const uint8_t critical[] = {0xa1, 11, 0x30, 9, 6, 1, 42, 1, 1, 0xff, 4, 1, 0};
	static const uint8_t second[] = {0xa1, 19, 0x30, 6,  6, 1, 42,	 4, 1, 0, 0x30,
					 9,    6,  1,	 42, 1, 1, 0xff, 4, 1, 0};
	static const uint8_t odd[] = {0xa1, 3, 0x30, 1, 6};

	(void)state;
	assert_int_equal(with_extensions(plain, sizeof(plain)), NOON_TSP_REASON_GOOD);
	assert_int_equal(with_extensions(critical, sizeof(critical)), NOON_TSP_REASON_EXTENSION);
	assert_int_equal(with_extensions(second, sizeof(second)), NOON_TSP_REASON_EXTENSION);
	assert_int_equal(with_extensions(odd, sizeof(odd)), NOON_TSP_REASON_EXTENSION);
}

/* Whatever is cut off or changed, it never stamps another thing, nor with another nonce. */
static void no_changed_byte_makes_another_answer(void **state)
{
	const struct noon_tsp_ask a = asked(POLICY);
	uint8_t oid[NOON_OID_MAX];
	const struct noon_tst_info t = right(&a, oid);
	struct noon_tsp_answer answer;
	uint8_t changed[1024];
	struct reply r;

	(void)state;
	reply_with(&r, &t);
	for (size_t n = 0; n < r.der.n; n++)
		assert_int_not_equal(judged(&a, noon_bytes_of(r.der.p, n), &answer),
				     NOON_TSP_REASON_GOOD);
	for (size_t i = 0; i < r.der.n; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			memcpy(changed, r.der.p, r.der.n);
			changed[i] ^= (uint8_t)(1U << bit);
			if (judged(&a, noon_bytes_of(changed, r.der.n), &answer) !=
			    NOON_TSP_REASON_GOOD)
				continue;
			assert_memory_equal(answer.info.imprint.value.p, a.value, 32);
			assert_memory_equal(answer.info.nonce.p, a.nonce, sizeof(a.nonce));
			assert_memory_equal(answer.info.policy.p, oid, t.policy.n);
		}
}

static void units_follow_the_digits(void **state)
{
	struct noon_tst_info t = {.digits = 0};

	(void)state;
	assert_true(noon_tsp_info_unit(&t) == NOON_S(1));
	t.digits = 3;
	assert_true(noon_tsp_info_unit(&t) == NOON_MS(1));
	t.digits = 9;
	assert_true(noon_tsp_info_unit(&t) == 1);
}

static void intervals_saturate(void **state)
{
	struct noon_tst_info t = {.gen_time = NOW, .has_accuracy = true, .accuracy = NOON_DUR_MAX};
	noon_time from, to;

	(void)state;
	assert_true(noon_tsp_info_interval(&t, &from, &to));
	assert_true(to.ns == INT64_MAX && from.ns == NOW.ns - INT64_MAX);
}

static void every_reason_has_its_word(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NOON_TSP_REASONS; i++)
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(noon_tsp_reason_word((enum noon_tsp_reason)i),
						noon_tsp_reason_word((enum noon_tsp_reason)k));
	assert_string_equal(noon_tsp_reason_word(NOON_TSP_REASONS), "unknown");
	assert_string_equal(noon_tsp_reason_text(NOON_TSP_REASONS), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_says_what_was_asked),
		cmocka_unit_test(nonces_are_fresh_and_of_one_length),
		cmocka_unit_test(the_longest_request_has_room),
		cmocka_unit_test(a_policy_is_an_identifier),
		cmocka_unit_test(the_answer_is_recognised),
		cmocka_unit_test(every_mismatch_has_its_reason),
		cmocka_unit_test(what_was_not_asked_for_does_not_matter),
		cmocka_unit_test(refusals_say_why),
		cmocka_unit_test(a_token_with_a_refusal_is_not_taken),
		cmocka_unit_test(nonsense_is_not_an_answer),
		cmocka_unit_test(critical_extensions_are_not_passed_over),
		cmocka_unit_test(no_changed_byte_makes_another_answer),
		cmocka_unit_test(units_follow_the_digits),
		cmocka_unit_test(intervals_saturate),
		cmocka_unit_test(every_reason_has_its_word),
	};

	return cmocka_run_group_tests_name("proto/tsp_client", tests, NULL, NULL);
}
