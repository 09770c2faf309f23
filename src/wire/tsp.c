/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/tsp.h"

#include <string.h>

#define OID_PREFIX_SHA2 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02 /* 2.16.840.1.101.3.4.2 */

static const uint8_t digest_oid[NOON_DIGESTS][9] = {
	[NOON_DIGEST_SHA256] = {OID_PREFIX_SHA2, 1},
	[NOON_DIGEST_SHA384] = {OID_PREFIX_SHA2, 2},
	[NOON_DIGEST_SHA512] = {OID_PREFIX_SHA2, 3},
};

struct noon_bytes noon_tsp_digest_oid(enum noon_digest d)
{
	return noon_bytes_of(digest_oid[d], sizeof(digest_oid[d]));
}

const char *noon_tsp_fail_name(int bit)
{
	switch (bit) {
#define NAME(name, number, word) \
	case number:             \
		return word;
		NOON_TSP_FAIL_LIST(NAME)
#undef NAME
	default:
		return "unknown";
	}
}

const char *noon_tsp_status_name(uint64_t status)
{
	static const char *const names[] = {"granted",		 "grantedWithMods",
					    "rejection",	 "waiting",
					    "revocationWarning", "revocationNotification"};

	return status < sizeof(names) / sizeof(names[0]) ? names[status] : "unknown";
}

/* Parameters of the algorithm are absent or NULL (RFC 5754, section 2). With others it is not one
 * that we know. */
static noon_err read_algorithm(struct noon_rd *rd, struct noon_tsp_imprint *im)
{
	struct noon_rd in;
	struct noon_bytes parameters;
	uint8_t tag = NOON_DER_NULL;

	if (noon_der_enter(rd, NOON_DER_SEQUENCE, &in) || noon_der_oid(&in, &im->alg))
		return NOON_ERR_FORMAT;
	if (noon_rd_left(&in) > 0 &&
	    (noon_der_any(&in, &tag, &parameters) || noon_rd_left(&in) > 0 ||
	     (tag == NOON_DER_NULL && parameters.n > 0)))
		return NOON_ERR_FORMAT;
	im->digest = NOON_DIGESTS;
	for (unsigned d = 0; d < NOON_DIGESTS && tag == NOON_DER_NULL; d++)
		if (noon_bytes_equal(im->alg, noon_tsp_digest_oid((enum noon_digest)d)))
			im->digest = (enum noon_digest)d;
	return NOON_OK;
}

static noon_err read_imprint(struct noon_rd *rd, struct noon_tsp_imprint *ret)
{
	struct noon_tsp_imprint im = {0};
	struct noon_rd in;

	if (noon_der_whole(rd, NOON_DER_SEQUENCE, &im.whole))
		return NOON_ERR_FORMAT;
	in = noon_rd_bytes(im.whole);
	if (noon_der_enter(&in, NOON_DER_SEQUENCE, &in) || read_algorithm(&in, &im) ||
	    noon_der_get(&in, NOON_DER_OCTET_STRING, &im.value) || noon_rd_left(&in) > 0)
		return NOON_ERR_FORMAT;
	*ret = im;
	return NOON_OK;
}

static void write_imprint(struct noon_der_wr *w, const struct noon_tsp_imprint *im)
{
	const size_t mark = noon_der_wr_len(w);
	size_t alg;

	if (im->whole.n > 0) {
		noon_der_put(w, im->whole);
		return;
	}
	noon_der_value(w, NOON_DER_OCTET_STRING, im->value);
	alg = noon_der_wr_len(w);
	/* RFC 5754, section 2: absent is preferred; NULL is what everybody has always written. */
	noon_der_value(w, NOON_DER_NULL, noon_bytes_of(NULL, 0));
	noon_der_value(w, NOON_DER_OID, noon_tsp_digest_oid(im->digest));
	noon_der_wrap(w, NOON_DER_SEQUENCE, alg);
	noon_der_wrap(w, NOON_DER_SEQUENCE, mark);
}

noon_err noon_tsp_request_decode(struct noon_bytes der, struct noon_tsp_request *ret)
{
	struct noon_tsp_request r = {0};
	struct noon_rd rd = noon_rd_bytes(der);
	struct noon_bytes skipped;
	struct noon_rd in;
	noon_err err;

	if (noon_der_enter(&rd, NOON_DER_SEQUENCE, &in) || noon_rd_left(&rd) > 0)
		return NOON_ERR_FORMAT;
	err = noon_der_u64(&in, NOON_DER_INTEGER, &r.version);
	if (err == NOON_ERR_RANGE) {
		r.version = UINT64_MAX;
		err = noon_der_integer(&in, NOON_DER_INTEGER, &skipped);
	}
	err = err ? err : read_imprint(&in, &r.imprint);
	if (!err && noon_der_peek(&in) == NOON_DER_OID)
		err = noon_der_oid(&in, &r.policy);
	if (!err && noon_der_peek(&in) == NOON_DER_INTEGER)
		err = noon_der_integer(&in, NOON_DER_INTEGER, &r.nonce);
	if (!err && noon_der_peek(&in) == NOON_DER_BOOLEAN)
		err = noon_der_bool(&in, &r.cert_req);
	if (!err && noon_der_peek(&in) == NOON_DER_CONTEXT_CONS) {
		r.has_extensions = true;
		err = noon_der_get(&in, NOON_DER_CONTEXT_CONS, &skipped);
	}
	if (err || noon_rd_left(&in) > 0)
		return NOON_ERR_FORMAT;
	*ret = r;
	return NOON_OK;
}

void noon_tsp_request_encode(struct noon_der_wr *w, const struct noon_tsp_request *r)
{
	const size_t mark = noon_der_wr_len(w);

	if (r->cert_req)
		noon_der_put_bool(w, true);
	if (r->nonce.n > 0)
		noon_der_value(w, NOON_DER_INTEGER, r->nonce);
	if (r->policy.n > 0)
		noon_der_value(w, NOON_DER_OID, r->policy);
	write_imprint(w, &r->imprint);
	noon_der_put_u64(w, NOON_DER_INTEGER, 1);
	noon_der_wrap(w, NOON_DER_SEQUENCE, mark);
}

noon_err noon_tsp_response_decode(struct noon_bytes der, struct noon_tsp_response *ret)
{
	struct noon_tsp_response r = {0};
	struct noon_rd rd = noon_rd_bytes(der);
	struct noon_rd in;
	struct noon_rd status;
	struct noon_rd texts;
	struct noon_bytes bits;

	if (noon_der_enter(&rd, NOON_DER_SEQUENCE, &in) || noon_rd_left(&rd) > 0 ||
	    noon_der_enter(&in, NOON_DER_SEQUENCE, &status) ||
	    noon_der_u64(&status, NOON_DER_INTEGER, &r.status))
		return NOON_ERR_FORMAT;
	if (noon_der_peek(&status) == NOON_DER_SEQUENCE &&
	    (noon_der_enter(&status, NOON_DER_SEQUENCE, &texts) ||
	     noon_der_get(&texts, NOON_DER_UTF8_STRING, &r.text)))
		return NOON_ERR_FORMAT;
	if (noon_der_peek(&status) == NOON_DER_BIT_STRING) {
		if (noon_der_get(&status, NOON_DER_BIT_STRING, &bits) || bits.n < 1 ||
		    bits.p[0] > 7)
			return NOON_ERR_FORMAT;
		for (size_t b = 0; b < 32 && b / 8 + 1 < bits.n; b++)
			if (bits.p[1 + b / 8] >> (7 - b % 8) & 1)
				r.fail |= UINT32_C(1) << b;
	}
	if (noon_rd_left(&status) > 0)
		return NOON_ERR_FORMAT;
	if (noon_rd_left(&in) > 0 && noon_der_whole(&in, NOON_DER_SEQUENCE, &r.token))
		return NOON_ERR_FORMAT;
	if (noon_rd_left(&in) > 0)
		return NOON_ERR_FORMAT;
	*ret = r;
	return NOON_OK;
}

void noon_tsp_refusal_encode(struct noon_der_wr *w, enum noon_tsp_fail fail, const char *text)
{
	const unsigned bit = (unsigned)fail;
	/* X.690, 11.2.2: no zero bits behind the last one that is set. */
	uint8_t bits[5] = {(uint8_t)(7 - bit % 8)};
	const size_t mark = noon_der_wr_len(w);

	bits[1 + bit / 8] = (uint8_t)(0x80 >> bit % 8);
	noon_der_value(w, NOON_DER_BIT_STRING, noon_bytes_of(bits, 2 + bit / 8));
	if (text != NULL) {
		const size_t list = noon_der_wr_len(w);

		noon_der_value(w, NOON_DER_UTF8_STRING, noon_bytes_of(text, strlen(text)));
		noon_der_wrap(w, NOON_DER_SEQUENCE, list);
	}
	noon_der_put_u64(w, NOON_DER_INTEGER, NOON_TSP_REJECTION);
	noon_der_wrap(w, NOON_DER_SEQUENCE, mark);
	noon_der_wrap(w, NOON_DER_SEQUENCE, mark);
}

void noon_tsp_grant_wrap(struct noon_der_wr *w, size_t mark)
{
	static const uint8_t granted[] = {NOON_DER_SEQUENCE, 3, NOON_DER_INTEGER, 1,
					  NOON_TSP_GRANTED};

	noon_der_put(w, noon_bytes_of(granted, sizeof(granted)));
	noon_der_wrap(w, NOON_DER_SEQUENCE, mark);
}

/* --- TSTInfo --- */

static noon_err read_accuracy(struct noon_rd *rd, noon_dur *ret)
{
	struct noon_rd in;
	uint64_t s = 0;
	uint64_t ms = 0;
	uint64_t us = 0;
	noon_err err = noon_der_enter(rd, NOON_DER_SEQUENCE, &in);

	if (!err && noon_der_peek(&in) == NOON_DER_INTEGER)
		err = noon_der_u64(&in, NOON_DER_INTEGER, &s);
	if (!err && noon_der_peek(&in) == NOON_DER_CONTEXT)
		err = noon_der_u64(&in, NOON_DER_CONTEXT, &ms);
	if (!err && noon_der_peek(&in) == NOON_DER_CONTEXT + 1)
		err = noon_der_u64(&in, NOON_DER_CONTEXT + 1, &us);
	if (err || noon_rd_left(&in) > 0 || ms > 999 || us > 999)
		return NOON_ERR_FORMAT;
	*ret = s >= INT64_MAX / NOON_NS_PER_SEC ? NOON_DUR_MAX
						: NOON_S(s) + NOON_MS(ms) + NOON_US(us);
	return NOON_OK;
}

/* Rounded up: a promise must not shrink on its way. */
static void write_accuracy(struct noon_der_wr *w, noon_dur accuracy)
{
	const uint64_t us = (uint64_t)(noon_sat_add(accuracy, 999) / 1000);
	const size_t mark = noon_der_wr_len(w);

	if (us % 1000 > 0)
		noon_der_put_u64(w, NOON_DER_CONTEXT + 1, us % 1000);
	if (us / 1000 % 1000 > 0)
		noon_der_put_u64(w, NOON_DER_CONTEXT, us / 1000 % 1000);
	if (us >= 1000000)
		noon_der_put_u64(w, NOON_DER_INTEGER, us / 1000000);
	noon_der_wrap(w, NOON_DER_SEQUENCE, mark);
}

static bool is_digits(struct noon_bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] < '0' || b.p[i] > '9')
			return false;
	return true;
}

static unsigned number(const uint8_t *p, size_t n)
{
	unsigned v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + (unsigned)(p[i] - '0');
	return v;
}

#define TIME_WHOLE 14 /* YYYYMMDDhhmmss */

/* YYYYMMDDhhmmss[.f...]Z (RFC 3161, 2.4.2). */
static noon_err parse_time(struct noon_bytes v, noon_time *ret, uint8_t *ret_digits)
{
	struct noon_calendar c = {0};
	struct noon_bytes fraction = {0};
	noon_dur more = 0;
	noon_time t;

	if (v.n < TIME_WHOLE + 1 || v.p[v.n - 1] != 'Z' ||
	    !is_digits(noon_bytes_of(v.p, TIME_WHOLE)))
		return NOON_ERR_FORMAT;
	if (v.n > TIME_WHOLE + 1) {
		fraction = noon_bytes_of(v.p + TIME_WHOLE + 1, v.n - TIME_WHOLE - 2);
		if (v.p[TIME_WHOLE] != '.' || fraction.n == 0 || fraction.n > 32 ||
		    !is_digits(fraction))
			return NOON_ERR_FORMAT;
	}
	c.year = (int32_t)number(v.p, 4);
	c.month = (uint8_t)number(v.p + 4, 2);
	c.day = (uint8_t)number(v.p + 6, 2);
	c.hour = (uint8_t)number(v.p + 8, 2);
	c.minute = (uint8_t)number(v.p + 10, 2);
	c.second = (uint8_t)number(v.p + 12, 2);
	if (c.second == 60) {
		c.second = 59;
		more = NOON_S(1);
	}
	*ret_digits = (uint8_t)(fraction.n < 9 ? fraction.n : 9U);
	c.ns = number(fraction.p, *ret_digits);
	for (size_t i = fraction.n; i < 9; i++)
		c.ns *= 10;
	if (!noon_calendar_time(&c, &t))
		return NOON_ERR_FORMAT;
	*ret = noon_time_add(t, more);
	return NOON_OK;
}

static void put_number(char *out, unsigned v, size_t n)
{
	for (size_t i = n; i > 0; i--) {
		out[i - 1] = (char)('0' + v % 10);
		v /= 10;
	}
}

size_t noon_tsp_time_format(noon_time t, unsigned digits, char out[26])
{
	const struct noon_calendar c = noon_calendar_of(t);
	size_t n = TIME_WHOLE;

	put_number(out, (unsigned)c.year, 4);
	put_number(out + 4, c.month, 2);
	put_number(out + 6, c.day, 2);
	put_number(out + 8, c.hour, 2);
	put_number(out + 10, c.minute, 2);
	put_number(out + 12, c.second, 2);
	if (digits > 0) {
		out[n] = '.';
		put_number(out + n + 1, c.ns, 9);
		n += 1 + (digits < 9 ? digits : 9);
		while (out[n - 1] == '0')
			n--;
		if (out[n - 1] == '.')
			n--;
	}
	out[n++] = 'Z';
	out[n] = '\0';
	return n;
}

noon_err noon_tst_info_decode(struct noon_bytes der, struct noon_tst_info *ret)
{
	struct noon_tst_info t = {0};
	struct noon_rd rd = noon_rd_bytes(der);
	struct noon_rd in;
	struct noon_bytes v;
	uint64_t version = 0;
	noon_err err;

	if (noon_der_enter(&rd, NOON_DER_SEQUENCE, &in) || noon_rd_left(&rd) > 0 ||
	    noon_der_u64(&in, NOON_DER_INTEGER, &version))
		return NOON_ERR_FORMAT;
	if (version != 1)
		return NOON_ERR_UNSUPPORTED;
	if (noon_der_oid(&in, &t.policy) || read_imprint(&in, &t.imprint) ||
	    noon_der_integer(&in, NOON_DER_INTEGER, &t.serial) ||
	    noon_der_get(&in, NOON_DER_GENERALIZED_TIME, &v))
		return NOON_ERR_FORMAT;
	err = parse_time(v, &t.gen_time, &t.digits);
	t.has_accuracy = noon_der_peek(&in) == NOON_DER_SEQUENCE;
	if (!err && t.has_accuracy)
		err = read_accuracy(&in, &t.accuracy);
	if (!err && noon_der_peek(&in) == NOON_DER_BOOLEAN)
		err = noon_der_bool(&in, &t.ordering);
	if (!err && noon_der_peek(&in) == NOON_DER_INTEGER)
		err = noon_der_integer(&in, NOON_DER_INTEGER, &t.nonce);
	if (!err && noon_der_peek(&in) == NOON_DER_CONTEXT_CONS)
		err = noon_der_get(&in, NOON_DER_CONTEXT_CONS, &t.tsa);
	t.has_extensions = noon_der_peek(&in) == NOON_DER_CONTEXT_CONS + 1;
	if (!err && t.has_extensions)
		err = noon_der_get(&in, NOON_DER_CONTEXT_CONS + 1, &t.extensions);
	if (err || noon_rd_left(&in) > 0)
		return NOON_ERR_FORMAT;
	*ret = t;
	return NOON_OK;
}

void noon_tst_info_encode(struct noon_der_wr *w, const struct noon_tst_info *t)
{
	const size_t mark = noon_der_wr_len(w);
	char time[26];
	const size_t n = noon_tsp_time_format(t->gen_time, t->digits, time);

	if (t->tsa.n > 0)
		noon_der_value(w, NOON_DER_CONTEXT_CONS, t->tsa);
	if (t->nonce.n > 0)
		noon_der_value(w, NOON_DER_INTEGER, t->nonce);
	if (t->ordering)
		noon_der_put_bool(w, true);
	if (t->has_accuracy)
		write_accuracy(w, t->accuracy);
	noon_der_value(w, NOON_DER_GENERALIZED_TIME, noon_bytes_of(time, n));
	noon_der_put_unsigned(w, NOON_DER_INTEGER, t->serial);
	write_imprint(w, &t->imprint);
	noon_der_value(w, NOON_DER_OID, t->policy);
	noon_der_put_u64(w, NOON_DER_INTEGER, 1);
	noon_der_wrap(w, NOON_DER_SEQUENCE, mark);
}
