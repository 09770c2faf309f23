/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages of RFC 3161. The requests are what "openssl ts -query" wrote.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "wire/cms.h"
#include "wire/tsp.h"

/* openssl ts -query -data FILE -sha256 -cert */
static const uint8_t request[] = {
	0x30, 0x43, 0x02, 0x01, 0x01, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48,
	0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20, 0x58, 0x91, 0xb5, 0xb5,
	0x22, 0xd5, 0xdf, 0x08, 0x6d, 0x0f, 0xf0, 0xb1, 0x10, 0xfb, 0xd9, 0xd2, 0x1b, 0xb4,
	0xfc, 0x71, 0x63, 0xaf, 0x34, 0xd0, 0x82, 0x86, 0xa2, 0xe8, 0x46, 0xf6, 0xbe, 0x03,
	0x02, 0x08, 0x6f, 0x62, 0x96, 0x5c, 0x84, 0x40, 0x6e, 0x85, 0x01, 0x01, 0xff};

static struct noon_tsp_request decoded(const uint8_t *p, size_t n)
{
	struct noon_tsp_request r;

	assert_int_equal(noon_tsp_request_decode(noon_bytes_of(p, n), &r), NOON_OK);
	return r;
}

static void a_request_is_read(void **state)
{
	const struct noon_tsp_request r = decoded(request, sizeof(request));

	(void)state;
	assert_int_equal(r.version, 1);
	assert_int_equal(r.imprint.digest, NOON_DIGEST_SHA256);
	assert_int_equal(r.imprint.value.n, 32);
	assert_int_equal(r.imprint.value.p[0], 0x58);
	assert_int_equal(r.imprint.whole.n, 51);
	assert_int_equal(r.policy.n, 0);
	assert_int_equal(r.nonce.n, 8);
	assert_int_equal(r.nonce.p[0], 0x6f);
	assert_true(r.cert_req);
	assert_false(r.has_extensions);
}

static void a_request_is_written_as_openssl_does(void **state)
{
	struct noon_tsp_request r = decoded(request, sizeof(request));
	uint8_t buf[256];
	struct noon_der_wr w = noon_der_wr_over(buf, sizeof(buf));
	struct noon_bytes out;

	(void)state;
	r.imprint.whole.n = 0; /* from digest and value */
	noon_tsp_request_encode(&w, &r);
	out = noon_der_wr_written(&w);
	assert_int_equal(out.n, sizeof(request));
	assert_memory_equal(out.p, request, out.n);
}

static void every_truncation_is_refused(void **state)
{
	struct noon_tsp_request r;

	(void)state;
	for (size_t n = 0; n < sizeof(request); n++)
		assert_int_equal(noon_tsp_request_decode(noon_bytes_of(request, n), &r),
				 NOON_ERR_FORMAT);
}

static void bytes_behind_are_refused(void **state)
{
	uint8_t more[sizeof(request) + 1] = {0};
	struct noon_tsp_request r;

	(void)state;
	memcpy(more, request, sizeof(request));
	assert_int_equal(noon_tsp_request_decode(noon_bytes_of(more, sizeof(more)), &r),
			 NOON_ERR_FORMAT);
}

/* A flipped bit gives another request or none, and what is borrowed stays inside. */
static void bit_flips_stay_in_bounds(void **state)
{
	uint8_t flipped[sizeof(request)];

	(void)state;
	for (size_t bit = 0; bit < sizeof(request) * 8; bit++) {
		struct noon_tsp_request r;

		memcpy(flipped, request, sizeof(request));
		flipped[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (noon_tsp_request_decode(noon_bytes_of(flipped, sizeof(flipped)), &r))
			continue;
		assert_true(r.imprint.value.p >= flipped &&
			    r.imprint.value.p + r.imprint.value.n <= flipped + sizeof(flipped));
		assert_true(r.nonce.n == 0 || (r.nonce.p >= flipped &&
					       r.nonce.p + r.nonce.n <= flipped + sizeof(flipped)));
	}
}

static void an_algorithm_with_parameters_is_not_known(void **state)
{
	uint8_t odd[sizeof(request)];
	struct noon_tsp_request r;

	(void)state;
	memcpy(odd, request, sizeof(request));
	odd[20] = 0x04; /* an empty OCTET STRING in place of NULL */
	r = decoded(odd, sizeof(odd));
	assert_int_equal(r.imprint.digest, NOON_DIGESTS);
}

static struct noon_tst_info info_of(noon_time gen_time, unsigned digits, noon_dur accuracy)
{
	const struct noon_tsp_request r = decoded(request, sizeof(request));
	static const uint8_t policy[] = {0x2a, 3, 4, 1};
	static const uint8_t serial[] = {0x80, 1};

	return (struct noon_tst_info){
		.policy = noon_bytes_of(policy, sizeof(policy)),
		.imprint = r.imprint,
		.serial = noon_bytes_of(serial, sizeof(serial)),
		.gen_time = gen_time,
		.digits = (uint8_t)digits,
		.has_accuracy = true,
		.accuracy = accuracy,
		.nonce = r.nonce,
	};
}

static struct noon_tst_info again(const struct noon_tst_info *t, uint8_t *buf, size_t n)
{
	struct noon_der_wr w = noon_der_wr_over(buf, n);
	struct noon_tst_info back;

	noon_tst_info_encode(&w, t);
	assert_true(noon_der_wr_ok(&w));
	assert_int_equal(noon_tst_info_decode(noon_der_wr_written(&w), &back), NOON_OK);
	return back;
}

static void tst_info_comes_back(void **state)
{
	struct noon_tst_info t = info_of((noon_time){INT64_C(1795354291250000000)}, 6, NOON_US(1));
	uint8_t buf[NOON_TST_INFO_MAX];
	struct noon_tst_info back;

	(void)state;
	t.ordering = true;
	back = again(&t, buf, sizeof(buf));
	assert_true(back.gen_time.ns == t.gen_time.ns);
	assert_int_equal(back.digits, 2); /* 0.25 s: no zeros at the end */
	assert_true(noon_bytes_equal(back.imprint.whole, t.imprint.whole));
	assert_true(noon_bytes_equal(back.nonce, t.nonce));
	assert_true(noon_bytes_equal(back.policy, t.policy));
	assert_int_equal(back.serial.n, 3); /* a zero for the sign */
	assert_true(back.ordering);
	assert_false(back.has_extensions);
}

static void accuracy_is_rounded_up_to_microseconds(void **state)
{
	static const noon_dur in[] = {1,       999,	  1000,	      1001,	  999999,
				      1000000, 999000001, 1000000000, 1001001000, NOON_S(86400)};
	static const noon_dur out[] = {1000,	1000,	   1000,       2000,	   1000000,
				       1000000, 999001000, 1000000000, 1001001000, NOON_S(86400)};
	uint8_t buf[NOON_TST_INFO_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
		const struct noon_tst_info t = info_of((noon_time){0}, 0, in[i]);

		assert_true(again(&t, buf, sizeof(buf)).accuracy == out[i]);
	}
}

static void times_are_written_as_the_rfc_wants(void **state)
{
	static const struct {
		int64_t ns;
		unsigned digits;
		const char *text;
	} known[] = {
		{0, 0, "19700101000000Z"},
		{0, 9, "19700101000000Z"},
		{INT64_C(951782399000000000), 3, "20000228235959Z"},
		{INT64_C(951782400100000000), 3, "20000229000000.1Z"},
		{INT64_C(2085978496123456789), 9, "20360207062816.123456789Z"},
		{INT64_C(2085978496123456789), 6, "20360207062816.123456Z"},
		{INT64_C(2085978496100000789), 6, "20360207062816.1Z"},
		{INT64_C(2085978496000000789), 6, "20360207062816Z"},
		{-1, 9, "19691231235959.999999999Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		char text[26];
		const size_t n =
			noon_tsp_time_format((noon_time){known[i].ns}, known[i].digits, text);

		assert_string_equal(text, known[i].text);
		assert_int_equal(n, strlen(text));
	}
}

/* TSTInfo with a genTime of our own. */
static noon_err with_time(const char *time, struct noon_tst_info *ret)
{
	static uint8_t buf[NOON_TST_INFO_MAX];
	const struct noon_tst_info t = info_of((noon_time){0}, 0, NOON_US(1));
	uint8_t whole[NOON_TST_INFO_MAX];
	struct noon_der_wr w = noon_der_wr_over(whole, sizeof(whole));
	struct noon_der_wr to = noon_der_wr_over(buf, sizeof(buf));
	struct noon_rd rd;
	struct noon_rd in;
	struct noon_bytes part;
	const uint8_t *from;

	noon_tst_info_encode(&w, &t);
	rd = noon_rd_bytes(noon_der_wr_written(&w));
	assert_int_equal(noon_der_enter(&rd, NOON_DER_SEQUENCE, &in), NOON_OK);
	from = in.p;
	while (noon_der_peek(&in) != NOON_DER_GENERALIZED_TIME) {
		uint8_t tag;

		assert_int_equal(noon_der_any(&in, &tag, &part), NOON_OK);
	}
	part = noon_bytes_of(from, (size_t)(in.p - from));
	noon_der_value(&to, NOON_DER_GENERALIZED_TIME, noon_bytes_of(time, strlen(time)));
	noon_der_put(&to, part);
	noon_der_wrap(&to, NOON_DER_SEQUENCE, 0);
	return noon_tst_info_decode(noon_der_wr_written(&to), ret);
}

static void times_of_others_are_read(void **state)
{
	struct noon_tst_info t;

	(void)state;
	assert_int_equal(with_time("20261122133102.500Z", &t), NOON_OK); /* zeros at the end */
	assert_true(t.gen_time.ns == INT64_C(1795354262500000000));
	assert_int_equal(t.digits, 3);
	assert_false(t.has_accuracy);
	assert_int_equal(with_time("20161231235960Z", &t), NOON_OK); /* the inserted second */
	assert_true(t.gen_time.ns == INT64_C(1483228800000000000));
	assert_int_equal(with_time("20261122133102.123456789123Z", &t), NOON_OK);
	assert_int_equal(t.digits, 9);
	assert_true(t.gen_time.ns % NOON_NS_PER_SEC == 123456789);
}

static void impossible_times_are_refused(void **state)
{
	static const char *const bad[] = {"",
					  "2026112213310Z",
					  "20261122133102",
					  "20261122133102+0000",
					  "20261322133102Z",
					  "20260230000000Z",
					  "20261122243102Z",
					  "20261122133161Z",
					  "20261122133102.Z",
					  "20261122133102,5Z",
					  "20261122133102.5",
					  "2026112213310xZ",
					  "00001122133102Z",
					  "99991231235959Z"};
	struct noon_tst_info t;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (with_time(bad[i], &t) == NOON_OK)
			fail_msg("accepted: \"%s\"", bad[i]);
}

static void refusals_come_back(void **state)
{
	static const int bits[] = {0, 2, 5, 14, 15, 16, 17, 25};
	uint8_t buf[128];

	(void)state;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		struct noon_der_wr w = noon_der_wr_over(buf, sizeof(buf));
		struct noon_tsp_response r;

		noon_tsp_refusal_encode(&w, (enum noon_tsp_fail)bits[i], "why");
		assert_int_equal(noon_tsp_response_decode(noon_der_wr_written(&w), &r), NOON_OK);
		assert_int_equal(r.status, NOON_TSP_REJECTION);
		assert_true(r.fail == UINT32_C(1) << bits[i]);
		assert_int_equal(r.text.n, 3);
		assert_int_equal(r.token.n, 0);
		assert_string_not_equal(noon_tsp_fail_name(bits[i]), "unknown");
	}
}

/* RFC 3161's timeNotAvailable, bit 14, as X.690, 11.2.2 wants it. */
static void fail_info_has_no_bits_behind_the_last(void **state)
{
	static const uint8_t expected[] = {0x30, 0x0a, 0x30, 0x08, 0x02, 1, 2, 0x03, 3, 1, 0, 2};
	uint8_t buf[64];
	struct noon_der_wr w = noon_der_wr_over(buf, sizeof(buf));
	struct noon_bytes out;

	(void)state;
	noon_tsp_refusal_encode(&w, NOON_TSP_TIME_NOT_AVAILABLE, NULL);
	out = noon_der_wr_written(&w);
	assert_int_equal(out.n, sizeof(expected));
	assert_memory_equal(out.p, expected, out.n);
}

static void a_granted_response_holds_its_token(void **state)
{
	uint8_t buf[64];
	struct noon_der_wr w = noon_der_wr_over(buf, sizeof(buf));
	struct noon_tsp_response r;

	(void)state;
	noon_der_wrap(&w, NOON_DER_SEQUENCE, 0);
	noon_tsp_grant_wrap(&w, 0);
	assert_int_equal(noon_tsp_response_decode(noon_der_wr_written(&w), &r), NOON_OK);
	assert_int_equal(r.status, NOON_TSP_GRANTED);
	assert_int_equal(r.fail, 0);
	assert_int_equal(r.token.n, 2);
}

static void a_token_holds_its_content(void **state)
{
	static const uint8_t empty[] = {0x30, 0};
	static const uint8_t one[] = {0x02, 1, 1};
	static const uint8_t alg[] = {0x30, 3, 0x06, 1, 0x2a};
	const struct noon_cms_signer signer = {
		.issuer = noon_bytes_of(empty, 2),
		.serial = noon_bytes_of(one, 3),
		.digest = NOON_DIGEST_SHA384,
		.signature_alg = noon_bytes_of(alg, 5),
		.certs = noon_bytes_of(empty, 2),
	};
	const uint8_t digest[48] = {1, 2, 3};
	uint8_t attrs[NOON_CMS_ATTRS_MAX];
	uint8_t buf[1024];
	struct noon_cms_template t;
	struct noon_bytes signed_attrs;
	struct noon_bytes content;

	(void)state;
	assert_int_equal(noon_cms_template_init(&t, &signer), NOON_OK);
	signed_attrs = noon_cms_attrs(&t, digest, attrs);
	assert_int_equal(signed_attrs.p[0], NOON_DER_SET);
	assert_memory_equal(signed_attrs.p + t.digest_at, digest, sizeof(digest));
	for (int certs = 0; certs < 2; certs++) {
		struct noon_der_wr w = noon_der_wr_over(buf, sizeof(buf));

		noon_cms_token_encode(&w, &t, noon_bytes_of("info", 4), signed_attrs,
				      noon_bytes_of("sig", 3), certs == 1);
		assert_true(noon_der_wr_ok(&w));
		assert_int_equal(noon_cms_token_content(noon_der_wr_written(&w), &content),
				 NOON_OK);
		assert_int_equal(content.n, 4);
		assert_memory_equal(content.p, "info", 4);
	}
}

/* X.690, 11.6: members of a set ascend. */
static void attributes_ascend(void **state)
{
	static const uint8_t empty[] = {0x30, 0};
	static const uint8_t alg[] = {0x30, 3, 0x06, 1, 0x2a};
	struct noon_cms_signer signer = {.issuer = noon_bytes_of(empty, 2),
					 .serial = noon_bytes_of(empty, 2),
					 .signature_alg = noon_bytes_of(alg, 5)};

	(void)state;
	for (unsigned d = 0; d < NOON_DIGESTS; d++) {
		struct noon_cms_template t;
		struct noon_rd rd;
		struct noon_rd in;
		struct noon_bytes before = {0};
		int n = 0;

		signer.digest = (enum noon_digest)d;
		assert_int_equal(noon_cms_template_init(&t, &signer), NOON_OK);
		rd = noon_rd_over(t.attrs, t.attrs_n);
		assert_int_equal(noon_der_enter(&rd, NOON_DER_SET, &in), NOON_OK);
		assert_int_equal(noon_rd_left(&rd), 0);
		while (noon_rd_left(&in) > 0) {
			struct noon_bytes one;

			assert_int_equal(noon_der_whole(&in, NOON_DER_SEQUENCE, &one), NOON_OK);
			if (n++ > 0)
				assert_true(memcmp(before.p, one.p,
						   before.n < one.n ? before.n : one.n) < 0);
			before = one;
		}
		assert_int_equal(n, 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_read),
		cmocka_unit_test(a_request_is_written_as_openssl_does),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(bytes_behind_are_refused),
		cmocka_unit_test(bit_flips_stay_in_bounds),
		cmocka_unit_test(an_algorithm_with_parameters_is_not_known),
		cmocka_unit_test(tst_info_comes_back),
		cmocka_unit_test(accuracy_is_rounded_up_to_microseconds),
		cmocka_unit_test(times_are_written_as_the_rfc_wants),
		cmocka_unit_test(times_of_others_are_read),
		cmocka_unit_test(impossible_times_are_refused),
		cmocka_unit_test(refusals_come_back),
		cmocka_unit_test(fail_info_has_no_bits_behind_the_last),
		cmocka_unit_test(a_granted_response_holds_its_token),
		cmocka_unit_test(a_token_holds_its_content),
		cmocka_unit_test(attributes_ascend),
	};

	return cmocka_run_group_tests_name("wire/tsp", tests, NULL, NULL);
}
