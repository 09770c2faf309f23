/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cms/cms_verify.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/ess.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cms/cms_sign.h"
#include "crypto/cms/right.h"
#include "crypto/openssl.h"

#define PEM_BEGIN   "-----BEGIN " PEM_STRING_CMS "-----"
#define ERRORS_MOST 32 /* of OpenSSL's queue that are looked at */
#define BASE64_ROOM 2  /* PEM is longer than DER by less than this factor */

struct noon_cms {
	CMS_ContentInfo *cms;
	CMS_SignerInfo *signer; /* of cms */
	X509 *cert;
	struct noon_cms_info info;
};

static const struct {
	const char *word;
	const char *text;
} faults[NOON_CMS_FAULTS] = {
#define FAULT(name, word, text) [NOON_CMS_FAULT_##name] = {word, text},
	NOON_CMS_FAULT_LIST(FAULT)
#undef FAULT
};

const char *noon_cms_fault_word(enum noon_cms_fault f)
{
	return (unsigned)f < NOON_CMS_FAULTS ? faults[f].word : "unknown";
}

const char *noon_cms_fault_text(enum noon_cms_fault f)
{
	return (unsigned)f < NOON_CMS_FAULTS ? faults[f].text : "unknown";
}

/* --- reading --- */

static enum noon_cms_fault decode(const uint8_t *der, size_t n, CMS_ContentInfo **ret)
{
	const uint8_t *p = der;

	if (n == 0)
		return NOON_CMS_FAULT_FORMAT;
	if (n > NOON_CMS_MAX)
		return NOON_CMS_FAULT_LONG;
	*ret = d2i_CMS_ContentInfo(NULL, &p, (long)n);
	if (*ret == NULL)
		return NOON_CMS_FAULT_FORMAT;
	return p == der + n ? NOON_CMS_FAULT_NONE : NOON_CMS_FAULT_TRAILING;
}

static bool is_blank(const char *text, long n)
{
	for (long i = 0; i < n; i++)
		if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0')
			return false;
	return true;
}

static enum noon_cms_fault decode_pem(struct noon_bytes data, CMS_ContentInfo **ret)
{
	BIO *in = BIO_new_mem_buf(data.p, (int)data.n);
	enum noon_cms_fault fault = NOON_CMS_FAULT_CRYPTO;
	char *name = NULL;
	char *header = NULL;
	uint8_t *der = NULL;
	char *rest = NULL;
	long n = 0;

	if (in != NULL) {
		fault = NOON_CMS_FAULT_FORMAT;
		if (PEM_read_bio(in, &name, &header, &der, &n) == 1 &&
		    strcmp(name, PEM_STRING_CMS) == 0 && n > 0)
			fault = decode(der, (size_t)n, ret);
		n = BIO_get_mem_data(in, &rest);
		if (fault == NOON_CMS_FAULT_NONE && !is_blank(rest, n))
			fault = NOON_CMS_FAULT_TRAILING;
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(in);
	return fault;
}

static bool is_pem(struct noon_bytes data)
{
	return data.n > strlen(PEM_BEGIN) && memcmp(data.p, PEM_BEGIN, strlen(PEM_BEGIN)) == 0;
}

static enum noon_cms_fault find_content(struct noon_cms *c)
{
	ASN1_OCTET_STRING **content;

	if (OBJ_obj2nid(CMS_get0_type(c->cms)) != NID_pkcs7_signed)
		return NOON_CMS_FAULT_NOT_SIGNED;
	if (OBJ_obj2nid(CMS_get0_eContentType(c->cms)) != NID_pkcs7_data)
		return NOON_CMS_FAULT_CONTENT_TYPE;
	content = CMS_get0_content(c->cms);
	if (content == NULL || *content == NULL)
		return NOON_CMS_FAULT_NO_CONTENT;
	c->info.content = noon_bytes_of(ASN1_STRING_get0_data(*content),
					(size_t)ASN1_STRING_length(*content));
	return NOON_CMS_FAULT_NONE;
}

static bool has_once(const CMS_SignerInfo *signer, int kind)
{
	const int at = CMS_signed_get_attr_by_NID(signer, kind, -1);

	return at >= 0 && CMS_signed_get_attr_by_NID(signer, kind, at) < 0 &&
	       X509_ATTRIBUTE_count(CMS_signed_get_attr(signer, at)) == 1;
}

/* What CAdES-BES has (ETSI EN 319 122-1, 5); digest and content type are compared by OpenSSL. */
static bool take_attributes(struct noon_cms *c)
{
	const CMS_SignerInfo *s = c->signer;
	X509_ATTRIBUTE *a;
	const ASN1_TYPE *t;

	if (!has_once(s, NID_pkcs9_contentType) || !has_once(s, NID_pkcs9_messageDigest) ||
	    !has_once(s, NID_pkcs9_signingTime) ||
	    !has_once(s, NID_id_smime_aa_signingCertificateV2))
		return false;
	a = CMS_signed_get_attr(s, CMS_signed_get_attr_by_NID(s, NID_pkcs9_signingTime, -1));
	t = X509_ATTRIBUTE_get0_type(a, 0);
	if (t == NULL || (t->type != V_ASN1_UTCTIME && t->type != V_ASN1_GENERALIZEDTIME))
		return false;
	c->info.signed_s = noon_openssl_seconds(t->value.asn1_string);
	return true;
}

/* The time stamp of the signature; none is fine. */
static bool take_token(struct noon_cms *c)
{
	const int kind = NID_id_smime_aa_timeStampToken;
	const int at = CMS_unsigned_get_attr_by_NID(c->signer, kind, -1);
	X509_ATTRIBUTE *a;
	const ASN1_TYPE *t;

	if (at < 0)
		return true;
	a = CMS_unsigned_get_attr(c->signer, at);
	t = X509_ATTRIBUTE_count(a) == 1 ? X509_ATTRIBUTE_get0_type(a, 0) : NULL;
	if (t == NULL || t->type != V_ASN1_SEQUENCE ||
	    CMS_unsigned_get_attr_by_NID(c->signer, kind, at) >= 0)
		return false;
	c->info.token = noon_bytes_of(ASN1_STRING_get0_data(t->value.sequence),
				      (size_t)ASN1_STRING_length(t->value.sequence));
	return c->info.token.n > 0;
}

static void find_certificate(struct noon_cms *c)
{
	STACK_OF(X509) *certs = CMS_get1_certs(c->cms);

	for (int i = 0; i < sk_X509_num(certs) && c->cert == NULL; i++)
		if (CMS_SignerInfo_cert_cmp(c->signer, sk_X509_value(certs, i)) == 0 &&
		    X509_up_ref(sk_X509_value(certs, i)) == 1)
			c->cert = sk_X509_value(certs, i);
	sk_X509_pop_free(certs, X509_free);
}

static enum noon_cms_fault find_signer(struct noon_cms *c)
{
	STACK_OF(CMS_SignerInfo) *list = CMS_get0_SignerInfos(c->cms);
	const ASN1_OCTET_STRING *signature;

	if (sk_CMS_SignerInfo_num(list) != 1)
		return NOON_CMS_FAULT_SIGNERS;
	c->signer = sk_CMS_SignerInfo_value(list, 0);
	find_certificate(c);
	if (c->cert == NULL)
		return NOON_CMS_FAULT_NO_CERT;
	if (!noon_ts_identity_digest(c->signer, &c->info.signer))
		return NOON_CMS_FAULT_WEAK;
	if (!take_attributes(c))
		return NOON_CMS_FAULT_ATTRIBUTE;
	if (!noon_ts_identity_of(c->cert, &c->info.signer))
		return NOON_CMS_FAULT_CRYPTO;
	signature = CMS_SignerInfo_get0_signature(c->signer);
	c->info.signature = noon_bytes_of(ASN1_STRING_get0_data(signature),
					  (size_t)ASN1_STRING_length(signature));
	return take_token(c) ? NOON_CMS_FAULT_NONE : NOON_CMS_FAULT_STAMPS;
}

enum noon_cms_fault noon_cms_read(struct noon_bytes data, struct noon_cms **ret)
{
	struct noon_cms *c = calloc(1, sizeof(*c));
	enum noon_cms_fault fault;

	ERR_clear_error();
	if (c == NULL)
		return NOON_CMS_FAULT_CRYPTO;
	if (data.n > BASE64_ROOM * NOON_CMS_MAX)
		fault = NOON_CMS_FAULT_LONG;
	else
		fault = is_pem(data) ? decode_pem(data, &c->cms) : decode(data.p, data.n, &c->cms);
	if (fault == NOON_CMS_FAULT_NONE)
		fault = find_content(c);
	if (fault == NOON_CMS_FAULT_NONE)
		fault = find_signer(c);
	ERR_clear_error();
	if (fault == NOON_CMS_FAULT_NONE)
		*ret = c;
	else
		noon_cms_free(c);
	return fault;
}

void noon_cms_free(struct noon_cms *c)
{
	if (c == NULL)
		return;
	X509_free(c->cert);
	CMS_ContentInfo_free(c->cms);
	free(c);
}

const struct noon_cms_info *noon_cms_info(const struct noon_cms *c)
{
	return &c->info;
}

/* --- checks --- */

/* Verify, and see that what was verified is what was read. @return false: see OpenSSL's queue */
static bool verify(struct noon_cms *c, const struct noon_ts_trust *trust, unsigned flags)
{
	BIO *out = BIO_new(BIO_s_mem());
	bool ok = false;
	char *is = NULL;

	if (out != NULL &&
	    CMS_verify(c->cms, NULL, noon_ts_trust_store(trust), NULL, out, flags) == 1) {
		const long n = BIO_get_mem_data(out, &is);

		ok = n >= 0 && (size_t)n == c->info.content.n &&
		     (n == 0 || memcmp(is, c->info.content.p, (size_t)n) == 0);
	}
	BIO_free(out);
	return ok;
}

enum noon_cms_fault noon_cms_check_signature(struct noon_cms *c)
{
	bool ok;

	ERR_clear_error();
	ok = verify(c, NULL, CMS_BINARY | CMS_NOCRL | CMS_NO_SIGNER_CERT_VERIFY);
	ERR_clear_error();
	return ok ? NOON_CMS_FAULT_NONE : NOON_CMS_FAULT_SIGNATURE;
}

/* The first error that says something decides; without one it is the signature. */
static enum noon_cms_fault queued(struct noon_ts_why *why)
{
	enum noon_cms_fault fault = NOON_CMS_FAULT_SIGNATURE;
	const char *data = NULL;
	int flags = 0;
	unsigned long code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags);

	(void)snprintf(why->text, sizeof(why->text), "%s", faults[fault].text);
	for (int i = 0; code != 0 && i < ERRORS_MOST; i++) {
		const bool says = (flags & ERR_TXT_STRING) != 0;

		if (ERR_GET_LIB(code) == ERR_LIB_ESS)
			fault = NOON_CMS_FAULT_SUBSTITUTE;
		if (ERR_GET_LIB(code) == ERR_LIB_CMS &&
		    ERR_GET_REASON(code) == CMS_R_CERTIFICATE_VERIFY_ERROR)
			fault = NOON_CMS_FAULT_CHAIN;
		if (fault != NOON_CMS_FAULT_SIGNATURE) {
			(void)snprintf(why->text, sizeof(why->text), "%s%s%.160s",
				       faults[fault].text, says ? ": " : "", says ? data : "");
			break;
		}
		code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags);
	}
	return fault;
}

enum noon_cms_fault noon_cms_check_chain(struct noon_cms *c, struct noon_ts_trust *trust,
					 int64_t at_s, struct noon_ts_why *why)
{
	STACK_OF(X509) * signers;
	enum noon_cms_fault fault = NOON_CMS_FAULT_NONE;
	X509 *cert;

	ERR_clear_error();
	why->text[0] = '\0';
	noon_ts_trust_complete(trust, c->cms);
	noon_ts_trust_at(trust, at_s);
	if (!verify(c, trust, CMS_BINARY | CMS_NOCRL | CMS_CADES)) {
		fault = queued(why);
		ERR_clear_error();
		return fault;
	}
	/* Several certificates may have the signer's issuer and number. */
	signers = CMS_get0_signers(c->cms);
	cert = sk_X509_value(signers, 0);
	if (cert == NULL || !noon_ts_identity_of(cert, &c->info.signer)) {
		fault = NOON_CMS_FAULT_CRYPTO;
		(void)snprintf(why->text, sizeof(why->text), "%s", faults[fault].text);
	} else if (!noon_cms_may_sign(cert)) {
		fault = NOON_CMS_FAULT_RIGHT;
		(void)snprintf(why->text, sizeof(why->text), "%.60s: " NOON_CMS_RIGHT_TEXT,
			       faults[fault].text);
	}
	sk_X509_free(signers);
	ERR_clear_error();
	return fault;
}
