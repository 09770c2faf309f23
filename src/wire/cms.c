/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/cms.h"

#include <assert.h>
#include <string.h>

#include "wire/tsp.h"

#define OID_PKCS 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01 /* 1.2.840.113549.1 */

static const uint8_t oid_signed_data[] = {OID_PKCS, 7, 2};
static const uint8_t oid_tst_info[] = {OID_PKCS, 9, 16, 1, 4};
static const uint8_t oid_content_type[] = {OID_PKCS, 9, 3};
static const uint8_t oid_message_digest[] = {OID_PKCS, 9, 4};
static const uint8_t oid_signing_certificate_v2[] = {OID_PKCS, 9, 16, 2, 47};
static const uint8_t oid_algorithm_protection[] = {OID_PKCS, 9, 52};

#define PUT_OID(w, oid) noon_der_value((w), NOON_DER_OID, noon_bytes_of((oid), sizeof(oid)))

/* RFC 5754, section 2: parameters of SHA-2 should be absent, and absent in what Ed25519 is used
 * with (RFC 8419). */
static void put_digest_alg(struct noon_der_wr *w, enum noon_digest d)
{
	const size_t mark = noon_der_wr_len(w);

	noon_der_value(w, NOON_DER_OID, noon_tsp_digest_oid(d));
	noon_der_wrap(w, NOON_DER_SEQUENCE, mark);
}

/* Attribute ::= SEQUENCE { type, SET OF value }: the value was written since the mark. */
static void wrap_attribute(struct noon_der_wr *w, const uint8_t *oid, size_t oid_n, size_t mark)
{
	noon_der_wrap(w, NOON_DER_SET, mark);
	noon_der_value(w, NOON_DER_OID, noon_bytes_of(oid, oid_n));
	noon_der_wrap(w, NOON_DER_SEQUENCE, mark);
}

#define WRAP_ATTRIBUTE(w, oid, mark) wrap_attribute((w), (oid), sizeof(oid), (mark))

enum attribute {
	CONTENT_TYPE,
	MESSAGE_DIGEST,
	SIGNING_CERTIFICATE,
	ALGORITHM_PROTECTION,
	ATTRIBUTES
};

static void put_attribute(struct noon_der_wr *w, const struct noon_cms_signer *s, enum attribute a)
{
	static const uint8_t zeros[NOON_DIGEST_MAX];
	const size_t mark = noon_der_wr_len(w);

	switch (a) {
	case CONTENT_TYPE:
		PUT_OID(w, oid_tst_info);
		WRAP_ATTRIBUTE(w, oid_content_type, mark);
		break;
	case MESSAGE_DIGEST:
		noon_der_value(w, NOON_DER_OCTET_STRING,
			       noon_bytes_of(zeros, noon_digest_len(s->digest)));
		WRAP_ATTRIBUTE(w, oid_message_digest, mark);
		break;
	case SIGNING_CERTIFICATE:
		/* SigningCertificateV2 { certs { ESSCertIDv2 { certHash } } }: SHA-256 is the
		 * default and so left out (X.690, 11.5). */
		noon_der_value(w, NOON_DER_OCTET_STRING,
			       noon_bytes_of(s->cert_hash, sizeof(s->cert_hash)));
		noon_der_wrap(w, NOON_DER_SEQUENCE, mark);
		noon_der_wrap(w, NOON_DER_SEQUENCE, mark);
		noon_der_wrap(w, NOON_DER_SEQUENCE, mark);
		WRAP_ATTRIBUTE(w, oid_signing_certificate_v2, mark);
		break;
	case ALGORITHM_PROTECTION: {
		/* [1] IMPLICIT: the identifier byte of the SEQUENCE is replaced. */
		struct noon_rd rd = noon_rd_bytes(s->signature_alg);
		struct noon_bytes alg = {0};

		if (noon_der_get(&rd, NOON_DER_SEQUENCE, &alg))
			w->full = true;
		noon_der_value(w, NOON_DER_CONTEXT_CONS + 1, alg);
		put_digest_alg(w, s->digest);
		noon_der_wrap(w, NOON_DER_SEQUENCE, mark);
		WRAP_ATTRIBUTE(w, oid_algorithm_protection, mark);
		break;
	}
	case ATTRIBUTES:
		assert(false);
	}
}

/* Ascending order as octet strings, the shorter one padded with zeros (X.690, 11.6). */
static int compare(struct noon_bytes a, struct noon_bytes b)
{
	const int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

static noon_err make_attrs(struct noon_cms_template *t, const struct noon_cms_signer *s)
{
	uint8_t buf[ATTRIBUTES][NOON_CMS_ATTRS_MAX / 2];
	struct noon_bytes one[ATTRIBUTES];
	struct noon_der_wr w = noon_der_wr_over(t->attrs, sizeof(t->attrs));
	size_t behind = 0; /* bytes behind the message digest */

	for (unsigned a = 0; a < ATTRIBUTES; a++) {
		struct noon_der_wr aw = noon_der_wr_over(buf[a], sizeof(buf[a]));

		put_attribute(&aw, s, (enum attribute)a);
		if (!noon_der_wr_ok(&aw))
			return NOON_ERR_FULL;
		one[a] = noon_der_wr_written(&aw);
	}
	/* Backwards, so the greatest that is left comes next. */
	for (unsigned n = 0; n < ATTRIBUTES; n++) {
		unsigned greatest = ATTRIBUTES;

		for (unsigned a = 0; a < ATTRIBUTES; a++)
			if (one[a].n > 0 &&
			    (greatest == ATTRIBUTES || compare(one[a], one[greatest]) > 0))
				greatest = a;
		if (greatest == MESSAGE_DIGEST)
			behind = noon_der_wr_len(&w);
		noon_der_put(&w, one[greatest]);
		one[greatest].n = 0;
	}
	noon_der_wrap(&w, NOON_DER_SET, 0);
	if (!noon_der_wr_ok(&w))
		return NOON_ERR_FULL;
	t->attrs_n = noon_der_wr_len(&w);
	memmove(t->attrs, w.p, t->attrs_n);
	t->digest_at = t->attrs_n - behind - noon_digest_len(s->digest);
	return NOON_OK;
}

/* SignerInfo { version 1, issuerAndSerialNumber, digestAlgorithm (RFC 5652, 5.3). */
static noon_err make_front(struct noon_cms_template *t, const struct noon_cms_signer *s)
{
	struct noon_der_wr w = noon_der_wr_over(t->front, sizeof(t->front));
	size_t mark;

	put_digest_alg(&w, s->digest);
	mark = noon_der_wr_len(&w);
	noon_der_put(&w, s->serial);
	noon_der_put(&w, s->issuer);
	noon_der_wrap(&w, NOON_DER_SEQUENCE, mark);
	noon_der_put_u64(&w, NOON_DER_INTEGER, 1);
	if (!noon_der_wr_ok(&w))
		return NOON_ERR_FULL;
	t->front_n = noon_der_wr_len(&w);
	memmove(t->front, w.p, t->front_n);
	return NOON_OK;
}

noon_err noon_cms_template_init(struct noon_cms_template *t, const struct noon_cms_signer *s)
{
	noon_err err;

	if (s->signature_alg.n > sizeof(t->alg))
		return NOON_ERR_FULL;
	t->digest = s->digest;
	t->certs = s->certs;
	t->alg_n = s->signature_alg.n;
	memcpy(t->alg, s->signature_alg.p, t->alg_n);
	err = make_attrs(t, s);
	return err ? err : make_front(t, s);
}

struct noon_bytes noon_cms_attrs(const struct noon_cms_template *t, const uint8_t *content_digest,
				 uint8_t out[NOON_CMS_ATTRS_MAX])
{
	memcpy(out, t->attrs, t->attrs_n);
	memcpy(out + t->digest_at, content_digest, noon_digest_len(t->digest));
	return noon_bytes_of(out, t->attrs_n);
}

static void put_signer_info(struct noon_der_wr *w, const struct noon_cms_template *t,
			    struct noon_bytes attrs, struct noon_bytes signature)
{
	const uint8_t implicit = NOON_DER_CONTEXT_CONS;
	const size_t mark = noon_der_wr_len(w);

	noon_der_value(w, NOON_DER_OCTET_STRING, signature);
	noon_der_put(w, noon_bytes_of(t->alg, t->alg_n));
	/* Signed as a SET, sent as [0] IMPLICIT (RFC 5652, 5.4). */
	noon_der_put(w, noon_bytes_of(attrs.p + 1, attrs.n - 1));
	noon_der_put(w, noon_bytes_of(&implicit, 1));
	noon_der_put(w, noon_bytes_of(t->front, t->front_n));
	noon_der_wrap(w, NOON_DER_SEQUENCE, mark);
	noon_der_wrap(w, NOON_DER_SET, mark);
}

static void put_content(struct noon_der_wr *w, struct noon_bytes tst_info)
{
	const size_t mark = noon_der_wr_len(w);

	noon_der_value(w, NOON_DER_OCTET_STRING, tst_info);
	noon_der_wrap(w, NOON_DER_CONTEXT_CONS, mark);
	PUT_OID(w, oid_tst_info);
	noon_der_wrap(w, NOON_DER_SEQUENCE, mark);
}

void noon_cms_token_encode(struct noon_der_wr *w, const struct noon_cms_template *t,
			   struct noon_bytes tst_info, struct noon_bytes attrs,
			   struct noon_bytes signature, bool with_certs)
{
	const size_t mark = noon_der_wr_len(w);
	size_t algs;

	put_signer_info(w, t, attrs, signature);
	if (with_certs)
		noon_der_value(w, NOON_DER_CONTEXT_CONS, t->certs);
	put_content(w, tst_info);
	algs = noon_der_wr_len(w);
	put_digest_alg(w, t->digest);
	noon_der_wrap(w, NOON_DER_SET, algs);
	/* Version 3: the content is no id-data (RFC 5652, 5.1). */
	noon_der_put_u64(w, NOON_DER_INTEGER, 3);
	noon_der_wrap(w, NOON_DER_SEQUENCE, mark);
	noon_der_wrap(w, NOON_DER_CONTEXT_CONS, mark);
	PUT_OID(w, oid_signed_data);
	noon_der_wrap(w, NOON_DER_SEQUENCE, mark);
}

static bool is_oid(struct noon_rd *rd, const uint8_t *oid, size_t n)
{
	struct noon_bytes is;

	return noon_der_oid(rd, &is) == NOON_OK && noon_bytes_equal(is, noon_bytes_of(oid, n));
}

noon_err noon_cms_token_content(struct noon_bytes token, struct noon_bytes *ret_tst_info)
{
	struct noon_rd rd = noon_rd_bytes(token);
	struct noon_rd in;
	struct noon_rd content;
	struct noon_bytes skipped;
	struct noon_bytes octets;

	if (noon_der_enter(&rd, NOON_DER_SEQUENCE, &in) || noon_rd_left(&rd) > 0)
		return NOON_ERR_FORMAT;
	if (!is_oid(&in, oid_signed_data, sizeof(oid_signed_data)))
		return NOON_ERR_UNSUPPORTED;
	if (noon_der_enter(&in, NOON_DER_CONTEXT_CONS, &in) ||
	    noon_der_enter(&in, NOON_DER_SEQUENCE, &in) ||
	    noon_der_get(&in, NOON_DER_INTEGER, &skipped) ||
	    noon_der_get(&in, NOON_DER_SET, &skipped) ||
	    noon_der_enter(&in, NOON_DER_SEQUENCE, &content))
		return NOON_ERR_FORMAT;
	if (!is_oid(&content, oid_tst_info, sizeof(oid_tst_info)))
		return NOON_ERR_UNSUPPORTED;
	if (noon_der_enter(&content, NOON_DER_CONTEXT_CONS, &content) ||
	    noon_der_get(&content, NOON_DER_OCTET_STRING, &octets) || noon_rd_left(&content) > 0)
		return NOON_ERR_FORMAT;
	*ret_tst_info = octets;
	return NOON_OK;
}
