/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: what is read of a request, a response, a TSTInfo or a token lies inside of it; what is
 * written again reads as the same, and is the same bytes if it is as long. What can be read as DER
 * reads the same as BER.
 */
#include <assert.h>
#include <string.h>

#include "input.h"
#include "wire/ber.h"
#include "wire/cms.h"
#include "wire/tsp.h"

#define INPUT_MAX 4096

static uint8_t back[2 * INPUT_MAX];

static void inside(struct noon_bytes part, struct noon_bytes whole)
{
	assert(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static bool is_same(struct noon_bytes a, struct noon_bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static void oid(struct noon_bytes v)
{
	uint8_t out[NOON_OID_MAX];
	char text[NOON_OID_TEXT_MAX];
	size_t n = 0;

	noon_oid_format(v, text, sizeof(text));
	assert(strlen(text) < sizeof(text));
	if (noon_oid_parse(text, out, &n) == NOON_OK)
		assert(is_same(v, noon_bytes_of(out, n)));
}

static void imprint(const struct noon_tsp_imprint *im, struct noon_bytes whole)
{
	inside(im->whole, whole);
	inside(im->value, im->whole);
	inside(im->alg, im->whole);
	oid(im->alg);
}

static void request(struct noon_bytes der)
{
	struct noon_der_wr w = noon_der_wr_over(back, sizeof(back));
	struct noon_tsp_request q, again;
	struct noon_bytes out;

	if (noon_tsp_request_decode(der, &q))
		return;
	imprint(&q.imprint, der);
	inside(q.nonce, der);
	inside(q.policy, der);
	if (q.version != 1 || q.has_extensions)
		return;
	noon_tsp_request_encode(&w, &q);
	out = noon_der_wr_written(&w);
	assert(noon_der_wr_ok(&w) && out.n <= der.n);
	assert(out.n < der.n || is_same(out, der));
	assert(noon_tsp_request_decode(out, &again) == NOON_OK);
	assert(is_same(q.imprint.whole, again.imprint.whole) && is_same(q.nonce, again.nonce));
	assert(is_same(q.policy, again.policy) && q.cert_req == again.cert_req);
}

static void tst_info(struct noon_bytes der)
{
	struct noon_der_wr w = noon_der_wr_over(back, sizeof(back));
	struct noon_tst_info t, again;
	struct noon_bytes out;

	if (noon_tst_info_decode(der, &t))
		return;
	imprint(&t.imprint, der);
	inside(t.policy, der);
	inside(t.serial, der);
	inside(t.nonce, der);
	inside(t.tsa, der);
	inside(t.extensions, der);
	oid(t.policy);
	assert(t.digits <= 9 && t.accuracy >= 0);
	/* Serial numbers are written as magnitudes. */
	if (t.has_extensions || t.serial.p[0] > 0x7f || t.accuracy == NOON_DUR_MAX)
		return;
	noon_tst_info_encode(&w, &t);
	out = noon_der_wr_written(&w);
	assert(noon_der_wr_ok(&w));
	assert(noon_tst_info_decode(out, &again) == NOON_OK);
	assert(is_same(t.imprint.whole, again.imprint.whole) && is_same(t.serial, again.serial));
	assert(is_same(t.policy, again.policy) && is_same(t.nonce, again.nonce));
	assert(is_same(t.tsa, again.tsa) && t.ordering == again.ordering);
	assert(t.gen_time.ns == again.gen_time.ns && again.digits <= t.digits);
	assert(t.has_accuracy == again.has_accuracy && t.accuracy == again.accuracy);
}

/* A content in pieces is put together in room. */
static bool ber_token(struct noon_bytes ber, struct noon_bytes *ret)
{
	static uint8_t room[INPUT_MAX];

	if (noon_ber_token_content(ber, room, sizeof(room), ret))
		return false;
	assert(ret->n <= ber.n);
	if (ret->p != room)
		inside(*ret, ber);
	return true;
}

static void token(struct noon_bytes der)
{
	struct noon_bytes content, as_ber;
	const bool is_ber = ber_token(der, &as_ber);

	if (noon_cms_token_content(der, &content))
		return;
	inside(content, der);
	assert(is_ber && is_same(content, as_ber));
	tst_info(content);
}

static bool ber_response(struct noon_bytes ber, struct noon_tsp_response *ret)
{
	struct noon_bytes content;

	if (noon_ber_tsp_response(ber, ret))
		return false;
	inside(ret->token, ber);
	if (ret->token.n > 0)
		(void)ber_token(ret->token, &content);
	return true;
}

static void response(struct noon_bytes der)
{
	struct noon_tsp_response r, as_ber;
	const bool is_ber = ber_response(der, &as_ber);

	if (noon_tsp_response_decode(der, &r))
		return;
	inside(r.text, der);
	inside(r.token, der);
	if (r.status <= INT64_MAX)
		assert(is_ber && as_ber.status == r.status && as_ber.fail == r.fail &&
		       is_same(as_ber.token, r.token));
	for (int bit = -1; bit <= 32; bit++)
		assert(noon_tsp_fail_name(bit) != NULL);
	assert(noon_tsp_status_name(r.status) != NULL);
	if (r.token.n > 0)
		token(r.token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct noon_bytes der = noon_bytes_of(data, size < INPUT_MAX ? size : INPUT_MAX);

	request(der);
	response(der);
	tst_info(der);
	token(der);
	return 0;
}
