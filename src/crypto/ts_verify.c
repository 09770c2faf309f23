/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ts_verify.h"

#include <errno.h>
#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/ess.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "crypto/openssl_priv.h"

#define UNTRUSTED_MAX  64
#define AUTH_LEVEL     2    /* 112 bits: RSA of 2048, no SHA-1 in the chain */
#define KEY_NUMBER_MAX 2048 /* bytes: RSA of 16384 bits, which is OpenSSL's limit */

struct noon_ts_trust {
	X509_STORE *store;
	size_t n_untrusted;
	X509 *untrusted[UNTRUSTED_MAX];
};

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

/* --- trust --- */

static noon_err load_anchors(struct noon_ts_trust *t, const char *path, struct noon_ts_why *why)
{
	struct stat st;
	int ok;

	if (stat(path, &st) < 0) {
		(void)snprintf(why->text, sizeof(why->text), "%.180s: %s", path, strerror(errno));
		return NOON_ERR_NOT_FOUND;
	}
	ok = S_ISDIR(st.st_mode) ? X509_STORE_load_path(t->store, path)
				 : X509_STORE_load_file(t->store, path);
	if (ok == 1)
		return NOON_OK;
	(void)snprintf(why->text, sizeof(why->text), "%.180s: no certificate in PEM", path);
	return NOON_ERR_FORMAT;
}

static noon_err load_untrusted(struct noon_ts_trust *t, const char *path, struct noon_ts_why *why)
{
	BIO *bio = BIO_new_file(path, "re");
	X509 *cert;

	if (bio == NULL) {
		(void)snprintf(why->text, sizeof(why->text), "%.180s: %s", path, strerror(errno));
		return NOON_ERR_NOT_FOUND;
	}
	while (t->n_untrusted < UNTRUSTED_MAX &&
	       (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		t->untrusted[t->n_untrusted++] = cert;
	BIO_free(bio);
	if (t->n_untrusted > 0)
		return NOON_OK;
	(void)snprintf(why->text, sizeof(why->text), "%.180s: no certificate in PEM", path);
	return NOON_ERR_FORMAT;
}

/* CMS_verify() asks for the purpose of mail unless the store has one. */
static noon_err set_purpose(struct noon_ts_trust *t)
{
	X509_VERIFY_PARAM *param = X509_STORE_get0_param(t->store);

	if (X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_TIMESTAMP_SIGN) != 1 ||
	    X509_VERIFY_PARAM_set_trust(param, X509_TRUST_TSA) != 1)
		return NOON_ERR_CRYPTO;
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	return NOON_OK;
}

noon_err noon_ts_trust_load(const struct noon_ts_trust_conf *conf, struct noon_ts_trust **ret,
			    struct noon_ts_why *ret_why)
{
	struct noon_ts_trust *t = calloc(1, sizeof(*t));
	noon_err err = NOON_ERR_CRYPTO;

	(void)snprintf(ret_why->text, sizeof(ret_why->text), "OpenSSL failed");
	if (t == NULL)
		return err;
	t->store = X509_STORE_new();
	if (t->store != NULL)
		err = set_purpose(t);
	err = err ? err : load_anchors(t, conf->ca, ret_why);
	if (!err && conf->untrusted != NULL)
		err = load_untrusted(t, conf->untrusted, ret_why);
	ERR_clear_error();
	if (err)
		noon_ts_trust_free(t);
	else
		*ret = t;
	return err;
}

void noon_ts_trust_free(struct noon_ts_trust *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n_untrusted; i++)
		X509_free(t->untrusted[i]);
	X509_STORE_free(t->store);
	free(t);
}

/* --- who --- */

static void name_text(const X509_NAME *name, char *out, size_t n)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int got = 0;

	/* Plain ASCII: what is not comes escaped. */
	if (bio != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
		got = BIO_read(bio, out, (int)(n - 1));
	out[got > 0 ? got : 0] = '\0';
	BIO_free(bio);
}

static void key_text(const EVP_PKEY *key, char *out, size_t n)
{
	char group[24] = "";
	size_t len = 0;

	(void)snprintf(out, n, "unknown");
	if (key == NULL)
		return;
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_EC:
		if (EVP_PKEY_get_group_name(key, group, sizeof(group), &len) == 1) {
			const char *nist = EC_curve_nid2nist(OBJ_sn2nid(group));

			(void)snprintf(out, n, "ECDSA %s", nist != NULL ? nist : group);
		}
		break;
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		(void)snprintf(out, n, "RSA %d", EVP_PKEY_get_bits(key));
		break;
	default:
		if (EVP_PKEY_get0_type_name(key) != NULL)
			(void)snprintf(out, n, "%s", EVP_PKEY_get0_type_name(key));
		break;
	}
}

static void serial_text(const ASN1_INTEGER *serial, char *out, size_t n)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(serial, NULL);
	char *hex = number != NULL ? BN_bn2hex(number) : NULL;

	(void)snprintf(out, n, "%s", hex != NULL ? hex : "?");
	OPENSSL_free(hex);
	BN_free(number);
}

/* Each part with its length, so that no two lists of parts have the same bytes. */
static bool add_part(EVP_MD_CTX *md, const void *p, size_t n)
{
	const uint8_t len[2] = {(uint8_t)(n >> 8), (uint8_t)n};

	return n <= UINT16_MAX && EVP_DigestUpdate(md, len, sizeof(len)) == 1 &&
	       EVP_DigestUpdate(md, p, n) == 1;
}

static bool add_number(EVP_MD_CTX *md, const EVP_PKEY *key, const char *name)
{
	uint8_t bytes[KEY_NUMBER_MAX];
	BIGNUM *number = NULL;
	bool ok = EVP_PKEY_get_bn_param(key, name, &number) == 1;

	if (ok) {
		const int n = BN_num_bytes(number);

		ok = n <= KEY_NUMBER_MAX && BN_bn2bin(number, bytes) == n &&
		     add_part(md, bytes, (size_t)n);
	}
	BN_free(number);
	return ok;
}

static bool add_numbers(EVP_MD_CTX *md, const EVP_PKEY *key, const char *const *names)
{
	for (; *names != NULL; names++)
		if (!add_number(md, key, *names))
			return false;
	return true;
}

static bool add_key(EVP_MD_CTX *md, const EVP_PKEY *key)
{
	/* The curve by its numbers: some have two names. */
	static const char *const ec[] = {OSSL_PKEY_PARAM_EC_P,	   OSSL_PKEY_PARAM_EC_A,
					 OSSL_PKEY_PARAM_EC_B,	   OSSL_PKEY_PARAM_EC_PUB_X,
					 OSSL_PKEY_PARAM_EC_PUB_Y, NULL};
	static const char *const rsa[] = {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E, NULL};
	uint8_t raw[128];
	size_t n = sizeof(raw);
	uint8_t *der = NULL;
	int len;
	bool ok;

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_EC:
		return add_numbers(md, key, ec);
	case EVP_PKEY_RSA: /* with RSA-PSS it is still that key */
	case EVP_PKEY_RSA_PSS:
		return add_numbers(md, key, rsa);
	default:
		if (EVP_PKEY_get_raw_public_key(key, raw, &n) == 1)
			return add_part(md, raw, n);
		break;
	}
	len = i2d_PUBKEY(key, &der);
	ok = len > 0 && add_part(md, der, (size_t)len);
	OPENSSL_free(der);
	return ok;
}

/* Of the key itself, not of its encoding: a point of a curve has several (RFC 5480, 2.2). */
static bool hash_key(const EVP_PKEY *key, uint8_t hash[32])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	const bool ok = md != NULL && key != NULL &&
			EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 && add_key(md, key) &&
			EVP_DigestFinal_ex(md, hash, NULL) == 1;

	EVP_MD_CTX_free(md);
	return ok;
}

static bool describe(X509 *cert, struct noon_ts_identity *who)
{
	unsigned len = 0;
	const bool ok = hash_key(X509_get0_pubkey(cert), who->key_hash) &&
			X509_digest(cert, EVP_sha256(), who->cert_hash, &len) == 1;

	name_text(X509_get_subject_name(cert), who->subject, sizeof(who->subject));
	name_text(X509_get_issuer_name(cert), who->issuer, sizeof(who->issuer));
	serial_text(X509_get0_serialNumber(cert), who->serial, sizeof(who->serial));
	key_text(X509_get0_pubkey(cert), who->key, sizeof(who->key));
	who->not_before_s = noon_openssl_seconds(X509_get0_notBefore(cert));
	who->not_after_s = noon_openssl_seconds(X509_get0_notAfter(cert));
	return ok;
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

static bool is_strong(const CMS_SignerInfo *signer, struct noon_ts_identity *who)
{
	static const int strong[] = {NID_sha256,   NID_sha384,	 NID_sha512,  NID_sha512_256,
				     NID_sha3_256, NID_sha3_384, NID_sha3_512};
	CMS_SignerInfo *si = (CMS_SignerInfo *)(uintptr_t)signer;
	X509_ALGOR *alg = NULL;
	const ASN1_OBJECT *oid = NULL;
	int nid;

	CMS_SignerInfo_get0_algs(si, NULL, NULL, &alg, NULL);
	if (alg == NULL)
		return false;
	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	nid = OBJ_obj2nid(oid);
	(void)snprintf(who->digest, sizeof(who->digest), "%s", "unknown");
	for (size_t i = 0; i < sizeof(strong) / sizeof(strong[0]); i++)
		if (nid == strong[i]) {
			const char *name = OBJ_nid2sn(nid);
			size_t k = 0;

			for (; name[k] != '\0' && k + 1 < sizeof(who->digest); k++)
				who->digest[k] = (char)(name[k] >= 'A' && name[k] <= 'Z'
								? name[k] + ('a' - 'A')
								: name[k]);
			who->digest[k] = '\0';
			return true;
		}
	return false;
}

/* More certificates for the chain. One that the token has already is refused, and that is fine. */
static void add_untrusted(CMS_ContentInfo *cms, const struct noon_ts_trust *t)
{
	for (size_t i = 0; t != NULL && i < t->n_untrusted; i++)
		(void)CMS_add1_cert(cms, t->untrusted[i]);
	ERR_clear_error();
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
	strong = is_strong(signer, &v->signer);
	certs = CMS_get1_certs(cms);
	for (int i = 0; i < sk_X509_num(certs) && !v->has_signer; i++)
		if (CMS_SignerInfo_cert_cmp(signer, sk_X509_value(certs, i)) == 0)
			v->has_signer = describe(sk_X509_value(certs, i), &v->signer);
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

	v->has_signer = cert != NULL && describe(cert, &v->signer);
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
	if (CMS_verify(cms, NULL, trust != NULL ? trust->store : NULL, NULL, out, flags) != 1) {
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
	add_untrusted(cms, trust);
	fault = look(cms, ret);
	if (trust != NULL)
		X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(trust->store), (time_t)at_s);
	if (fault != NOON_TS_FAULT_NONE)
		fail(ret, fault);
	else
		verify(cms, trust, content, ret);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
}
