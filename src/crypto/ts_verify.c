/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ts_verify.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/ess.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *word;
	const char *text;
} faults[NOON_TS_FAULTS] = {
#define FAULT(name, word, text) [NOON_TS_FAULT_##name] = {word, text},
	NOON_TS_FAULT_LIST(FAULT)
#undef FAULT
};

const char *noon_ts_fault_word(enum noon_ts_fault f)
{
	return (unsigned)f < NOON_TS_FAULTS ? faults[f].word : "unknown";
}

/* --- the token --- */

static void fail(struct noon_ts_verdict *v, enum noon_ts_fault fault)
{
	v->fault = fault;
	(void)snprintf(v->why, sizeof(v->why), "%s", faults[fault].text);
}

/* What an error of OpenSSL's says of the token; NOON_TS_FAULT_NONE: nothing. */
static enum noon_ts_fault fault_of(unsigned long code)
{
	const int what = ERR_GET_REASON(code);

	if (ERR_GET_LIB(code) == ERR_LIB_ESS)
		return NOON_TS_FAULT_ATTRIBUTE;
	if (what == ERR_R_MALLOC_FAILURE)
		return NOON_TS_FAULT_CRYPTO;
	if (ERR_GET_LIB(code) != ERR_LIB_CMS)
		return NOON_TS_FAULT_NONE;
	if (what == CMS_R_SIGNER_CERTIFICATE_NOT_FOUND)
		return NOON_TS_FAULT_NO_CERT;
	return what == CMS_R_CERTIFICATE_VERIFY_ERROR ? NOON_TS_FAULT_CHAIN : NOON_TS_FAULT_NONE;
}

/* The first error that says something decides; without one it is the signature. */
static void fail_by_queue(struct noon_ts_verdict *v)
{
	const char *detail = "";
	const char *data = NULL;
	int flags = 0;
	unsigned long code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags);

	v->fault = code == 0 ? NOON_TS_FAULT_CRYPTO : NOON_TS_FAULT_SIGNATURE;
	for (int i = 0; code != 0 && i < 32; i++) {
		const enum noon_ts_fault fault = fault_of(code);
		const char *reason = ERR_reason_error_string(code);

		/* What is wrong with a chain is in the data. */
		if (fault == NOON_TS_FAULT_CHAIN && (flags & ERR_TXT_STRING) != 0)
			reason = data;
		if (i == 0 || fault != NOON_TS_FAULT_NONE)
			detail = reason != NULL ? reason : "";
		if (fault != NOON_TS_FAULT_NONE) {
			v->fault = fault;
			break;
		}
		code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags);
	}
	(void)snprintf(v->why, sizeof(v->why), "%s%s%.160s", faults[v->fault].text,
		       *detail != '\0' ? ": " : "", detail);
}

static CMS_ContentInfo *parse(struct noon_bytes token)
{
	const uint8_t *p = token.p;
	CMS_ContentInfo *cms;

	if (token.n == 0 || token.n > NOON_TS_TOKEN_MAX)
		return NULL;
	cms = d2i_CMS_ContentInfo(NULL, &p, (long)token.n);
	if (cms != NULL && p == token.p + token.n)
		return cms;
	CMS_ContentInfo_free(cms);
	return NULL;
}

/* What can be said before anything is verified. */
static enum noon_ts_fault look(CMS_ContentInfo *cms, struct noon_ts_verdict *v)
{
	STACK_OF(CMS_SignerInfo) * signers;
	STACK_OF(X509) * certs;
	CMS_SignerInfo *signer;
	bool strong;

	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
		return NOON_TS_FAULT_FORMAT;
	if (OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_id_smime_ct_TSTInfo)
		return NOON_TS_FAULT_CONTENT;
	signers = CMS_get0_SignerInfos(cms);
	if (signers == NULL || sk_CMS_SignerInfo_num(signers) != 1)
		return NOON_TS_FAULT_SIGNERS;
	signer = sk_CMS_SignerInfo_value(signers, 0);
	strong = noon_ts_identity_digest(signer, &v->signer);
	certs = CMS_get1_certs(cms);
	for (int i = 0; i < sk_X509_num(certs) && !v->has_signer; i++)
		if (CMS_SignerInfo_cert_cmp(signer, sk_X509_value(certs, i)) == 0)
			v->has_signer = noon_ts_identity_of(sk_X509_value(certs, i), &v->signer);
	sk_X509_pop_free(certs, X509_free);
	ERR_clear_error();
	/* Without signed attributes the signature would be over the content alone, and nothing
	 * would say what kind it is (RFC 5652, 5.3). */
	if (CMS_signed_get_attr_count(signer) <= 0)
		return NOON_TS_FAULT_ATTRIBUTE;
	return strong ? NOON_TS_FAULT_NONE : NOON_TS_FAULT_WEAK;
}

static bool has_name(const X509 *cert, GENERAL_NAME *name)
{
	GENERAL_NAMES *names;
	bool found = false;

	if (name->type == GEN_DIRNAME &&
	    X509_NAME_cmp(name->d.directoryName, X509_get_subject_name(cert)) == 0)
		return true;
	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++)
		found = GENERAL_NAME_cmp(name, sk_GENERAL_NAME_value(names, i)) == 0;
	GENERAL_NAMES_free(names);
	return found;
}

/* The authority may be named, and then it is one of the names in the certificate that verifies
 * the token (RFC 3161, 2.4.2). */
static enum noon_ts_fault check_name(const X509 *cert, struct noon_bytes content)
{
	const uint8_t *p = content.p;
	TS_TST_INFO *info = d2i_TS_TST_INFO(NULL, &p, (long)content.n);
	enum noon_ts_fault fault = NOON_TS_FAULT_NONE;
	GENERAL_NAME *name;

	if (info == NULL)
		return NOON_TS_FAULT_CONTENT;
	name = TS_TST_INFO_get_tsa(info);
	if (name != NULL && !has_name(cert, name))
		fault = NOON_TS_FAULT_NAME;
	TS_TST_INFO_free(info);
	return fault;
}

/* What remains once the signature is good. */
static enum noon_ts_fault check_signed(CMS_ContentInfo *cms, BIO *out, struct noon_bytes content,
				       struct noon_ts_verdict *v)
{
	/* Several certificates may have the signer's issuer and number. */
	STACK_OF(X509) *signers = CMS_get0_signers(cms);
	X509 *cert = sk_X509_value(signers, 0);
	enum noon_ts_fault fault;
	char *is = NULL;
	const long n = BIO_get_mem_data(out, &is);

	v->has_signer = cert != NULL && noon_ts_identity_of(cert, &v->signer);
	if (n < 0 || (size_t)n != content.n || memcmp(is, content.p, content.n) != 0)
		fault = NOON_TS_FAULT_CONTENT;
	else if (!v->has_signer)
		fault = NOON_TS_FAULT_CRYPTO;
	else
		fault = check_name(cert, content);
	sk_X509_free(signers);
	return fault;
}

/* The content is compared with what OpenSSL verified, not with what it could have read. */
static void verify(CMS_ContentInfo *cms, struct noon_ts_trust *trust, struct noon_bytes content,
		   struct noon_ts_verdict *v)
{
	const unsigned flags =
		CMS_BINARY | CMS_NOCRL | (trust != NULL ? CMS_CADES : CMS_NO_SIGNER_CERT_VERIFY);
	BIO *out = BIO_new(BIO_s_mem());
	enum noon_ts_fault fault;

	if (out == NULL) {
		fail(v, NOON_TS_FAULT_CRYPTO);
		return;
	}
	if (CMS_verify(cms, NULL, noon_ts_trust_store(trust), NULL, out, flags) != 1) {
		fail_by_queue(v);
	} else {
		fault = check_signed(cms, out, content, v);
		if (fault != NOON_TS_FAULT_NONE)
			fail(v, fault);
	}
	BIO_free(out);
}

void noon_ts_verify(struct noon_ts_trust *trust, struct noon_bytes token, struct noon_bytes content,
		    int64_t at_s, struct noon_ts_verdict *ret)
{
	CMS_ContentInfo *cms;
	enum noon_ts_fault fault;

	memset(ret, 0, sizeof(*ret));
	ERR_clear_error();
	cms = parse(token);
	if (cms == NULL) {
		fail(ret, NOON_TS_FAULT_FORMAT);
		ERR_clear_error();
		return;
	}
	noon_ts_trust_complete(trust, cms);
	fault = look(cms, ret);
	if (trust != NULL)
		noon_ts_trust_at(trust, at_s);
	if (fault != NOON_TS_FAULT_NONE)
		fail(ret, fault);
	else
		verify(cms, trust, content, ret);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
}
